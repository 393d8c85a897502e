//! What the schemas say, in plain values: the model that rules are checked on and code is emitted from.
//!
//! Constructs that cannot be translated are in the model too, so that `check` can name all of them at once.

use std::collections::BTreeMap;
use std::fmt;

use crate::external::ModulePath;

/// Everything one compile covers.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    pub(crate) files: Vec<File>,
    /// Imported files whose code another module has.
    pub(crate) external: Vec<File>,
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
    /// It imports `bus.capnp`: its interfaces are meant to be services.
    pub(crate) bus: bool,
    /// Annotations of `rust.capnp` found on it that have no meaning here.
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
    /// Where the code of its file is, when another module has it.
    pub(crate) root: Option<ModulePath>,
    /// What its Rust name is made from: the name in the schema, or what an annotation says instead.
    pub(crate) rust: String,
    /// Name of the Rust type.
    pub(crate) name: String,
    /// Modules of the typed layer around it.
    pub(crate) scope: Vec<String>,
    /// The module for what is nested in it: `<scope>::<module>`.
    pub(crate) module: String,
    /// The type parameters that it really uses, its own and those of the scopes around it, outermost first.
    pub(crate) params: Vec<Param>,
    /// Its module (structs, interfaces) or type (enums) in capnpc's output, from the first module on.
    pub(crate) raw: Vec<String>,
    /// How many type parameters it has in capnpc's output: all that are in reach, used or not.
    pub(crate) raw_params: usize,
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
    /// A group or a named union.
    Group,
    Enum,
    /// An enum with `$Bus.errors`.
    Errors,
    Interface,
    Const,
}

/// A struct or interface as a type: which one, and the types that stand for its parameters.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Named {
    pub(crate) id: u64,
    /// One for each of [`TypeName::params`].
    pub(crate) args: Vec<Type>,
}

/// A type parameter.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Param {
    /// The declaration it belongs to.
    pub(crate) scope: u64,
    pub(crate) index: u16,
    /// Its name in Rust, different from those of all other parameters in reach.
    pub(crate) name: String,
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

/// A struct, a group, or the struct that stands for several inline results.
#[derive(Debug)]
pub(crate) struct Struct {
    pub(crate) id: u64,
    pub(crate) name: TypeName,
    pub(crate) doc: String,
    /// Members of the union among them: those with [`Field::member`].
    pub(crate) fields: Vec<Field>,
    pub(crate) items: Vec<Item>,
    /// Words of the data section, and the number of pointers.
    pub(crate) size: (u16, u16),
    /// Where its union says which member is set, in units of 16 bits. `None`: it has no union.
    pub(crate) discriminant: Option<u32>,
    pub(crate) rust_annotations: bool,
}

impl Struct {
    /// The fields that are always there.
    pub(crate) fn always(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| field.member.is_none())
    }

    /// The members of the union.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| field.member.is_some())
    }

    /// The type parameters that the members of the union use.
    pub(crate) fn member_params(&self) -> Vec<Param> {
        let used = |param: &&Param| self.members().any(|member| member.ty.uses(param));
        self.name.params.iter().filter(used).cloned().collect()
    }

    /// Whether it is nothing but a union.
    pub(crate) fn is_union(&self) -> bool {
        self.discriminant.is_some() && self.always().next().is_none()
    }
}

/// A field, parameter or result.
#[derive(Debug)]
pub(crate) struct Field {
    /// Name in the schema.
    pub(crate) name: String,
    /// What its Rust name is made from: the name, or what an annotation says instead.
    pub(crate) rust: String,
    pub(crate) place: Place,
    pub(crate) doc: String,
    /// For a group, the type that is made of it.
    pub(crate) ty: Type,
    pub(crate) default: Value,
    /// Where it is: in the data section in units of its own size, or which pointer. 0 for a group.
    pub(crate) offset: u32,
    /// The value of the discriminant that says that this member of the union is set. `None`: it is always there.
    pub(crate) member: Option<u16>,
    /// A struct that contains the one this field is in: Rust needs a box. See `recursion`.
    pub(crate) boxed: bool,
    /// The fields of a group, which lie in the struct around it.
    pub(crate) group: Option<Box<Struct>>,
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
    Struct(Named),
    Interface(Named),
    List(Box<Self>),
    /// `AnyPointer`, `AnyStruct` or `AnyList`.
    AnyPointer,
    /// An interface pointer of no particular interface.
    Capability,
    Parameter(Param),
    /// `Sink` of `bus.capnp`, of items of this type.
    Sink(Box<Self>),
    /// A type that cannot be translated, and what it is called.
    Unsupported(String),
}

