//! Whole packets in hex, each answered with the error it deserves. The receiver is the responder of the session.

use bytes::Bytes;
use dsoftbus_proto::frame::{ChannelId, FrameError, Kind};
use dsoftbus_proto::mux::{Connection, Event, Limits};
use dsoftbus_proto::side::Side;
use hex_literal::hex;

/// Opens logical channel 0x0101, instance 0, in bytes mode.
const OPEN: [u8; 16] = hex!("01010000 01 01 0800 8877665544332211");
/// Eight bytes on it.
const DATA: [u8; 16] = hex!("01010000 03 00 0800 0102030405060708");
/// Its end of data.
const END: [u8; 16] = hex!("01010000 05 00 0800 0000 000000000000");
/// Its reset.
const RESET: [u8; 16] = hex!("01010000 05 00 0800 0100 000000000000");

fn channel() -> ChannelId {
    ChannelId::from_u32(0x0000_0101).expect("a logical channel")
}

fn receive(frames: &[&[u8]]) -> (Connection, Result<(), FrameError>) {
    let mut connection = Connection::new(Side::Responder, Limits::default());
    let mut result = Ok(());
    for frame in frames {
        result = connection.handle_record(Bytes::copy_from_slice(frame));
        if result.is_err() {
            break;
        }
    }
    (connection, result)
}

#[track_caller]
fn assert_error(frames: &[&[u8]], error: FrameError) {
    // Frame by frame, and all in one record.
    assert_eq!(receive(frames).1, Err(error));
    let (mut connection, result) = receive(&[&frames.concat()]);
    assert_eq!(result, Err(error));
    // The error is said aloud once and stays.
    let mut record = vec![0, 0];
    assert!(connection.poll_transmit(&mut record, &mut Bytes::new()));
    assert_eq!(record[2..], hex!("00000000 08 00 0800 0100 000000000000"));
    assert!(connection.is_closed());
    assert!(!connection.poll_transmit(&mut record, &mut Bytes::new()));
    assert_eq!(
        connection.handle_record(Bytes::from_static(&OPEN)),
        Err(error)
    );
}

#[test]
fn a_session_of_legal_packets_is_taken() {
    // Ping.
    let ping = hex!("00000000 06 00 0800 0100000000000000");
    let (mut connection, result) = receive(&[&OPEN, &DATA, &ping, &END]);
    assert_eq!(result, Ok(()));
    assert!(matches!(
        connection.poll_event(),
        Some(Event::Opened {
            interface_id: 0x1122_3344_5566_7788,
            ..
        })
    ));
    assert!(matches!(
        connection.poll_event(),
        Some(Event::Data { payload, cost: 16, .. }) if payload[..] == DATA[8..]
    ));
    assert!(matches!(
        connection.poll_event(),
        Some(Event::Closed { .. })
    ));
    assert_eq!(connection.poll_event(), None);
    let mut record = vec![0, 0];
    assert!(connection.poll_transmit(&mut record, &mut Bytes::new()));
    // Pong.
    assert_eq!(record[2..], hex!("00000000 07 00 0800 0100000000000000"));
}

#[test]
fn an_empty_record_is_truncated() {
    assert_error(&[&[]], FrameError::Truncated);
}

#[test]
fn a_short_header_is_truncated() {
    // F19
    for len in 1..8 {
        assert_error(&[&OPEN, &DATA[..len]], FrameError::Truncated);
    }
}

#[test]
fn an_unknown_kind_ends_the_session() {
    // F17
    let frame = hex!("01010000 0a 00 0000");
    assert_error(&[&OPEN, &frame], FrameError::UnknownKind { kind: 0x0a });
}

#[test]
fn an_unknown_flag_ends_the_session() {
    // F18
    let frame = hex!("01010000 03 02 0800 0102030405060708");
    let kind = Kind::Data;
    let error = FrameError::UnknownFlags { kind, flags: 0x02 };
    assert_error(&[&OPEN, &frame], error);
}

#[test]
fn a_length_that_is_not_the_rest_of_the_record_ends_the_session() {
    // F20: longer than the record; shorter, so that the rest is no frame.
    let longer = hex!("01010000 03 00 1000 0102030405060708");
    let length = 16;
    assert_error(&[&OPEN, &longer], FrameError::BeyondRecord { length });
    let shorter = hex!("01010000 03 00 0800 0102030405060708 00000000");
    assert_error(&[&OPEN, &shorter], FrameError::Truncated);
}

#[test]
fn padding_that_is_not_zero_ends_the_session() {
    let frame = hex!("01010000 03 00 0500 0102030405 000001");
    assert_error(&[&OPEN, &frame], FrameError::Padding);
}

#[test]
fn data_on_the_session_ends_it() {
    // F21
    let frame = hex!("00000000 03 00 0800 0102030405060708");
    let kind = Kind::Data;
    let error = FrameError::WrongChannel { kind, channel: 0 };
    assert_error(&[&frame], error);
}

#[test]
fn an_open_with_our_side_ends_the_session() {
    // F22: bit 31 is the responder's, which is us.
    let frame = hex!("01010080 01 01 0800 8877665544332211");
    let channel = ChannelId::from_u32(0x8000_0101).unwrap();
    assert_error(&[&frame], FrameError::WrongSide { channel });
}

#[test]
fn an_open_of_an_open_number_ends_the_session() {
    // F23, also when half of it is closed.
    let error = FrameError::AlreadyOpen { channel: channel() };
    assert_error(&[&OPEN, &OPEN], error);
    assert_error(&[&OPEN, &END, &OPEN], error);
}

