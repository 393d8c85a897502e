//! [`TestPipelines`]: results with capabilities in them.

use dsoftbus::{AnyPointer, Client as _, Context, Result};

use super::{TestBasics, TestDerived, Watch};
use crate::{
    BasicsClient, Pipelines, PipelinesClient,
    gauge::Guard,
    pipelines::{Box, GetCapResults, r#box::Inside},
};

/// A [`Pipelines`](trait@Pipelines) that is watched.
#[derive(Debug)]
pub struct TestPipelines {
    watch: Watch,
    _alive: Guard,
}

impl TestPipelines {
    /// A client of a new object.
    #[must_use]
    pub fn client(watch: &Watch) -> PipelinesClient {
        PipelinesClient::local(Self {
            watch: watch.clone(),
            _alive: watch.alive.enter(),
        })
    }
}

impl Pipelines for TestPipelines {
    async fn get_cap(&self, cx: &Context, n: u32, cap: BasicsClient) -> Result<GetCapResults> {
        let s = cap.foo(n, true).within(cx).await?;
        let out_box = Box {
            cap: TestDerived::client(&self.watch).into(),
            inside: Inside {
                cap: TestBasics::client(&self.watch),
            },
        };
        Ok(GetCapResults { s, out_box })
    }

    async fn get_null_cap(&self, _cx: &Context) -> Result<BasicsClient> {
        Ok(BasicsClient::default())
    }

    async fn pointers(
        &self,
        cx: &Context,
        cap: BasicsClient,
        any: AnyPointer,
        list: Vec<BasicsClient>,
    ) -> Result<AnyPointer> {
        for each in [cap].iter().chain(&list) {
            each.foo(1, false).within(cx).await?;
        }
        Ok(any)
    }

    async fn get_cap_pipeline_only(&self, cx: &Context) -> Result<Box> {
        let _running = self.watch.running.enter();
        let cap = TestBasics::client(&self.watch);
        // The box is the first pointer of the results, and the capability the first of the box.
        cx.set_pipeline([(&[0, 0][..], cap.capability())])?;
        drop(cap);
        std::future::pending().await
    }
}
