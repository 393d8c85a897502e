//! Cap'n Proto messages on a channel: received ([`Message`], [`Incoming`]) and being built ([`Outgoing`]).
//!
//! Format: WIRE.md, "Messages". A [`Message`] is bytes whose segment table was checked; nothing inside its
//! segments is trusted: Cap'n Proto checks every pointer as it is followed, within the limits below.

mod incoming;
mod outgoing;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use bytes::Bytes;
use capnp::message::{Reader, ReaderOptions, ReaderSegments};
use capnp::{Word, word};

use crate::buffer::Aligned;
pub use crate::rpc::envelope::Envelope;
use crate::rpc::envelope::Holder;

pub use incoming::{Incoming, IncomingReader};
pub(crate) use outgoing::{BOOTSTRAP_QUESTION, Kind};
pub use outgoing::{ExceptionKind, Outgoing};

/// Largest message in bytes, segment table included. Without it one message of a peer could hold any amount of memory.
/// Larger payloads travel on bulk channels.
pub const MAX_MESSAGE: usize = 1_048_576;

/// Most segments of a message. Every far pointer looks a segment up; a writer that grows its segments needs about ten
/// for the largest message, while a peer could otherwise make us keep a table as long as the message.
pub const MAX_SEGMENTS: usize = 64;

/// Words that one reader may traverse (1 MiB). Pointers may overlap, so a message of a few kilobytes could otherwise be read
/// as gigabytes.
pub const TRAVERSAL_LIMIT: usize = 131_072;

/// Depth to which pointers are followed. Bounds the stack of recursive readers, which a message that points at itself
/// would otherwise exhaust.
pub const NESTING_LIMIT: i32 = 32;

/// Bytes of a word, the unit of Cap'n Proto.
pub(crate) const WORD: usize = 8;

/// The limits every received message is read with.
pub(crate) const READER_OPTIONS: ReaderOptions = ReaderOptions {
    traversal_limit_in_words: Some(TRAVERSAL_LIMIT),
    nesting_limit: NESTING_LIMIT,
};

/// A received message whose segment table was checked. Cheap to clone.
#[derive(Clone)]
pub struct Message {
    /// Starts 8-aligned: segments are read in place.
    bytes: Bytes,
    layout: Layout,
}

/// What a Call is addressed to.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum CallTarget {
    /// An export of the receiver.
    Export(u32),
    /// The promised answer of a question, as it is.
    Answer(u32),
}

/// Where the segments are in the bytes.
#[derive(Clone)]
enum Layout {
    /// One segment behind a table of one word, as nearly every message has it; needs no memory of its own.
    One,
    /// Where each segment starts and ends, in bytes. Looked up for every pointer, so not worked out anew each time.
    Many(Box<[(usize, usize)]>),
}

impl Layout {
    fn segment<'a>(&self, bytes: &'a [u8], index: u32) -> Option<&'a [u8]> {
        match self {
            Self::One => match index {
                0 => bytes.get(WORD..),
                _ => None,
            },
            Self::Many(ranges) => {
                let (start, end) = *ranges.get(usize::try_from(index).ok()?)?;
                bytes.get(start..end)
            }
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::One => 1,
            Self::Many(ranges) => ranges.len(),
        }
    }
}

impl Message {
    /// Checks the segment table of one whole message in stream framing.
    ///
    /// Bytes that do not start 8-aligned are copied once; those of [`Aligned`] do.
    ///
    /// # Errors
    ///
    /// [`MessageError`] if the table does not describe exactly these bytes or goes over a limit.
    pub fn parse(bytes: Bytes) -> Result<Self, MessageError> {
        let layout = match Head::read(&bytes)? {
            Head::Whole { segments, length } if length == bytes.len() => {
                segments.layout(&bytes).ok_or(MessageError::Truncated)?
            }
            Head::Whole { length, .. } => {
                return Err(MessageError::LengthMismatch {
                    announced: length,
                    received: bytes.len(),
                });
            }
            Head::Partial { .. } => return Err(MessageError::Truncated),
        };
        let bytes = if is_aligned(&bytes) {
            bytes
        } else {
            copy_aligned(&bytes)
        };
        Ok(Self { bytes, layout })
    }

