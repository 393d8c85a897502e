//! Default values and constants.

use capnp::message::{Builder, HeapAllocator};
use capnp::schema_capnp::value;
use capnp::{Word, any_pointer};

use super::text;
use crate::model::Value;

/// The default of a field.
pub(super) fn default_of(value: value::Reader<'_>, explicit: bool) -> capnp::Result<Value> {
    if explicit {
        value_of(value)
    } else {
        Ok(Value::Zero)
    }
}

/// A value as the schema spells it.
pub(super) fn value_of(value: value::Reader<'_>) -> capnp::Result<Value> {
    Ok(match value.which()? {
        value::Void(()) | value::Interface(()) => Value::Zero,
        value::Bool(v) => Value::Bool(v),
        value::Int8(v) => Value::Int(v.into()),
        value::Int16(v) => Value::Int(v.into()),
        value::Int32(v) => Value::Int(v.into()),
        value::Int64(v) => Value::Int(v),
        value::Uint8(v) => Value::UInt(v.into()),
        value::Uint16(v) => Value::UInt(v.into()),
        value::Uint32(v) => Value::UInt(v.into()),
        value::Uint64(v) => Value::UInt(v),
        value::Float32(v) => Value::Float32(v),
        value::Float64(v) => Value::Float64(v),
        value::Text(v) => Value::Text(text(v?)?),
        value::Data(v) => Value::Data(v?.to_vec()),
        value::Enum(v) => Value::Enum(v),
        value::List(v) | value::Struct(v) | value::AnyPointer(v) => pointer(v)?,
    })
}

/// Copies what a pointer points to into a message of one segment.
fn pointer(value: any_pointer::Reader<'_>) -> capnp::Result<Value> {
    if value.is_null() {
        return Ok(Value::Zero);
    }
    let words = value.target_size()?.word_count.saturating_add(1);
    let words = u32::try_from(words).map_err(|_| too_large())?;
    let mut message = Builder::new(HeapAllocator::new().first_segment_words(words));
    let mut root: any_pointer::Builder<'_> = message.init_root();
    root.set_as::<any_pointer::Owned>(value)?;
    match &*message.get_segments_for_output() {
        [segment] => Ok(Value::Pointer(
            segment
                .chunks_exact(size_of::<Word>())
                .filter_map(|word| word.first_chunk().copied().map(u64::from_le_bytes))
                .collect(),
        )),
        _ => Err(too_large()),
    }
}

fn too_large() -> capnp::Error {
    capnp::Error::failed("a value in the schema is too large".to_owned())
}
