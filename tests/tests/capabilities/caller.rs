//! What a caller may rely on, whoever serves: every test runs against our service and against a stock one.

use std::{sync::Arc, time::Duration};

use dsoftbus::{Capability, Client as _, Code, Outgoing, Skeleton, Status};
use dsoftbus_tests::{
    Gauge,
    caps::{THING, ThingClient},
    within,
};
use futures::future::join_all;
use tokio::time::Instant;

use super::{Bench, ours, stock};

/// Makes a test of each function, against either service.
macro_rules! against_both {
    ($($name:ident)*) => {
        mod ours_serves {
            $(
                #[tokio::test(start_paused = true)]
                async fn $name() {
                    tokio::task::LocalSet::new().run_until(async { super::$name(super::ours().await).await }).await;
                }
            )*
        }

        mod stock_serves {
            $(
                #[tokio::test(start_paused = true)]
                async fn $name() {
                    tokio::task::LocalSet::new().run_until(async { super::$name(super::stock().await).await }).await;
                }
            )*
        }
    };
}

against_both! {
    a_call_is_answered
    an_object_in_results_is_called_and_goes_with_its_last_handle
    objects_come_inside_of_structs_and_lists
    an_object_that_was_passed_is_called_back
    nothing_can_be_passed_and_returned
    a_pipelined_call_takes_no_round_trip_of_its_own
    pipelined_calls_go_as_deep_as_results_do
    what_is_pipelined_on_a_call_that_fails_fails_alike
    what_is_pipelined_keeps_a_call_alive_that_was_dropped
    an_object_is_released_when_the_peer_lets_go_of_it
    an_object_is_released_when_the_call_that_passed_it_is_cancelled
    an_object_that_comes_back_is_the_same
    calls_of_an_object_start_in_the_order_in_which_they_were_made
    a_promise_that_becomes_our_own_object_keeps_the_order_of_calls
    a_call_that_is_dropped_stops_its_handler
    a_call_that_takes_too_long_fails_and_stops_its_handler
    an_error_of_the_services_own_crosses_in_both_directions
    a_call_fails_when_the_session_ends
    a_sender_waits_for_a_slow_receiver
    what_ends_a_stream_waits_for_its_items
    an_item_that_fails_fails_what_follows
    calls_of_nothing_fail
}

async fn a_call_is_answered(bench: Bench) {
    let texts: Vec<String> = (0..300).map(|number| format!("call {number}")).collect();
    let answers = within(join_all(texts.iter().map(|text| bench.hub.echo(text)))).await;
    let answers: Result<Vec<String>, Status> = answers.into_iter().collect();
    assert_eq!(answers.unwrap(), texts);
    // Larger than the window of a channel.
    let large = "x".repeat(500_000);
    assert_eq!(within(bench.hub.echo(&large)).await.unwrap(), large);
}

async fn an_object_in_results_is_called_and_goes_with_its_last_handle(bench: Bench) {
    let thing = within(bench.hub.make("one")).await.unwrap();
    assert_eq!(thing.capability().peer(), Some(bench.pair.node.device_id()));
    let other = thing.clone();
    assert_eq!(within(thing.say("hello")).await.unwrap(), "one: hello");
    drop(thing);
    assert_eq!(within(other.say("again")).await.unwrap(), "one: again");
    assert_eq!(bench.things.get(), 1);
    drop(other);
    bench.things.reaches(0).await;
}

async fn objects_come_inside_of_structs_and_lists(bench: Bench) {
    let in_it = within(bench.hub.make_box("boxed")).await.unwrap();
    assert_eq!(in_it.name, "boxed");
    assert_eq!(within(in_it.thing.say("x")).await.unwrap(), "boxed: x");
    let many = within(bench.hub.make_many(100)).await.unwrap();
    let said = within(join_all(many.iter().map(|thing| thing.say("x")))).await;
    let said: Vec<String> = said.into_iter().map(Result::unwrap).collect();
    let expected: Vec<String> = (0..100).map(|number| format!("{number}: x")).collect();
    assert_eq!(said, expected);
    assert_eq!(bench.things.get(), 101);
    drop((in_it, many));
    bench.things.reaches(0).await;
}

async fn an_object_that_was_passed_is_called_back(bench: Bench) {
    let mine = bench.mine.thing("mine");
    let said = bench.hub.call(&mine, "hello");
    assert_eq!(within(said).await.unwrap(), "mine: hello");
    drop(mine);
    bench.mine.things.reaches(0).await;
}