    /// A Cap'n Proto reader over the message, limited to [`TRAVERSAL_LIMIT`] and [`NESTING_LIMIT`].
    pub fn reader(&self) -> Reader<Segments<'_>> {
        Reader::new(self.segments(), READER_OPTIONS)
    }

    /// The bytes of the message in stream framing.
    pub fn as_bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The bytes of the message in stream framing, without a copy.
    pub fn into_bytes(self) -> Bytes {
        self.bytes
    }

    /// A message with these segments, as a receiver sees it.
    ///
    /// # Errors
    ///
    /// [`MessageError::TooLong`] or [`MessageError::TooManySegments`] if no receiver would take it.
    pub fn copy_of(segments: &[&[u8]]) -> Result<Self, MessageError> {
        let table = outgoing::segment_table(segments);
        let length = segments.iter().fold(table.len(), |total, segment| {
            total.saturating_add(segment.len())
        });
        if length > MAX_MESSAGE {
            return Err(MessageError::TooLong { bytes: length });
        }
        let mut copy = Aligned::zeroed(length);
        let mut rest = copy.as_bytes_mut();
        for piece in core::iter::once(table.as_slice()).chain(segments.iter().copied()) {
            let Some((target, behind)) = rest.split_at_mut_checked(piece.len()) else {
                return Err(MessageError::Truncated);
            };
            target.copy_from_slice(piece);
            rest = behind;
        }
        Self::parse(copy.into_bytes(length))
    }

    /// What the message is, when it carries data only and is laid out as this crate does it.
    pub fn envelope(&self) -> Option<Envelope> {
        match self.layout {
            Layout::One => Envelope::of(self.bytes.get(WORD..)?),
            Layout::Many(_) => None,
        }
    }

    /// The message that holds the content: this one, or behind a known [`envelope`](Self::envelope) the content as a message of its own,
    /// whose root pointer is the content pointer. Nothing in front of that belongs to the content.
    ///
    /// Far pointers count from the start of their segment. In a message of one segment no writer has a use for them; one that is in
    /// the content leads to another word of the content here, or out of the message, which is an error.
    pub(crate) fn holding(&self, holder: Holder) -> Segments<'_> {
        match holder {
            Holder::Behind(words) => {
                let table_and_envelope = usize::from(words).saturating_add(1);
                Segments::one(self.bytes.get(table_and_envelope.saturating_mul(WORD)..))
            }
            _ => self.segments(),
        }
    }

    /// The segments of the message.
    pub fn segments(&self) -> Segments<'_> {
        match &self.layout {
            Layout::One => Segments::one(self.bytes.get(WORD..)),
            layout @ Layout::Many(_) => Segments {
                source: Source::Received {
                    bytes: &self.bytes,
                    layout,
                },
            },
        }
    }
}

/// A message is its segments, so that a Cap'n Proto reader can own it.
impl ReaderSegments for Message {
    fn get_segment(&self, index: u32) -> Option<&[u8]> {
        self.layout.segment(&self.bytes, index)
    }

    fn len(&self) -> usize {
        self.layout.len()
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("bytes", &self.bytes.len())
            .field("segments", &self.segments().len())
            .finish()
    }
}

/// The segments of a message, handed to Cap'n Proto's reader.
pub struct Segments<'a> {
    source: Source<'a>,
}

enum Source<'a> {
    One(&'a [u8]),
    Received { bytes: &'a [u8], layout: &'a Layout },
    Built(capnp::OutputSegments<'a>),
}

impl<'a> Segments<'a> {
    const fn one(segment: Option<&'a [u8]>) -> Self {
        let source = Source::One(match segment {
            Some(segment) => segment,
            None => &[],
        });
        Self { source }
    }

    /// The segments of a message that never was on a wire.
    pub(crate) fn built(segments: capnp::OutputSegments<'a>) -> Self {
        /// Of a message that nothing was built in: a root pointer that is null.
        static NULL: [Word; 1] = [word(0, 0, 0, 0, 0, 0, 0, 0)];
        if segments.is_empty() {
            return Self::one(Some(Word::words_to_bytes(&NULL)));
        }
        Self {
            source: Source::Built(segments),
        }
    }
}

impl ReaderSegments for Segments<'_> {
    fn get_segment(&self, index: u32) -> Option<&[u8]> {
        match &self.source {
            Source::One(segment) => (index == 0).then_some(segment),
            Source::Received { bytes, layout } => layout.segment(bytes, index),
            Source::Built(segments) => segments.get(usize::try_from(index).ok()?).copied(),
        }
    }

    fn len(&self) -> usize {
        match &self.source {
            Source::One(_) => 1,
            Source::Received { layout, .. } => layout.len(),
            Source::Built(segments) => segments.len(),
        }
    }
}

