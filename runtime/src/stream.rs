//! [`Sink`] and [`Items`]: streams of values between devices.
//!
//! On the wire a stream is an object of `Sink` of `bus.capnp`: its `next` is a `-> stream` method, so that the engine
//! keeps as many items under way as the window allows, and its `end` says that nothing more comes.

use std::{
    any::Any,
    fmt,
    future::Future,
    marker::PhantomData,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context as TaskContext, Poll, ready},
    time::Duration,
};

use dsoftbus_schemas::SINK;
use futures::{Stream, task::AtomicWaker};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::{
    __private::{
        Element, PointerBuilder, PointerReader, Pointers, StructBuilder, call, no_such_method,
        params_with_capabilities, read_client, reply, size, write_client,
    },
    Call, CallFuture, Capability, Client, Context, Incoming, MethodDescriptor, Pipeline, Pipelined,
    Pointer, Result, ServiceDescriptor, Skeleton, Status,
};

/// Bytes of items that wait for a slow reader, besides those that the producer's window still has under way.
///
/// More only hides that the reader is slow. An item that is larger than this waits alone.
const MAX_WAITING: u32 = 64 * 1024;

/// Items that wait for a slow reader, however small they are: each costs more than its bytes.
const MAX_WAITING_ITEMS: usize = 1024;

/// Time for one item. A reader may be slow for as long as it likes; a peer that is gone is found out by the session.
const PATIENCE: Duration = Duration::from_secs(u32::MAX as u64 / 1000);

const NEXT: MethodDescriptor = MethodDescriptor {
    name: "next",
    service: "Sink",
    interface_id: SINK,
    ordinal: 0,
    streaming: true,
};

const END: MethodDescriptor = MethodDescriptor {
    name: "end",
    service: "Sink",
    interface_id: SINK,
    ordinal: 1,
    streaming: false,
};

/// A stream: the end that values go into, to be handed over in a call or kept, and the end that they come out of.
///
/// ```ignore
/// let (sink, events) = dsoftbus::stream();
/// let mut events = events.driven_by(samgr.watch("net.", &sink));
/// while let Some(event) = events.next().await {
///     println!("{:?}", event?);
/// }
/// ```
pub fn stream<T: Pointer>() -> (Sink<T>, Items<T>) {
    let (sender, receiver) = mpsc::channel(MAX_WAITING_ITEMS);
    let holders = Arc::new(Holders::default());
    let skeleton = SinkSkeleton {
        sender,
        room: Arc::new(Semaphore::new(MAX_WAITING as usize)),
        holders: Arc::clone(&holders),
    };
    let sink = Sink::from_capability(Capability::local(Arc::new(skeleton)));
    let items = Items {
        receiver,
        driver: None,
        state: State::Open,
        holders,
    };
    (sink, items)
}

/// Where the values of a stream go in.
///
/// Dropping the last clone without [`end`](Self::end) tells the reader that the stream broke off.
#[derive(PartialEq)]
pub struct Sink<T> {
    capability: Capability,
    items: PhantomData<fn(T)>,
}

impl<T: Pointer> Sink<T> {
    /// Sends a value. The call ends when there is room for another, which is before the reader has seen this one; it waits for
    /// a slow reader as long as that takes.
    ///
    /// # Errors
    ///
    /// `cancelled` when the reader is gone, `unavailable` when the session has ended, `resource_exhausted` when the value is larger
    /// than a message, `failed_precondition` when the sink refers to nothing. It may be the failure of an earlier value: once the
    /// other side has refused one, all that follow fail alike.
    ///
    /// # Cancel safety
    ///
    /// A send that is dropped after its first poll may or may not have happened.
    pub fn send(&self, value: &T) -> Call<()> {
        let decode = |_: &Incoming| Ok(());
        let fill = |params: &mut StructBuilder<'_>| params.pointer(0, "item", value);
        call(&self.capability, &NEXT, size(0, 1), 1, fill, decode, &[]).timeout(PATIENCE)
    }

    /// Ends the stream: the reader learns that it is complete. Everything that was sent before is delivered before.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send): above all the failure of an earlier value. That the reader is gone is none by itself.
    ///
    /// # Cancel safety
    ///
    /// An end that is dropped before its first poll has not happened; after it, it may have. A stream that was not ended breaks off
    /// with the last clone of the sink.
    pub fn end(self) -> Call<()> {
        let decode = |_: &Incoming| Ok(());
        call(
            &self.capability,
            &END,
            size(0, 0),
            0,
            |_| Ok(()),
            decode,
            &[],
        )
        .timeout(PATIENCE)
    }
}

impl<T: Pointer> Client for Sink<T> {
    const DESCRIPTOR: &'static ServiceDescriptor = &DESCRIPTOR;

    fn from_capability(capability: Capability) -> Self {
        Self {
            capability,
            items: PhantomData,
        }
    }