async fn nothing_can_be_passed_and_returned(bench: Bench) {
    assert!(
        within(bench.hub.is_null(&Capability::null()))
            .await
            .unwrap()
    );
    let mine = bench.mine.thing("mine");
    assert!(!within(bench.hub.is_null(&mine)).await.unwrap());
    let nothing = within(bench.hub.kept()).await.unwrap();
    assert!(nothing.capability().is_null());
    let status = within(nothing.say("x")).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
}

async fn calls_of_nothing_fail(bench: Bench) {
    let mut call = bench.hub.kept();
    let pipelined = call.pipeline();
    // Whether the results are there already or not.
    let early = within(pipelined.say("x")).await.unwrap_err();
    within(call).await.unwrap();
    let late = within(pipelined.say("x")).await.unwrap_err();
    for status in [early, late] {
        assert!(!status.message().is_empty(), "{status}");
    }
    assert_eq!(within(bench.hub.echo("alive")).await.unwrap(), "alive");
}

async fn a_pipelined_call_takes_no_round_trip_of_its_own(bench: Bench) {
    let one_way = Duration::from_millis(50);
    within(bench.hub.echo("warm")).await.unwrap();
    bench.pair.link.delay(one_way);
    let start = Instant::now();
    let mut made = bench.hub.make("one");
    let said = made.pipeline().say("hello");
    assert_eq!(within(said).await.unwrap(), "one: hello");
    let took = start.elapsed();
    assert!(took >= 2 * one_way && took < 3 * one_way, "{took:?}");
    let thing = within(made).await.unwrap();
    assert_eq!(start.elapsed(), took);
    assert_eq!(within(thing.say("again")).await.unwrap(), "one: again");
}

async fn pipelined_calls_go_as_deep_as_results_do(bench: Bench) {
    let one_way = Duration::from_millis(50);
    within(bench.hub.echo("warm")).await.unwrap();
    bench.pair.link.delay(one_way);
    let start = Instant::now();
    // An object in a struct of the results of one call is passed to another, whose result is called.
    let mut made = bench.hub.make_box("boxed");
    let in_it = made.pipeline().thing();
    let mut same = bench.hub.same(in_it.capability());
    let said = same.pipeline().say("deep");
    assert_eq!(within(said).await.unwrap(), "boxed: deep");
    let took = start.elapsed();
    assert!(took < 3 * one_way, "{took:?}");
    assert_eq!(bench.things.get(), 1);
    drop((made, in_it, same));
    bench.things.reaches(0).await;
}

async fn what_is_pipelined_on_a_call_that_fails_fails_alike(bench: Bench) {
    // The object does not exist when it is called, and never will.
    let failing: Capability = Capability::local(Arc::new(Fails));
    let mut call = bench.hub.call(&failing, "x");
    // There is no object in these results: only an error.
    let thing = ThingClient::from_capability(call_pipeline(&mut call));
    let status = within(thing.say("x")).await.unwrap_err();
    assert_eq!(
        (status.code(), status.domain()),
        (Code::AlreadyExists, Some("asAsked")),
        "{status}"
    );
    let status = within(call).await.unwrap_err();
    assert_eq!(status.domain(), Some("asAsked"));
}

/// The capability at the first pointer of the results.
fn call_pipeline(call: &mut dsoftbus::Call<String>) -> Capability {
    let raw = std::mem::replace(
        call,
        dsoftbus::Call::new(
            dsoftbus::RawCall::failed(Status::internal("taken")),
            |_| Ok(String::new()),
            &[],
        ),
    )
    .raw();
    let mut typed: dsoftbus::Call<ThingClient> = dsoftbus::Call::new(
        raw,
        |_| Ok(ThingClient::from_capability(Capability::null())),
        &[0],
    );
    let pipelined = typed.pipeline();
    *call = dsoftbus::Call::new(typed.raw(), |_| Ok(String::new()), &[]);
    pipelined.capability().clone()
}

/// An object whose calls all fail.
struct Fails;

impl Skeleton for Fails {
    fn descriptor(&self) -> &'static dsoftbus::ServiceDescriptor {
        &THING
    }

    fn call(
        &self,
        _: dsoftbus::Context,
        _: u64,
        _: u16,
        _: dsoftbus::Incoming,
    ) -> dsoftbus::CallFuture {
        Box::pin(std::future::ready(Err(Status::with_domain(
            Code::AlreadyExists,
            "asAsked",
            "on purpose",
        ))))
    }
}

