//! What is queued on a channel.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use bytes::Bytes;

use super::channel::Channel;
use super::credit::payload_for;
use crate::frame::{ChannelId, FrameWriter, HEADER, Mode, padding};
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
    /// A message that is next in the channel's [`Encoded`], as the frame that carries it whole.
    Frame,
    /// What is next in the channel's [`Encoded`], as it is.
    Encoded,
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
}

/// The memory of an [`Encoded`] that has become empty, for the next one of the session that is not: while messages come and go there is
/// one, and channels on which nothing waits have next to nothing.
#[derive(Debug, Default)]
pub(crate) struct Spare {
    buffer: Vec<u8>,
    /// Whether it was used since the last [`trim`](Self::trim).
    busy: bool,
}

impl Spare {
    fn take(&mut self) -> Vec<u8> {
        self.busy = true;
        core::mem::take(&mut self.buffer)
    }

    fn give(&mut self, buffer: Vec<u8>) {
        if buffer.capacity() > self.buffer.capacity() && buffer.capacity() <= MOST_SPARE {
            self.buffer = buffer;
        }
    }

    /// Gives up the memory if it was not used since the last time.
    pub(crate) fn trim(&mut self) {
        if !core::mem::take(&mut self.busy) {
            self.shrink();
        }
    }

    /// Gives up the memory.
    pub(crate) fn shrink(&mut self) {
        self.buffer = Vec::new();
    }
}

impl Encoded {
    /// Appends a message of `length` bytes as a frame.
    fn push_frame(
        &mut self,
        id: ChannelId,
        message: &Outgoing,
        length: usize,
        deadline_ms: u32,
        spare: &mut Spare,
    ) {
        self.push(FRAME_HEAD.saturating_add(length), spare, |out| {
            let mut frame = FrameWriter::data(out, id, true);
            frame.put(&prefix(length, deadline_ms));
            message.append_to(frame.payload());
            frame.finish();
        });
    }

    /// Appends so many bytes that `write` appends.
    fn push(&mut self, length: usize, spare: &mut Spare, write: impl FnOnce(&mut Vec<u8>)) {
        let free = self.bytes.capacity().saturating_sub(self.bytes.len());
        if free < length && self.bytes.capacity() < spare.buffer.capacity() {
            let mut buffer = spare.take();
            buffer.extend_from_slice(&self.bytes);
            self.bytes = buffer;
        }
        write(&mut self.bytes);
    }

