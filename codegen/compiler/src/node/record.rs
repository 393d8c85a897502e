//! What is known of a node: the shapes follow `Node` of `schema.capnp`.

use std::rc::Rc;

use crate::ast::{Expression, Located, Targets};
use crate::types::{Brand, Type};
use crate::value::Value;

/// A node with those that come with it: its groups, or the parameters and results of its methods.
#[derive(Debug)]
pub(crate) struct NodeSet<'a> {
    pub(crate) main: NodeRecord<'a>,
    pub(crate) aux: Vec<NodeRecord<'a>>,
    /// All values in them.
    pub(crate) values: Vec<Value>,
    pub(super) unfinished: Vec<Unfinished<'a>>,
}

/// Which value of a [`NodeSet`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct ValueRef(pub(super) usize);

impl NodeSet<'_> {
    pub(crate) fn value(&self, value: ValueRef) -> &Value {
        &self.values[value.0]
    }
}

/// A value that cannot be evaluated before all types are known.
#[derive(Debug)]
pub(super) struct Unfinished<'a> {
    pub(super) value: ValueRef,
    pub(super) source: &'a Expression,
    pub(super) ty: Type,
}

/// A node.
#[derive(Debug)]
pub(crate) struct NodeRecord<'a> {
    pub(crate) id: u64,
    pub(crate) display_name: Rc<str>,
    pub(crate) prefix_length: usize,
    pub(crate) scope_id: u64,
    pub(crate) parameters: &'a [Located<String>],
    pub(crate) is_generic: bool,
    /// Declarations inside, for a node that is a declaration itself.
    pub(crate) nested: Option<Vec<(&'a str, u64)>>,
    pub(crate) annotations: Vec<AnnotationRecord>,
    pub(crate) content: Content<'a>,
    /// ID in the source info: zero for parameters and results of methods, as in the reference.
    pub(crate) source_id: u64,
    pub(crate) doc: Option<&'a str>,
    /// Doc comments of fields, enumerants or methods, in the order of the node.
    pub(crate) member_docs: Vec<Option<&'a str>>,
}

/// What is special about a kind of node.
#[derive(Debug)]
pub(crate) enum Content<'a> {
    File,
    Struct(StructRecord<'a>),
    Enum(Vec<EnumerantRecord<'a>>),
    Interface {
        superclasses: Vec<Reference>,
        methods: Vec<MethodRecord<'a>>,
    },
    Const {
        ty: Type,
        value: ValueRef,
    },
    Annotation {
        ty: Type,
        targets: Targets,
    },
}

#[derive(Debug, Default)]
pub(crate) struct StructRecord<'a> {
    pub(crate) data_words: u16,
    pub(crate) pointers: u16,
    pub(crate) is_group: bool,
    pub(crate) discriminant_count: u16,
    pub(crate) discriminant_offset: u32,
    pub(crate) fields: Vec<FieldRecord<'a>>,
}

#[derive(Debug)]
pub(crate) struct FieldRecord<'a> {
    pub(crate) name: &'a str,
    pub(crate) code_order: u16,
    pub(crate) annotations: Vec<AnnotationRecord>,
    pub(crate) discriminant: Option<u16>,
    pub(crate) ordinal: Option<u16>,
    pub(crate) content: FieldContent,
}

#[derive(Debug)]
pub(crate) enum FieldContent {
    /// Not known yet.
    Open,
    Slot {
        offset: u32,
        ty: Type,
        default: ValueRef,
        is_explicit: bool,
    },
    Group {
        id: u64,
    },
}

#[derive(Debug)]
pub(crate) struct EnumerantRecord<'a> {
    pub(crate) name: &'a str,
    pub(crate) code_order: u16,
    pub(crate) annotations: Vec<AnnotationRecord>,
}

/// ID and brand of something; the ID is zero after an error.
#[derive(Debug, Default)]
pub(crate) struct Reference {
    pub(crate) id: u64,
    pub(crate) brand: Brand,
}

#[derive(Debug)]
pub(crate) struct MethodRecord<'a> {
    pub(crate) name: &'a str,
    pub(crate) code_order: u16,
    pub(crate) implicit: &'a [Located<String>],
    pub(crate) params: Reference,
    pub(crate) results: Reference,
    pub(crate) annotations: Vec<AnnotationRecord>,
}

#[derive(Debug)]
pub(crate) struct AnnotationRecord {
    pub(crate) id: u64,
    pub(crate) brand: Brand,
    pub(crate) value: ValueRef,
}
