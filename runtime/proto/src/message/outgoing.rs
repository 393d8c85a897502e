//! An RPC message being built.

use alloc::vec::Vec;
use core::fmt;

use bytes::Bytes;
use capnp::message::{Builder, HeapAllocator, ReaderSegments};
use capnp::traits::FromPointerBuilder;

use super::{CallTarget, MAX_MESSAGE, Message, MessageError, Segments, WORD, copy_aligned};
use crate::rpc::envelope::{self, Envelope, Holder};
use crate::rpc::reason;

/// The question of the one Bootstrap of a channel: the first. Calls are addressed to its answer.
pub(crate) const BOOTSTRAP_QUESTION: u32 = 0;

/// Largest first segment in words. A hint only saves allocations; beyond the largest message it would waste memory.
const MAX_FIRST_SEGMENT: u32 = 131_072;

/// An RPC message being built: a Call with its parameters, a Return with results or an exception, or one of the small ones.
///
/// Envelope and content share one segment as long as the content fits the hint it was made with; more than that costs
/// another segment, never an error.
pub struct Outgoing {
    body: Body,
    kind: Kind,
}

enum Body {
    /// A Call or results: the content is the root of a message of its own, and the envelope is put in front when it is sent.
    Content {
        content: Builder<HeapAllocator>,
        envelope: Envelope,
    },
    Building(Builder<HeapAllocator>),
    /// A message that needed no builder, in stream framing.
    Finished(Message),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Call,
    Results,
    /// A Return without results.
    Failure,
    Bootstrap,
    Finish,
    /// Without a question: Release, Abort, Unimplemented.
    Other,
}

/// The type of an Exception of `rpc.capnp`.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum ExceptionKind {
    /// Something went wrong; trying again will not help.
    Failed,
    /// The other side lacks resources at the moment.
    Overloaded,
    /// Something that the call needed is no longer connected.
    Disconnected,
    /// The other side does not know the method.
    Unimplemented,
}

impl Outgoing {
    /// A Call of method `method_id` whose parameters will take about `content_words` words.
    pub fn call(interface_id: u64, method_id: u16, content_words: u32) -> Self {
        Self::with_content(
            Kind::Call,
            Envelope::Call {
                question: 0,
                target: CallTarget::Answer(BOOTSTRAP_QUESTION),
                interface_id,
                method_id,
            },
            content_words,
        )
    }

    /// A Return whose results will take about `content_words` words.
    pub fn results(content_words: u32) -> Self {
        Self::with_content(
            Kind::Results,
            Envelope::Results { answer: 0 },
            content_words,
        )
    }

    /// A Return that fails the call. A `reason` longer than 4,096 bytes is cut.
    pub fn exception(kind: ExceptionKind, reason: &str) -> Self {
        let reason = reason::cut(reason);
        Self::build(Kind::Failure, exception_words(reason), |message| {
            envelope::exception(message, kind, reason);
        })
    }

    /// A Return that says that the call was cancelled, as its caller asked.
    pub fn canceled() -> Self {
        Self::build(Kind::Failure, envelope::SMALL_WORDS, envelope::canceled)
    }

    /// A Bootstrap: asks for the service of the channel.
    pub fn bootstrap() -> Self {
        let mut message = Self::build(Kind::Bootstrap, envelope::SMALL_WORDS, envelope::bootstrap);
        message.set_id(BOOTSTRAP_QUESTION);
        message
    }

    /// A Finish: the answer of `question` is no longer of interest.
    pub fn finish(question: u32) -> Self {
        let mut message = Self::build(Kind::Finish, envelope::SMALL_WORDS, envelope::finish);
        message.set_id(question);
        message
    }

    /// A Release of `count` references of capability `id` of the peer.
    pub fn release(id: u32, count: u32) -> Self {
        Self::build(Kind::Other, envelope::SMALL_WORDS, |message| {
            envelope::release(message, id, count);
        })
    }

    /// An Abort: the last message on a channel whose peer broke the protocol. A `reason` longer than 4,096 bytes is cut.
    pub fn abort(kind: ExceptionKind, reason: &str) -> Self {
        let reason = reason::cut(reason);
        Self::build(Kind::Other, exception_words(reason), |message| {
            envelope::abort(message, kind, reason);
        })
    }

