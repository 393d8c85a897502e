//! Bytes of a hostile peer: no schema and no message makes us panic.

use std::sync::LazyLock;

use capnp::{
    message::{AllocationStrategy, Builder, HeapAllocator, ReaderOptions},
    schema_capnp::code_generator_request,
};
use proptest::{collection::vec, prelude::*, sample::Index};

use super::{
    random::values,
    support::{EVERYTHING, EVERYTHING_ID, compile, everything, read, written},
};
use crate::dynamic::{Schema, Value};

static VALID: LazyLock<Vec<u8>> = LazyLock::new(|| compile(EVERYTHING));

/// The same in many segments.
static SCATTERED: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let options = ReaderOptions::new();
    let message = capnp::serialize::read_message(&mut VALID.as_slice(), options).unwrap();
    let request: code_generator_request::Reader<'_> = message.get_root().unwrap();
    let small = HeapAllocator::new()
        .first_segment_words(100)
        .allocation_strategy(AllocationStrategy::FixedSize);
    let mut scattered = Builder::new(small);
    scattered.set_root(request).unwrap();
    capnp::serialize::write_message_to_words(&scattered)
});

/// Does with a schema whatever can be done with it.
fn exercise(schema: &Schema, value: &Value, message: &[u8]) {
    for structure in schema.structs() {
        let id = structure.id();
        // Errors are as good as values here.
        let _ = written(schema, id, value);
        if let Ok(read) = read(schema, id, message) {
            let _ = read.to_string().len();
            let _ =
                written(schema, id, &read).map(|bytes| super::support::read(schema, id, &bytes));
        }
        for field in structure.fields() {
            let _ = written(
                schema,
                id,
                &Value::Struct(vec![(field.name().to_owned(), Value::Null)]),
            );
        }
    }
    for interface in schema.interfaces() {
        let _ = schema.superclasses(interface.id());
        let _ = schema.method(interface.id(), "put");
    }
}

/// Changes bytes: bits, or whole words as a hostile writer would.
fn damage(bytes: &mut [u8], places: &[(Index, u8, u8)]) {
    for (place, how, with) in places {
        let at = place.index(bytes.len());
        match how % 4 {
            0 => bytes[at] ^= 1 << (with % 8),
            1 => bytes[at] = *with,
            2 => bytes[at & !7..][..8].fill(*with),
            _ => {
                let from = usize::from(*with) * 8 % (bytes.len() - 8);
                bytes.copy_within(from & !7..(from & !7) + 8, at & !7);
            }
        }
    }
}

fn places() -> impl Strategy<Value = Vec<(Index, u8, u8)>> {
    vec(any::<(Index, u8, u8)>(), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_damaged_schema_is_refused_or_safe(places in places(), scattered: bool, value in values(everything(), EVERYTHING_ID)) {
        let message = written(everything(), EVERYTHING_ID, &value).unwrap();
        let mut bytes = if scattered { SCATTERED.clone() } else { VALID.clone() };
        damage(&mut bytes, &places);
        if let Ok(schema) = Schema::parse(&bytes) {
            exercise(&schema, &value, &message);
        }
    }

    #[test]
    fn a_damaged_message_is_refused_or_read(places in places(), value in values(everything(), EVERYTHING_ID)) {
        let schema = everything();
        let mut message = written(schema, EVERYTHING_ID, &value).unwrap();
        damage(&mut message, &places);
        exercise(schema, &value, &message);
    }

    #[test]
    fn any_bytes_are_refused_or_safe(bytes in vec(any::<u8>(), 0..200)) {
        let mut framed = vec![0, 0, 0, 0, u8::try_from(bytes.len() / 8).unwrap(), 0, 0, 0];
        framed.extend(&bytes[..bytes.len() / 8 * 8]);
        for bytes in [&bytes, &framed] {
            if let Ok(schema) = Schema::parse(bytes) {
                exercise(&schema, &Value::Struct(Vec::new()), bytes);
            }
        }
        let _ = read(everything(), EVERYTHING_ID, &framed);
    }

    #[test]
    fn any_text_is_refused_or_read(text in "[-0-9a-fx\"\\\\()\\[\\]=,. é]{0,40}") {
        if let Ok(value) = text.parse::<Value>() {
            let again: Value = value.to_string().parse().unwrap();
            prop_assert_eq!(again.to_string(), value.to_string());
        }
    }
}

#[test]
fn segments_make_no_difference() {
    assert!(SCATTERED[0] > 10, "segments");
    let one = format!("{:?}", Schema::parse(&VALID).unwrap());
    assert_eq!(format!("{:?}", Schema::parse(&SCATTERED).unwrap()), one);
}

#[test]
fn a_schema_that_ends_early_is_refused_or_safe() {
    let value = Value::Struct(Vec::new());
    for length in 0..VALID.len() {
        Schema::parse(&VALID[..length]).unwrap_err();
    }
    // The same with a segment table that agrees.
    for words in 1..VALID.len() / 8 - 1 {
        let mut bytes = VALID[..(words + 1) * 8].to_vec();
        assert_eq!(bytes[..4], [0; 4], "one segment");
        bytes[4..8].copy_from_slice(&u32::try_from(words).unwrap().to_le_bytes());
        if let Ok(schema) = Schema::parse(&bytes) {
            exercise(&schema, &value, &bytes);
        }
    }
}
