//! What a handler knows of its call, what code around it does, and what may be shared between threads: on either engine.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{
    future::IntoFuture as _,
    sync::{Arc, Mutex},
    time::Duration,
};

use dsoftbus::{
    Call, Capability, Code, Context, Intercepted, Interceptor, Items, Next, Node, NodeBuilder,
    Result, Service, Sink, Status, Trust,
    testing::{self, Pair},
};
use dsoftbus_tests::{
    BasicsClient, FlowClient, Gauge, Number, ObjectsClient, Plain, PlainClient, ProbeClient,
    StoreClient, Wide, WideClient, objects, plain, promptly, wide, within,
};
use tokio::time::Instant;

/// Both services.
#[derive(Clone, Default, Service)]
#[service(dsoftbus_tests::Plain, dsoftbus_tests::Wide)]
struct Handlers {
    /// Tasks that wait until nobody waits for the answer of their call.
    waiting: Gauge,
    /// The clones of contexts that tasks hold, to see that they do not put anything off.
    kept: Arc<Mutex<Vec<Context>>>,
}

impl Handlers {
    fn watch(&self, cx: &Context) {
        let (cancelled, waits) = (cx.cancelled(), self.waiting.enter());
        self.kept.lock().unwrap().push(cx.clone());
        tokio::spawn(async move {
            cancelled.await;
            drop(waits);
        });
    }
}

fn method(cx: &Context) -> String {
    let method = cx.method().unwrap();
    format!("{}.{}", method.service, method.name)
}

fn marks(cx: &Context) -> String {
    cx.extensions().get::<Marks>().unwrap().0.join(" ")
}

fn thread() -> String {
    format!("{:?}", std::thread::current().id())
}

/// Implements the service of one of the engines.
macro_rules! serve {
    ($($service:ident)+) => {$(
        impl $service for Handlers {
            async fn hang(&self, cx: &Context) -> Result<()> {
                self.watch(cx);
                std::future::pending().await
            }

            async fn answer(&self, cx: &Context) -> Result<()> {
                self.watch(cx);
                Ok(())
            }

            async fn method(&self, cx: &Context) -> Result<String> {
                Ok(method(cx))
            }

            async fn marks(&self, cx: &Context) -> Result<String> {
                Ok(marks(cx))
            }

            async fn thread(&self, _cx: &Context) -> Result<String> {
                Ok(thread())
            }
        }
    )+}
}

serve! { Plain Wide }

struct Bench {
    waiting: Gauge,
    pair: Pair,
    plain: PlainClient,
    wide: WideClient,
}

async fn bench(builder: NodeBuilder) -> Bench {
    let handlers = Handlers::default();
    let waiting = handlers.waiting.clone();
    let pair = within(testing::pair(
        builder.allow(Trust::anyone()).serve(handlers),
    ))
    .await;
    let pair = pair.unwrap();
    Bench {
        waiting,
        plain: within(pair.peer.open()).await.unwrap(),
        wide: within(pair.peer.open()).await.unwrap(),
        pair,
    }
}

/// Clients of both services in this process, and the tasks that wait there.
fn here() -> (PlainClient, WideClient, Gauge) {
    let handlers = Handlers::default();
    (
        PlainClient::local(handlers.clone()),
        WideClient::local(handlers.clone()),
        handlers.waiting,
    )
}

/// A task of a handler is told when the call of `hang` is dropped.
async fn is_told_of_a_drop(waiting: &Gauge, hang: Call<()>) {
    let call = tokio::spawn(hang.into_future());
    waiting.reaches(1).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(waiting.get(), 1);
    call.abort();
    promptly(waiting.reaches(0)).await;
}

/// A task of a handler is told when the deadline of the call of `hang` passes.
async fn is_told_of_a_deadline(waiting: &Gauge, hang: Call<()>) {
    let begin = Instant::now();
    let call = tokio::spawn(hang.timeout(Duration::from_secs(3)).into_future());
    waiting.reaches(1).await;
    waiting.reaches(0).await;
    let took = begin.elapsed().as_millis();
    assert!((3_000..3_010).contains(&took), "{took} ms");
    let status = within(call).await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
}

#[tokio::test(start_paused = true)]
async fn a_task_of_a_handler_learns_that_its_call_was_dropped() {
    let bench = bench(Node::builder()).await;
    is_told_of_a_drop(&bench.waiting, bench.plain.hang()).await;
    is_told_of_a_drop(&bench.waiting, bench.wide.hang()).await;
    let (plain, wide, waiting) = here();
    is_told_of_a_drop(&waiting, plain.hang()).await;
    is_told_of_a_drop(&waiting, wide.hang()).await;
}

#[tokio::test(start_paused = true)]
async fn a_task_of_a_handler_learns_that_the_deadline_has_passed() {
    let bench = bench(Node::builder()).await;
    is_told_of_a_deadline(&bench.waiting, bench.plain.hang()).await;
    is_told_of_a_deadline(&bench.waiting, bench.wide.hang()).await;
    let (plain, wide, waiting) = here();
    is_told_of_a_deadline(&waiting, plain.hang()).await;
    is_told_of_a_deadline(&waiting, wide.hang()).await;
}

