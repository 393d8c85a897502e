//! [`Call`]: one call as a value.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context as TaskContext, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

use crate::{
    Capability, Context, MethodDescriptor, Result, Status,
    capability::Route,
    handler::{self, Arrived},
    intercept::{self, Reply},
    message::{Incoming, Outgoing},
    promised::{self, Answer},
    session::CallSlot,
    vat::{Early, Question, VatCall},
};

/// Time that a call may take unless [`Call::timeout`] says otherwise.
///
/// Long enough for a slow device, short enough that a lost reply is noticed. No call waits for ever: a peer that
/// never answers would hold the caller's memory.
pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(10);

/// Promises that may resolve to one another before a call fails. More are only met where they lead in circles.
const MAX_HOPS: usize = 64;

/// Longest time that a call may take: what the milliseconds on the wire can say, 49 days.
const LONGEST: Duration = Duration::from_millis(u32::MAX as u64);

/// One call: a future of its result, with options.
///
/// ```ignore
/// let greeting = greeter.hello("bus").timeout(Duration::from_millis(200)).await?;
/// ```
///
/// # Cancel safety
///
/// Dropping a call that was polled cancels it: the peer is told and drops its handler.
#[must_use = "a call does nothing until it is awaited"]
pub struct Call<T> {
    raw: RawCall,
    decode: fn(&Incoming) -> Result<T>,
    /// Where the value is in the results, in pointers: calls on what is inside it are pipelined there.
    path: &'static [u16],
}

impl<T> Call<T> {
    /// A call whose results `decode` reads.
    #[doc(hidden)]
    pub fn new(raw: RawCall, decode: fn(&Incoming) -> Result<T>, path: &'static [u16]) -> Self {
        Self { raw, decode, path }
    }

    /// Sets how long the call may take until its result: at most 49 days. The time travels with the call. It begins when the call is first
    /// polled; on the way to another device when the session takes it up, which is next unless handlers of this process hold it up.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.raw = self.raw.timeout(timeout);
        self
    }

    /// Lets the call take no longer than the one that is being answered: for handlers that call on.
    pub fn within(mut self, cx: &Context) -> Self {
        self.raw = self.raw.within(cx);
        self
    }

    /// The call without decoding: its future gives the results as they came, to be read through capnpc's readers without a copy.
    pub fn raw(self) -> RawCall {
        self.raw
    }

    /// Starts the call, and gives the capabilities in its results before they are there. Calls on them are sent at once: the peer
    /// starts them when it has answered this one, without a round trip.
    ///
    /// The call itself may be awaited as well, or dropped: what is pipelined on it keeps it alive.
    pub fn pipeline(&mut self) -> T::Pipeline
    where
        T: Pipelined,
    {
        T::Pipeline::from(self.raw.pipeline(self.path))
    }
}

/// A result that has capabilities in it, which calls may use before it is there.
#[diagnostic::on_unimplemented(
    message = "the results of this call hold no capability to pipeline calls on"
)]
pub trait Pipelined {
    /// The capabilities in it.
    type Pipeline: From<Pipeline>;
}

/// Results that are not there yet.
#[derive(Clone)]
pub struct Pipeline {
    source: Source,
    path: Vec<u16>,
}

#[derive(Clone)]
enum Source {
    Answer(Answer),
    /// A call that the vat thread makes: what is pipelined on it leaves with it.
    Vat(Arc<Question>),
    Failed(Status),
}

impl Pipeline {
    /// What the pointer at `place` of this struct leads to.
    #[must_use]
    pub fn field(&self, place: u16) -> Self {
        let mut field = self.clone();
        field.path.push(place);
        field
    }

    /// The capability that is here.
    #[must_use]
    pub fn capability(&self) -> Capability {
        let route = match &self.source {
            Source::Answer(answer) => promised(answer, &self.path),
            Source::Vat(question) => Route::Vat(question.pipelined(&self.path)),
            Source::Failed(status) => promised(&promised::failed(status.clone()), &self.path),
        };
        route.into()
    }
}

fn promised(answer: &Answer, path: &[u16]) -> Route {
    Route::Promised(Arc::new(answer.promised(path)))
}

