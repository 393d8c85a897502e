//! What a node keeps of its sessions and lets its peers have, and what it announces.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Wake, Waker},
    time::Duration,
};

use dsoftbus::{
    ChannelError, CloseCode, Code, ConnectError, HandshakeError, Limits, Node, NodeBuilder,
    Refusal, ServiceClient, SessionError, StartError, Trust, testing,
};
use dsoftbus_proto::frame::GoodbyeCode;
use dsoftbus_tests::{ProbeClient, TestHub, TestProbe, by_hand::Hand, caps::HubClient, within};

/// A node that anyone may call.
fn open_node() -> NodeBuilder {
    Node::builder()
        .allow(Trust::anyone())
        .serve(TestProbe::default())
}

/// A waker that does nothing but count its owners.
struct Owned;

impl Wake for Owned {
    fn wake(self: Arc<Self>) {}
}

#[tokio::test(start_paused = true)]
async fn a_session_forgets_who_stopped_waiting_for_its_end() {
    let pair = within(testing::pair(open_node())).await.unwrap();
    let owned = Arc::new(Owned);
    {
        let waker = Waker::from(Arc::clone(&owned));
        let mut closed = pin!(pair.seen.closed());
        assert!(
            closed
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
        );
    }
    assert_eq!(Arc::strong_count(&owned), 1);
    pair.link.cut();
    assert_eq!(within(pair.seen.closed()).await, SessionError::Truncated);
}

