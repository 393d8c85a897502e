//! Life of a channel and of a session, and peers that break the rules. Numbers like F26 are the cases of the
//! reliability plan.

use alloc::vec;
use alloc::vec::Vec;
use core::num::NonZeroU32;
use core::time::Duration;

use bytes::Bytes;

use super::pair::{Pair, kinds, message};
use crate::frame::{ChannelId, CloseCode, Frame, FrameError, GoodbyeCode, INSTANCES, Kind, Mode};
use crate::mux::{
    CHANNEL_CREDIT, ChannelError, Connection, Event, FrameBuf, Limits, MAX_CREDIT, OpenError,
    Outbound, SESSION_CREDIT, SendError,
};
use crate::side::Side;

fn id(instance: u16) -> ChannelId {
    ChannelId::new(Side::Initiator, instance, 0x0101).unwrap()
}

fn open(channel: ChannelId) -> Frame<'static> {
    Frame::Open {
        channel,
        mode: Mode::Bytes,
        interface_id: 7,
        extra: b"",
    }
}

fn close(channel: ChannelId, code: CloseCode) -> Frame<'static> {
    Frame::Close {
        channel,
        code,
        extra: b"",
    }
}

fn data(channel: ChannelId) -> Frame<'static> {
    Frame::Data {
        channel,
        start: false,
        payload: b"data",
    }
}

fn credit(channel: Option<ChannelId>, amount: u32) -> Frame<'static> {
    Frame::Credit {
        channel,
        amount: NonZeroU32::new(amount).unwrap(),
    }
}

#[test]
fn open_and_accept_carry_words_for_the_other_application() {
    let mut pair = Pair::new();
    let id = pair
        .initiator
        .connection
        .open(0x0101, 0xabcd, Mode::Messages, b"for the service")
        .unwrap();
    pair.drive();
    assert_eq!(
        pair.responder.event(),
        Event::Opened {
            channel: id,
            interface_id: 0xabcd,
            mode: Mode::Messages,
            extra: Bytes::from_static(b"for the service"),
        }
    );
    pair.responder.connection.accept(id, b"for the opener");
    // A second Accept of ours is ignored.
    pair.responder.connection.accept(id, b"again");
    pair.drive();
    assert_eq!(
        pair.initiator.event(),
        Event::Accepted {
            channel: id,
            extra: Bytes::from_static(b"for the opener"),
        }
    );
    assert!(pair.initiator.events.is_empty());
    pair.assert_settled();
}

#[test]
fn data_before_accept_is_delivered() {
    // F30
    let mut pair = Pair::new();
    let id = pair
        .initiator
        .connection
        .open(0x0101, 7, Mode::Messages, b"")
        .unwrap();
    let (out, flat) = message(1, 100);
    pair.initiator.connection.send(id, out).unwrap();
    let record = pair.initiator.record().unwrap();
    assert_eq!(kinds(&record), [Kind::Open, Kind::Data]);
    pair.responder.wire.push_back(record);
    pair.deliver(Side::Responder);
    assert!(matches!(pair.responder.event(), Event::Opened { .. }));
    assert!(matches!(pair.responder.event(), Event::Message { message, .. } if message == flat));
}

#[test]
fn no_credit_goes_to_an_opener_that_would_discard_it() {
    let mut pair = Pair::new();
    let id = pair
        .initiator
        .connection
        .open(0x0101, 7, Mode::Bytes, b"")
        .unwrap();
    let out = Outbound::Bytes(Bytes::from(vec![0; 600_000]));
    pair.initiator.connection.send(id, out).unwrap();
    pair.drive();
    let before = pair.responder.events.len();
    pair.drive_and_consume(Side::Responder);
    assert!(before > 1);
    // All consumed, nothing granted: the sender waits for Accept.
    assert!(pair.initiator.connection.queued(id) > 300_000);
    pair.responder.connection.accept(id, b"");
    pair.drive_and_consume(Side::Responder);
    assert_eq!(pair.initiator.connection.queued(id), 0);
    pair.assert_settled();
}

