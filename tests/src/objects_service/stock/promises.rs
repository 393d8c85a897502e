//! What makes a promise known, and an object that hands out itself.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use dsoftbus::__private::capnp;
use futures::{TryFutureExt as _, channel::oneshot};

use super::{StockBasics, broken};
use crate::{
    gauge::Guard,
    objects_capnp::{basics, resolver, self_},
    objects_service::Watch,
};

type Pending = oneshot::Sender<Result<basics::Client, capnp::Error>>;

/// A `Resolver` of a promise that was given out.
pub(super) struct StockResolver {
    watch: Watch,
    pending: RefCell<Option<Pending>>,
    _alive: Guard,
}

impl StockResolver {
    /// A promise, and what resolves it.
    pub(super) fn promise(watch: &Watch) -> (basics::Client, resolver::Client) {
        let (cap, pending) = promise();
        let resolver = Self {
            watch: watch.clone(),
            pending: RefCell::new(Some(pending)),
            _alive: watch.alive.enter(),
        };
        (cap, capnp_rpc::new_client(resolver))
    }

    fn send(&self, outcome: Result<basics::Client, capnp::Error>) -> Result<(), capnp::Error> {
        let pending = self.pending.take();
        let pending = pending.ok_or_else(|| capnp::Error::failed("none".to_owned()))?;
        // Whoever was promised something may be gone.
        let _ = pending.send(outcome);
        Ok(())
    }
}

fn promise() -> (basics::Client, Pending) {
    let (pending, promised) = oneshot::channel();
    let promised = promised.unwrap_or_else(|_| Err(capnp::Error::failed("dropped".to_owned())));
    (capnp_rpc::new_future_client(promised), pending)
}

impl resolver::Server for StockResolver {
    async fn resolve(
        self: Rc<Self>,
        _params: resolver::ResolveParams,
        _results: resolver::ResolveResults,
    ) -> Result<(), capnp::Error> {
        self.send(Ok(StockBasics::client(&self.watch)))
    }

    async fn resolve_to_promise(
        self: Rc<Self>,
        _params: resolver::ResolveToPromiseParams,
        _results: resolver::ResolveToPromiseResults,
    ) -> Result<(), capnp::Error> {
        let (cap, pending) = promise();
        self.send(Ok(cap))?;
        self.pending.replace(Some(pending));
        Ok(())
    }

    async fn fail(
        self: Rc<Self>,
        _params: resolver::FailParams,
        _results: resolver::FailResults,
    ) -> Result<(), capnp::Error> {
        self.send(Err(broken()))
    }
}

/// A `Self` that is watched.
pub(super) struct StockSelf {
    calls: Cell<u32>,
    _alive: Guard,
}

impl StockSelf {
    pub(super) fn client(watch: &Watch) -> self_::Client {
        capnp_rpc::new_client(Self {
            calls: Cell::new(0),
            _alive: watch.alive.enter(),
        })
    }
}

impl self_::Server for StockSelf {
    async fn foo(
        self: Rc<Self>,
        _params: self_::FooParams,
        mut results: self_::FooResults,
    ) -> Result<(), capnp::Error> {
        let calls = self.calls.get();
        self.calls.set(calls + 1);
        results.get().set_x(calls);
        Ok(())
    }

    async fn get_self(
        self: Rc<Self>,
        _params: self_::GetSelfParams,
        mut results: self_::GetSelfResults,
    ) -> Result<(), capnp::Error> {
        results
            .get()
            .set_cap(capnp_rpc::new_client_from_rc(Rc::clone(&self)));
        Ok(())
    }
}
