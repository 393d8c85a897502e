//! Structs and lists that the schema itself holds: constants and defaults.

use capnp::{
    Word, any_pointer,
    message::{Reader, ReaderOptions, SegmentArray},
    word,
};

use super::{
    budget::Budget,
    pointer::{Pointer, PointerReader, Shared},
    raw::RawReader,
};

/// The words of a message of one segment.
#[must_use]
pub const fn message<const N: usize>(words: [u64; N]) -> [Word; N] {
    let mut out = [word(0, 0, 0, 0, 0, 0, 0, 0); N];
    let mut index = 0;
    while index < N {
        let b = words[index].to_le_bytes();
        out[index] = word(b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]);
        index += 1;
    }
    out
}

/// The value at the root of a message that the schema holds.
#[must_use]
pub fn constant<T: Pointer>(words: &[Word]) -> T {
    let segments = [Word::words_to_bytes(words)];
    let options = ReaderOptions {
        traversal_limit_in_words: None,
        nesting_limit: i32::MAX,
    };
    let message = Reader::new(SegmentArray::new(&segments), options);
    let budget = Budget::unlimited();
    let read = || {
        let RawReader(raw) = message.get_root::<any_pointer::Reader<'_>>()?.get_as()?;
        T::read(PointerReader {
            raw,
            shared: Shared {
                capabilities: &[],
                budget: &budget,
            },
        })
    };
    match read() {
        Ok(value) => value,
        // The schema compiler wrote these words for this type.
        Err(error) => unreachable!("a value in the schema cannot be read: {error}"),
    }
}