#[test]
fn the_acceptor_sends_nothing_before_its_accept() {
    let mut pair = Pair::new();
    let id = pair
        .initiator
        .connection
        .open(0x0101, 7, Mode::Bytes, b"")
        .unwrap();
    pair.drive();
    let out = Outbound::Bytes(Bytes::from_static(b"early"));
    let connection = &mut pair.responder.connection;
    assert_eq!(connection.send(id, out), Err(SendError::NotAccepted));
    connection.accept(id, b"");
    let out = Outbound::Bytes(Bytes::from_static(b"now"));
    assert_eq!(connection.send(id, out), Ok(()));
    let record = pair.responder.record().unwrap();
    assert_eq!(kinds(&record), [Kind::Accept, Kind::Data]);
}

#[test]
fn between_open_and_accept_only_accept_and_close_count() {
    let mut pair = Pair::new();
    let id = pair
        .initiator
        .connection
        .open(0x0101, 7, Mode::Messages, b"")
        .unwrap();
    pair.initiator.record().unwrap();
    assert_eq!(pair.initiator.handle(data(id)), Ok(()));
    assert_eq!(pair.initiator.handle(credit(Some(id), MAX_CREDIT)), Ok(()));
    assert!(pair.initiator.events.is_empty());
    let code = CloseCode::NO_SUCH_SERVICE;
    assert_eq!(pair.initiator.handle(close(id, code)), Ok(()));
    let extra = Bytes::new();
    assert_eq!(
        pair.initiator.event(),
        Event::Closed {
            channel: id,
            code,
            extra
        }
    );
    pair.assert_conserved();
}

#[test]
fn a_refused_open_drops_the_data_behind_it() {
    let mut pair = Pair::new();
    let id = pair
        .initiator
        .connection
        .open(0x0101, 7, Mode::Messages, b"")
        .unwrap();
    for seed in 0..4 {
        let (out, _) = message(seed, 200_000);
        pair.initiator.connection.send(id, out).unwrap();
    }
    pair.transmit(Side::Initiator);
    pair.deliver(Side::Responder);
    pair.responder
        .connection
        .close(id, CloseCode::WRONG_INTERFACE, b"why");
    pair.drive();
    assert_eq!(
        pair.initiator.event(),
        Event::Closed {
            channel: id,
            code: CloseCode::WRONG_INTERFACE,
            extra: Bytes::from_static(b"why"),
        }
    );
    assert_eq!(
        pair.initiator
            .connection
            .send(id, Outbound::Bytes(Bytes::from_static(b"x"))),
        Err(SendError::Closed)
    );
    assert_eq!(pair.initiator.connection.channels(), 0);
    assert_eq!(pair.responder.connection.channels(), 0);
    pair.assert_settled();
}

#[test]
fn the_end_of_data_comes_behind_the_data() {
    let (mut pair, id) = Pair::connected(0x0101, Mode::Bytes);
    let out = Outbound::Bytes(Bytes::from(vec![0; 500_000]));
    pair.initiator.connection.send(id, out).unwrap();
    pair.initiator.connection.close(id, CloseCode::END, b"last");
    assert_eq!(
        pair.initiator
            .connection
            .send(id, Outbound::Bytes(Bytes::from_static(b"x"))),
        Err(SendError::Closed)
    );
    let received = pair.drive_and_consume(Side::Responder);
    assert_eq!(received.len(), 500_000);
    assert_eq!(
        pair.responder.event(),
        Event::Closed {
            channel: id,
            code: CloseCode::END,
            extra: Bytes::from_static(b"last"),
        }
    );
    assert_eq!(pair.responder.connection.channels(), 1);
}

#[test]
fn both_ends_of_data_cross() {
    // F50
    let (mut pair, id) = Pair::connected(0x0101, Mode::Bytes);
    pair.initiator.connection.close(id, CloseCode::END, b"");
    pair.responder.connection.close(id, CloseCode::END, b"");
    assert!(pair.transmit(Side::Initiator));
    assert!(pair.transmit(Side::Responder));
    pair.drive();
    for end in [&mut pair.initiator, &mut pair.responder] {
        assert!(matches!(end.event(), Event::Closed { code, .. } if code.is_end()));
        assert_eq!(end.connection.channels(), 0);
        assert!(end.connection.is_idle());
    }
    // The number is not the next one.
    assert_ne!(pair.open(0x0101, Mode::Bytes), id);
}

