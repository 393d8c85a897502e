//! Payloads beside the calls: any size, checked by digest, bounded, and nothing left of one that did not arrive.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{future::Future, pin::pin, sync::Arc, task::Poll, time::Duration};

use bytes::Bytes;
use dsoftbus::{
    ChannelError, CloseCode, Code, Node, NodeBuilder, Peer, Result, SessionError, Trust,
    bulk::{BulkStore, BulkUpload, VmoHandle},
    store::{ArtifactStore, Digest, Limits, Usage},
    testing::{self, Link},
};
use dsoftbus_proto::frame::{ChannelId, Frame, Mode};
use dsoftbus_tests::{
    Gauge, ProbeClient, TestProbe,
    by_hand::{Hand, channel},
    probe_service::payload,
    within,
};
use futures::future::join_all;
use tokio::{sync::mpsc, time::Instant};

/// Around every border there is: of a frame, of a chunk of a push, of a window.
const SIZES: [usize; 12] = [
    0,
    1,
    61_439,
    61_440,
    61_441,
    65_503,
    65_504,
    65_505,
    131_008,
    262_144,
    300_000,
    10 << 20,
];

/// A node with a store, and a session with it.
struct Bench {
    peer: Peer,
    probe: ProbeClient,
    store: Arc<ArtifactStore>,
    _node: Node,
    _dir: tempfile::TempDir,
}

fn node(limits: Limits) -> (NodeBuilder, Arc<ArtifactStore>, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let store = ArtifactStore::open(dir.path().join("store"), limits).unwrap();
    let store = Arc::new(store);
    let node = Node::builder()
        .allow(Trust::anyone())
        .serve(TestProbe::default())
        .store(Arc::clone(&store));
    (node, store, dir)
}

async fn in_memory(limits: Limits) -> (Bench, Link) {
    let (node, store, dir) = node(limits);
    let pair = within(testing::pair(node)).await.unwrap();
    let probe = within(pair.peer.open()).await.unwrap();
    let bench = Bench {
        peer: pair.peer,
        probe,
        store,
        _node: pair.node,
        _dir: dir,
    };
    (bench, pair.link)
}

async fn over_tcp() -> Bench {
    let (node, store, dir) = node(Limits::default());
    let node = within(node.bind("127.0.0.1:0")).await.unwrap();
    let caller = Node::builder().start().await.unwrap();
    let peer = within(caller.connect(node.ticket())).await.unwrap();
    let probe = within(peer.open()).await.unwrap();
    Bench {
        peer,
        probe,
        store,
        _node: node,
        _dir: dir,
    }
}

impl Bench {
    async fn push_and_take(&self, sent: Bytes) {
        let handle = within(self.peer.push_bytes(sent.clone())).await.unwrap();
        let taken = within(self.probe.take(handle.to_raw())).await.unwrap();
        let digest = Digest::of(&sent);
        assert_eq!(taken.length, sent.len() as u64);
        assert_eq!(taken.digest, digest.as_bytes());
        let stored = self.store.get(&digest).unwrap().unwrap();
        assert_eq!(stored.len(), sent.len() as u64);
    }

    async fn offer_and_pull(&self, size: usize) {
        let handle = within(self.probe.offer(size as u32)).await.unwrap();
        let pull = within(self.peer.pull(VmoHandle::from_raw(handle)))
            .await
            .unwrap();
        assert_eq!(pull.len(), size as u64);
        let got = within(pull.read_to_end(size as u64)).await.unwrap();
        assert_eq!(got, payload(size));
    }
}

/// Waits until `done`: for what other threads do, which no clock of tokio knows of.
async fn until(what: &str, mut done: impl FnMut() -> bool) {
    let waiting = async {
        while !done() {
            tokio::task::yield_now().await;
        }
    };
    let result = tokio::time::timeout(Duration::from_secs(10), waiting).await;
    assert!(result.is_ok(), "{what}");
}

