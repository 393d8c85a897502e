//! Starts handlers: behind the interceptors of their node, and so that a panic ends one call only.

use std::{
    future::ready,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    task::{Context as TaskContext, Poll},
};

use futures::FutureExt as _;

use crate::{
    CallFuture, Context, Incoming, Outgoing, Result, Skeleton, Status,
    intercept::{self, Chain},
};

/// A call for a handler.
pub(crate) struct Arrived {
    pub(crate) context: Context,
    pub(crate) interface_id: u64,
    pub(crate) method_id: u16,
    pub(crate) params: Incoming,
}

impl Arrived {
    fn call(self, skeleton: &dyn Skeleton) -> CallFuture {
        skeleton.call(self.context, self.interface_id, self.method_id, self.params)
    }
}

/// A handler after its first poll.
pub(crate) enum Begun {
    Ended(Result<Outgoing>),
    Running(CallFuture),
}

/// Starts the handler of a call that a peer made, as far as it goes without waiting.
pub(crate) fn begin(
    chain: Option<&Chain>,
    skeleton: &Arc<dyn Skeleton>,
    call: Arrived,
    cx: &mut TaskContext<'_>,
) -> Begun {
    let begun = catch_unwind(AssertUnwindSafe(|| {
        let mut future = match chain {
            Some(chain) => guarded(Arc::clone(chain), Arc::clone(skeleton), call),
            None => call.call(skeleton.as_ref()),
        };
        match future.as_mut().poll(cx) {
            Poll::Ready(outcome) => Begun::Ended(outcome),
            Poll::Pending => Begun::Running(caught(future)),
        }
    }));
    begun.unwrap_or_else(|_| Begun::Ended(Err(panicked())))
}

/// The answer of a handler to a call that was made in this process.
pub(crate) fn call(skeleton: &dyn Skeleton, call: Arrived) -> CallFuture {
    match catch_unwind(AssertUnwindSafe(|| call.call(skeleton))) {
        Ok(future) => caught(future),
        Err(_) => Box::pin(ready(Err(panicked()))),
    }
}

/// The answer of a handler behind interceptors.
fn guarded(chain: Chain, skeleton: Arc<dyn Skeleton>, call: Arrived) -> CallFuture {
    let Arrived {
        context,
        interface_id,
        method_id,
        params,
    } = call;
    let replied = intercept::run(chain, context, move |cx| {
        let answer = skeleton.call(cx, interface_id, method_id, params);
        Box::pin(async move { answer.await.map(Into::into) })
    });
    Box::pin(async move { replied.await?.into_outgoing() })
}

fn caught(future: CallFuture) -> CallFuture {
    let outcome = AssertUnwindSafe(future).catch_unwind();
    Box::pin(outcome.map(|outcome| outcome.unwrap_or_else(|_| Err(panicked()))))
}

/// How a call ends whose handler panicked.
fn panicked() -> Status {
    Status::internal("the handler panicked")
}