#[test]
fn both_resets_cross() {
    let (mut pair, id) = Pair::connected(0x0101, Mode::Bytes);
    pair.initiator
        .connection
        .close(id, CloseCode::CANCELLED, b"");
    pair.responder
        .connection
        .close(id, CloseCode::INTERNAL_ERROR, b"");
    // A second Close of ours is ignored.
    pair.initiator.connection.close(id, CloseCode::END, b"");
    assert!(pair.transmit(Side::Initiator));
    assert!(pair.transmit(Side::Responder));
    pair.drive();
    for end in [&mut pair.initiator, &mut pair.responder] {
        assert!(end.events.is_empty());
        assert_eq!(end.connection.channels(), 0);
    }
}

#[test]
fn a_reset_drops_what_is_queued_and_overtakes_others() {
    let mut pair = Pair::new();
    let other = pair.open(0x0102, Mode::Bytes);
    let id = pair.open(0x0101, Mode::Bytes);
    for channel in [other, id] {
        let out = Outbound::Bytes(Bytes::from(vec![0; 10_000]));
        pair.initiator.connection.send(channel, out).unwrap();
    }
    pair.initiator
        .connection
        .close(id, CloseCode::CANCELLED, b"");
    assert_eq!(pair.initiator.connection.queued(id), 0);
    let record = pair.initiator.record().unwrap();
    assert_eq!(kinds(&record), [Kind::Close, Kind::Data]);
}

#[test]
fn a_reset_that_meets_an_end_of_data_under_way_answers_with_its_code() {
    let (mut pair, id) = Pair::connected(0x0101, Mode::Bytes);
    let out = Outbound::Bytes(Bytes::from(vec![0; 500_000]));
    pair.initiator.connection.send(id, out).unwrap();
    pair.initiator.connection.close(id, CloseCode::END, b"");
    pair.drive();
    pair.responder
        .connection
        .close(id, CloseCode::DIGEST_MISMATCH, b"");
    pair.drive();
    let code = CloseCode::DIGEST_MISMATCH;
    assert!(
        matches!(pair.initiator.events.pop_back(), Some(Event::Closed { code: c, .. }) if c == code)
    );
    assert_eq!(pair.initiator.connection.channels(), 0);
    assert_eq!(pair.responder.connection.channels(), 0);
}

#[test]
fn numbers_go_round_before_they_come_back() {
    let mut pair = Pair::new();
    let first = pair.open(0x0101, Mode::Bytes);
    assert_eq!(first.instance(), 0);
    for instance in 1..INSTANCES {
        let id = pair
            .initiator
            .connection
            .open(0x0101, 7, Mode::Bytes, b"")
            .unwrap();
        assert_eq!(id.instance(), instance);
        pair.initiator
            .connection
            .close(id, CloseCode::CANCELLED, b"");
        pair.initiator.record().unwrap();
        let answer = close(id, CloseCode::CANCELLED);
        assert_eq!(pair.initiator.handle(answer), Ok(()));
    }
    // The first one is still in use and is passed over.
    let id = pair.initiator.connection.open(0x0101, 7, Mode::Bytes, b"");
    assert_eq!(id.unwrap().instance(), 1);
    // Other logical channels count for themselves.
    let id = pair.initiator.connection.open(0x0102, 7, Mode::Bytes, b"");
    assert_eq!(id.unwrap().instance(), 0);
}

#[test]
fn a_logical_channel_without_free_numbers_cannot_be_opened() {
    // F54
    let mut limits = Limits::default();
    limits.own_channels = usize::MAX;
    let mut connection = Connection::new(Side::Initiator, limits);
    for _ in 0..INSTANCES {
        connection.open(0x0101, 7, Mode::Bytes, b"").unwrap();
    }
    let error = OpenError::NumbersExhausted { logical: 0x0101 };
    let result = connection.open(0x0101, 7, Mode::Bytes, b"");
    assert_eq!(result, Err(error));
    assert!(connection.open(0x0102, 7, Mode::Bytes, b"").is_ok());
}

