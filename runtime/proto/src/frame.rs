//! Frames: what a record holds. Format: WIRE.md, "Frames".
//!
//! A [`Frame`] is typed by its kind, so a frame that decoded has a legal channel, flags, length and
//! padding. What a frame means on its channel is decided by [`mux`](crate::mux).

mod channel_id;
mod code;
mod error;

use alloc::vec::Vec;
use core::num::NonZeroU32;

pub use channel_id::{ChannelId, INSTANCES};
pub use code::{CloseCode, GoodbyeCode};
pub use error::FrameError;

/// Bytes of a frame header.
pub const HEADER: usize = 8;

/// Largest payload of one frame in bytes: with its header it fills the plaintext of one record up to the last multiple of 8.
/// A longer one would not fit any record.
pub const MAX_PAYLOAD: usize = 65_504;

/// Most bytes of frames in one record: one frame of the largest size.
pub const MAX_FRAMES: usize = 65_512;

/// Most bytes that an Open carries for the service. Without a limit opening a channel would move data past flow control.
pub const MAX_OPEN_EXTRA: usize = 1_024;

/// Most bytes that an Accept or a Close carries, for the same reason.
pub const MAX_REPLY_EXTRA: usize = 64;

/// How the data of a channel is cut.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Mode {
    /// Whole Cap'n Proto messages, each announced by a START frame.
    Messages,
    /// An ordered stream of bytes.
    Bytes,
}

/// What a frame does. The numbers are those on the wire.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Kind {
    /// Creates a channel.
    Open,
    /// Answers an Open.
    Accept,
    /// Carries data.
    Data,
    /// Allows the receiver to send more.
    Credit,
    /// Ends the sender's data or resets the channel.
    Close,
    /// Asks for a Pong.
    Ping,
    /// Answers a Ping.
    Pong,
    /// The last frame of a session.
    Goodbye,
}

/// One frame, decoded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Frame<'a> {
    /// Creates a channel.
    Open {
        /// The number, chosen by the opener.
        channel: ChannelId,
        /// How the data of the channel is cut.
        mode: Mode,
        /// Cap'n Proto ID of the interface that is asked for.
        interface_id: u64,
        /// For the service.
        extra: &'a [u8],
    },
    /// Answers an Open.
    Accept {
        /// The channel.
        channel: ChannelId,
        /// For the opener.
        extra: &'a [u8],
    },
    /// Carries data.
    Data {
        /// The channel.
        channel: ChannelId,
        /// Whether a message begins here.
        start: bool,
        /// Never empty.
        payload: &'a [u8],
    },
    /// Allows the receiver to send more.
    Credit {
        /// The channel; `None`: the whole session.
        channel: Option<ChannelId>,
        /// Bytes.
        amount: NonZeroU32,
    },
    /// Ends the sender's data or resets the channel.
    Close {
        /// The channel.
        channel: ChannelId,
        /// Why.
        code: CloseCode,
        /// For the application.
        extra: &'a [u8],
    },
    /// Asks for a Pong.
    Ping(u64),
    /// Answers a Ping.
    Pong(u64),
    /// The last frame of a session.
    Goodbye(GoodbyeCode),
}

impl<'a> Frame<'a> {
    /// Reads the frame at the front of `input` and returns it with what follows.
    ///
    /// # Errors
    ///
    /// [`FrameError`] if these bytes cannot be a frame whatever came before them.
    pub fn decode(input: &'a [u8]) -> Result<(Self, &'a [u8]), FrameError> {
        let (header, rest) = input
            .split_first_chunk::<HEADER>()
            .ok_or(FrameError::Truncated)?;
        let [c0, c1, c2, c3, kind, flags, l0, l1] = *header;
        let channel = u32::from_le_bytes([c0, c1, c2, c3]);
        let kind = Kind::from_wire(kind)?;
        if flags & !kind.flags() != 0 {
            return Err(FrameError::UnknownFlags { kind, flags });
        }
        let length = u16::from_le_bytes([l0, l1]);
        let payload_len = usize::from(length);
        if payload_len > MAX_PAYLOAD {
            return Err(FrameError::TooLong { length });
        }
        let (payload, rest) = rest
            .split_at_checked(payload_len)
            .ok_or(FrameError::BeyondRecord { length })?;
        let (padding, rest) = rest
            .split_at_checked(padding(payload_len))
            .ok_or(FrameError::BeyondRecord { length })?;
        if padding.iter().any(|byte| *byte != 0) {
            return Err(FrameError::Padding);
        }
        let frame = Self::parse(channel, kind, flags, length, payload)?;
        Ok((frame, rest))
    }

