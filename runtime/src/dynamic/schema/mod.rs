//! [`Schema`]: compiled nodes of Cap'n Proto, checked and owned.

mod error;
mod link;
mod read;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use dsoftbus_proto::message::Message;

pub use error::SchemaError;

/// Largest schema in bytes. It travels in one message together with others; without a limit of its own a peer could make us
/// copy as much as a message holds.
pub const MAX_SCHEMA_BYTES: usize = 524_288;

/// Most nodes of a schema. Each costs an entry in a table, while a node takes few bytes on the wire. The largest schema that
/// comes with Cap'n Proto has about 50.
pub const MAX_NODES: usize = 4_096;

/// Most members of all nodes together: fields, enumerants, methods and superclasses. A list may claim members of size zero, so
/// that a small message could otherwise make us keep any number of them.
pub const MAX_MEMBERS: usize = 65_536;

/// Longest name in bytes. Names are copied into every value that is decoded.
pub const MAX_NAME: usize = 255;

/// Most levels of `List(List(…))` in a type. Types are walked recursively.
pub const MAX_LIST_DEPTH: usize = 16;

/// Most levels of groups in groups. They are walked recursively.
pub const MAX_GROUP_DEPTH: usize = 16;

/// ID of `StreamResult` in `/capnp/stream.capnp`.
const STREAM_RESULT: u64 = 0x995f_9a33_77c0_b16e;

/// What a peer says about its services: interfaces, and the structs and enums they use.
///
/// Every ID in it names a node of the right kind that is there, and every field lies within its struct.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    structs: BTreeMap<u64, Struct>,
    enums: BTreeMap<u64, Enumeration>,
    interfaces: BTreeMap<u64, Interface>,
}

impl Schema {
    /// Parses one message in stream framing whose root is a `CodeGeneratorRequest`. Of that only the nodes are read, and of
    /// those only structs, enums and interfaces.
    ///
    /// # Errors
    ///
    /// [`SchemaError`] for whatever would not be safe to read and write values by.
    pub fn parse(bytes: &[u8]) -> Result<Self, SchemaError> {
        link::link(read::read(bytes)?)
    }

    /// The interface with this ID.
    pub fn interface(&self, id: u64) -> Option<&Interface> {
        self.interfaces.get(&id)
    }

    /// All interfaces, by ID.
    pub fn interfaces(&self) -> impl Iterator<Item = &Interface> {
        self.interfaces.values()
    }

    /// All structs, by ID; those of inline parameters among them.
    pub fn structs(&self) -> impl Iterator<Item = &Struct> {
        self.structs.values()
    }

    /// The struct with this ID.
    pub fn structure(&self, id: u64) -> Option<&Struct> {
        self.structs.get(&id)
    }

    /// The enum with this ID.
    pub fn enumeration(&self, id: u64) -> Option<&Enumeration> {
        self.enums.get(&id)
    }

    /// What the interface extends, directly or not: nearest first, each once.
    pub fn superclasses(&self, id: u64) -> Vec<&Interface> {
        let mut seen = BTreeSet::from([id]);
        let mut waiting = VecDeque::from([id]);
        let mut found = Vec::new();
        while let Some(interface) = waiting.pop_front().and_then(|id| self.interface(id)) {
            for id in interface.superclasses.iter().copied() {
                if seen.insert(id) {
                    waiting.push_back(id);
                    found.extend(self.interface(id));
                }
            }
        }
        found
    }

    /// The method `name` of the interface or of what it extends, and the interface that declares it: a call names that one.
    pub fn method(&self, interface: u64, name: &str) -> Option<(&Interface, &Method)> {
        let own = self.interface(interface);
        own.into_iter()
            .chain(self.superclasses(interface))
            .find_map(|interface| {
                let method = interface
                    .methods
                    .iter()
                    .find(|method| method.name == name)?;
                Some((interface, method))
            })
    }

    /// The type as a schema writes it: `List(Text)`. Structs, enums and interfaces go by their names without scopes.
    pub fn type_name(&self, ty: &Type) -> String {
        let named = |name: Option<&String>| name.cloned().unwrap_or_default();
        match ty {
            Type::List(element) => format!("List({})", self.type_name(element)),
            Type::Enum(id) => named(self.enumeration(*id).map(|node| &node.name)),
            Type::Struct(id) => named(self.structure(*id).map(|node| &node.name)),
            Type::Interface(id) => named(self.interface(*id).map(|node| &node.name)),
            // The names of the others are theirs.
            other => format!("{other:?}"),
        }
    }
}

