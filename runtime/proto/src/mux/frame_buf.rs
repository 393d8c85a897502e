//! A bulk frame that is never copied.

use alloc::vec::Vec;
use core::fmt;

use crate::frame::{ChannelId, HEADER, Kind, MAX_PAYLOAD, header, padding};

/// A buffer laid out as a whole record with one Data frame: the payload is read into its place, and the record is sealed and
/// written from there.
#[derive(Clone)]
pub struct FrameBuf {
    /// `[2 record length][8 frame header][payload]`, with room for padding and tag.
    bytes: Vec<u8>,
}

impl FrameBuf {
    /// A buffer with room for the largest frame.
    #[must_use]
    pub fn new() -> Self {
        let mut bytes = Vec::with_capacity(CAPACITY);
        bytes.resize(PAYLOAD, 0);
        Self { bytes }
    }

    /// A buffer that holds a copy of the first [`MAX_PAYLOAD`] bytes of `payload`.
    #[must_use]
    pub fn copy_of(payload: &[u8]) -> Self {
        let mut buffer = Self::new();
        let payload = payload.get(..MAX_PAYLOAD).unwrap_or(payload);
        buffer.bytes.extend_from_slice(payload);
        buffer
    }

    /// The payload to fill, of `len` bytes or [`MAX_PAYLOAD`] if that is less.
    ///
    /// Bytes that were there stay; what the caller does not overwrite is sent as it is.
    #[must_use]
    pub fn payload_mut(&mut self, len: usize) -> &mut [u8] {
        let end = len.min(MAX_PAYLOAD).saturating_add(PAYLOAD);
        self.bytes.resize(end, 0);
        self.bytes.get_mut(PAYLOAD..).unwrap_or_default()
    }

    /// Cuts the payload to `len` bytes, when less was read than asked for.
    pub fn truncate(&mut self, len: usize) {
        self.bytes.truncate(len.saturating_add(PAYLOAD));
    }

    /// The payload.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        self.bytes.get(PAYLOAD..).unwrap_or_default()
    }

    /// Makes a frame buffer of a record that is not needed any more.
    pub(crate) fn recycle(mut record: Vec<u8>) -> Self {
        record.reserve(CAPACITY.saturating_sub(record.len()));
        if record.len() < PAYLOAD {
            record.resize(PAYLOAD, 0);
        }
        Self { bytes: record }
    }

    /// The record: header filled in, payload padded, length still to be written by the sealer.
    pub(crate) fn into_record(mut self, channel: ChannelId) -> Vec<u8> {
        let payload = self.payload().len();
        // The payload has at most MAX_PAYLOAD bytes, which fits.
        let length = u16::try_from(payload).unwrap_or(u16::MAX);
        let [h0, h1, h2, h3, h4, h5, h6, h7] = header(channel.to_u32(), Kind::Data, 0, length);
        if let Some(front) = self.bytes.first_chunk_mut::<PAYLOAD>() {
            *front = [0, 0, h0, h1, h2, h3, h4, h5, h6, h7];
        }
        let end = self.bytes.len().saturating_add(padding(payload));
        self.bytes.resize(end, 0);
        self.bytes
    }
}

impl Default for FrameBuf {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for FrameBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameBuf")
            .field("payload", &self.payload().len())
            .finish()
    }
}

/// Where the payload starts.
const PAYLOAD: usize = 2 + HEADER;
/// Record length, largest plaintext, tag.
const CAPACITY: usize = 2 + 65_519 + 16;
