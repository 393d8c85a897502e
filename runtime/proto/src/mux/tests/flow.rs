//! Flow control between two ends.

use alloc::vec;
use alloc::vec::Vec;

use bytes::Bytes;

use super::pair::{Pair, bytes, message};
use crate::frame::{ChannelId, CloseCode, Frame, FrameError, Mode};
use crate::mux::credit::cost;
use crate::mux::{
    BULK_RESERVE, BULK_WINDOW, CHANNEL_CREDIT, ChannelError, Event, Limits, Outbound,
    SESSION_CREDIT,
};
use crate::side::Side;

#[test]
fn a_stream_goes_on_after_its_first_window() {
    for (logical, mode) in [(0x0101, Mode::Bytes), (2, Mode::Bytes), (1, Mode::Bytes)] {
        let (mut pair, id) = Pair::connected(logical, mode);
        // More than the session's window, too.
        let sent = bytes(1, 3 * SESSION_CREDIT as usize + 1);
        let out = Outbound::Bytes(Bytes::from(sent.clone()));
        pair.initiator.connection.send(id, out).unwrap();
        assert!(pair.drive_and_consume(Side::Responder) == sent);
        pair.assert_settled();
    }
}

#[test]
fn messages_go_on_after_the_first_window() {
    let (mut pair, id) = Pair::connected(0x0101, Mode::Messages);
    let mut sent = Vec::new();
    for seed in 0..200 {
        let (out, flat) = message(seed, 30_000);
        pair.initiator.connection.send(id, out).unwrap();
        sent.extend(flat);
    }
    assert!(pair.drive_and_consume(Side::Responder) == sent);
    pair.assert_settled();
}

#[test]
fn a_message_larger_than_the_window_passes() {
    let (mut pair, id) = Pair::connected(0x0101, Mode::Messages);
    let (out, flat) = message(3, 1_000_000);
    pair.initiator.connection.send(id, out).unwrap();
    pair.drive();
    let Event::Message {
        channel,
        message,
        deadline_ms,
        cost,
    } = pair.responder.event()
    else {
        panic!("no message");
    };
    assert_eq!((channel, deadline_ms), (id, 250));
    assert!(message == flat);
    assert_eq!(message.as_ptr().addr() % 8, 0);
    assert!(cost as usize > flat.len());
    pair.assert_conserved();
    pair.responder.connection.consume(id, cost);
    pair.drive();
    pair.assert_settled();
}

#[test]
fn a_message_in_one_frame_is_a_slice_of_its_record() {
    let (mut pair, id) = Pair::connected(0x0101, Mode::Messages);
    let (out, flat) = message(3, 60_000);
    pair.initiator.connection.send(id, out).unwrap();
    let record = pair.initiator.record().unwrap();
    let range = record.as_ptr_range();
    pair.responder.wire.push_back(record.clone());
    pair.deliver(Side::Responder);
    let Event::Message { message, .. } = pair.responder.event() else {
        panic!("no message");
    };
    assert!(message == flat);
    assert!(range.contains(&message.as_ptr()));
    assert_eq!(message.as_ptr().addr() % 8, 0);
}

#[test]
fn large_messages_that_nobody_consumes_stop_their_channel() {
    let (mut pair, id) = Pair::connected(0x0101, Mode::Messages);
    for seed in 0..8 {
        let (out, _) = message(seed, 1_000_000);
        pair.initiator.connection.send(id, out).unwrap();
    }
    pair.drive();
    // The first one is there in full; of the second no more than what was granted before the first was complete.
    assert_eq!(pair.responder.events.len(), 1);
    assert!(pair.responder.connection.assembled <= CHANNEL_CREDIT as usize);
    pair.assert_conserved();
    let Event::Message { cost, .. } = pair.responder.event() else {
        panic!("no message");
    };
    // Consuming it lets the others through.
    pair.responder.connection.consume(id, cost);
    pair.drive_and_consume(Side::Responder);
    pair.assert_settled();
}

#[test]
fn many_large_messages_at_once_all_arrive() {
    let mut pair = Pair::new();
    let mut total = 0;
    for seed in 0..12 {
        let id = pair.open(0x0101, Mode::Messages);
        let (out, flat) = message(seed, 1_000_000);
        pair.initiator.connection.send(id, out).unwrap();
        total += flat.len();
    }
    assert_eq!(pair.drive_and_consume(Side::Responder).len(), total);
    pair.assert_settled();
}

