//! Stream framing: Cap'n Proto messages out of an ordered stream of bytes. WIRE.md, "Messages", bytes mode.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::fmt;

use bytes::{Buf, Bytes};

use crate::buffer::Aligned;
use crate::message::{Head, Message, MessageError};

/// Cuts a stream of bytes into messages.
///
/// [`push`](Self::push) what arrives, then [`pull`](Self::pull) until it has nothing more. A message that arrives in one
/// 8-aligned chunk is not copied; every other one is, once.
#[derive(Debug, Default)]
pub struct Reader {
    /// Pushed, not looked at. Empty whenever `pull` returned `None`, so small chunks do not pile up.
    chunks: VecDeque<Bytes>,
    /// The beginning of a segment table that was split.
    table: Vec<u8>,
    /// A message whose table is known and whose bytes are not all there.
    assembly: Option<Assembly>,
    failed: Option<MessageError>,
}

/// A message on its way into an aligned buffer.
struct Assembly {
    buffer: Aligned,
    filled: usize,
    length: usize,
}

impl Reader {
    /// A reader at the start of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes of the stream.
    ///
    /// Nothing but the caller bounds what is pushed: [`pull`](Self::pull) until it returns `None` before the next push, and no more
    /// than one message is ever held.
    pub fn push(&mut self, chunk: Bytes) {
        if self.failed.is_none() && !chunk.is_empty() {
            self.chunks.push_back(chunk);
        }
    }

    /// The next whole message, `None` until more bytes arrive.
    ///
    /// # Errors
    ///
    /// [`MessageError`] as soon as a segment table is over a limit, before the rest of that message arrives or any memory
    /// is set aside for it. The stream has lost its place then: every later call fails alike.
    pub fn pull(&mut self) -> Result<Option<Message>, MessageError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let pulled = self.next_message();
        if let Err(error) = pulled {
            *self = Self {
                failed: Some(error),
                ..Self::default()
            };
        }
        pulled
    }

    /// Bytes that wait for the rest of their message. When the stream ends, anything but 0 means that it was cut.
    pub fn buffered(&self) -> usize {
        let assembled = self.assembly.as_ref().map_or(0, |assembly| assembly.filled);
        self.chunks.iter().fold(
            self.table.len().saturating_add(assembled),
            |total, chunk| total.saturating_add(chunk.len()),
        )
    }

    fn next_message(&mut self) -> Result<Option<Message>, MessageError> {
        while let Some(front) = self.chunks.front_mut() {
            if let Some(assembly) = &mut self.assembly {
                assembly.fill(front);
            } else if self.table.is_empty() {
                match Head::read(front)? {
                    Head::Whole { length, .. } if length <= front.len() => {
                        let bytes = front.split_to(length);
                        self.drop_empty_front();
                        return Message::parse(bytes).map(Some);
                    }
                    Head::Whole { length, .. } => self.assembly = Some(Assembly::new(length)),
                    Head::Partial { .. } => {
                        self.table.extend_from_slice(front);
                        front.clear();
                    }
                }
            } else if let Head::Partial { needed } = Head::read(&self.table)? {
                let missing = needed.saturating_sub(self.table.len());
                let now = front.split_to(missing.min(front.len()));
                self.table.extend_from_slice(&now);
            }
            self.drop_empty_front();
            if let Head::Whole { length, .. } = Head::read(&self.table)? {
                let mut assembly = Assembly::new(length);
                assembly.fill(&mut self.table.as_slice());
                self.table.clear();
                self.assembly = Some(assembly);
            }
            if let Some(whole) = self.assembly.take_if(|assembly| assembly.is_whole()) {
                return Message::parse(whole.buffer.into_bytes(whole.length)).map(Some);
            }
        }
        Ok(None)
    }

    fn drop_empty_front(&mut self) {
        if self.chunks.front().is_some_and(Bytes::is_empty) {
            self.chunks.pop_front();
        }
    }
}

impl Assembly {
    /// `length` was checked against the limit by [`Head::read`].
    fn new(length: usize) -> Self {
        Self {
            buffer: Aligned::zeroed(length),
            filled: 0,
            length,
        }
    }

