//! The envelopes of calls and results as this crate writes them: words at fixed places, so that neither writing nor reading them
//! follows pointers.
//!
//! The content is built in a message of its own, whose root pointer moves into the envelope. What others write differently is read
//! through Cap'n Proto's own code ([`Body`](super::Body)); the tests read these words with it.

use alloc::vec::Vec;

use super::Holder;
use super::outcome::RESULTS;
use super::read::{Call, Caps, Outcome, Return, Target};
use super::tag::{CALL, RETURN};
use crate::message::{CallTarget, WORD};

/// Words of a Call without its content: the root pointer and the structs Message, Call, MessageTarget, PromisedAnswer
/// and Payload.
pub(crate) const CALL_WORDS: usize = 1 + 2 + 6 + 2 + 2 + 2;
/// Words of a Call of an export: it has no PromisedAnswer.
pub(crate) const EXPORT_CALL_WORDS: usize = CALL_WORDS - 2;
/// Words of a Return with results without its content: the root pointer and the structs Message, Return and Payload.
pub(crate) const RESULTS_WORDS: usize = 1 + 2 + 3 + 2;

/// The content pointer is the last word but one: behind it is the pointer to the capability table, which is null.
const BEHIND: usize = 2;

/// Bit of `noFinishNeeded` in the first word of a Return.
const NO_FINISH_NEEDED: u64 = 1 << 33;

fn answer_call(
    question: u32,
    answer: u32,
    interface_id: u64,
    method_id: u16,
    content: u64,
) -> [u64; CALL_WORDS] {
    [
        structure(0, 1, 1), // root: Message
        u64::from(CALL),
        structure(0, 3, 3), // Message.call
        u64::from(question) | (u64::from(method_id) << 32),
        interface_id,
        0,
        structure(2, 1, 1), // Call.target: MessageTarget
        structure(5, 0, 2), // Call.params: Payload
        0,
        1 << 32,            // MessageTarget: promisedAnswer
        structure(0, 1, 1), // MessageTarget.promisedAnswer
        u64::from(answer),
        0,
        content, // Payload.content
        0,       // Payload.capTable
    ]
}

fn export_call(
    question: u32,
    export: u32,
    interface_id: u64,
    method_id: u16,
    content: u64,
) -> [u64; EXPORT_CALL_WORDS] {
    [
        structure(0, 1, 1), // root: Message
        u64::from(CALL),
        structure(0, 3, 3), // Message.call
        u64::from(question) | (u64::from(method_id) << 32),
        interface_id,
        0,
        structure(2, 1, 1), // Call.target: MessageTarget
        structure(3, 0, 2), // Call.params: Payload
        0,
        u64::from(export), // MessageTarget: importedCap
        0,
        content, // Payload.content
        0,       // Payload.capTable
    ]
}

fn results(answer: u32, content: u64) -> [u64; RESULTS_WORDS] {
    [
        structure(0, 1, 1), // root: Message
        u64::from(RETURN),
        structure(0, 2, 1), // Message.return
        u64::from(answer) | NO_FINISH_NEEDED | (u64::from(RESULTS) << 48),
        0,
        structure(0, 0, 2), // Return.results: Payload
        content,            // Payload.content
        0,                  // Payload.capTable
    ]
}

/// A pointer to a struct of the given words that begins `offset` words behind the pointer.
const fn structure(offset: u64, data: u64, pointers: u64) -> u64 {
    (offset << 2) | (data << 32) | (pointers << 48)
}

/// A far pointer to the word at `offset` of a segment: there, one word (or two, if `double`) says what is where.
fn far(segment: u32, offset: u32, double: bool) -> u64 {
    2 | (u64::from(double) << 2) | (u64::from(offset) << 3) | (u64::from(segment) << 32)
}

/// What is around the content of a message that carries data only.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Envelope {
    /// A Call whose results go to its sender.
    Call {
        /// The question that is asked.
        question: u32,
        /// What is called.
        target: CallTarget,
        /// Which interface the method is of.
        interface_id: u64,
        /// Which method is called.
        method_id: u16,
    },
    /// A Return with results, which needs no Finish.
    Results {
        /// The question that is answered.
        answer: u32,
    },
}

