//! [`TestSinks`]: streams of texts, blobs and lists, and of what only the caller knows.

use dsoftbus::{Context, Items, Pointer, Result, Sink};
use futures::StreamExt as _;

use super::{Watch, streams::conclude};
use crate::{
    BasicsClient, Box, Ending, Flow, FlowClient, Sinks, SinksClient, Taken, TakenClient,
    flow::TakeResults,
    gauge::Guard,
    sinks::{FlowsResults, TakeBlobsResults, TakeListsResults, TakeTextsResults},
};

/// A [`Sinks`](trait@Sinks) that is watched.
#[derive(Debug)]
pub struct TestSinks {
    watch: Watch,
    _alive: Guard,
}

impl TestSinks {
    /// A client of a new object.
    #[must_use]
    pub fn client(watch: &Watch) -> SinksClient {
        SinksClient::local(Self {
            watch: watch.clone(),
            _alive: watch.alive.enter(),
        })
    }

    fn flow(&self) -> TestFlow {
        TestFlow {
            watch: self.watch.clone(),
            _alive: self.watch.alive.enter(),
        }
    }
}

impl Sinks for TestSinks {
    async fn send_texts(
        &self,
        _cx: &Context,
        values: Vec<String>,
        ending: Ending,
        sink: Sink<String>,
    ) -> Result<()> {
        send(&self.watch, values, ending, sink).await
    }

    async fn send_blobs(
        &self,
        _cx: &Context,
        values: Vec<Vec<u8>>,
        ending: Ending,
        sink: Sink<Vec<u8>>,
    ) -> Result<()> {
        send(&self.watch, values, ending, sink).await
    }

    async fn send_lists(
        &self,
        _cx: &Context,
        values: Vec<Vec<u16>>,
        ending: Ending,
        sink: Sink<Vec<u16>>,
    ) -> Result<()> {
        send(&self.watch, values, ending, sink).await
    }

    async fn take_texts(&self, _cx: &Context) -> Result<TakeTextsResults> {
        let (sink, taken) = TestTaken::take(&self.watch);
        Ok(TakeTextsResults { sink, taken })
    }

    async fn take_blobs(&self, _cx: &Context) -> Result<TakeBlobsResults> {
        let (sink, taken) = TestTaken::take(&self.watch);
        Ok(TakeBlobsResults { sink, taken })
    }

    async fn take_lists(&self, _cx: &Context) -> Result<TakeListsResults> {
        let (sink, taken) = TestTaken::take(&self.watch);
        Ok(TakeListsResults { sink, taken })
    }

    async fn flows(&self, _cx: &Context) -> Result<FlowsResults> {
        Ok(FlowsResults {
            texts: FlowClient::local(self.flow()),
            lists: FlowClient::local(self.flow()),
        })
    }

    async fn send_objects(
        &self,
        _cx: &Context,
        values: Vec<Box<BasicsClient>>,
        ending: Ending,
        sink: Sink<Box<BasicsClient>>,
    ) -> Result<()> {
        send(&self.watch, values, ending, sink).await
    }
}

/// A [`Flow`](trait@Flow) of values of any type.
#[derive(Debug)]
struct TestFlow {
    watch: Watch,
    _alive: Guard,
}

impl<T: Pointer> Flow<T> for TestFlow {
    async fn send(
        &self,
        _cx: &Context,
        values: Vec<Box<T>>,
        ending: Ending,
        sink: Sink<T>,
    ) -> Result<()> {
        let values = values.into_iter().map(|each| each.value);
        send(&self.watch, values, ending, sink).await
    }

    async fn take(&self, _cx: &Context) -> Result<TakeResults<T>> {
        let (sink, taken) = TestTaken::take(&self.watch);
        Ok(TakeResults { sink, taken })
    }
}

/// A [`Taken`](trait@Taken) of what goes into a sink.
#[derive(Debug)]
struct TestTaken<T> {
    items: tokio::sync::Mutex<Items<T>>,
    _alive: Guard,
}

impl<T: Pointer> TestTaken<T> {
    /// A sink, and a client of what knows its values. Nothing is read before somebody asks for them.
    fn take(watch: &Watch) -> (Sink<T>, TakenClient<T>) {
        let (sink, items) = dsoftbus::stream();
        let taken = TakenClient::local(Self {
            items: tokio::sync::Mutex::new(items),
            _alive: watch.alive.enter(),
        });
        (sink, taken)
    }
}

impl<T: Pointer> Taken<T> for TestTaken<T> {
    async fn all(&self, _cx: &Context) -> Result<Vec<Box<T>>> {
        let mut items = self.items.lock().await;
        let mut values = Vec::new();
        while let Some(value) = items.next().await {
            values.push(Box { value: value? });
        }
        Ok(values)
    }
}

async fn send<T: Pointer>(
    watch: &Watch,
    values: impl IntoIterator<Item = T, IntoIter: Send>,
    ending: Ending,
    sink: Sink<T>,
) -> Result<()> {
    let _running = watch.running.enter();
    for value in values {
        sink.send(&value).await?;
    }
    conclude(ending, sink).await
}
