//! What can go wrong: with the channel, with one call, before a call.

use alloc::string::String;

use super::{MAX_BOOTSTRAPS, MAX_CAPABILITIES, MAX_IN_FLIGHT, MAX_QUESTIONS, MAX_UNIMPLEMENTED};
use crate::message::{ExceptionKind, MAX_MESSAGE};
use crate::rpc::reason::{self, Code};

/// Why a channel cannot go on. Every variant but [`Aborted`](Self::Aborted) is the peer's fault and was answered with an Abort,
/// which is the last message that `poll_outgoing` gives.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RpcError {
    /// Not a message of `rpc.capnp`, or over a reading limit.
    #[error("malformed message: {kind}")]
    Malformed {
        /// What Cap'n Proto found.
        kind: capnp::ErrorKind,
    },
    /// The peer gave up on the channel. It gets no Abort in return.
    #[error("aborted by peer: {reason}")]
    Aborted {
        /// Type of the peer's exception.
        kind: ExceptionKind,
        /// The peer's text.
        reason: String,
    },
    /// A question with the ID of one that is not finished.
    #[error("question {question} is in use")]
    QuestionInUse {
        /// The ID.
        question: u32,
    },
    /// A Return for a question that was not asked or is answered.
    #[error("return for unknown question {question}")]
    UnknownQuestion {
        /// The ID.
        question: u32,
    },
    /// A Call or Release of a capability that the peer does not hold.
    #[error("unknown export {export}")]
    UnknownExport {
        /// The ID.
        export: u32,
    },
    /// More references released than were given.
    #[error("export {export} released below zero")]
    ReleaseUnderflow {
        /// The ID.
        export: u32,
    },
    /// More references of a capability than can be counted.
    #[error("too many references of export {export}")]
    TooManyReferences {
        /// The ID.
        export: u32,
    },
    /// A Return that points elsewhere, which nobody asked for, or of an unknown sort.
    #[error("unexpected return of sort {sort}")]
    UnexpectedReturn {
        /// Tag of the union in Return.
        sort: u16,
    },
    /// A Disembargo of something that does not loop back.
    #[error("disembargo without an embargo")]
    UnexpectedDisembargo,
    /// The peer does not implement a message that every peer has to.
    #[error("peer lacks a required message")]
    NotImplemented,
    /// More unfinished Bootstraps than [`MAX_BOOTSTRAPS`].
    #[error("more than {MAX_BOOTSTRAPS} unfinished bootstraps")]
    TooManyBootstraps,
    /// More than twice [`MAX_IN_FLIGHT`] calls.
    #[error("more than twice {MAX_IN_FLIGHT} calls in flight")]
    TooManyCalls,
    /// A message with more than [`MAX_CAPABILITIES`].
    #[error("{count} capabilities in a message, at most {MAX_CAPABILITIES} are taken")]
    TooManyCapabilities {
        /// Length of the table.
        count: u32,
    },
    /// More than [`MAX_UNIMPLEMENTED`] messages of higher levels.
    #[error("more than {MAX_UNIMPLEMENTED} unimplemented messages")]
    TooManyUnimplemented,
    /// More answers than twice [`MAX_OUTBOX`](super::MAX_OUTBOX) wait to be sent.
    #[error("too many replies are waiting")]
    TooManyReplies,
}

impl From<capnp::Error> for RpcError {
    fn from(error: capnp::Error) -> Self {
        Self::Malformed { kind: error.kind }
    }
}

/// Why one call failed, as far as the peer told.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RemoteError {
    /// The peer returned an exception.
    #[error("{reason}")]
    Exception {
        /// Its type.
        kind: ExceptionKind,
        /// Its text; [`decode`](Self::decode) takes it apart.
        reason: String,
    },
    /// The peer says that the call was cancelled, though it was not.
    #[error("cancelled by peer")]
    Canceled,
    /// The peer does not implement calls, or not such calls.
    #[error("call not implemented by peer")]
    Unimplemented,
    /// The peer answered Bootstrap without a service.
    #[error("peer offers no service")]
    NoService,
}

impl RemoteError {
    /// The type of the exception, or the one that comes closest.
    pub fn kind(&self) -> ExceptionKind {
        match self {
            Self::Exception { kind, .. } => *kind,
            Self::Canceled => ExceptionKind::Failed,
            Self::Unimplemented | Self::NoService => ExceptionKind::Unimplemented,
        }
    }

    /// Status code, enumerant of the schema and message.
    pub fn decode(&self) -> (Code, Option<&str>, &str) {
        match self {
            Self::Exception { kind, reason } => reason::decode(*kind, reason),
            Self::Canceled => (Code::Cancelled, None, "cancelled by peer"),
            Self::Unimplemented => (Code::Unimplemented, None, "call not implemented by peer"),
            Self::NoService => (Code::Unimplemented, None, "peer offers no service"),
        }
    }
}

/// Why a call was not begun.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BeginError {
    /// The message is not a Call. The caller's mistake.
    #[error("not a call")]
    NotACall,
    /// The parameters do not fit a message.
    #[error("call of {bytes} bytes, at most {MAX_MESSAGE} are taken")]
    TooLarge {
        /// Length of the message.
        bytes: usize,
    },
    /// [`MAX_QUESTIONS`] calls are without an answer.
    #[error("more than {MAX_QUESTIONS} calls without an answer")]
    TooManyCalls,
    /// The peer refused the service.
    #[error("no service: {0}")]
    Refused(RemoteError),
    /// The channel failed.
    #[error("channel failed: {0}")]
    Failed(RpcError),
}
