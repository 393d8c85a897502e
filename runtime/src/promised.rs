//! [`Promised`]: a capability in the results of a call in this process that are not there yet.

use std::{
    collections::VecDeque,
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::{Context, Poll, Waker},
};

use futures::{FutureExt as _, future::Shared};
use tokio::time::Instant;

use crate::{
    Result, Status,
    call::{Method, RawCall},
    message::{Incoming, Outgoing, SharedIncoming},
    vat::Early,
};

/// The results of a call in this process, for the call and for those pipelined on it.
#[derive(Clone)]
pub(crate) struct Answer {
    results: Results,
    /// What calls are pipelined on: the results, or what the handler hands out before.
    pipeline: Results,
    queue: Arc<Mutex<Queue>>,
}

type Results = Shared<Pin<Box<dyn Future<Output = Result<SharedIncoming>> + Send>>>;

/// Calls that wait for the results. They start in the order in which they were made, whoever is polled first.
#[derive(Default)]
struct Queue {
    waiting: VecDeque<Weak<Mutex<State>>>,
    /// Whether somebody starts one of them.
    starting: bool,
}

impl Answer {
    pub(crate) fn new(
        results: impl Future<Output = Result<SharedIncoming>> + Send + 'static,
    ) -> Self {
        let results = results.boxed().shared();
        Self {
            pipeline: results.clone(),
            results,
            queue: Arc::default(),
        }
    }

    /// Results of which the handler may hand out the capabilities before.
    pub(crate) fn with_early(
        results: impl Future<Output = Result<SharedIncoming>> + Send + 'static,
        early: Arc<Early>,
    ) -> Self {
        let mut answer = Self::new(results);
        let mut results = answer.results.clone();
        let pipeline = poll_fn(move |cx| {
            // This polls the handler, which may publish while it is polled.
            let answered = results.poll_unpin(cx);
            match early.poll(cx) {
                Some(published) => Poll::Ready(Ok(Incoming::from(published).share())),
                None => answered,
            }
        });
        answer.pipeline = pipeline.boxed().shared();
        answer
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Incoming>> {
        self.results.poll_unpin(cx).map_ok(Incoming::from)
    }

    /// The capability at `path` of the results.
    pub(crate) fn promised(&self, path: &[u16]) -> Promised {
        Promised {
            answer: self.clone(),
            path: path.to_vec(),
        }
    }

    /// Starts all calls that wait, or leaves that to whoever is at it.
    fn start(&self, results: &Incoming) {
        while let Some(next) = self.next() {
            // Whatever becomes of this one, the next may follow.
            let _done = Done(&self.queue);
            if let Some(state) = next.upgrade() {
                start(&state, results);
            }
        }
    }

    fn next(&self) -> Option<Weak<Mutex<State>>> {
        let mut queue = lock(&self.queue);
        if queue.starting {
            return None;
        }
        let next = queue.waiting.pop_front()?;
        queue.starting = true;
        Some(next)
    }
}

struct Done<'a>(&'a Mutex<Queue>);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        lock(self.0).starting = false;
    }
}

/// A capability in the results of a call in this process that are not there yet.
#[derive(Clone)]
pub(crate) struct Promised {
    answer: Answer,
    path: Vec<u16>,
}

impl Promised {
    /// Where in the results it is.
    pub(crate) fn path(&self) -> &[u16] {
        &self.path
    }

    /// Calls it once it is there.
    pub(crate) fn call(
        &self,
        method: Method,
        params: Outgoing,
        deadline: Instant,
        hops: usize,
    ) -> PromisedCall {
        let state = Arc::new(Mutex::new(State::Waiting(Box::new(Waiting {
            path: self.path.clone(),
            method,
            params,
            deadline,
            hops,
            waker: None,
        }))));
        let mut queue = lock(&self.answer.queue);
        queue.waiting.push_back(Arc::downgrade(&state));
        drop(queue);
        PromisedCall {
            driven: Some(self.answer.results.clone()),
            answer: self.answer.clone(),
            target: None,
            state,
        }
    }
}

impl PartialEq for Promised {
    fn eq(&self, other: &Self) -> bool {
        self.answer.results.ptr_eq(&other.answer.results) && self.path == other.path
    }
}

/// A call of a promise.
pub(crate) struct PromisedCall {
    answer: Answer,
    /// Once it is there: it is given once.
    target: Option<SharedIncoming>,
    /// The call that this one is pipelined on, until it has ended: it may have more to do after it has handed out its capabilities,
    /// and nobody else may be polling it.
    driven: Option<Results>,
    state: Arc<Mutex<State>>,
}

enum State {
    Waiting(Box<Waiting>),
    Started(RawCall),
    Answered(Result<Incoming>),
    /// Somebody has taken it out, to go on with it.
    Taken,
}