    fn capability(&self) -> &Capability {
        &self.capability
    }
}

static DESCRIPTOR: ServiceDescriptor = ServiceDescriptor {
    name: "Sink",
    channel: None,
    interface_id: SINK,
    level: 1,
    methods: &[NEXT, END],
    extends: &[],
    schema: &[],
};

impl<T> Clone for Sink<T> {
    fn clone(&self) -> Self {
        Self {
            capability: self.capability.clone(),
            items: PhantomData,
        }
    }
}

impl<T> Default for Sink<T> {
    fn default() -> Self {
        Self {
            capability: Capability::default(),
            items: PhantomData,
        }
    }
}

impl<T> fmt::Debug for Sink<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sink").field(&self.capability).finish()
    }
}

impl<T: Pointer> From<Pipeline> for Sink<T> {
    fn from(pipeline: Pipeline) -> Self {
        Self::from_capability(pipeline.capability())
    }
}

impl<T: Pointer> Element for Sink<T> {
    type Encoding = Pointers;
}

impl<T: Pointer> Pointer for Sink<T> {
    fn read(from: PointerReader<'_>) -> capnp::Result<Self> {
        read_client(from)
    }

    fn write(&self, to: PointerBuilder<'_>) -> capnp::Result<()> {
        write_client(self, to)
    }

    fn is_null(&self) -> bool {
        self.capability.is_null()
    }
}

impl<T: Pointer> Pipelined for Sink<T> {
    type Pipeline = Self;
}

/// Where the values of a stream come out of: a [`futures::Stream`] of results.
///
/// Ends with `None` after the producer said that the stream is complete. When it broke off instead, the last item before `None`
/// is the error: `aborted` when the producer dropped its sink, or the status of the call that [drives](Self::driven_by) the
/// stream. Dropping it cancels the stream: the producer's next send fails.
#[must_use = "a stream that is dropped is cancelled"]
pub struct Items<T> {
    receiver: mpsc::Receiver<Item<T>>,
    driver: Option<Pin<Box<dyn Future<Output = Result<()>> + Send>>>,
    state: State,
    holders: Arc<Holders>,
}

/// What is known of the end.
#[derive(Debug)]
enum State {
    Open,
    /// The call that drives the stream has ended: with this, unless the stream is complete.
    Driven(Result<()>),
    Over,
}

enum Item<T> {
    Value(T, OwnedSemaphorePermit),
    End,
}

impl<T: Pointer> Items<T> {
    /// Has `call`, to which the sink was handed, run while the stream is read. The stream ends when the call has ended and no peer
    /// holds the sink any more: completely when the call succeeded, else with the status that it failed with. A call that fails on
    /// this side, as at its deadline, ends the stream without waiting for anybody. Dropping the stream cancels the call.
    pub fn driven_by<R: Send + 'static>(mut self, call: Call<R>) -> Self {
        self.driver = Some(Box::pin(async move { call.await.map(|_| ()) }));
        self
    }

    /// What is there, once the driving call has ended: nothing when nothing more can come.
    fn poll_rest(&mut self, cx: &mut TaskContext<'_>, wait: bool) -> Poll<Option<Item<T>>> {
        // Looked at before the queue: whoever lets go has put its items there.
        let held = wait && self.holders.poll(cx);
        match self.receiver.try_recv() {
            Ok(item) => Poll::Ready(Some(item)),
            Err(_) if !held => Poll::Ready(None),
            Err(_) => self.receiver.poll_recv(cx),
        }
    }

    fn poll_driver(&mut self, cx: &mut TaskContext<'_>) {
        if let Some(driver) = &mut self.driver
            && let Poll::Ready(result) = driver.as_mut().poll(cx)
        {
            self.driver = None;
            self.state = State::Driven(result);
        }
    }
}

impl<T: Pointer> Stream for Items<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Option<Result<T>>> {
        self.poll_driver(cx);
        if matches!(self.state, State::Over) {
            return Poll::Ready(None);
        }
        let received = match &self.state {
            // A peer may have answered the call before all that it sent was taken in. What a call of this side that failed had
            // sent is there, and what the peer does with the sink is its own affair.
            State::Driven(Ok(())) => ready!(self.poll_rest(cx, true)),
            State::Driven(Err(status)) => {
                let wait = status.is_remote();
                ready!(self.poll_rest(cx, wait))
            }
            State::Open | State::Over => ready!(self.receiver.poll_recv(cx)),
        };
        if let Some(Item::Value(value, _room)) = received {
            return Poll::Ready(Some(Ok(value)));
        }
        if received.is_none() && self.driver.is_some() {
            // The sink is gone, and the call will tell whether that is how it should be.
            return Poll::Pending;
        }
        self.driver = None;
        let ended = std::mem::replace(&mut self.state, State::Over);
        self.receiver.close();
        let failure = match (received, ended) {
            (Some(_), _) | (None, State::Driven(Ok(()))) => return Poll::Ready(None),
            (None, State::Driven(Err(status))) => status,
            (None, State::Open | State::Over) => {
                Status::aborted("the producer went away before the end of the stream")
            }
        };
        Poll::Ready(Some(Err(failure)))
    }
}

