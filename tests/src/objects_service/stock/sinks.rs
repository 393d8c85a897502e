//! Streams of texts, blobs and lists, and of what only the caller knows.

use std::{cell::RefCell, marker::PhantomData, rc::Rc};

use dsoftbus::__private::{
    bus_capnp::sink,
    capnp::{
        self, data,
        message::{Builder, HeapAllocator},
        primitive_list, text,
        traits::Owned,
    },
};
use tokio::sync::watch;

use super::streams::conclude;
use crate::{
    gauge::Guard,
    objects_capnp::{Ending, basics, box_, flow, sinks, taken},
    objects_service::Watch,
};

/// A list of `UInt16`.
type List = primitive_list::Owned<u16>;

/// A `Sinks` that is watched.
pub(super) struct StockSinks {
    watch: Watch,
    _alive: Guard,
}

impl StockSinks {
    pub(super) fn client(watch: &Watch) -> sinks::Client {
        capnp_rpc::new_client(Self {
            watch: watch.clone(),
            _alive: watch.alive.enter(),
        })
    }
}

impl sinks::Server for StockSinks {
    async fn send_texts(
        self: Rc<Self>,
        params: sinks::SendTextsParams,
        _results: sinks::SendTextsResults,
    ) -> Result<(), capnp::Error> {
        let params = params.get()?;
        let (values, sink) = (params.get_values()?.iter(), params.get_sink()?);
        send(&self.watch, values, params.get_ending()?, sink).await
    }

    async fn send_blobs(
        self: Rc<Self>,
        params: sinks::SendBlobsParams,
        _results: sinks::SendBlobsResults,
    ) -> Result<(), capnp::Error> {
        let params = params.get()?;
        let (values, sink) = (params.get_values()?.iter(), params.get_sink()?);
        send(&self.watch, values, params.get_ending()?, sink).await
    }

    async fn send_lists(
        self: Rc<Self>,
        params: sinks::SendListsParams,
        _results: sinks::SendListsResults,
    ) -> Result<(), capnp::Error> {
        let params = params.get()?;
        let (values, sink) = (params.get_values()?.iter(), params.get_sink()?);
        send(&self.watch, values, params.get_ending()?, sink).await
    }

    async fn take_texts(
        self: Rc<Self>,
        _params: sinks::TakeTextsParams,
        mut results: sinks::TakeTextsResults,
    ) -> Result<(), capnp::Error> {
        let (sink, taken) = take(&self.watch);
        results.get().set_sink(sink);
        results.get().set_taken(taken);
        Ok(())
    }

    async fn take_blobs(
        self: Rc<Self>,
        _params: sinks::TakeBlobsParams,
        mut results: sinks::TakeBlobsResults,
    ) -> Result<(), capnp::Error> {
        let (sink, taken) = take::<data::Owned>(&self.watch);
        results.get().set_sink(sink);
        results.get().set_taken(taken);
        Ok(())
    }

    async fn take_lists(
        self: Rc<Self>,
        _params: sinks::TakeListsParams,
        mut results: sinks::TakeListsResults,
    ) -> Result<(), capnp::Error> {
        let (sink, taken) = take::<List>(&self.watch);
        results.get().set_sink(sink);
        results.get().set_taken(taken);
        Ok(())
    }

    async fn flows(
        self: Rc<Self>,
        _params: sinks::FlowsParams,
        mut results: sinks::FlowsResults,
    ) -> Result<(), capnp::Error> {
        let mut results = results.get();
        results.set_texts(StockFlow::<text::Owned>::client(&self.watch));
        results.set_lists(StockFlow::<List>::client(&self.watch));
        Ok(())
    }

    async fn send_objects(
        self: Rc<Self>,
        params: sinks::SendObjectsParams,
        _results: sinks::SendObjectsResults,
    ) -> Result<(), capnp::Error> {
        let params = params.get()?;
        let (values, sink) = (params.get_values()?.iter().map(Ok), params.get_sink()?);
        send::<box_::Owned<basics::Owned>>(&self.watch, values, params.get_ending()?, sink).await
    }
}

/// A `Flow` of values of one type.
#[derive(Debug)]
pub struct StockFlow<T> {
    watch: Watch,
    _alive: Guard,
    values: PhantomData<T>,
}