async fn what_is_pipelined_keeps_a_call_alive_that_was_dropped(bench: Bench) {
    let mut call = bench.hub.wait(100);
    let thing = call.pipeline();
    drop(call);
    bench.running.reaches(1).await;
    assert_eq!(within(thing.say("x")).await.unwrap(), "late: x");
    drop(thing);
    bench.things.reaches(0).await;
}

async fn an_object_is_released_when_the_peer_lets_go_of_it(bench: Bench) {
    let mine = bench.mine.thing("mine");
    within(bench.hub.keep(&mine)).await.unwrap();
    drop(mine);
    let kept = within(bench.hub.kept()).await.unwrap();
    assert_eq!(within(kept.say("x")).await.unwrap(), "mine: x");
    drop(kept);
    assert_eq!(bench.mine.things.get(), 1);
    within(bench.hub.give()).await.unwrap();
    bench.mine.things.reaches(0).await;
}

async fn an_object_is_released_when_the_call_that_passed_it_is_cancelled(bench: Bench) {
    let (alive, running) = (Gauge::default(), Gauge::default());
    let slow = Capability::local(Arc::new(Slow {
        running: running.clone(),
        _alive: alive.enter(),
    }));
    let mut call = Box::pin(bench.hub.call(&slow, "x"));
    drop(slow);
    assert!(futures::poll!(call.as_mut()).is_pending());
    running.reaches(1).await;
    drop(call);
    // The handler here is stopped by the handler there, and nothing holds the object any more.
    running.reaches(0).await;
    alive.reaches(0).await;
}

/// An object that never answers.
struct Slow {
    running: Gauge,
    _alive: dsoftbus_tests::gauge::Guard,
}

impl Skeleton for Slow {
    fn descriptor(&self) -> &'static dsoftbus::ServiceDescriptor {
        &THING
    }

    fn call(
        &self,
        _: dsoftbus::Context,
        _: u64,
        _: u16,
        _: dsoftbus::Incoming,
    ) -> dsoftbus::CallFuture {
        let running = self.running.enter();
        Box::pin(async move {
            let _running = running;
            std::future::pending::<Result<Outgoing, Status>>().await
        })
    }
}

async fn an_object_that_comes_back_is_the_same(bench: Bench) {
    let mine = bench.mine.thing("mine");
    let other = bench.mine.thing("other");
    let back = within(bench.hub.same(&mine)).await.unwrap();
    assert_eq!(*back.capability(), mine);
    assert_ne!(*back.capability(), other);
    // Called without a wire.
    assert_eq!(back.capability().peer(), None);
    within(bench.hub.keep(&mine)).await.unwrap();
    let kept = within(bench.hub.kept()).await.unwrap();
    assert_eq!(*kept.capability(), mine);
    // An object of theirs, too.
    let thing = within(bench.hub.make("theirs")).await.unwrap();
    let back = within(bench.hub.same(thing.capability())).await.unwrap();
    assert_eq!(back, thing);
}

async fn calls_of_an_object_start_in_the_order_in_which_they_were_made(bench: Bench) {
    let mut made = bench.hub.make("one");
    let pipelined = made.pipeline();
    let mut numbers: Vec<u32> = within(join_all((0..50).map(|_| pipelined.next())))
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let thing = within(made).await.unwrap();
    numbers.extend(
        within(join_all((0..50).map(|_| thing.next())))
            .await
            .into_iter()
            .map(Result::unwrap),
    );
    assert_eq!(numbers, (0..100).collect::<Vec<u32>>());
}

async fn a_promise_that_becomes_our_own_object_keeps_the_order_of_calls(bench: Bench) {
    within(bench.hub.echo("warm")).await.unwrap();
    bench.pair.link.delay(Duration::from_millis(20));
    let mine = bench.mine.thing("mine");
    let mut same = bench.hub.same(&mine);
    let promised = same.pipeline();
    // These go to the peer and back.
    let early: Vec<_> = (0..10)
        .map(|_| tokio::spawn(within(promised.next())))
        .collect();
    tokio::task::yield_now().await;
    within(same).await.unwrap();
    // These could go directly, and must not overtake.
    let late: Vec<_> = (0..10)
        .map(|_| tokio::spawn(within(promised.next())))
        .collect();
    let mut numbers = Vec::new();
    for call in early.into_iter().chain(late) {
        numbers.push(call.await.unwrap().unwrap());
    }
    assert_eq!(numbers, (0..20).collect::<Vec<u32>>());
    // Once all is settled, there is no wire in between any more.
    let start = Instant::now();
    assert_eq!(within(promised.next()).await.unwrap(), 20);
    assert_eq!(start.elapsed(), Duration::ZERO);
}

