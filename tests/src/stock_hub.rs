//! The service of `caps.capnp` as somebody would write it who has only `capnpc` and `capnp-rpc`, and its client.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use capnp_rpc::{RpcSystem, rpc_twoparty_capnp::Side};
use dsoftbus::{__private::capnp::Error, ByteChannel};
use tokio::task::JoinHandle;

use crate::{
    Gauge,
    caps_capnp::{hub, sink, thing},
    gauge::Guard,
    stock::network,
};

/// A stock client on `channel`, and the task that drives it. Must be called on a [`LocalSet`](tokio::task::LocalSet).
#[must_use]
pub fn client(channel: ByteChannel) -> (hub::Client, JoinHandle<Result<(), Error>>) {
    let mut system = RpcSystem::new(network(channel, Side::Client), None);
    let client = system.bootstrap(Side::Server);
    (client, tokio::task::spawn_local(system))
}

/// Serves `hub` on `channel` by stock `capnp-rpc`. Must be polled on a [`LocalSet`](tokio::task::LocalSet).
///
/// # Errors
///
/// What `capnp-rpc` says.
pub async fn serve(channel: ByteChannel, hub: StockHub) -> Result<(), Error> {
    let service: hub::Client = capnp_rpc::new_client(hub);
    RpcSystem::new(network(channel, Side::Server), Some(service.client)).await
}

/// Makes, takes and passes objects.
#[derive(Default)]
pub struct StockHub {
    /// Objects that are alive.
    pub things: Gauge,
    /// Handlers that never end by themselves and run.
    pub running: Gauge,
    /// Items that sinks took.
    pub items: Gauge,
    kept: RefCell<Option<thing::Client>>,
}

impl std::fmt::Debug for StockHub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StockHub").finish_non_exhaustive()
    }
}

impl StockHub {
    fn thing(&self, name: &str) -> thing::Client {
        stock_thing(name, &self.things, &self.running)
    }
}

/// A stock object, counted in `alive`, whose handlers are counted in `running`.
#[must_use]
pub fn stock_thing(name: &str, alive: &Gauge, running: &Gauge) -> thing::Client {
    capnp_rpc::new_client(StockThing {
        name: name.to_owned(),
        calls: Cell::new(0),
        running: running.clone(),
        _alive: alive.enter(),
    })
}

impl hub::Server for StockHub {
    async fn echo(
        self: Rc<Self>,
        params: hub::EchoParams,
        mut results: hub::EchoResults,
    ) -> Result<(), Error> {
        results.get().set_text(params.get()?.get_text()?);
        Ok(())
    }

    async fn make(
        self: Rc<Self>,
        params: hub::MakeParams,
        mut results: hub::MakeResults,
    ) -> Result<(), Error> {
        let thing = self.thing(params.get()?.get_name()?.to_str()?);
        results.get().set_thing(thing);
        Ok(())
    }

    async fn make_box(
        self: Rc<Self>,
        params: hub::MakeBoxParams,
        mut results: hub::MakeBoxResults,
    ) -> Result<(), Error> {
        let name = params.get()?.get_name()?.to_str()?;
        let mut in_it = results.get().init_box();
        in_it.set_name(name);
        in_it.set_thing(self.thing(name));
        Ok(())
    }

    async fn make_many(
        self: Rc<Self>,
        params: hub::MakeManyParams,
        mut results: hub::MakeManyResults,
    ) -> Result<(), Error> {
        let count = params.get()?.get_count();
        let mut things = results.get().init_things(count);
        for place in 0..count {
            things.set(place, self.thing(&place.to_string()).client.hook);
        }
        Ok(())
    }

    async fn call(
        self: Rc<Self>,
        params: hub::CallParams,
        mut results: hub::CallResults,
    ) -> Result<(), Error> {
        let params = params.get()?;
        let mut request = params.get_thing()?.say_request();
        request.get().set_text(params.get_text()?);
        let said = request.send().promise.await?;
        results.get().set_text(said.get()?.get_text()?);
        Ok(())
    }

    async fn keep(
        self: Rc<Self>,
        params: hub::KeepParams,
        _results: hub::KeepResults,
    ) -> Result<(), Error> {
        self.kept.replace(params.get()?.get_thing().ok());
        Ok(())
    }

