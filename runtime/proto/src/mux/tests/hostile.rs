//! Peers that break the rules. Numbers like F26 are the cases of the reliability plan.

use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use bytes::Bytes;

use super::pair::{Pair, close, credit, data, id, open};
use crate::frame::{ChannelId, CloseCode, Frame, FrameError, GoodbyeCode, Kind, Mode};
use crate::mux::{CHANNEL_CREDIT, ChannelError, Event, MAX_CREDIT, Outbound, SESSION_CREDIT};
use crate::side::Side;

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
