//! Lists: how elements of each kind lie in one.

use std::fmt::Debug;

use capnp::{
    any_pointer_list,
    private::layout::{ElementSize, PrimitiveElement},
    struct_list,
    traits::{FromPointerBuilder as _, FromPointerReader as _},
};

use super::{
    pointer::{Pointer, PointerBuilder, PointerReader},
    raw::{RawList, RawReader, RawStruct},
    structs::{Number, Struct, StructBuilder, StructReader},
};

/// Most bytes of one list or text: what a message can hold, 1 MiB.
///
/// Cap'n Proto asserts its own, larger limits; checked here, a value that is too large is an error and not a panic.
pub(super) const MAX_BYTES: usize = dsoftbus_proto::message::MAX_MESSAGE;

/// A value that lists can have as elements. Implemented by generated code.
pub trait Element: Sized + Send + Sync + Clone + Debug + PartialEq + Default + 'static {
    /// How elements lie in a list.
    #[doc(hidden)]
    type Encoding: Encoding<Self>;
}

/// How elements lie in a list.
pub trait Encoding<T> {
    /// Reads the list behind a pointer.
    ///
    /// # Errors
    ///
    /// When the pointer is not one to such a list, and the first of an element.
    fn read(from: PointerReader<'_>) -> capnp::Result<Vec<T>>;

    /// Writes a list, also an empty one.
    ///
    /// # Errors
    ///
    /// When it is larger than any message.
    fn write(items: &[T], to: PointerBuilder<'_>) -> capnp::Result<()>;
}

impl<T: Element> Element for Vec<T> {
    type Encoding = Pointers;
}

impl<T: Element> Pointer for Vec<T> {
    fn read(from: PointerReader<'_>) -> capnp::Result<Self> {
        let list = T::Encoding::read(from);
        // The `capnp` crate copies a list that is absent as one of nothings.
        list.or_else(|error| match is_empty_list(from) {
            true => Ok(Self::new()),
            false => Err(error),
        })
    }

    fn write(&self, to: PointerBuilder<'_>) -> capnp::Result<()> {
        // Also an empty one: see `read`.
        T::Encoding::write(self, to)
    }
}

/// Whether a pointer leads to a list without elements, of whatever sort these would be.
fn is_empty_list(from: PointerReader<'_>) -> bool {
    let list = from.raw.get_list(ElementSize::Void, None);
    list.is_ok_and(|list| list.is_empty())
}

/// Bits and nothings.
#[derive(Debug)]
pub struct Bits;

impl<T: PrimitiveElement + Copy> Encoding<T> for Bits {
    fn read(from: PointerReader<'_>) -> capnp::Result<Vec<T>> {
        let list = from.raw.get_list(T::element_size(), None)?;
        from.shared.budget.take::<T>(list.len())?;
        Ok((0..list.len()).map(|index| T::get(&list, index)).collect())
    }

    fn write(items: &[T], to: PointerBuilder<'_>) -> capnp::Result<()> {
        let list = to.raw.init_list(T::element_size(), count(items, 1)?);
        for (index, item) in indexed(items) {
            T::set(&list, index, *item);
        }
        Ok(())
    }
}

/// Numbers.
#[derive(Debug)]
pub struct Numbers;

impl<T: Number> Encoding<T> for Numbers {
    fn read(from: PointerReader<'_>) -> capnp::Result<Vec<T>> {
        let list = from.raw.get_list(T::element_size(), None)?;
        from.shared.budget.take::<T>(list.len())?;
        // A list of structs may stand for a list of numbers: then other fields lie between them.
        let step = capnp::raw::get_list_step_size_in_bits(RawList(list));
        if usize::try_from(step) == Ok(T::BITS) {
            return Ok(T::from_bytes(capnp::raw::get_list_bytes(RawList(list))));
        }
        Ok((0..list.len())
            .map(|index| PrimitiveElement::get(&list, index))
            .collect())
    }

    fn write(items: &[T], to: PointerBuilder<'_>) -> capnp::Result<()> {
        let list = to.raw.init_list(T::element_size(), count(items, T::BITS)?);
        for (index, item) in indexed(items) {
            PrimitiveElement::set(&list, index, *item);
        }
        Ok(())
    }
}

/// Bytes: `Data` and `List(UInt8)` are the same in a message.
#[derive(Debug)]
pub struct Bytes;

impl Encoding<u8> for Bytes {
    fn read(from: PointerReader<'_>) -> capnp::Result<Vec<u8>> {
        match from.raw.get_data(None) {
            Ok(bytes) => Ok(bytes.to_vec()),
            // A list of structs may stand for it.
            Err(_) => Numbers::read(from),
        }
    }

    fn write(items: &[u8], mut to: PointerBuilder<'_>) -> capnp::Result<()> {
        count(items, 8)?;
        to.raw.set_data(items);
        Ok(())
    }
}

/// Enumerants, also those that the schema does not know.
#[derive(Debug)]
pub struct Enumerants;

impl<T: From<u16> + Into<u16> + Copy> Encoding<T> for Enumerants {
    fn read(from: PointerReader<'_>) -> capnp::Result<Vec<T>> {
        let list = from.raw.get_list(ElementSize::TwoBytes, None)?;
        from.shared.budget.take::<T>(list.len())?;
        Ok((0..list.len())
            .map(|index| T::from(<u16 as PrimitiveElement>::get(&list, index)))
            .collect())
    }

    fn write(items: &[T], to: PointerBuilder<'_>) -> capnp::Result<()> {
        let list = to.raw.init_list(ElementSize::TwoBytes, count(items, 16)?);
        for (index, item) in indexed(items) {
            <u16 as PrimitiveElement>::set(&list, index, (*item).into());
        }
        Ok(())
    }
}

/// Structs, one after the other.
#[derive(Debug)]
pub struct Structs;

impl<T: Struct> Encoding<T> for Structs {
    fn read(from: PointerReader<'_>) -> capnp::Result<Vec<T>> {
        let list = struct_list::Reader::<RawStruct<T>>::get_from_pointer(&from.raw, None)?;
        let mut items = Vec::with_capacity(from.shared.budget.take::<T>(list.len())?);
        for element in list {
            items.push(T::read_body(&StructReader {
                raw: element.0,
                shared: from.shared,
            })?);
        }
        Ok(items)
    }

    fn write(items: &[T], to: PointerBuilder<'_>) -> capnp::Result<()> {
        let words = usize::from(T::SIZE.data) + usize::from(T::SIZE.pointers);
        let count = count(items, words.max(1) * 64)?;
        let mut list = struct_list::Builder::<RawStruct<T>>::init_pointer(to.raw, count);
        for (index, item) in indexed(items) {
            item.write_body(&mut StructBuilder {
                raw: list.reborrow().get(index).0,
                size: T::SIZE,
                capabilities: &mut *to.capabilities,
            })?;
        }
        Ok(())
    }
}

/// Pointers: texts, lists, capabilities.
#[derive(Debug)]
pub struct Pointers;

impl<T: Pointer> Encoding<T> for Pointers {
    fn read(from: PointerReader<'_>) -> capnp::Result<Vec<T>> {
        let list = any_pointer_list::Reader::get_from_pointer(&from.raw, None)?;
        let mut items = Vec::with_capacity(from.shared.budget.take::<T>(list.len())?);
        for element in list {
            let RawReader(raw) = element?.get_as()?;
            items.push(T::read(PointerReader {
                raw,
                shared: from.shared,
            })?);
        }
        Ok(items)
    }

    fn write(items: &[T], to: PointerBuilder<'_>) -> capnp::Result<()> {
        let mut list = to.raw.init_list(ElementSize::Pointer, count(items, 64)?);
        for (index, item) in indexed(items) {
            if !Pointer::is_null(item) {
                Pointer::write(
                    item,
                    PointerBuilder {
                        raw: list.reborrow().get_pointer_element(index),
                        capabilities: &mut *to.capabilities,
                    },
                )?;
            }
        }
        Ok(())
    }
}

macro_rules! elements {
    ($($encoding:ident: $($ty:ty),*;)*) => {$($(
        impl Element for $ty {
            type Encoding = $encoding;
        }
    )*)*};
}

elements! {
    Bits: (), bool;
    Bytes: u8;
    Numbers: i8, i16, i32, i64, u16, u32, u64, f32, f64;
}

/// The length of a list of elements that take `bits` each.
fn count<T>(items: &[T], bits: usize) -> capnp::Result<u32> {
    u32::try_from(items.len())
        .ok()
        .filter(|_| items.len().saturating_mul(bits) <= MAX_BYTES * 8)
        .ok_or_else(|| too_large(items.len()))
}

#[cold]
pub(super) fn too_large(length: usize) -> capnp::Error {
    capnp::Error::failed(format!("{length} elements are too large for a message"))
}

/// Indexes of a list, as Cap'n Proto counts.
fn indexed<T>(items: &[T]) -> impl Iterator<Item = (u32, &T)> {
    (0..).zip(items)
}
