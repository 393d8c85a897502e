//! What cannot be seen, or be made to happen, from outside.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use dsoftbus_proto::frame::CloseCode;
use futures::future::join_all;
use tokio::sync::{Mutex, MutexGuard};

use crate::{
    CallFuture, Capability, Client, Code, Context, Incoming, MethodDescriptor, Node, Outgoing,
    Result, Service, ServiceClient, ServiceDescriptor, Skeleton, Trust,
    error::closed_status,
    testing::{self, Pair},
};

/// Whether the engine of the next channel that looks for a message has to panic.
static PANICS: AtomicBool = AtomicBool::new(false);

/// A panic of `capnp-rpc`, which no test knows how to cause.
pub(super) fn panic_if_asked() {
    assert!(
        !PANICS.swap(false, Ordering::AcqRel),
        "as the test of panics asked"
    );
}

/// Messages that the engines of all channels were given.
static PASSED: AtomicUsize = AtomicUsize::new(0);

pub(super) fn count_passed() {
    PASSED.fetch_add(1, Ordering::AcqRel);
}

/// Tests that have channels run one after the other: any of them could be hit by the panic.
async fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::const_new(());
    ALONE.lock().await
}

static ECHO: ServiceDescriptor = ServiceDescriptor {
    name: "Echo",
    channel: Some(EchoClient::CHANNEL),
    interface_id: 0xe1,
    level: 1,
    methods: &[MethodDescriptor {
        name: "echo",
        service: "Echo",
        interface_id: 0xe1,
        ordinal: 0,
        streaming: false,
    }],
    extends: &[],
    schema: &[],
};

#[derive(Clone)]
struct EchoClient(Capability);

impl Client for EchoClient {
    const DESCRIPTOR: &'static ServiceDescriptor = &ECHO;

    fn from_capability(capability: Capability) -> Self {
        Self(capability)
    }

    fn capability(&self) -> &Capability {
        &self.0
    }
}

impl ServiceClient for EchoClient {
    const CHANNEL: u16 = 0x0100;
}

impl EchoClient {
    async fn echo(&self) -> Result<()> {
        let mut call = Outgoing::call(ECHO.interface_id, 0, 1);
        call.content::<capnp::any_pointer::Builder<'_>>();
        self.0.call(&ECHO.methods[0], call).await.map(drop)
    }
}

struct Echo;

impl Skeleton for Echo {
    fn descriptor(&self) -> &'static ServiceDescriptor {
        &ECHO
    }

    fn call(&self, _: Context, _: u64, _: u16, _: Incoming) -> CallFuture {
        Box::pin(std::future::ready(Ok(Outgoing::results(1))))
    }
}

impl Service for Echo {
    fn skeletons(self: Arc<Self>) -> Vec<Arc<dyn Skeleton>> {
        vec![self]
    }
}

/// Returns what is not a message of results, and notes what it was called for.
#[derive(Default)]
struct Odd(std::sync::Mutex<Vec<(u64, u16)>>);

impl Skeleton for Odd {
    fn descriptor(&self) -> &'static ServiceDescriptor {
        &ECHO
    }

    fn call(&self, _: Context, interface_id: u64, method_id: u16, _: Incoming) -> CallFuture {
        self.0.lock().unwrap().push((interface_id, method_id));
        Box::pin(std::future::ready(Ok(Outgoing::call(7, 7, 1))))
    }
}

struct ServeOdd(Arc<Odd>);

impl Service for ServeOdd {
    fn skeletons(self: Arc<Self>) -> Vec<Arc<dyn Skeleton>> {
        vec![Arc::clone(&self.0) as Arc<dyn Skeleton>]
    }
}

async fn pair() -> Pair {
    let node = Node::builder().allow(Trust::anyone()).serve(Echo);
    testing::pair(node).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_the_engine_ends_its_channel_only() {
    let _alone = alone().await;
    let pair = pair().await;
    let other: EchoClient = pair.peer.open().await.unwrap();
    other.echo().await.unwrap();
    let hit: EchoClient = pair.peer.open().await.unwrap();
    hit.echo().await.unwrap();
    // Whoever takes the call panics: the service.
    PANICS.store(true, Ordering::Release);
    let status = hit.echo().await.unwrap_err();
    assert_eq!(status, closed_status(CloseCode::INTERNAL_ERROR));
    assert!(!PANICS.load(Ordering::Acquire));
    let status = hit.echo().await.unwrap_err();
    assert_eq!(status.code(), Code::Internal);
    // The thread lives, and so does what else is on it.
    other.echo().await.unwrap();
    let fresh: EchoClient = pair.peer.open().await.unwrap();
    fresh.echo().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn calls_that_the_engine_does_not_see_are_the_same_calls() {
    let _alone = alone().await;
    let odd = Arc::new(Odd::default());
    let node = Node::builder()
        .allow(Trust::anyone())
        .serve(ServeOdd(Arc::clone(&odd)));
    let pair = testing::pair(node).await.unwrap();
    let client: EchoClient = pair.peer.open().await.unwrap();
    // The engine sees the first of them. The method is what the caller says, not what the message was made for; the answer is
    // what the object returned, sent as results.
    for _ in 0..4 {
        let mut call = Outgoing::call(1, 2, 1);
        call.content::<capnp::any_pointer::Builder<'_>>();
        client.0.call(&ECHO.methods[0], call).await.unwrap();
    }
    let called = odd.0.lock().unwrap().clone();
    assert_eq!(called, [(ECHO.interface_id, 0); 4]);
}

#[tokio::test(start_paused = true)]
async fn the_thread_ends_with_its_node() {
    let _alone = alone().await;
    let pair = pair().await;
    let client: EchoClient = pair.peer.open().await.unwrap();
    client.echo().await.unwrap();
    let thread = pair
        .peer
        .session()
        .host()
        .vats
        .thread
        .lock()
        .unwrap()
        .take();
    drop(pair);
    // The driver of the session may go on for a while. The client holds nothing of the node.
    while !thread.as_ref().unwrap().is_finished() {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    thread.unwrap().join().unwrap();
    let status = client.echo().await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn calls_of_data_do_not_concern_the_engine() {
    let _alone = alone().await;
    let pair = pair().await;
    let client: EchoClient = pair.peer.open().await.unwrap();
    // Both sides learn from the first call what calls of the service are addressed to. Its answer is followed by a Release.
    for _ in 0..3 {
        client.echo().await.unwrap();
    }
    let before = PASSED.load(Ordering::Acquire);
    for _ in 0..3 {
        let calls = join_all((0..super::limits::MAX_CARRIERS).map(|_| client.echo()));
        assert!(calls.await.iter().all(Result::is_ok));
    }
    assert_eq!(PASSED.load(Ordering::Acquire), before);
    // A channel keeps no more questions open than that: the engine gets the other answers.
    let calls = join_all((0..super::limits::MAX_CARRIERS + 10).map(|_| client.echo()));
    assert!(calls.await.iter().all(Result::is_ok));
    let passed = PASSED.load(Ordering::Acquire) - before;
    assert!(passed <= 10, "{passed} answers");
}
