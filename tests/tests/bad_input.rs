//! What a hostile peer sends, and what it costs: its own session or channel, by a named error, and nothing else.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{
    num::NonZeroU32,
    sync::{
        Arc, Once,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use dsoftbus::{
    CloseCode, ConnectError, Node, Peer, SessionError, Trust,
    store::{ArtifactStore, Limits, Usage},
    testing::{self, Pair},
};
use dsoftbus_proto::{
    frame::{ChannelId, Frame, FrameError, GoodbyeCode, Kind, MAX_PAYLOAD, Mode},
    handshake::{HandshakeError, Piece},
    message::Outgoing,
    record::RecordError,
    side::Side,
};
use dsoftbus_tests::{
    Gauge, ProbeClient, TestProbe,
    by_hand::{Hand, answer_to, channel},
    probe, within,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::Instant,
};

/// Time that a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(5);

static PANICS: AtomicUsize = AtomicUsize::new(0);

/// A node under attack, and an honest peer that was there before.
struct Target {
    node: Node,
    running: Gauge,
    honest: Pair,
    probe: ProbeClient,
    store: Arc<ArtifactStore>,
    _dir: tempfile::TempDir,
}

impl Target {
    async fn new() -> Self {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let print = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                // A test that fails panics, too: here the node is on trial.
                let in_test = info
                    .location()
                    .is_some_and(|at| at.file().starts_with("tests/"));
                PANICS.fetch_add(usize::from(!in_test), Ordering::Relaxed);
                print(info);
            }));
        });
        let dir = tempfile::tempdir().unwrap();
        let store = ArtifactStore::open(dir.path().join("store"), Limits::default()).unwrap();
        let store = Arc::new(store);
        let service = TestProbe::default();
        let running = service.running.clone();
        let node = Node::builder()
            .allow(Trust::anyone())
            .serve(service)
            .store(Arc::clone(&store));
        let honest = within(testing::pair(node)).await.unwrap();
        let probe = within(honest.peer.open()).await.unwrap();
        Self {
            node: honest.node.clone(),
            running,
            honest,
            probe,
            store,
            _dir: dir,
        }
    }

    async fn meet(&self) -> (Hand, Peer) {
        Hand::meet(&self.node).await
    }

    /// Checks that the attack left nothing behind and hurt no one else.
    async fn unharmed(&self) {
        assert_eq!(within(self.probe.echo("old")).await.unwrap(), "old");
        let caller = Node::builder().start().await.unwrap();
        let pair = within(testing::connect(&caller, &self.node)).await.unwrap();
        let probe: ProbeClient = within(pair.peer.open()).await.unwrap();
        assert_eq!(within(probe.echo("new")).await.unwrap(), "new");
        assert_eq!(self.store.usage(), Usage::default());
        self.running.reaches(0).await;
        assert_eq!(PANICS.load(Ordering::Relaxed), 0);
    }

    /// Sends `frames` on a new session and checks that it ends with `error`.
    async fn refuses(&self, frames: &[Frame<'_>], error: FrameError) {
        let mut plaintext = Vec::new();
        for frame in frames {
            frame.encode(&mut plaintext);
        }
        self.refuses_plain(&plaintext, error).await;
    }

    async fn refuses_plain(&self, plaintext: &[u8], error: FrameError) {
        let (mut hand, seen) = self.meet().await;
        hand.send_plain(plaintext).await;
        assert_eq!(within(seen.closed()).await, SessionError::Frame(error));
        assert_eq!(hand.goodbye().await, Some(GoodbyeCode::PROTOCOL_ERROR));
        assert_eq!(hand.recv().await, None);
    }

    /// Sends `frames` on a new service channel and checks that it is reset with `code` while its session lives.
    async fn resets(&self, frames: impl FnOnce(ChannelId) -> Vec<u8>, code: CloseCode) {
        let (mut hand, seen) = self.meet().await;
        let id = hand
            .open(0, probe::CHANNEL, probe::INTERFACE_ID, Mode::Messages)
            .await;
        hand.send_plain(&frames(id)).await;
        let closed = hand
            .find(|frame| match frame {
                Frame::Close { channel, code, .. } if *channel == id => Some(*code),
                _ => None,
            })
            .await;
        assert_eq!(closed, Some(code));
        // The session answers, and the number is free once our Close went, too.
        hand.send(&[
            Frame::Close {
                channel: id,
                code,
                extra: &[],
            },
            Frame::Ping(7),
        ])
        .await;
        let pong = hand.find(|frame| matches!(frame, Frame::Pong(7)).then_some(()));
        pong.await.unwrap();
        hand.open(0, probe::CHANNEL, probe::INTERFACE_ID, Mode::Messages)
            .await;
        let accepted = hand.find(|frame| matches!(frame, Frame::Accept { .. }).then_some(()));
        accepted.await.unwrap();
        drop(hand);
        assert_eq!(within(seen.closed()).await, SessionError::Truncated);
    }
}

