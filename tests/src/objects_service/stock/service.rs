//! The service that hands out all the others.

use std::rc::Rc;

use dsoftbus::__private::capnp;

use super::{
    StockBasics, StockOrder,
    basics::StockDerived,
    more::StockMore,
    pipelines::StockPipelines,
    promises::{StockResolver, StockSelf},
    sinks::StockSinks,
    streams::{StockStreams, StockTotal, produce},
    values::StockStore,
};
use crate::{objects_capnp::objects, objects_service::Watch};

/// An `Objects` whose objects are watched.
#[derive(Debug)]
pub struct StockObjects {
    watch: Watch,
}

impl StockObjects {
    /// A service.
    #[must_use]
    pub fn new(watch: Watch) -> Self {
        Self { watch }
    }
}

impl objects::Server for StockObjects {
    async fn basics(
        self: Rc<Self>,
        _params: objects::BasicsParams,
        mut results: objects::BasicsResults,
    ) -> Result<(), capnp::Error> {
        results.get().set_cap(StockBasics::client(&self.watch));
        Ok(())
    }

    async fn derived(
        self: Rc<Self>,
        _params: objects::DerivedParams,
        mut results: objects::DerivedResults,
    ) -> Result<(), capnp::Error> {
        results.get().set_cap(StockDerived::client(&self.watch));
        Ok(())
    }

    async fn pipelines(
        self: Rc<Self>,
        _params: objects::PipelinesParams,
        mut results: objects::PipelinesResults,
    ) -> Result<(), capnp::Error> {
        results.get().set_cap(StockPipelines::client(&self.watch));
        Ok(())
    }

    async fn order(
        self: Rc<Self>,
        _params: objects::OrderParams,
        mut results: objects::OrderResults,
    ) -> Result<(), capnp::Error> {
        results.get().set_cap(StockOrder::client(&self.watch));
        Ok(())
    }

    async fn more(
        self: Rc<Self>,
        _params: objects::MoreParams,
        mut results: objects::MoreResults,
    ) -> Result<(), capnp::Error> {
        results.get().set_cap(StockMore::client(&self.watch));
        Ok(())
    }

    async fn streams(
        self: Rc<Self>,
        params: objects::StreamsParams,
        mut results: objects::StreamsResults,
    ) -> Result<(), capnp::Error> {
        let delayed = params.get()?.get_delayed();
        results
            .get()
            .set_cap(StockStreams::client(&self.watch, delayed));
        Ok(())
    }

    async fn self_(
        self: Rc<Self>,
        _params: objects::SelfParams,
        mut results: objects::SelfResults,
    ) -> Result<(), capnp::Error> {
        results.get().set_cap(StockSelf::client(&self.watch));
        Ok(())
    }

    async fn promises(
        self: Rc<Self>,
        _params: objects::PromisesParams,
        mut results: objects::PromisesResults,
    ) -> Result<(), capnp::Error> {
        let (cap, resolver) = StockResolver::promise(&self.watch);
        results.get().set_cap(cap);
        results.get().set_resolver(resolver);
        Ok(())
    }

    async fn numbers(
        self: Rc<Self>,
        params: objects::NumbersParams,
        _results: objects::NumbersResults,
    ) -> Result<(), capnp::Error> {
        let params = params.get()?;
        let (count, padding) = (params.get_count(), params.get_padding());
        let (ending, sink) = (params.get_ending()?, params.get_sink()?);
        produce(&self.watch, count, padding, ending, sink).await
    }

    async fn collect(
        self: Rc<Self>,
        _params: objects::CollectParams,
        mut results: objects::CollectResults,
    ) -> Result<(), capnp::Error> {
        let (sink, total) = StockTotal::collect(&self.watch);
        results.get().set_sink(sink);
        results.get().set_total(total);
        Ok(())
    }

    async fn boxes(
        self: Rc<Self>,
        _params: objects::BoxesParams,
        mut results: objects::BoxesResults,
    ) -> Result<(), capnp::Error> {
        results.get().init_box().set_value("boxed")?;
        results.get().set_store(StockStore::client(&self.watch));
        Ok(())
    }

    async fn publish(
        self: Rc<Self>,
        params: objects::PublishParams,
        _results: objects::PublishResults,
    ) -> Result<(), capnp::Error> {
        let params = params.get()?;
        let (count, ending, sink) = (params.get_count(), params.get_ending()?, params.get_sink()?);
        let watch = self.watch.clone();
        // Nobody waits for it: the sink says how it went.
        tokio::task::spawn_local(async move { produce(&watch, count, 0, ending, sink).await });
        Ok(())
    }

    async fn sinks(
        self: Rc<Self>,
        _params: objects::SinksParams,
        mut results: objects::SinksResults,
    ) -> Result<(), capnp::Error> {
        results.get().set_cap(StockSinks::client(&self.watch));
        Ok(())
    }
}
