//! [`TestStreams`] and [`TestTotal`]: where streams go. [`produce`]: where one comes from.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use dsoftbus::{Context, Items, Pointer, Result, Sink};
use futures::StreamExt as _;

use super::Watch;
use crate::{
    Ending, Number, Streams, StreamsClient, Total, TotalClient, basics, gauge::Guard,
    objects::CollectResults, streams::FinishResults,
};

/// A [`Streams`](trait@Streams) that is watched.
#[derive(Debug)]
pub struct TestStreams {
    watch: Watch,
    delayed: bool,
    totals: Mutex<FinishResults>,
    _alive: Guard,
}

impl TestStreams {
    /// A client of a new object, of which adding takes a while if it is `delayed`.
    #[must_use]
    pub fn client(watch: &Watch, delayed: bool) -> StreamsClient {
        StreamsClient::local(Self {
            watch: watch.clone(),
            delayed,
            totals: Mutex::default(),
            _alive: watch.alive.enter(),
        })
    }

    /// How long adding takes.
    pub const DELAY: Duration = Duration::from_millis(10);

    async fn admit(&self, fail: bool) -> Result<()> {
        let _running = self.watch.running.enter();
        if self.delayed {
            tokio::time::sleep(Self::DELAY).await;
        }
        if fail {
            return Err(basics::Error::Broken.into());
        }
        self.watch.added.count();
        Ok(())
    }

    fn totals(&self) -> MutexGuard<'_, FinishResults> {
        self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Streams for TestStreams {
    async fn add_i(&self, _cx: &Context, i: u32, fail: bool) -> Result<()> {
        self.admit(fail).await?;
        self.totals().total_i += i;
        Ok(())
    }

    async fn add_j(&self, _cx: &Context, j: u32, fail: bool) -> Result<()> {
        self.admit(fail).await?;
        self.totals().total_j += j;
        Ok(())
    }

    async fn finish(&self, _cx: &Context) -> Result<FinishResults> {
        Ok(self.totals().clone())
    }
}

/// A [`Total`](trait@Total) of what goes into a sink.
#[derive(Debug)]
pub struct TestTotal {
    items: tokio::sync::Mutex<Items<Number>>,
    _alive: Guard,
}

impl TestTotal {
    /// A sink, and the total of what goes into it. Nothing is read before somebody asks for the sum.
    #[must_use]
    pub fn collect(watch: &Watch) -> CollectResults {
        let (sink, items) = dsoftbus::stream();
        let total = TotalClient::local(Self {
            items: tokio::sync::Mutex::new(items),
            _alive: watch.alive.enter(),
        });
        CollectResults { sink, total }
    }
}

impl Total for TestTotal {
    async fn sum(&self, _cx: &Context) -> Result<u64> {
        let mut items = self.items.lock().await;
        let mut sum = 0;
        while let Some(number) = items.next().await {
            sum += number?.value;
        }
        Ok(sum)
    }
}

/// Sends numbers, and ends as it is told. Dropping `sink` is the caller's.
pub(super) async fn produce(
    watch: &Watch,
    count: u32,
    bytes: u32,
    ending: Ending,
    sink: Sink<Number>,
) -> Result<()> {
    let _running = watch.running.enter();
    for value in 0..u64::from(count) {
        let note = padding(bytes);
        sink.send(&Number { value, note }).await?;
        watch.sent.count();
    }
    conclude(ending, sink).await
}

/// Ends a stream, and the call that it belongs to, as it is told.
pub(super) async fn conclude<T: Pointer>(ending: Ending, sink: Sink<T>) -> Result<()> {
    match ending {
        Ending::Clean => sink.end().await,
        Ending::Failed => Err(basics::Error::Broken.into()),
        Ending::Never => std::future::pending().await,
        _ => Ok(()),
    }
}

/// The note of a number.
#[must_use]
pub fn padding(bytes: u32) -> String {
    "x".repeat(bytes as usize)
}
