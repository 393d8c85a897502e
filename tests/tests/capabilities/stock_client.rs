//! What a stock client may rely on, which knows nothing but Cap'n Proto.

use std::{future::Future, time::Duration};

use dsoftbus::{
    __private::capnp::{ErrorKind, capability::FromClientHook as _},
    Node, Trust,
    testing::{self, Pair},
};
use dsoftbus_tests::{
    Gauge, TestHub,
    caps::{CHANNEL, HUB},
    caps_capnp::{hub, thing},
    stock_hub::{self, stock_thing},
    within,
};
use futures::future::join_all;
use tokio::{
    task::{JoinHandle, LocalSet},
    time::Instant,
};

/// Our service, called by a stock client in bytes mode.
struct Bench {
    service: TestHub,
    pair: Pair,
    hub: hub::Client,
    driver: JoinHandle<Result<(), dsoftbus::__private::capnp::Error>>,
}

async fn on_bench<F: Future<Output = ()>>(test: impl FnOnce(Bench) -> F) {
    let calls = async {
        let service = TestHub::default();
        let node = Node::builder()
            .allow(Trust::anyone())
            .serve(service.clone());
        let pair = within(testing::pair(node)).await.unwrap();
        let channel = pair.peer.open_bytes(CHANNEL, HUB.interface_id);
        let channel = within(channel).await.unwrap();
        let (hub, driver) = stock_hub::client(channel);
        test(Bench {
            service,
            pair,
            hub,
            driver,
        })
        .await;
    };
    within(LocalSet::new().run_until(calls)).await;
}

async fn say(thing: &thing::Client, text: &str) -> String {
    let mut request = thing.say_request();
    request.get().set_text(text);
    let response = within(request.send().promise).await.unwrap();
    let said = response.get().unwrap().get_text().unwrap();
    said.to_string().unwrap()
}

async fn next(thing: thing::Client) -> u32 {
    let response = thing.next_request().send().promise.await.unwrap();
    response.get().unwrap().get_number()
}