/// One Data frame that carries a whole message, with what it announces.
fn message(channel: ChannelId, announced: usize, body: &[u8]) -> Vec<u8> {
    let mut payload = (announced as u32).to_le_bytes().to_vec();
    payload.extend_from_slice(&[0; 4]);
    payload.extend_from_slice(body);
    data(channel, true, &payload)
}

fn data(channel: ChannelId, start: bool, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    Frame::Data {
        channel,
        start,
        payload,
    }
    .encode(&mut out);
    out
}

/// A call as our own engine builds it.
fn rpc(channel: ChannelId, mut out: Outgoing, id: Option<u32>) -> Vec<u8> {
    if let Some(id) = id {
        out.set_id(id);
    }
    let mut body = Vec::new();
    out.copy_range(0, out.len_bytes(), &mut body);
    message(channel, body.len(), &body)
}

#[tokio::test(start_paused = true)]
async fn garbage_in_place_of_a_handshake_is_refused() {
    let target = Target::new().await;
    let error = within(answer_to(&target.node, b"GET / HTTP/1.1\r\n\r\n"))
        .await
        .unwrap_err();
    assert!(
        matches!(error, ConnectError::Handshake(HandshakeError::BadMagic)),
        "{error}"
    );

    let mut first = b"DSBL\x00\x01\x02\x00".to_vec();
    first.extend_from_slice(&[0x5a; 48]);
    let error = within(answer_to(&target.node, &first)).await.unwrap_err();
    let expected = HandshakeError::Decrypt(Piece::Message1);
    assert!(
        matches!(&error, ConnectError::Handshake(error) if *error == expected),
        "{error}"
    );

    // All zeros: a key of low order.
    first[8..].fill(0);
    let error = within(answer_to(&target.node, &first)).await.unwrap_err();
    assert!(matches!(error, ConnectError::Handshake(_)), "{error}");
    target.unharmed().await;
}

#[tokio::test(start_paused = true)]
async fn whoever_sends_nothing_is_let_go_after_five_seconds() {
    let target = Target::new().await;
    let start = Instant::now();
    for sent in [&b""[..], b"D", b"DSBL\x00\x01\x02\x00"] {
        let error = within(answer_to(&target.node, sent)).await.unwrap_err();
        assert!(matches!(error, ConnectError::TimedOut), "{error}");
    }
    let took = start.elapsed();
    assert!(
        took >= 3 * HANDSHAKE && took < 3 * HANDSHAKE + Duration::from_millis(50),
        "{took:?}"
    );
    target.unharmed().await;
}

