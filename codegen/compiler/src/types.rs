//! Types after name resolution, and what the evaluation of values asks of the rest of the compiler.
//!
//! The shapes follow `schema.capnp`: [`Type`] is its `Type`, [`Brand`] its `Brand`.

use std::rc::Rc;

use crate::ast::{Expression, Located, Span};
use crate::value::Value;

/// A type in which every name is resolved.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Type {
    /// `Void`
    #[default]
    Void,
    /// `Bool`
    Bool,
    /// `Int8`
    Int8,
    /// `Int16`
    Int16,
    /// `Int32`
    Int32,
    /// `Int64`
    Int64,
    /// `UInt8`
    UInt8,
    /// `UInt16`
    UInt16,
    /// `UInt32`
    UInt32,
    /// `UInt64`
    UInt64,
    /// `Float32`
    Float32,
    /// `Float64`
    Float64,
    /// `Text`
    Text,
    /// `Data`
    Data,
    /// `List(element)`
    List(Box<Self>),
    /// An enum.
    Enum {
        /// ID of its node.
        id: u64,
        /// Bindings of the generic scopes around it.
        brand: Brand,
    },
    /// A struct.
    Struct {
        /// ID of its node.
        id: u64,
        /// Bindings of the generic scopes around it.
        brand: Brand,
    },
    /// An interface.
    Interface {
        /// ID of its node.
        id: u64,
        /// Bindings of the generic scopes around it.
        brand: Brand,
    },
    /// A pointer whose target is not known here.
    AnyPointer(AnyPointer),
}

/// Kinds of [`Type::AnyPointer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnyPointer {
    /// `AnyPointer`
    Any,
    /// `AnyStruct`
    Struct,
    /// `AnyList`
    List,
    /// `Capability`
    Capability,
    /// A parameter of a generic declaration.
    Parameter {
        /// ID of the declaration.
        scope_id: u64,
        /// Which of its parameters.
        index: u16,
    },
    /// An implicit parameter of the method whose signature this is part of.
    ImplicitMethodParameter {
        /// Which of its parameters.
        index: u16,
    },
}

/// What the generic parameters of the scopes around a declaration are bound to, innermost scope first.
///
/// Only scopes with bindings are listed; a parameter that is not mentioned is `AnyPointer`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Brand {
    /// Scopes that have bindings.
    pub scopes: Vec<BrandScope>,
}

/// Bindings of one scope.
#[derive(Clone, Debug, PartialEq)]
pub struct BrandScope {
    /// ID of the generic declaration.
    pub scope_id: u64,
    /// Its bindings.
    pub bindings: Bindings,
}

/// What the parameters of a scope are bound to.
#[derive(Clone, Debug, PartialEq)]
pub enum Bindings {
    /// One type for each parameter.
    Bind(Vec<Type>),
    /// The parameters of the place where the type is written: we are inside that scope.
    Inherit,
}

impl Type {
    /// Puts the bindings of `brand` in the place of the generic parameters of this type.
    ///
    /// Parameters of scopes that `brand` does not mention become `AnyPointer`; those of scopes it
    /// inherits stay parameters.
    #[must_use]
    pub fn bound(&self, brand: &Brand) -> Self {
        match self {
            Self::List(element) => Self::List(Box::new(element.bound(brand))),
            Self::Enum { id, brand: own } => Self::Enum {
                id: *id,
                brand: own.bound(brand),
            },
            Self::Struct { id, brand: own } => Self::Struct {
                id: *id,
                brand: own.bound(brand),
            },
            Self::Interface { id, brand: own } => Self::Interface {
                id: *id,
                brand: own.bound(brand),
            },
            Self::AnyPointer(AnyPointer::Parameter { scope_id, index }) => {
                brand.lookup(*scope_id, *index)
            }
            other => other.clone(),
        }
    }

    fn weight(&self) -> usize {
        match self {
            Self::List(element) => 1 + element.weight(),
            Self::Enum { brand, .. }
            | Self::Struct { brand, .. }
            | Self::Interface { brand, .. } => 1 + brand.weight(),
            _ => 1,
        }
    }

    /// Whether values of this type live in the pointer section.
    #[must_use]
    pub fn is_pointer(&self) -> bool {
        matches!(
            self,
            Self::Text
                | Self::Data
                | Self::List(_)
                | Self::Struct { .. }
                | Self::Interface { .. }
                | Self::AnyPointer(_)
        )
    }
}