impl Envelope {
    /// The envelope that `segment` begins with.
    pub(crate) fn of(segment: &[u8]) -> Option<Self> {
        let (words, _) = segment.as_chunks();
        let message = words.first_chunk::<RESULTS_WORDS>()?;
        let message = message.map(u64::from_le_bytes);
        let [_, tag, _, first, second, _, content, _] = message;
        let [a, b, c, d, e, f, ..] = first.to_le_bytes();
        let id = u32::from_le_bytes([a, b, c, d]);
        if tag == u64::from(RETURN) {
            return (message == results(id, content)).then_some(Self::Results { answer: id });
        }
        if tag != u64::from(CALL) {
            return None;
        }
        let (interface_id, method_id) = (second, u16::from_le_bytes([e, f]));
        let message = words.first_chunk::<EXPORT_CALL_WORDS>()?;
        let message = message.map(u64::from_le_bytes);
        let [.., target, _, content, _] = message;
        let (known, target) = match u32::try_from(target) {
            Ok(export) => (
                message == export_call(id, export, interface_id, method_id, content),
                CallTarget::Export(export),
            ),
            Err(_) => {
                let message = words.first_chunk::<CALL_WORDS>()?;
                let message = message.map(u64::from_le_bytes);
                let [.., answer, _, content, _] = message;
                let answer = u32::try_from(answer).ok()?;
                (
                    message == answer_call(id, answer, interface_id, method_id, content),
                    CallTarget::Answer(answer),
                )
            }
        };
        known.then_some(Self::Call {
            question: id,
            target,
            interface_id,
            method_id,
        })
    }

    /// Words without the content.
    pub(crate) const fn words(self) -> usize {
        match self {
            Self::Call {
                target: CallTarget::Answer(_),
                ..
            } => CALL_WORDS,
            Self::Call { .. } => EXPORT_CALL_WORDS,
            Self::Results { .. } => RESULTS_WORDS,
        }
    }

    /// Where the content of a message of this envelope is.
    pub(crate) fn holder(self) -> Holder {
        // A dozen at most.
        Holder::Behind(u8::try_from(self.words().saturating_sub(BEHIND)).unwrap_or(0))
    }

    /// The question that is asked or answered.
    pub(crate) fn set_id(&mut self, id: u32) {
        match self {
            Self::Call { question, .. } => *question = id,
            Self::Results { answer } => *answer = id,
        }
    }

    /// Whom a call is addressed to, and what it calls.
    pub(crate) fn set_target(&mut self, to: CallTarget, interface: u64, method: u16) {
        if let Self::Call {
            target,
            interface_id,
            method_id,
            ..
        } = self
        {
            *target = to;
            *interface_id = interface;
            *method_id = method;
        }
    }

    /// What is in front of the content when all of it is in one segment, stream framing included. The content's own segment
    /// follows, without its root pointer.
    pub(crate) fn in_front_of(self, segment: &[u8]) -> Words {
        let mut out = Words::default();
        self.put_in_front_of(segment, &mut out);
        out
    }

    /// Writes what [`in_front_of`](Self::in_front_of) gives.
    pub(crate) fn put_in_front_of(self, segment: &[u8], out: &mut impl Put) {
        let (root, behind) = split(segment);
        let length = behind.len().wrapping_div(WORD).saturating_add(self.words());
        // One segment. No builder makes one whose words do not fit 32 bits.
        out.put([u64::from(u32::try_from(length).unwrap_or(u32::MAX)) << 32]);
        self.write(moved(root), out);
    }

    /// The segment that goes behind those of a content of several, and the pointer to it, which takes the place of the content's
    /// root pointer: that is the first word of the message.
    pub(crate) fn behind(self, first: &[u8], segment: u32) -> (u64, Words) {
        let (root, _) = split(first);
        let mut out = Words::default();
        if root == 0 || root & 3 == 2 {
            // Nothing, or it names a segment and a place in it, which means the same here.
            self.write(root, &mut out);
        } else {
            // To two words at the end of this segment: where the content is, and what it is.
            let end = u32::try_from(self.words()).unwrap_or(u32::MAX);
            self.write(far(segment, end, true), &mut out);
            let place = offset(root).saturating_add(1);
            out.put([far(0, u32::try_from(place).unwrap_or(0), false)]);
            out.put([root & !OFFSET]);
        }
        (far(segment, 0, false), out)
    }

