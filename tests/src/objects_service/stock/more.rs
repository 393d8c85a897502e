//! What is done with capabilities that are passed to others.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use capnp_rpc::CapabilityServerSet;
use dsoftbus::__private::capnp;

use crate::{
    gauge::Guard,
    objects_capnp::{basics, handle, more, order},
    objects_service::Watch,
};

/// An `Order` that is watched.
#[derive(Debug)]
pub struct StockOrder {
    next: Cell<u32>,
    _alive: Guard,
}

impl StockOrder {
    fn new(watch: &Watch) -> Self {
        Self {
            next: Cell::new(0),
            _alive: watch.alive.enter(),
        }
    }

    /// A client of a new object.
    #[must_use]
    pub fn client(watch: &Watch) -> order::Client {
        capnp_rpc::new_client(Self::new(watch))
    }

    fn count(&self) -> u32 {
        let next = self.next.get();
        self.next.set(next + 1);
        next
    }
}

impl order::Server for StockOrder {
    async fn get_call_sequence(
        self: Rc<Self>,
        _params: order::GetCallSequenceParams,
        mut results: order::GetCallSequenceResults,
    ) -> Result<(), capnp::Error> {
        results.get().set_n(self.count());
        Ok(())
    }
}

/// A handle that is counted.
struct StockHandle {
    _alive: Guard,
    _counted: Guard,
}

impl StockHandle {
    fn new(watch: &Watch) -> Self {
        Self {
            _alive: watch.alive.enter(),
            _counted: watch.handles.enter(),
        }
    }
}

impl handle::Server for StockHandle {}

/// A `More` that is watched.
pub(super) struct StockMore {
    watch: Watch,
    order: StockOrder,
    held: RefCell<Option<basics::Client>>,
    made: RefCell<CapabilityServerSet<StockHandle, handle::Client>>,
    /// What was made stays until this is gone, as with [`TestMore`](crate::objects_service::TestMore).
    kept: RefCell<Vec<handle::Client>>,
}

impl StockMore {
    pub(super) fn client(watch: &Watch) -> more::Client {
        capnp_rpc::new_client(Self {
            watch: watch.clone(),
            order: StockOrder::new(watch),
            held: RefCell::default(),
            made: RefCell::default(),
            kept: RefCell::default(),
        })
    }

    fn held(&self) -> Result<basics::Client, capnp::Error> {
        let held = self.held.borrow().clone();
        held.ok_or_else(|| capnp::Error::failed("nothing is held".to_owned()))
    }
}

/// Calls `cap.foo(123, true)` and gives what it said.
async fn foo(cap: &basics::Client) -> Result<String, capnp::Error> {
    let mut request = cap.foo_request();
    request.get().set_i(123);
    request.get().set_j(true);
    let said = request.send().promise.await?;
    Ok(said.get()?.get_x()?.to_string()?)
}

impl order::Server for StockMore {
    async fn get_call_sequence(
        self: Rc<Self>,
        _params: order::GetCallSequenceParams,
        mut results: order::GetCallSequenceResults,
    ) -> Result<(), capnp::Error> {
        results.get().set_n(self.order.count());
        Ok(())
    }
}

impl more::Server for StockMore {
    async fn call_foo(
        self: Rc<Self>,
        params: more::CallFooParams,
        mut results: more::CallFooResults,
    ) -> Result<(), capnp::Error> {
        let cap = params.get()?.get_cap()?;
        results.get().set_s(&foo(&cap).await?);
        Ok(())
    }

    async fn call_foo_when_resolved(
        self: Rc<Self>,
        params: more::CallFooWhenResolvedParams,
        mut results: more::CallFooWhenResolvedResults,
    ) -> Result<(), capnp::Error> {
        let cap = params.get()?.get_cap()?;
        cap.client.when_resolved().await?;
        results.get().set_s(&foo(&cap).await?);
        Ok(())
    }

    async fn never_return(
        self: Rc<Self>,
        _params: more::NeverReturnParams,
        _results: more::NeverReturnResults,
    ) -> Result<(), capnp::Error> {
        let _running = self.watch.running.enter();
        std::future::pending().await
    }

