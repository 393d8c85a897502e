//! [`Capability`]: a reference to an object, wherever it is.

use std::{
    any::Any,
    fmt,
    marker::PhantomData,
    sync::{Arc, LazyLock},
};

use dsoftbus_proto::identity::DeviceId;
use tokio::sync::oneshot;

use crate::{
    __private::outline,
    CallFuture, Client, Context, MethodDescriptor, RawCall, Result, ServiceDescriptor, Skeleton,
    Status,
    call::Method,
    in_order::in_order,
    intercept::{self, Chain, Interceptor},
    message::{Incoming, Outgoing},
    promised::{Answer, Promised},
    session::RpcChannel,
    vat::Import,
};

/// A reference to an object: a service of another device, an object that a call handed over, one in this process, or nothing.
///
/// Typed clients hold one; calls may carry it. Cheap to clone; the object is released when the last clone is dropped. Two are
/// equal when they are known to refer to the same object. The default refers to nothing: every call fails with
/// `failed_precondition`.
#[derive(Clone, Default)]
pub struct Capability {
    route: Route,
    chain: Option<Chain>,
}

/// Where calls go.
#[derive(Clone, Default)]
pub(crate) enum Route {
    /// Nowhere.
    #[default]
    Null,
    /// To the service of a level 0 channel.
    Remote(Arc<RpcChannel>),
    /// To an object that a peer serves on a level 1 channel, or to what a call of one will return.
    Vat(Import),
    /// To an object in this process.
    Local(Arc<dyn Skeleton>),
    /// To an object that is not known yet: calls wait for it, in order.
    Promised(Arc<Promised>),
}

impl Capability {
    /// A reference to an object in this process: calls are encoded and decoded, and never on a wire. Each call of this makes
    /// another object of the skeleton, as far as equality and the order of streams go.
    pub fn local(skeleton: Arc<dyn Skeleton>) -> Self {
        Route::Local(in_order(skeleton)).into()
    }

    /// A reference to nothing.
    #[must_use]
    pub fn null() -> Self {
        Self::default()
    }

    /// Whether it refers to nothing.
    pub fn is_null(&self) -> bool {
        matches!(self.route, Route::Null)
    }

    /// The device that calls go to first; `None` when they stay in this process.
    pub fn peer(&self) -> Option<DeviceId> {
        match &self.route {
            Route::Remote(channel) => Some(channel.peer()),
            Route::Vat(import) => Some(import.peer()),
            Route::Null | Route::Local(_) | Route::Promised(_) => None,
        }
    }

    /// The same object, with an interceptor around every call that is made through this reference. The one added first is the
    /// outermost. What one leaves in the context is for those inside it: it does not travel. Objects in the results of a call are
    /// not intercepted.
    #[must_use]
    pub fn intercept(mut self, interceptor: impl Interceptor) -> Self {
        self.chain = Some(intercept::extend(
            self.chain.as_ref(),
            Arc::new(interceptor),
        ));
        self
    }

    /// A call of `method` with encoded `params`. Nothing is sent before the call is polled.
    pub fn call(&self, method: &'static MethodDescriptor, params: Outgoing) -> RawCall {
        RawCall::new(self.clone(), method.into(), params)
    }

    pub(crate) fn call_method(&self, method: Method, params: Outgoing) -> RawCall {
        RawCall::new(self.clone(), method, params)
    }

    pub(crate) fn route(&self) -> &Route {
        &self.route
    }

    /// Whether no interceptor stands in front of the route.
    pub(crate) fn is_plain(&self) -> bool {
        self.chain.is_none()
    }

    /// Takes the channel of a plain reference to the service of one; nothing is left of it.
    pub(crate) fn take_remote(&mut self) -> Option<Arc<RpcChannel>> {
        match (&mut self.route, &self.chain) {
            (route @ Route::Remote(_), None) => match std::mem::take(route) {
                Route::Remote(channel) => Some(channel),
                _ => None,
            },
            _ => None,
        }
    }

    /// The route and the interceptors in front of it.
    pub(crate) fn into_parts(self) -> (Route, Option<Chain>) {
        (self.route, self.chain)
    }
}

