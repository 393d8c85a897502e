//! Buffers that start on an 8-byte boundary, so that Cap'n Proto reads received messages in place.

mod pool;

use alloc::vec::Vec;
use core::fmt;

use bytes::Bytes;
use capnp::Word;

pub use pool::Pool;

const WORD: usize = size_of::<Word>();
const ZERO: Word = capnp::word(0, 0, 0, 0, 0, 0, 0, 0);

/// Bytes that start on an 8-byte boundary and can grow.
///
/// A received record is decrypted straight into one, and a message that came in several frames is put together in one.
#[derive(Clone, Default)]
pub struct Aligned {
    words: Vec<Word>,
    /// Bytes in use; the rest of the last word is zero or stale.
    len: usize,
}

impl Aligned {
    /// `len` zero bytes. Check a length that came from a peer against its limit first.
    #[must_use]
    pub fn zeroed(len: usize) -> Self {
        Self {
            words: Word::allocate_zeroed_vec(len.div_ceil(WORD)),
            len,
        }
    }

    /// An empty buffer with room for `len` bytes. Check a length that came from a peer against its limit first.
    #[must_use]
    pub fn with_capacity(len: usize) -> Self {
        Self {
            words: Vec::with_capacity(len.div_ceil(WORD)),
            len: 0,
        }
    }

    /// A copy of `bytes` that is aligned.
    #[must_use]
    pub fn copy_of(bytes: &[u8]) -> Self {
        let mut buffer = Self::with_capacity(bytes.len());
        buffer.extend_from_slice(bytes);
        buffer
    }

    /// Number of bytes in the buffer.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether the buffer holds nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        // `len` never exceeds the words, so this is the whole range.
        Word::words_to_bytes(&self.words)
            .get(..self.len)
            .unwrap_or_default()
    }

    /// The bytes, to be written.
    #[must_use]
    pub fn as_bytes_mut(&mut self) -> &mut [u8] {
        Word::words_to_bytes_mut(&mut self.words)
            .get_mut(..self.len)
            .unwrap_or_default()
    }

    /// Makes the buffer `len` bytes long. What was there stays, what is new is zero or was there before it shrank. Check a length
    /// that came from a peer against its limit first.
    pub fn resize(&mut self, len: usize) {
        let words = len.div_ceil(WORD);
        if words > self.words.len() {
            self.words.resize(words, ZERO);
        }
        self.len = len;
    }

    /// Appends bytes. The buffer grows when its capacity is used up.
    pub fn extend_from_slice(&mut self, bytes: &[u8]) {
        let start = self.len;
        let end = start.saturating_add(bytes.len());
        let words = end.div_ceil(WORD);
        if words > self.words.len() {
            self.words.resize(words, ZERO);
        }
        if let Some(room) = Word::words_to_bytes_mut(&mut self.words).get_mut(start..end) {
            room.copy_from_slice(bytes);
            self.len = end;
        }
    }

    /// Freezes the first `len` bytes, or all of them when there are fewer, without a copy.
    #[must_use]
    pub fn into_bytes(mut self, len: usize) -> Bytes {
        self.len = self.len.min(len);
        if self.is_empty() {
            Bytes::new()
        } else {
            Bytes::from_owner(self)
        }
    }
}

impl AsRef<[u8]> for Aligned {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl fmt::Debug for Aligned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aligned")
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

/// Whether `bytes` start on an 8-byte boundary.
#[must_use]
pub fn is_aligned(bytes: &[u8]) -> bool {
    bytes.as_ptr().addr().is_multiple_of(WORD)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_empty_buffer_freezes_to_nothing() {
        assert!(Aligned::zeroed(0).into_bytes(0).is_empty());
        assert!(Aligned::with_capacity(100).into_bytes(10).is_empty());
    }

    #[test]
    fn freezing_takes_no_more_than_there_is() {
        assert_eq!(Aligned::copy_of(b"abc").into_bytes(9), &b"abc"[..]);
        assert_eq!(Aligned::copy_of(b"abc").into_bytes(2), &b"ab"[..]);
    }

    proptest! {
        #[test]
        fn pieces_come_out_joined_and_aligned(
            pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..20)
        ) {
            let mut buffer = Aligned::default();
            for piece in &pieces {
                buffer.extend_from_slice(piece);
            }
            let bytes = buffer.clone().into_bytes(usize::MAX);
            prop_assert_eq!(&bytes[..], pieces.concat());
            prop_assert_eq!(buffer.as_bytes(), &bytes[..]);
            prop_assert!(bytes.is_empty() || is_aligned(&bytes));
        }

        #[test]
        fn a_zeroed_buffer_has_exactly_the_bytes_asked_for(len in 0_usize..70_000) {
            let mut buffer = Aligned::zeroed(len);
            prop_assert_eq!(buffer.as_bytes_mut().len(), len);
            prop_assert!(is_aligned(buffer.as_bytes()));
        }
    }
}