    /// Appends the frame to `out` and returns the bytes it took.
    ///
    /// A payload or extra beyond its limit is cut.
    pub fn encode(&self, out: &mut Vec<u8>) -> usize {
        match *self {
            Self::Open {
                channel,
                mode,
                interface_id,
                extra,
            } => {
                let flags = match mode {
                    Mode::Messages => 0,
                    Mode::Bytes => FLAG_BYTES,
                };
                let mut frame = FrameWriter::begin(out, channel.to_u32(), Kind::Open, flags);
                frame.put(&interface_id.to_le_bytes());
                frame.put(cut(extra, MAX_OPEN_EXTRA));
                frame.finish()
            }
            Self::Accept { channel, extra } => {
                let mut frame = FrameWriter::begin(out, channel.to_u32(), Kind::Accept, 0);
                frame.put(cut(extra, MAX_REPLY_EXTRA));
                frame.finish()
            }
            Self::Data {
                channel,
                start,
                payload,
            } => {
                let mut frame = FrameWriter::data(out, channel, start);
                frame.put(cut(payload, MAX_PAYLOAD));
                frame.finish()
            }
            Self::Credit { channel, amount } => {
                let channel = channel.map_or(SESSION, ChannelId::to_u32);
                let mut frame = FrameWriter::begin(out, channel, Kind::Credit, 0);
                frame.put(&amount.get().to_le_bytes());
                frame.finish()
            }
            Self::Close {
                channel,
                code,
                extra,
            } => {
                let mut frame = FrameWriter::begin(out, channel.to_u32(), Kind::Close, 0);
                frame.put(&code_field(code.to_u16()));
                frame.put(cut(extra, MAX_REPLY_EXTRA));
                frame.finish()
            }
            Self::Ping(nonce) => {
                let mut frame = FrameWriter::begin(out, SESSION, Kind::Ping, 0);
                frame.put(&nonce.to_le_bytes());
                frame.finish()
            }
            Self::Pong(nonce) => {
                let mut frame = FrameWriter::begin(out, SESSION, Kind::Pong, 0);
                frame.put(&nonce.to_le_bytes());
                frame.finish()
            }
            Self::Goodbye(code) => {
                let mut frame = FrameWriter::begin(out, SESSION, Kind::Goodbye, 0);
                frame.put(&code_field(code.to_u16()));
                frame.finish()
            }
        }
    }

    /// The kind of the frame.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Open { .. } => Kind::Open,
            Self::Accept { .. } => Kind::Accept,
            Self::Data { .. } => Kind::Data,
            Self::Credit { .. } => Kind::Credit,
            Self::Close { .. } => Kind::Close,
            Self::Ping(_) => Kind::Ping,
            Self::Pong(_) => Kind::Pong,
            Self::Goodbye(_) => Kind::Goodbye,
        }
    }

    fn parse(
        channel: u32,
        kind: Kind,
        flags: u8,
        length: u16,
        payload: &'a [u8],
    ) -> Result<Self, FrameError> {
        let wrong_length = FrameError::WrongLength { kind, length };
        let wrong_channel = FrameError::WrongChannel { kind, channel };
        let id = || ChannelId::from_u32(channel).ok_or(wrong_channel);
        let session = || match channel {
            SESSION => Ok(()),
            _ => Err(wrong_channel),
        };
        match kind {
            Kind::Open => {
                let channel = id()?;
                let (interface_id, extra) = payload.split_first_chunk().ok_or(wrong_length)?;
                if extra.len() > MAX_OPEN_EXTRA {
                    return Err(wrong_length);
                }
                Ok(Self::Open {
                    channel,
                    mode: match flags & FLAG_BYTES {
                        0 => Mode::Messages,
                        _ => Mode::Bytes,
                    },
                    interface_id: u64::from_le_bytes(*interface_id),
                    extra,
                })
            }
            Kind::Accept => {
                let channel = id()?;
                if payload.len() > MAX_REPLY_EXTRA {
                    return Err(wrong_length);
                }
                Ok(Self::Accept {
                    channel,
                    extra: payload,
                })
            }
            Kind::Data => {
                let channel = id()?;
                if payload.is_empty() {
                    return Err(wrong_length);
                }
                Ok(Self::Data {
                    channel,
                    start: flags & FLAG_START != 0,
                    payload,
                })
            }
            Kind::Credit => {
                let channel = match channel {
                    SESSION => None,
                    _ => Some(id()?),
                };
                let amount = payload.try_into().map_err(|_| wrong_length)?;
                let amount =
                    NonZeroU32::new(u32::from_le_bytes(amount)).ok_or(FrameError::ZeroCredit)?;
                Ok(Self::Credit { channel, amount })
            }
            Kind::Close => {
                let channel = id()?;
                let (code, extra) = payload.split_first_chunk().ok_or(wrong_length)?;
                if extra.len() > MAX_REPLY_EXTRA {
                    return Err(wrong_length);
                }
                Ok(Self::Close {
                    channel,
                    code: CloseCode::new(parse_code(kind, code)?),
                    extra,
                })
            }
            Kind::Ping | Kind::Pong => {
                session()?;
                let nonce = u64::from_le_bytes(payload.try_into().map_err(|_| wrong_length)?);
                Ok(match kind {
                    Kind::Ping => Self::Ping(nonce),
                    _ => Self::Pong(nonce),
                })
            }
            Kind::Goodbye => {
                session()?;
                let code = payload.try_into().map_err(|_| wrong_length)?;
                Ok(Self::Goodbye(GoodbyeCode::new(parse_code(kind, code)?)))
            }
        }
    }
}