#[test]
fn what_cannot_be_opened_is_refused_by_name() {
    let mut connection = Connection::new(Side::Initiator, Limits::default());
    let mut open =
        |logical, extra: &[u8]| connection.open(logical, 7, Mode::Bytes, extra).map(drop);
    assert_eq!(open(0, b""), Err(OpenError::Reserved));
    let length = 1_025;
    assert_eq!(
        open(0x0101, &[0; 1_025]),
        Err(OpenError::ExtraTooLong { length })
    );
    for _ in 0..256 {
        assert_eq!(open(0x0101, &[0; 1_024]), Ok(()));
    }
    assert_eq!(open(0x0101, b""), Err(OpenError::TooManyChannels));
    connection.goodbye(GoodbyeCode::SHUTTING_DOWN);
    let result = connection.open(0x0101, 7, Mode::Bytes, b"");
    assert_eq!(result, Err(OpenError::SessionClosed));
}

#[test]
fn what_cannot_be_sent_is_refused_by_name() {
    let (mut pair, id) = Pair::connected(0x0101, Mode::Messages);
    let connection = &mut pair.initiator.connection;
    let bytes = Outbound::Bytes(Bytes::from_static(b"x"));
    assert_eq!(connection.send(id, bytes), Err(SendError::WrongMode));
    let frame = Outbound::Frame(FrameBuf::new());
    assert_eq!(connection.send(id, frame), Err(SendError::WrongMode));
    let (out, flat) = message(0, 1_048_576);
    let length = flat.len();
    assert_eq!(connection.send(id, out), Err(SendError::TooLong { length }));
    assert!(!connection.wants_transmit());
}

#[test]
fn the_channel_after_the_last_is_refused_and_others_live() {
    // F26, F27: none of them is accepted.
    let mut pair = Pair::new();
    for instance in 0..256 {
        assert_eq!(pair.responder.handle(open(id(instance))), Ok(()));
        assert!(matches!(pair.responder.event(), Event::Opened { .. }));
    }
    assert_eq!(pair.responder.handle(open(id(256))), Ok(()));
    assert!(pair.responder.events.is_empty());
    let record = pair.responder.record().unwrap();
    let (frame, rest) = Frame::decode(&record).unwrap();
    assert_eq!(frame, close(id(256), CloseCode::TOO_MANY_CHANNELS));
    assert!(rest.is_empty());
    // What was under way on it is dropped; its own Close frees the number.
    assert_eq!(pair.responder.handle(data(id(256))), Ok(()));
    let answer = close(id(256), CloseCode::TOO_MANY_CHANNELS);
    assert_eq!(pair.responder.handle(answer), Ok(()));
    assert_eq!(
        pair.responder.handle(data(id(256))),
        Err(FrameError::NotOpen {
            kind: Kind::Data,
            channel: id(256),
        })
    );
}

#[test]
fn refused_channels_that_the_peer_never_closes_end_the_session() {
    let mut pair = Pair::new();
    for instance in 0..512 {
        assert_eq!(pair.responder.handle(open(id(instance))), Ok(()));
    }
    assert_eq!(
        pair.responder.handle(open(id(512))),
        Err(FrameError::TooManyChannels)
    );
}

#[test]
fn opening_and_resetting_all_the_time_ends_the_session() {
    // F28
    let mut pair = Pair::new();
    let mut opened = 0_u32;
    let error = loop {
        let id = id(u16::try_from(opened % 1_000).unwrap());
        if let Err(error) = pair.responder.handle(open(id)) {
            break error;
        }
        opened += 1;
        let reset = close(id, CloseCode::CANCELLED);
        assert_eq!(pair.responder.handle(reset), Ok(()));
        pair.responder.record().unwrap();
        assert_eq!(pair.responder.connection.channels(), 0);
        pair.responder.connection.tick(Duration::from_millis(1));
    };
    assert_eq!(error, FrameError::Flood { kind: Kind::Open });
    // The burst, and what 1 ms each gave back.
    assert!((1_024..1_500).contains(&opened), "{opened}");
}

