//! [`Call`]: one call as a value, and [`ClientChannel`]: where it goes.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context as TaskContext, Poll},
    time::Duration,
};

use dsoftbus_proto::message::{Incoming, Outgoing};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::{
    CallFuture, Context, MethodDescriptor, Result, Skeleton, Status,
    session::{CallSlot, RpcChannel},
};

/// Time that a call may take unless [`Call::timeout`] says otherwise.
///
/// Long enough for a slow device, short enough that a lost reply is noticed. No call waits for ever: a peer that
/// never answers would hold the caller's memory.
pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(10);

/// Longest time that a call may take: what the milliseconds on the wire can say, 49 days.
const LONGEST: Duration = Duration::from_millis(u32::MAX as u64);

/// Where a client sends its calls: a channel of a session, or a service in this process.
#[derive(Clone, Debug)]
pub struct ClientChannel(Route);

#[derive(Clone)]
enum Route {
    Remote(Arc<RpcChannel>),
    Local(Arc<dyn Skeleton>),
}

impl ClientChannel {
    /// A channel that calls `skeleton` in this process: the same encoding and decoding, no session.
    pub fn local(skeleton: Arc<dyn Skeleton>) -> Self {
        Self(Route::Local(skeleton))
    }

    pub(crate) fn remote(channel: RpcChannel) -> Self {
        Self(Route::Remote(Arc::new(channel)))
    }

    /// A call of `method` with encoded `params`; `decode` reads the results. Nothing is sent before the call is polled.
    pub fn call<T>(
        &self,
        method: &'static MethodDescriptor,
        params: Outgoing,
        decode: fn(&Incoming) -> Result<T>,
    ) -> Call<T> {
        Call {
            state: State::Built {
                route: self.0.clone(),
                method,
                params,
            },
            timeout: DEFAULT_DEADLINE,
            decode,
        }
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Remote(channel) => channel.fmt(f),
            Self::Local(skeleton) => f.debug_tuple("Local").field(skeleton.descriptor()).finish(),
        }
    }
}

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
    state: State,
    timeout: Duration,
    decode: fn(&Incoming) -> Result<T>,
}

enum State {
    Built {
        route: Route,
        method: &'static MethodDescriptor,
        params: Outgoing,
    },
    Remote(CallSlot),
    Local {
        future: CallFuture,
        expiry: Pin<Box<Sleep>>,
    },
    Failed(Status),
    Done,
}

impl<T> Call<T> {
    /// A call that fails with `status` at its first poll: its parameters cannot be encoded.
    #[doc(hidden)]
    pub fn failed(status: Status) -> Self {
        Self {
            state: State::Failed(status),
            timeout: DEFAULT_DEADLINE,
            decode: |_| Err(Status::internal("a failed call has no results")),
        }
    }

    /// Sets how long the call may take, from its first poll to its result: at most 49 days. The time travels with the call.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout.min(LONGEST);
        self
    }

    fn poll_message(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<Incoming>> {
        loop {
            match &mut self.state {
                State::Built { .. } => self.start(cx)?,
                State::Remote(slot) => return slot.poll(cx),
                State::Local { future, expiry } => {
                    if let Poll::Ready(result) = future.as_mut().poll(cx) {
                        return Poll::Ready(result.map(Incoming::from));
                    }
                    return match expiry.as_mut().poll(cx) {
                        Poll::Ready(()) => Poll::Ready(Err(deadline_exceeded())),
                        Poll::Pending => Poll::Pending,
                    };
                }
                State::Failed(status) => return Poll::Ready(Err(status.clone())),
                State::Done => {
                    return Poll::Ready(Err(Status::internal("a finished call was polled again")));
                }
            }
        }
    }

    fn start(&mut self, cx: &mut TaskContext<'_>) -> Result<()> {
        let State::Built {
            route,
            method,
            params,
        } = std::mem::replace(&mut self.state, State::Done)
        else {
            return Ok(());
        };
        let deadline = Instant::now() + self.timeout;
        self.state = match route {
            Route::Remote(channel) => {
                State::Remote(channel.begin(params, self.timeout, deadline, cx.waker())?)
            }
            Route::Local(skeleton) => {
                let context = Context {
                    peer: None,
                    method: Some(method),
                    deadline: Some(deadline),
                    session: None,
                };
                State::Local {
                    future: skeleton.call(
                        context,
                        method.interface_id,
                        method.ordinal,
                        Incoming::from(params),
                    ),
                    expiry: Box::pin(sleep_until(deadline)),
                }
            }
        };
        Ok(())
    }
}

impl<T> Future for Call<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let Poll::Ready(result) = self.poll_message(cx) else {
            return Poll::Pending;
        };
        self.state = State::Done;
        Poll::Ready(result.and_then(|message| (self.decode)(&message)))
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

pub(crate) fn deadline_exceeded() -> Status {
    Status::deadline_exceeded("the call did not finish in time")
}