#[test]
fn incomplete_messages_beyond_the_limit_break_their_channel() {
    let limits = Limits {
        assembly_bytes: 500_000,
        ..Limits::default()
    };
    let mut pair = Pair::with_limits(limits);
    let id = pair.open(0x0101, Mode::Messages);
    let (out, _) = message(3, 600_000);
    pair.initiator.connection.send(id, out).unwrap();
    pair.drive();
    let error = ChannelError::AssemblyLimit;
    assert_eq!(pair.responder.event(), Event::Broken { channel: id, error });
    let code = CloseCode::RESOURCE_LIMIT;
    let extra = Bytes::new();
    let closed = Event::Closed {
        channel: id,
        code,
        extra,
    };
    assert_eq!(pair.initiator.events.pop_back(), Some(closed));
    assert_eq!(pair.responder.connection.channels(), 0);
    pair.assert_settled();
}

#[test]
fn one_stalled_channel_does_not_block_another() {
    let mut pair = Pair::new();
    let stalled = pair.open(0x0101, Mode::Bytes);
    let live = pair.open(0x0102, Mode::Bytes);
    let out = Outbound::Bytes(Bytes::from(vec![0; 1_000_000]));
    pair.initiator.connection.send(stalled, out).unwrap();
    pair.drive();
    let held: u32 = core::mem::take(&mut pair.responder.events)
        .into_iter()
        .map(|event| match event {
            Event::Data { cost, .. } => cost,
            other => panic!("{other:?}"),
        })
        .sum();
    assert_eq!(held, CHANNEL_CREDIT);
    let sent = bytes(1, 9_000_000);
    let out = Outbound::Bytes(Bytes::from(sent.clone()));
    pair.initiator.connection.send(live, out).unwrap();
    assert!(pair.drive_and_consume(Side::Responder) == sent);
    assert!(pair.initiator.connection.queued(stalled) > 0);
    pair.assert_conserved();
    // The stalled one comes back to life.
    pair.responder.connection.consume(stalled, held);
    pair.drive_and_consume(Side::Responder);
    pair.assert_settled();
}

#[test]
fn an_artifact_larger_than_a_frame_passes_without_a_copy() {
    let (mut pair, id) = Pair::connected(2, Mode::Bytes);
    let sent = bytes(4, 700_001);
    for chunk in sent.chunks(65_504) {
        let out = Outbound::Bytes(Bytes::copy_from_slice(chunk));
        pair.initiator.connection.send(id, out).unwrap();
    }
    assert!(pair.drive_and_consume(Side::Responder) == sent);
    // All but the last chunk, which needs padding, and what the windows had left in the end.
    let copied = sent.len() - pair.initiator.apart;
    assert!(
        copied < sent.len() % 65_504 + 1_000,
        "{copied} bytes copied"
    );
    pair.assert_settled();
}

#[test]
fn a_bulk_window_grows_to_two_mebibytes() {
    let (mut pair, id) = Pair::connected(2, Mode::Bytes);
    let out = Outbound::Bytes(Bytes::from(vec![0; 8_000_000]));
    pair.initiator.connection.send(id, out).unwrap();
    pair.drive_and_consume(Side::Responder);
    let connection = &pair.initiator.connection;
    let slot = connection.channels.peek(id).unwrap();
    let credit = connection.channels.get(slot).unwrap().credit.left();
    assert!(
        (BULK_WINDOW / 2..=BULK_WINDOW).contains(&credit),
        "{credit}"
    );
    pair.assert_settled();
}

#[test]
fn bulk_leaves_half_of_the_session_to_others() {
    let mut pair = Pair::new();
    for _ in 0..16 {
        let id = pair.open(2, Mode::Bytes);
        let out = Outbound::Bytes(Bytes::from(vec![0; CHANNEL_CREDIT as usize]));
        pair.initiator.connection.send(id, out).unwrap();
    }
    let rpc = pair.open(0x0101, Mode::Messages);
    pair.drive();
    assert_eq!(pair.initiator.connection.credit.left(), BULK_RESERVE);
    pair.responder.events.clear();
    let (out, flat) = message(1, 100_000);
    pair.initiator.connection.send(rpc, out).unwrap();
    assert!(pair.drive_and_consume(Side::Responder) == flat);
}

