//! [`Early`]: capabilities that a handler hands out before its results.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Waker},
};

use capnp::private::capability::ResultsHook;
use futures::task::AtomicWaker;

use super::{
    served::Served,
    thread::{Command, Queue},
};
use crate::{Incoming, Outgoing, Result};

/// What a handler publishes of its results while it goes on, so that calls pipelined on them need not wait for it.
pub(crate) struct Early {
    published: Mutex<Option<Outgoing>>,
    waker: AtomicWaker,
    /// Of the thread that has to be woken; none for a call in this process.
    queue: Option<Arc<Queue>>,
}

impl Early {
    pub(super) fn new(queue: &Arc<Queue>) -> Arc<Self> {
        Self::woken_by(Some(Arc::clone(queue)))
    }

    /// For a call in this process.
    pub(crate) fn local() -> Arc<Self> {
        Self::woken_by(None)
    }

    fn woken_by(queue: Option<Arc<Queue>>) -> Arc<Self> {
        Arc::new(Self {
            published: Mutex::new(None),
            waker: AtomicWaker::new(),
            queue,
        })
    }

    /// Publishes results of which only the capabilities count.
    pub(crate) fn publish(&self, results: Outgoing) {
        *self.slot() = Some(results);
        if let Some(waker) = self.waker.take() {
            match &self.queue {
                Some(queue) => queue.push(Command::Wake(waker)),
                None => waker.wake(),
            }
        }
    }

    /// What was published since the last look.
    pub(crate) fn poll(&self, cx: &Context<'_>) -> Option<Outgoing> {
        self.register(cx.waker());
        self.slot().take()
    }

    fn register(&self, waker: &Waker) {
        self.waker.register(waker);
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<Outgoing>> {
        self.published
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Early {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Early").finish_non_exhaustive()
    }
}

/// Lets calls that are pipelined on results start with what was published of them. The first time counts.
pub(super) fn set_pipeline(
    served: &Served,
    published: Outgoing,
    results: &mut dyn ResultsHook,
) -> Result<(), capnp::Error> {
    let content = Incoming::from(published);
    let exported = served
        .vat()
        .and_then(|vat| vat.export_all(&served.channel, content.capabilities()));
    let table = exported.map_err(|status| super::convert::to_error(&status))?;
    content.copy_to(&mut results.get()?, &table)?;
    results.set_pipeline()
}
