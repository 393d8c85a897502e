//! [`Bench`]: what a scenario works with, wherever the objects are.

use std::rc::Rc;

use dsoftbus::{
    ByteChannel, Node, NodeBuilder, Trust,
    testing::{self, Pair},
};
use tokio::{
    sync::mpsc,
    task::{LocalSet, spawn_local},
};

use super::{TestObjects, Watch, stock};
use crate::{ObjectsClient, objects, objects_capnp, promptly, within};

/// Where the objects of a scenario are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Place {
    /// In the process of the test.
    Here,
    /// On another node, in messages mode.
    Session,
    /// In a program that has only `capnp-rpc`, in bytes mode.
    Stock,
}

/// What a scenario works with.
#[derive(Debug)]
pub struct Bench {
    /// Where the objects are.
    pub place: Place,
    /// The service.
    pub objects: ObjectsClient,
    /// What is seen of its objects.
    pub watch: Watch,
    /// What is seen of the objects that the test makes.
    pub mine: Watch,
    /// The session to the objects, where there is one.
    pub pair: Option<Rc<Pair>>,
}

/// Runs a scenario with its objects in one place. When it is over, nothing may be left of them, though the session goes on.
///
/// # Panics
///
/// When the scenario fails.
pub async fn at<F: Future<Output = ()>>(place: Place, scenario: impl FnOnce(Bench) -> F) {
    let run = async {
        let bench = match place {
            Place::Here => here(),
            Place::Session => session(Node::builder()).await,
            Place::Stock => stock_server().await,
        };
        let (watch, mine) = (bench.watch.clone(), bench.mine.clone());
        let pair = bench.pair.clone();
        within(scenario(bench)).await;
        promptly(watch.is_idle()).await;
        promptly(mine.is_idle()).await;
        drop(pair);
    };
    LocalSet::new().run_until(run).await;
}

/// Objects in the process of the test.
fn here() -> Bench {
    let service = TestObjects::default();
    Bench {
        place: Place::Here,
        watch: service.watch.clone(),
        mine: Watch::default(),
        objects: ObjectsClient::local(service),
        pair: None,
    }
}

/// Objects on another node, made of `builder`.
///
/// # Panics
///
/// When there is no session.
pub async fn session(builder: NodeBuilder) -> Bench {
    let service = TestObjects::default();
    let watch = service.watch.clone();
    let builder = builder.allow(Trust::anyone()).serve(service);
    let pair = within(testing::pair(builder)).await;
    let pair = pair.expect("a session in memory");
    let objects = within(pair.peer.open()).await;
    Bench {
        place: Place::Session,
        objects: objects.expect("the service is served"),
        watch,
        mine: Watch::default(),
        pair: Some(Rc::new(pair)),
    }
}

/// Objects in a program that has only `capnp-rpc`. Must be called on a [`LocalSet`].
async fn stock_server() -> Bench {
    let watch = Watch::default();
    // A scenario opens one.
    let (accepted, mut channels) = mpsc::channel(1);
    let builder =
        Node::builder()
            .allow(Trust::anyone())
            .serve_bytes(objects::CHANNEL, move |_, channel| {
                // The program ends with the test.
                let _ = accepted.try_send(channel);
            });
    let watched = watch.clone();
    spawn_local(async move {
        while let Some(channel) = channels.recv().await {
            spawn_local(stock::serve(channel, watched.clone()));
        }
    });
    let pair = within(testing::pair(builder)).await;
    let pair = pair.expect("a session in memory");
    let objects = within(pair.peer.open_bytes_mode()).await;
    Bench {
        place: Place::Stock,
        objects: objects.expect("the service is served"),
        watch,
        mine: Watch::default(),
        pair: Some(Rc::new(pair)),
    }
}

/// What a scenario of a program works with that has only `capnp-rpc`, and calls our objects.
#[allow(missing_debug_implementations, reason = "stock clients have none")]
pub struct StockBench {
    /// The service.
    pub objects: objects_capnp::objects::Client,
    /// What is seen of its objects.
    pub watch: Watch,
    /// What is seen of the objects that the test makes.
    pub mine: Watch,
}

/// Runs a scenario of a program that has only `capnp-rpc`, and calls our objects. When it is over, nothing may be left of them,
/// though the channel goes on.
///
/// # Panics
///
/// When the scenario fails.
pub async fn stock_client<F: Future<Output = ()>>(scenario: impl FnOnce(StockBench) -> F) {
    let run = async {
        let service = TestObjects::default();
        let watch = service.watch.clone();
        let mine = Watch::default();
        let builder = Node::builder().allow(Trust::anyone()).serve(service);
        let pair = within(testing::pair(builder)).await;
        let pair = pair.expect("a session in memory");
        let channel = pair
            .peer
            .open_bytes(objects::CHANNEL, objects::INTERFACE_ID);
        let channel: ByteChannel = within(channel).await.expect("the service is served");
        let (objects, driver) = stock::client(channel);
        let bench = StockBench {
            objects,
            watch: watch.clone(),
            mine: mine.clone(),
        };
        within(scenario(bench)).await;
        promptly(watch.is_idle()).await;
        promptly(mine.is_idle()).await;
        driver.abort();
    };
    LocalSet::new().run_until(run).await;
}
