//! [`Interceptor`]: code around every call, on either side.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use crate::{
    Context, Result,
    message::{Incoming, Outgoing},
};

/// Future of an intercepted call.
pub type Intercepted<'a> = Pin<Box<dyn Future<Output = Result<Reply>> + Send + 'a>>;

/// Code around every call: logging, metrics, authorisation, retries of its own device.
///
/// On the serving side ([`NodeBuilder::intercept`](crate::NodeBuilder::intercept)) it runs before the handler of every call that a
/// peer makes, of a service or of an object that was handed out, and what it puts
/// into the [extensions](Context::extensions_mut) is there for the handler. On the calling side
/// ([`Capability::intercept`](crate::Capability::intercept)) it runs before the call is sent. The first one added is the outermost.
///
/// ```
/// use dsoftbus::{Context, Intercepted, Interceptor, Next, Status};
///
/// /// Refuses what is not for everybody.
/// struct ReadOnly;
///
/// impl Interceptor for ReadOnly {
///     fn call<'a>(&'a self, cx: Context, next: Next<'a>) -> Intercepted<'a> {
///         Box::pin(async move {
///             match cx.method() {
///                 Some(method) if method.name.starts_with("set") => {
///                     Err(Status::permission_denied("read only"))
///                 }
///                 _ => next.run(cx).await,
///             }
///         })
///     }
/// }
/// ```
pub trait Interceptor: Send + Sync + 'static {
    /// Handles one call: goes on with `next.run(cx)`, or answers by itself.
    ///
    /// # Errors
    ///
    /// The status that the caller gets: that of `next.run`, or another one.
    ///
    /// # Cancel safety
    ///
    /// The future is dropped when the call is cancelled or its deadline passes.
    fn call<'a>(&'a self, cx: Context, next: Next<'a>) -> Intercepted<'a>;
}

/// The rest of the way of a call.
pub struct Next<'a> {
    chain: &'a [Arc<dyn Interceptor>],
    last: Box<dyn FnOnce(Context) -> Intercepted<'a> + Send + 'a>,
}

impl<'a> Next<'a> {
    /// Goes on with the call.
    ///
    /// # Errors
    ///
    /// The status that the call fails with.
    pub fn run(self, cx: Context) -> Intercepted<'a> {
        match self.chain.split_first() {
            Some((first, chain)) => first.call(
                cx,
                Next {
                    chain,
                    last: self.last,
                },
            ),
            None => (self.last)(cx),
        }
    }
}

impl fmt::Debug for Next<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next")
            .field("interceptors", &self.chain.len())
            .finish_non_exhaustive()
    }
}

/// The results of a call, on their way to the caller. Interceptors see how large they are, not what they say.
pub struct Reply(Body);

enum Body {
    Built(Outgoing),
    Received(Incoming),
}

impl Reply {
    /// As a caller receives it.
    pub(crate) fn into_incoming(self) -> Incoming {
        match self.0 {
            Body::Built(outgoing) => outgoing.into(),
            Body::Received(incoming) => incoming,
        }
    }

    /// As an engine sends it.
    pub(crate) fn into_outgoing(self) -> Result<Outgoing> {
        match self.0 {
            Body::Built(outgoing) => Ok(outgoing),
            Body::Received(incoming) => incoming.into_results(),
        }
    }
}

impl From<Outgoing> for Reply {
    fn from(outgoing: Outgoing) -> Self {
        Self(Body::Built(outgoing))
    }
}

impl From<Incoming> for Reply {
    fn from(incoming: Incoming) -> Self {
        Self(Body::Received(incoming))
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Body::Built(outgoing) => f.debug_tuple("Reply").field(outgoing).finish(),
            Body::Received(incoming) => f.debug_tuple("Reply").field(incoming).finish(),
        }
    }
}

/// Interceptors, outermost first.
pub(crate) type Chain = Arc<[Arc<dyn Interceptor>]>;

/// A chain with one more, innermost.
pub(crate) fn extend(chain: Option<&Chain>, interceptor: Arc<dyn Interceptor>) -> Chain {
    chain
        .into_iter()
        .flat_map(|chain| chain.iter().cloned())
        .chain([interceptor])
        .collect()
}

/// Runs `last` behind the interceptors of `chain`.
pub(crate) async fn run(
    chain: Chain,
    cx: Context,
    last: impl FnOnce(Context) -> Intercepted<'static> + Send + 'static,
) -> Result<Reply> {
    let next = Next {
        chain: &chain,
        // A closure of its own, since the chain lives shorter than what `last` gives.
        last: Box::new(move |cx| last(cx)),
    };
    next.run(cx).await
}