#[tokio::test]
async fn payloads_of_every_size_arrive_whole_in_memory() {
    let (bench, _link) = in_memory(Limits::default()).await;
    for size in SIZES {
        bench.push_and_take(payload(size)).await;
        bench.offer_and_pull(size).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn payloads_of_every_size_arrive_whole_over_tcp() {
    let bench = over_tcp().await;
    for size in SIZES {
        bench.push_and_take(payload(size)).await;
        bench.offer_and_pull(size).await;
    }
}

#[tokio::test]
async fn a_file_is_pushed_as_its_bytes_are() {
    let (bench, _link) = in_memory(Limits::default()).await;
    let dir = tempfile::tempdir().unwrap();
    for size in [0, 1, 200_000] {
        let path = dir.path().join("payload");
        std::fs::write(&path, payload(size)).unwrap();
        let handle = within(bench.peer.push_file(&path)).await.unwrap();
        let taken = within(bench.probe.take(handle.to_raw())).await.unwrap();
        assert_eq!(taken.digest, Digest::of(&payload(size)).as_bytes());
    }
    let missing = within(bench.peer.push_file(dir.path().join("missing")))
        .await
        .unwrap_err();
    assert_eq!(missing.code(), Code::NotFound);
}

#[tokio::test]
async fn a_payload_that_is_not_what_its_digest_says_is_data_loss_and_not_kept() {
    let (bench, _link) = in_memory(Limits::default()).await;
    for size in [0, 1, 500_000] {
        let push = bench
            .peer
            .push_digested(Digest::of(b"something else"), payload(size));
        assert_eq!(within(push).await.unwrap_err().code(), Code::DataLoss);
        let handle = within(bench.probe.offer_wrong(size as u32)).await.unwrap();
        let pull = within(bench.peer.pull(VmoHandle::from_raw(handle)))
            .await
            .unwrap();
        let status = within(pull.read_to_end(1 << 20)).await.unwrap_err();
        assert_eq!(status.code(), Code::DataLoss);
    }
    until("the store is empty", || {
        bench.store.usage() == Usage::default()
    })
    .await;
}

#[tokio::test]
async fn a_payload_over_the_quota_is_refused_before_its_first_byte() {
    let (bench, link) = in_memory(Limits::default().max_bytes(100_000)).await;
    let (before, _) = link.sent();
    let status = within(bench.peer.push_bytes(payload(200_000)))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    let (after, _) = link.sent();
    assert!(after - before < 1_024, "{} bytes were sent", after - before);
    bench.push_and_take(payload(90_000)).await;
    let status = within(bench.peer.push_bytes(payload(20_000)))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
}

#[tokio::test]
async fn a_node_without_a_store_takes_no_payload() {
    let node = Node::builder()
        .allow(Trust::anyone())
        .serve(TestProbe::default());
    let pair = within(testing::pair(node)).await.unwrap();
    let status = within(pair.peer.push_bytes(payload(10))).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
}

#[tokio::test]
async fn a_push_that_is_cut_leaves_nothing() {
    let (bench, link) = in_memory(Limits::default()).await;
    let peer = bench.peer.clone();
    let push = tokio::spawn(async move { peer.push_bytes(payload(8 << 20)).await });
    until("the push is under way", || link.sent().0 > 1 << 20).await;
    link.cut();
    let status = within(push).await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    until("the store is empty", || {
        bench.store.usage() == Usage::default()
    })
    .await;
}

#[tokio::test]
async fn a_push_that_is_dropped_leaves_nothing_and_the_session_lives() {
    let (bench, link) = in_memory(Limits::default()).await;
    let peer = bench.peer.clone();
    let push = tokio::spawn(async move { peer.push_bytes(payload(8 << 20)).await });
    until("the push is under way", || link.sent().0 > 1 << 20).await;
    push.abort();
    let _ = within(push).await;
    until("the store is empty", || {
        bench.store.usage() == Usage::default()
    })
    .await;
    bench.push_and_take(payload(100_000)).await;
}

#[tokio::test]
async fn a_pull_that_is_cut_or_dropped_ends() {
    let (bench, link) = in_memory(Limits::default()).await;
    let handle = within(bench.probe.offer(8 << 20)).await.unwrap();
    let mut pull = within(bench.peer.pull(VmoHandle::from_raw(handle)))
        .await
        .unwrap();
    within(pull.chunk()).await.unwrap().unwrap();
    drop(pull);
    within(bench.probe.echo("alive")).await.unwrap();

    let handle = within(bench.probe.offer(8 << 20)).await.unwrap();
    let mut pull = within(bench.peer.pull(VmoHandle::from_raw(handle)))
        .await
        .unwrap();
    within(pull.chunk()).await.unwrap().unwrap();
    link.cut();
    let status = within(pull.read_to_end(8 << 20)).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
}

#[tokio::test]
async fn a_handle_works_once_and_in_its_own_session() {
    let (bench, _link) = in_memory(Limits::default()).await;
    let handle = within(bench.peer.push_bytes(payload(10))).await.unwrap();
    // Another session of the same node, with the same handle.
    let caller = Node::builder().start().await.unwrap();
    let other = within(testing::connect(&caller, &bench._node))
        .await
        .unwrap();
    let stranger: ProbeClient = within(other.peer.open()).await.unwrap();
    let status = within(stranger.take(handle.to_raw())).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    within(bench.probe.take(handle.to_raw())).await.unwrap();
    let status = within(bench.probe.take(handle.to_raw())).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);

    let offered = VmoHandle::from_raw(within(bench.probe.offer(10)).await.unwrap());
    let status = within(other.peer.pull(offered)).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    drop(within(bench.peer.pull(offered)).await.unwrap());
    let status = within(bench.peer.pull(offered)).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
}

#[tokio::test]
async fn an_unknown_handle_is_not_found() {
    let (bench, _link) = in_memory(Limits::default()).await;
    // There are others, which must not be taken for it.
    within(bench.peer.push_bytes(payload(10))).await.unwrap();
    within(bench.probe.offer(10)).await.unwrap();
    let status = within(bench.peer.pull(VmoHandle::from_raw(42)))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    let status = within(bench.probe.take(42)).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_are_answered_during_a_transfer() {
    let bench = over_tcp().await;
    let running = Gauge::default();
    let transfers: Vec<_> = (0..2)
        .map(|number| {
            let (peer, guard) = (bench.peer.clone(), running.enter());
            tokio::spawn(async move {
                let mut sent = payload(20 << 20).to_vec();
                sent[0] = number;
                let handle = peer.push_bytes(sent.into()).await;
                drop(guard);
                handle
            })
        })
        .collect();
    let mut answered = 0;
    while running.get() > 0 {
        within(bench.probe.echo("during")).await.unwrap();
        answered += 1;
    }
    for transfer in transfers {
        within(transfer).await.unwrap().unwrap();
    }
    assert!(answered > 20, "{answered} calls");
    assert_eq!(bench.store.usage().objects, 2);
}

#[tokio::test]
async fn many_transfers_at_once_all_arrive() {
    let (bench, _link) = in_memory(Limits::default()).await;
    let pushes = join_all((0..20).map(|number| bench.push_and_take(payload(200_000 + number))));
    let pulls = join_all((0..20).map(|number| bench.offer_and_pull(300_000 + number)));
    within(async { tokio::join!(pushes, pulls) }).await;
}

/// A reader that stops reading makes neither side hold more than the window and the queue.
#[tokio::test]
async fn a_reader_that_stops_bounds_what_is_sent() {
    let (bench, link) = in_memory(Limits::default()).await;
    let handle = within(bench.probe.offer(32 << 20)).await.unwrap();
    let (_, before) = link.sent();
    let mut pull = within(bench.peer.pull(VmoHandle::from_raw(handle)))
        .await
        .unwrap();
    // Calls go on, and give the sender all the time it could want.
    for _ in 0..2_000 {
        within(bench.probe.echo("other")).await.unwrap();
    }
    let (_, after) = link.sent();
    // A channel starts with a window of 256 KiB, which only reading makes larger.
    assert!(
        after - before < 1 << 20,
        "{} bytes were sent",
        after - before
    );
    // It goes on where it stopped.
    let mut received = 0;
    while let Some(chunk) = within(pull.chunk()).await.unwrap() {
        received += chunk.len();
    }
    assert_eq!(received, 32 << 20);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_ends_wakes_a_writer_whose_peer_had_finished() {
    let (mut near, mut far, pair) = within(testing::byte_channels()).await.unwrap();
    far.finish();
    assert_eq!(within(near.recv()).await.unwrap(), None);
    // Nobody reads, so the writer comes to wait.
    let writing = tokio::spawn(async move {
        loop {
            let sent = near.send(Bytes::from_static(&[0; 60_000])).await;
            if let Err(error) = sent {
                return error;
            }
        }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!writing.is_finished());
    let start = Instant::now();
    pair.link.cut();
    let error = within(writing).await.unwrap();
    assert_eq!(error, ChannelError::Session(SessionError::Truncated));
    assert!(start.elapsed() < Duration::from_secs(1));
    drop(far);
}

/// A store that keeps nothing and says how an upload ended.
#[derive(Clone)]
struct Witness(mpsc::Sender<&'static str>);

struct WitnessUpload {
    told: mpsc::Sender<&'static str>,
    bytes: usize,
}

impl BulkStore for Witness {
    fn begin(&self, _digest: Digest, _len: u64) -> Result<Box<dyn BulkUpload>> {
        Ok(Box::new(WitnessUpload {
            told: self.0.clone(),
            bytes: 0,
        }))
    }
}

impl BulkUpload for WitnessUpload {
    fn write(&mut self, chunk: &[u8]) -> Result<()> {
        self.bytes += chunk.len();
        if self.bytes == 1_000 {
            let _ = self.told.try_send("whole");
        }
        Ok(())
    }

    fn commit(self: Box<Self>) -> Result<()> {
        let _ = self.told.try_send("committed");
        Ok(())
    }
}

impl Drop for WitnessUpload {
    fn drop(&mut self) {
        let _ = self.told.try_send("dropped");
    }
}

/// What Open of a bulk channel carries.
fn bulk_open(direction: u8, digest: Digest, length: u64, handle: u64) -> [u8; 64] {
    let mut open = [0; 64];
    open[0] = direction;
    open[8..40].copy_from_slice(digest.as_bytes());
    open[40..48].copy_from_slice(&length.to_le_bytes());
    open[56..].copy_from_slice(&handle.to_le_bytes());
    open
}

/// Opens a bulk channel by hand.
async fn open_by_hand(hand: &mut Hand, instance: u16, extra: &[u8]) -> ChannelId {
    let channel = channel(instance, 2);
    hand.send(&[Frame::Open {
        channel,
        mode: Mode::Bytes,
        interface_id: 0,
        extra,
    }])
    .await;
    channel
}

/// The code that the node closes `channel` with.
async fn close_of(hand: &mut Hand, of: ChannelId) -> CloseCode {
    hand.find(|frame| match frame {
        Frame::Close { channel, code, .. } if *channel == of => Some(*code),
        _ => None,
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn a_push_whose_end_does_not_come_is_not_kept_though_every_byte_came() {
    let (told, mut hear) = mpsc::channel(8);
    let node = Node::builder().allow(Trust::anyone()).store(Witness(told));
    let pair = within(testing::pair(node)).await.unwrap();
    let (mut hand, _seen) = Hand::meet(&pair.node).await;
    let sent = payload(1_000);
    let open = bulk_open(1, Digest::of(&sent), 1_000, 0);
    let channel = open_by_hand(&mut hand, 0, &open).await;
    hand.send(&[Frame::Data {
        channel,
        start: false,
        payload: &sent,
    }])
    .await;
    assert_eq!(within(hear.recv()).await, Some("whole"));
    hand.send(&[Frame::Close {
        channel,
        code: CloseCode::CANCELLED,
        extra: &[],
    }])
    .await;
    assert_eq!(within(hear.recv()).await, Some("dropped"));
}

#[tokio::test(start_paused = true)]
async fn more_transfers_than_a_session_may_run_wait_and_are_refused_in_the_end() {
    let (told, _hear) = mpsc::channel(8);
    let limits = dsoftbus::Limits::default().transfers_per_session(2);
    let node = Node::builder()
        .allow(Trust::anyone())
        .store(Witness(told))
        .limits(limits);
    let pair = within(testing::pair(node)).await.unwrap();
    let (mut hand, _seen) = Hand::meet(&pair.node).await;
    let open = bulk_open(1, Digest::of(b""), 1, 0);
    for instance in 0..2 {
        let wanted = open_by_hand(&mut hand, instance, &open).await;
        let accepted = hand.find(|frame| match frame {
            Frame::Accept { channel, .. } if *channel == wanted => Some(()),
            _ => None,
        });
        accepted.await.unwrap();
    }
    let third = open_by_hand(&mut hand, 2, &open).await;
    let refused = async { close_of(&mut hand, third).await };
    assert_eq!(advancing(refused).await, CloseCode::RESOURCE_LIMIT);
    // Another session has places of its own.
    let (mut other, _seen) = Hand::meet(&pair.node).await;
    let wanted = open_by_hand(&mut other, 0, &open).await;
    let accepted = other.find(|frame| match frame {
        Frame::Accept { channel, .. } if *channel == wanted => Some(()),
        _ => None,
    });
    accepted.await.unwrap();
}

/// Polls `future` while time passes by hand, a tenth of a second at a time: threads that block keep the paused clock from
/// moving by itself.
async fn advancing<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    for _ in 0..600 {
        for _ in 0..20 {
            if let Poll::Ready(output) = futures::poll!(future.as_mut()) {
                return output;
            }
            tokio::task::yield_now().await;
        }
        tokio::time::advance(Duration::from_millis(100)).await;
    }
    panic!("a minute was not enough");
}

/// A peer that opens nothing itself, and a session with it to call it over.
async fn silent_peer() -> (Hand, Peer, Node) {
    let node = Node::builder().allow(Trust::anyone());
    let pair = within(testing::pair(node)).await.unwrap();
    let (hand, seen) = Hand::meet(&pair.node).await;
    (hand, seen, pair.node)
}

/// Accepts the next channel that is opened, with what the Accept of a push carries.
async fn accept_push(hand: &mut Hand) -> ChannelId {
    let opened = hand.find(|frame| match frame {
        Frame::Open { channel, .. } => Some(*channel),
        _ => None,
    });
    let channel = opened.await.unwrap();
    hand.send(&[Frame::Accept {
        channel,
        extra: &[0; 8],
    }])
    .await;
    channel
}

#[tokio::test(start_paused = true)]
async fn what_is_opened_with_a_peer_that_never_answers_fails_in_time() {
    let (_hand, peer, _node) = silent_peer().await;
    let start = Instant::now();
    let (service, bytes, pull, push) = within(async {
        tokio::join!(
            peer.open::<ProbeClient>(),
            peer.open_bytes(0x100, 0),
            peer.pull(VmoHandle::from_raw(1)),
            peer.push_bytes(payload(10)),
        )
    })
    .await;
    assert_eq!(service.err().unwrap().code(), Code::DeadlineExceeded);
    assert_eq!(bytes.unwrap_err(), ChannelError::TimedOut);
    assert_eq!(pull.unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!(push.unwrap_err().code(), Code::DeadlineExceeded);
    assert!(start.elapsed() <= 2 * dsoftbus::DEFAULT_DEADLINE);
}

#[tokio::test(start_paused = true)]
async fn a_push_to_a_peer_that_takes_nothing_fails_in_time() {
    let (mut hand, peer, _node) = silent_peer().await;
    let push = peer.push_bytes(payload(8 << 20));
    let both = async { tokio::join!(push, accept_push(&mut hand)) };
    let (pushed, _) = tokio::time::timeout(Duration::from_secs(40), both)
        .await
        .expect("a peer is given up after 30 s");
    assert_eq!(pushed.unwrap_err().code(), Code::DeadlineExceeded);
}

#[tokio::test(start_paused = true)]
async fn a_push_without_a_verdict_fails_in_time() {
    let (mut hand, peer, _node) = silent_peer().await;
    let push = peer.push_bytes(payload(10));
    let alive = async {
        accept_push(&mut hand).await;
        for nonce in 0.. {
            tokio::time::sleep(Duration::from_secs(10)).await;
            hand.send(&[Frame::Ping(nonce)]).await;
        }
    };
    let pushed = tokio::select! {
        pushed = push => pushed,
        () = alive => unreachable!("the numbers do not end"),
        () = tokio::time::sleep(Duration::from_secs(100)) => panic!("a minute was not enough"),
    };
    assert_eq!(pushed.unwrap_err().code(), Code::DeadlineExceeded);
}
