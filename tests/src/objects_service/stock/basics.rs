//! Something to call.

use std::rc::Rc;

use dsoftbus::__private::capnp;

use super::broken;
use crate::{
    gauge::Guard,
    objects_capnp::{basics, derived, everything},
    objects_service::Watch,
};

/// A `Basics` that is watched.
#[derive(Debug)]
pub struct StockBasics {
    watch: Watch,
    _alive: Guard,
}

impl StockBasics {
    fn new(watch: &Watch) -> Self {
        Self {
            watch: watch.clone(),
            _alive: watch.alive.enter(),
        }
    }

    /// A client of a new object.
    #[must_use]
    pub fn client(watch: &Watch) -> basics::Client {
        capnp_rpc::new_client(Self::new(watch))
    }
}

impl basics::Server for StockBasics {
    async fn foo(
        self: Rc<Self>,
        params: basics::FooParams,
        mut results: basics::FooResults,
    ) -> Result<(), capnp::Error> {
        let params = params.get()?;
        self.watch.foos.count();
        let said = format!("foo({}, {})", params.get_i(), params.get_j());
        results.get().set_x(&said);
        Ok(())
    }

    async fn baz(
        self: Rc<Self>,
        params: basics::BazParams,
        _results: basics::BazResults,
    ) -> Result<(), capnp::Error> {
        let everything = params.get()?.get_everything()?;
        if !read_everything(everything)? {
            return Err(broken());
        }
        everything.get_cap()?.foo_request().send().promise.await?;
        Ok(())
    }

    async fn fail(
        self: Rc<Self>,
        _params: basics::FailParams,
        _results: basics::FailResults,
    ) -> Result<(), capnp::Error> {
        Err(broken())
    }
}

/// A `Derived` that is watched.
#[derive(Debug)]
pub(super) struct StockDerived(Rc<StockBasics>);

impl StockDerived {
    pub(super) fn client(watch: &Watch) -> derived::Client {
        capnp_rpc::new_client(Self(Rc::new(StockBasics::new(watch))))
    }
}

impl basics::Server for StockDerived {
    async fn foo(
        self: Rc<Self>,
        params: basics::FooParams,
        mut results: basics::FooResults,
    ) -> Result<(), capnp::Error> {
        let params = params.get()?;
        self.0.watch.foos.count();
        let said = format!("derived foo({}, {})", params.get_i(), params.get_j());
        results.get().set_x(&said);
        Ok(())
    }

    async fn baz(
        self: Rc<Self>,
        params: basics::BazParams,
        results: basics::BazResults,
    ) -> Result<(), capnp::Error> {
        basics::Server::baz(Rc::clone(&self.0), params, results).await
    }

    async fn fail(
        self: Rc<Self>,
        _params: basics::FailParams,
        _results: basics::FailResults,
    ) -> Result<(), capnp::Error> {
        Err(broken())
    }
}

impl derived::Server for StockDerived {
    async fn qux(
        self: Rc<Self>,
        _params: derived::QuxParams,
        mut results: derived::QuxResults,
    ) -> Result<(), capnp::Error> {
        results.get().set_number(77);
        Ok(())
    }

    async fn give(
        self: Rc<Self>,
        _params: derived::GiveParams,
        mut results: derived::GiveResults,
    ) -> Result<(), capnp::Error> {
        write_everything(results.get(), StockBasics::client(&self.0.watch));
        Ok(())
    }
}

/// Writes the value of the tests, with `cap` in it.
pub fn write_everything(mut to: everything::Builder<'_>, cap: basics::Client) {
    to.set_flag(true);
    to.set_number(-5);
    to.set_text("ümlaut");
    to.set_bytes(&[0, 1, 255]);
    let mut texts = to.reborrow().init_texts(3);
    texts.set(0, "one");
    texts.set(1, "");
    texts.set(2, "three");
    to.reborrow().init_inner().set_text("inner");
    to.set_cap(cap);
}

/// Whether it is the value of the tests, whatever the capability in it.
///
/// # Errors
///
/// When it cannot be read.
pub fn read_everything(from: everything::Reader<'_>) -> Result<bool, capnp::Error> {
    let texts: Result<Vec<_>, capnp::Error> = from.get_texts()?.iter().collect();
    Ok(from.get_flag()
        && from.get_number() == -5
        && from.get_text()? == "ümlaut"
        && from.get_bytes()? == [0, 1, 255]
        && texts? == ["one", "", "three"]
        && from.get_inner()?.get_text()? == "inner")
}