impl Kind {
    fn from_wire(kind: u8) -> Result<Self, FrameError> {
        Ok(match kind {
            0x01 => Self::Open,
            0x02 => Self::Accept,
            0x03 => Self::Data,
            0x04 => Self::Credit,
            0x05 => Self::Close,
            0x06 => Self::Ping,
            0x07 => Self::Pong,
            0x08 => Self::Goodbye,
            _ => return Err(FrameError::UnknownKind { kind }),
        })
    }

    const fn to_wire(self) -> u8 {
        match self {
            Self::Open => 0x01,
            Self::Accept => 0x02,
            Self::Data => 0x03,
            Self::Credit => 0x04,
            Self::Close => 0x05,
            Self::Ping => 0x06,
            Self::Pong => 0x07,
            Self::Goodbye => 0x08,
        }
    }

    /// The flags this kind may carry.
    const fn flags(self) -> u8 {
        match self {
            Self::Open => FLAG_BYTES,
            Self::Data => FLAG_START,
            _ => 0,
        }
    }
}

/// Writes one frame at the end of a buffer: header first, its length once the payload is there.
#[derive(Debug)]
pub(crate) struct FrameWriter<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
}

impl<'a> FrameWriter<'a> {
    pub(crate) fn data(out: &'a mut Vec<u8>, channel: ChannelId, start: bool) -> Self {
        let flags = if start { FLAG_START } else { 0 };
        Self::begin(out, channel.to_u32(), Kind::Data, flags)
    }

    fn begin(out: &'a mut Vec<u8>, channel: u32, kind: Kind, flags: u8) -> Self {
        let start = out.len();
        out.extend_from_slice(&header(channel, kind, flags, 0));
        Self { out, start }
    }

    pub(crate) fn put(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// The buffer, for a payload that writes itself.
    pub(crate) fn payload(&mut self) -> &mut Vec<u8> {
        self.out
    }

    /// Pads the payload, fills in its length, and returns the bytes the frame took.
    pub(crate) fn finish(self) -> usize {
        let written = self.out.len().saturating_sub(self.start);
        let payload = written.saturating_sub(HEADER);
        if let Some(field) = self.out.get_mut(self.start..).and_then(length_field) {
            // Callers cut payloads to MAX_PAYLOAD, which fits.
            *field = u16::try_from(payload).unwrap_or(u16::MAX).to_le_bytes();
        }
        let padding = padding(payload);
        self.out
            .extend_from_slice(PADDING.get(..padding).unwrap_or_default());
        written.saturating_add(padding)
    }
}

/// The header of a frame.
pub(crate) fn header(channel: u32, kind: Kind, flags: u8, length: u16) -> [u8; HEADER] {
    let [c0, c1, c2, c3] = channel.to_le_bytes();
    let [l0, l1] = length.to_le_bytes();
    [c0, c1, c2, c3, kind.to_wire(), flags, l0, l1]
}

/// Zeros that follow a payload of `len` bytes.
pub(crate) const fn padding(len: usize) -> usize {
    len.wrapping_neg() % 8
}

fn length_field(frame: &mut [u8]) -> Option<&mut [u8; 2]> {
    frame.get_mut(6..8)?.try_into().ok()
}

fn code_field(code: u16) -> [u8; 8] {
    let [low, high] = code.to_le_bytes();
    [low, high, 0, 0, 0, 0, 0, 0]
}

fn parse_code(kind: Kind, field: &[u8; 8]) -> Result<u16, FrameError> {
    match *field {
        [low, high, 0, 0, 0, 0, 0, 0] => Ok(u16::from_le_bytes([low, high])),
        _ => Err(FrameError::NotZero { kind }),
    }
}

fn cut(bytes: &[u8], limit: usize) -> &[u8] {
    bytes.get(..limit).unwrap_or(bytes)
}

/// The channel of frames that concern the whole session.
const SESSION: u32 = 0;
/// Open: the channel is in bytes mode.
const FLAG_BYTES: u8 = 0x01;
/// Data: a message begins.
const FLAG_START: u8 = 0x01;
const PADDING: [u8; 7] = [0; 7];

#[cfg(test)]
mod tests;