impl<T: Owned + Unpin + 'static> StockFlow<T> {
    fn client(watch: &Watch) -> flow::Client<T> {
        capnp_rpc::new_client(Self {
            watch: watch.clone(),
            _alive: watch.alive.enter(),
            values: PhantomData,
        })
    }

    /// A sink, and what knows its values.
    #[must_use]
    pub fn take(watch: &Watch) -> (sink::Client<T>, taken::Client<T>) {
        take(watch)
    }
}

impl<T: Owned + Unpin + 'static> flow::Server<T> for StockFlow<T> {
    async fn send(
        self: Rc<Self>,
        params: flow::SendParams<T>,
        _results: flow::SendResults<T>,
    ) -> Result<(), capnp::Error> {
        let params = params.get()?;
        let values = params.get_values()?.iter().map(|each| each.get_value());
        send(
            &self.watch,
            values,
            params.get_ending()?,
            params.get_sink()?,
        )
        .await
    }

    async fn take(
        self: Rc<Self>,
        _params: flow::TakeParams<T>,
        mut results: flow::TakeResults<T>,
    ) -> Result<(), capnp::Error> {
        let (sink, taken) = take(&self.watch);
        results.get().set_sink(sink);
        results.get().set_taken(taken);
        Ok(())
    }
}

/// The values that came, each in a box of its own.
type Values = Rc<RefCell<Vec<Builder<HeapAllocator>>>>;

/// A sink, and what knows its values.
fn take<T: Owned + Unpin + 'static>(watch: &Watch) -> (sink::Client<T>, taken::Client<T>) {
    let values = Values::default();
    let (ended, end) = watch::channel(None);
    let collector = Collector {
        values: Rc::clone(&values),
        ended,
        _alive: watch.alive.enter(),
    };
    let taken = StockTaken {
        values,
        end,
        _alive: watch.alive.enter(),
    };
    (
        capnp_rpc::new_client(collector),
        capnp_rpc::new_client(taken),
    )
}

/// A sink that keeps what comes.
struct Collector {
    values: Values,
    /// Whether the stream ended cleanly; `None` while it goes on.
    ended: watch::Sender<Option<bool>>,
    _alive: Guard,
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.ended.send_modify(|ended| {
            ended.get_or_insert(false);
        });
    }
}

impl<T: Owned + Unpin + 'static> sink::Server<T> for Collector {
    async fn next(self: Rc<Self>, params: sink::NextParams<T>) -> Result<(), capnp::Error> {
        let mut message = Builder::new_default();
        let mut kept = message.init_root::<box_::Builder<'_, T>>();
        kept.set_value(params.get()?.get_item()?)?;
        self.values.borrow_mut().push(message);
        Ok(())
    }

    async fn end(
        self: Rc<Self>,
        _params: sink::EndParams<T>,
        _results: sink::EndResults<T>,
    ) -> Result<(), capnp::Error> {
        self.ended.send_replace(Some(true));
        Ok(())
    }
}

/// A `Taken` of what goes into a sink.
struct StockTaken {
    values: Values,
    end: watch::Receiver<Option<bool>>,
    _alive: Guard,
}

impl<T: Owned + Unpin + 'static> taken::Server<T> for StockTaken {
    async fn all(
        self: Rc<Self>,
        _params: taken::AllParams<T>,
        mut results: taken::AllResults<T>,
    ) -> Result<(), capnp::Error> {
        let mut end = self.end.clone();
        let ended = end.wait_for(Option::is_some).await;
        let ended = *ended.map_err(|error| capnp::Error::failed(error.to_string()))?;
        if ended != Some(true) {
            let text = "dsb:aborted: the stream broke off".to_owned();
            return Err(capnp::Error::failed(text));
        }
        let values = self.values.borrow();
        let mut list = results.get().init_values(values.len() as u32);
        for (place, value) in (0..).zip(values.iter()) {
            let value = value.get_root_as_reader::<box_::Reader<'_, T>>()?;
            list.reborrow().get(place).set_value(value.get_value()?)?;
        }
        Ok(())
    }
}

/// Sends `values`, and ends as it is told.
async fn send<'a, T: Owned + Unpin + 'static>(
    watch: &Watch,
    values: impl Iterator<Item = Result<T::Reader<'a>, capnp::Error>>,
    ending: Ending,
    sink: sink::Client<T>,
) -> Result<(), capnp::Error> {
    let _running = watch.running.enter();
    for value in values {
        let mut request = sink.next_request();
        request.get().set_item(value?)?;
        request.send().await?;
    }
    conclude(ending, &sink).await
}
