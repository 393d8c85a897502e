//! What can go wrong on a connection without ending it.

use crate::frame::CloseCode;

/// Why a channel was reset by us. Every variant is the peer's fault, and other channels go on.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ChannelError {
    /// Data without START while no message is under way.
    #[error("data outside a message")]
    NoStart,
    /// START while a message is under way.
    #[error("a message begins inside another")]
    StartInMessage,
    /// A START frame too short for its prefix.
    #[error("start frame of {length} bytes")]
    ShortStart {
        /// Its payload.
        length: usize,
    },
    /// A message of no bytes, not of whole words, or longer than 1 MiB.
    #[error("announced message of {total} bytes")]
    MessageLength {
        /// What the frame announces.
        total: u32,
    },
    /// More bytes than announced.
    #[error("message longer than the announced {total} bytes")]
    MessageOverrun {
        /// What was announced.
        total: usize,
    },
    /// The data ended inside a message.
    #[error("data ends inside a message")]
    MessageTruncated,
    /// Too many messages are under way at once.
    #[error("too many bytes of incomplete messages")]
    AssemblyLimit,
}

impl ChannelError {
    /// The code the channel was reset with.
    #[must_use]
    pub const fn close_code(&self) -> CloseCode {
        match self {
            Self::AssemblyLimit => CloseCode::RESOURCE_LIMIT,
            _ => CloseCode::PROTOCOL_ERROR,
        }
    }
}

/// Why a channel cannot be opened.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum OpenError {
    /// The session is over.
    #[error("the session is closed")]
    SessionClosed,
    /// Logical channel 0 is the session itself.
    #[error("logical channel 0 cannot be opened")]
    Reserved,
    /// More than 1,024 bytes for the service.
    #[error("{length} bytes for the service, at most 1024 fit")]
    ExtraTooLong {
        /// What was passed.
        length: usize,
    },
    /// [`Limits::own_channels`](super::Limits::own_channels) are open.
    #[error("too many channels are open")]
    TooManyChannels,
    /// Every instance number of the logical channel is in use.
    #[error("no free number on logical channel {logical:#06x}")]
    NumbersExhausted {
        /// The logical channel.
        logical: u16,
    },
}

/// Why data cannot be queued.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SendError {
    /// The channel is closed, was closed by us, or never was.
    #[error("the channel is closed")]
    Closed,
    /// The channel was opened by the peer and is not accepted yet.
    #[error("the channel is not accepted yet")]
    NotAccepted,
    /// Bytes on a channel in messages mode.
    #[error("bytes cannot be sent on a channel in messages mode")]
    WrongMode,
    /// A message that no peer would take.
    #[error("message of {length} bytes, at most 1 MiB can be sent")]
    TooLong {
        /// Its length.
        length: usize,
    },
}