impl fmt::Debug for Segments<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Segments")
            .field("len", &self.len())
            .finish()
    }
}

/// What the first bytes of a stream say about the message they begin.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Head {
    /// At least `needed` bytes are needed to tell.
    Partial { needed: usize },
    /// The segment table is complete and within the limits.
    Whole {
        segments: SegmentTable,
        length: usize,
    },
}

/// A segment table that was read completely.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SegmentTable {
    count: usize,
}

impl Head {
    /// Reads the segment table at the front of `bytes`, which may go on behind the message.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, MessageError> {
        let Some((count, sizes)) = bytes.split_first_chunk::<4>() else {
            return Ok(Self::Partial { needed: WORD });
        };
        let count = usize::try_from(u32::from_le_bytes(*count))
            .unwrap_or(usize::MAX)
            .saturating_add(1);
        if count > MAX_SEGMENTS {
            return Err(MessageError::TooManySegments { segments: count });
        }
        let segments = SegmentTable { count };
        let mut length = segments.bytes();
        let mut sizes = sizes.chunks_exact(4);
        for _ in 0..count {
            let Some(size) = sizes.next().and_then(<[u8]>::first_chunk) else {
                return Ok(Self::Partial {
                    needed: segments.bytes(),
                });
            };
            let words = usize::try_from(u32::from_le_bytes(*size)).unwrap_or(usize::MAX);
            length = length.saturating_add(words.saturating_mul(WORD));
        }
        if length > MAX_MESSAGE {
            return Err(MessageError::TooLong { bytes: length });
        }
        // An even number of segments leaves four bytes of padding that may still be on their way.
        if bytes.len() < segments.bytes() {
            return Ok(Self::Partial {
                needed: segments.bytes(),
            });
        }
        Ok(Self::Whole { segments, length })
    }
}

impl SegmentTable {
    /// Bytes of the table with its padding.
    fn bytes(self) -> usize {
        outgoing::table_bytes(self.count)
    }

    /// Where the segments are in `bytes`; `None` if they do not fit.
    fn layout(self, bytes: &[u8]) -> Option<Layout> {
        if self.count == 1 {
            return Some(Layout::One);
        }
        let mut ranges = Vec::with_capacity(self.count);
        let mut start = self.bytes();
        for size in bytes.get(4..)?.chunks_exact(4).take(self.count) {
            let words = usize::try_from(u32::from_le_bytes(*size.first_chunk()?)).ok()?;
            let end = start.checked_add(words.checked_mul(WORD)?)?;
            ranges.push((start, end));
            start = end;
        }
        Some(Layout::Many(ranges.into_boxed_slice()))
    }
}

/// Why bytes are not one message. Every variant is the fault of who sent them.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum MessageError {
    /// The bytes end inside the segment table.
    #[error("message ends inside its segment table")]
    Truncated,
    /// More than [`MAX_SEGMENTS`].
    #[error("message of {segments} segments, at most {MAX_SEGMENTS} are taken")]
    TooManySegments {
        /// What the table announces.
        segments: usize,
    },
    /// More than [`MAX_MESSAGE`].
    #[error("message of {bytes} bytes, at most {MAX_MESSAGE} are taken")]
    TooLong {
        /// What the table announces.
        bytes: usize,
    },
    /// The segment table describes more or fewer bytes than there are.
    #[error("segment table announces {announced} bytes but there are {received}")]
    LengthMismatch {
        /// What the table announces.
        announced: usize,
        /// What there is.
        received: usize,
    },
}

/// Whether Cap'n Proto can read `bytes` in place.
pub(crate) fn is_aligned(bytes: &[u8]) -> bool {
    bytes.as_ptr().addr().is_multiple_of(WORD)
}

/// Copies `bytes` into a buffer that starts 8-aligned.
pub(crate) fn copy_aligned(bytes: &[u8]) -> Bytes {
    let mut copy = Aligned::zeroed(bytes.len());
    if let Some(target) = copy.as_bytes_mut().get_mut(..bytes.len()) {
        target.copy_from_slice(bytes);
    }
    copy.into_bytes(bytes.len())
}