impl From<Pipeline> for Capability {
    fn from(pipeline: Pipeline) -> Self {
        pipeline.capability()
    }
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// A call of which only the messages are known: see [`Call::raw`].
#[must_use = "a call does nothing until it is awaited"]
pub struct RawCall {
    state: State,
    timeout: Duration,
    /// Where a handler in this process hands out capabilities before its results.
    early: Option<Arc<Early>>,
    /// Promises that led to the target.
    hops: usize,
}

/// Which method is called.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Method {
    pub(crate) interface_id: u64,
    pub(crate) ordinal: u16,
    /// Absent when a call is handed on by somebody who does not know the interface.
    pub(crate) descriptor: Option<&'static MethodDescriptor>,
}

impl From<&'static MethodDescriptor> for Method {
    fn from(descriptor: &'static MethodDescriptor) -> Self {
        Self {
            interface_id: descriptor.interface_id,
            ordinal: descriptor.ordinal,
            descriptor: Some(descriptor),
        }
    }
}

enum State {
    Built {
        target: Capability,
        method: Method,
        params: Outgoing,
    },
    Remote(CallSlot),
    /// One that the vat thread makes.
    Vat {
        call: VatCall,
        expiry: Pin<Box<Sleep>>,
    },
    /// A call in this process, or one that goes through interceptors.
    Running {
        future: Running,
        expiry: Pin<Box<Sleep>>,
    },
    /// One that others are pipelined on.
    Shared {
        answer: Answer,
        expiry: Pin<Box<Sleep>>,
    },
    Failed(Status),
    Done,
}

type Running = Pin<Box<dyn Future<Output = Result<Incoming>> + Send>>;

impl RawCall {
    pub(crate) fn new(target: Capability, method: Method, params: Outgoing) -> Self {
        Self {
            state: State::Built {
                target,
                method,
                params,
            },
            timeout: DEFAULT_DEADLINE,
            early: None,
            hops: 0,
        }
    }

    /// A call that fails with `status` at its first poll: its parameters cannot be encoded.
    #[doc(hidden)]
    pub fn failed(status: Status) -> Self {
        Self {
            state: State::Failed(status),
            timeout: DEFAULT_DEADLINE,
            early: None,
            hops: 0,
        }
    }