/// The same over a socket, where the node itself accepts.
#[tokio::test(start_paused = true)]
async fn a_byte_a_second_does_not_hold_a_connection_beyond_five_seconds() {
    let node = Node::builder()
        .allow(Trust::anyone())
        .serve(TestProbe::default());
    let node = node.bind("127.0.0.1:0").await.unwrap();
    let ticket = node.ticket();
    let content = ticket.announcement().content();
    let start = Instant::now();
    let mut stream = TcpStream::connect((content.addresses[0], content.port))
        .await
        .unwrap();
    let mut bytes = b"DSBL\x00\x01\x02\x00".iter().cycle();
    let mut answer = [0; 1];
    let took = loop {
        let _ = stream.write_all(&[*bytes.next().unwrap()]).await;
        let closed = tokio::time::timeout(Duration::from_secs(1), stream.read(&mut answer)).await;
        match closed {
            Ok(Ok(0) | Err(_)) => break start.elapsed(),
            Ok(Ok(_)) => panic!("a node says nothing before message 1"),
            Err(_) => assert!(start.elapsed() < Duration::from_secs(60)),
        }
    };
    assert!(
        took >= HANDSHAKE && took <= HANDSHAKE + Duration::from_secs(1),
        "{took:?}"
    );
    let caller = Node::builder().start().await.unwrap();
    let peer = within(caller.connect(ticket)).await.unwrap();
    let probe: ProbeClient = within(peer.open()).await.unwrap();
    within(probe.echo("next")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_crowd_that_says_nothing_does_not_keep_an_honest_device_out() {
    let node = Node::builder()
        .allow(Trust::anyone())
        .serve(TestProbe::default());
    let node = node.bind("127.0.0.1:0").await.unwrap();
    let ticket = node.ticket();
    let content = ticket.announcement().content();
    // As many as may be under way at once, and some more.
    let mut crowd = Vec::new();
    for _ in 0..100 {
        let address = (content.addresses[0], content.port);
        crowd.push(TcpStream::connect(address).await.unwrap());
    }
    let caller = Node::builder().start().await.unwrap();
    let start = Instant::now();
    let peer = within(caller.connect(ticket)).await.unwrap();
    let probe: ProbeClient = within(peer.open()).await.unwrap();
    within(probe.echo("in")).await.unwrap();
    let took = start.elapsed();
    assert!(took < Duration::from_millis(2_500), "{took:?}");
    drop(crowd);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_honest_devices_than_handshakes_at_once_all_get_in() {
    let node = Node::builder()
        .allow(Trust::anyone())
        .serve(TestProbe::default());
    let node = node.bind("127.0.0.1:0").await.unwrap();
    let devices = futures::future::join_all((0..200).map(|_| {
        let ticket = node.ticket();
        tokio::spawn(async move {
            let caller = Node::builder().start().await.unwrap();
            let peer = caller.connect(ticket).await.unwrap();
            let probe: ProbeClient = peer.open().await.unwrap();
            probe.echo("in").await.unwrap()
        })
    }));
    for device in within(devices).await {
        assert_eq!(device.unwrap(), "in");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_ends_without_goodbye_is_truncated_wherever_it_ends() {
    let target = Target::new().await;
    let (mut hand, _seen) = target.meet().await;
    let whole = hand.seal(&[0; 8]).len();
    for cut in 0..=whole {
        let (mut hand, seen) = target.meet().await;
        let mut ping = Vec::new();
        Frame::Ping(1).encode(&mut ping);
        let record = hand.seal(&ping);
        hand.send_raw(&record[..cut.min(record.len())]).await;
        drop(hand);
        assert_eq!(
            within(seen.closed()).await,
            SessionError::Truncated,
            "cut at {cut}"
        );
    }
    target.unharmed().await;
}

#[tokio::test(start_paused = true)]
async fn a_goodbye_ends_a_session_in_order() {
    let target = Target::new().await;
    let (mut hand, seen) = target.meet().await;
    hand.send(&[Frame::Goodbye(GoodbyeCode::SHUTTING_DOWN)])
        .await;
    let expected = SessionError::Goodbye(GoodbyeCode::SHUTTING_DOWN);
    assert_eq!(within(seen.closed()).await, expected);
    target.unharmed().await;
}

#[tokio::test(start_paused = true)]
async fn a_record_too_short_to_be_one_ends_the_session() {
    let target = Target::new().await;
    for length in [0_u16, 1, 15, 16] {
        let (mut hand, seen) = target.meet().await;
        hand.send_raw(&length.to_be_bytes()).await;
        hand.send_raw(&vec![0; length.into()]).await;
        let expected = SessionError::Record(RecordError::TooShort);
        assert_eq!(within(seen.closed()).await, expected);
        assert_eq!(hand.goodbye().await, Some(GoodbyeCode::PROTOCOL_ERROR));
    }
    target.unharmed().await;
}

#[tokio::test(start_paused = true)]
async fn a_long_record_that_never_comes_ends_as_silence() {
    let target = Target::new().await;
    let (mut hand, seen) = target.meet().await;
    hand.send_raw(&u16::MAX.to_be_bytes()).await;
    hand.send_raw(&[0; 1_000]).await;
    let closed = tokio::time::timeout(Duration::from_secs(46), seen.closed());
    assert_eq!(closed.await.unwrap(), SessionError::Silent);
    target.unharmed().await;
}

#[tokio::test(start_paused = true)]
async fn records_that_are_damaged_repeated_swapped_or_missing_end_the_session() {
    let target = Target::new().await;
    let mut ping = Vec::new();
    Frame::Ping(1).encode(&mut ping);
    type Attack = fn(Vec<u8>, Vec<u8>) -> Vec<u8>;
    let attacks: [(&str, Attack); 6] = [
        ("garbage", |first, _| {
            [&first[..2], &vec![0xa5; first.len() - 2]].concat()
        }),
        ("damaged", |mut first, _| {
            first[10] ^= 1;
            first
        }),
        ("longest garbage", |_, _| vec![0xff; 2 + 65_535]),
        ("replayed", |first, _| [&first[..], &first].concat()),
        ("swapped", |first, second| [second, first].concat()),
        ("missing", |_, second| second),
    ];
    for (name, attack) in attacks {
        let (mut hand, seen) = target.meet().await;
        let (first, second) = (hand.seal(&ping), hand.seal(&ping));
        hand.send_raw(&attack(first, second)).await;
        let expected = SessionError::Record(RecordError::BadTag);
        assert_eq!(within(seen.closed()).await, expected, "{name}");
        assert_eq!(
            hand.goodbye().await,
            Some(GoodbyeCode::PROTOCOL_ERROR),
            "{name}"
        );
    }
    target.unharmed().await;
}

#[tokio::test(start_paused = true)]
async fn bytes_that_are_no_frame_end_the_session() {
    let target = Target::new().await;
    for length in 1..8 {
        target
            .refuses_plain(&vec![0; length], FrameError::Truncated)
            .await;
    }
    for kind in [0, 9, 0x7f, 0xff] {
        let plaintext = [0, 0, 0, 0, kind, 0, 0, 0];
        target
            .refuses_plain(&plaintext, FrameError::UnknownKind { kind })
            .await;
    }
    let flags = |kind, flags| FrameError::UnknownFlags { kind, flags };
    let ping = [0, 0, 0, 0, 6, 0x80, 8, 0, 1, 0, 0, 0, 0, 0, 0, 0];
    target.refuses_plain(&ping, flags(Kind::Ping, 0x80)).await;
    let long = [1, 0, 0, 0, 3, 0, 0xff, 0xff];
    target
        .refuses_plain(&long, FrameError::TooLong { length: u16::MAX })
        .await;
    let beyond = [1, 0, 0, 0, 3, 0, 16, 0, 1, 2, 3, 4, 5, 6, 7, 8];
    target
        .refuses_plain(&beyond, FrameError::BeyondRecord { length: 16 })
        .await;
    let padded = [0, 3, 0, 0, 3, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 9];
    target.refuses_plain(&padded, FrameError::Padding).await;
    let empty = [0, 3, 0, 0, 3, 0, 0, 0];
    let error = FrameError::WrongLength {
        kind: Kind::Data,
        length: 0,
    };
    target.refuses_plain(&empty, error).await;
    let session = [0, 0, 0, 0, 3, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0];
    let error = FrameError::WrongChannel {
        kind: Kind::Data,
        channel: 0,
    };
    target.refuses_plain(&session, error).await;
    let credit = [0, 0, 0, 0, 4, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    target.refuses_plain(&credit, FrameError::ZeroCredit).await;
    target.unharmed().await;
}

#[tokio::test(start_paused = true)]
async fn frames_out_of_place_end_the_session() {
    let target = Target::new().await;
    let id = channel(0, probe::CHANNEL);
    let open = Frame::Open {
        channel: id,
        mode: Mode::Bytes,
        interface_id: probe::INTERFACE_ID,
        extra: &[],
    };
    let byte = Frame::Data {
        channel: id,
        start: false,
        payload: &[1],
    };
    let end = Frame::Close {
        channel: id,
        code: CloseCode::END,
        extra: &[],
    };
    let accept = Frame::Accept {
        channel: id,
        extra: &[],
    };
    let theirs = ChannelId::new(Side::Responder, 0, probe::CHANNEL).unwrap();
    let wrong_side = Frame::Open {
        channel: theirs,
        mode: Mode::Bytes,
        interface_id: 0,
        extra: &[],
    };
    let not_open = |kind| FrameError::NotOpen { kind, channel: id };
    let after_close = |kind| FrameError::AfterClose { kind, channel: id };
    target.refuses(&[byte], not_open(Kind::Data)).await;
    target.refuses(&[end], not_open(Kind::Close)).await;
    target.refuses(&[accept], not_open(Kind::Accept)).await;
    target
        .refuses(&[wrong_side], FrameError::WrongSide { channel: theirs })
        .await;
    target
        .refuses(&[open, open], FrameError::AlreadyOpen { channel: id })
        .await;
    target
        .refuses(
            &[open, accept],
            FrameError::UnexpectedAccept { channel: id },
        )
        .await;
    target
        .refuses(&[open, end, byte], after_close(Kind::Data))
        .await;
    target
        .refuses(&[open, end, end], after_close(Kind::Close))
        .await;
    target
        .refuses(&[Frame::Pong(1)], FrameError::UnexpectedPong)
        .await;
    target
        .refuses(&[Frame::Ping(1), Frame::Ping(2)], FrameError::PingFlood)
        .await;
    let most = NonZeroU32::new(u32::MAX).unwrap();
    let credit = |channel| Frame::Credit {
        channel,
        amount: most,
    };
    target
        .refuses(
            &[credit(None)],
            FrameError::CreditOverflow { channel: None },
        )
        .await;
    let overflow = FrameError::CreditOverflow { channel: Some(id) };
    target.refuses(&[open, credit(Some(id))], overflow).await;
    target.unharmed().await;
}

#[tokio::test(start_paused = true)]
async fn data_beyond_the_credit_ends_the_session() {
    let target = Target::new().await;
    let (mut hand, seen) = target.meet().await;
    // A bulk channel that waits for its first byte: nothing on it is consumed before the node looks at it, so a
    // burst in as few writes as possible finds the window as it was.
    let id = hand
        .open(0, probe::CHANNEL, probe::INTERFACE_ID, Mode::Bytes)
        .await;
    let payload = vec![0; MAX_PAYLOAD];
    let mut burst = Vec::new();
    for _ in 0..5 {
        let frame = data(id, false, &payload);
        burst.extend_from_slice(&hand.seal(&frame));
    }
    hand.send_raw(&burst).await;
    let closed = within(seen.closed()).await;
    // Zeros are no message either, but that costs the channel only.
    let expected = FrameError::CreditExceeded { channel: Some(id) };
    assert_eq!(closed, SessionError::Frame(expected));
    target.unharmed().await;
}

#[tokio::test(start_paused = true)]
async fn channels_beyond_the_limit_are_refused_one_by_one() {
    let target = Target::new().await;
    let (mut hand, _seen) = target.meet().await;
    for instance in 0..257 {
        hand.open(
            instance,
            probe::CHANNEL,
            probe::INTERFACE_ID,
            Mode::Messages,
        )
        .await;
    }
    let last = channel(256, probe::CHANNEL);
    let code = hand
        .find(|frame| match frame {
            Frame::Close { channel, code, .. } => Some((*channel, *code)),
            _ => None,
        })
        .await;
    assert_eq!(code, Some((last, CloseCode::TOO_MANY_CHANNELS)));
    target.unharmed().await;
}

#[tokio::test(start_paused = true)]
async fn opening_and_resetting_without_end_is_a_flood() {
    let target = Target::new().await;
    let (mut hand, seen) = target.meet().await;
    for _ in 0..2_000 {
        let id = hand
            .open(0, probe::CHANNEL, probe::INTERFACE_ID, Mode::Messages)
            .await;
        hand.send(&[Frame::Close {
            channel: id,
            code: CloseCode::CANCELLED,
            extra: &[],
        }])
        .await;
        // Whoever resets has to wait for the answer: the number is not free before.
        let closed = hand.find(|frame| matches!(frame, Frame::Close { .. }).then_some(()));
        if closed.await.is_none() {
            break;
        }
    }
    let expected = SessionError::Frame(FrameError::Flood { kind: Kind::Open });
    assert_eq!(within(seen.closed()).await, expected);
    target.unharmed().await;
}

#[tokio::test(start_paused = true)]
async fn a_malformed_message_costs_its_channel_only() {
    let target = Target::new().await;
    // Segment tables: no sense, 2^32 segments, 512 of them, one longer than the message, and one of nothing.
    let mut many = vec![0; 4 + 512 * 4 + 4];
    many[..4].copy_from_slice(&511_u32.to_le_bytes());
    many.resize(many.len().next_multiple_of(8), 0);
    let bodies: [Vec<u8>; 7] = [
        vec![0xa5; 64],
        vec![0xff; 8],
        many,
        [0_u32, 1_000]
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect(),
        vec![0; 8],
        // A root pointer beyond the message, and a far pointer to itself.
        [
            &[0, 0, 0, 0, 1, 0, 0, 0][..],
            &[0xfc, 0xff, 0xff, 0x7f, 4, 0, 4, 0],
        ]
        .concat(),
        [&[0, 0, 0, 0, 1, 0, 0, 0][..], &[2, 0, 0, 0, 0, 0, 0, 0]].concat(),
    ];
    for body in bodies {
        let attack = |id| message(id, body.len(), &body);
        target.resets(attack, CloseCode::PROTOCOL_ERROR).await;
    }
    target.unharmed().await;
}

#[tokio::test(start_paused = true)]
async fn a_message_that_does_not_keep_what_it_announces_costs_its_channel_only() {
    let target = Target::new().await;
    let error = CloseCode::PROTOCOL_ERROR;
    target
        .resets(|id| message(id, (1 << 20) + 8, &[0; 64]), error)
        .await;
    target
        .resets(|id| message(id, u32::MAX as usize, &[0; 64]), error)
        .await;
    target.resets(|id| message(id, 0, &[]), error).await;
    target.resets(|id| message(id, 12, &[0; 12]), error).await;
    target.resets(|id| message(id, 64, &[0; 72]), error).await;
    target.resets(|id| data(id, false, &[0; 64]), error).await;
    target.resets(|id| data(id, true, &[0; 7]), error).await;
    let twice = |id| [message(id, 64, &[0; 8]), message(id, 64, &[0; 8])].concat();
    target.resets(twice, error).await;
    target.unharmed().await;
}

#[tokio::test(start_paused = true)]
async fn large_calls_that_wait_for_a_place_are_held_back_by_credit() {
    let target = Target::new().await;
    let (mut hand, seen) = target.meet().await;
    let id = hand
        .open(0, probe::CHANNEL, probe::INTERFACE_ID, Mode::Messages)
        .await;
    hand.send_plain(&rpc(id, Outgoing::bootstrap(), None)).await;
    for question in 1..=256 {
        let call = Outgoing::call(probe::INTERFACE_ID, 4, 0);
        hand.send_plain(&rpc(id, call, Some(question))).await;
    }
    target.running.reaches(256).await;
    // One segment of 131,071 words, most of a MiB. The node grants credit while it puts such a message together, but not
    // for the next one before a handler has ended.
    let mut big = vec![0; 1 << 20];
    big[4..8].copy_from_slice(&131_071_u32.to_le_bytes());
    let mut sent = 0;
    let error = loop {
        hand.send_plain(&message(id, big.len(), &big[..60_000]))
            .await;
        for chunk in big[60_000..].chunks(60_000) {
            hand.send_plain(&data(id, false, chunk)).await;
            // Time for the node to take it in, and to grant what it will.
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        sent += 1;
        if let Ok(error) = tokio::time::timeout(Duration::from_millis(1), seen.closed()).await {
            break error;
        }
        assert!(sent < 8, "{sent} MiB wait");
    };
    let expected = FrameError::CreditExceeded { channel: Some(id) };
    assert_eq!(error, SessionError::Frame(expected));
    assert_eq!(sent, 2);
    target.unharmed().await;
}

#[tokio::test(start_paused = true)]
async fn large_calls_that_pile_up_in_bytes_mode_cost_their_channel_only() {
    let target = Target::new().await;
    let (mut hand, _seen) = target.meet().await;
    let id = hand
        .open(0, probe::CHANNEL, probe::INTERFACE_ID, Mode::Bytes)
        .await;
    let stream = |out: Outgoing, id: Option<u32>| {
        // The same message without the 8 bytes that messages mode puts in front.
        let frame = rpc(channel(0, probe::CHANNEL), out, id);
        frame[16..].to_vec()
    };
    let mut start = stream(Outgoing::bootstrap(), None);
    for question in 1..=256 {
        let call = Outgoing::call(probe::INTERFACE_ID, 4, 0);
        start.extend_from_slice(&stream(call, Some(question)));
    }
    for chunk in start.chunks(60_000) {
        hand.send_plain(&data(id, false, chunk)).await;
    }
    target.running.reaches(256).await;
    let mut big = vec![0; 1 << 20];
    big[4..8].copy_from_slice(&131_071_u32.to_le_bytes());
    let mut closed = None;
    'pile: for sent in 0.. {
        assert!(sent < 8, "{sent} MiB wait");
        for chunk in big.chunks(60_000) {
            hand.send_plain(&data(id, false, chunk)).await;
            let close = hand.find(|frame| match frame {
                Frame::Close { code, .. } => Some(*code),
                _ => None,
            });
            // A record is never half there: nothing is lost when this gives up.
            if let Ok(code) = tokio::time::timeout(Duration::from_millis(1), close).await {
                closed = code;
                break 'pile;
            }
        }
    }
    assert_eq!(closed, Some(CloseCode::RESOURCE_LIMIT));
    target.running.reaches(0).await;
    hand.send(&[
        Frame::Close {
            channel: id,
            code: CloseCode::RESOURCE_LIMIT,
            extra: &[],
        },
        Frame::Ping(1),
    ])
    .await;
    let pong = hand.find(|frame| matches!(frame, Frame::Pong(1)).then_some(()));
    pong.await.unwrap();
    target.unharmed().await;
}

#[tokio::test(start_paused = true)]
async fn rpc_out_of_place_costs_its_channel_only() {
    let target = Target::new().await;
    let error = CloseCode::PROTOCOL_ERROR;
    let call = || Outgoing::call(probe::INTERFACE_ID, 4, 0);
    let boot = |id| rpc(id, Outgoing::bootstrap(), None);
    // The same question twice, while its handler hangs.
    let twice = |id| [boot(id), rpc(id, call(), Some(1)), rpc(id, call(), Some(1))].concat();
    target.resets(twice, error).await;
    target.running.reaches(0).await;
    let boots = |id| [boot(id), boot(id)].concat();
    target.resets(boots, error).await;
    target
        .resets(|id| rpc(id, Outgoing::release(0, 1), None), error)
        .await;
    target
        .resets(|id| rpc(id, Outgoing::release(9, 1), None), error)
        .await;
    target
        .resets(|id| rpc(id, Outgoing::results(0), Some(3)), error)
        .await;
    target.unharmed().await;
}

#[tokio::test(start_paused = true)]
async fn a_bulk_channel_with_nonsense_in_its_open_is_refused() {
    let target = Target::new().await;
    let (mut hand, _seen) = target.meet().await;
    let mut huge = [0; 64];
    huge[0] = 1;
    huge[40..48].copy_from_slice(&u64::MAX.to_le_bytes());
    let mut pull = [0; 64];
    pull[0] = 2;
    pull[56] = 9;
    let cases: [(&[u8], CloseCode); 5] = [
        (&[], CloseCode::PROTOCOL_ERROR),
        (&[0; 64], CloseCode::PROTOCOL_ERROR),
        (&[1; 64], CloseCode::PROTOCOL_ERROR),
        (&huge, CloseCode::RESOURCE_LIMIT),
        (&pull, CloseCode::NO_SUCH_HANDLE),
    ];
    for (instance, (extra, code)) in cases.into_iter().enumerate() {
        let id = channel(instance as u16, 2);
        hand.send(&[Frame::Open {
            channel: id,
            mode: Mode::Bytes,
            interface_id: 0,
            extra,
        }])
        .await;
        let closed = hand.find(|frame| match frame {
            Frame::Close { channel, code, .. } if *channel == id => Some(*code),
            _ => None,
        });
        assert_eq!(closed.await, Some(code));
    }
    target.unharmed().await;
}

#[tokio::test(start_paused = true)]
async fn the_attackers_session_ends_and_the_honest_one_is_the_same() {
    let target = Target::new().await;
    let before = target.honest.peer.session_id();
    for _ in 0..20 {
        let (mut hand, seen) = target.meet().await;
        hand.send_plain(&[0xff; 100]).await;
        let closed = within(seen.closed()).await;
        assert!(matches!(closed, SessionError::Frame(_)), "{closed}");
    }
    assert_eq!(target.honest.peer.session_id(), before);
    target.unharmed().await;
}
