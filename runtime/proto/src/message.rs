//! Messages being built (stand-in with just what the mux needs).

use alloc::vec::Vec;
use core::fmt;

use capnp::any_pointer;
use capnp::message::{Builder, HeapAllocator};
use capnp::traits::FromPointerBuilder;

/// Largest message in bytes, segment table included.
pub const MAX_MESSAGE: usize = 1_048_576;

/// A message being built.
pub struct Outgoing {
    builder: Builder<HeapAllocator>,
}

impl Outgoing {
    /// A call.
    #[must_use]
    pub fn call(_interface_id: u64, _method_id: u16, content_words: u32) -> Self {
        Self {
            builder: Builder::new(HeapAllocator::new().first_segment_words(content_words.max(8))),
        }
    }

    /// The content.
    pub fn content<'a, T: FromPointerBuilder<'a>>(&'a mut self) -> T {
        self.builder
            .get_root::<any_pointer::Builder<'a>>()
            .unwrap_or_else(|_| unreachable!())
            .init_as()
    }

    /// Length on the wire.
    #[must_use]
    pub fn len_bytes(&self) -> usize {
        self.flat().len()
    }

    /// Copies a part of the message.
    pub fn copy_range(&self, offset: usize, max: usize, out: &mut Vec<u8>) -> usize {
        let flat = self.flat();
        let end = offset.saturating_add(max).min(flat.len());
        let part = flat.get(offset..end).unwrap_or_default();
        out.extend_from_slice(part);
        part.len()
    }

    fn flat(&self) -> Vec<u8> {
        capnp::serialize::write_message_to_words(&self.builder)
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing").finish_non_exhaustive()
    }
}
