//! Objects that pass objects, over level 1.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::time::Duration;

use dsoftbus::{
    Client as _, Node, Trust,
    testing::{self, Pair},
};
use dsoftbus_tests::{TestHub, caps::HubClient, within};
use tokio::time::Instant;

/// The service, a session with it, and a client.
struct Bench {
    service: TestHub,
    pair: Pair,
    hub: HubClient,
}

async fn bench() -> Bench {
    let service = TestHub::default();
    let node = Node::builder()
        .allow(Trust::anyone())
        .serve(service.clone());
    let pair = within(testing::pair(node)).await.unwrap();
    let hub = within(pair.peer.open()).await.unwrap();
    Bench { service, pair, hub }
}

#[tokio::test(start_paused = true)]
async fn a_call_is_answered() {
    let bench = bench().await;
    assert_eq!(within(bench.hub.echo("hello")).await.unwrap(), "hello");
}

#[tokio::test(start_paused = true)]
async fn an_object_in_results_is_called() {
    let bench = bench().await;
    let thing = within(bench.hub.make("one")).await.unwrap();
    assert_eq!(within(thing.say("hello")).await.unwrap(), "one: hello");
    assert_eq!(bench.service.things.get(), 1);
    drop(thing);
    bench.service.things.reaches(0).await;
    let _ = (&bench.pair, bench.hub.capability());
}

#[tokio::test(start_paused = true)]
async fn a_pipelined_call_takes_no_round_trip_of_its_own() {
    let bench = bench().await;
    bench.pair.link.delay(Duration::from_millis(50));
    let start = Instant::now();
    let mut made = bench.hub.make("one");
    let said = made.pipeline().say("hello");
    assert_eq!(within(said).await.unwrap(), "one: hello");
    let took = start.elapsed();
    assert!(took < Duration::from_millis(150), "{took:?}");
    let thing = within(made).await.unwrap();
    assert_eq!(start.elapsed(), took);
    assert_eq!(within(thing.say("again")).await.unwrap(), "one: again");
}
