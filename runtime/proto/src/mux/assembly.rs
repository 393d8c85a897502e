//! Messages from Data frames. Format: WIRE.md, "Messages".

use super::ChannelError;
use super::outbound::PREFIX;
use crate::buffer::Aligned;
use crate::message::MAX_MESSAGE;

/// A message of which a part has arrived.
#[derive(Debug)]
pub(crate) struct Partial {
    buffer: Aligned,
    total: usize,
    deadline_ms: u32,
    /// What its frames cost. Their credit was lent back to the peer, or a message larger than the window would never arrive.
    pub(crate) lent: u32,
}

/// The front of a START frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start<'a> {
    pub(crate) total: usize,
    pub(crate) deadline_ms: u32,
    pub(crate) body: &'a [u8],
}

impl<'a> Start<'a> {
    pub(crate) fn parse(payload: &'a [u8]) -> Result<Self, ChannelError> {
        let Some((prefix, body)) = payload.split_first_chunk::<PREFIX>() else {
            return Err(ChannelError::ShortStart {
                length: payload.len(),
            });
        };
        let [t0, t1, t2, t3, d0, d1, d2, d3] = *prefix;
        let announced = u32::from_le_bytes([t0, t1, t2, t3]);
        let total = usize::try_from(announced).unwrap_or(usize::MAX);
        if total == 0 || !total.is_multiple_of(8) || total > MAX_MESSAGE {
            return Err(ChannelError::MessageLength { total: announced });
        }
        if body.len() > total {
            return Err(ChannelError::MessageOverrun { total });
        }
        Ok(Self {
            total,
            deadline_ms: u32::from_le_bytes([d0, d1, d2, d3]),
            body,
        })
    }

    pub(crate) const fn is_whole(&self) -> bool {
        self.body.len() == self.total
    }
}

impl Partial {
    pub(crate) fn new(start: &Start<'_>, cost: u32) -> Self {
        // Sized by what arrived, not by what was announced: it grows with what the peer pays for.
        Self {
            buffer: Aligned::copy_of(start.body),
            total: start.total,
            deadline_ms: start.deadline_ms,
            lent: cost,
        }
    }

    /// Whether `payload` still belongs to this message.
    pub(crate) fn check(&self, payload: &[u8]) -> Result<(), ChannelError> {
        if self.buffer.len().saturating_add(payload.len()) > self.total {
            return Err(ChannelError::MessageOverrun { total: self.total });
        }
        Ok(())
    }

    /// Appends a frame that was checked. Returns whether the message is complete.
    pub(crate) fn append(&mut self, payload: &[u8]) -> bool {
        self.buffer.extend_from_slice(payload);
        self.buffer.len() == self.total
    }

    /// Bytes that arrived.
    pub(crate) const fn len(&self) -> usize {
        self.buffer.len()
    }

    pub(crate) fn into_message(self) -> (bytes::Bytes, u32) {
        (self.buffer.into_bytes(self.total), self.deadline_ms)
    }
}