/// An interface.
#[derive(Clone, Debug)]
pub struct Interface {
    id: u64,
    name: String,
    methods: Vec<Method>,
    superclasses: Vec<u64>,
}

impl Interface {
    /// Its ID.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Its name, without scopes.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The methods it declares itself, by ordinal.
    pub fn methods(&self) -> &[Method] {
        &self.methods
    }
}

/// A method.
#[derive(Clone, Debug)]
pub struct Method {
    name: String,
    ordinal: u16,
    params: u64,
    results: u64,
}

impl Method {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its number within its interface.
    pub fn ordinal(&self) -> u16 {
        self.ordinal
    }

    /// ID of the struct of its parameters.
    pub fn params(&self) -> u64 {
        self.params
    }

    /// ID of the struct of its results.
    pub fn results(&self) -> u64 {
        self.results
    }

    /// Whether it was declared `-> stream`.
    pub fn is_streaming(&self) -> bool {
        self.results == STREAM_RESULT
    }
}

/// An enum.
#[derive(Clone, Debug)]
pub struct Enumeration {
    name: String,
    enumerants: Vec<String>,
    /// The number of each enumerant.
    numbers: BTreeMap<String, u16>,
}

impl Enumeration {
    /// Its name, without scopes.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its enumerants by number.
    pub fn enumerants(&self) -> &[String] {
        &self.enumerants
    }

    /// The number of the enumerant `name`.
    pub(super) fn number(&self, name: &str) -> Option<u16> {
        self.numbers.get(name).copied()
    }
}

/// A struct.
#[derive(Clone, Debug)]
pub struct Struct {
    id: u64,
    name: String,
    /// Words of the data section.
    pub(super) data: u16,
    /// Words of the pointer section.
    pub(super) pointers: u16,
    pub(super) members: Members,
}

impl Struct {
    /// Its ID.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Its name, without scopes. That of inline parameters is like `greet$Params`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its fields by ordinal; those of an unnamed union among them.
    pub fn fields(&self) -> &[Field] {
        &self.members.fields
    }
}

/// The fields of a group or of a named union. They lie in the struct around it.
#[derive(Clone, Debug)]
pub struct Group {
    pub(super) members: Members,
}

impl Group {
    /// Its fields by ordinal.
    pub fn fields(&self) -> &[Field] {
        &self.members.fields
    }
}

/// What a struct and a group have in common.
#[derive(Clone, Debug)]
pub(super) struct Members {
    pub(super) fields: Vec<Field>,
    /// Where in `fields` each name is.
    by_name: BTreeMap<String, usize>,
    /// Where the 16 bits lie that tell the active member of the unnamed union, if there is one.
    pub(super) discriminant: Option<usize>,
}

impl Members {
    /// The field `name`.
    pub(super) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.get(*self.by_name.get(name)?)
    }
}

/// A field of a struct or group.
#[derive(Clone, Debug)]
pub struct Field {
    pub(super) name: String,
    pub(super) discriminant: Option<u16>,
    kind: FieldKind,
}

impl Field {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is a member of the unnamed union.
    pub fn is_in_union(&self) -> bool {
        self.discriminant.is_some()
    }

    /// What it is.
    pub fn kind(&self) -> &FieldKind {
        &self.kind
    }
}

/// What a field is.
#[derive(Clone, Debug)]
pub enum FieldKind {
    /// A value of one type.
    Slot(Slot),
    /// More fields.
    Group(Group),
}

/// A field with a type.
#[derive(Clone, Debug)]
pub struct Slot {
    pub(super) ty: Type,
    /// In units of the size of the type, from the beginning of its section.
    pub(super) offset: usize,
    pub(super) default: DefaultValue,
}

impl Slot {
    /// Its type.
    pub fn ty(&self) -> &Type {
        &self.ty
    }
}

/// What a field holds when nothing was written.
#[derive(Clone, Debug)]
pub(super) enum DefaultValue {
    /// What its type has for nothing.
    None,
    /// Of a scalar: what its bits on the wire are XORed with.
    Bits(u64),
    Text(String),
    Data(Vec<u8>),
    /// Of a list or struct: a message with it for its root.
    Pointer(Message),
}

/// A type.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "the names of the language")]
pub enum Type {
    Void,
    Bool,
    Int8,
    Int16,
    Int32,
    Int64,
    UInt8,
    UInt16,
    UInt32,
    UInt64,
    Float32,
    Float64,
    Text,
    Data,
    List(Box<Self>),
    /// The enum with this ID.
    Enum(u64),
    /// The struct with this ID.
    Struct(u64),
    /// An object of the interface with this ID.
    Interface(u64),
    /// A pointer to anything, or a generic parameter.
    AnyPointer,
}
