//! Values: constants, defaults and the values of annotations.
//!
//! [`compile`] turns an expression into a [`Value`] of a given type; [`Value::write`] puts it into a request.
//!
//! A value holds structs and lists as they lie in a message, shared by reference: a constant used a thousand times exists once until it is
//! written. [`Budget`] counts what will be written.

mod embed;
mod encode;
mod evaluate;
mod found;
mod structs;
#[cfg(test)]
mod tests;
mod write;

use std::rc::Rc;

pub use evaluate::compile;

use crate::types::Type;

/// Most words that all values of one compilation may take together, 128 MiB.
///
/// Constants that use other constants twice double in size each time, so that thirty lines could ask for terabytes. Readers of a request
/// stop at 64 MiB by default.
pub const MAX_WORDS: u64 = 1 << 24;

/// Deepest nesting of structs and lists in a value.
///
/// Constants inside constants nest as deep as the file is long, and values are walked recursively. Readers stop at 64 by default.
pub const MAX_DEPTH: u32 = 200;

/// A value of some type.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// `void`
    #[default]
    Void,
    /// `true` or `false`
    Bool(bool),
    /// Of `Int8`.
    Int8(i8),
    /// Of `Int16`.
    Int16(i16),
    /// Of `Int32`.
    Int32(i32),
    /// Of `Int64`.
    Int64(i64),
    /// Of `UInt8`.
    UInt8(u8),
    /// Of `UInt16`.
    UInt16(u16),
    /// Of `UInt32`.
    UInt32(u32),
    /// Of `UInt64`.
    UInt64(u64),
    /// Of `Float32`.
    Float32(f32),
    /// Of `Float64`.
    Float64(f64),
    /// Of `Text`, without the NUL at the end; `None` is a null pointer. The reference does not ask for UTF-8.
    Text(Option<Rc<[u8]>>),
    /// Of `Data`; `None` is a null pointer.
    Data(Option<Rc<[u8]>>),
    /// Ordinal of an enumerant.
    Enum(u16),
    /// Of an interface: always null.
    Interface,
    /// Of a list; `None` is a null pointer.
    List(Option<Rc<ListValue>>),
    /// Of a struct; `None` is a null pointer.
    Struct(Option<Rc<StructValue>>),
    /// Of `AnyPointer`; `None` is a null pointer.
    AnyPointer(Option<Rc<Self>>),
}

impl Value {
    /// The value of a field of type `ty` that has no default of its own.
    #[must_use]
    pub fn default_of(ty: &Type) -> Self {
        match ty {
            Type::Void => Self::Void,
            Type::Bool => Self::Bool(false),
            Type::Int8 => Self::Int8(0),
            Type::Int16 => Self::Int16(0),
            Type::Int32 => Self::Int32(0),
            Type::Int64 => Self::Int64(0),
            Type::UInt8 => Self::UInt8(0),
            Type::UInt16 => Self::UInt16(0),
            Type::UInt32 => Self::UInt32(0),
            Type::UInt64 => Self::UInt64(0),
            Type::Float32 => Self::Float32(0.0),
            Type::Float64 => Self::Float64(0.0),
            Type::Text => Self::Text(None),
            Type::Data => Self::Data(None),
            Type::Enum { .. } => Self::Enum(0),
            Type::Interface { .. } => Self::Interface,
            Type::List(_) => Self::List(None),
            Type::Struct { .. } => Self::Struct(None),
            Type::AnyPointer(_) => Self::AnyPointer(None),
        }
    }

    /// The bits of a value that lives in a data section, and the binary logarithm of how many.
    pub(crate) fn bits(&self) -> Option<(u32, u64)> {
        Some(match *self {
            Self::Bool(value) => (0, u64::from(value)),
            Self::Int8(value) => (3, u64::from(value.cast_unsigned())),
            Self::UInt8(value) => (3, u64::from(value)),
            Self::Int16(value) => (4, u64::from(value.cast_unsigned())),
            Self::UInt16(value) | Self::Enum(value) => (4, u64::from(value)),
            Self::Int32(value) => (5, u64::from(value.cast_unsigned())),
            Self::UInt32(value) => (5, u64::from(value)),
            Self::Float32(value) => (5, u64::from(value.to_bits())),
            Self::Int64(value) => (6, value.cast_unsigned()),
            Self::UInt64(value) => (6, value),
            Self::Float64(value) => (6, value.to_bits()),
            _ => return None,
        })
    }

