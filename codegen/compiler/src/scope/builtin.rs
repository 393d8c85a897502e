//! Names that the language itself declares.

use crate::types::{AnyPointer, Type};

/// A name of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Builtin {
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
    List,
    /// What `AnyPointer` was called before version 0.4.
    Object,
    AnyPointer,
    AnyStruct,
    AnyList,
    Capability,
}

/// All of them with their names.
const ALL: [(&str, Builtin); 20] = [
    ("Void", Builtin::Void),
    ("Bool", Builtin::Bool),
    ("Int8", Builtin::Int8),
    ("Int16", Builtin::Int16),
    ("Int32", Builtin::Int32),
    ("Int64", Builtin::Int64),
    ("UInt8", Builtin::UInt8),
    ("UInt16", Builtin::UInt16),
    ("UInt32", Builtin::UInt32),
    ("UInt64", Builtin::UInt64),
    ("Float32", Builtin::Float32),
    ("Float64", Builtin::Float64),
    ("Text", Builtin::Text),
    ("Data", Builtin::Data),
    ("List", Builtin::List),
    ("Object", Builtin::Object),
    ("AnyPointer", Builtin::AnyPointer),
    ("AnyStruct", Builtin::AnyStruct),
    ("AnyList", Builtin::AnyList),
    ("Capability", Builtin::Capability),
];

impl Builtin {
    pub(crate) fn named(name: &str) -> Option<Self> {
        ALL.iter()
            .find(|(known, _)| *known == name)
            .map(|(_, builtin)| *builtin)
    }

    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        ALL.iter()
            .filter(|(_, builtin)| *builtin != Self::Object)
            .map(|(name, _)| *name)
    }

    /// An ID that no node has: those of nodes have the top bit, and made-up ones start above.
    pub(crate) fn id(self) -> u64 {
        self as u64 + 1
    }

    /// Number of its generic parameters.
    pub(crate) fn params(self) -> usize {
        usize::from(self == Self::List)
    }

    /// The type it is; `None` for `List`, which needs its parameter.
    pub(crate) fn as_type(self) -> Option<Type> {
        Some(match self {
            Self::Void => Type::Void,
            Self::Bool => Type::Bool,
            Self::Int8 => Type::Int8,
            Self::Int16 => Type::Int16,
            Self::Int32 => Type::Int32,
            Self::Int64 => Type::Int64,
            Self::UInt8 => Type::UInt8,
            Self::UInt16 => Type::UInt16,
            Self::UInt32 => Type::UInt32,
            Self::UInt64 => Type::UInt64,
            Self::Float32 => Type::Float32,
            Self::Float64 => Type::Float64,
            Self::Text => Type::Text,
            Self::Data => Type::Data,
            Self::List => return None,
            Self::Object | Self::AnyPointer => Type::AnyPointer(AnyPointer::Any),
            Self::AnyStruct => Type::AnyPointer(AnyPointer::Struct),
            Self::AnyList => Type::AnyPointer(AnyPointer::List),
            Self::Capability => Type::AnyPointer(AnyPointer::Capability),
        })
    }

    /// Whether a generic parameter can be bound to it.
    pub(crate) fn can_be_parameter(self) -> bool {
        matches!(
            self,
            Self::List | Self::Text | Self::Data | Self::AnyPointer
        )
    }
}