    /// As [`Call::timeout`].
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout.min(LONGEST);
        self
    }

    /// As [`Call::within`].
    pub fn within(mut self, cx: &Context) -> Self {
        if let Some(remaining) = cx.remaining() {
            self.timeout = self.timeout.min(remaining);
        }
        self
    }

    /// The same call, of what so many promises have led to.
    pub(crate) fn after(mut self, hops: usize) -> Self {
        self.hops = hops;
        self
    }

    fn poll_message(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<Incoming>> {
        loop {
            let (answered, expiry) = match &mut self.state {
                State::Built { .. } => {
                    self.start(cx)?;
                    continue;
                }
                State::Remote(slot) => return slot.poll(cx).map_ok(Incoming::from),
                State::Vat { call, expiry } => (call.poll(cx), expiry),
                State::Running { future, expiry } => (future.as_mut().poll(cx), expiry),
                State::Shared { answer, expiry } => (answer.poll(cx), expiry),
                State::Failed(status) => return Poll::Ready(Err(status.clone())),
                State::Done => {
                    return Poll::Ready(Err(Status::internal("a finished call was polled again")));
                }
            };
            if answered.is_ready() {
                return answered;
            }
            return match expiry.as_mut().poll(cx) {
                Poll::Ready(()) => Poll::Ready(Err(deadline_exceeded())),
                Poll::Pending => Poll::Pending,
            };
        }
    }

    fn start(&mut self, cx: &mut TaskContext<'_>) -> Result<()> {
        // In place, as nearly all calls start: moving them costs more than the rest.
        if let State::Built { target, params, .. } = &mut self.state
            && self.hops <= MAX_HOPS
            && let Some(channel) = target.take_remote()
        {
            self.state = State::Remote(channel.begin(params, self.timeout, cx.waker())?);
            return Ok(());
        }
        let State::Built {
            target,
            method,
            params,
        } = std::mem::replace(&mut self.state, State::Done)
        else {
            return Ok(());
        };
        let (route, chain) = target.into_parts();
        let deadline = Instant::now() + self.timeout;
        let early = self.early.take();
        let hops = self.hops;
        self.state = match (route, chain) {
            _ if hops > MAX_HOPS => State::Failed(Status::data_loss(
                "a promise of a capability leads in circles",
            )),
            (Route::Null, None) => State::Failed(null_capability()),
            (Route::Vat(import), None) => State::Vat {
                call: import.begin(method, params, deadline, false)?,
                expiry: Box::pin(sleep_until(deadline)),
            },
            (route, chain) => State::Running {
                future: match chain {
                    None => run(route, method, params, deadline, early, hops),
                    Some(chain) => {
                        let peer = Capability::from(route.clone()).peer();
                        let context = Context::new(peer, None, method.descriptor, Some(deadline));
                        let called = intercept::run(chain, context, move |_| {
                            let call = run(route, method, params, deadline, early, hops);
                            Box::pin(async move { call.await.map(Reply::from) })
                        });
                        Box::pin(async move { called.await.map(Reply::into_incoming) })
                    }
                },
                expiry: Box::pin(sleep_until(deadline)),
            },
        };
        Ok(())
    }

    /// Starts a call that the vat thread makes, which keeps the results for those that are pipelined on them.
    fn start_kept(&mut self) {
        let State::Built {
            target,
            method,
            params,
        } = &mut self.state
        else {
            return;
        };
        let (Route::Vat(import), true) = (target.route(), target.is_plain()) else {
            return;
        };
        let deadline = Instant::now() + self.timeout;
        let params = std::mem::replace(params, Outgoing::results(0));
        self.state = match import.begin(*method, params, deadline, true) {
            Ok(call) => State::Vat {
                call,
                expiry: Box::pin(sleep_until(deadline)),
            },
            Err(status) => State::Failed(status),
        };
    }

    /// Starts the call and lets others be pipelined on its results.
    fn pipeline(&mut self, path: &[u16]) -> Pipeline {
        let pipeline = |source| Pipeline {
            source,
            path: path.to_vec(),
        };
        self.start_kept();
        let expiry = match &self.state {
            State::Shared { answer, .. } => return pipeline(Source::Answer(answer.clone())),
            State::Vat { call, .. } if call.is_kept() => {
                return pipeline(Source::Vat(Arc::clone(call.question())));
            }
            State::Failed(status) => return pipeline(Source::Failed(status.clone())),
            _ => Box::pin(sleep_until(Instant::now() + self.timeout)),
        };
        let early = Early::local();
        let started = Self {
            state: std::mem::replace(&mut self.state, State::Done),
            timeout: self.timeout,
            early: Some(Arc::clone(&early)),
            hops: self.hops,
        };
        let results = async move { started.await.map(Incoming::share) };
        let answer = Answer::with_early(results, early);
        self.state = State::Shared {
            answer: answer.clone(),
            expiry,
        };
        pipeline(Source::Answer(answer))
    }
}

/// A call of an object in this process, or one that starts when it is known where to.
fn run(
    route: Route,
    method: Method,
    params: Outgoing,
    deadline: Instant,
    early: Option<Arc<Early>>,
    hops: usize,
) -> Running {
    match route {
        Route::Local(skeleton) => {
            let mut context = Context::new(None, None, method.descriptor, Some(deadline));
            if let Some(early) = early {
                context = context.with_early(early);
            }
            let call = Arrived {
                context,
                interface_id: method.interface_id,
                method_id: method.ordinal,
                params: Incoming::from(params),
            };
            let answer = handler::call(skeleton.as_ref(), call);
            Box::pin(async move { answer.await.map(Incoming::from) })
        }
        Route::Promised(promised) => Box::pin(promised.call(method, params, deadline, hops)),
        Route::Null | Route::Remote(_) | Route::Vat(_) => {
            let left = deadline.saturating_duration_since(Instant::now());
            let call = RawCall::new(route.into(), method, params).timeout(left);
            Box::pin(call)
        }
    }
}

impl Future for RawCall {
    type Output = Result<Incoming>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let polled = self.poll_message(cx);
        if polled.is_ready() {
            self.state = State::Done;
        }
        polled
    }
}

impl fmt::Debug for RawCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawCall")
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

impl<T> Future for Call<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let Poll::Ready(result) = Pin::new(&mut self.raw).poll(cx) else {
            return Poll::Pending;
        };
        Poll::Ready(result.and_then(|message| (self.decode)(&message)))
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("timeout", &self.raw.timeout)
            .finish_non_exhaustive()
    }
}

pub(crate) fn deadline_exceeded() -> Status {
    Status::deadline_exceeded("the call did not finish in time")
}

/// How calls of nothing fail.
pub(crate) fn null_capability() -> Status {
    Status::failed_precondition("the capability is null")
}
