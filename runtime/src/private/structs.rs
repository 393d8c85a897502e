//! Structs: their fields by slot, one accessor for each kind of field.

use std::fmt::{self, Debug};

use capnp::private::{layout, layout::PrimitiveElement};

pub use capnp::private::layout::StructSize;

use super::{
    lists::{Element, Encoding as _, Structs},
    pointer::{Pointer, PointerBuilder, PointerReader, Shared},
    text,
};
use crate::Capability;

/// What lies in a struct: the fields of the struct, of a group in it, or of a union.
pub trait Body: Sized {
    /// Reads the fields. What the message does not have reads as its default.
    fn read_body(from: &StructReader<'_>) -> capnp::Result<Self>;

    /// Writes the fields into a struct that is still empty.
    fn write_body(&self, to: &mut StructBuilder<'_>) -> capnp::Result<()>;
}

/// A struct of a schema.
pub trait Struct: Body + Send + Sync + Clone + Debug + PartialEq + Default + 'static {
    /// Words of its data section, and number of its pointers.
    const SIZE: StructSize;
}

impl<T: Struct> Element for T {
    type Encoding = Structs;
}

/// The size of a struct: words of data, number of pointers.
pub const fn size(data: u16, pointers: u16) -> StructSize {
    StructSize { data, pointers }
}

/// A struct of a message that is read.
#[derive(Clone, Copy)]
pub struct StructReader<'a> {
    pub(super) raw: layout::StructReader<'a>,
    pub(super) shared: Shared<'a>,
}

impl<'a> StructReader<'a> {
    /// A bool; `offset` in bits.
    pub fn bool(&self, offset: usize, default: bool) -> bool {
        self.raw.get_bool_field_mask(offset, default)
    }

    /// A number; `offset` in units of its size.
    pub fn number<T: Number>(&self, offset: usize, default: T) -> T {
        T::masked(Number::get(&self.raw, offset), default)
    }

    /// An enumerant, known or not; `offset` in units of 16 bits.
    pub fn enumerant<T: From<u16>>(&self, offset: usize, default: u16) -> T {
        self.number(offset, default).into()
    }

    /// Which member of a union is set; `offset` in units of 16 bits.
    pub fn discriminant(&self, offset: usize) -> u16 {
        self.number(offset, 0)
    }

    /// A group or named union.
    ///
    /// # Errors
    ///
    /// The first of a field.
    pub fn group<T: Body>(&self) -> capnp::Result<T> {
        T::read_body(self)
    }

    /// A text, borrowed from the message.
    ///
    /// # Errors
    ///
    /// When it is not UTF-8, or its pointer is not one to text. `field` names it in the error.
    pub fn text(&self, index: usize, field: &str) -> capnp::Result<&'a str> {
        text::read(self.raw.get_pointer_field(index)).map_err(|error| named(error, field))
    }

    /// A text that reads as `default` when it is absent.
    ///
    /// # Errors
    ///
    /// As for [`text`](Self::text).
    pub fn text_or<'b>(&self, index: usize, field: &str, default: &'b str) -> capnp::Result<&'b str>
    where
        'a: 'b,
    {
        if self.raw.is_pointer_field_null(index) {
            Ok(default)
        } else {
            self.text(index, field)
        }
    }

    /// Bytes, borrowed from the message.
    ///
    /// # Errors
    ///
    /// When the pointer is not one to bytes. `field` names it in the error.
    pub fn bytes(&self, index: usize, field: &str) -> capnp::Result<&'a [u8]> {
        let pointer = self.raw.get_pointer_field(index);
        pointer.get_data(None).map_err(|error| named(error, field))
    }

    /// Bytes that read as `default` when they are absent.
    ///
    /// # Errors
    ///
    /// As for [`bytes`](Self::bytes).
    pub fn bytes_or<'b>(
        &self,
        index: usize,
        field: &str,
        default: &'b [u8],
    ) -> capnp::Result<&'b [u8]>
    where
        'a: 'b,
    {
        if self.raw.is_pointer_field_null(index) {
            Ok(default)
        } else {
            self.bytes(index, field)
        }
    }

    /// A value behind a pointer.
    ///
    /// # Errors
    ///
    /// When the pointer is not one to such a value. `field` names it in the error.
    pub fn pointer<T: Pointer>(&self, index: usize, field: &str) -> capnp::Result<T> {
        T::read(self.at(index)).map_err(|error| named(error, field))
    }

    /// A value that reads as `default`, the words of a message, when it is absent.
    ///
    /// # Errors
    ///
    /// As for [`pointer`](Self::pointer).
    pub fn pointer_or<T: Pointer>(
        &self,
        index: usize,
        field: &str,
        default: &[capnp::Word],
    ) -> capnp::Result<T> {
        if self.raw.is_pointer_field_null(index) {
            Ok(super::constant(default))
        } else {
            self.pointer(index, field)
        }
    }

    /// A struct that may be absent, since it can contain the one it is in.
    ///
    /// # Errors
    ///
    /// As for [`pointer`](Self::pointer).
    pub fn boxed<T: Pointer>(&self, index: usize, field: &str) -> capnp::Result<Option<Box<T>>> {
        let pointer = self.at(index);
        if pointer.is_null() {
            return Ok(None);
        }
        self.shared.budget.take::<T>(1)?;
        self.pointer(index, field)
            .map(|value| Some(Box::new(value)))
    }

    fn at(&self, index: usize) -> PointerReader<'a> {
        PointerReader {
            raw: self.raw.get_pointer_field(index),
            shared: self.shared,
        }
    }
}