#[tokio::test(start_paused = true)]
async fn a_task_of_a_handler_learns_of_the_deadline_though_its_caller_is_cut_off() {
    let bench = bench(Node::builder()).await;
    for hang in [bench.plain.hang(), bench.wide.hang()] {
        bench.pair.link.stall(false);
        let call = tokio::spawn(hang.timeout(Duration::from_secs(3)).into_future());
        bench.waiting.reaches(1).await;
        // Nothing that the caller says arrives any more.
        bench.pair.link.stall(true);
        bench.waiting.reaches(0).await;
        let status = within(call).await.unwrap().unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded);
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_of_a_handler_learns_that_the_handler_has_answered() {
    let bench = bench(Node::builder()).await;
    for answer in [bench.plain.answer(), bench.wide.answer()] {
        within(answer).await.unwrap();
        promptly(bench.waiting.reaches(0)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_of_a_handler_learns_that_the_session_is_cut() {
    let bench = bench(Node::builder()).await;
    let calls = [
        tokio::spawn(bench.plain.hang().into_future()),
        tokio::spawn(bench.wide.hang().into_future()),
    ];
    bench.waiting.reaches(2).await;
    bench.pair.link.cut();
    promptly(bench.waiting.reaches(0)).await;
    for call in calls {
        let status = within(call).await.unwrap().unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_knows_its_method() {
    let bench = bench(Node::builder()).await;
    let (plain, wide, _) = here();
    for plain in [bench.plain, plain] {
        assert_eq!(within(plain.method()).await.unwrap(), "Plain.method");
    }
    for wide in [bench.wide, wide] {
        assert_eq!(within(wide.method()).await.unwrap(), "Wide.method");
    }
}

/// What interceptors leave for handlers: their names, in the order in which they ran.
#[derive(Clone, Default)]
struct Marks(Vec<&'static str>);

/// Marks each call, and notes the method and the order in which the answers pass.
struct Marking(&'static str, Arc<Mutex<Vec<&'static str>>>);

impl Interceptor for Marking {
    fn call<'a>(&'a self, mut cx: Context, next: Next<'a>) -> Intercepted<'a> {
        Box::pin(async move {
            let mut marks = cx.extensions().get::<Marks>().cloned().unwrap_or_default();
            marks.0.push(self.0);
            cx.extensions_mut().insert(marks);
            let reply = next.run(cx).await;
            self.1.lock().unwrap().push(self.0);
            reply
        })
    }
}

#[tokio::test(start_paused = true)]
async fn interceptors_of_a_node_run_in_the_order_in_which_they_were_added() {
    let answered = Arc::default();
    let marking = |name| Marking(name, Arc::clone(&answered));
    let builder = Node::builder()
        .intercept(marking("one"))
        .intercept(marking("two"))
        .intercept(marking("three"));
    let bench = bench(builder).await;
    for marks in [bench.plain.marks(), bench.wide.marks()] {
        assert_eq!(within(marks).await.unwrap(), "one two three");
        let answered = std::mem::take(&mut *answered.lock().unwrap());
        assert_eq!(answered, ["three", "two", "one"]);
    }
}

/// Refuses what it does not know, and one method of each service.
struct Refusing;

impl Interceptor for Refusing {
    fn call<'a>(&'a self, cx: Context, next: Next<'a>) -> Intercepted<'a> {
        Box::pin(async move {
            match cx.method() {
                Some(&plain::METHOD_ANSWER | &wide::METHOD_ANSWER) | None => {
                    Err(Status::permission_denied("not today"))
                }
                Some(_) => next.run(cx).await,
            }
        })
    }
}

#[tokio::test(start_paused = true)]
async fn an_interceptor_of_a_node_answers_by_itself() {
    let bench = bench(Node::builder().intercept(Refusing)).await;
    for refused in [bench.plain.answer(), bench.wide.answer()] {
        let status = within(refused).await.unwrap_err();
        assert_eq!(status.code(), Code::PermissionDenied);
        assert_eq!(status.message(), "not today");
        assert!(status.is_remote());
    }
    for passed in [bench.plain.method(), bench.wide.method()] {
        within(passed).await.unwrap();
    }
    // The handler never ran.
    assert_eq!(bench.waiting.get(), 0);
}

#[tokio::test]
async fn handlers_of_all_level_1_channels_of_a_node_start_on_one_thread() {
    let bench = bench(Node::builder()).await;
    let caller = Node::builder().allow(Trust::anyone());
    let caller = within(caller.start()).await.unwrap();
    let other = within(testing::connect(&caller, &bench.pair.node)).await;
    let other = other.unwrap();
    let again: WideClient = within(bench.pair.peer.open()).await.unwrap();
    let theirs: WideClient = within(other.peer.open()).await.unwrap();
    let one = within(bench.wide.thread()).await.unwrap();
    for client in [again, theirs] {
        assert_eq!(within(client.thread()).await.unwrap(), one);
    }
    // The fast engine has no thread of its own.
    let plain = within(bench.plain.thread()).await.unwrap();
    assert_ne!(plain, one);
    assert_eq!(plain, thread());
}

#[test]
fn clients_go_between_threads() {
    fn shared<T: Send + Sync + Clone + 'static>() {}
    fn sent<T: Send + 'static>(_: Option<T>) {}

    shared::<ProbeClient>();
    shared::<ObjectsClient>();
    shared::<StoreClient<String>>();
    shared::<FlowClient<Vec<BasicsClient>>>();
    shared::<Capability>();
    shared::<Sink<Number>>();
    shared::<Context>();
    sent::<Items<Number>>(None);
    sent::<dsoftbus::Resolver<BasicsClient>>(None);
    sent::<Call<()>>(None);
    sent::<Call<objects::CollectResults>>(None);
    // What is polled, too.
    let objects = ObjectsClient::default();
    sent(Some(async move { objects.collect().await }));
    let store = StoreClient::<String>::default();
    sent(Some(async move { store.get().await }));
}
