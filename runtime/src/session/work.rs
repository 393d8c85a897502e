//! What the session's core leaves to the driver: calls to start, streams to hand over, and [`Work`] to do without the lock.

use std::{sync::Arc, task::Waker};

use bytes::Bytes;
use dsoftbus_proto::rpc::level0::AnswerId;
use tokio::{task::AbortHandle, time::Instant};

use super::key::ChannelKey;
use crate::Skeleton;

/// A call that the peer made and whose handler has not started.
pub(crate) struct InboundCall {
    pub(crate) channel: ChannelKey,
    pub(crate) answer: AnswerId,
    pub(crate) interface_id: u64,
    pub(crate) method_id: u16,
    pub(crate) params: dsoftbus_proto::message::Incoming,
    pub(crate) deadline: Option<Instant>,
    pub(crate) skeleton: Arc<dyn Skeleton>,
}

/// A byte channel that the peer opened and that no one has accepted yet.
pub(crate) struct NewStream {
    pub(crate) channel: ChannelKey,
    pub(crate) extra: Bytes,
}

/// What is left to do once the lock is released.
#[derive(Default)]
pub(crate) struct Work {
    pub(crate) wakers: Vec<Waker>,
    pub(crate) aborts: Vec<AbortHandle>,
    pub(crate) streams: Vec<NewStream>,
}

impl Work {
    /// Wakes callers and stops handlers. Must run without the lock: whoever is woken may come back for it at once.
    pub(crate) fn finish(&mut self) {
        for waker in self.wakers.drain(..) {
            waker.wake();
        }
        for handler in self.aborts.drain(..) {
            handler.abort();
        }
    }
}