    /// An Unimplemented: sends `echo` back to the peer who sent it.
    ///
    /// # Errors
    ///
    /// A Cap'n Proto error if `echo` cannot be copied within the reading limits.
    pub fn unimplemented(echo: &Message) -> capnp::Result<Self> {
        let words = u32::try_from(echo.as_bytes().len().wrapping_div(WORD)).unwrap_or(u32::MAX);
        let mut result = Ok(());
        let message = Self::build(Kind::Other, words.saturating_add(2), |message| {
            result = envelope::unimplemented(message, &echo.reader());
        });
        result.map(|()| message)
    }

    /// The Return of a Bootstrap: the service is export 0.
    pub(crate) fn bootstrap_return(answer: u32) -> Self {
        let message = Message::parse(Bytes::from(envelope::bootstrap_return(answer)));
        Self {
            // The words are constants but for the answer, and a test reads them.
            body: Body::Finished(message.expect("the segment table fits the words behind it")),
            kind: Kind::Other,
        }
    }

    /// A message of any kind that somebody else has built.
    pub fn built(message: Builder<HeapAllocator>) -> Self {
        Self {
            body: Body::Building(message),
            kind: Kind::Other,
        }
    }

    fn with_content(kind: Kind, envelope: Envelope, words: u32) -> Self {
        Self {
            body: Body::Content {
                // And the root pointer.
                content: builder(words.saturating_add(1)),
                envelope,
            },
            kind,
        }
    }

    fn build(kind: Kind, words: u32, fill: impl FnOnce(&mut Builder<HeapAllocator>)) -> Self {
        let mut message = builder(words);
        fill(&mut message);
        Self {
            body: Body::Building(message),
            kind,
        }
    }

    /// Initialises the parameters or results as `T`, usually the builder of their struct. A second call starts over.
    ///
    /// # Panics
    ///
    /// On a message that is neither a [`call`](Self::call) nor [`results`](Self::results): it has no content to fill.
    pub fn content<'a, T: FromPointerBuilder<'a>>(&'a mut self) -> T {
        match &mut self.body {
            Body::Content { content, .. } => content.init_root(),
            Body::Building(_) | Body::Finished(_) => panic!("only a call and results have content"),
        }
    }

    /// Sets the ID of the question that is asked or answered. A message without one stays as it is.
    pub fn set_id(&mut self, id: u32) {
        match (&mut self.body, self.kind) {
            (Body::Content { envelope, .. }, _) => envelope.set_id(id),
            (_, Kind::Other) | (Body::Finished(_), _) => {}
            (Body::Building(message), _) => {
                // Cannot fail: the path to the field was built by the constructor.
                let set = envelope::set_id(message, id);
                debug_assert!(set.is_ok());
            }
        }
    }

    /// Addresses a Call, which goes to the promised answer of the first Bootstrap otherwise, and says which method it calls. Any other
    /// message stays as it is.
    pub fn set_target(&mut self, target: CallTarget, interface_id: u64, method_id: u16) {
        if let Body::Content { envelope, .. } = &mut self.body {
            envelope.set_target(target, interface_id, method_id);
        }
    }

    /// Whether this is a [`call`](Self::call).
    pub fn is_call(&self) -> bool {
        self.kind == Kind::Call
    }

    /// Whether these are [`results`](Self::results).
    pub fn is_results(&self) -> bool {
        self.kind == Kind::Results
    }

    /// Bytes of the message in stream framing. Above [`MAX_MESSAGE`] no peer takes it.
    pub fn len_bytes(&self) -> usize {
        match &self.body {
            Body::Content { content, envelope } => match *content.get_segments_for_output() {
                // The segment table takes as much as the root pointer, which is in the envelope.
                [segment] => envelope
                    .words()
                    .saturating_mul(WORD)
                    .saturating_add(segment.len()),
                [] => envelope.words().saturating_add(1).saturating_mul(WORD),
                ref segments => {
                    let mut length = 0_usize;
                    in_segments(segments, *envelope, |piece| {
                        length = length.saturating_add(piece.len());
                    });
                    length
                }
            },
            Body::Building(message) => {
                let segments = message.get_segments_for_output();
                segments
                    .iter()
                    .fold(table_bytes(segments.len()), |total, segment| {
                        total.saturating_add(segment.len())
                    })
            }
            Body::Finished(message) => message.as_bytes().len(),
        }
    }