    fn write(self, content: u64, out: &mut impl Put) {
        match self {
            Self::Call {
                question,
                target,
                interface_id,
                method_id,
            } => match target {
                CallTarget::Answer(answer) => {
                    let call = answer_call(question, answer, interface_id, method_id, content);
                    out.put(call);
                }
                CallTarget::Export(export) => {
                    let call = export_call(question, export, interface_id, method_id, content);
                    out.put(call);
                }
            },
            Self::Results { answer } => out.put(results(answer, content)),
        }
    }

    /// A Call as others see it; `None` for results.
    pub(crate) fn call(self) -> Option<Call<'static>> {
        match self {
            Self::Call {
                question,
                target,
                interface_id,
                method_id,
            } => Some(Call {
                question,
                interface_id,
                method_id,
                target: match target {
                    CallTarget::Export(export) => Target::Imported(export),
                    CallTarget::Answer(question) => Target::Answer {
                        question,
                        noop: true,
                    },
                },
                results_to_caller: true,
                caps: Caps::none(),
            }),
            Self::Results { .. } => None,
        }
    }

    /// A Return as others see it; `None` for a Call.
    pub(crate) fn answer(self) -> Option<Return<'static>> {
        match self {
            Self::Results { answer } => Some(Return {
                answer,
                no_finish_needed: true,
                outcome: Outcome::Results(Caps::none()),
            }),
            Self::Call { .. } => None,
        }
    }
}

/// Bits of a pointer that say where a struct or a list begins.
const OFFSET: u64 = 0xffff_fffc;

/// How many words behind its pointer a struct or a list begins.
fn offset(pointer: u64) -> i32 {
    let [a, b, c, d, ..] = pointer.to_le_bytes();
    i32::from_le_bytes([a, b, c, d]) >> 2
}

/// A root pointer that is one word further away from what it points at.
fn moved(root: u64) -> u64 {
    // Null stays null, and an empty struct is where its pointer is.
    if root == 0 || root & 3 > 1 || offset(root) == -1 {
        return root;
    }
    (root & !OFFSET) | ((root & OFFSET).wrapping_add(4) & OFFSET)
}

/// The root pointer of a segment, and what is behind it. A content that was never built is null.
fn split(segment: &[u8]) -> (u64, &[u8]) {
    match segment.split_first_chunk() {
        Some((root, behind)) => (u64::from_le_bytes(*root), behind),
        None => (0, &[]),
    }
}

/// Words of an envelope, at most: a segment table, a Call, and the two words that say where its content is.
const MOST: usize = 1 + CALL_WORDS + 2;

/// An envelope in bytes.
pub(crate) struct Words {
    bytes: [u8; MOST * WORD],
    length: usize,
}

impl Default for Words {
    fn default() -> Self {
        Self {
            bytes: [0; MOST * WORD],
            length: 0,
        }
    }
}

/// Where words are written.
pub(crate) trait Put {
    /// Appends words.
    fn put<const N: usize>(&mut self, words: [u64; N]);
}

impl Put for Vec<u8> {
    fn put<const N: usize>(&mut self, words: [u64; N]) {
        self.extend_from_slice(words.map(u64::to_le_bytes).as_flattened());
    }
}

impl Put for Words {
    fn put<const N: usize>(&mut self, words: [u64; N]) {
        let (places, _) = self.bytes.as_chunks_mut::<WORD>();
        let places = places.iter_mut().skip(self.length.wrapping_div(WORD));
        for (place, word) in places.zip(words) {
            *place = word.to_le_bytes();
        }
        self.length = self.length.saturating_add(N.saturating_mul(WORD));
    }
}

impl Words {
    /// The bytes.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}
