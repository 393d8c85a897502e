//! What a connection tells the application.

use bytes::Bytes;

use super::ChannelError;
use crate::frame::{ChannelId, CloseCode, GoodbyeCode, Mode};

/// What happened on a connection.
///
/// After [`Broken`](Self::Broken), after [`Closed`](Self::Closed) with a code other than 0, and after the application
/// itself reset a channel, no further event is made for it; data events that were queued before still come out.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Event {
    /// The peer opened a channel. Answer with `accept` or `close`; data may already follow.
    Opened {
        /// The channel.
        channel: ChannelId,
        /// Cap'n Proto ID of the interface the peer asks for.
        interface_id: u64,
        /// How the channel's data is cut.
        mode: Mode,
        /// For the service.
        extra: Bytes,
    },
    /// The peer accepted our channel.
    Accepted {
        /// The channel.
        channel: ChannelId,
        /// From the service.
        extra: Bytes,
    },
    /// A whole message, on a channel in messages mode.
    Message {
        /// The channel.
        channel: ChannelId,
        /// The message in stream framing, starting 8-aligned when the record did.
        message: Bytes,
        /// Time the caller gives, in milliseconds; 0: no deadline.
        deadline_ms: u32,
        /// To be handed to `consume`.
        cost: u32,
    },
    /// Bytes, on a channel in bytes mode.
    Data {
        /// The channel.
        channel: ChannelId,
        /// The bytes.
        payload: Bytes,
        /// To be handed to `consume`.
        cost: u32,
    },
    /// The peer sent its Close. Code 0: its data ends here and ours may go on; any other: the channel is gone.
    Closed {
        /// The channel.
        channel: ChannelId,
        /// Why.
        code: CloseCode,
        /// From the peer's application.
        extra: Bytes,
    },
    /// The peer broke the rules of the channel, which we reset.
    Broken {
        /// The channel.
        channel: ChannelId,
        /// How.
        error: ChannelError,
    },
    /// The queue of a channel fell to the low-water mark after it was over it.
    Writable {
        /// The channel.
        channel: ChannelId,
    },
    /// The peer answered our Ping.
    Pong(u64),
    /// The peer ends the session.
    Goodbye(GoodbyeCode),
}
