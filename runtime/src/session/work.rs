//! What the session's core leaves to the driver: calls to start, channels to hand over, and [`Work`] to do without the lock.

use std::{sync::Arc, task::Waker};

use bytes::Bytes;
use dsoftbus_proto::rpc::level0::AnswerId;
use tokio::{task::AbortHandle, time::Instant};

use super::key::ChannelKey;
use crate::{Skeleton, vat::Link};

/// A call that the peer made and whose handler has not started.
pub(crate) struct InboundCall {
    pub(crate) channel: ChannelKey,
    pub(crate) answer: AnswerId,
    pub(crate) interface_id: u64,
    pub(crate) method_id: u16,
    pub(crate) params: dsoftbus_proto::message::Incoming,
    pub(crate) deadline: Option<Instant>,
}

/// A byte channel that the peer opened and that no one has accepted yet.
pub(crate) struct NewStream {
    pub(crate) channel: ChannelKey,
    pub(crate) extra: Bytes,
}

/// A level 1 channel that the peer opened and that the vat thread does not know yet.
pub(crate) struct NewVat {
    pub(crate) channel: ChannelKey,
    pub(crate) link: Arc<Link>,
    pub(crate) skeleton: Arc<dyn Skeleton>,
}

/// What is left to do once the lock is released.
#[derive(Default)]
pub(crate) struct Work {
    pub(crate) wakers: Vec<Waker>,
    pub(crate) aborts: Vec<AbortHandle>,
    pub(crate) streams: Vec<NewStream>,
    pub(crate) vats: Vec<NewVat>,
    /// Level 1 channels with news for the vat thread.
    links: Vec<Arc<Link>>,
}

impl Work {
    /// Notes that the vat thread has to look at a channel.
    pub(crate) fn notify(&mut self, link: &Arc<Link>) {
        let last = self.links.last();
        if !last.is_some_and(|last| Arc::ptr_eq(last, link)) {
            self.links.push(Arc::clone(link));
        }
    }

    /// Wakes callers and stops handlers. Must run without the lock: whoever is woken may come back for it at once.
    pub(crate) fn finish(&mut self) {
        // Nearly always there is nothing but wakers, and often not even those.
        if !self.wakers.is_empty() {
            self.wakers.drain(..).for_each(Waker::wake);
        }
        if !self.aborts.is_empty() {
            self.aborts.drain(..).for_each(|handler| handler.abort());
        }
        if !self.links.is_empty() {
            self.links.drain(..).for_each(|link| link.notify());
        }
    }
}
