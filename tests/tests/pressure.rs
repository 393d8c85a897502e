//! What holds when a peer is slow, reads nothing, or takes more than its share: memory stays bounded, and nothing waits for ever.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{
    num::NonZeroU32,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use dsoftbus::{
    ByteChannel, ChannelError, CloseCode, Code, Node, Peer, SessionError, Trust,
    testing::{self, Pair},
};
use dsoftbus_proto::{
    frame::{ChannelId, Frame, Mode},
    message::{ExceptionKind, MAX_MESSAGE, Outgoing},
};
use dsoftbus_tests::{
    Gauge, ProbeClient, TestProbe,
    by_hand::{Hand, channel},
    probe,
    probe_capnp::probe::{make_after_params, make_params},
    within,
};
use futures::{FutureExt as _, future::join_all};
use tokio::time::Instant;

/// Ordinals of the methods that are called by hand.
const MAKE: u16 = 2;
const WAIT: u16 = 3;
const HANG: u16 = 4;
const MAKE_AFTER: u16 = 13;

/// Calls that may run at once on a channel.
const IN_FLIGHT: u32 = 256;

/// The largest results that fit a message, nearly.
const LARGEST: u32 = MAX_MESSAGE as u32 - 1_024;

/// A node with a [`TestProbe`], and a peer that speaks by hand.
struct Bench {
    running: Gauge,
    made: Gauge,
    node: Node,
    hand: Hand,
    seen: Peer,
}

impl Bench {
    async fn new() -> Self {
        let service = TestProbe::default();
        let (running, made) = (service.running.clone(), service.made.clone());
        let node = Node::builder().allow(Trust::anyone()).serve(service);
        let Pair { node, .. } = within(testing::pair(node)).await.unwrap();
        let (hand, seen) = Hand::meet(&node).await;
        Self {
            running,
            made,
            node,
            hand,
            seen,
        }
    }

    /// Opens a service channel and says Bootstrap.
    async fn open(&mut self, instance: u16, mode: Mode) -> ChannelId {
        let id = self
            .hand
            .open(instance, probe::CHANNEL, probe::INTERFACE_ID, mode)
            .await;
        if mode == Mode::Messages {
            self.hand
                .send_plain(&rpc(id, Outgoing::bootstrap(), 0))
                .await;
        }
        id
    }

    /// Sends `frames`, as few records as hold them.
    async fn send(&mut self, frames: impl IntoIterator<Item = Vec<u8>>) {
        let mut record = Vec::new();
        for frame in frames {
            if !record.is_empty() && record.len() + frame.len() > 60_000 {
                self.hand.send_plain(&record).await;
                record.clear();
            }
            record.extend_from_slice(&frame);
        }
        if !record.is_empty() {
            self.hand.send_plain(&record).await;
        }
    }

    /// Waits until the node has taken in what was sent.
    async fn settle(&mut self) {
        self.hand.send(&[Frame::Ping(1)]).await;
        let pong = self
            .hand
            .find(|frame| matches!(frame, Frame::Pong(1)).then_some(()));
        pong.await.unwrap();
    }

    /// Lets the node send all it has on a channel.
    async fn grant(&mut self, id: ChannelId) {
        let amount = NonZeroU32::new(1 << 30).unwrap();
        for channel in [Some(id), None] {
            self.hand.send(&[Frame::Credit { channel, amount }]).await;
        }
    }

    /// Waits for the node's Close of a channel.
    async fn closed(&mut self, id: ChannelId) -> CloseCode {
        let code = self.hand.find(|frame| match frame {
            Frame::Close { channel, code, .. } if *channel == id => Some(*code),
            _ => None,
        });
        code.await.unwrap()
    }

    async fn close(&mut self, id: ChannelId, code: CloseCode) {
        self.hand
            .send(&[Frame::Close {
                channel: id,
                code,
                extra: &[],
            }])
            .await;
    }
}

fn data(channel: ChannelId, start: bool, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let frame = Frame::Data {
        channel,
        start,
        payload,
    };
    frame.encode(&mut out);
    out
}

/// A message in stream framing.
fn stream(out: &Outgoing) -> Vec<u8> {
    let mut body = Vec::new();
    out.copy_range(0, out.len_bytes(), &mut body);
    body
}