    /// Words that the target of this pointer takes in a message, and how deep it nests.
    fn cost(&self) -> Cost {
        match self {
            Self::Text(Some(text)) => Cost {
                words: words(text.len() + 1),
                depth: 1,
            },
            Self::Data(Some(data)) => Cost {
                words: words(data.len()),
                depth: 1,
            },
            Self::List(Some(list)) => list.cost,
            Self::Struct(Some(value)) => value.cost,
            Self::AnyPointer(Some(value)) => value.cost(),
            _ => Cost::default(),
        }
    }
}

/// Elements of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct ListValue {
    encoding: Encoding,
    elements: Vec<Value>,
    cost: Cost,
}

impl ListValue {
    /// A list of `elements`, which are all of the kind that `encoding` says.
    #[must_use]
    pub fn new(encoding: Encoding, elements: Vec<Value>) -> Self {
        // At least a word for each element, so that the cost bounds memory too.
        let inline = words(elements.len()).saturating_mul(8) + 1;
        let cost = Cost::of(inline, &elements);
        Self {
            encoding,
            elements,
            cost,
        }
    }

    /// How the elements lie in a message.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The elements.
    #[must_use]
    pub fn elements(&self) -> &[Value] {
        &self.elements
    }
}

/// How the elements of a list lie in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// In no space.
    Void,
    /// In `1 << lg` bits each: 1, 8, 16, 32 or 64.
    Data {
        /// Binary logarithm of the bits.
        lg: u8,
    },
    /// As pointers.
    Pointer,
    /// As structs of this size.
    Struct {
        /// Words of the data section.
        data_words: u16,
        /// Pointers of the pointer section.
        pointers: u16,
    },
}

/// A struct as it lies in a message.
#[derive(Clone, Debug, PartialEq)]
pub struct StructValue {
    data: Vec<u8>,
    pointers: Vec<Value>,
    cost: Cost,
}

impl StructValue {
    /// A struct of a data section (XORed with the defaults of its fields, padded to words) and a pointer section.
    #[must_use]
    pub fn new(mut data: Vec<u8>, pointers: Vec<Value>) -> Self {
        data.resize(data.len().next_multiple_of(8), 0);
        let cost = Cost::of(words(data.len()) + pointers.len() as u64, &pointers);
        Self {
            data,
            pointers,
            cost,
        }
    }

    /// The same struct with sections of at least this size.
    #[must_use]
    pub fn at_least(self, data_words: u16, pointers: u16) -> Self {
        let (mut data, mut all) = (self.data, self.pointers);
        data.resize(data.len().max(usize::from(data_words) * 8), 0);
        all.resize(all.len().max(pointers.into()), Value::AnyPointer(None));
        Self::new(data, all)
    }

    /// The data section.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The pointer section.
    #[must_use]
    pub fn pointers(&self) -> &[Value] {
        &self.pointers
    }
}

/// Size of a value: what [`MAX_WORDS`] and [`MAX_DEPTH`] limit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Cost {
    words: u64,
    depth: u32,
}

impl Cost {
    /// Of an object with `inline` words of its own that holds `values`.
    fn of(inline: u64, values: &[Value]) -> Self {
        values.iter().map(Value::cost).fold(
            Self {
                words: inline,
                depth: 1,
            },
            |sum, cost| Self {
                words: sum.words.saturating_add(cost.words),
                depth: sum.depth.max(cost.depth.saturating_add(1)),
            },
        )
    }
}

/// Words that `bytes` take.
fn words(bytes: usize) -> u64 {
    (bytes as u64).div_ceil(8)
}

/// What is left of [`MAX_WORDS`]. One for a whole compilation.
#[derive(Clone, Debug)]
pub struct Budget {
    words: u64,
    /// Whether the end was reported.
    reported: bool,
}

impl Default for Budget {
    fn default() -> Self {
        Self::new(MAX_WORDS)
    }
}

impl Budget {
    /// A budget of this many words.
    #[must_use]
    pub fn new(words: u64) -> Self {
        Self {
            words,
            reported: false,
        }
    }

    /// Takes what was taken between two states of a copy of this budget.
    pub(crate) fn charge(&mut self, before: &Self, after: &Self) {
        self.words = self
            .words
            .saturating_sub(before.words.saturating_sub(after.words));
        self.reported |= after.reported;
    }

    /// Takes `words`, if that many are left.
    fn take(&mut self, words: u64) -> bool {
        match self.words.checked_sub(words) {
            Some(rest) => {
                self.words = rest;
                true
            }
            None => {
                self.words = 0;
                false
            }
        }
    }
}