impl Brand {
    /// What parameter `index` of scope `scope_id` is bound to.
    #[must_use]
    pub fn lookup(&self, scope_id: u64, index: u16) -> Type {
        match self
            .scopes
            .iter()
            .find(|scope| scope.scope_id == scope_id)
            .map(|scope| &scope.bindings)
        {
            Some(Bindings::Bind(types)) => types
                .get(usize::from(index))
                .cloned()
                .unwrap_or(Type::AnyPointer(AnyPointer::Any)),
            Some(Bindings::Inherit) => Type::AnyPointer(AnyPointer::Parameter { scope_id, index }),
            None => Type::AnyPointer(AnyPointer::Any),
        }
    }

    /// Number of names in it.
    pub(crate) fn weight(&self) -> usize {
        let weight = |scope: &BrandScope| match &scope.bindings {
            Bindings::Inherit => 1,
            Bindings::Bind(types) => 1 + types.iter().map(Type::weight).sum::<usize>(),
        };
        self.scopes.iter().map(weight).sum()
    }

    /// This brand as seen from a scope that is itself branded with `outer`.
    #[must_use]
    pub fn bound(&self, outer: &Self) -> Self {
        let scopes = self
            .scopes
            .iter()
            .filter_map(|scope| match &scope.bindings {
                Bindings::Bind(types) => Some(BrandScope {
                    scope_id: scope.scope_id,
                    bindings: Bindings::Bind(types.iter().map(|ty| ty.bound(outer)).collect()),
                }),
                Bindings::Inherit => outer
                    .scopes
                    .iter()
                    .find(|other| other.scope_id == scope.scope_id)
                    .cloned(),
            })
            .collect();
        Self { scopes }
    }
}

/// A struct or group, as far as the values of it need to know.
#[derive(Clone, Debug, PartialEq)]
pub struct StructShape {
    /// Name for messages.
    pub name: String,
    /// Words of its data section; for a group, those of the whole struct.
    pub data_words: u16,
    /// Pointers of its pointer section; for a group, those of the whole struct.
    pub pointers: u16,
    /// Where the discriminant is, in units of 16 bits, if it has a union.
    pub discriminant_offset: Option<u32>,
    /// Its fields, in the order of the schema node.
    pub fields: Vec<FieldShape>,
}

/// A field of a [`StructShape`].
#[derive(Clone, Debug, PartialEq)]
pub struct FieldShape {
    /// Its name.
    pub name: String,
    /// Its value of the discriminant, if it is a member of the union.
    pub discriminant: Option<u16>,
    /// What it is.
    pub kind: FieldShapeKind,
}

/// Kinds of [`FieldShape`].
#[derive(Clone, Debug, PartialEq)]
pub enum FieldShapeKind {
    /// An ordinary field.
    Slot {
        /// Offset in units of its size.
        offset: u32,
        /// Its type, with the brand of the struct applied.
        ty: Type,
        /// Its default: values in the data section are stored XORed with it.
        default: Value,
    },
    /// A group, laid out in the same sections.
    Group {
        /// Its shape.
        shape: Rc<StructShape>,
    },
}

/// What the evaluation of values asks of name resolution.
///
/// Methods that return `None` have reported the error.
pub trait Names {
    /// The shape of a struct with its brand applied. Defaults of pointer type may still be empty.
    fn structure(&mut self, id: u64, brand: &Brand) -> Option<Rc<StructShape>>;

    /// The names of the enumerants of an enum, in the order of their ordinals.
    fn enumerants(&mut self, id: u64) -> Option<Rc<[String]>>;

    /// Type and value of the constant that `name` refers to.
    ///
    /// With `primitive_only`, the value is wanted before pointer values are evaluated, so that one of
    /// pointer type may come back empty: the type then does not match what is expected anyway.
    fn constant(&mut self, name: &Expression, primitive_only: bool) -> Option<(Type, Value)>;

    /// The bytes of an embedded file.
    fn embed(&mut self, path: &Located<String>) -> Option<Rc<[u8]>>;

    /// Unqualified name of a node, for messages.
    fn node_name(&mut self, id: u64) -> String;

    /// Reports an error in the file that is being compiled.
    fn error(&mut self, span: Span, message: String, hint: Option<String>);
}