struct Waiting {
    path: Vec<u16>,
    method: Method,
    params: Outgoing,
    deadline: Instant,
    /// Promises that led here.
    hops: usize,
    waker: Option<Waker>,
}

impl Future for PromisedCall {
    type Output = Result<Incoming>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // Whoever has started this one: it, or another that is pipelined on the same results.
        if !matches!(*lock(&self.state), State::Waiting(_))
            && let Some(call) = &mut self.driven
            && call.poll_unpin(cx).is_ready()
        {
            self.driven = None;
        }
        let mut state = lock(&self.state);
        if let State::Waiting(waiting) = &mut *state {
            waiting.waker = Some(cx.waker().clone());
            drop(state);
            let this = &mut *self;
            let target = match this.target.clone() {
                Some(target) => target,
                None => match this.answer.pipeline.poll_unpin(cx) {
                    Poll::Ready(target) => this.target.insert(target?).clone(),
                    Poll::Pending => return Poll::Pending,
                },
            };
            this.answer.start(&target.into());
            state = lock(&self.state);
        }
        match std::mem::replace(&mut *state, State::Taken) {
            State::Answered(outcome) => Poll::Ready(outcome),
            State::Started(mut call) => {
                // Nobody else touches a call that has started.
                drop(state);
                let polled = Pin::new(&mut call).poll(cx);
                if polled.is_pending() {
                    *lock(&self.state) = State::Started(call);
                }
                polled
            }
            // Another thread starts it, or one before it, and wakes this one.
            other => {
                *state = other;
                Poll::Pending
            }
        }
    }
}

/// Starts a call whose target is there.
fn start(state: &Mutex<State>, results: &Incoming) {
    let taken = std::mem::replace(&mut *lock(state), State::Taken);
    let State::Waiting(waiting) = taken else {
        *lock(state) = taken;
        return;
    };
    let Waiting {
        path,
        method,
        params,
        deadline,
        hops,
        waker,
    } = *waiting;
    let waker = waker.unwrap_or_else(|| Waker::noop().clone());
    let next = match results.pipelined(&path) {
        Ok(target) => {
            let left = deadline.saturating_duration_since(Instant::now());
            let mut call = RawCall::new(target, method, params)
                .timeout(left)
                .after(hops + 1);
            let mut cx = Context::from_waker(&waker);
            match Pin::new(&mut call).poll(&mut cx) {
                Poll::Ready(outcome) => State::Answered(outcome),
                Poll::Pending => State::Started(call),
            }
        }
        Err(status) => State::Answered(Err(status)),
    };
    *lock(state) = next;
    waker.wake();
}

/// How a call fails that is pipelined on one which failed before it was made.
pub(crate) fn failed(status: Status) -> Answer {
    Answer::new(std::future::ready(Err(status)))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::{sync::Notify, task::yield_now};

    use super::*;
    use crate::{__private::outline, CallFuture, Capability, ServiceDescriptor, Skeleton};

    /// Method 0 answers at once, method 1 when `ready` is notified.
    struct Gated(Arc<Notify>);

    impl Skeleton for Gated {
        fn descriptor(&self) -> &'static ServiceDescriptor {
            &ServiceDescriptor {
                name: "Gated",
                channel: None,
                interface_id: 0,
                level: 1,
                methods: &[],
                extends: &[],
                schema: &[],
            }
        }

        fn call(&self, _: crate::Context, _: u64, method: u16, _: Incoming) -> CallFuture {
            let ready = Arc::clone(&self.0);
            Box::pin(async move {
                if method == 1 {
                    ready.notified().await;
                }
                Ok(Outgoing::results(0))
            })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_handler_goes_on_as_long_as_anything_pipelined_on_it_waits() {
        let ready = Arc::new(Notify::new());
        let object = Capability::local(Arc::new(Gated(Arc::clone(&ready))));
        let early = Early::local();
        let handler = {
            let early = Arc::clone(&early);
            async move {
                early.publish(outline([(&[0_u16][..], &object)])?);
                for _ in 0..5 {
                    yield_now().await;
                }
                ready.notify_one();
                std::future::pending().await
            }
        };
        let promised = Answer::with_early(handler, early).promised(&[0]);
        let call = |ordinal| {
            let method = Method {
                interface_id: 0,
                ordinal,
                descriptor: None,
            };
            let deadline = Instant::now() + Duration::from_secs(1);
            promised
                .clone()
                .call(method, Outgoing::call(0, ordinal, 0), deadline, 0)
        };
        // The first starts both, and ends.
        let both = async { futures::join!(call(0), call(1)) };
        let both = tokio::time::timeout(Duration::from_secs(1), both).await;
        let (first, second) = both.unwrap();
        assert!(first.is_ok());
        assert!(second.is_ok());
    }
}
