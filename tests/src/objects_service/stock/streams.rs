//! Where streams go, and where one comes from.

use std::{cell::RefCell, rc::Rc};

use dsoftbus::__private::{bus_capnp::sink, capnp};
use tokio::sync::watch;

use super::broken;
use crate::{
    gauge::Guard,
    objects_capnp::{Ending, number, streams, total},
    objects_service::{TestStreams, Watch, padding},
};

/// A `Streams` that is watched.
pub(super) struct StockStreams {
    watch: Watch,
    delayed: bool,
    totals: RefCell<(u32, u32)>,
    _alive: Guard,
}

impl StockStreams {
    pub(super) fn client(watch: &Watch, delayed: bool) -> streams::Client {
        capnp_rpc::new_client(Self {
            watch: watch.clone(),
            delayed,
            totals: RefCell::default(),
            _alive: watch.alive.enter(),
        })
    }

    async fn admit(&self, fail: bool) -> Result<(), capnp::Error> {
        let _running = self.watch.running.enter();
        if self.delayed {
            tokio::time::sleep(TestStreams::DELAY).await;
        }
        if fail {
            return Err(broken());
        }
        self.watch.added.count();
        Ok(())
    }
}

impl streams::Server for StockStreams {
    async fn add_i(self: Rc<Self>, params: streams::AddIParams) -> Result<(), capnp::Error> {
        let params = params.get()?;
        self.admit(params.get_fail()).await?;
        self.totals.borrow_mut().0 += params.get_i();
        Ok(())
    }

    async fn add_j(self: Rc<Self>, params: streams::AddJParams) -> Result<(), capnp::Error> {
        let params = params.get()?;
        self.admit(params.get_fail()).await?;
        self.totals.borrow_mut().1 += params.get_j();
        Ok(())
    }

    async fn finish(
        self: Rc<Self>,
        _params: streams::FinishParams,
        mut results: streams::FinishResults,
    ) -> Result<(), capnp::Error> {
        let (i, j) = *self.totals.borrow();
        results.get().set_total_i(i);
        results.get().set_total_j(j);
        Ok(())
    }
}

/// What a sink has seen.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    /// The sum of the numbers.
    pub sum: u64,
    /// How many there were.
    pub count: usize,
    /// Whether the stream ended cleanly; `None` while it goes on.
    pub ended: Option<bool>,
}

/// A sink of numbers that only adds them up.
#[derive(Debug)]
pub struct StockCollector {
    seen: watch::Sender<Seen>,
    _alive: Guard,
}

impl StockCollector {
    /// A client of a new sink, and what it sees.
    #[must_use]
    pub fn client(watch: &Watch) -> (sink::Client<number::Owned>, watch::Receiver<Seen>) {
        let (seen, look) = watch::channel(Seen::default());
        let collector = Self {
            seen,
            _alive: watch.alive.enter(),
        };
        (capnp_rpc::new_client(collector), look)
    }
}

impl Drop for StockCollector {
    fn drop(&mut self) {
        self.seen.send_modify(|seen| {
            seen.ended.get_or_insert(false);
        });
    }
}

impl sink::Server<number::Owned> for StockCollector {
    async fn next(
        self: Rc<Self>,
        params: sink::NextParams<number::Owned>,
    ) -> Result<(), capnp::Error> {
        let value = params.get()?.get_item()?.get_value();
        self.seen.send_modify(|seen| {
            seen.sum += value;
            seen.count += 1;
        });
        Ok(())
    }

    async fn end(
        self: Rc<Self>,
        _params: sink::EndParams<number::Owned>,
        _results: sink::EndResults<number::Owned>,
    ) -> Result<(), capnp::Error> {
        self.seen.send_modify(|seen| seen.ended = Some(true));
        Ok(())
    }
}

/// A `Total` of what goes into a sink.
pub(super) struct StockTotal {
    seen: watch::Receiver<Seen>,
    _alive: Guard,
}

impl StockTotal {
    /// A sink, and the total of what goes into it.
    pub(super) fn collect(watch: &Watch) -> (sink::Client<number::Owned>, total::Client) {
        let (sink, seen) = StockCollector::client(watch);
        let total = Self {
            seen,
            _alive: watch.alive.enter(),
        };
        (sink, capnp_rpc::new_client(total))
    }
}

impl total::Server for StockTotal {
    async fn sum(
        self: Rc<Self>,
        _params: total::SumParams,
        mut results: total::SumResults,
    ) -> Result<(), capnp::Error> {
        let mut seen = self.seen.clone();
        let seen = seen.wait_for(|seen| seen.ended.is_some()).await;
        let seen = *seen.map_err(|error| capnp::Error::failed(error.to_string()))?;
        if seen.ended != Some(true) {
            let text = "dsb:aborted: the stream broke off".to_owned();
            return Err(capnp::Error::failed(text));
        }
        results.get().set_sum(seen.sum);
        Ok(())
    }
}

/// Sends numbers, and ends as it is told.
pub(super) async fn produce(
    watch: &Watch,
    count: u32,
    bytes: u32,
    ending: Ending,
    sink: sink::Client<number::Owned>,
) -> Result<(), capnp::Error> {
    let _running = watch.running.enter();
    for value in 0..u64::from(count) {
        let mut request = sink.next_request();
        let mut number = request.get().init_item();
        number.set_value(value);
        number.set_note(padding(bytes));
        request.send().await?;
        watch.sent.count();
    }
    conclude(ending, &sink).await
}

/// Ends a stream, and the call that it belongs to, as it is told.
pub(super) async fn conclude<T: capnp::traits::Owned + Unpin + 'static>(
    ending: Ending,
    sink: &sink::Client<T>,
) -> Result<(), capnp::Error> {
    match ending {
        Ending::Clean => {
            sink.end_request().send().promise.await?;
            Ok(())
        }
        Ending::Failed => Err(broken()),
        Ending::Dropped => Ok(()),
        Ending::Never => std::future::pending().await,
    }
}