    async fn hold(
        self: Rc<Self>,
        params: more::HoldParams,
        _results: more::HoldResults,
    ) -> Result<(), capnp::Error> {
        let params = params.get()?;
        let cap = match params.has_cap() {
            true => Some(params.get_cap()?),
            false => None,
        };
        let before = self.held.replace(cap);
        drop(before);
        Ok(())
    }

    async fn call_held(
        self: Rc<Self>,
        _params: more::CallHeldParams,
        mut results: more::CallHeldResults,
    ) -> Result<(), capnp::Error> {
        let cap = self.held()?;
        results.get().set_s(&foo(&cap).await?);
        Ok(())
    }

    async fn get_held(
        self: Rc<Self>,
        _params: more::GetHeldParams,
        mut results: more::GetHeldResults,
    ) -> Result<(), capnp::Error> {
        results.get().set_cap(self.held()?);
        Ok(())
    }

    async fn echo(
        self: Rc<Self>,
        params: more::EchoParams,
        mut results: more::EchoResults,
    ) -> Result<(), capnp::Error> {
        results.get().set_cap(params.get()?.get_cap()?);
        Ok(())
    }

    async fn get_handle(
        self: Rc<Self>,
        _params: more::GetHandleParams,
        mut results: more::GetHandleResults,
    ) -> Result<(), capnp::Error> {
        let handle = StockHandle::new(&self.watch);
        results.get().set_handle(capnp_rpc::new_client(handle));
        Ok(())
    }

    async fn handle_count(
        self: Rc<Self>,
        _params: more::HandleCountParams,
        mut results: more::HandleCountResults,
    ) -> Result<(), capnp::Error> {
        results.get().set_count(self.watch.handles.get() as i64);
        Ok(())
    }

    async fn get_null(
        self: Rc<Self>,
        _params: more::GetNullParams,
        _results: more::GetNullResults,
    ) -> Result<(), capnp::Error> {
        Ok(())
    }

    async fn dont_hold(
        self: Rc<Self>,
        params: more::DontHoldParams,
        _results: more::DontHoldResults,
    ) -> Result<(), capnp::Error> {
        params.get()?.get_cap()?;
        Ok(())
    }

    async fn call_each(
        self: Rc<Self>,
        params: more::CallEachParams,
        _results: more::CallEachResults,
    ) -> Result<(), capnp::Error> {
        for cap in params.get()?.get_caps()?.iter() {
            foo(&cap?).await?;
        }
        Ok(())
    }

    async fn create_handle(
        self: Rc<Self>,
        _params: more::CreateHandleParams,
        mut results: more::CreateHandleResults,
    ) -> Result<(), capnp::Error> {
        let handle = StockHandle::new(&self.watch);
        let handle = self.made.borrow_mut().new_client(handle);
        self.kept.borrow_mut().push(handle.clone());
        results.get().set_handle(handle);
        Ok(())
    }

    async fn is_ours(
        self: Rc<Self>,
        params: more::IsOursParams,
        mut results: more::IsOursResults,
    ) -> Result<(), capnp::Error> {
        let handle = params.get()?.get_handle()?;
        let resolved: handle::Client = capnp::capability::get_resolved_cap(handle).await;
        let ours = self.made.borrow().get_local_server_of_resolved(&resolved);
        results.get().set_ours(ours.is_some());
        Ok(())
    }

    async fn panic(
        self: Rc<Self>,
        _params: more::PanicParams,
        _results: more::PanicResults,
    ) -> Result<(), capnp::Error> {
        panic!("as asked");
    }

    async fn nap(
        self: Rc<Self>,
        params: more::NapParams,
        _results: more::NapResults,
    ) -> Result<(), capnp::Error> {
        let _running = self.watch.running.enter();
        let millis = params.get()?.get_millis();
        tokio::time::sleep(Duration::from_millis(u64::from(millis))).await;
        Ok(())
    }

    async fn time_left(
        self: Rc<Self>,
        _params: more::TimeLeftParams,
        mut results: more::TimeLeftResults,
    ) -> Result<(), capnp::Error> {
        results.get().set_millis(u64::MAX);
        Ok(())
    }
}
