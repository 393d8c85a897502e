//! The text of default values: numbers as they are, everything else as a digest.

use capnp::message::{Builder, HeapAllocator};
use capnp::schema_capnp::value;
use capnp::{Error, any_pointer};

/// The text of a default. `None`: zero, empty or null, which is no default on the wire.
pub(super) fn default_of(value: value::Reader<'_>) -> capnp::Result<Option<String>> {
    Ok(match value.which()? {
        value::Void(()) | value::Interface(()) => None,
        value::Bool(v) => v.then(|| v.to_string()),
        value::Int8(v) => integer(v.into()),
        value::Int16(v) => integer(v.into()),
        value::Int32(v) => integer(v.into()),
        value::Int64(v) => integer(v.into()),
        value::Uint8(v) => integer(v.into()),
        value::Uint16(v) | value::Enum(v) => integer(v.into()),
        value::Uint32(v) => integer(v.into()),
        value::Uint64(v) => integer(v.into()),
        // A negative zero is a default: its bits are not zero.
        value::Float32(v) => (v.to_bits() != 0).then(|| match v.is_nan() {
            true => format!("nan:{:08x}", v.to_bits()),
            false => format!("{v:?}"),
        }),
        value::Float64(v) => (v.to_bits() != 0).then(|| match v.is_nan() {
            true => format!("nan:{:016x}", v.to_bits()),
            false => format!("{v:?}"),
        }),
        value::Text(v) => bytes(v?.as_bytes()),
        value::Data(v) => bytes(v?),
        value::List(v) | value::Struct(v) | value::AnyPointer(v) => pointer(v)?,
    })
}

fn integer(value: i128) -> Option<String> {
    (value != 0).then(|| value.to_string())
}

fn bytes(value: &[u8]) -> Option<String> {
    (!value.is_empty()).then(|| digest(value))
}

/// The canonical form does not depend on the compiler, nor on fields that the struct got since.
fn pointer(value: any_pointer::Reader<'_>) -> capnp::Result<Option<String>> {
    if value.is_null() {
        return Ok(None);
    }
    let words = value.target_size()?.word_count.saturating_add(1);
    let words =
        u32::try_from(words).map_err(|_| Error::failed("a default is too large".to_owned()))?;
    let mut message = Builder::new(HeapAllocator::new().first_segment_words(words));
    message.set_root_canonical(value)?;
    Ok(Some(digest(&message.get_segments_for_output().concat())))
}

/// FNV-1a. It tells apart what people write by chance, not what they forge: whoever could forge a default could edit the lock.
fn digest(bytes: &[u8]) -> String {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    let hash = bytes.iter().fold(OFFSET, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(PRIME)
    });
    format!("digest:{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::digest;

    #[test]
    fn digests_stay_as_they_were_published() {
        assert_eq!(digest(b"a"), "digest:af63dc4c8601ec8c");
        assert_eq!(digest(b"foobar"), "digest:85944171f73967e8");
    }
}