    /// A piece of what is in front.
    fn get(&self, offset: usize, length: usize) -> &[u8] {
        let start = self.start.saturating_add(offset);
        let end = start.saturating_add(length);
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// Moves what is in front to `out`.
    pub(crate) fn take(&mut self, length: usize, out: &mut Vec<u8>, spare: &mut Spare) {
        out.extend_from_slice(self.get(0, length));
        self.pop(length, spare);
    }

    /// Removes what is in front.
    fn pop(&mut self, length: usize, spare: &mut Spare) {
        self.start = self.start.saturating_add(length);
        if self.start >= self.bytes.len() {
            self.start = 0;
            self.bytes.clear();
            if self.bytes.capacity() > KEPT {
                spare.give(core::mem::take(&mut self.bytes));
            }
        } else if self.start >= MOST_SPARE.max(self.bytes.len() / 2) {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
    }
}

/// Bytes of the largest message or chunk that is encoded when it is queued. A larger one is not worth the second copy; and from as much
/// on, a payload is sealed from where it lies, since a smaller one is copied in less time than a piece of its own takes.
pub(super) const SMALL: usize = 4_096;

/// Bytes that [`Encoded`] keeps while nothing waits: a small call.
const KEPT: usize = 512;

/// Bytes of memory that are kept as [`Spare`] at most, a record; and of sent messages that [`Encoded`] drops at once.
const MOST_SPARE: usize = 65_536;

impl Queued {
    /// What is to be sent, of `length` bytes.
    pub(crate) fn new(out: Outbound, length: usize, to: &mut Channel, spare: &mut Spare) -> Self {
        match &out {
            _ if length > SMALL => {
                let prefix = match (&out, to.mode) {
                    (Outbound::Message(..), Mode::Messages) => PREFIX,
                    _ => 0,
                };
                Self::of(Waiting::Whole(Box::new(out)), prefix, length)
            }
            Outbound::Message(message, deadline_ms) => {
                Self::small(message, length, *deadline_ms, to, spare)
            }
            Outbound::Bytes(bytes) => {
                to.encoded
                    .push(length, spare, |out| out.extend_from_slice(bytes));
                Self::of(Waiting::Encoded, 0, length)
            }
        }
    }

    /// A message of at most [`SMALL`] bytes.
    pub(crate) fn small(
        message: &Outgoing,
        length: usize,
        deadline_ms: u32,
        to: &mut Channel,
        spare: &mut Spare,
    ) -> Self {
        let encoded = &mut to.encoded;
        match to.mode {
            Mode::Messages => {
                encoded.push_frame(to.id, message, length, deadline_ms, spare);
                Self::of(Waiting::Frame, PREFIX, length)
            }
            Mode::Bytes => {
                encoded.push(length, spare, |out| message.append_to(out));
                Self::of(Waiting::Encoded, 0, length)
            }
        }
    }

    fn of(out: Waiting, prefix: usize, length: usize) -> Self {
        Self {
            out,
            prefix,
            total: length.saturating_add(prefix),
            sent: 0,
        }
    }

    /// Bytes of the frame that carries all of it, if it waits as one.
    pub(crate) fn frame(&self) -> Option<usize> {
        let waits = matches!(self.out, Waiting::Frame) && self.sent == 0;
        waits.then(|| self.total.saturating_add(HEADER))
    }

    /// Bytes still to go.
    pub(crate) const fn rest(&self) -> usize {
        self.total.saturating_sub(self.sent)
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
        spare: &mut Spare,
    ) -> u32 {
        let mut frame = frame;
        let end = self.sent.saturating_add(payload);
        let content = || {
            let start = self.sent.max(self.prefix);
            (start.saturating_sub(self.prefix), end.saturating_sub(start))
        };
        match &self.out {
            // The prefix is there, too.
            Waiting::Frame => frame.put(encoded.get(HEADER.saturating_add(self.sent), payload)),
            Waiting::Encoded => frame.put(encoded.get(self.sent, payload)),
            Waiting::Whole(out) => match &**out {
                Outbound::Message(message, deadline_ms) => {
                    if self.starts() {
                        let length = self.total.saturating_sub(self.prefix);
                        frame.put(&prefix(length, *deadline_ms));
                    }
                    let (offset, length) = content();
                    message.copy_range(offset, length, frame.payload());
                }
                Outbound::Bytes(bytes) => {
                    let (offset, length) = content();
                    let end = offset.saturating_add(length);
                    frame.put(bytes.get(offset..end).unwrap_or_default());
                }
            },
        }
        self.sent = end;
        if self.rest() == 0 {
            match self.out {
                Waiting::Frame => encoded.pop(HEADER.saturating_add(self.total), spare),
                Waiting::Encoded => encoded.pop(self.total, spare),
                Waiting::Whole(_) => {}
            }
        }
        u32::try_from(frame.finish()).unwrap_or(u32::MAX)
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

/// Bytes of total length and deadline in front of a message.
pub(crate) const PREFIX: usize = 8;

/// Bytes in front of a message that a frame carries whole.
const FRAME_HEAD: usize = HEADER + PREFIX;

fn prefix(length: usize, deadline_ms: u32) -> [u8; PREFIX] {
    // At most 1 MiB, checked when it is queued.
    let total = u32::try_from(length).unwrap_or(u32::MAX);
    let [t0, t1, t2, t3] = total.to_le_bytes();
    let [d0, d1, d2, d3] = deadline_ms.to_le_bytes();
    [t0, t1, t2, t3, d0, d1, d2, d3]
}

#[cfg(test)]
mod tests {
    use alloc::collections::VecDeque;

    use super::*;
    use crate::{mux::channel::Opener, side::Side};

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
        let id = ChannelId::new(Side::Initiator, 0, 0x100).unwrap();
        for piece in [16, 24, 200, 8_192] {
            let mut to = Channel::new(id, Mode::Messages, 0, Opener::Local, Bytes::new());
            let mut spare = Spare::default();
            let mut queue = VecDeque::new();
            let mut sent = Vec::new();
            for round in 0..3 {
                let many = [3_800; MOST_SPARE / 3_800 + 2];
                let texts = [1, 300, 2 * SMALL, 5, SMALL + round, 700];
                for text in texts.into_iter().chain(many) {
                    let (out, bytes) = message(text);
                    let length = u32::try_from(bytes.len()).unwrap();
                    sent.extend([length.to_le_bytes(), 7_u32.to_le_bytes()].concat());
                    sent.extend(bytes);
                    let out = Outbound::Message(out, 7);
                    let length = out.len();
                    queue.push_back(Queued::new(out, length, &mut to, &mut spare));
                }
                let mut came = Vec::new();
                // The last of the first round waits for the next one.
                while queue.len() > usize::from(round == 0) {
                    let head: &mut Queued = queue.front_mut().unwrap();
                    let payload = head.rest().min(piece);
                    let mut record = Vec::new();
                    let frame = FrameWriter::data(&mut record, id, head.starts());
                    head.write(frame, payload, &mut to.encoded, &mut spare);
                    came.extend_from_slice(&record[HEADER..HEADER + payload]);
                    if head.rest() == 0 {
                        queue.pop_front();
                    }
                }
                let rest = sent.split_off(came.len());
                assert!(came == sent, "pieces of {piece}");
                sent = rest;
            }
            assert_eq!(to.encoded.bytes.len(), 0);
            assert!(to.encoded.bytes.capacity() <= KEPT);
            assert!(spare.buffer.capacity() <= MOST_SPARE);
        }
    }
}
