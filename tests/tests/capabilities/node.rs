//! What holds between nodes.

use std::{future::IntoFuture as _, sync::Arc, time::Duration};

use dsoftbus::{
    Capability, Client as _, Code, Context, Intercepted, Interceptor, Next, Node, Trust, testing,
};
use dsoftbus_tests::{
    ProbeClient, TestHub, TestProbe,
    caps::{HubClient, ThingClient},
    within,
};
use futures::future::join_all;
use tokio::time::Instant;

use super::ours;

#[tokio::test(start_paused = true)]
async fn a_deadline_travels_with_the_call() {
    let bench = ours().await;
    let left = bench.hub.deadline().timeout(Duration::from_millis(500));
    let left = within(left).await.unwrap();
    assert!((1..=500).contains(&left), "{left}");
    // Not in bytes mode, as at level 0.
    let bytes: HubClient = within(bench.pair.peer.open_bytes_mode()).await.unwrap();
    let left = bytes.deadline().timeout(Duration::from_millis(500));
    assert_eq!(within(left).await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_is_kept_by_the_serving_side_too() {
    let bench = ours().await;
    let call = bench.hub.hang().timeout(Duration::from_millis(300));
    let call = tokio::spawn(within(call));
    bench.running.reaches(1).await;
    // The Finish of the caller does not get through.
    bench.pair.link.stall(true);
    let status = call.await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    bench.running.reaches(0).await;
}

#[tokio::test(start_paused = true)]
async fn a_panic_ends_its_call_only() {
    let bench = ours().await;
    let status = within(bench.hub.panic()).await.unwrap_err();
    assert_eq!(status.code(), Code::Internal);
    assert!(status.is_remote());
    assert_eq!(within(bench.hub.echo("alive")).await.unwrap(), "alive");
}

#[tokio::test(start_paused = true)]
async fn a_method_that_does_not_exist_is_unimplemented() {
    let bench = ours().await;
    let thing = ThingClient::from_capability(bench.hub.capability().clone());
    let status = within(thing.say("x")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_dropped_closes_its_channel() {
    let bench = ours().await;
    // More than a session may have open at once.
    for _ in 0..300 {
        let hub: HubClient = within(bench.pair.peer.open()).await.unwrap();
        let thing = within(hub.make("one")).await.unwrap();
        drop(hub);
        assert_eq!(within(thing.say("x")).await.unwrap(), "one: x");
    }
    bench.things.reaches(0).await;
}

#[tokio::test(start_paused = true)]
async fn a_channel_stays_open_while_the_peer_holds_an_object_that_came_over_it() {
    let service = TestHub::default();
    let node = Node::builder()
        .allow(Trust::anyone())
        .serve(service.clone());
    let pair = within(testing::pair(node)).await.unwrap();
    let hub: HubClient = within(pair.peer.open()).await.unwrap();
    let mine = TestHub::default();
    within(hub.keep(&mine.thing("mine"))).await.unwrap();
    drop(hub);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let held = ThingClient::from_capability(service.held());
    assert_eq!(within(held.say("x")).await.unwrap(), "mine: x");
    drop(held);
    assert_eq!(mine.things.get(), 1);
    // Through another channel: it is the service that holds the object.
    let hub: HubClient = within(pair.peer.open()).await.unwrap();
    within(hub.give()).await.unwrap();
    mine.things.reaches(0).await;
}

#[tokio::test(start_paused = true)]
async fn the_service_knows_its_own_object_again() {
    let bench = ours().await;
    let thing = within(bench.hub.make("one")).await.unwrap();
    within(bench.hub.keep(thing.capability())).await.unwrap();
    let other = within(bench.hub.make("other")).await.unwrap();
    let (same, not) = futures::join!(
        within(bench.hub.is_kept(thing.capability())),
        within(bench.hub.is_kept(other.capability()))
    );
    assert!(same.unwrap());
    assert!(!not.unwrap());
    // Pipelined, before anybody knows what it will be.
    let mut kept = bench.hub.kept();
    let same = bench.hub.is_kept(kept.pipeline().capability());
    assert!(within(same).await.unwrap());
    let kept = within(kept).await.unwrap();
    assert_eq!(kept, thing);
}

#[tokio::test(start_paused = true)]
async fn an_object_of_one_peer_can_be_passed_to_another() {
    let one = ours().await;
    let other = ours().await;
    let theirs = within(one.hub.make("far")).await.unwrap();
    let said = other.hub.call(theirs.capability(), "hello");
    assert_eq!(within(said).await.unwrap(), "far: hello");
    // It comes back as what it is here.
    let back = within(other.hub.same(theirs.capability())).await.unwrap();
    assert_eq!(back, theirs);
    within(other.hub.keep(theirs.capability())).await.unwrap();
    drop((theirs, back));
    let held = within(other.hub.kept()).await.unwrap();
    assert_eq!(held.capability().peer(), Some(one.pair.node.device_id()));
    drop(held);
    assert_eq!(one.things.get(), 1);
    within(other.hub.give()).await.unwrap();
    one.things.reaches(0).await;
    // Its session ends: only calls of it fail.
    let theirs = within(one.hub.make("far")).await.unwrap();
    within(other.hub.keep(theirs.capability())).await.unwrap();
    one.pair.link.cut();
    within(one.pair.peer.closed()).await;
    let status = within(other.hub.call(theirs.capability(), "x")).await;
    assert_eq!(status.unwrap_err().code(), Code::Unavailable);
    assert_eq!(within(other.hub.echo("alive")).await.unwrap(), "alive");
}

#[tokio::test(start_paused = true)]
async fn cancelling_reaches_an_object_behind_another_peer() {
    let one = ours().await;
    let other = ours().await;
    let theirs = within(one.hub.make("far")).await.unwrap();
    within(other.hub.keep(theirs.capability())).await.unwrap();
    // Through another channel it is an object of that peer, which calls back here, and from here it goes on.
    let hub: HubClient = within(other.pair.peer.open()).await.unwrap();
    let held = within(hub.kept()).await.unwrap();
    assert_eq!(held.capability().peer(), Some(other.pair.node.device_id()));
    assert_eq!(within(held.say("x")).await.unwrap(), "far: x");
    let call = tokio::spawn(held.hang().into_future());
    one.running.reaches(1).await;
    call.abort();
    one.running.reaches(0).await;
    // The deadline is known all the way.
    let status = within(held.hang().timeout(Duration::from_millis(100))).await;
    assert_eq!(status.unwrap_err().code(), Code::DeadlineExceeded);
    one.running.reaches(0).await;
}

#[tokio::test(start_paused = true)]
async fn a_level_0_service_can_be_passed_as_an_object() {
    let bench = ours().await;
    let node = Node::builder()
        .allow(Trust::anyone())
        .serve(TestProbe::default());
    let pair = within(testing::pair(node)).await.unwrap();
    let probe: ProbeClient = within(pair.peer.open()).await.unwrap();
    // It answers, and does not have the method.
    let status = within(bench.hub.call(probe.capability(), "x")).await;
    assert_eq!(status.unwrap_err().code(), Code::Unimplemented);
    let back = within(bench.hub.same(probe.capability())).await.unwrap();
    assert_eq!(back.capability(), probe.capability());
}

/// Answers calls of `say` by itself.
struct Says(&'static str);

impl Interceptor for Says {
    fn call<'a>(&'a self, cx: Context, next: Next<'a>) -> Intercepted<'a> {
        Box::pin(async move {
            match cx.method().map(|method| method.name) {
                Some("next") => Err(dsoftbus::Status::permission_denied(self.0)),
                _ => next.run(cx).await,
            }
        })
    }
}

#[tokio::test(start_paused = true)]
async fn an_interceptor_stands_before_calls_of_objects_of_a_peer() {
    let bench = ours().await;
    let thing = within(bench.hub.make("one")).await.unwrap();
    let guarded = thing.capability().clone().intercept(Says("not here"));
    let guarded = ThingClient::from_capability(guarded);
    assert_eq!(within(guarded.say("x")).await.unwrap(), "one: x");
    let status = within(guarded.next()).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    assert_eq!(within(thing.next()).await.unwrap(), 1);
    // Passed on, it stays in front.
    let said = bench.hub.call(guarded.capability(), "y");
    assert_eq!(within(said).await.unwrap(), "one: y");
}

/// Starts fifty calls of `thing`, in order, and ends them on as many threads as there are.
async fn fifty(thing: &ThingClient) -> Vec<u32> {
    let mut tasks = Vec::new();
    for _ in 0..50 {
        let mut call = Box::pin(thing.next());
        assert!(futures::poll!(call.as_mut()).is_pending());
        tasks.push(tokio::spawn(within(call)));
    }
    let numbers = join_all(tasks).await;
    numbers
        .into_iter()
        .map(|done| done.unwrap().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn calls_of_a_promise_of_this_process_keep_their_order() {
    let local = HubClient::from_capability(Capability::local(Arc::new(TestHub::default())));
    let expected: Vec<u32> = (0..50).collect();
    let mut late = local.wait(50);
    assert_eq!(fifty(&late.pipeline()).await, expected);
    // The same, called by a peer.
    let bench = ours().await;
    let mut late = local.wait(50);
    let mut same = bench.hub.same(late.pipeline().capability());
    assert_eq!(fifty(&same.pipeline()).await, expected);
}

#[tokio::test(start_paused = true)]
async fn a_call_fails_when_its_node_is_shut_down() {
    let bench = ours().await;
    let call = tokio::spawn(within(bench.hub.hang()));
    bench.running.reaches(1).await;
    bench.pair.peer.node().shutdown();
    let status = call.await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    // Also when nothing is left of the node but the handle.
    let hub = bench.hub;
    drop((bench.pair, bench.mine));
    bench.running.reaches(0).await;
    let status = within(hub.echo("x")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn calls_that_pile_up_before_a_peer_that_reads_nothing_are_refused() {
    let bench = ours().await;
    within(bench.hub.echo("warm")).await.unwrap();
    bench.pair.link.stall(true);
    let text = "x".repeat(100_000);
    let calls: Vec<_> = (0..100)
        .map(|_| tokio::spawn(bench.hub.echo(&text).into_future()))
        .collect();
    tokio::time::sleep(Duration::from_secs(1)).await;
    bench.pair.link.stall(false);
    let (mut answered, mut refused) = (0, 0);
    for call in join_all(calls).await {
        match call.unwrap() {
            Ok(_) => answered += 1,
            Err(status) => {
                assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
                refused += 1;
            }
        }
    }
    // 2 MiB, what was on its way before, and what fits the wire.
    assert!((20..40).contains(&answered), "{answered}, {refused}");
    assert_eq!(within(bench.hub.echo("alive")).await.unwrap(), "alive");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_before_a_call_is_polled() {
    let bench = ours().await;
    within(bench.hub.echo("warm")).await.unwrap();
    // What follows the first answer has left, too.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = bench.pair.link.sent();
    let call = bench.hub.echo("later");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(bench.pair.link.sent(), before);
    let start = Instant::now();
    assert_eq!(within(call).await.unwrap(), "later");
    assert!(start.elapsed() < Duration::from_secs(1));
}
