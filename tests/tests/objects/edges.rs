//! What surrounds a call: deadlines, panics, interceptors, mocks, and the door to its messages.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use dsoftbus::{
    Capability, Client as _, Code, Context, Intercepted, Interceptor, Next, Node, Status, Trust,
    testing,
};
use dsoftbus_tests::{
    BasicsClient, BasicsMock, DerivedMock, MoreClient, ObjectsClient, ObjectsMock, OrderClient,
    StoreMock, basics, objects_capnp,
    objects_service::{Bench, Place, Tag, TestBasics, TestMore, TestStore, Watch, session},
    promptly, within,
};
use tokio::time::Instant;

use crate::start;

scenarios! {
    a_call_ends_at_its_deadline_on_both_ends: Here Session Stock;
    a_call_within_another_ends_no_later: Here Session;
    a_panic_ends_that_call_only: Here Session;
    results_are_read_as_they_came: Here Session Stock;
    a_mock_is_called_by_the_peer: Here Session Stock;
    a_client_is_intercepted: Here Session Stock;
}

async fn a_call_ends_at_its_deadline_on_both_ends(bench: Bench) {
    let more = within(bench.objects.more()).await.unwrap();
    let begin = Instant::now();
    let call = start(more.nap(60_000).timeout(Duration::from_millis(300)));
    bench.watch.running.reaches(1).await;
    let status = within(call).await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    promptly(bench.watch.running.reaches(0)).await;
    let took = begin.elapsed();
    assert!((300..310).contains(&took.as_millis()), "{took:?}");
    // Without a word it is 10 s.
    let begin = Instant::now();
    let status = within(more.never_return(&BasicsClient::default()))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(begin.elapsed().as_secs(), 10);
    // What takes no time is not touched by it.
    within(more.nap(5).timeout(Duration::from_millis(20)))
        .await
        .unwrap();
    if bench.place != Place::Stock {
        let left = more.time_left(&MoreClient::default());
        let left = within(left.timeout(Duration::from_secs(5))).await.unwrap();
        assert!((4_990..=5_000).contains(&left), "{left} ms");
    }
}

async fn a_call_within_another_ends_no_later(bench: Bench) {
    let more = within(bench.objects.more()).await.unwrap();
    // Through an object of this side, back and forth.
    let mine = TestMore::client(&bench.mine);
    for via in [mine, more.clone()] {
        let left = more.time_left(&via).timeout(Duration::from_secs(3));
        let left = within(left).await.unwrap();
        assert!((2_980..=3_000).contains(&left), "{left} ms");
    }
}

async fn a_panic_ends_that_call_only(bench: Bench) {
    let more = within(bench.objects.more()).await.unwrap();
    let napping = start(more.nap(100));
    let status = within(more.panic()).await.unwrap_err();
    assert_eq!(status.code(), Code::Internal);
    assert_eq!(status.is_remote(), bench.place != Place::Here);
    within(napping).await.unwrap().unwrap();
    let order = OrderClient::from(more);
    assert_eq!(within(order.get_call_sequence(0)).await.unwrap(), 0);
}

async fn results_are_read_as_they_came(bench: Bench) {
    let derived = within(bench.objects.derived()).await.unwrap();
    let raw = within(derived.give().raw()).await.unwrap();
    let length = raw
        .read::<objects_capnp::everything::Owned, _>(|everything| {
            assert_eq!(everything.get_text()?, "ümlaut");
            Ok(everything.get_texts()?.len())
        })
        .unwrap();
    assert_eq!(length, 3);
    let [cap] = raw.capabilities() else {
        panic!("one object: {raw:?}");
    };
    let basics = BasicsClient::from_capability(cap.clone());
    within(basics.foo(1, true)).await.unwrap();
}

async fn a_mock_is_called_by_the_peer(bench: Bench) {
    let more = within(bench.objects.more()).await.unwrap();
    let mock = BasicsMock::default();
    mock.foo.returns("mocked".to_owned());
    let client = BasicsClient::local(mock.clone());
    assert_eq!(within(more.call_foo(&client)).await.unwrap(), "mocked");
    assert_eq!(mock.foo.calls(), [(123, true)]);
    mock.foo.fails(basics::Error::Broken.into());
    let status = within(more.call_foo(&client)).await.unwrap_err();
    assert_eq!(
        basics::Error::from_status(&status),
        Some(basics::Error::Broken)
    );
    assert_eq!(mock.foo.count(), 2);
    assert_eq!(mock.bar.count(), 0);
}

