//! [`Lane`]: the order in which calls of one object start, and how their results leave.
//!
//! Calls start in the order in which they came. One of a stream holds back all that follow, until it has ended: so items are
//! handled one at a time, and what ends a stream does not overtake its items. When one fails, all later calls fail alike.

use std::{
    cell::RefCell,
    collections::VecDeque,
    future::poll_fn,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use capnp::{capability::Promise, private::capability::ResultsHook};
use futures::{FutureExt as _, channel::oneshot};

use super::{
    channel::Hint,
    convert::to_error,
    early,
    handlers::{self, Call, Running, Started, cancelled},
    invoke::{Hinted, message_words},
    served::Served,
};
use crate::{Incoming, Outgoing, Result, Status};

/// The order of the calls of one object.
#[derive(Default)]
pub(super) struct Lane(RefCell<State>);

#[derive(Default)]
struct State {
    /// How a call of a stream failed.
    broken: Option<capnp::Error>,
    /// Whether a call of a stream runs.
    busy: bool,
    /// Calls that wait for it.
    waiting: VecDeque<Waiting>,
}

/// A call that waits, and where its results go. Its place is empty when it was cancelled.
type Place = Rc<RefCell<Option<(Call, Box<dyn ResultsHook>)>>>;

struct Waiting {
    place: Place,
    start: oneshot::Sender<Promise<(), capnp::Error>>,
}

impl Lane {
    /// Whether a call may start at once.
    pub(super) fn is_free(&self) -> bool {
        let state = self.0.borrow();
        !state.busy && state.broken.is_none()
    }
}

/// Starts a call of an object, or lets it wait for its turn.
pub(super) fn dispatch(
    served: &Rc<Served>,
    call: Call,
    results: Box<dyn ResultsHook>,
) -> Promise<(), capnp::Error> {
    let mut state = served.lane.0.borrow_mut();
    if let Some(error) = &state.broken {
        return Promise::err(error.clone());
    }
    if !state.busy {
        drop(state);
        return begin(served, call, results);
    }
    let cancel = Rc::clone(&call.cancel);
    let place = Rc::new(RefCell::new(Some((call, results))));
    let (start, mut started) = oneshot::channel();
    state.waiting.push_back(Waiting {
        place: Rc::clone(&place),
        start,
    });
    Promise::from_future(async move {
        let started = poll_fn(|cx| match cancel.poll(cx) {
            true => Poll::Ready(None),
            false => started.poll_unpin(cx).map(Result::ok),
        });
        match started.await {
            Some(promise) => promise.await,
            None => {
                // `capnp-rpc` answers once it has its results back.
                drop(place.take());
                Err(to_error(&cancelled()))
            }
        }
    })
}

fn begin(
    served: &Rc<Served>,
    call: Call,
    results: Box<dyn ResultsHook>,
) -> Promise<(), capnp::Error> {
    let streaming = call.streaming;
    follow(served, streaming, handlers::start(served, call), results)
}

/// Goes on with a call that has started.
pub(super) fn follow(
    served: &Rc<Served>,
    streaming: bool,
    started: Started,
    mut results: Box<dyn ResultsHook>,
) -> Promise<(), capnp::Error> {
    match started {
        Started::Done(outcome) => {
            let replied = reply(served, outcome, results.as_mut());
            if let Err(error) = &replied
                && streaming
            {
                served.lane.0.borrow_mut().broken = Some(error.clone());
            }
            replied.into()
        }
        Started::Running(running) => {
            let served = Rc::clone(served);
            if streaming {
                served.lane.0.borrow_mut().busy = true;
                return Promise::from_future(Item {
                    served,
                    running,
                    results,
                    ended: false,
                });
            }
            Promise::from_future(async move {
                let mut running = running;
                let ended = poll_fn(|cx| {
                    if let Some(published) = running.early.poll(cx) {
                        let set = early::set_pipeline(&served, published, results.as_mut());
                        if let Err(error) = set {
                            tracing::debug!(%error, "capabilities were not handed out early");
                        }
                    }
                    running.poll_unpin(cx)
                });
                let outcome = ended.await;
                reply(&served, outcome, results.as_mut())
            })
        }
    }
}

/// A call of a stream that runs.
struct Item {
    served: Rc<Served>,
    running: Running,
    results: Box<dyn ResultsHook>,
    ended: bool,
}

impl Future for Item {
    type Output = capnp::Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let Poll::Ready(outcome) = this.running.poll_unpin(cx) else {
            return Poll::Pending;
        };
        let replied = reply(&this.served, outcome, this.results.as_mut());
        if let Err(error) = &replied {
            this.served.lane.0.borrow_mut().broken = Some(error.clone());
        }
        this.ended = true;
        go_on(&this.served);
        Poll::Ready(replied)
    }
}

impl Drop for Item {
    fn drop(&mut self) {
        if !self.ended {
            go_on(&self.served);
        }
    }
}

/// Starts the calls that waited, up to the next one of a stream that runs.
fn go_on(served: &Rc<Served>) {
    served.lane.0.borrow_mut().busy = false;
    loop {
        let next = {
            let mut state = served.lane.0.borrow_mut();
            if state.busy {
                return;
            }
            state.waiting.pop_front()
        };
        let Some(Waiting { place, start }) = next else {
            return;
        };
        if start.is_canceled() {
            continue;
        }
        let Some((call, results)) = place.take() else {
            continue;
        };
        let broken = served.lane.0.borrow().broken.clone();
        let promise = match broken {
            Some(error) => Promise::err(error),
            None => begin(served, call, results),
        };
        let _ = start.send(promise);
    }
}

/// Writes the results of a call.
fn reply(
    served: &Served,
    outcome: Result<Outgoing>,
    results: &mut dyn ResultsHook,
) -> capnp::Result<()> {
    let channel = &served.channel;
    let prepared = outcome.and_then(|outgoing| {
        channel.admit_results()?;
        let content = Incoming::from(outgoing);
        let vat = served.vat()?;
        let table = vat.export_all(channel, content.capabilities())?;
        let words = message_words(content.words(), table.len())?;
        Ok((content, table, words))
    });
    let (content, table, words) = prepared.map_err(|status| to_error(&status))?;
    let _hint = Hinted::new(
        channel,
        Hint {
            deadline: None,
            words,
        },
    );
    content
        .copy_to(&mut results.get()?, &table)
        .map_err(|error| {
            let text = format!("the results cannot be written: {error}");
            to_error(&Status::internal(text))
        })
}
