//! Whether two values are the same, of whatever type: what comparing their canonical encodings would say.
//!
//! Cap'n Proto has no canonical encoding of a value with capabilities, so the values themselves are compared.

use capnp::{
    any_pointer, any_pointer_list,
    private::layout::{ElementSize, ListReader, PointerReader, PointerType, StructReader},
    raw::{
        get_list_bytes, get_list_element_size, get_struct_data_section, get_struct_pointer_section,
    },
    struct_list,
    traits::FromPointerReader as _,
};

use super::{
    raw::{RawList, RawReader, RawStruct, RawStructReader},
    structs::{Body, Struct, StructBuilder, StructSize, size},
};
use crate::{Capability, message::Numbered};

/// A value and the capabilities in it.
type Value<'a> = (any_pointer::Reader<'a>, &'a [Capability]);

/// Whether two values are the same.
///
/// # Errors
///
/// When one of them cannot be read.
pub(super) fn same(one: Value<'_>, two: Value<'_>) -> capnp::Result<bool> {
    let comparison = Comparison(one.1, two.1);
    let (RawReader(one), RawReader(two)) = (one.0.get_as()?, two.0.get_as()?);
    comparison.pointers(one, two)
}

/// Compares two values, whose capabilities these are.
struct Comparison<'a>(&'a [Capability], &'a [Capability]);

impl Comparison<'_> {
    fn pointers(&self, one: PointerReader<'_>, two: PointerReader<'_>) -> capnp::Result<bool> {
        match (one.get_pointer_type()?, two.get_pointer_type()?) {
            (PointerType::Null, PointerType::Null) => Ok(true),
            (PointerType::Struct, PointerType::Struct) => {
                self.structs(one.get_struct(None)?, two.get_struct(None)?)
            }
            (PointerType::List, PointerType::List) => self.lists(one, two),
            (PointerType::Capability, PointerType::Capability) => {
                let (one, two) = (one.get_capability()?, two.get_capability()?);
                let find = |hook: &dyn capnp::private::capability::ClientHook,
                            all: &[Capability]| {
                    Numbered::of(hook).and_then(|number| all.get(number).cloned())
                };
                Ok(find(one.as_ref(), self.0) == find(two.as_ref(), self.1))
            }
            _ => Ok(false),
        }
    }

    fn structs(&self, one: StructReader<'_>, two: StructReader<'_>) -> capnp::Result<bool> {
        let data = |reader| get_struct_data_section(RawStructReader(reader));
        if trimmed(data(one)) != trimmed(data(two)) {
            return Ok(false);
        }
        let one = get_struct_pointer_section(RawStructReader(one));
        let two = get_struct_pointer_section(RawStructReader(two));
        // Pointers that one of them does not have are null there.
        for index in 0..one.len().max(two.len()) {
            let equal = match (one.try_get(index), two.try_get(index)) {
                (Some(one), Some(two)) => {
                    let (RawReader(one), RawReader(two)) = (one.get_as()?, two.get_as()?);
                    self.pointers(one, two)?
                }
                (one, two) => one.or(two).is_none_or(|pointer| pointer.is_null()),
            };
            if !equal {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn lists(&self, one: PointerReader<'_>, two: PointerReader<'_>) -> capnp::Result<bool> {
        let (first, second) = (any_list(one)?, any_list(two)?);
        let kind = get_list_element_size(RawList(first));
        if first.len() != second.len() || kind != get_list_element_size(RawList(second)) {
            return Ok(false);
        }
        match kind {
            ElementSize::InlineComposite => {
                let first =
                    struct_list::Reader::<RawStruct<Anything>>::get_from_pointer(&one, None)?;
                let second =
                    struct_list::Reader::<RawStruct<Anything>>::get_from_pointer(&two, None)?;
                for (first, second) in first.iter().zip(second.iter()) {
                    if !self.structs(first.0, second.0)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            ElementSize::Pointer => {
                let first = any_pointer_list::Reader::get_from_pointer(&one, None)?;
                let second = any_pointer_list::Reader::get_from_pointer(&two, None)?;
                for (first, second) in first.iter().zip(second.iter()) {
                    let (RawReader(first), RawReader(second)) =
                        (first?.get_as()?, second?.get_as()?);
                    if !self.pointers(first, second)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            _ => Ok(get_list_bytes(RawList(first)) == get_list_bytes(RawList(second))),
        }
    }
}

/// A list whatever its elements are. Of all kinds, only bits do not read as nothings.
fn any_list(pointer: PointerReader<'_>) -> capnp::Result<ListReader<'_>> {
    pointer
        .get_list(ElementSize::Void, None)
        .or_else(|_| pointer.get_list(ElementSize::Bit, None))
}

/// Without the zeros at the end, which a struct may have or not.
fn trimmed(data: &[u8]) -> &[u8] {
    let end = data.iter().rposition(|byte| *byte != 0);
    data.get(..end.map_or(0, |last| last + 1))
        .unwrap_or_default()
}

/// A struct without a type.
#[derive(Clone, Debug, Default, PartialEq)]
struct Anything;

impl Body for Anything {
    fn read_body(_: &super::StructReader<'_>) -> capnp::Result<Self> {
        Ok(Self)
    }

    fn write_body(&self, _: &mut StructBuilder<'_>) -> capnp::Result<()> {
        Ok(())
    }
}

impl Struct for Anything {
    const SIZE: StructSize = size(0, 0);
}
