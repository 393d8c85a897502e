//! What an engine has to send besides calls and replies, and how it ends.

use alloc::collections::VecDeque;
use alloc::string::ToString;

use super::RpcError;
use crate::message::{ExceptionKind, Message, Outgoing};

/// Messages waiting in an engine at which it reports to be full; at twice as many the channel ends. A peer that sends but
/// never reads would otherwise grow the queue.
pub const MAX_OUTBOX: usize = 64;

/// Messages of higher levels that are answered in the life of a channel. Each answer carries a copy of the message; a
/// level 1 peer needs one or two.
pub const MAX_UNIMPLEMENTED: u8 = 8;

/// The queue, and the error after which nothing is queued.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    queue: VecDeque<Outgoing>,
    unimplemented: u8,
    failed: Option<RpcError>,
}

impl Outbox {
    pub(super) fn push(&mut self, message: Outgoing) -> Result<(), RpcError> {
        if self.queue.len() >= MAX_OUTBOX.saturating_mul(2) {
            return Err(RpcError::TooManyReplies);
        }
        self.queue.push_back(message);
        Ok(())
    }

    /// Sends a message back as not implemented.
    pub(super) fn unimplemented(&mut self, message: &Message) -> Result<(), RpcError> {
        if self.unimplemented >= MAX_UNIMPLEMENTED {
            return Err(RpcError::TooManyUnimplemented);
        }
        self.unimplemented = self.unimplemented.saturating_add(1);
        self.push(Outgoing::unimplemented(message)?)
    }

    pub(super) fn pop(&mut self) -> Option<Outgoing> {
        self.queue.pop_front()
    }

    pub(super) fn is_full(&self) -> bool {
        self.queue.len() >= MAX_OUTBOX
    }

    /// Ends the engine: an Abort is all that is left to send, unless the peer sent one.
    pub(super) fn fail(&mut self, error: &RpcError) {
        self.queue.clear();
        if !matches!(error, RpcError::Aborted { .. }) {
            self.queue
                .push_back(Outgoing::abort(ExceptionKind::Failed, &error.to_string()));
        }
        self.failed = Some(error.clone());
    }

    pub(super) fn check(&self) -> Result<(), RpcError> {
        self.failed.clone().map_or(Ok(()), Err)
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failed.is_some()
    }
}