/// Writes down what passes.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn write(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// Logs calls under a name, and leaves a tag for the handler.
struct Logging(&'static str, Log);

impl Interceptor for Logging {
    fn call<'a>(&'a self, mut cx: Context, next: Next<'a>) -> Intercepted<'a> {
        Box::pin(async move {
            let Self(name, log) = self;
            let method = cx.method().map_or_else(
                || "unknown".to_owned(),
                |method| format!("{}.{}", method.service, method.name),
            );
            log.write(format!("{name}: {method}"));
            cx.extensions_mut().insert(Tag(format!("left by {name}")));
            let reply = next.run(cx).await;
            let outcome = match &reply {
                Ok(_) => "answered".to_owned(),
                Err(status) => status.code().as_str().to_owned(),
            };
            log.write(format!("{name}: {method} {outcome}"));
            reply
        })
    }
}

async fn a_client_is_intercepted(bench: Bench) {
    let log = Log::default();
    let basics = within(bench.objects.basics()).await.unwrap();
    let capability = basics.capability().clone();
    let intercepted: Capability = capability
        .intercept(Logging("outer", log.clone()))
        .intercept(Logging("inner", log.clone()));
    let watched = BasicsClient::from_capability(intercepted);
    within(watched.foo(1, true)).await.unwrap();
    assert_eq!(
        log.take(),
        [
            "outer: Basics.foo",
            "inner: Basics.foo",
            "inner: Basics.foo answered",
            "outer: Basics.foo answered",
        ]
    );
    let status = within(watched.fail()).await.unwrap_err();
    assert_eq!(
        basics::Error::from_status(&status),
        Some(basics::Error::Broken)
    );
    assert_eq!(log.take()[2], "inner: Basics.fail failed_precondition");
    // Whoever it is passed to calls through it as well.
    let more = within(bench.objects.more()).await.unwrap();
    let said = within(more.call_foo(&watched)).await.unwrap();
    assert_eq!(said, "foo(123, true)");
    assert_eq!(log.take().len(), 4);
    // The object itself is not touched.
    within(basics.foo(1, true)).await.unwrap();
    assert!(log.take().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_calls_of_a_service_are_intercepted_and_a_tag_is_left_for_the_handler() {
    let log = Log::default();
    let bench = session(Node::builder().intercept(Logging("node", log.clone()))).await;
    assert_eq!(within(bench.objects.tag()).await.unwrap(), "left by node");
    assert_eq!(
        log.take(),
        ["node: Objects.tag", "node: Objects.tag answered"]
    );
}

#[tokio::test(start_paused = true)]
async fn the_calls_of_objects_that_a_service_hands_out_are_intercepted() {
    let log = Log::default();
    let bench = session(Node::builder().intercept(Logging("node", log.clone()))).await;
    let basics = within(bench.objects.basics()).await.unwrap();
    log.take();
    within(basics.foo(1, true)).await.unwrap();
    assert_eq!(
        log.take(),
        ["node: Basics.foo", "node: Basics.foo answered"]
    );
    // What a peer passes in is its own, and calls of it are for its interceptors.
    let mine = TestBasics::client(&bench.mine);
    let more = within(bench.objects.more()).await.unwrap();
    log.take();
    within(more.call_foo(&mine)).await.unwrap();
    assert_eq!(
        log.take(),
        ["node: More.callFoo", "node: More.callFoo answered"]
    );
}

/// Answers by itself.
struct Refusing;

impl Interceptor for Refusing {
    fn call<'a>(&'a self, cx: Context, next: Next<'a>) -> Intercepted<'a> {
        Box::pin(async move {
            match cx.method() {
                Some(method) if method.name == "more" => {
                    Err(Status::permission_denied("not today"))
                }
                _ => next.run(cx).await,
            }
        })
    }
}

#[tokio::test(start_paused = true)]
async fn an_interceptor_answers_by_itself() {
    let bench = session(Node::builder().intercept(Refusing)).await;
    let status = within(bench.objects.more()).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    assert!(status.is_remote());
    // What is pipelined fails alike.
    let pipelined = bench.objects.more().pipeline().handle_count();
    let status = within(pipelined).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    within(bench.objects.basics()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_mock_is_served_to_a_peer() {
    let mock = ObjectsMock::default();
    let basics = BasicsMock::default();
    basics
        .foo
        .then(Ok("first".to_owned()))
        .returns("then".to_owned());
    mock.basics.returns(BasicsClient::local(basics.clone()));
    let node = Node::builder().allow(Trust::anyone()).serve(mock.clone());
    let pair = within(testing::pair(node)).await.unwrap();
    let objects: ObjectsClient = within(pair.peer.open()).await.unwrap();
    let client = within(objects.basics()).await.unwrap();
    assert_eq!(within(client.foo(1, true)).await.unwrap(), "first");
    assert_eq!(within(client.foo(2, true)).await.unwrap(), "then");
    assert_eq!(basics.foo.calls(), [(1, true), (2, true)]);
    let status = within(objects.streams(true)).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    assert_eq!(mock.streams.calls(), [(true,)]);
}

#[tokio::test(start_paused = true)]
async fn objects_are_values_of_type_parameters() {
    let watch = Watch::default();
    let store = TestStore::<BasicsClient>::client(&watch);
    let basics = TestBasics::client(&watch);
    within(store.put(&basics)).await.unwrap();
    let same = store.get().pipeline();
    assert_eq!(within(same.foo(1, true)).await.unwrap(), "foo(1, true)");
    assert_eq!(within(store.get()).await.unwrap(), basics);
    let all = within(store.all()).await.unwrap();
    assert_eq!(all[0].value, basics);
    drop((store, basics, same, all));
    promptly(watch.is_idle()).await;
}

#[tokio::test(start_paused = true)]
async fn a_mock_serves_objects() {
    let mock = ObjectsMock::default();
    let derived = DerivedMock::default();
    derived.qux.returns(5);
    derived.basics.foo.returns("mocked".to_owned());
    let given = dsoftbus_tests::DerivedClient::local(derived.clone());
    mock.derived.returns(given);
    let store = StoreMock::<String>::default();
    store.get.returns("kept".to_owned());
    let objects = ObjectsClient::local(mock.clone());
    let client = within(objects.derived()).await.unwrap();
    assert_eq!(within(client.qux()).await.unwrap(), 5);
    let said = within(BasicsClient::from(client).foo(1, false)).await;
    assert_eq!(said.unwrap(), "mocked");
    assert_eq!(derived.basics.foo.calls(), [(1, false)]);
    let client = dsoftbus_tests::StoreClient::local(store.clone());
    assert_eq!(within(client.get()).await.unwrap(), "kept");
    let status = within(client.put(&"new".to_owned())).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    assert_eq!(status.message(), "no reply for Store.put");
    assert_eq!(store.put.calls(), [("new".to_owned(),)]);
    let status = within(objects.basics()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    assert_eq!(status.message(), "no reply for Objects.basics");
    assert_eq!(mock.basics.count(), 1);
}