#[test]
fn a_number_is_free_once_close_went_both_ways() {
    // F24: with our wire that is legal.
    let mut connection = Connection::new(Side::Responder, Limits::default());
    for _ in 0..3 {
        let open = connection.handle_record(Bytes::from_static(&OPEN));
        assert_eq!(open, Ok(()));
        let reset = connection.handle_record(Bytes::from_static(&RESET));
        assert_eq!(reset, Ok(()));
        let mut record = vec![0, 0];
        assert!(connection.poll_transmit(&mut record, &mut Bytes::new()));
        assert_eq!(record[2..], RESET);
        assert_eq!(connection.channels(), 0);
    }
}

#[test]
fn frames_on_a_number_that_is_not_open_end_the_session() {
    // F31. Credit is no error: it may cross the last Close.
    let channel = channel();
    let accept = hex!("01010000 02 00 0000");
    for (frame, kind) in [
        (&DATA[..], Kind::Data),
        (&accept[..], Kind::Accept),
        (&END[..], Kind::Close),
    ] {
        assert_error(&[frame], FrameError::NotOpen { kind, channel });
    }
    let credit = hex!("01010000 04 00 0400 01000000 00000000");
    assert_eq!(receive(&[&credit]).1, Ok(()));
}

#[test]
fn an_accept_of_the_peers_own_channel_ends_the_session() {
    let accept = hex!("01010000 02 00 0000");
    let error = FrameError::UnexpectedAccept { channel: channel() };
    assert_error(&[&OPEN, &accept], error);
}

#[test]
fn a_second_accept_ends_the_session() {
    let mut connection = Connection::new(Side::Responder, Limits::default());
    let mode = dsoftbus_proto::frame::Mode::Bytes;
    let channel = connection.open(0x0101, 7, mode, b"").unwrap();
    let accept = Bytes::from_static(&hex!("01010080 02 00 0000"));
    assert_eq!(connection.handle_record(accept.clone()), Ok(()));
    let error = FrameError::UnexpectedAccept { channel };
    assert_eq!(connection.handle_record(accept), Err(error));
}

#[test]
fn data_and_close_behind_the_peers_close_end_the_session() {
    // F32
    let channel = channel();
    let after = |kind| FrameError::AfterClose { kind, channel };
    assert_error(&[&OPEN, &END, &DATA], after(Kind::Data));
    assert_error(&[&OPEN, &END, &END], after(Kind::Close));
    assert_error(&[&OPEN, &END, &RESET], after(Kind::Close));
    assert_error(&[&OPEN, &RESET, &DATA], after(Kind::Data));
}

#[test]
fn a_credit_of_zero_ends_the_session() {
    // F37
    let frame = hex!("01010000 04 00 0400 00000000 00000000");
    assert_error(&[&OPEN, &frame], FrameError::ZeroCredit);
    let frame = hex!("00000000 04 00 0400 00000000 00000000");
    assert_error(&[&frame], FrameError::ZeroCredit);
}

#[test]
fn a_credit_beyond_the_bound_ends_the_session() {
    // F38
    let frame = hex!("01010000 04 00 0400 ffffffff 00000000");
    let channel = Some(channel());
    assert_error(&[&OPEN, &frame], FrameError::CreditOverflow { channel });
    let frame = hex!("00000000 04 00 0400 ffffff7f 00000000");
    let channel = None;
    assert_error(&[&frame], FrameError::CreditOverflow { channel });
}

#[test]
fn empty_data_ends_the_session() {
    // F42
    let frame = hex!("01010000 03 00 0000");
    let kind = Kind::Data;
    let error = FrameError::WrongLength { kind, length: 0 };
    assert_error(&[&OPEN, &frame], error);
}

#[test]
fn two_pings_in_a_row_end_the_session() {
    // F44
    let ping = hex!("00000000 06 00 0800 0100000000000000");
    assert_error(&[&ping, &ping], FrameError::PingFlood);
}

#[test]
fn a_pong_without_a_ping_ends_the_session() {
    // F45
    let pong = hex!("00000000 07 00 0800 0100000000000000");
    assert_error(&[&pong], FrameError::UnexpectedPong);
}

#[test]
fn a_frame_behind_goodbye_is_an_error() {
    // F47, F48
    let goodbye = hex!("00000000 08 00 0800 0000 000000000000");
    let kind = Kind::Goodbye;
    assert_error(&[&goodbye, &goodbye], FrameError::AfterGoodbye { kind });
    let kind = Kind::Open;
    assert_error(&[&goodbye, &OPEN], FrameError::AfterGoodbye { kind });
}

#[test]
fn a_wrong_frame_changes_nothing() {
    // CVE-2026-32314 has this shape: a channel that is registered before its frame is found wrong.
    let frame = hex!("01010000 01 01 0800 8877665544332211 01010000 03 00 0000");
    let (mut connection, result) = receive(&[&frame]);
    let (kind, length) = (Kind::Data, 0);
    assert_eq!(result, Err(FrameError::WrongLength { kind, length }));
    // The Open before it counts, the Data does not.
    assert!(matches!(
        connection.poll_event(),
        Some(Event::Opened { .. })
    ));
    assert_eq!(connection.poll_event(), None);
    let wrong = hex!("01010000 01 01 0700 88776655443322 00");
    let (mut connection, result) = receive(&[&wrong]);
    let (kind, length) = (Kind::Open, 7);
    assert_eq!(result, Err(FrameError::WrongLength { kind, length }));
    assert_eq!(connection.poll_event(), None);
    assert_eq!(connection.channels(), 0);
}
