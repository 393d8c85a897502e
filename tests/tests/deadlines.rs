//! What the serving side says when the deadline of a call has passed: to callers that do not keep it themselves.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use capnp_rpc::rpc_capnp::{message, return_};
use dsoftbus::{
    __private::capnp::{
        message::{Builder, ReaderOptions},
        serialize,
    },
    Code, Context, DEFAULT_DEADLINE, Intercepted, Interceptor, Next, Node, Trust,
    testing::{self, Pair},
};
use dsoftbus_proto::frame::{ChannelId, Frame, Mode};
use dsoftbus_tests::{
    Gauge, ProbeClient, TestHub, TestProbe,
    by_hand::Hand,
    caps::{self, HUB},
    probe, within,
};
use futures::future::join_all;
use tokio::time::{Instant, advance, timeout};

/// The deadline of the calls.
const DEADLINE_MS: u32 = 300;

/// A caller that waits as long as it takes, whatever deadline it gave its calls.
struct Caller {
    hand: Hand,
    channel: ChannelId,
}

impl Caller {
    /// A channel of its own, whose service it has asked for.
    async fn new(node: &Node, logical: u16, interface_id: u64) -> Self {
        let (mut hand, _) = Hand::meet(node).await;
        let channel = hand.open(0, logical, interface_id, Mode::Messages).await;
        let mut caller = Self { hand, channel };
        let mut message = Builder::new_default();
        let root: message::Builder<'_> = message.init_root();
        root.init_bootstrap().set_question_id(0);
        caller.send(&message, 0).await;
        caller
    }

    async fn send(
        &mut self,
        message: &Builder<impl dsoftbus::__private::capnp::message::Allocator>,
        deadline_ms: u32,
    ) {
        let bytes = serialize::write_message_to_words(message);
        let mut payload = (bytes.len() as u32).to_le_bytes().to_vec();
        payload.extend_from_slice(&deadline_ms.to_le_bytes());
        payload.extend_from_slice(&bytes);
        let channel = self.channel;
        let data = Frame::Data {
            channel,
            start: true,
            payload: &payload,
        };
        self.hand.send(&[data]).await;
    }

    /// Calls a method of the service, and reads the reason of the exception that it is answered by.
    async fn fails(&mut self, interface: u64, method: u16, deadline_ms: u32) -> String {
        let mut message = Builder::new_default();
        let root: message::Builder<'_> = message.init_root();
        let mut call = root.init_call();
        call.set_question_id(1);
        call.set_interface_id(interface);
        call.set_method_id(method);
        let target = call.reborrow().init_target();
        target.init_promised_answer().set_question_id(0);
        call.init_params();
        self.send(&message, deadline_ms).await;
        let on = self.channel;
        let reason = self.hand.find(|frame| match frame {
            Frame::Data {
                channel, payload, ..
            } if *channel == on => reason(payload.get(8..)?, 1),
            _ => None,
        });
        reason.await.expect("the session lives")
    }
}

/// The reason of the exception that answers `question`, if that is what this message is.
fn reason(bytes: &[u8], question: u32) -> Option<String> {
    let message = serialize::read_message(bytes, ReaderOptions::new()).ok()?;
    let root: message::Reader<'_> = message.get_root().ok()?;
    match root.which().ok()? {
        message::Return(Ok(answer)) if answer.get_answer_id() == question => {
            match answer.which().ok()? {
                return_::Exception(Ok(exception)) => exception.get_reason().ok()?.to_string().ok(),
                _ => None,
            }
        }
        _ => None,
    }
}

/// A node that serves on level 0 and on level 1, and how many handlers run there.
async fn node() -> (Pair, [Gauge; 2]) {
    let (probe, hub) = (TestProbe::default(), TestHub::default());
    let running = [probe.running.clone(), hub.running.clone()];
    let builder = Node::builder().allow(Trust::anyone());
    let pair = within(testing::pair(builder.serve(probe).serve(hub))).await;
    (pair.unwrap(), running)
}

/// Where `hang` is: logical channel, interface, method.
const HANGS: [(u16, u64, u16); 2] = [
    (probe::CHANNEL, probe::INTERFACE_ID, 4),
    (caps::CHANNEL, HUB.interface_id, 11),
];

#[tokio::test(start_paused = true)]
async fn the_serving_side_answers_deadline_exceeded_by_itself() {
    let (pair, running) = node().await;
    for ((logical, interface, method), running) in HANGS.into_iter().zip(running) {
        let mut caller = Caller::new(&pair.node, logical, interface).await;
        let begin = Instant::now();
        let reason = caller.fails(interface, method, DEADLINE_MS).await;
        assert_eq!(
            reason,
            "dsb:deadline_exceeded: the call did not finish in time"
        );
        let took = begin.elapsed().as_millis();
        assert!((300..310).contains(&took), "{took} ms");
        running.reaches(0).await;
    }
}

/// Takes a second before the first call that it sees, and keeps its thread meanwhile.
#[derive(Default)]
struct Slow(AtomicBool);

impl Interceptor for Slow {
    fn call<'a>(&'a self, cx: Context, next: Next<'a>) -> Intercepted<'a> {
        Box::pin(async move {
            if !self.0.swap(true, Ordering::Relaxed) {
                advance(Duration::from_secs(1)).await;
            }
            next.run(cx).await
        })
    }
}

#[tokio::test(start_paused = true)]
async fn calls_that_arrived_together_do_not_start_once_their_time_is_up() {
    const CALLS: usize = 300;
    let service = TestProbe::default();
    let made = service.made.clone();
    let builder = Node::builder().allow(Trust::anyone());
    let pair = within(testing::pair(
        builder.intercept(Slow::default()).serve(service),
    ))
    .await
    .unwrap();
    let probe: ProbeClient = within(pair.peer.open()).await.unwrap();
    let timeout = Duration::from_millis(u64::from(DEADLINE_MS));
    let calls = (0..CALLS).map(|_| probe.make(1).timeout(timeout));
    let answers = within(join_all(calls)).await;
    let late = answers.into_iter().filter_map(Result::err);
    let late = late.inspect(|status| assert_eq!(status.code(), Code::DeadlineExceeded));
    // Only those start that are in one batch with the slow one.
    assert!(late.count() > CALLS / 2);
    assert!(made.get() < CALLS / 2, "{} of {CALLS} started", made.get());
}

#[tokio::test(start_paused = true)]
async fn a_call_without_a_deadline_is_not_given_one() {
    let (pair, running) = node().await;
    for ((logical, interface, method), running) in HANGS.into_iter().zip(running) {
        let mut caller = Caller::new(&pair.node, logical, interface).await;
        // The default is that of callers.
        let answer = timeout(2 * DEFAULT_DEADLINE, caller.fails(interface, method, 0)).await;
        assert_eq!(answer.ok(), None);
        assert_eq!(running.get(), 1);
    }
}
