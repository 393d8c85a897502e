//! What the schemas say, in plain values: the model that rules are checked on and code is emitted from.
//!
//! Constructs that cannot be translated are in the model too, so that `check` can name all of them at once.

use std::collections::BTreeMap;
use std::fmt;

/// Everything one compile covers.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    pub(crate) files: Vec<File>,
    /// Where each named type of the compiled files is, by Cap'n Proto ID.
    pub(crate) names: BTreeMap<u64, TypeName>,
}

/// One compiled schema file.
#[derive(Debug)]
pub(crate) struct File {
    /// The name it was requested by, relative to the schema directory.
    pub(crate) name: String,
    /// The module that capnpc's output for it is put in.
    pub(crate) raw_module: String,
    pub(crate) items: Vec<Item>,
    /// Annotations of `rust.capnp` found on it: they would rename what we refer to.
    pub(crate) rust_annotations: bool,
}

/// One declaration.
#[derive(Debug)]
pub(crate) enum Item {
    Struct(Struct),
    Enum(Enum),
    Interface(Interface),
    Const(Const),
}

/// Where a type is: in the schema, in the typed layer, and in capnpc's output.
#[derive(Clone, Debug)]
pub(crate) struct TypeName {
    pub(crate) place: Place,
    /// Name of the Rust type.
    pub(crate) name: String,
    /// Modules of the typed layer around it.
    pub(crate) scope: Vec<String>,
    /// Its module (structs, interfaces) or type (enums) in capnpc's output, from the first module on.
    pub(crate) raw: Vec<String>,
    pub(crate) kind: Kind,
    /// Bits one element takes in a list.
    pub(crate) list_bits: u32,
    /// Words of the struct itself, without what it points to.
    pub(crate) words: u32,
}

/// What an ID names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Struct,
    Enum,
    /// An enum with `$Bus.errors`.
    Errors,
    Interface,
    Const,
}

/// A place in a schema, as error messages name it.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Place {
    pub(crate) file: String,
    pub(crate) path: String,
}

impl Place {
    /// A member of what this names.
    pub(crate) fn member(&self, name: &str) -> Self {
        let path = if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        };
        Self {
            file: self.file.clone(),
            path,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.path)
    }
}

/// A struct, also one that stands for several inline results.
#[derive(Debug)]
pub(crate) struct Struct {
    pub(crate) id: u64,
    pub(crate) name: TypeName,
    pub(crate) doc: String,
    pub(crate) fields: Vec<Field>,
    pub(crate) items: Vec<Item>,
    pub(crate) generic: bool,
    pub(crate) union: bool,
    pub(crate) rust_annotations: bool,
}

/// A field, parameter or result.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    /// Name in the schema.
    pub(crate) name: String,
    pub(crate) place: Place,
    pub(crate) doc: String,
    pub(crate) ty: Type,
    pub(crate) default: Value,
    pub(crate) rust_annotations: bool,
}

/// The type of a value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Type {
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
    Enum(u64),
    Struct(u64),
    List(Box<Self>),
    /// A type that cannot be translated, and what it is called.
    Unsupported(String),
}

/// A default or constant.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// Zero, empty, or the first enumerant: what a missing value reads as anyway.
    Zero,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Float32(f32),
    Float64(f64),
    Text(String),
    Data(Vec<u8>),
    Enum(u16),
    /// A struct or list: only capnpc's readers know it.
    Pointer,
}

/// An enum.
#[derive(Debug)]
pub(crate) struct Enum {
    pub(crate) id: u64,
    pub(crate) name: TypeName,
    pub(crate) doc: String,
    pub(crate) enumerants: Vec<Enumerant>,
    /// It has `$Bus.errors`.
    pub(crate) errors: bool,
    pub(crate) rust_annotations: bool,
}

/// One value of an enum.
#[derive(Debug)]
pub(crate) struct Enumerant {
    pub(crate) name: String,
    pub(crate) place: Place,
    pub(crate) doc: String,
    /// `$Bus.code`.
    pub(crate) code: Option<u16>,
    pub(crate) rust_annotations: bool,
}

/// An interface: a service.
#[derive(Debug)]
pub(crate) struct Interface {
    pub(crate) id: u64,
    pub(crate) name: TypeName,
    /// Module of the typed layer that holds its constants and nested types.
    pub(crate) module: String,
    pub(crate) doc: String,
    pub(crate) methods: Vec<Method>,
    pub(crate) items: Vec<Item>,
    /// Every `$Bus.channel`: the compiler accepts more than one.
    pub(crate) channels: Vec<u16>,
    /// Every `$Bus.level`.
    pub(crate) levels: Vec<u8>,
    pub(crate) generic: bool,
    pub(crate) extends: bool,
}

/// A method.
#[derive(Debug)]
pub(crate) struct Method {
    pub(crate) name: String,
    pub(crate) place: Place,
    pub(crate) doc: String,
    pub(crate) ordinal: u16,
    pub(crate) params: Shape,
    pub(crate) results: Shape,
    pub(crate) streaming: bool,
    pub(crate) generic: bool,
    pub(crate) since: Option<u16>,
}

/// What a method takes or gives.
#[derive(Debug)]
pub(crate) enum Shape {
    /// Written in the method: one value for each field. The struct is the one the compiler made for it.
    Inline(Box<Struct>),
    /// A struct with a name of its own.
    Named(u64),
    /// A struct that is not in the compiled files.
    Unknown(String),
}

/// A constant.
#[derive(Debug)]
pub(crate) struct Const {
    pub(crate) name: String,
    pub(crate) place: Place,
    pub(crate) doc: String,
    pub(crate) ty: Type,
    pub(crate) value: Value,
}

impl Schema {
    /// The items of all files.
    pub(crate) fn items(&self) -> impl Iterator<Item = &Item> {
        self.files.iter().flat_map(|file| &file.items)
    }

    /// Bits one element of this type takes in a list; never 0, so that a count is always bounded.
    pub(crate) fn list_bits(&self, ty: &Type) -> u32 {
        match ty {
            Type::Void | Type::Bool => 1,
            Type::Int8 | Type::UInt8 => 8,
            Type::Int16 | Type::UInt16 | Type::Enum(_) => 16,
            Type::Int32 | Type::UInt32 | Type::Float32 => 32,
            Type::Int64 | Type::UInt64 | Type::Float64 => 64,
            Type::Text | Type::Data | Type::List(_) | Type::Unsupported(_) => 64,
            Type::Struct(id) => self.names.get(id).map_or(64, |name| name.list_bits),
        }
    }
}
