//! What a peer can do wrong with frames.

use super::{ChannelId, Kind};

/// Why the session must end. Every variant is the peer's fault.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FrameError {
    /// The record is empty or ends inside a frame header.
    #[error("record ends inside a frame header")]
    Truncated,
    /// The length field exceeds [`MAX_PAYLOAD`](super::MAX_PAYLOAD).
    #[error("frame announces {length} bytes, more than a record holds")]
    TooLong {
        /// The length field.
        length: u16,
    },
    /// The frame, with its padding, goes past the end of its record.
    #[error("frame of {length} bytes goes past its record")]
    BeyondRecord {
        /// The length field.
        length: u16,
    },
    /// A kind that this version does not know.
    #[error("unknown frame kind {kind:#04x}")]
    UnknownKind {
        /// The kind field.
        kind: u8,
    },
    /// A flag that the kind does not have.
    #[error("unknown flags {flags:#04x} on a frame of kind {kind:?}")]
    UnknownFlags {
        /// The kind.
        kind: Kind,
        /// The flags field.
        flags: u8,
    },
    /// Padding that is not zero.
    #[error("padding is not zero")]
    Padding,
    /// A length that the kind does not allow; also a Data frame without data.
    #[error("frame of kind {kind:?} with {length} bytes")]
    WrongLength {
        /// The kind.
        kind: Kind,
        /// The length field.
        length: u16,
    },
    /// Reserved bytes that are not zero.
    #[error("reserved bytes are not zero in a frame of kind {kind:?}")]
    NotZero {
        /// The kind.
        kind: Kind,
    },
    /// A session frame on a channel, or a channel frame on logical channel 0.
    #[error("frame of kind {kind:?} on channel {channel:#010x}")]
    WrongChannel {
        /// The kind.
        kind: Kind,
        /// The channel field.
        channel: u32,
    },
    /// An Open whose number claims that the receiver opened it.
    #[error("open of {channel} with the side of the receiver")]
    WrongSide {
        /// The channel.
        channel: ChannelId,
    },
    /// An Open of a number that is open.
    #[error("open of {channel}, which is open")]
    AlreadyOpen {
        /// The channel.
        channel: ChannelId,
    },
    /// A frame on a number that is not open.
    #[error("frame of kind {kind:?} on {channel}, which is not open")]
    NotOpen {
        /// The kind.
        kind: Kind,
        /// The channel.
        channel: ChannelId,
    },
    /// An Accept of a channel that was accepted before or that the peer opened itself.
    #[error("unexpected accept of {channel}")]
    UnexpectedAccept {
        /// The channel.
        channel: ChannelId,
    },
    /// Accept, Data or Close behind the peer's own Close.
    #[error("frame of kind {kind:?} on {channel} behind its close")]
    AfterClose {
        /// The kind.
        kind: Kind,
        /// The channel.
        channel: ChannelId,
    },
    /// A Credit of nothing.
    #[error("credit of 0")]
    ZeroCredit,
    /// Credit beyond 2^31 − 1. No channel: the session's.
    #[error("credit goes beyond 2^31 - 1")]
    CreditOverflow {
        /// The channel, or `None` for the session.
        channel: Option<ChannelId>,
    },
    /// More data than the peer had credit for. No channel: the session's.
    #[error("data exceeds the credit")]
    CreditExceeded {
        /// The channel, or `None` for the session.
        channel: Option<ChannelId>,
    },
    /// More channels than can be refused.
    #[error("too many channels wait to be closed by the peer")]
    TooManyChannels,
    /// More frames of a kind that costs us work than the traffic explains.
    #[error("flood of frames, last of kind {kind:?}")]
    Flood {
        /// The kind of the frame that was one too many.
        kind: Kind,
    },
    /// A second Ping before the answer to the first left.
    #[error("ping before the last one was answered")]
    PingFlood,
    /// A Pong that answers no Ping of ours.
    #[error("unexpected pong")]
    UnexpectedPong,
    /// A frame behind Goodbye.
    #[error("frame of kind {kind:?} behind goodbye")]
    AfterGoodbye {
        /// The kind.
        kind: Kind,
    },
}
