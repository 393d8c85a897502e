//! Results with capabilities in them.

use std::rc::Rc;

use dsoftbus::__private::capnp::{self, capability::FromClientHook as _};

use super::{StockBasics, basics::StockDerived};
use crate::{gauge::Guard, objects_capnp::pipelines, objects_service::Watch};

/// A `Pipelines` that is watched.
pub(super) struct StockPipelines {
    watch: Watch,
    _alive: Guard,
}

impl StockPipelines {
    pub(super) fn client(watch: &Watch) -> pipelines::Client {
        capnp_rpc::new_client(Self {
            watch: watch.clone(),
            _alive: watch.alive.enter(),
        })
    }
}

impl pipelines::Server for StockPipelines {
    async fn get_cap(
        self: Rc<Self>,
        params: pipelines::GetCapParams,
        mut results: pipelines::GetCapResults,
    ) -> Result<(), capnp::Error> {
        let params = params.get()?;
        let mut request = params.get_cap()?.foo_request();
        request.get().set_i(params.get_n());
        request.get().set_j(true);
        let said = request.send().promise.await?;
        let mut results = results.get();
        results.set_s(said.get()?.get_x()?);
        let mut out = results.init_out_box();
        out.set_cap(StockDerived::client(&self.watch).cast_to());
        out.init_inside().set_cap(StockBasics::client(&self.watch));
        Ok(())
    }

    async fn get_null_cap(
        self: Rc<Self>,
        _params: pipelines::GetNullCapParams,
        _results: pipelines::GetNullCapResults,
    ) -> Result<(), capnp::Error> {
        Ok(())
    }

    async fn pointers(
        self: Rc<Self>,
        params: pipelines::PointersParams,
        mut results: pipelines::PointersResults,
    ) -> Result<(), capnp::Error> {
        let params = params.get()?;
        params.get_cap()?.foo_request().send().promise.await?;
        for each in params.get_list()?.iter() {
            each?.foo_request().send().promise.await?;
        }
        results.get().get_any().set_as(params.get_any())?;
        Ok(())
    }

    async fn get_cap_pipeline_only(
        self: Rc<Self>,
        _params: pipelines::GetCapPipelineOnlyParams,
        mut results: pipelines::GetCapPipelineOnlyResults,
    ) -> Result<(), capnp::Error> {
        let _running = self.watch.running.enter();
        let mut out = results.get().init_out_box();
        out.set_cap(StockBasics::client(&self.watch));
        results.set_pipeline()?;
        std::future::pending().await
    }
}