impl From<Route> for Capability {
    fn from(route: Route) -> Self {
        Self { route, chain: None }
    }
}

impl PartialEq for Capability {
    fn eq(&self, other: &Self) -> bool {
        match (&self.route, &other.route) {
            (Route::Null, Route::Null) => true,
            (Route::Remote(one), Route::Remote(other)) => Arc::ptr_eq(one, other),
            (Route::Vat(one), Route::Vat(other)) => one == other,
            (Route::Local(one), Route::Local(other)) => {
                std::ptr::addr_eq(Arc::as_ptr(one), Arc::as_ptr(other))
            }
            (Route::Promised(one), Route::Promised(other)) => one == other,
            _ => false,
        }
    }
}

impl Eq for Capability {}

impl fmt::Debug for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.route {
            Route::Null => f.write_str("Null"),
            Route::Remote(channel) => channel.fmt(f),
            Route::Vat(import) => import.fmt(f),
            Route::Local(skeleton) => f
                .debug_tuple("Local")
                .field(&skeleton.descriptor().name)
                .finish(),
            Route::Promised(promised) => f.debug_tuple("Promised").field(&promised.path()).finish(),
        }
    }
}

/// A client of an object that is not known yet, and what makes it known: calls wait until then, in order.
///
/// The deadline of a call counts while it waits.
#[must_use = "dropping the resolver breaks the promise"]
pub fn promise<C: Client>() -> (C, Resolver<C>) {
    let (sender, receiver) = oneshot::channel::<Result<Capability>>();
    // As the one capability in the results of a call, so that there is one kind of promise.
    let answer = Answer::new(async move {
        let resolved = receiver.await;
        let dropped = |_| Err(Status::aborted("the promise of a capability was dropped"));
        let target = resolved.unwrap_or_else(dropped)?;
        let results = outline([(PROMISED, &target)])?;
        Ok(Incoming::from(results).share())
    });
    let promised = Route::Promised(Arc::new(answer.promised(PROMISED)));
    let client = C::from_capability(promised.into());
    let resolver = Resolver {
        sender,
        client: PhantomData,
    };
    (client, resolver)
}

/// Where a promised capability is.
const PROMISED: &[u16] = &[0];

/// Makes known what the client of a [`promise`] refers to. Dropping it breaks the promise: calls fail with `aborted`.
pub struct Resolver<C> {
    sender: oneshot::Sender<Result<Capability>>,
    client: PhantomData<fn(C)>,
}

impl<C: Client> Resolver<C> {
    /// Makes the promised client refer to what `client` refers to, which may be a promise itself.
    pub fn resolve(self, client: &C) {
        // Whoever waited may be gone.
        let _ = self.sender.send(Ok(client.capability().clone()));
    }

    /// Fails every call of the promised client.
    pub fn fail(self, status: Status) {
        let _ = self.sender.send(Err(status));
    }
}

impl<C> fmt::Debug for Resolver<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver").finish_non_exhaustive()
    }
}

/// Serves what another capability refers to: how an engine hands out objects that are not its own.
pub(crate) struct Forward(pub(crate) Capability);

impl Skeleton for Forward {
    fn descriptor(&self) -> &'static ServiceDescriptor {
        static FORWARDED: LazyLock<ServiceDescriptor> = LazyLock::new(|| ServiceDescriptor {
            name: "a capability",
            channel: None,
            interface_id: 0,
            level: 1,
            methods: &[],
            extends: &[],
            schema: &[],
        });
        &FORWARDED
    }

    fn held_by_peer(&self) -> Option<Box<dyn Any + Send>> {
        match self.0.route() {
            Route::Local(skeleton) => skeleton.held_by_peer(),
            _ => None,
        }
    }

    fn call(&self, cx: Context, interface_id: u64, method_id: u16, params: Incoming) -> CallFuture {
        let target = self.0.clone();
        Box::pin(async move {
            let params = params.into_call(interface_id, method_id)?;
            let method = Method {
                interface_id,
                ordinal: method_id,
                descriptor: None,
            };
            let mut call = target.call_method(method, params);
            if let Some(remaining) = cx.remaining() {
                call = call.timeout(remaining);
            }
            call.await?.into_results()
        })
    }
}
