//! Errors of nodes and sessions. Errors of calls are [`Status`](crate::Status).

use std::io;

use dsoftbus_proto::{
    frame::{CloseCode, FrameError, GoodbyeCode},
    handshake::HandshakeError,
    identity::DeviceId,
    mux::OpenError,
    record::RecordError,
};
use thiserror::Error;

use crate::Status;

/// Why a session ended.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SessionError {
    /// This node closed the session.
    #[error("closed by this node")]
    Closed,
    /// The peer closed the session.
    #[error("closed by the peer: {0}")]
    Goodbye(GoodbyeCode),
    /// The connection ended without a Goodbye: bytes may be missing.
    #[error("the connection ended without a goodbye")]
    Truncated,
    /// The peer sent nothing for too long, not even a Pong.
    #[error("the peer is silent")]
    Silent,
    /// The peer took nothing of what was sent for 10 s.
    #[error("the peer reads nothing")]
    Stalled,
    /// The peer sent something that is not a record.
    #[error("peer misbehaved: {0}")]
    Record(#[from] RecordError),
    /// The peer sent something that is not a valid frame here.
    #[error("peer misbehaved: {0}")]
    Frame(#[from] FrameError),
    /// The connection failed.
    #[error("the connection failed: {0}")]
    Io(io::ErrorKind),
}

impl SessionError {
    /// How a call fails when its session has ended for this reason.
    pub(crate) fn to_status(&self) -> Status {
        Status::unavailable(format!("the session has ended: {self}"))
    }
}

/// Why a channel could not be opened, or ended early.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ChannelError {
    /// The peer closed the channel with a code other than "end of data".
    #[error("closed by the peer: {0}")]
    Closed(CloseCode),
    /// This device reset the channel, because of what the peer sent on it.
    #[error("reset by this device: {0}")]
    Reset(CloseCode),
    /// There can be no such channel.
    #[error("cannot be opened: {0}")]
    Invalid(OpenError),
    /// This session has no number left for the channel.
    #[error("too many channels")]
    Exhausted,
    /// The session ended.
    #[error("the session has ended: {0}")]
    Session(#[from] SessionError),
    /// The peer did not answer in time.
    #[error("the peer did not answer in time")]
    TimedOut,
    /// This end has closed the channel already.
    #[error("the channel is closed on this side")]
    Finished,
}

impl From<ChannelError> for Status {
    fn from(error: ChannelError) -> Self {
        match error {
            ChannelError::Closed(code) => closed_status(code),
            ChannelError::Reset(code) => Self::internal(format!("the channel was reset: {code}")),
            ChannelError::Invalid(error) => Self::invalid_argument(error.to_string()),
            ChannelError::Exhausted => Self::resource_exhausted("too many channels"),
            ChannelError::Session(error) => error.to_status(),
            ChannelError::TimedOut => Self::deadline_exceeded(error.to_string()),
            ChannelError::Finished => Self::failed_precondition(error.to_string()),
        }
    }
}

/// What a close code means to a caller.
pub(crate) fn closed_status(code: CloseCode) -> Status {
    let text = format!("the peer closed the channel: {code}");
    match code {
        CloseCode::CANCELLED => Status::cancelled(text),
        CloseCode::NO_SUCH_SERVICE | CloseCode::WRONG_INTERFACE => Status::unimplemented(text),
        CloseCode::NOT_ALLOWED => Status::permission_denied(text),
        CloseCode::TOO_MANY_CHANNELS | CloseCode::RESOURCE_LIMIT => {
            Status::resource_exhausted(text)
        }
        CloseCode::DIGEST_MISMATCH => Status::data_loss(text),
        CloseCode::NO_SUCH_HANDLE => Status::not_found(text),
        CloseCode::PROTOCOL_ERROR | CloseCode::INTERNAL_ERROR => Status::internal(text),
        _ => Status::unavailable(text),
    }
}

/// Why a session could not be set up.
#[non_exhaustive]
#[derive(Debug, Error)]
pub enum ConnectError {
    /// Discovery does not know the device.
    #[error("device {0} is not announced")]
    Unknown(DeviceId),
    /// The text is neither a ticket nor a device ID.
    #[error("neither a ticket nor a device ID: {0}")]
    BadTarget(String),
    /// The ticket or announcement is not valid.
    #[error("announcement refused: {0}")]
    Announcement(#[from] dsoftbus_proto::announcement::AnnouncementError),
    /// The two devices have no cipher suite in common.
    #[error("no cipher suite in common")]
    NoCommonSuite,
    /// No address of the peer could be reached.
    #[error("cannot reach the peer: {0}")]
    Unreachable(#[source] io::Error),
    /// The connection failed during the handshake. A responder that refuses a handshake closes without a word.
    #[error("the connection failed during the handshake: {0}")]
    Io(#[source] io::Error),
    /// The peer did not prove what it had to.
    #[error("handshake refused: {0}")]
    Handshake(#[from] HandshakeError),
    /// The handshake took longer than 5 s.
    #[error("the handshake took too long")]
    TimedOut,
    /// This node was shut down.
    #[error("this node is shut down")]
    ShutDown,
    /// The identity provider cannot sign.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// Discovery failed.
    #[error(transparent)]
    Discovery(#[from] crate::discovery::DiscoveryError),
    /// This backend cannot do it (yet).
    #[error("unsupported on this backend: {0}")]
    Unsupported(&'static str),
}

/// Why a node could not start.
#[non_exhaustive]
#[derive(Debug, Error)]
pub enum StartError {
    /// Two services claim one channel.
    #[error("channel {channel:#06x} is claimed by {first} and by {second}")]
    DuplicateChannel {
        /// The logical channel ID.
        channel: u16,
        /// Interface served first.
        first: &'static str,
        /// Interface served second.
        second: &'static str,
    },
    /// A service has no channel: its interface is reached only through capabilities.
    #[error("{service} has no channel: annotate its interface with $Bus.channel(n)")]
    NoChannel {
        /// The interface.
        service: &'static str,
    },
    /// A service claims a channel below 0x10, which the protocol uses itself.
    #[error("{service} claims channel {channel:#06x}, which is reserved")]
    ReservedChannel {
        /// The logical channel ID.
        channel: u16,
        /// The interface.
        service: &'static str,
    },
    /// The address cannot be listened on.
    #[error("cannot listen: {0}")]
    Listen(#[source] io::Error),
    /// The identity provider failed.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The announcement cannot be made.
    #[error("cannot announce: {0}")]
    Announcement(#[from] dsoftbus_proto::announcement::AnnouncementError),
    /// Discovery refused the announcement.
    #[error("discovery refused the announcement: {0}")]
    Discovery(#[from] crate::discovery::DiscoveryError),
    /// This backend cannot do it (yet).
    #[error("unsupported on this backend: {0}")]
    Unsupported(&'static str),
}

/// Why an identity cannot be had or cannot sign.
#[non_exhaustive]
#[derive(Debug, Error)]
pub enum IdentityError {
    /// The key file cannot be read or made.
    #[error(transparent)]
    KeyFile(#[from] crate::keyfile::KeyFileError),
    /// The system has no randomness to give.
    #[error("no randomness: {0}")]
    Random(getrandom::Error),
    /// The provider cannot answer.
    #[error("identity provider: {0}")]
    Provider(String),
}