    /// Appends the whole message in stream framing to `out`.
    pub(crate) fn append_to(&self, out: &mut Vec<u8>) {
        if let Body::Content { content, envelope } = &self.body
            && let [segment] = *content.get_segments_for_output()
        {
            envelope.put_in_front_of(segment, out);
            out.extend_from_slice(segment.get(WORD..).unwrap_or_default());
        } else {
            self.copy_range(0, usize::MAX, out);
        }
    }

    /// Appends bytes `offset..offset + max` of the stream framing to `out`, fewer at the end of the message.
    /// Returns how many those are. Allocates nothing for a message of one segment.
    pub fn copy_range(&self, offset: usize, max: usize, out: &mut Vec<u8>) -> usize {
        let mut window = Window {
            skip: offset,
            left: max,
            out,
            copied: 0,
        };
        match &self.body {
            Body::Content { content, envelope } => match *content.get_segments_for_output() {
                [] => window.push(envelope.in_front_of(&[]).as_bytes()),
                [segment] => {
                    window.push(envelope.in_front_of(segment).as_bytes());
                    window.push(segment.get(WORD..).unwrap_or_default());
                }
                ref segments => in_segments(segments, *envelope, |piece| window.push(piece)),
            },
            Body::Building(message) => {
                let segments = message.get_segments_for_output();
                match *segments {
                    [segment] => {
                        let mut table = [0; WORD];
                        let (_, size) = table.split_at_mut(4);
                        size.copy_from_slice(&size_in_words(segment));
                        window.push(&table);
                        window.push(segment);
                    }
                    ref segments => {
                        window.push(&segment_table(segments));
                        for segment in segments {
                            window.push(segment);
                        }
                    }
                }
            }
            Body::Finished(message) => window.push(message.as_bytes()),
        }
        window.copied
    }

    /// The message as a receiver sees it, one copy later.
    ///
    /// # Errors
    ///
    /// [`MessageError::TooLong`] if no receiver would take it.
    pub fn into_message(self) -> Result<Message, MessageError> {
        if let Body::Finished(message) = self.body {
            return Ok(message);
        }
        let length = self.len_bytes();
        if length > MAX_MESSAGE {
            return Err(MessageError::TooLong { bytes: length });
        }
        let mut bytes = Vec::with_capacity(length);
        self.copy_range(0, length, &mut bytes);
        Message::parse(copy_aligned(&bytes))
    }

    /// Where the content is, if there is any.
    pub(crate) fn holder(&self) -> Holder {
        match self.kind {
            Kind::Call | Kind::Results => Holder::Root,
            _ => Holder::Nothing,
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// The segments, to be read without leaving the process.
    pub(crate) fn segments(&self) -> Segments<'_> {
        match &self.body {
            Body::Content {
                content: message, ..
            }
            | Body::Building(message) => Segments::built(message.get_segments_for_output()),
            Body::Finished(message) => message.segments(),
        }
    }
}

/// A message that is whole already.
impl From<Message> for Outgoing {
    fn from(message: Message) -> Self {
        Self {
            body: Body::Finished(message),
            kind: Kind::Other,
        }
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing")
            .field("kind", &self.kind)
            .field("bytes", &self.len_bytes())
            .finish()
    }
}

impl ExceptionKind {
    /// Unknown types read as [`Failed`](Self::Failed), which asks nothing of the reader.
    pub(crate) fn from_wire(value: u16) -> Self {
        match value {
            1 => Self::Overloaded,
            2 => Self::Disconnected,
            3 => Self::Unimplemented,
            _ => Self::Failed,
        }
    }

