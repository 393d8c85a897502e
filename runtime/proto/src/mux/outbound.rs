//! What is queued on a channel.

use core::fmt;

use bytes::Bytes;

use super::FrameBuf;
use super::credit::{cost, payload_for};
use crate::frame::{ChannelId, FrameWriter, Mode};
use crate::message::Outgoing;

/// What can be sent on a channel.
pub enum Outbound {
    /// A message and its deadline in milliseconds (0: none). In bytes mode the deadline stays here.
    Message(Outgoing, u32),
    /// Bytes, on a channel in bytes mode.
    Bytes(Bytes),
    /// Bytes that already are where a record needs them, on a channel in bytes mode.
    Frame(FrameBuf),
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
            Self::Frame(frame) => f.debug_tuple("Frame").field(frame).finish(),
        }
    }
}

/// One entry of a channel's queue and how far it has gone.
#[derive(Debug)]
pub(crate) struct Queued {
    out: Outbound,
    /// Bytes in front of a message: total length and deadline, in messages mode.
    prefix: usize,
    /// Prefix and content.
    total: usize,
    sent: usize,
}

impl Queued {
    pub(crate) fn new(out: Outbound, mode: Mode) -> Self {
        let prefix = match (&out, mode) {
            (Outbound::Message(..), Mode::Messages) => PREFIX,
            _ => 0,
        };
        let len = match &out {
            Outbound::Message(message, _) => message.len_bytes(),
            Outbound::Bytes(bytes) => bytes.len(),
            Outbound::Frame(frame) => frame.payload().len(),
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

    /// Bytes of the message, bytes or frame itself.
    pub(crate) const fn content(&self) -> usize {
        self.total.saturating_sub(self.prefix)
    }

    pub(crate) const fn is_frame(&self) -> bool {
        matches!(self.out, Outbound::Frame(_))
    }

    /// Payload that may go out for `credit`, 0 if it has to wait.
    pub(crate) fn affordable(&self, credit: u32) -> usize {
        if self.is_frame() {
            // Goes out whole or not at all.
            return if cost(self.total) <= credit {
                self.total
            } else {
                0
            };
        }
        let payload = payload_for(credit).min(self.rest());
        // The first frame of a message carries its prefix and at least one word.
        if self.sent < self.prefix && payload <= self.prefix {
            return 0;
        }
        payload
    }

    /// Writes the next `payload` bytes as a frame and returns its cost.
    pub(crate) fn write(&mut self, frame: FrameWriter<'_>, payload: usize) -> u32 {
        let mut frame = frame;
        let mut body = payload;
        if self.sent < self.prefix
            && let Outbound::Message(_, deadline_ms) = &self.out
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
            Outbound::Message(message, _) => {
                message.copy_range(offset, body, frame.payload());
            }
            Outbound::Bytes(bytes) => {
                let end = offset.saturating_add(body);
                frame.put(bytes.get(offset..end).unwrap_or_default());
            }
            Outbound::Frame(buffer) => frame.put(buffer.payload()),
        }
        self.sent = self.sent.saturating_add(body);
        u32::try_from(frame.finish()).unwrap_or(u32::MAX)
    }

    /// Whether the next frame begins a message.
    pub(crate) const fn starts(&self) -> bool {
        self.sent < self.prefix
    }

    /// The record of a frame buffer.
    pub(crate) fn into_record(self, channel: ChannelId) -> Option<alloc::vec::Vec<u8>> {
        match self.out {
            Outbound::Frame(frame) => Some(frame.into_record(channel)),
            Outbound::Message(..) | Outbound::Bytes(_) => None,
        }
    }
}

/// Total length and deadline in front of a message.
pub(crate) const PREFIX: usize = 8;
