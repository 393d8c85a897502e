//! What is queued on a channel.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use bytes::Bytes;

use super::credit::payload_for;
use crate::frame::{FrameWriter, Mode, padding};
use crate::message::Outgoing;

/// What can be sent on a channel.
pub enum Outbound {
    /// A message and its deadline in milliseconds (0: none). In bytes mode the deadline stays here.
    Message(Outgoing, u32),
    /// Bytes, on a channel in bytes mode.
    Bytes(Bytes),
}

impl Outbound {
    /// Bytes of the message or chunk itself.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Message(message, _) => message.len_bytes(),
            Self::Bytes(bytes) => bytes.len(),
        }
    }
}

impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(message, deadline_ms) => f
                .debug_tuple("Message")
                .field(&message.len_bytes())
                .field(deadline_ms)
                .finish(),
            Self::Bytes(bytes) => f.debug_tuple("Bytes").field(&bytes.len()).finish(),
        }
    }
}

/// One entry of a channel's queue and how far it has gone.
#[derive(Debug)]
pub(crate) struct Queued {
    out: Waiting,
    /// Bytes in front of a message: total length and deadline, in messages mode.
    prefix: usize,
    /// Prefix and content.
    total: usize,
    sent: usize,
}

/// Where what is queued waits.
#[derive(Debug)]
enum Waiting {
    /// What is next in the channel's [`Encoded`], and the deadline of a message.
    Encoded(u32),
    /// Boxed, since most of what waits is small and encoded.
    Whole(Box<Outbound>),
}

/// Small messages and chunks that wait on a channel, one behind the other.
///
/// Each is encoded when it is queued, so that the memory it was built in is free again for the next one, and still in the cache. A small
/// chunk may be a piece of something large that it would keep alive.
#[derive(Debug, Default)]
pub(crate) struct Encoded {
    bytes: Vec<u8>,
    /// What is in front of this was sent.
    start: usize,
    /// Bytes that waited at once at most since it was last empty.
    most: usize,
    /// The same of the time before: as many will wait next time.
    usual: usize,
}

impl Encoded {
    fn push(&mut self, out: &Outbound, length: usize) {
        if self.bytes.is_empty() {
            self.bytes.reserve(self.usual.max(length));
        }
        match out {
            Outbound::Message(message, _) => {
                message.copy_range(0, length, &mut self.bytes);
            }
            Outbound::Bytes(bytes) => self.bytes.extend_from_slice(bytes),
        }
        self.most = self.most.max(self.bytes.len().saturating_sub(self.start));
    }

