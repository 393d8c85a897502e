//! Aligned buffers: bytes that Cap'n Proto can read in place.

use alloc::vec::Vec;

use bytes::Bytes;
use capnp::Word;

/// A zeroed buffer whose first byte is 8-aligned.
#[derive(Debug)]
pub struct Aligned {
    words: Vec<Word>,
}

impl Aligned {
    /// A buffer of at least `len_bytes` zeros, rounded up to whole words.
    pub fn zeroed(len_bytes: usize) -> Self {
        Self {
            words: Word::allocate_zeroed_vec(len_bytes.div_ceil(8)),
        }
    }

    /// The bytes, to be written.
    pub fn as_bytes_mut(&mut self) -> &mut [u8] {
        Word::words_to_bytes_mut(&mut self.words)
    }

    /// Freezes the first `len` bytes; all of them when the buffer is shorter.
    pub fn into_bytes(self, len: usize) -> Bytes {
        let mut bytes = Bytes::from_owner(Frozen(self.words));
        bytes.truncate(len);
        bytes
    }
}

struct Frozen(Vec<Word>);

impl AsRef<[u8]> for Frozen {
    fn as_ref(&self) -> &[u8] {
        Word::words_to_bytes(&self.0)
    }
}
