//! Handlers of calls that came in: the first step on the vat thread, in order of arrival, the rest on the user's runtime.

use std::{
    pin::Pin,
    rc::Rc,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context as TaskContext, Poll, Waker},
};

use futures::task::AtomicWaker;
use tokio::{
    task::AbortHandle,
    time::{Instant, timeout_at},
};

use super::{
    early::Early,
    gate::Cancel,
    served::Served,
    thread::{Command, Queue},
};
use crate::{
    Context, Incoming, Outgoing, Result, Status,
    call::deadline_exceeded,
    handler::{self, Arrived, Begun},
};

/// A call that came in.
pub(super) struct Call {
    pub(super) context: Context,
    pub(super) interface_id: u64,
    pub(super) method_id: u16,
    pub(super) params: Incoming,
    pub(super) streaming: bool,
    pub(super) cancel: Rc<Cancel>,
    /// What the handler publishes before its results.
    pub(super) early: Arc<Early>,
}

/// A handler that was started.
pub(super) enum Started {
    /// It was ready at its first poll, or never ran.
    Done(Result<Outgoing>),
    Running(Running),
}

/// Starts the handler of a call. One that waits goes on in a task of the user's runtime.
pub(super) fn start(served: &Served, call: Call) -> Started {
    if call.cancel.is_set() || served.channel.is_over() {
        return Started::Done(Err(cancelled()));
    }
    let Some(skeleton) = served.skeleton() else {
        return Started::Done(Err(Status::unavailable("the object is gone")));
    };
    let deadline = call.context.deadline();
    // Whatever the handler asks of tokio is for the user's runtime, and so is the time.
    let _entered = served.channel.user.enter();
    if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
        return Started::Done(Err(deadline_exceeded()));
    }
    let arrived = Arrived {
        context: call.context,
        interface_id: call.interface_id,
        method_id: call.method_id,
        params: call.params,
    };
    let chain = served.channel.session.host().chain.as_ref();
    // Who is woken by this would be polled for nothing: the task polls once more at once.
    let mut cx = TaskContext::from_waker(Waker::noop());
    let future = match handler::begin(chain, skeleton, arrived, &mut cx) {
        Begun::Ended(outcome) => return Started::Done(outcome),
        Begun::Running(future) => future,
    };
    let slot = Arc::new(Slot {
        outcome: Mutex::new(None),
        waker: AtomicWaker::new(),
        queue: Arc::clone(served.channel.queue()),
    });
    let finisher = Finisher(Arc::clone(&slot));
    let task = served.channel.user.spawn(async move {
        let outcome = match deadline {
            Some(deadline) => timeout_at(deadline, future).await,
            None => Ok(future.await),
        };
        let outcome = outcome.unwrap_or_else(|_| Err(deadline_exceeded()));
        finisher.0.finish(outcome);
    });
    Started::Running(Running {
        slot,
        cancel: call.cancel,
        early: call.early,
        task: task.abort_handle(),
    })
}

/// The future of a handler that runs as a task. Dropping it stops the handler.
pub(super) struct Running {
    slot: Arc<Slot>,
    cancel: Rc<Cancel>,
    pub(super) early: Arc<Early>,
    task: AbortHandle,
}

impl Future for Running {
    type Output = Result<Outgoing>;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        self.slot.waker.register(cx.waker());
        if let Some(outcome) = self.slot.outcome().take() {
            return Poll::Ready(outcome);
        }
        match self.cancel.poll(cx) {
            true => Poll::Ready(Err(cancelled())),
            false => Poll::Pending,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Where the outcome of a handler waits for the vat thread.
struct Slot {
    outcome: Mutex<Option<Result<Outgoing>>>,
    waker: AtomicWaker,
    queue: Arc<Queue>,
}

impl Slot {
    fn outcome(&self) -> MutexGuard<'_, Option<Result<Outgoing>>> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn finish(&self, outcome: Result<Outgoing>) {
        self.outcome().get_or_insert(outcome);
        if let Some(waker) = self.waker.take() {
            // Through the queue, so that one wake-up of the thread serves all that ends meanwhile.
            self.queue.push(Command::Wake(waker));
        }
    }
}

/// Ends a call even when its task is dropped: with its runtime, for one.
struct Finisher(Arc<Slot>);

impl Drop for Finisher {
    fn drop(&mut self) {
        // Nothing happens when the handler has ended.
        self.0.finish(Err(cancelled()));
    }
}

/// How a call ends whose caller has given up. Nobody reads it.
pub(super) fn cancelled() -> Status {
    Status::cancelled("the call was cancelled")
}