    fn fill(&mut self, source: &mut impl Buf) {
        let missing = self.length.saturating_sub(self.filled);
        let now = missing.min(source.remaining());
        let end = self.filled.saturating_add(now);
        if let Some(target) = self.buffer.as_bytes_mut().get_mut(self.filled..end) {
            source.copy_to_slice(target);
            self.filled = end;
        }
    }

    fn is_whole(&self) -> bool {
        self.filled == self.length
    }
}

impl fmt::Debug for Assembly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assembly")
            .field("filled", &self.filled)
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects)]

    use alloc::vec::Vec;

    use hex_literal::hex;
    use proptest::prelude::*;

    use super::*;
    use crate::message::{MAX_MESSAGE, Outgoing};

    fn message(words: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend_from_slice(&0_u32.to_le_bytes());
        bytes.extend_from_slice(&u32::try_from(words).unwrap().to_le_bytes());
        bytes.extend((0..words * 8).map(|index| u8::try_from(index % 251).unwrap()));
        bytes
    }

    proptest! {
        #[test]
        fn any_stream_split_anywhere_yields_the_same_messages(
            sizes in prop::collection::vec(0..40_usize, 1..6),
            cuts in prop::collection::vec(1..60_usize, 1..8),
        ) {
            let messages: Vec<Vec<u8>> = sizes.iter().map(|&words| message(words)).collect();
            let stream = Bytes::from(messages.concat());
            let mut reader = Reader::new();
            let mut pulled = Vec::new();
            let mut rest = stream;
            for cut in cuts.iter().cycle() {
                reader.push(rest.split_to((*cut).min(rest.len())));
                while let Some(message) = reader.pull().unwrap() {
                    pulled.push(message.as_bytes().to_vec());
                }
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(pulled, messages);
            prop_assert_eq!(reader.buffered(), 0);
        }

        #[test]
        fn any_bytes_yield_messages_or_an_error(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..8),
        ) {
            let mut reader = Reader::new();
            for chunk in chunks {
                reader.push(Bytes::from(chunk));
                while let Ok(Some(_)) = reader.pull() {}
            }
        }
    }

    #[test]
    fn a_message_in_one_aligned_chunk_is_not_copied() {
        let chunk = Outgoing::finish(7).into_message().unwrap().into_bytes();
        let address = chunk.as_ptr();
        let mut reader = Reader::new();
        reader.push(chunk);
        let pulled = reader.pull().unwrap().unwrap();
        assert_eq!(pulled.as_bytes().as_ptr(), address);
    }

    #[test]
    fn a_table_over_a_limit_is_refused_before_its_message_arrives() {
        for (table, error) in [
            // 2^32 segments
            (
                hex!("ffffffff 00000000"),
                MessageError::TooManySegments { segments: 1 << 32 },
            ),
            // 65 segments
            (
                hex!("40000000 00000000"),
                MessageError::TooManySegments { segments: 65 },
            ),
            // one segment that makes the message one word too long
            (
                hex!("00000000 00000200"),
                MessageError::TooLong {
                    bytes: MAX_MESSAGE + 8,
                },
            ),
            // one segment of 2^32 - 1 words
            (
                hex!("00000000 ffffffff"),
                MessageError::TooLong {
                    bytes: 0x8_0000_0000,
                },
            ),
        ] {
            let mut reader = Reader::new();
            reader.push(Bytes::copy_from_slice(&table));
            assert_eq!(reader.pull().unwrap_err(), error);
            reader.push(Bytes::from(message(1)));
            assert_eq!(reader.pull().unwrap_err(), error, "the stream stays broken");
            assert_eq!(reader.buffered(), 0);
        }
    }

    #[test]
    fn bytes_of_an_unfinished_message_are_reported() {
        let mut reader = Reader::new();
        reader.push(Bytes::from(message(4)).slice(..20));
        assert!(reader.pull().unwrap().is_none());
        assert_eq!(reader.buffered(), 20);
    }
}