impl<T> fmt::Debug for Items<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// How many channels there are on which a peer holds the sink.
#[derive(Default)]
struct Holders {
    count: AtomicUsize,
    reader: AtomicWaker,
}

impl Holders {
    /// Whether there are any; the reader is woken when there are none any more.
    fn poll(&self, cx: &TaskContext<'_>) -> bool {
        self.reader.register(cx.waker());
        self.count.load(Ordering::Acquire) > 0
    }
}

/// One of the [`Holders`].
struct Holder(Arc<Holders>);

impl Holder {
    fn new(holders: &Arc<Holders>) -> Self {
        holders.count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(holders))
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        if self.0.count.fetch_sub(1, Ordering::Release) == 1 {
            self.0.reader.wake();
        }
    }
}

/// The object that a producer sends to.
struct SinkSkeleton<T> {
    sender: mpsc::Sender<Item<T>>,
    room: Arc<Semaphore>,
    holders: Arc<Holders>,
}

impl<T: Pointer> SinkSkeleton<T> {
    /// Waits for room in the order of the calls, since the semaphore and the queue are fair.
    async fn deliver(
        sender: mpsc::Sender<Item<T>>,
        room: Arc<Semaphore>,
        params: Incoming,
    ) -> Result<()> {
        let value = params_with_capabilities(&params, |params| params.pointer(0, "item"))?;
        let bytes = u32::try_from(params.len_bytes()).unwrap_or(MAX_WAITING);
        let bytes = bytes.min(MAX_WAITING);
        drop(params);
        let gone = || Status::cancelled("the reader of the stream is gone");
        tokio::select! {
            () = sender.closed() => Err(gone()),
            room = room.acquire_many_owned(bytes) => {
                // The semaphore is never closed.
                let room = room.map_err(|_| gone())?;
                sender.send(Item::Value(value, room)).await.map_err(|_| gone())
            }
        }
    }
}

impl<T: Pointer> Skeleton for SinkSkeleton<T> {
    fn descriptor(&self) -> &'static ServiceDescriptor {
        &DESCRIPTOR
    }

    fn held_by_peer(&self) -> Option<Box<dyn Any + Send>> {
        Some(Box::new(Holder::new(&self.holders)))
    }

    fn call(&self, _: Context, interface_id: u64, method_id: u16, params: Incoming) -> CallFuture {
        let sender = self.sender.clone();
        match (interface_id, method_id) {
            (SINK, 0) => {
                let room = Arc::clone(&self.room);
                Box::pin(async move {
                    Self::deliver(sender, room, params).await?;
                    reply(size(0, 0), 0, |_| Ok(()))
                })
            }
            (SINK, 1) => Box::pin(async move {
                // A reader that is gone does not need to know.
                let _ = sender.send(Item::End).await;
                reply(size(0, 0), 0, |_| Ok(()))
            }),
            _ => no_such_method(&DESCRIPTOR, interface_id, method_id),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt as _, StreamExt as _};

    use super::*;
    use crate::Code;

    #[tokio::test(start_paused = true)]
    async fn values_come_out_in_order_and_the_end_is_clean() {
        let (sink, mut items) = stream::<String>();
        for text in ["one", "two"] {
            sink.send(&text.to_owned()).await.unwrap();
        }
        sink.end().await.unwrap();
        assert_eq!(items.next().await.unwrap().unwrap(), "one");
        assert_eq!(items.next().await.unwrap().unwrap(), "two");
        assert!(items.next().await.is_none());
        assert!(items.next().await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_sink_that_is_dropped_is_no_clean_end() {
        let (sink, mut items) = stream::<String>();
        sink.send(&"one".to_owned()).await.unwrap();
        drop(sink);
        assert_eq!(items.next().await.unwrap().unwrap(), "one");
        assert_eq!(
            items.next().await.unwrap().unwrap_err().code(),
            Code::Aborted
        );
        assert!(items.next().await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_is_gone_fails_the_next_send() {
        let (sink, items) = stream::<String>();
        drop(items);
        let status = sink.send(&"one".to_owned()).await.unwrap_err();
        assert_eq!(status.code(), Code::Cancelled);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_reader_holds_the_producer_back() {
        let (sink, mut items) = stream::<Vec<u8>>();
        let value = vec![7; MAX_WAITING as usize / 2 - 256];
        sink.send(&value).await.unwrap();
        sink.send(&value).await.unwrap();
        let mut third = sink.send(&value);
        assert!((&mut third).now_or_never().is_none());
        assert_eq!(items.next().await.unwrap().unwrap().len(), value.len());
        third.await.unwrap();
    }
}