#[test]
fn channels_that_end_orderly_may_come_and_go_at_any_rate() {
    let mut pair = Pair::new();
    for _ in 0..5_000 {
        let id = pair.open(0x0101, Mode::Bytes);
        pair.initiator.connection.close(id, CloseCode::END, b"");
        pair.responder.connection.close(id, CloseCode::END, b"");
        pair.drive();
        pair.initiator.events.clear();
        pair.responder.events.clear();
    }
    pair.assert_settled();
}

#[test]
fn resets_provoked_all_the_time_end_the_session() {
    // F29: the peer makes us reset.
    let mut pair = Pair::new();
    let mut error = None;
    for round in 0..2_000_u16 {
        let channel = id(round);
        let mode = Mode::Messages;
        let interface_id = 7;
        let extra: &[u8] = b"";
        let open = Frame::Open {
            channel,
            mode,
            interface_id,
            extra,
        };
        let result = pair
            .responder
            .handle(open)
            .and_then(|()| pair.responder.handle(data(channel)));
        if let Err(broke) = result {
            error = Some((round, broke));
            break;
        }
        pair.responder.record().unwrap();
        let answer = close(channel, CloseCode::PROTOCOL_ERROR);
        assert_eq!(pair.responder.handle(answer), Ok(()));
    }
    let (round, error) = error.unwrap();
    assert!(matches!(error, FrameError::Flood { .. }));
    assert_eq!(round, 512);
}

#[test]
fn a_first_frame_beyond_the_credit_is_an_error_not_a_panic() {
    // F36: a frame cannot exceed the window, so it takes several.
    let mut pair = Pair::new();
    assert_eq!(pair.responder.handle(open(id(0))), Ok(()));
    let frame = Frame::Data {
        channel: id(0),
        start: false,
        payload: &[0; 65_504],
    };
    for _ in 0..4 {
        assert_eq!(pair.responder.handle(frame), Ok(()));
    }
    let channel = Some(id(0));
    assert_eq!(
        pair.responder.handle(frame),
        Err(FrameError::CreditExceeded { channel })
    );
}

#[test]
fn credit_beyond_its_bound_ends_the_session() {
    // F38
    for on_session in [false, true] {
        let (mut pair, id) = Pair::connected(0x0101, Mode::Bytes);
        let channel = (!on_session).then_some(id);
        let initial = if on_session {
            SESSION_CREDIT
        } else {
            CHANNEL_CREDIT
        };
        let most = MAX_CREDIT - initial;
        assert_eq!(pair.initiator.handle(credit(channel, most)), Ok(()));
        assert_eq!(
            pair.initiator.handle(credit(channel, 1)),
            Err(FrameError::CreditOverflow { channel })
        );
    }
}

#[test]
fn credit_on_numbers_that_are_not_open_is_dropped_but_has_a_budget() {
    // F39
    let mut pair = Pair::new();
    let grant = credit(Some(id(9)), 8);
    for _ in 0..1_024 {
        assert_eq!(pair.responder.handle(grant), Ok(()));
    }
    assert_eq!(
        pair.responder.handle(grant),
        Err(FrameError::Flood { kind: Kind::Credit })
    );
}

#[test]
fn credit_that_dribbles_ends_the_session() {
    // F41, F46: one byte at a time while we have a lot to say.
    let (mut pair, id) = Pair::connected(0x0101, Mode::Bytes);
    let out = Outbound::Bytes(Bytes::from(vec![0; 1_000_000]));
    pair.initiator.connection.send(id, out).unwrap();
    let mut grants = 0;
    let error = loop {
        while pair.initiator.record().is_some() {}
        if let Err(error) = pair.initiator.handle(credit(Some(id), 1)) {
            break error;
        }
        grants += 1;
    };
    assert_eq!(error, FrameError::Flood { kind: Kind::Credit });
    assert!(grants < 2_000, "{grants}");
}