/// A message as one frame.
fn rpc(channel: ChannelId, out: Outgoing, deadline_ms: u32) -> Vec<u8> {
    let body = stream(&out);
    let mut payload = (body.len() as u32).to_le_bytes().to_vec();
    payload.extend_from_slice(&deadline_ms.to_le_bytes());
    payload.extend_from_slice(&body);
    data(channel, true, &payload)
}

fn call(question: u32, method: u16) -> Outgoing {
    let mut call = Outgoing::call(probe::INTERFACE_ID, method, 8);
    call.set_id(question);
    call
}

fn make(question: u32, size: u32) -> Outgoing {
    let mut call = call(question, MAKE);
    call.content::<make_params::Builder<'_>>().set_size(size);
    call
}

fn make_after(question: u32, size: u32, millis: u32) -> Outgoing {
    let mut call = call(question, MAKE_AFTER);
    let mut params = call.content::<make_after_params::Builder<'_>>();
    params.set_size(size);
    params.set_millis(millis);
    call
}

fn wait(question: u32, millis: u32) -> Outgoing {
    let mut call = call(question, WAIT);
    let mut params = call.content::<dsoftbus_tests::probe_capnp::probe::wait_params::Builder<'_>>();
    params.set_millis(millis);
    call
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waited_for_answers_to_leave_is_answered() {
    let mut bench = Bench::new().await;
    let id = bench.open(0, Mode::Messages).await;
    // Twice as many bytes of answers as may wait, and no credit for them.
    bench
        .send((1..=20).map(|question| rpc(id, make(question, 100 << 10), 0)))
        .await;
    bench.settle().await;
    bench.send([rpc(id, make(21, 1), 0)]).await;
    bench.settle().await;
    bench.grant(id).await;
    bench.send([rpc(id, make(22, 1), 0)]).await;
    // Some answers were read while settling.
    let before = bench.made.get();
    assert!(before < 22, "{before} of 22 calls were answered at once");
    bench.made.reaches(22).await;
}

#[tokio::test(start_paused = true)]
async fn calls_are_not_started_while_their_answers_pile_up() {
    let mut bench = Bench::new().await;
    let id = bench.open(0, Mode::Messages).await;
    bench
        .send((1..=200).map(|question| rpc(id, make(question, LARGEST), 0)))
        .await;
    bench.settle().await;
    let made = bench.made.get();
    assert!(made <= 4, "{made} MiB of answers wait");
    bench.grant(id).await;
    bench
        .hand
        .find(|_| (bench.made.get() == 200).then_some(()))
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn answers_of_slow_handlers_that_no_one_reads_have_a_bound() {
    let mut bench = Bench::new().await;
    let id = bench.open(0, Mode::Messages).await;
    bench
        .send((1..=64).map(|question| rpc(id, make_after(question, LARGEST, 10), 0)))
        .await;
    bench.settle().await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    bench.settle().await;
    bench.grant(id).await;
    bench.send([rpc(id, make(65, 0), 0)]).await;
    // What was read while settling is at most the credit that a channel starts with.
    let mut bytes = 0;
    let made = bench.made.clone();
    let all = bench.hand.find(|frame| {
        if let Frame::Data { payload, .. } = frame {
            bytes += payload.len();
        }
        (made.get() == 1).then_some(())
    });
    all.await.unwrap();
    assert!(bytes <= 18 << 20, "{bytes} bytes of answers waited");
    assert!(
        bytes >= 14 << 20,
        "{bytes} bytes of answers are no use of the bound"
    );
}

#[tokio::test(start_paused = true)]
async fn calls_run_that_waited_for_others_though_the_peer_reads_nothing() {
    let mut bench = Bench::new().await;
    let id = bench.open(0, Mode::Messages).await;
    bench.grant(id).await;
    // Fills the wire, and what the node seals ahead.
    bench
        .send((1..=14).map(|question| rpc(id, make(question, 100 << 10), 0)))
        .await;
    bench.made.reaches(14).await;
    // All places are taken, and given back by tasks: nothing is read or written when the others start, in two portions.
    bench
        .send((15..=270).map(|question| rpc(id, wait(question, 10), 0)))
        .await;
    bench
        .send((271..=570).map(|question| rpc(id, make(question, 0), 0)))
        .await;
    bench.made.reaches(314).await;
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_time_was_up_while_it_waited_does_not_start() {
    let mut bench = Bench::new().await;
    let id = bench.open(0, Mode::Messages).await;
    bench
        .send((1..=IN_FLIGHT).map(|question| rpc(id, call(question, HANG), 2_000)))
        .await;
    bench.send([rpc(id, make(257, 0), 1_000)]).await;
    bench.running.reaches(IN_FLIGHT as usize).await;
    bench.running.reaches(0).await;
    bench.send([rpc(id, make(258, 0), 1_000)]).await;
    bench.settle().await;
    assert_eq!(bench.made.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn credit_of_messages_that_wait_comes_back_with_their_channel() {
    let mut bench = Bench::new().await;
    // Four times what the session may spend.
    for _ in 0..80 {
        let id = bench.open(0, Mode::Messages).await;
        bench
            .send((1..=IN_FLIGHT).map(|question| rpc(id, call(question, HANG), 0)))
            .await;
        let mut wide = Outgoing::call(probe::INTERFACE_ID, 1, 7_000);
        wide.set_id(300);
        let mut body = vec![0; 56_000];
        body[4..8].copy_from_slice(&6_999_u32.to_le_bytes());
        let mut payload = (body.len() as u32).to_le_bytes().to_vec();
        payload.extend_from_slice(&[0; 4]);
        payload.extend_from_slice(&body);
        for _ in 0..3 {
            bench.send([data(id, true, &payload)]).await;
        }
        bench.close(id, CloseCode::CANCELLED).await;
        assert_eq!(bench.closed(id).await, CloseCode::CANCELLED);
        bench.running.reaches(0).await;
    }
    assert_eq!(bench.seen.closed().now_or_never(), None);
}

#[tokio::test(start_paused = true)]
async fn a_violation_that_had_to_wait_stops_the_calls_that_run() {
    let mut bench = Bench::new().await;
    let id = bench.open(0, Mode::Messages).await;
    bench
        .send((1..IN_FLIGHT).map(|question| rpc(id, call(question, HANG), 0)))
        .await;
    // The last place is given back by itself. What waits for it uses the question of a call that runs.
    bench
        .send([rpc(id, wait(256, 10), 0), rpc(id, call(1, HANG), 0)])
        .await;
    bench.running.reaches(IN_FLIGHT as usize).await;
    assert_eq!(bench.closed(id).await, CloseCode::PROTOCOL_ERROR);
    bench.running.reaches(0).await;
}

#[tokio::test(start_paused = true)]
async fn calls_of_a_channel_that_is_reset_do_not_start() {
    let mut bench = Bench::new().await;
    let id = bench.open(0, Mode::Messages).await;
    // In one record: the calls are known, and none has started when the violation is seen.
    bench
        .send([
            rpc(id, make(1, 0), 0),
            rpc(id, call(2, HANG), 0),
            rpc(id, call(2, HANG), 0),
        ])
        .await;
    assert_eq!(bench.closed(id).await, CloseCode::PROTOCOL_ERROR);
    assert_eq!(bench.made.get(), 0);
}

#[tokio::test(start_paused = true)]
async fn unfinished_messages_in_bytes_mode_share_one_bound() {
    let mut bench = Bench::new().await;
    let body = vec![0; 60_000];
    let mut head = body.clone();
    head[4..8].copy_from_slice(&131_071_u32.to_le_bytes());
    let mut refused = None;
    'pile: for instance in 0..20 {
        let id = bench.open(instance, Mode::Bytes).await;
        for piece in 0..17 {
            let payload = if piece == 0 { &head } else { &body };
            bench.send([data(id, false, payload)]).await;
            bench.hand.send(&[Frame::Ping(2)]).await;
            let seen = bench.hand.find(|frame| match frame {
                Frame::Close { code, .. } => Some(Some(*code)),
                Frame::Pong(2) => Some(None),
                _ => None,
            });
            if let Some(code) = seen.await.unwrap() {
                refused = Some((instance, code));
                break 'pile;
            }
        }
    }
    let (instance, code) = refused.unwrap();
    assert_eq!(code, CloseCode::RESOURCE_LIMIT);
    assert_eq!(instance, 16);
    // What an ended channel held is free again.
    bench
        .close(channel(0, probe::CHANNEL), CloseCode::CANCELLED)
        .await;
    let id = bench.open(100, Mode::Bytes).await;
    bench.send([data(id, false, &head)]).await;
    for _ in 0..14 {
        bench.send([data(id, false, &body)]).await;
    }
    bench.hand.send(&[Frame::Ping(3)]).await;
    let refused = bench.hand.find(|frame| match frame {
        Frame::Close { channel, .. } if *channel == id => Some(true),
        Frame::Pong(3) => Some(false),
        _ => None,
    });
    let refused = refused.await;
    assert_eq!(refused, Some(false));
    let caller = Node::builder().start().await.unwrap();
    let pair = within(testing::connect(&caller, &bench.node))
        .await
        .unwrap();
    let client: ProbeClient = within(pair.peer.open()).await.unwrap();
    within(client.echo("unharmed")).await.unwrap();
}

async fn pair() -> (Pair, ProbeClient) {
    let node = Node::builder()
        .allow(Trust::anyone())
        .serve(TestProbe::default());
    let pair = within(testing::pair(node)).await.unwrap();
    let client = within(pair.peer.open()).await.unwrap();
    (pair, client)
}

#[tokio::test(start_paused = true)]
async fn a_session_closes_at_once_though_its_peer_reads_nothing() {
    let (pair, client) = pair().await;
    pair.link.stall(true);
    let call = tokio::spawn(client.echo("never sent").into_future());
    tokio::time::sleep(Duration::from_millis(10)).await;
    let start = Instant::now();
    pair.peer.close();
    assert_eq!(within(pair.peer.closed()).await, SessionError::Closed);
    assert_eq!(start.elapsed(), Duration::ZERO);
    let status = within(call).await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_reads_nothing_is_given_up_after_ten_seconds() {
    let (pair, client) = pair().await;
    // Nothing to write is no reason to give up.
    pair.link.stall(true);
    tokio::time::sleep(Duration::from_secs(11)).await;
    let start = Instant::now();
    let call = client.echo("never sent").timeout(Duration::from_secs(60));
    let call = tokio::spawn(call.into_future());
    assert_eq!(within(pair.peer.closed()).await, SessionError::Stalled);
    let took = start.elapsed();
    assert!(took >= Duration::from_secs(10), "{took:?}");
    assert!(took <= Duration::from_millis(10_050), "{took:?}");
    let status = within(call).await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn calls_that_the_peer_does_not_take_are_refused_before_they_fill_the_memory() {
    let (pair, client) = pair().await;
    pair.link.stall(true);
    let argument = vec![1; 100_000];
    let calls = (0..100).map(|_| client.blob(&argument).timeout(Duration::from_secs(1)));
    let mut refused = 0;
    for result in within(join_all(calls)).await {
        match result.unwrap_err().code() {
            Code::ResourceExhausted => refused += 1,
            code => assert_eq!(code, Code::DeadlineExceeded),
        }
    }
    assert!(
        (60..=80).contains(&refused),
        "{refused} of 100 calls refused"
    );
    pair.link.stall(false);
    within(client.echo("next")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_closing_session_has_not_too_many_channels_but_an_end() {
    let (pair, _client) = pair().await;
    pair.peer.close();
    let status = pair.peer.open::<ProbeClient>().await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(matches!(
        pair.peer.open_bytes(probe::CHANNEL, 0).await.unwrap_err(),
        ChannelError::Session(SessionError::Closed)
    ));
}

/// Has the node call a peer that accepts the channel and answers with `frames`.
async fn answered_with(answer: impl FnOnce(ChannelId) -> Vec<u8>) -> dsoftbus::Status {
    let Bench { mut hand, seen, .. } = Bench::new().await;
    let opening = tokio::spawn(async move {
        let client: ProbeClient = seen.open().await.unwrap();
        client.echo("who is there").await.unwrap_err()
    });
    let opened = hand.find(|frame| match frame {
        Frame::Open { channel, .. } => Some(*channel),
        _ => None,
    });
    let id = opened.await.unwrap();
    hand.send(&[Frame::Accept {
        channel: id,
        extra: &[],
    }])
    .await;
    // Bootstrap was in the record of Open: this is the call.
    let called = hand.find(|frame| matches!(frame, Frame::Data { .. }).then_some(()));
    called.await.unwrap();
    hand.send_plain(&answer(id)).await;
    within(opening).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_says_disconnected_is_unavailable() {
    let abort = Outgoing::abort(ExceptionKind::Disconnected, "going away");
    let status = answered_with(|id| rpc(id, abort, 0)).await;
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert!(status.message().contains("going away"), "{status}");
    assert!(status.is_remote());
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_this_device_reset_is_not_said_to_be_closed_by_the_peer() {
    let status = answered_with(|id| {
        let mut answer = Outgoing::results(0);
        answer.set_id(77);
        rpc(id, answer, 0)
    })
    .await;
    assert_eq!(status.code(), Code::Internal);
    assert!(!status.message().contains("closed"), "{status}");
    assert!(!status.is_remote());
    let status = answered_with(|id| data(id, false, &[0; 8])).await;
    assert_eq!(status.code(), Code::Internal);
    assert!(!status.message().contains("closed"), "{status}");
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_was_reset_here_has_no_more_to_read() {
    let (mut near, mut far, _pair) = within(testing::byte_channels()).await.unwrap();
    far.send(Bytes::from_static(b"unread")).await.unwrap();
    let waiting = tokio::spawn(async move {
        near.recv().await.unwrap().unwrap();
        near.reset(CloseCode::CANCELLED);
        near.recv().await
    });
    let end = within(waiting).await.unwrap();
    assert_eq!(end, Err(ChannelError::Finished));
    let end = within(far.recv()).await;
    assert_eq!(end, Err(ChannelError::Closed(CloseCode::CANCELLED)));
}

/// The channels that a node was given, in order.
type Given = Arc<Mutex<Vec<ByteChannel>>>;

/// A node that keeps every byte channel, and a peer by hand.
async fn keeper(logical: u16) -> (Given, Hand, Peer) {
    let given = Given::default();
    let keep = Arc::clone(&given);
    let node = Node::builder()
        .allow(Trust::anyone())
        .serve_bytes(logical, move |_, channel| {
            keep.lock().unwrap().push(channel)
        });
    let pair = within(testing::pair(node)).await.unwrap();
    let (hand, seen) = Hand::meet(&pair.node).await;
    (given, hand, seen)
}

/// Opens channel 0 of `logical` by hand and sends `payload`; with `end`, its end, too.
async fn give(hand: &mut Hand, given: &Given, payload: &[u8], end: bool) -> ByteChannel {
    let id = hand.open(0, 0x0100, 0, Mode::Bytes).await;
    hand.send_plain(&data(id, false, payload)).await;
    if end {
        hand.send(&[Frame::Close {
            channel: id,
            code: CloseCode::END,
            extra: &[],
        }])
        .await;
    }
    hand.send(&[Frame::Ping(1)]).await;
    let pong = hand.find(|frame| matches!(frame, Frame::Pong(1)).then_some(()));
    pong.await.unwrap();
    given.lock().unwrap().pop().unwrap()
}

/// Ends a channel on the side of the node, and waits until that has arrived.
async fn end(hand: &mut Hand, channel: &mut ByteChannel) {
    channel.finish();
    let closed = hand.find(|frame| matches!(frame, Frame::Close { .. }).then_some(()));
    closed.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_handle_of_an_old_channel_does_not_touch_a_new_one_of_its_number() {
    let (given, mut hand, _seen) = keeper(0x0100).await;
    let mut old = give(&mut hand, &given, b"old", true).await;
    end(&mut hand, &mut old).await;
    let mut new = give(&mut hand, &given, b"new", false).await;
    assert_eq!(within(old.recv()).await, Err(ChannelError::Finished));
    let sent = within(old.send(Bytes::from_static(b"from the old one"))).await;
    assert_eq!(sent, Err(ChannelError::Finished));
    old.reset(CloseCode::CANCELLED);
    drop(old);
    assert_eq!(within(new.recv()).await.unwrap().unwrap(), "new");
    within(new.send(Bytes::from_static(b"answer")))
        .await
        .unwrap();
    let answer = hand.find(|frame| match frame {
        Frame::Data { payload, .. } => Some(payload.to_vec()),
        Frame::Close { .. } => panic!("the new channel was closed"),
        _ => None,
    });
    assert_eq!(answer.await.unwrap(), b"answer");
}

#[tokio::test(start_paused = true)]
async fn what_a_replaced_channel_had_not_read_gives_its_credit_back() {
    let (given, mut hand, seen) = keeper(0x0100).await;
    let mut kept = Vec::new();
    for _ in 0..200 {
        let mut old = give(&mut hand, &given, &[1; 60_000], true).await;
        end(&mut hand, &mut old).await;
        // Its owner forgets to read it.
        kept.push(old);
    }
    assert_eq!(seen.closed().now_or_never(), None);
}
