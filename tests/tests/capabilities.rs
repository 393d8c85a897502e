//! Objects that pass objects, over level 1: between nodes, and with a stock `capnp-rpc` at either end.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "capabilities/caller.rs"]
mod caller;
#[path = "capabilities/hostile.rs"]
mod hostile;
#[path = "capabilities/node.rs"]
mod node;
#[path = "capabilities/stock_client.rs"]
mod stock_client;

use std::sync::{Arc, Mutex};

use dsoftbus::{
    Node, Trust,
    testing::{self, Pair},
};
use dsoftbus_tests::{
    Gauge, TestHub,
    caps::HubClient,
    stock_hub::{self, StockHub},
    within,
};

/// A service at the other end of a session, and a client of it.
struct Bench {
    /// Objects of the service that are alive.
    things: Gauge,
    /// Handlers of the service that never end by themselves and run.
    running: Gauge,
    /// Items that its sinks took.
    items: Gauge,
    /// Makes objects on the calling side.
    mine: TestHub,
    pair: Pair,
    hub: HubClient,
}

/// Our service, called in messages mode.
async fn ours() -> Bench {
    let service = TestHub::default();
    let node = Node::builder()
        .allow(Trust::anyone())
        .serve(service.clone());
    let pair = within(testing::pair(node)).await.unwrap();
    let hub = within(pair.peer.open()).await.unwrap();
    Bench {
        things: service.things,
        running: service.running,
        items: service.items,
        mine: TestHub::default(),
        pair,
        hub,
    }
}

/// A stock service, called in bytes mode. Must be awaited on a `LocalSet`.
async fn stock() -> Bench {
    let accepted = Arc::new(Mutex::new(None));
    let slot = Arc::clone(&accepted);
    let node = Node::builder().allow(Trust::anyone()).serve_bytes(
        dsoftbus_tests::caps::CHANNEL,
        move |_, channel| {
            *slot.lock().unwrap() = Some(channel);
        },
    );
    let pair = within(testing::pair(node)).await.unwrap();
    let hub = within(pair.peer.open_bytes_mode()).await.unwrap();
    let service = StockHub::default();
    let (things, running, items) = (
        service.things.clone(),
        service.running.clone(),
        service.items.clone(),
    );
    let channel = accepted.lock().unwrap().take().unwrap();
    tokio::task::spawn_local(stock_hub::serve(channel, service));
    Bench {
        things,
        running,
        items,
        mine: TestHub::default(),
        pair,
        hub,
    }
}
