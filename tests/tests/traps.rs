//! Traps that systems of this kind have fallen into, each by its name.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{fs, path::Path, time::Duration};

use bytes::Bytes;
use dsoftbus::{
    ByteChannel, Code, ConnectError, Identity, IdentityProvider, Node, Ticket, Trust, testing,
};
use dsoftbus_proto::{
    frame::{Frame, MAX_PAYLOAD},
    handshake::{HandshakeError, Suites},
    identity::Seed,
    trust::Refusal,
};
use dsoftbus_tests::{ProbeClient, TestProbe, by_hand::Hand, probe_service::payload, within};
use tokio::net::TcpStream;

fn serving() -> dsoftbus::NodeBuilder {
    Node::builder()
        .allow(Trust::anyone())
        .serve(TestProbe::default())
}

fn address(ticket: &Ticket) -> (std::net::IpAddr, u16) {
    let content = ticket.announcement().content();
    (content.addresses[0], content.port)
}

/// Trap: reading frames and dropping them while the tests forward them elsewhere.
///
/// Nothing here but the public API on both sides, over a socket: what arrives, arrived in the handler.
#[tokio::test]
async fn frames_that_are_read_reach_the_handler() {
    let service = TestProbe::default();
    let running = service.running.clone();
    let node = Node::builder().allow(Trust::anyone()).serve(service);
    let node = node.bind("127.0.0.1:0").await.unwrap();
    let caller = Node::builder().start().await.unwrap();
    let peer = within(caller.connect(node.ticket())).await.unwrap();
    let client: ProbeClient = within(peer.open()).await.unwrap();
    let calls: Vec<_> = (0..100)
        .map(|_| tokio::spawn(client.hang().into_future()))
        .collect();
    running.reaches(100).await;
    calls.iter().for_each(|call| call.abort());
    running.reaches(0).await;
    let device = caller.device_id().to_string();
    assert_eq!(within(client.caller()).await.unwrap(), device);
}

/// Trap: a mux whose buffers never drain, so that a stream stops after one window.
#[tokio::test]
async fn a_stream_goes_on_after_its_first_window() {
    /// What a channel may carry before the first Credit.
    const WINDOW: usize = 262_144;
    let (near, far, _pair) = within(testing::byte_channels()).await.unwrap();
    let whole = payload(40 * WINDOW);
    let send = |mut channel: ByteChannel, data: Bytes| async move {
        let (mut sent, mut received) = (0, Vec::new());
        while sent < data.len() || received.len() < data.len() {
            // Both directions at once, on either end.
            let next = data.slice(sent..data.len().min(sent + 50_000));
            if !next.is_empty() {
                sent += next.len();
                channel.send(next).await.unwrap();
            }
            if received.len() < sent {
                received.extend_from_slice(&channel.recv().await.unwrap().unwrap());
            }
        }
        assert!(received == data, "the bytes differ");
    };
    within(async { tokio::join!(send(near, whole.clone()), send(far, whole)) }).await;
}

/// The same for calls: the credit of a service channel comes back, too.
#[tokio::test]
async fn calls_go_on_after_the_first_window() {
    let pair = within(testing::pair(serving())).await.unwrap();
    let client: ProbeClient = within(pair.peer.open()).await.unwrap();
    let data = payload(100_000);
    for _ in 0..100 {
        assert!(within(client.blob(&data)).await.unwrap() == data);
    }
}

/// Trap: an artifact that must fit one frame.
#[tokio::test]
async fn an_artifact_may_be_larger_than_a_frame_and_than_a_message() {
    let pair = within(testing::pair(serving())).await.unwrap();
    let client: ProbeClient = within(pair.peer.open()).await.unwrap();
    for size in [MAX_PAYLOAD + 1, 3 << 20] {
        let handle = within(client.offer(size as u32)).await.unwrap();
        let handle = dsoftbus::bulk::VmoHandle::from_raw(handle);
        let pull = within(pair.peer.pull(handle)).await.unwrap();
        let got = within(pull.read_to_end(size as u64)).await.unwrap();
        assert!(got == payload(size));
    }
}

