//! [`Fault`]: why a service channel has to be reset by this side.

use dsoftbus_proto::{
    frame::CloseCode,
    message::{ExceptionKind, MessageError},
    mux,
    rpc::level0::{RemoteError, RpcError},
};
use thiserror::Error;

use crate::Status;

/// Why a service channel has to be reset by this side.
#[derive(Debug, Error)]
pub(crate) enum Fault {
    /// The peer broke the rules of RPC, or said that it gives up.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// The peer sent what is no message.
    #[error("malformed message: {0}")]
    Malformed(#[from] MessageError),
    /// The peer broke the rules of the channel, and the multiplexer has reset it.
    #[error(transparent)]
    Broken(#[from] mux::ChannelError),
    /// More bytes of messages wait than a channel may hold.
    #[error("too many bytes of messages wait")]
    Waiting,
    /// More bytes of messages wait in streams than a session may hold.
    #[error("too many bytes of unfinished messages")]
    Streams,
}

impl Fault {
    /// The peer gives up, and says why.
    pub(crate) fn aborted(error: &RemoteError) -> Self {
        let reason = match error {
            RemoteError::Exception { reason, .. } => reason.clone(),
            other => other.to_string(),
        };
        let kind = error.kind();
        RpcError::Aborted { kind, reason }.into()
    }

    /// What the peer is told.
    pub(crate) fn close_code(&self) -> CloseCode {
        match self {
            // How stock Cap'n Proto peers say goodbye.
            Self::Rpc(RpcError::Aborted {
                kind: ExceptionKind::Disconnected,
                ..
            }) => CloseCode::CANCELLED,
            Self::Rpc(_) | Self::Malformed(_) => CloseCode::PROTOCOL_ERROR,
            Self::Broken(error) => error.close_code(),
            Self::Waiting | Self::Streams => CloseCode::RESOURCE_LIMIT,
        }
    }

    /// What the callers on this side are told.
    pub(crate) fn to_status(&self) -> Status {
        match self {
            Self::Rpc(RpcError::Aborted { kind, reason }) => {
                Status::from_remote(&RemoteError::Exception {
                    kind: *kind,
                    reason: reason.clone(),
                })
            }
            _ if self.close_code() == CloseCode::RESOURCE_LIMIT => {
                Status::resource_exhausted(format!("the channel was reset: {self}"))
            }
            _ => Status::internal(format!("the channel was reset: {self}")),
        }
    }
}