async fn a_call_that_is_dropped_stops_its_handler(bench: Bench) {
    let thing = within(bench.hub.make("one")).await.unwrap();
    let calls = [bench.hub.hang(), thing.hang()];
    let calls: Vec<_> = calls
        .into_iter()
        .map(|call| tokio::spawn(call.into_future()))
        .collect();
    bench.running.reaches(2).await;
    for call in calls {
        call.abort();
    }
    bench.running.reaches(0).await;
    assert_eq!(within(bench.hub.echo("alive")).await.unwrap(), "alive");
}

async fn a_call_that_takes_too_long_fails_and_stops_its_handler(bench: Bench) {
    let start = Instant::now();
    let call = bench.hub.hang().timeout(Duration::from_millis(300));
    let status = within(call).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    let took = start.elapsed();
    assert!(
        took >= Duration::from_millis(299) && took < Duration::from_millis(310),
        "{took:?}"
    );
    bench.running.reaches(0).await;
    let status = within(bench.hub.hang()).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
}

async fn an_error_of_the_services_own_crosses_in_both_directions(bench: Bench) {
    let status = within(bench.hub.fail("gone")).await.unwrap_err();
    assert_eq!(
        (status.code(), status.domain(), status.message()),
        (Code::NotFound, Some("noSuchThing"), "gone")
    );
    assert!(status.is_remote());
    // From an object here, through the service there.
    let fails = Capability::local(Arc::new(Fails));
    let status = within(bench.hub.call(&fails, "x")).await.unwrap_err();
    assert_eq!(
        (status.code(), status.domain(), status.message()),
        (Code::AlreadyExists, Some("asAsked"), "on purpose")
    );
    assert!(status.is_remote());
}

async fn a_call_fails_when_the_session_ends(bench: Bench) {
    let mine = bench.mine.thing("mine");
    within(bench.hub.keep(&mine)).await.unwrap();
    drop(mine);
    let thing = within(bench.hub.make("one")).await.unwrap();
    let call = tokio::spawn(within(bench.hub.hang()));
    bench.running.reaches(1).await;
    bench.pair.link.cut();
    let status = call.await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    // So does every later one, of whatever came over the session.
    for status in [
        within(bench.hub.echo("x")).await.unwrap_err(),
        within(thing.say("x")).await.unwrap_err(),
    ] {
        assert_eq!(status.code(), Code::Unavailable, "{status}");
    }
    // Nothing runs any more, and nothing is held.
    bench.running.reaches(0).await;
    bench.mine.things.reaches(0).await;
    bench.things.reaches(0).await;
}

async fn a_sender_waits_for_a_slow_receiver(bench: Bench) {
    let sink = within(bench.hub.open(100)).await.unwrap();
    let item = vec![7; 10_000];
    let mut sent = 0_usize;
    let mut most = 0;
    for _ in 0..50 {
        within(sink.put(&item)).await.unwrap();
        sent += 1;
        most = most.max(sent - bench.items.get());
    }
    // 64 KiB, and one more item.
    assert!((5..=8).contains(&most), "{most}");
    assert_eq!(within(sink.end()).await.unwrap(), 50);
}

async fn what_ends_a_stream_waits_for_its_items(bench: Bench) {
    let sink = within(bench.hub.open(100)).await.unwrap();
    let start = Instant::now();
    let items = (0..5).map(|_| sink.put(b"item"));
    within(join_all(items)).await;
    // The window takes all of them at once.
    assert!(start.elapsed() < Duration::from_millis(100));
    assert_eq!(within(sink.end()).await.unwrap(), 5);
    // One at a time.
    assert!(start.elapsed() >= Duration::from_millis(500));
}

async fn an_item_that_fails_fails_what_follows(bench: Bench) {
    let sink = within(bench.hub.open(100)).await.unwrap();
    for item in [b"good".as_slice(), b"", b"good"] {
        within(sink.put(item)).await.unwrap();
    }
    let status = within(sink.end()).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    let status = within(sink.put(b"late")).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    assert_eq!(bench.items.get(), 1);
}