#[test]
fn a_consumer_that_nibbles_does_not_cause_a_frame_per_bite() {
    let (mut pair, id) = Pair::connected(0x0101, Mode::Bytes);
    let out = Outbound::Bytes(Bytes::from(vec![0; 262_128 - 48]));
    pair.initiator.connection.send(id, out).unwrap();
    pair.drive();
    let mut records = 0;
    for _ in 0..262_000 / 8 {
        pair.responder.connection.consume(id, 8);
        while pair.transmit(Side::Responder) {
            records += 1;
        }
    }
    assert!(records <= 20, "{records}");
}

#[test]
fn a_peer_that_never_grants_parks_the_sender() {
    // F40
    let (mut pair, id) = Pair::connected(0x0101, Mode::Bytes);
    let out = Outbound::Bytes(Bytes::from(vec![0; 1_000_000]));
    pair.initiator.connection.send(id, out).unwrap();
    while pair.transmit(Side::Initiator) {}
    assert!(!pair.initiator.connection.wants_transmit());
    let sent: usize = pair.responder.wire.iter().map(Bytes::len).sum();
    assert_eq!(sent, CHANNEL_CREDIT as usize);
    assert!(pair.initiator.connection.queued(id) > 700_000);
    assert!(!pair.initiator.connection.is_writable(id));
}

#[test]
fn a_channel_that_was_over_its_mark_becomes_writable_once() {
    let (mut pair, id) = Pair::connected(0x0101, Mode::Bytes);
    let out = Outbound::Bytes(Bytes::from(vec![0; 200_000]));
    pair.initiator.connection.send(id, out).unwrap();
    assert!(!pair.initiator.connection.is_writable(id));
    pair.drive();
    assert_eq!(pair.initiator.event(), Event::Writable { channel: id });
    assert!(pair.initiator.connection.is_writable(id));
    let out = Outbound::Bytes(Bytes::from(vec![0; 1_000]));
    pair.initiator.connection.send(id, out).unwrap();
    pair.drive();
    assert!(pair.initiator.events.is_empty());
}

#[test]
fn data_dropped_after_a_reset_keeps_the_session_credit_whole() {
    // F33: the data is in flight when the reader resets.
    let (mut pair, id) = Pair::connected(0x0101, Mode::Bytes);
    let out = Outbound::Bytes(Bytes::from(vec![0; 600_000]));
    pair.initiator.connection.send(id, out).unwrap();
    while pair.transmit(Side::Initiator) {}
    pair.responder
        .connection
        .close(id, CloseCode::CANCELLED, b"");
    pair.drive();
    assert!(pair.responder.events.is_empty());
    assert_eq!(pair.initiator.connection.channels(), 0);
    assert_eq!(pair.responder.connection.channels(), 0);
    pair.assert_settled();
    assert_eq!(
        pair.responder.connection.window.available() + pair.responder.connection.window.owed(),
        SESSION_CREDIT
    );
}

#[test]
fn data_consumed_after_its_channel_closed_still_counts_for_the_session() {
    let (mut pair, id) = Pair::connected(0x0101, Mode::Bytes);
    let out = Outbound::Bytes(Bytes::from(vec![0; 100_000]));
    pair.initiator.connection.send(id, out).unwrap();
    pair.drive();
    pair.initiator
        .connection
        .close(id, CloseCode::CANCELLED, b"");
    pair.drive();
    assert_eq!(pair.responder.connection.channels(), 0);
    pair.drive_and_consume(Side::Responder);
    pair.assert_settled();
}

#[test]
fn a_discarded_channel_drains_to_its_end() {
    let (mut pair, id) = Pair::connected(0x0101, Mode::Messages);
    for seed in 0..10 {
        let (out, _) = message(seed, 900_000);
        pair.initiator.connection.send(id, out).unwrap();
    }
    pair.initiator.connection.close(id, CloseCode::END, b"");
    pair.transmit(Side::Initiator);
    pair.deliver(Side::Responder);
    pair.responder.connection.close(id, CloseCode::END, b"");
    pair.responder.connection.discard(id);
    pair.drive();
    assert!(matches!(pair.responder.event(), Event::Closed { code, .. } if code.is_end()));
    assert_eq!(pair.responder.connection.channels(), 0);
    pair.assert_settled();
}

#[test]
fn half_a_channel_closed_does_not_stop_the_other_half() {
    // F49
    let (mut pair, id) = Pair::connected(2, Mode::Bytes);
    pair.initiator.connection.close(id, CloseCode::END, b"");
    pair.drive();
    for seed in 0..32 {
        let sent = bytes(seed, 2_000_000);
        let out = Outbound::Bytes(Bytes::from(sent.clone()));
        pair.responder.connection.send(id, out).unwrap();
        assert!(pair.drive_and_consume(Side::Initiator) == sent);
    }
    pair.responder.connection.close(id, CloseCode::END, b"");
    pair.drive();
    assert_eq!(pair.initiator.connection.channels(), 0);
    pair.assert_settled();
}

