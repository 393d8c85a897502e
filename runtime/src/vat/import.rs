//! [`Import`]: the handle of an object that only the vat thread can reach.

use std::{
    fmt,
    sync::{
        Arc, Weak,
        atomic::{AtomicUsize, Ordering},
    },
};

use dsoftbus_proto::identity::DeviceId;
use tokio::time::Instant;

use super::{
    invoke::Invoke,
    limits::{MAX_CALLS, MAX_CALLS_WAITING},
    question::{Question, VatCall},
    thread::{Command, Queue},
};
use crate::{Outgoing, Result, Status, call::Method};

/// Which entry of the registry an [`Import`] names.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct ImportNumber(u64);

/// The handle of an object that only the vat thread can reach: an object of a peer, or what a call will return.
///
/// Two are equal when they name the same entry of the registry, which holds the object until the last clone is dropped.
#[derive(Clone)]
pub(crate) struct Import(Arc<Held>);

struct Held {
    queue: Arc<Queue>,
    number: ImportNumber,
    peer: DeviceId,
    load: Arc<Load>,
    /// The call in whose results the object will be. It goes on for as long as something is pipelined on it.
    _question: Option<Arc<Question>>,
}

impl Drop for Held {
    fn drop(&mut self) {
        // A thread that has stopped holds nothing.
        self.queue.push(Command::Release(self.number));
    }
}

impl Import {
    /// A new handle, whose entry the thread has to make.
    pub(super) fn new(
        queue: Arc<Queue>,
        peer: DeviceId,
        load: Arc<Load>,
        question: Option<Arc<Question>>,
    ) -> Self {
        let number = ImportNumber(queue.next_number());
        Self(Arc::new(Held {
            queue,
            number,
            peer,
            load,
            _question: question,
        }))
    }

    /// The device at the other end of the channel.
    pub(crate) fn peer(&self) -> DeviceId {
        self.0.peer
    }

    pub(super) fn queue(&self) -> &Arc<Queue> {
        &self.0.queue
    }

    pub(super) fn load(&self) -> &Arc<Load> {
        &self.0.load
    }

    pub(super) fn number(&self) -> ImportNumber {
        self.0.number
    }

    pub(super) fn downgrade(&self) -> WeakImport {
        WeakImport(Arc::downgrade(&self.0))
    }

    /// Starts a call. What is pipelined on it needs `keep`: its results stay on the thread for as long as the call is held.
    ///
    /// # Errors
    ///
    /// `resource_exhausted` when too many calls wait already, `unavailable` when the node has ended.
    pub(crate) fn begin(
        &self,
        method: Method,
        params: Outgoing,
        deadline: Instant,
        keep: bool,
    ) -> Result<VatCall> {
        let ticket = self.0.load.admit(params.len_bytes())?;
        let (question, answerer) = Question::new(self, keep, ticket);
        let invoke = Invoke {
            target: self.number(),
            method,
            params,
            deadline,
            question: question.number(),
            keep,
            answerer,
        };
        // Dropping the command answers the call.
        self.0.queue.push(Command::Invoke(invoke));
        Ok(VatCall::new(question))
    }
}

impl PartialEq for Import {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Import {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Import")
            .field("peer", &self.0.peer)
            .field("number", &self.0.number.0)
            .finish_non_exhaustive()
    }
}

/// A handle that does not keep its object.
pub(super) struct WeakImport(Weak<Held>);

impl WeakImport {
    pub(super) fn upgrade(&self) -> Option<Import> {
        self.0.upgrade().map(Import)
    }

    pub(super) fn is_held(&self) -> bool {
        self.0.strong_count() > 0
    }
}

/// Calls of a channel that were begun and not answered.
#[derive(Debug, Default)]
pub(super) struct Load {
    calls: AtomicUsize,
    /// Bytes of those that the thread has not looked at.
    bytes: AtomicUsize,
}

impl Load {
    fn admit(self: &Arc<Self>, bytes: usize) -> Result<Ticket> {
        let ticket = Ticket {
            load: Arc::clone(self),
            bytes,
        };
        let calls = self.calls.fetch_add(1, Ordering::Relaxed);
        let waiting = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        if calls >= MAX_CALLS {
            return Err(Status::resource_exhausted(
                "too many calls wait for an answer",
            ));
        }
        if waiting > MAX_CALLS_WAITING {
            return Err(too_much_waits());
        }
        Ok(ticket)
    }
}

/// The place of a call among those that were begun and not answered.
pub(super) struct Ticket {
    load: Arc<Load>,
    bytes: usize,
}

impl Ticket {
    /// The thread has looked at the call: from here on its bytes are counted with the channel's queue.
    pub(super) fn take_bytes(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        self.load.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.take_bytes();
        self.load.calls.fetch_sub(1, Ordering::Relaxed);
    }
}

pub(super) fn too_much_waits() -> Status {
    Status::resource_exhausted("too many calls wait for the peer to read them")
}