/// Trap: a partial read lost on a time-out, in the session.
#[tokio::test(start_paused = true)]
async fn a_record_that_arrives_byte_by_byte_arrives_whole() {
    let node = within(testing::pair(serving())).await.unwrap().node;
    let (mut hand, seen) = Hand::meet(&node).await;
    let mut ping = Vec::new();
    Frame::Ping(0x1122_3344).encode(&mut ping);
    let record = hand.seal(&ping);
    for byte in record {
        hand.send_raw(&[byte]).await;
        // Long enough for the node's own timers to fire in between.
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
    let pong = hand.find(|frame| matches!(frame, Frame::Pong(0x1122_3344)).then_some(()));
    pong.await.unwrap();
    assert!(
        tokio::time::timeout(Duration::from_secs(1), seen.closed())
            .await
            .is_err()
    );
}

/// Trap: a partial read lost on a time-out, in a byte channel.
#[tokio::test(start_paused = true)]
async fn a_read_that_timed_out_loses_no_byte() {
    let (mut near, mut far, pair) = within(testing::byte_channels()).await.unwrap();
    let whole = payload(500_000);
    let sent = whole.clone();
    let sender = tokio::spawn(async move {
        for chunk in sent.chunks(777) {
            near.send(Bytes::copy_from_slice(chunk)).await.unwrap();
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
        near.finish();
        near
    });
    pair.link.delay(Duration::from_millis(1));
    let (mut received, mut timeouts) = (Vec::new(), 0);
    loop {
        match tokio::time::timeout(Duration::from_millis(1), far.recv()).await {
            Ok(Ok(Some(chunk))) => received.extend_from_slice(&chunk),
            Ok(end) => {
                assert_eq!(end, Ok(None));
                break;
            }
            Err(_) => timeouts += 1,
        }
    }
    assert!(
        received == whole,
        "{} of {} bytes",
        received.len(),
        whole.len()
    );
    assert!(timeouts > 100, "{timeouts}");
    drop(within(sender).await.unwrap());
}

/// Trap: accepting any peer that proves *its own* key.
#[tokio::test]
async fn a_device_that_only_proves_its_own_key_is_not_let_in() {
    let friend = Identity::from_seed([1; 32], 0);
    let refused = ConnectError::Handshake(HandshakeError::Refused(Refusal::NotAllowed));
    let stranger = || Node::builder().identity(Identity::from_seed([2; 32], 0));
    for trust in [Trust::nobody(), Trust::devices([friend.device_id()])] {
        let service = TestProbe::default();
        let node = Node::builder().allow(trust).serve(service);
        let error = within(testing::pair_from(node, stranger()))
            .await
            .unwrap_err();
        assert_eq!(error.to_string(), refused.to_string());
    }
    // Without any rule, too.
    let node = Node::builder().serve(TestProbe::default());
    let error = within(testing::pair_from(node, stranger()))
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), refused.to_string());
    // The friend is let in: the rule was the reason.
    let node = Node::builder().allow(Trust::devices([friend.device_id()]));
    let from = Node::builder().identity(friend);
    within(testing::pair_from(node, from)).await.unwrap();
}

/// The other direction of the same trap: whoever answers must be the device that was dialled.
#[tokio::test]
async fn a_device_that_answers_for_another_is_refused() {
    let impostor = serving().bind("127.0.0.1:0").await.unwrap();
    // A sound announcement of a device, with the address of the impostor, as a liar could spread the latter.
    let seed = Seed::from_bytes([3; 32]);
    let identity = Identity::from_seed([3; 32], 0);
    let key = identity.certified_key().await.unwrap();
    let theirs = impostor.ticket();
    let mut draft = theirs.announcement().content().clone();
    draft.certificate = key.certificate().clone();
    let announcement = draft.sign(&seed).unwrap();
    let caller = Node::builder().start().await.unwrap();
    let error = within(caller.connect(Ticket::new(announcement)))
        .await
        .unwrap_err();
    // The impostor cannot even read message 1, and a responder that refuses closes without a word.
    assert!(matches!(error, ConnectError::Io(_)), "{error}");
    within(caller.connect(theirs)).await.unwrap();
}

/// Trap: a host path and an OS path with different handshakes.
///
/// One initiator, which knows neither backend, talks to a node over a socket and to one over a wire in memory, which is all
/// that the OS backend has.
#[tokio::test]
async fn a_socket_and_a_wire_in_memory_speak_one_handshake() {
    for suites in [Suites::CHACHA_POLY, Suites::ALL] {
        let over_tcp = serving().suites(suites).bind("127.0.0.1:0").await.unwrap();
        let in_memory = within(testing::pair(serving().suites(suites)))
            .await
            .unwrap()
            .node;
        let stream = TcpStream::connect(address(&over_tcp.ticket()))
            .await
            .unwrap();
        let mut first = Hand::shake(stream, &over_tcp).await;
        let (mut second, _seen) = Hand::meet(&in_memory).await;
        first.send(&[Frame::Ping(1)]).await;
        second.send(&[Frame::Ping(1)]).await;
        let pong = |frame: &Frame<'_>| matches!(frame, Frame::Pong(1)).then_some(());
        assert_eq!(first.find(pong).await, second.find(pong).await);
    }
}

/// The same trap in the source: there is one place that drives the handshake, and no backend is it.
#[test]
fn no_backend_has_a_handshake_of_its_own() {
    fn files(dir: &Path, found: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files(&path, found);
            } else {
                found.push((
                    path.display().to_string(),
                    fs::read_to_string(&path).unwrap(),
                ));
            }
        }
    }
    let mut found = Vec::new();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtime/src");
    files(&source, &mut found);
    let drives: Vec<_> = found
        .iter()
        .filter(|(_, text)| text.contains("Initiator::start(") || text.contains("Responder::new("))
        .collect();
    assert_eq!(
        drives.len(),
        1,
        "{:?}",
        drives.iter().map(|(path, _)| path).collect::<Vec<_>>()
    );
    assert!(drives[0].0.ends_with("session/handshake.rs"));
    assert!(
        !drives[0].1.contains("cfg("),
        "the handshake differs between backends"
    );
}

/// A daemon is not ended by a handler that panics, either, nor by many.
#[tokio::test]
async fn handlers_that_panic_do_not_end_a_daemon() {
    let node = serving().bind("127.0.0.1:0").await.unwrap();
    let caller = Node::builder().start().await.unwrap();
    let peer = within(caller.connect(node.ticket())).await.unwrap();
    let client: ProbeClient = within(peer.open()).await.unwrap();
    for _ in 0..3 {
        let status = within(client.panic()).await.unwrap_err();
        assert_eq!(status.code(), Code::Internal);
        let status = within(client.panic_at_once()).await.unwrap_err();
        assert_eq!(status.code(), Code::Internal);
    }
    within(client.echo("alive")).await.unwrap();
}