/// A struct of a message that is written.
pub struct StructBuilder<'a> {
    pub(super) raw: layout::StructBuilder<'a>,
    /// Cap'n Proto's builder does not check offsets.
    pub(super) size: StructSize,
    pub(super) capabilities: &'a mut Vec<Capability>,
}

impl StructBuilder<'_> {
    /// Sets a bool; `offset` in bits.
    pub fn bool(&mut self, offset: usize, value: bool, default: bool) {
        self.check(offset, 1);
        self.raw.set_bool_field_mask(offset, value, default);
    }

    /// Sets a number; `offset` in units of its size.
    pub fn number<T: Number>(&mut self, offset: usize, value: T, default: T) {
        self.check(offset, T::BITS);
        Number::set(&self.raw, offset, T::masked(value, default));
    }

    /// Sets an enumerant, known or not; `offset` in units of 16 bits.
    pub fn enumerant(&mut self, offset: usize, value: impl Into<u16>, default: u16) {
        self.number(offset, value.into(), default);
    }

    /// Sets which member of a union is set; `offset` in units of 16 bits.
    pub fn discriminant(&mut self, offset: usize, value: u16) {
        self.number(offset, value, 0);
    }

    /// Writes a group or named union.
    ///
    /// # Errors
    ///
    /// The first of a field.
    pub fn group(&mut self, value: &impl Body) -> capnp::Result<()> {
        value.write_body(self)
    }

    /// Sets a text, unless it is empty.
    ///
    /// # Errors
    ///
    /// When it is larger than any message. `field` names it in the error.
    pub fn text(&mut self, index: usize, field: &str, value: &str) -> capnp::Result<()> {
        if value.is_empty() {
            return Ok(());
        }
        self.text_or(index, field, value)
    }

    /// Sets a text that reads as a default when it is absent.
    ///
    /// # Errors
    ///
    /// As for [`text`](Self::text).
    pub fn text_or(&mut self, index: usize, field: &str, value: &str) -> capnp::Result<()> {
        text::write(self.at(index), value).map_err(|error| named(error, field))
    }

    /// Sets bytes, unless there are none.
    ///
    /// # Errors
    ///
    /// As for [`text`](Self::text).
    pub fn bytes(&mut self, index: usize, field: &str, value: &[u8]) -> capnp::Result<()> {
        self.list(index, field, value)
    }

    /// Sets bytes that read as a default when they are absent.
    ///
    /// # Errors
    ///
    /// As for [`text`](Self::text).
    pub fn bytes_or(&mut self, index: usize, field: &str, value: &[u8]) -> capnp::Result<()> {
        self.list_or(index, field, value)
    }

    /// Sets a list, unless it is empty.
    ///
    /// # Errors
    ///
    /// As for [`text`](Self::text).
    pub fn list<T: Element>(
        &mut self,
        index: usize,
        field: &str,
        value: &[T],
    ) -> capnp::Result<()> {
        if value.is_empty() {
            return Ok(());
        }
        self.list_or(index, field, value)
    }

    /// Sets a list that reads as a default when it is absent.
    ///
    /// # Errors
    ///
    /// As for [`text`](Self::text).
    pub fn list_or<T: Element>(
        &mut self,
        index: usize,
        field: &str,
        value: &[T],
    ) -> capnp::Result<()> {
        T::Encoding::write(value, self.at(index)).map_err(|error| named(error, field))
    }

    /// Sets a value behind a pointer, unless a null pointer says the same.
    ///
    /// # Errors
    ///
    /// As for [`text`](Self::text).
    pub fn pointer<T: Pointer>(
        &mut self,
        index: usize,
        field: &str,
        value: &T,
    ) -> capnp::Result<()> {
        if Pointer::is_null(value) {
            return Ok(());
        }
        self.pointer_or(index, field, value)
    }

    /// Sets a value that reads as a default when it is absent.
    ///
    /// # Errors
    ///
    /// As for [`text`](Self::text).
    pub fn pointer_or<T: Pointer>(
        &mut self,
        index: usize,
        field: &str,
        value: &T,
    ) -> capnp::Result<()> {
        Pointer::write(value, self.at(index)).map_err(|error| named(error, field))
    }

    /// Sets a struct that may be absent.
    ///
    /// # Errors
    ///
    /// As for [`text`](Self::text).
    pub fn boxed<T: Pointer>(
        &mut self,
        index: usize,
        field: &str,
        value: Option<&T>,
    ) -> capnp::Result<()> {
        match value {
            Some(value) => self.pointer_or(index, field, value),
            None => Ok(()),
        }
    }

    pub(super) fn at(&mut self, index: usize) -> PointerBuilder<'_> {
        assert!(index < usize::from(self.size.pointers), "{OUTSIDE}");
        PointerBuilder {
            raw: self.raw.reborrow().get_pointer_field(index),
            capabilities: self.capabilities,
        }
    }

    fn check(&self, offset: usize, bits: usize) {
        let end = offset.saturating_add(1).saturating_mul(bits);
        assert!(end <= usize::from(self.size.data) * 64, "{OUTSIDE}");
    }
}