#[test]
fn time_refills_the_budget() {
    let mut pair = Pair::new();
    let grant = credit(Some(id(9)), 8);
    for _ in 0..100 {
        for _ in 0..256 {
            assert_eq!(pair.responder.handle(grant), Ok(()));
        }
        // In small steps: nothing is lost to rounding beyond the first millisecond.
        for _ in 0..2_000 {
            pair.responder.connection.tick(Duration::from_micros(4_000));
        }
    }
}

#[test]
fn pings_are_answered_one_at_a_time() {
    // F44
    let mut pair = Pair::new();
    pair.initiator.connection.ping(5);
    // A second one under way is not sent.
    pair.initiator.connection.ping(6);
    pair.drive();
    assert_eq!(pair.initiator.event(), Event::Pong(5));
    assert!(pair.initiator.events.is_empty());
    assert_eq!(pair.responder.handle(Frame::Ping(1)), Ok(()));
    assert_eq!(
        pair.responder.handle(Frame::Ping(2)),
        Err(FrameError::PingFlood)
    );
}

#[test]
fn pings_that_are_answered_still_have_a_budget() {
    let mut pair = Pair::new();
    let mut pings = 0;
    let error = loop {
        if let Err(error) = pair.responder.handle(Frame::Ping(1)) {
            break error;
        }
        pair.responder.record().unwrap();
        pings += 1;
    };
    assert_eq!(error, FrameError::Flood { kind: Kind::Ping });
    assert_eq!(pings, 1_024);
}

#[test]
fn an_unexpected_pong_ends_the_session() {
    // F45: unsolicited, wrong, early, twice.
    let unexpected = Err(FrameError::UnexpectedPong);
    let mut pair = Pair::new();
    assert_eq!(pair.initiator.handle(Frame::Pong(0)), unexpected);
    let mut pair = Pair::new();
    pair.initiator.connection.ping(5);
    assert_eq!(pair.initiator.handle(Frame::Pong(5)), unexpected);
    let mut pair = Pair::new();
    pair.initiator.connection.ping(5);
    pair.initiator.record().unwrap();
    assert_eq!(pair.initiator.handle(Frame::Pong(6)), unexpected);
    let mut pair = Pair::new();
    pair.initiator.connection.ping(5);
    pair.initiator.record().unwrap();
    assert_eq!(pair.initiator.handle(Frame::Pong(5)), Ok(()));
    assert_eq!(pair.initiator.handle(Frame::Pong(5)), unexpected);
}

#[test]
fn nothing_may_follow_goodbye() {
    // F47, F48
    for frame in [
        Frame::Goodbye(GoodbyeCode::IDLE),
        open(id(0)),
        Frame::Ping(1),
    ] {
        let mut pair = Pair::new();
        let goodbye = Frame::Goodbye(GoodbyeCode::SHUTTING_DOWN);
        assert_eq!(pair.responder.handle(goodbye), Ok(()));
        assert_eq!(
            pair.responder.event(),
            Event::Goodbye(GoodbyeCode::SHUTTING_DOWN)
        );
        assert!(pair.responder.connection.is_closed());
        let kind = frame.kind();
        assert_eq!(
            pair.responder.handle(frame),
            Err(FrameError::AfterGoodbye { kind })
        );
    }
}

#[test]
fn goodbye_is_the_last_record() {
    let (mut pair, id) = Pair::connected(0x0101, Mode::Bytes);
    let out = Outbound::Bytes(Bytes::from(vec![0; 100]));
    pair.initiator.connection.send(id, out).unwrap();
    pair.initiator.connection.goodbye(GoodbyeCode::IDLE);
    pair.initiator
        .connection
        .goodbye(GoodbyeCode::SHUTTING_DOWN);
    assert!(!pair.initiator.connection.is_closed());
    let record = pair.initiator.record().unwrap();
    assert_eq!(
        Frame::decode(&record),
        Ok((Frame::Goodbye(GoodbyeCode::IDLE), &[][..]))
    );
    assert!(pair.initiator.connection.is_closed());
    assert_eq!(pair.initiator.record(), None);
    // What the peer sent before it read that is ignored.
    assert_eq!(pair.initiator.handle(data(id)), Ok(()));
    assert!(pair.initiator.events.is_empty());
    let out = Outbound::Bytes(Bytes::from_static(b"x"));
    let result = pair.initiator.connection.send(id, out);
    assert_eq!(result, Err(SendError::Closed));
}

