//! How far a deadline comes with its call.

use std::time::Duration;

use dsoftbus::{Client as _, Code};
use dsoftbus_tests::{
    MoreClient, OrderClient,
    objects_service::{Bench, TestMore},
    promptly, within,
};
use tokio::time::Instant;

use crate::{settle, start};

scenarios! {
    a_deadline_travels_with_a_call_of_what_was_promised: Here Session;
    a_pipelined_call_that_the_peer_sends_back_keeps_its_deadline: Here Session;
    a_call_of_what_was_pipelined_stops_with_its_caller: Here Session;
    a_pipelined_call_that_the_peer_sends_back_stops_with_its_caller: Here Session;
}

/// What the calls of these tests may take.
const TIME: Duration = Duration::from_secs(5);

/// How long the object at the other end sees its caller wait; `None`: for ever.
async fn seen(object: &MoreClient) -> Option<Duration> {
    let call = object.time_left(&MoreClient::default()).timeout(TIME);
    match within(call).await.unwrap() {
        u64::MAX => None,
        millis => Some(Duration::from_millis(millis)),
    }
}

#[track_caller]
fn assert_known(left: Option<Duration>) {
    let left = left.expect("the deadline is known");
    assert!(
        (TIME - Duration::from_millis(20)..=TIME).contains(&left),
        "{left:?}"
    );
}

/// The result of an `echo`, as what it is.
fn as_more(order: &OrderClient) -> MoreClient {
    MoreClient::from_capability(order.capability().clone())
}

async fn a_deadline_travels_with_a_call_of_what_was_promised(bench: Bench) {
    // Promised here, and then known to be there.
    let theirs = within(bench.objects.more()).await.unwrap();
    let (promised, resolver) = dsoftbus::promise::<MoreClient>();
    let call = promised.time_left(&MoreClient::default()).timeout(TIME);
    let call = start(call);
    settle().await;
    resolver.resolve(&theirs);
    let left = within(call).await.unwrap().unwrap();
    assert_known(Some(Duration::from_millis(left)));
    // Promised there, as a result that is an object of the peer's own.
    assert_known(seen(&bench.objects.more().pipeline()).await);
    let theirs = OrderClient::from(theirs);
    let mut more = bench.objects.more();
    let mut echo = more.pipeline().echo(&theirs);
    assert_known(seen(&as_more(&echo.pipeline())).await);
}

async fn a_pipelined_call_that_the_peer_sends_back_keeps_its_deadline(bench: Bench) {
    let theirs = within(bench.objects.more()).await.unwrap();
    let mine = OrderClient::from(TestMore::client(&bench.mine));
    let mut echo = theirs.echo(&mine);
    // The peer finds out that the result is an object of its caller, and its engine writes the call back.
    assert_known(seen(&as_more(&echo.pipeline())).await);
    // What is called once it is known goes no such way.
    let back = within(echo).await.unwrap();
    assert_known(seen(&as_more(&back)).await);
}

async fn a_call_of_what_was_pipelined_stops_with_its_caller(bench: Bench) {
    let theirs = within(bench.objects.more()).await.unwrap();
    let mine = OrderClient::from(TestMore::client(&bench.mine));
    let mut echo = theirs.echo(&mine);
    let pipelined = as_more(&echo.pipeline());
    within(echo).await.unwrap();
    let begin = Instant::now();
    let call = start(pipelined.nap(60_000).timeout(TIME));
    bench.mine.running.reaches(1).await;
    let status = within(call).await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    bench.mine.running.reaches(0).await;
    let took = begin.elapsed();
    assert!(
        (TIME..TIME + Duration::from_millis(10)).contains(&took),
        "{took:?}"
    );
}

async fn a_pipelined_call_that_the_peer_sends_back_stops_with_its_caller(bench: Bench) {
    let theirs = within(bench.objects.more()).await.unwrap();
    let mine = OrderClient::from(TestMore::client(&bench.mine));
    for gives_up in [false, true] {
        let mut echo = theirs.echo(&mine);
        let pipelined = as_more(&echo.pipeline());
        drop(echo);
        let call = start(pipelined.nap(60_000).timeout(TIME));
        bench.mine.running.reaches(1).await;
        if gives_up {
            call.abort();
        } else {
            let status = within(call).await.unwrap().unwrap_err();
            assert_eq!(status.code(), Code::DeadlineExceeded);
        }
        promptly(bench.mine.running.reaches(0)).await;
    }
}