    pub(crate) fn to_wire(self) -> u16 {
        match self {
            Self::Failed => 0,
            Self::Overloaded => 1,
            Self::Disconnected => 2,
            Self::Unimplemented => 3,
        }
    }
}

/// The pieces of a message whose content takes several segments.
fn in_segments(segments: &[&[u8]], envelope: Envelope, mut take: impl FnMut(&[u8])) {
    let Some((first, rest)) = segments.split_first() else {
        return;
    };
    let last = u32::try_from(segments.len()).unwrap_or(u32::MAX);
    let (root, envelope) = envelope.behind(first, last);
    let mut all = Vec::with_capacity(segments.len().saturating_add(1));
    all.extend_from_slice(segments);
    all.push(envelope.as_bytes());
    take(&segment_table(&all));
    take(&root.to_le_bytes());
    take(first.get(WORD..).unwrap_or_default());
    rest.iter().for_each(|segment| take(segment));
    take(envelope.as_bytes());
}

fn builder(words: u32) -> Builder<HeapAllocator> {
    let first = words.min(MAX_FIRST_SEGMENT);
    Builder::new(HeapAllocator::new().first_segment_words(first))
}

/// Copies the part of several pieces that a caller asked for.
struct Window<'a> {
    skip: usize,
    left: usize,
    out: &'a mut Vec<u8>,
    copied: usize,
}

impl Window<'_> {
    fn push(&mut self, piece: &[u8]) {
        let Some((_, piece)) = piece.split_at_checked(self.skip) else {
            self.skip = self.skip.saturating_sub(piece.len());
            return;
        };
        self.skip = 0;
        let piece = piece.get(..self.left).unwrap_or(piece);
        self.out.extend_from_slice(piece);
        self.left = self.left.saturating_sub(piece.len());
        self.copied = self.copied.saturating_add(piece.len());
    }
}

/// Bytes of a segment table with its padding: a count and one size per segment, four bytes each, in whole words.
pub(super) fn table_bytes(segments: usize) -> usize {
    segments
        .saturating_add(2)
        .wrapping_div(2)
        .saturating_mul(WORD)
}

pub(super) fn segment_table(segments: &[&[u8]]) -> Vec<u8> {
    let length = table_bytes(segments.len());
    let mut table = Vec::with_capacity(length);
    let last = u32::try_from(segments.len().saturating_sub(1)).unwrap_or(u32::MAX);
    table.extend_from_slice(&last.to_le_bytes());
    for segment in segments {
        table.extend_from_slice(&size_in_words(segment));
    }
    table.resize(length, 0);
    table
}

fn size_in_words(segment: &[u8]) -> [u8; 4] {
    u32::try_from(segment.len().wrapping_div(WORD))
        .unwrap_or(u32::MAX)
        .to_le_bytes()
}

fn exception_words(reason: &str) -> u32 {
    // Text ends with a zero byte and is padded to whole words.
    let words = reason.len().wrapping_div(WORD).saturating_add(1);
    envelope::EXCEPTION_WORDS.saturating_add(u32::try_from(words).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use capnp::any_pointer;

    use super::*;

    /// Results that hold a text of so many bytes, made with room for `words`.
    fn text(length: usize, words: u32) -> Outgoing {
        let mut out = Outgoing::results(words);
        let text = "x".repeat(length);
        out.content::<any_pointer::Builder<'_>>()
            .set_as(text.as_str())
            .unwrap();
        out
    }

    #[test]
    fn a_message_is_as_long_as_it_says_however_it_is_copied() {
        let several = text(500, 2);
        assert!(several.segments().len() > 1);
        let message = text(9, 4).into_message().unwrap();
        for out in [
            Outgoing::results(0),
            Outgoing::call(1, 2, 3),
            text(0, 4),
            text(100, 20),
            several,
            Outgoing::exception(ExceptionKind::Failed, "no"),
            Outgoing::finish(7),
            Outgoing::bootstrap_return(3),
            Outgoing::from(message),
        ] {
            let mut whole = vec![1, 2, 3];
            out.append_to(&mut whole);
            let mut copied = vec![1, 2, 3];
            assert_eq!(out.copy_range(0, usize::MAX, &mut copied), out.len_bytes());
            assert_eq!(whole, copied, "{out:?}");
            assert_eq!(whole.len(), 3 + out.len_bytes(), "{out:?}");
        }
    }
}