#[test]
fn an_error_says_goodbye_and_stays() {
    let (mut pair, id) = Pair::connected(0x0101, Mode::Bytes);
    let error = FrameError::AlreadyOpen { channel: id };
    // What came before it in the record counts.
    let mut record = Vec::new();
    data(id).encode(&mut record);
    open(id).encode(&mut record);
    data(id).encode(&mut record);
    let result = pair.responder.connection.handle_record(record.into());
    assert_eq!(result, Err(error));
    pair.responder.collect();
    assert!(matches!(pair.responder.event(), Event::Data { .. }));
    assert!(pair.responder.events.is_empty());
    assert_eq!(pair.responder.handle(Frame::Ping(1)), Err(error));
    let record = pair.responder.record().unwrap();
    assert_eq!(
        Frame::decode(&record),
        Ok((Frame::Goodbye(GoodbyeCode::PROTOCOL_ERROR), &[][..]))
    );
    assert_eq!(pair.responder.record(), None);
}

#[test]
fn messages_that_break_the_rules_break_only_their_channel() {
    fn frame(start: bool, payload: &[u8]) -> Frame<'_> {
        let channel = ChannelId::new(Side::Initiator, 0, 0x0101).unwrap();
        Frame::Data {
            channel,
            start,
            payload,
        }
    }
    // Announces `total` bytes and carries `body` of them.
    let start = |total: u32, body: usize| {
        let mut payload = total.to_le_bytes().to_vec();
        payload.resize(8 + body, 0);
        payload
    };
    let length = |total| ChannelError::MessageLength { total };
    let whole = start(16, 16);
    let half = start(16, 8);
    let over = start(8, 16);
    let bad = [0, 12, 1_048_584, u32::MAX].map(|total| start(total, 8));
    let cases: &[(&[Frame<'_>], ChannelError)] = &[
        (&[frame(false, &[1; 8])], ChannelError::NoStart),
        (
            &[frame(true, &whole), frame(false, &[1; 8])],
            ChannelError::NoStart,
        ),
        (
            &[frame(true, &half), frame(true, &whole)],
            ChannelError::StartInMessage,
        ),
        (
            &[frame(true, &[1; 7])],
            ChannelError::ShortStart { length: 7 },
        ),
        (&[frame(true, &bad[0])], length(0)),
        (&[frame(true, &bad[1])], length(12)),
        (&[frame(true, &bad[2])], length(1_048_584)),
        (&[frame(true, &bad[3])], length(u32::MAX)),
        (
            &[frame(true, &over)],
            ChannelError::MessageOverrun { total: 8 },
        ),
        (
            &[frame(true, &half), frame(false, &[1; 9])],
            ChannelError::MessageOverrun { total: 16 },
        ),
        (
            &[frame(true, &half), close(id(0), CloseCode::END)],
            ChannelError::MessageTruncated,
        ),
    ];
    for (frames, error) in cases {
        let (mut pair, channel) = Pair::connected(0x0101, Mode::Messages);
        assert_eq!(channel, id(0));
        for frame in *frames {
            assert_eq!(pair.responder.handle(*frame), Ok(()));
        }
        let error = *error;
        let last = pair.responder.events.pop_back();
        assert_eq!(last, Some(Event::Broken { channel, error }));
        let record = pair.responder.record().unwrap();
        let (frame, _) = Frame::decode(&record).unwrap();
        assert_eq!(frame, close(channel, error.close_code()));
        pair.assert_conserved();
        assert_eq!(pair.responder.connection.assembled, 0);
    }
}