#[tokio::test(start_paused = true)]
async fn a_stock_client_calls_what_it_gets_and_gets_called_back() {
    on_bench(async |bench| {
        let mut request = bench.hub.make_request();
        request.get().set_name("one");
        let made = within(request.send().promise).await.unwrap();
        let thing = made.get().unwrap().get_thing().unwrap();
        assert_eq!(say(&thing, "hello").await, "one: hello");
        drop((made, thing));
        bench.service.things.reaches(0).await;

        let (alive, running) = (Gauge::default(), Gauge::default());
        let mut request = bench.hub.call_request();
        request
            .get()
            .set_thing(stock_thing("mine", &alive, &running));
        request.get().set_text("hello");
        let said = within(request.send().promise).await.unwrap();
        assert_eq!(said.get().unwrap().get_text().unwrap(), "mine: hello");
        drop(said);
        alive.reaches(0).await;

        let mut request = bench.hub.make_many_request();
        request.get().set_count(3);
        let many = within(request.send().promise).await.unwrap();
        let things = many.get().unwrap().get_things().unwrap();
        for place in 0..3 {
            let thing = things.get(place).unwrap();
            assert_eq!(say(&thing, "x").await, format!("{place}: x"));
        }

        // Nothing is a null pointer, either way.
        let request = bench.hub.is_null_request();
        let null = within(request.send().promise).await.unwrap();
        assert!(null.get().unwrap().get_null());
        let kept = within(bench.hub.kept_request().send().promise)
            .await
            .unwrap();
        assert!(!kept.get().unwrap().has_thing());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_stock_client_pipelines() {
    on_bench(async |bench| {
        let one_way = Duration::from_millis(50);
        within(bench.hub.echo_request().send().promise)
            .await
            .unwrap();
        bench.pair.link.delay(one_way);
        let start = Instant::now();
        let mut request = bench.hub.make_box_request();
        request.get().set_name("boxed");
        let made = request.send();
        let in_it = made.pipeline.get_box().get_thing();
        let mut request = bench.hub.same_request();
        request.get().set_thing(in_it);
        let same = request.send().pipeline.get_thing();
        assert_eq!(say(&same, "deep").await, "boxed: deep");
        let took = start.elapsed();
        assert!(took < 3 * one_way, "{took:?}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_promise_that_becomes_the_stock_clients_own_object_keeps_the_order_of_calls() {
    on_bench(async |bench| {
        bench.pair.link.delay(Duration::from_millis(20));
        let (alive, running) = (Gauge::default(), Gauge::default());
        let mine = stock_thing("mine", &alive, &running);
        let mut request = bench.hub.same_request();
        request.get().set_thing(mine.clone());
        let same = request.send();
        let promised = same.pipeline.get_thing();
        let early = (0..10).map(|_| tokio::task::spawn_local(next(promised.clone())));
        let mut calls: Vec<_> = early.collect();
        let response = within(same.promise).await.unwrap();
        let late = (0..10).map(|_| tokio::task::spawn_local(next(promised.clone())));
        calls.extend(late);
        let numbers: Vec<u32> = within(join_all(calls))
            .await
            .into_iter()
            .map(Result::unwrap)
            .collect();
        assert_eq!(numbers, (0..20).collect::<Vec<u32>>());
        // It is the very object that was passed.
        let back = response.get().unwrap().get_thing().unwrap();
        assert_eq!(
            back.as_client_hook().get_ptr(),
            mine.as_client_hook().get_ptr()
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_call_that_a_stock_client_drops_stops_its_handler() {
    on_bench(async |bench| {
        // More than may be under way at once: those that were dropped leave nothing behind.
        for _ in 0..100 {
            let calls: Vec<_> = (0..50)
                .map(|_| tokio::task::spawn_local(bench.hub.hang_request().send().promise))
                .collect();
            bench.service.running.reaches(50).await;
            for call in calls {
                call.abort();
            }
            bench.service.running.reaches(0).await;
        }
        within(bench.hub.echo_request().send().promise)
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn calls_dropped_before_their_object_is_there_leave_nothing_behind() {
    on_bench(async |bench| {
        for _ in 0..100 {
            let mut request = bench.hub.wait_request();
            request.get().set_millis(10);
            let late = request.send();
            let thing = late.pipeline.get_thing();
            let calls: Vec<_> = (0..50)
                .map(|_| tokio::task::spawn_local(thing.say_request().send().promise))
                .collect();
            bench.service.running.reaches(1).await;
            for call in calls {
                call.abort();
            }
            within(late.promise).await.unwrap();
        }
        bench.service.things.reaches(0).await;
        within(bench.hub.echo_request().send().promise)
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn errors_read_as_text_to_a_stock_client() {
    on_bench(async |bench| {
        let mut request = bench.hub.fail_request();
        request.get().set_reason("gone");
        let error = within(request.send().promise).await.err().unwrap();
        assert_eq!(error.kind, ErrorKind::Failed);
        assert!(
            error.extra.ends_with("dsb:not_found/noSuchThing: gone"),
            "{}",
            error.extra
        );
        let error = within(bench.hub.panic_request().send().promise).await;
        let error = error.err().unwrap();
        assert!(error.extra.contains("dsb:internal: "), "{}", error.extra);
        // What is pipelined on it, too.
        let mut request = bench.hub.make_request();
        request.get().set_name("one");
        let thing = within(request.send().promise).await.unwrap();
        let thing = thing.get().unwrap().get_thing().unwrap();
        let wrong = hub::Client::new(thing.into_client_hook());
        let error = within(
            wrong
                .kept_request()
                .send()
                .pipeline
                .get_thing()
                .say_request()
                .send()
                .promise,
        )
        .await;
        let error = error.err().unwrap();
        assert!(!error.extra.is_empty());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_stock_client_streams() {
    on_bench(async |bench| {
        let mut request = bench.hub.open_request();
        request.get().set_millis(100);
        let sink = request.send().pipeline.get_sink();
        let mut most = 0;
        for sent in 0..50 {
            let mut request = sink.put_request();
            request.get().set_data(&[7; 10_000]);
            within(request.send()).await.unwrap();
            most = most.max(sent - bench.service.items.get());
        }
        assert!((5..=8).contains(&most), "{most}");
        let ended = within(sink.end_request().send().promise).await.unwrap();
        assert_eq!(ended.get().unwrap().get_count(), 50);

        let mut request = sink.put_request();
        request.get().set_data(&[]);
        within(request.send()).await.unwrap();
        let error = within(sink.end_request().send().promise).await;
        let error = error.err().unwrap();
        assert!(
            error.extra.contains("dsb:invalid_argument: "),
            "{}",
            error.extra
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_stock_client_that_vanishes_leaves_nothing_behind() {
    on_bench(async |bench| {
        let (alive, running) = (Gauge::default(), Gauge::default());
        let mut request = bench.hub.make_request();
        request.get().set_name("one");
        let _made = within(request.send().promise).await.unwrap();
        let hanging = tokio::task::spawn_local(bench.hub.hang_request().send().promise);
        bench.service.running.reaches(1).await;
        let mut request = bench.hub.keep_request();
        request
            .get()
            .set_thing(stock_thing("mine", &alive, &running));
        within(request.send().promise).await.unwrap();
        bench.driver.abort();
        let _ = within(bench.driver).await;
        bench.service.running.reaches(0).await;
        bench.service.things.reaches(0).await;
        hanging.abort();
        // The object that is held is one that cannot be called any more.
        let held = dsoftbus::Client::from_capability(bench.service.held());
        let held: dsoftbus_tests::caps::ThingClient = held;
        let status = within(held.say("x")).await.unwrap_err();
        assert_eq!(status.code(), dsoftbus::Code::Cancelled, "{status}");
    })
    .await;
}