#[tokio::test(start_paused = true)]
async fn a_device_has_a_bounded_number_of_sessions_and_takes_no_place_of_others() {
    let limits = Limits::default().sessions_per_device(2);
    let first = within(testing::pair(open_node().limits(limits)))
        .await
        .unwrap();
    let caller = first.peer.node().clone();
    let second = within(testing::connect(&caller, &first.node))
        .await
        .unwrap();
    let refused = within(testing::connect(&caller, &first.node)).await;
    assert!(
        matches!(
            refused,
            Err(ConnectError::Handshake(HandshakeError::Refused(
                Refusal::Busy
            )))
        ),
        "{refused:?}"
    );
    let other = Node::builder().start().await.unwrap();
    within(testing::connect(&other, &first.node)).await.unwrap();
    // A session that ends gives its place back.
    second.peer.close();
    within(second.seen.closed()).await;
    within(second.peer.closed()).await;
    tokio::task::yield_now().await;
    within(testing::connect(&caller, &first.node))
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_ticket_of_a_node_is_as_new_as_its_announcement() {
    let pair = within(testing::pair(open_node())).await.unwrap();
    let listens = open_node().bind("127.0.0.1:0").await.unwrap();
    for node in [&pair.node, &listens] {
        let sequence = || node.ticket().announcement().content().sequence;
        let before = sequence();
        // Longer than the time to live of an announcement.
        tokio::time::sleep(Duration::from_secs(3_600)).await;
        assert!(sequence() > before);
    }
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_ends_after_the_node_was_shut_down_leaves_no_session() {
    let pair = within(testing::pair(open_node())).await.unwrap();
    let caller = pair.peer.node().clone();
    caller.shutdown();
    let late = within(testing::connect(&caller, &pair.node)).await;
    assert!(matches!(late, Err(ConnectError::ShutDown)), "{late:?}");

    let pair = within(testing::pair(open_node())).await.unwrap();
    pair.node.shutdown();
    let (near, far) = tokio::io::duplex(1 << 20);
    let (mut hand, seen) = within(async {
        tokio::join!(
            Hand::shake(near, &pair.node),
            testing::accept(&pair.node, far)
        )
    })
    .await;
    assert!(matches!(seen, Err(ConnectError::ShutDown)), "{seen:?}");
    // The peer, which has done nothing wrong, is told.
    assert_eq!(hand.goodbye().await, Some(GoodbyeCode::SHUTTING_DOWN));
}

#[tokio::test]
async fn a_session_that_is_being_closed_is_not_handed_out_again() {
    let node = open_node().bind("127.0.0.1:0").await.unwrap();
    let caller = Node::builder().start().await.unwrap();
    let old = within(caller.connect(node.ticket())).await.unwrap();
    let again = within(caller.connect(node.ticket())).await.unwrap();
    assert_eq!(again.session_id(), old.session_id());
    old.close();
    let new = within(caller.connect(node.ticket())).await.unwrap();
    assert_ne!(new.session_id(), old.session_id());
    let probe: ProbeClient = within(new.open()).await.unwrap();
    assert_eq!(within(probe.echo("new")).await.unwrap(), "new");
}

#[tokio::test]
async fn a_byte_handler_on_a_channel_that_is_taken_is_refused() {
    let service = ProbeClient::CHANNEL;
    for reserved in [0, 2, 0x0f] {
        let started = open_node().serve_bytes(reserved, |_, _| {}).start().await;
        assert!(
            matches!(
                started,
                Err(StartError::ReservedChannel { channel, .. }) if channel == reserved
            ),
            "{started:?}"
        );
    }
    for taken in [service, 0x7000] {
        let node = open_node()
            .serve_bytes(0x7000, |_, _| {})
            .serve_bytes(taken, |_, _| {});
        let started = node.start().await;
        assert!(
            matches!(
                started,
                Err(StartError::DuplicateChannel { channel, .. }) if channel == taken
            ),
            "{started:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_byte_handler_that_panics_loses_its_channel_and_not_the_session() {
    let node = open_node().serve_bytes(0x7000, |_, _| panic!("as asked"));
    let pair = within(testing::pair(node)).await.unwrap();
    let opened = within(pair.peer.open_bytes(0x7000, 0)).await;
    if let Ok(mut channel) = opened {
        let error = within(channel.recv()).await.unwrap_err();
        assert_eq!(error, ChannelError::Closed(CloseCode::CANCELLED));
    }
    let probe: ProbeClient = within(pair.peer.open()).await.unwrap();
    assert_eq!(within(probe.echo("alive")).await.unwrap(), "alive");
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_is_opened_eagerly_takes_calls_at_once() {
    let pair = within(testing::pair(open_node())).await.unwrap();
    let before = pair.link.records();
    let probe: ProbeClient = pair.peer.open_eagerly().unwrap();
    assert_eq!(within(probe.echo("early")).await.unwrap(), "early");
    let after = pair.link.records();
    // Opening and call, acceptance and answer.
    assert_eq!((after.0 - before.0, after.1 - before.1), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn calls_on_a_channel_that_was_opened_eagerly_say_why_the_peer_refuses_it() {
    let pair = within(testing::pair(Node::builder().allow(Trust::anyone())))
        .await
        .unwrap();
    let probe: ProbeClient = pair.peer.open_eagerly().unwrap();
    let refused = within(probe.echo("early")).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unimplemented);

    pair.peer.close();
    within(pair.peer.closed()).await;
    let ended = pair.peer.open_eagerly::<ProbeClient>().unwrap_err();
    assert_eq!(ended.code(), Code::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn a_service_of_objects_may_be_opened_eagerly_too() {
    let node = Node::builder().allow(Trust::anyone());
    let pair = within(testing::pair(node.serve(TestHub::default())))
        .await
        .unwrap();
    let hub: HubClient = pair.peer.open_eagerly().unwrap();
    let thing = within(hub.make("early")).await.unwrap();
    assert_eq!(within(thing.say("x")).await.unwrap(), "early: x");

    let pair = within(testing::pair(Node::builder().allow(Trust::anyone())))
        .await
        .unwrap();
    let hub: HubClient = pair.peer.open_eagerly().unwrap();
    let refused = within(hub.make("early")).await.err().unwrap();
    assert_eq!(refused.code(), Code::Unimplemented);
}
