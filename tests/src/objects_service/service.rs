//! [`TestObjects`]: the service that hands out all the others.

use dsoftbus::{Context, Result, Sink};

use super::{
    TestBasics, TestDerived, TestMore, TestOrder, TestPipelines, TestResolver, TestSelf, TestSinks,
    TestStore, TestStreams, TestTotal, Watch, streams::produce,
};
use crate::{
    BasicsClient, Box, DerivedClient, Ending, MoreClient, Number, Objects, OrderClient,
    PipelinesClient, SelfTypeClient, SinksClient, StreamsClient,
    objects::{BoxesResults, CollectResults, PromisesResults},
};

/// What an interceptor leaves for [`tag`](Objects::tag).
#[derive(Clone, Debug)]
pub struct Tag(pub String);

/// An [`Objects`](trait@Objects) whose objects are watched.
#[derive(Clone, Debug, Default, dsoftbus::Service)]
#[service(crate::Objects)]
pub struct TestObjects {
    /// What is seen of the objects.
    pub watch: Watch,
}

impl Objects for TestObjects {
    async fn basics(&self, _cx: &Context) -> Result<BasicsClient> {
        Ok(TestBasics::client(&self.watch))
    }

    async fn derived(&self, _cx: &Context) -> Result<DerivedClient> {
        Ok(TestDerived::client(&self.watch))
    }

    async fn pipelines(&self, _cx: &Context) -> Result<PipelinesClient> {
        Ok(TestPipelines::client(&self.watch))
    }

    async fn order(&self, _cx: &Context) -> Result<OrderClient> {
        Ok(TestOrder::client(&self.watch))
    }

    async fn more(&self, _cx: &Context) -> Result<MoreClient> {
        Ok(TestMore::client(&self.watch))
    }

    async fn streams(&self, _cx: &Context, delayed: bool) -> Result<StreamsClient> {
        Ok(TestStreams::client(&self.watch, delayed))
    }

    async fn self_(&self, _cx: &Context) -> Result<SelfTypeClient> {
        Ok(TestSelf::client(&self.watch))
    }

    async fn promises(&self, _cx: &Context) -> Result<PromisesResults> {
        Ok(TestResolver::promise(&self.watch))
    }

    async fn numbers(
        &self,
        _cx: &Context,
        count: u32,
        padding: u32,
        ending: Ending,
        sink: Sink<Number>,
    ) -> Result<()> {
        produce(&self.watch, count, padding, ending, sink).await
    }

    async fn collect(&self, _cx: &Context) -> Result<CollectResults> {
        Ok(TestTotal::collect(&self.watch))
    }

    async fn boxes(&self, _cx: &Context) -> Result<BoxesResults> {
        Ok(BoxesResults {
            r#box: Box {
                value: "boxed".to_owned(),
            },
            store: TestStore::client(&self.watch),
        })
    }

    async fn publish(
        &self,
        _cx: &Context,
        count: u32,
        ending: Ending,
        sink: Sink<Number>,
    ) -> Result<()> {
        let watch = self.watch.clone();
        // Nobody waits for it: the sink says how it went.
        tokio::spawn(async move { produce(&watch, count, 0, ending, sink).await });
        Ok(())
    }

    async fn tag(&self, cx: &Context) -> Result<String> {
        let tag = cx.extensions().get::<Tag>();
        Ok(tag.map(|Tag(text)| text.clone()).unwrap_or_default())
    }

    async fn sinks(&self, _cx: &Context) -> Result<SinksClient> {
        Ok(TestSinks::client(&self.watch))
    }
}