    async fn kept(
        self: Rc<Self>,
        _params: hub::KeptParams,
        mut results: hub::KeptResults,
    ) -> Result<(), Error> {
        if let Some(thing) = &*self.kept.borrow() {
            results.get().set_thing(thing.clone());
        }
        Ok(())
    }

    async fn give(
        self: Rc<Self>,
        _params: hub::GiveParams,
        _results: hub::GiveResults,
    ) -> Result<(), Error> {
        self.kept.take();
        Ok(())
    }

    async fn same(
        self: Rc<Self>,
        params: hub::SameParams,
        mut results: hub::SameResults,
    ) -> Result<(), Error> {
        if let Ok(thing) = params.get()?.get_thing() {
            results.get().set_thing(thing);
        }
        Ok(())
    }

    async fn fail(
        self: Rc<Self>,
        params: hub::FailParams,
        _results: hub::FailResults,
    ) -> Result<(), Error> {
        let reason = params.get()?.get_reason()?.to_str()?;
        Err(Error::failed(format!(
            "dsb:not_found/noSuchThing: {reason}"
        )))
    }

    async fn hang(
        self: Rc<Self>,
        _params: hub::HangParams,
        _results: hub::HangResults,
    ) -> Result<(), Error> {
        let _running = self.running.enter();
        std::future::pending().await
    }

    async fn wait(
        self: Rc<Self>,
        params: hub::WaitParams,
        mut results: hub::WaitResults,
    ) -> Result<(), Error> {
        let running = self.running.enter();
        let millis = u64::from(params.get()?.get_millis());
        tokio::time::sleep(Duration::from_millis(millis)).await;
        drop(running);
        results.get().set_thing(self.thing("late"));
        Ok(())
    }

    async fn open(
        self: Rc<Self>,
        params: hub::OpenParams,
        mut results: hub::OpenResults,
    ) -> Result<(), Error> {
        let millis = u64::from(params.get()?.get_millis());
        results.get().set_sink(capnp_rpc::new_client(StockSink {
            takes: Duration::from_millis(millis),
            count: Cell::new(0),
            items: self.items.clone(),
        }));
        Ok(())
    }

    async fn is_null(
        self: Rc<Self>,
        params: hub::IsNullParams,
        mut results: hub::IsNullResults,
    ) -> Result<(), Error> {
        results.get().set_null(!params.get()?.has_thing());
        Ok(())
    }
}

struct StockThing {
    name: String,
    calls: Cell<u32>,
    running: Gauge,
    _alive: Guard,
}

impl thing::Server for StockThing {
    async fn say(
        self: Rc<Self>,
        params: thing::SayParams,
        mut results: thing::SayResults,
    ) -> Result<(), Error> {
        self.calls.set(self.calls.get() + 1);
        let text = params.get()?.get_text()?.to_str()?;
        results.get().set_text(format!("{}: {text}", self.name));
        Ok(())
    }

    async fn next(
        self: Rc<Self>,
        _params: thing::NextParams,
        mut results: thing::NextResults,
    ) -> Result<(), Error> {
        results
            .get()
            .set_number(self.calls.replace(self.calls.get() + 1));
        Ok(())
    }

    async fn hang(
        self: Rc<Self>,
        _params: thing::HangParams,
        _results: thing::HangResults,
    ) -> Result<(), Error> {
        let _running = self.running.enter();
        std::future::pending().await
    }
}

struct StockSink {
    takes: Duration,
    count: Cell<u32>,
    items: Gauge,
}

impl sink::Server for StockSink {
    async fn put(self: Rc<Self>, params: sink::PutParams) -> Result<(), Error> {
        if !self.takes.is_zero() {
            tokio::time::sleep(self.takes).await;
        }
        if params.get()?.get_data()?.is_empty() {
            return Err(Error::failed(
                "dsb:invalid_argument: an empty item".to_owned(),
            ));
        }
        self.count.set(self.count.get() + 1);
        self.items.count();
        Ok(())
    }

    async fn end(
        self: Rc<Self>,
        _params: sink::EndParams,
        mut results: sink::EndResults,
    ) -> Result<(), Error> {
        results.get().set_count(self.count.get());
        Ok(())
    }
}
