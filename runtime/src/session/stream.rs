//! [`Stream`]: where the bytes of a bytes-mode service channel become messages.

use bytes::Bytes;
use dsoftbus_proto::{
    message::{Message, MessageError},
    stream::Reader,
};

/// Bytes of messages that may wait in the bytes-mode channels of a session, unfinished or behind running calls. The channel
/// that goes over it is reset.
///
/// The credit of such bytes is returned before their message is whole: without this a peer could leave 5 MiB in each of
/// 256 channels.
pub(super) const MAX_STREAMS: usize = 16 << 20;

/// Where the bytes of a bytes-mode service channel become messages.
#[derive(Default)]
pub(super) struct Stream {
    reader: Reader,
    /// What the session's sum counts for this channel. Stays 0 in messages mode.
    counted: usize,
}

impl Stream {
    pub(super) fn push(&mut self, payload: Bytes) {
        self.reader.push(payload);
    }

    pub(super) fn pull(&mut self) -> Result<Option<Message>, MessageError> {
        self.reader.pull()
    }

    /// Brings the session's `sum` up to date, where `waiting` bytes are those of whole messages.
    pub(super) fn count(&mut self, waiting: usize, sum: &mut usize) {
        let now = waiting.saturating_add(self.reader.buffered());
        *sum = sum.saturating_sub(self.counted).saturating_add(now);
        self.counted = now;
    }

    /// As [`count`](Self::count), for a channel that may be in messages mode.
    pub(super) fn recount(&mut self, waiting: usize, sum: &mut usize) {
        if self.counted > 0 {
            self.count(waiting, sum);
        }
    }

    /// Whether the session's sum counts something for this channel.
    pub(super) fn is_counted(&self) -> bool {
        self.counted > 0
    }

    /// Drops what is there.
    pub(super) fn clear(&mut self, sum: &mut usize) {
        *sum = sum.saturating_sub(self.counted);
        *self = Self::default();
    }
}
