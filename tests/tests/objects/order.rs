//! Calls of one object arrive in the order in which they are made, whatever becomes of the reference to it meanwhile.

use dsoftbus::Code;
use dsoftbus_tests::{
    OrderClient, basics,
    objects_service::{Bench, TestOrder},
    within,
};
use tokio::task::JoinHandle;

use crate::{settle, start};

scenarios! {
    calls_arrive_in_order: Here Session Stock;
    calls_of_a_promise_arrive_in_order: Here Session Stock;
    calls_of_a_pipelined_result_arrive_in_order: Here Session Stock;
    calls_of_ones_own_object_by_way_of_the_peer_arrive_in_order: Here Session Stock;
    calls_of_a_promise_by_way_of_the_peer_arrive_in_order: Here Session Stock;
    calls_by_way_of_the_peer_fail_when_the_promise_breaks: Here Session Stock;
}

/// Makes the next call of `order`.
fn next(order: &OrderClient, calls: &mut Vec<JoinHandle<dsoftbus::Result<u32>>>) {
    let expected = calls.len() as u32;
    calls.push(start(order.get_call_sequence(expected)));
}

async fn in_order(calls: Vec<JoinHandle<dsoftbus::Result<u32>>>) {
    for (expected, call) in (0..).zip(calls) {
        assert_eq!(within(call).await.unwrap().unwrap(), expected);
    }
}

async fn calls_arrive_in_order(bench: Bench) {
    let order = within(bench.objects.order()).await.unwrap();
    let mut calls = Vec::new();
    for _ in 0..100 {
        next(&order, &mut calls);
    }
    in_order(calls).await;
}

async fn calls_of_a_promise_arrive_in_order(bench: Bench) {
    let (promised, resolver) = dsoftbus::promise::<OrderClient>();
    let mut calls = Vec::new();
    for _ in 0..10 {
        next(&promised, &mut calls);
    }
    settle().await;
    resolver.resolve(&within(bench.objects.order()).await.unwrap());
    // Those that come now do not overtake.
    for _ in 0..10 {
        next(&promised, &mut calls);
    }
    in_order(calls).await;
}

async fn calls_of_a_pipelined_result_arrive_in_order(bench: Bench) {
    let mut call = bench.objects.order();
    let order = call.pipeline();
    let mut calls = Vec::new();
    for _ in 0..10 {
        next(&order, &mut calls);
    }
    within(call).await.unwrap();
    for _ in 0..10 {
        next(&order, &mut calls);
    }
    in_order(calls).await;
}

async fn calls_of_ones_own_object_by_way_of_the_peer_arrive_in_order(bench: Bench) {
    let more = within(bench.objects.more()).await.unwrap();
    let mine = TestOrder::client(&bench.mine);
    let mut echo = more.echo(&mine);
    let echoed = echo.pipeline();
    let mut calls = Vec::new();
    // These go to the peer and come back.
    next(&echoed, &mut calls);
    next(&echoed, &mut calls);
    let back = within(echo).await.unwrap();
    assert_eq!(back, mine);
    // These could take the short way, and do so only after the others.
    next(&echoed, &mut calls);
    next(&echoed, &mut calls);
    settle().await;
    next(&echoed, &mut calls);
    in_order(calls).await;
    assert_eq!(within(mine.get_call_sequence(5)).await.unwrap(), 5);
}

async fn calls_of_a_promise_by_way_of_the_peer_arrive_in_order(bench: Bench) {
    let more = within(bench.objects.more()).await.unwrap();
    let (promised, resolver) = dsoftbus::promise::<OrderClient>();
    let mut echo = more.echo(&promised);
    let echoed = echo.pipeline();
    let mut calls = Vec::new();
    next(&echoed, &mut calls);
    next(&echoed, &mut calls);
    within(echo).await.unwrap();
    next(&echoed, &mut calls);
    resolver.resolve(&TestOrder::client(&bench.mine));
    next(&echoed, &mut calls);
    settle().await;
    next(&echoed, &mut calls);
    in_order(calls).await;
}

async fn calls_by_way_of_the_peer_fail_when_the_promise_breaks(bench: Bench) {
    let more = within(bench.objects.more()).await.unwrap();
    let (promised, resolver) = dsoftbus::promise::<OrderClient>();
    let mut echo = more.echo(&promised);
    let echoed = echo.pipeline();
    let mut calls = Vec::new();
    next(&echoed, &mut calls);
    next(&echoed, &mut calls);
    let back = within(echo).await.unwrap();
    next(&echoed, &mut calls);
    next(&back, &mut calls);
    settle().await;
    assert!(calls.iter().all(|call| !call.is_finished()));
    resolver.fail(basics::Error::Broken.into());
    next(&echoed, &mut calls);
    for call in calls {
        let status = within(call).await.unwrap().unwrap_err();
        assert_eq!(status.code(), Code::FailedPrecondition, "{status}");
    }
    let status = within(echoed.get_call_sequence(0)).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition, "{status}");
}