/// Holds for generated code: offsets and size are of the same struct in the same schema.
const OUTSIDE: &str = "a field lies outside its struct";

/// A number that lies in the data section of a struct.
pub trait Number: PrimitiveElement + Copy {
    /// How large it is.
    #[doc(hidden)]
    const BITS: usize;
    /// What the message holds.
    #[doc(hidden)]
    fn get(from: &layout::StructReader<'_>, offset: usize) -> Self;
    /// Puts it into the message.
    #[doc(hidden)]
    fn set(to: &layout::StructBuilder<'_>, offset: usize, value: Self);
    /// A number relative to its default: messages hold zero for the default.
    #[doc(hidden)]
    fn masked(value: Self, default: Self) -> Self;
    /// The numbers in little-endian bytes.
    #[doc(hidden)]
    fn from_bytes(bytes: &[u8]) -> Vec<Self>;
}

macro_rules! numbers {
    ($($ty:ident: |$value:ident, $default:ident| $masked:expr;)*) => {$(
        impl Number for $ty {
            const BITS: usize = 8 * size_of::<Self>();

            fn get(from: &layout::StructReader<'_>, offset: usize) -> Self {
                from.get_data_field(offset)
            }

            fn set(to: &layout::StructBuilder<'_>, offset: usize, value: Self) {
                to.set_data_field(offset, value);
            }

            fn masked($value: Self, $default: Self) -> Self {
                $masked
            }

            fn from_bytes(bytes: &[u8]) -> Vec<Self> {
                let (numbers, _) = bytes.as_chunks();
                numbers.iter().copied().map(Self::from_le_bytes).collect()
            }
        }
    )*};
}

numbers! {
    i8: |value, default| value ^ default;
    i16: |value, default| value ^ default;
    i32: |value, default| value ^ default;
    i64: |value, default| value ^ default;
    u8: |value, default| value ^ default;
    u16: |value, default| value ^ default;
    u32: |value, default| value ^ default;
    u64: |value, default| value ^ default;
    f32: |value, default| Self::from_bits(value.to_bits() ^ default.to_bits());
    f64: |value, default| Self::from_bits(value.to_bits() ^ default.to_bits());
}

/// An error that says which field it is about. A field inside another is named after it.
#[cold]
fn named(error: capnp::Error, field: &str) -> capnp::Error {
    if let capnp::ErrorKind::TextContainsNonUtf8Data(_) = error.kind {
        return capnp::Error::failed(format!("`{field}` is not UTF-8"));
    }
    let text = if error.kind == capnp::ErrorKind::Failed {
        error.extra
    } else {
        error.to_string()
    };
    capnp::Error::failed(match text.strip_prefix('`') {
        Some(inner) => format!("`{field}.{inner}"),
        None => format!("`{field}`: {text}"),
    })
}

impl Debug for StructReader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StructReader").finish_non_exhaustive()
    }
}

impl Debug for StructBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StructBuilder")
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}