    /// A piece of what is in front.
    fn get(&self, offset: usize, length: usize) -> &[u8] {
        let start = self.start.saturating_add(offset);
        let end = start.saturating_add(length);
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// Removes what is in front.
    fn pop(&mut self, length: usize) {
        self.start = self.start.saturating_add(length);
        if self.start >= self.bytes.len() {
            // A channel on which nothing waits holds next to no memory.
            self.usual = core::mem::take(&mut self.most).min(USUAL);
            self.start = 0;
            self.bytes.clear();
            if self.bytes.capacity() > KEPT {
                self.bytes = Vec::new();
            }
        } else if self.start >= USUAL.max(self.bytes.len() / 2) {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
    }
}

/// Bytes of the largest message or chunk that is encoded when it is queued. A larger one is not worth the second copy; and from as much
/// on, a payload is sealed from where it lies, since a smaller one is copied in less time than a piece of its own takes.
const SMALL: usize = 4_096;

/// Bytes that [`Encoded`] keeps while nothing waits: a small call.
const KEPT: usize = 512;

/// Bytes that [`Encoded`] takes at once at most, and of sent messages that it drops at once.
const USUAL: usize = 65_536;

impl Queued {
    pub(crate) fn new(out: Outbound, mode: Mode, encoded: &mut Encoded) -> Self {
        let prefix = match (&out, mode) {
            (Outbound::Message(..), Mode::Messages) => PREFIX,
            _ => 0,
        };
        let len = out.len();
        let out = if len <= SMALL {
            encoded.push(&out, len);
            match out {
                Outbound::Message(_, deadline_ms) => Waiting::Encoded(deadline_ms),
                Outbound::Bytes(_) => Waiting::Encoded(0),
            }
        } else {
            Waiting::Whole(Box::new(out))
        };
        Self {
            out,
            prefix,
            total: len.saturating_add(prefix),
            sent: 0,
        }
    }

    /// Bytes still to go.
    pub(crate) const fn rest(&self) -> usize {
        self.total.saturating_sub(self.sent)
    }

    /// Bytes of the message or chunk itself.
    pub(crate) const fn content(&self) -> usize {
        self.total.saturating_sub(self.prefix)
    }

    /// Payload that may go out for `credit`, 0 if it has to wait.
    pub(crate) fn affordable(&self, credit: u32) -> usize {
        let payload = payload_for(credit).min(self.rest());
        // The first frame of a message carries its prefix and at least one word.
        if self.sent < self.prefix && payload <= self.prefix {
            return 0;
        }
        payload
    }

    /// Writes the next `payload` bytes as a frame and returns its cost.
    pub(crate) fn write(
        &mut self,
        frame: FrameWriter<'_>,
        payload: usize,
        encoded: &mut Encoded,
    ) -> u32 {
        let mut frame = frame;
        let mut body = payload;
        if self.sent < self.prefix
            && let Some(deadline_ms) = self.deadline_ms()
        {
            // At most 1 MiB, checked when it was queued.
            let total = u32::try_from(self.total.saturating_sub(PREFIX)).unwrap_or(u32::MAX);
            frame.put(&total.to_le_bytes());
            frame.put(&deadline_ms.to_le_bytes());
            self.sent = PREFIX;
            body = body.saturating_sub(PREFIX);
        }
        let offset = self.sent.saturating_sub(self.prefix);
        match &self.out {
            Waiting::Encoded(_) => frame.put(encoded.get(offset, body)),
            Waiting::Whole(out) => match &**out {
                Outbound::Message(message, _) => {
                    message.copy_range(offset, body, frame.payload());
                }
                Outbound::Bytes(bytes) => {
                    let end = offset.saturating_add(body);
                    frame.put(bytes.get(offset..end).unwrap_or_default());
                }
            },
        }
        self.sent = self.sent.saturating_add(body);
        if self.rest() == 0 && matches!(self.out, Waiting::Encoded(_)) {
            encoded.pop(self.content());
        }
        u32::try_from(frame.finish()).unwrap_or(u32::MAX)
    }

    fn deadline_ms(&self) -> Option<u32> {
        match &self.out {
            Waiting::Encoded(deadline_ms) => Some(*deadline_ms),
            Waiting::Whole(out) => match &**out {
                Outbound::Message(_, deadline_ms) => Some(*deadline_ms),
                Outbound::Bytes(_) => None,
            },
        }
    }

    /// Whether the next frame begins a message.
    pub(crate) const fn starts(&self) -> bool {
        self.sent < self.prefix
    }

    /// Takes the next `payload` bytes without copying them, where that is worth a piece of its own.
    pub(crate) fn take_apart(&mut self, payload: usize) -> Option<Bytes> {
        let Waiting::Whole(out) = &self.out else {
            return None;
        };
        let Outbound::Bytes(bytes) = &**out else {
            return None;
        };
        if payload < SMALL || padding(payload) > 0 {
            return None;
        }
        let end = self.sent.checked_add(payload)?;
        let apart = (end <= bytes.len()).then(|| bytes.slice(self.sent..end))?;
        self.sent = end;
        Some(apart)
    }
}

/// Total length and deadline in front of a message.
pub(crate) const PREFIX: usize = 8;

#[cfg(test)]
mod tests {
    use alloc::collections::VecDeque;

    use super::*;
    use crate::frame::{ChannelId, HEADER};
    use crate::side::Side;

    /// A message, and what it is on a wire.
    fn message(text: usize) -> (Outgoing, Vec<u8>) {
        let mut out = Outgoing::results(0);
        let text = "x".repeat(text);
        out.content::<capnp::any_pointer::Builder<'_>>()
            .set_as(text.as_str())
            .unwrap();
        let mut bytes = Vec::new();
        out.copy_range(0, usize::MAX, &mut bytes);
        (out, bytes)
    }

    #[test]
    fn small_and_large_messages_leave_in_order_and_in_pieces_of_any_size() {
        let channel = ChannelId::new(Side::Initiator, 0, 0x100).unwrap();
        for piece in [16, 24, 200, 8_192] {
            let mut encoded = Encoded::default();
            let mut queue = VecDeque::new();
            let mut sent = Vec::new();
            for round in 0..3 {
                let many = [3_800; USUAL / 3_800 + 2];
                let texts = [1, 300, 2 * SMALL, 5, SMALL + round, 700];
                for text in texts.into_iter().chain(many) {
                    let (out, bytes) = message(text);
                    let length = u32::try_from(bytes.len()).unwrap();
                    sent.extend([length.to_le_bytes(), 7_u32.to_le_bytes()].concat());
                    sent.extend(bytes);
                    let out = Outbound::Message(out, 7);
                    queue.push_back(Queued::new(out, Mode::Messages, &mut encoded));
                }
                let mut came = Vec::new();
                // The last of the first round waits for the next one.
                while queue.len() > usize::from(round == 0) {
                    let head: &mut Queued = queue.front_mut().unwrap();
                    let payload = head.rest().min(piece);
                    let mut record = Vec::new();
                    let frame = FrameWriter::data(&mut record, channel, head.starts());
                    head.write(frame, payload, &mut encoded);
                    came.extend_from_slice(&record[HEADER..HEADER + payload]);
                    if head.rest() == 0 {
                        queue.pop_front();
                    }
                }
                let rest = sent.split_off(came.len());
                assert!(came == sent, "pieces of {piece}");
                sent = rest;
            }
            assert_eq!(encoded.bytes.len(), 0);
        }
    }
}