#[test]
fn credit_that_crosses_the_last_close_is_ignored() {
    let (mut pair, id) = Pair::connected(0x0101, Mode::Bytes);
    pair.initiator.connection.close(id, CloseCode::END, b"");
    let out = Outbound::Bytes(Bytes::from(vec![0; 200_000]));
    pair.drive();
    pair.responder.connection.send(id, out).unwrap();
    pair.drive();
    // The initiator grants while the responder closes.
    for event in core::mem::take(&mut pair.initiator.events) {
        if let Event::Data { cost, .. } = event {
            pair.initiator.connection.consume(id, cost);
        }
    }
    pair.responder.connection.close(id, CloseCode::END, b"");
    assert!(pair.transmit(Side::Initiator));
    assert!(pair.transmit(Side::Responder));
    assert_eq!(pair.responder.connection.channels(), 0);
    pair.drive();
    assert_eq!(pair.initiator.connection.channels(), 0);
    pair.assert_settled();
}

/// Data of exactly `total` cost, in frames of the largest size.
fn spend(pair: &mut Pair, id: ChannelId, mut total: u32) -> Result<(), FrameError> {
    let payload = vec![0; 65_504];
    while total > 0 {
        let len = (total as usize - 8).min(payload.len());
        pair.responder.handle(Frame::Data {
            channel: id,
            start: false,
            payload: &payload[..len],
        })?;
        total -= cost(len);
    }
    Ok(())
}

#[test]
fn exactly_the_credit_may_be_spent_and_nothing_more() {
    // F34, F35
    let (mut pair, id) = Pair::connected(0x0101, Mode::Bytes);
    assert_eq!(spend(&mut pair, id, CHANNEL_CREDIT), Ok(()));
    assert_eq!(
        spend(&mut pair, id, 16),
        Err(FrameError::CreditExceeded { channel: Some(id) })
    );
}

#[test]
fn exactly_the_credit_of_the_session_may_be_spent() {
    let mut pair = Pair::new();
    for _ in 0..SESSION_CREDIT / CHANNEL_CREDIT {
        let id = pair.open(0x0101, Mode::Bytes);
        assert_eq!(spend(&mut pair, id, CHANNEL_CREDIT), Ok(()));
    }
    let id = pair.open(0x0101, Mode::Bytes);
    assert_eq!(
        spend(&mut pair, id, 16),
        Err(FrameError::CreditExceeded { channel: None })
    );
}

#[test]
fn a_flood_of_one_byte_frames_is_bounded_by_credit() {
    // F43
    let (mut pair, id) = Pair::connected(0x0101, Mode::Bytes);
    let frame = Frame::Data {
        channel: id,
        start: false,
        payload: &[1],
    };
    for _ in 0..CHANNEL_CREDIT / 16 {
        assert_eq!(pair.responder.handle(frame), Ok(()));
    }
    assert_eq!(
        pair.responder.handle(frame),
        Err(FrameError::CreditExceeded { channel: Some(id) })
    );
}

#[test]
fn small_frames_cannot_pin_large_records() {
    let (mut pair, id) = Pair::connected(0x0101, Mode::Bytes);
    let data = |len: usize| Frame::Data {
        channel: id,
        start: false,
        payload: &[7; 65_504][..len],
    };
    let mut pinned = 0;
    for _ in 0..100 {
        let mut record = Vec::new();
        data(8).encode(&mut record);
        data(60_000).encode(&mut record);
        let record = Bytes::from(record);
        let range = record.as_ptr_range();
        pair.responder
            .connection
            .handle_record(record.clone())
            .unwrap();
        pair.responder.collect();
        let Event::Data { payload, .. } = pair.responder.event() else {
            panic!("no data");
        };
        assert_eq!(payload, [7; 8][..]);
        pinned += usize::from(range.contains(&payload.as_ptr()));
        // Only the large frame is consumed.
        let Event::Data { cost, .. } = pair.responder.event() else {
            panic!("no data");
        };
        pair.responder.connection.consume(id, cost);
        while pair.responder.record().is_some() {}
    }
    assert_eq!(pinned, 1_048_576 / 60_024);
}