impl Type {
    /// Whether a type parameter occurs in it.
    pub(crate) fn uses(&self, param: &Param) -> bool {
        match self {
            Self::Parameter(found) => found == param,
            Self::List(element) | Self::Sink(element) => element.uses(param),
            Self::Struct(named) | Self::Interface(named) => {
                named.args.iter().any(|arg| arg.uses(param))
            }
            _ => false,
        }
    }

    /// Whether values are pointers in a message.
    pub(crate) fn is_pointer(&self) -> bool {
        matches!(
            self,
            Self::Text
                | Self::Data
                | Self::Struct(_)
                | Self::Interface(_)
                | Self::List(_)
                | Self::AnyPointer
                | Self::Capability
                | Self::Parameter(_)
                | Self::Sink(_)
        )
    }
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
    /// A struct, list or other pointer: the words of a message whose root it is.
    Pointer(Vec<u64>),
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
    /// What its Rust name is made from.
    pub(crate) rust: String,
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
    pub(crate) doc: String,
    /// The interfaces it extends.
    pub(crate) supers: Vec<Named>,
    /// What is wrong with those that cannot be named.
    pub(crate) unknown_supers: Vec<String>,
    pub(crate) methods: Vec<Method>,
    pub(crate) items: Vec<Item>,
    /// Every `$Bus.channel`: the compiler accepts more than one.
    pub(crate) channels: Vec<u16>,
    /// Every `$Bus.level`.
    pub(crate) levels: Vec<u8>,
    pub(crate) rust_annotations: bool,
}

/// A method.
#[derive(Debug)]
pub(crate) struct Method {
    pub(crate) name: String,
    /// What its Rust name is made from.
    pub(crate) rust: String,
    pub(crate) place: Place,
    pub(crate) doc: String,
    pub(crate) ordinal: u16,
    pub(crate) params: Shape,
    pub(crate) results: Shape,
    /// Declared `-> stream`; it has no results then.
    pub(crate) streaming: bool,
    pub(crate) since: Option<u16>,
    pub(crate) rust_annotations: bool,
}

/// What a method takes or gives.
#[derive(Debug)]
pub(crate) enum Shape {
    /// Written in the method: one value for each field. The struct is the one the compiler made for it.
    Inline(Box<Struct>),
    /// A struct with a name of its own.
    Named(Named),
    /// A struct that is not in the compiled files.
    Unknown(String),
}

/// A constant.
#[derive(Debug)]
pub(crate) struct Const {
    /// What its Rust name is made from.
    pub(crate) rust: String,
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

    /// The items of all files, also of those whose code another module has.
    pub(crate) fn all_items(&self) -> impl Iterator<Item = &Item> {
        let files = self.files.iter().chain(&self.external);
        files.flat_map(|file| &file.items)
    }

    /// Bits one element of this type takes in a list; never 0, so that a count is always bounded.
    pub(crate) fn list_bits(&self, ty: &Type) -> u32 {
        match ty {
            Type::Void | Type::Bool => 1,
            Type::Int8 | Type::UInt8 => 8,
            Type::Int16 | Type::UInt16 | Type::Enum(_) => 16,
            Type::Int32 | Type::UInt32 | Type::Float32 => 32,
            Type::Int64 | Type::UInt64 | Type::Float64 => 64,
            Type::Struct(named) => self.names.get(&named.id).map_or(64, |name| name.list_bits),
            _ => 64,
        }
    }
}
