//! Who sends when.

use alloc::vec;
use alloc::vec::Vec;

use bytes::Bytes;

use super::pair::{Pair, kinds, message, outgoing};
use crate::frame::{ChannelId, CloseCode, Frame, Kind, Mode};
use crate::mux::{Class, Event, Outbound};
use crate::side::Side;

fn channels(record: &[u8]) -> Vec<(ChannelId, usize)> {
    let mut seen = Vec::new();
    let mut rest = record;
    while !rest.is_empty() {
        let (frame, behind) = Frame::decode(rest).unwrap();
        if let Frame::Data {
            channel, payload, ..
        } = frame
        {
            seen.push((channel, payload.len()));
        }
        rest = behind;
    }
    seen
}

#[test]
fn the_class_follows_from_the_logical_channel() {
    assert_eq!(Class::of(1), Class::Control);
    assert_eq!(Class::of(2), Class::Bulk);
    assert_eq!(Class::of(0x10), Class::Rpc);
    assert_eq!(Class::of(0x0101), Class::Rpc);
}

#[test]
fn rpc_overtakes_queued_bulk() {
    let mut pair = Pair::new();
    let bulk = pair.open(2, Mode::Bytes);
    let rpc = pair.open(0x0101, Mode::Messages);
    let out = Outbound::Bytes(Bytes::from(vec![0; 1_000_000]));
    pair.initiator.connection.send(bulk, out).unwrap();
    pair.initiator.record().unwrap();
    let (out, _) = message(1, 100);
    pair.initiator.connection.send(rpc, out).unwrap();
    let record = pair.initiator.record().unwrap();
    assert_eq!(channels(&record)[0].0, rpc);
}

#[test]
fn health_overtakes_rpc() {
    let mut pair = Pair::new();
    let rpc = pair.open(0x0101, Mode::Messages);
    let health = pair.open(1, Mode::Messages);
    for id in [rpc, health] {
        let (out, _) = message(1, 100);
        pair.initiator.connection.send(id, out).unwrap();
    }
    let record = pair.initiator.record().unwrap();
    let order: Vec<_> = channels(&record).into_iter().map(|(id, _)| id).collect();
    assert_eq!(order, [health, rpc]);
}

#[test]
fn control_frames_go_before_all_data() {
    let mut pair = Pair::new();
    let first = pair.open(0x0101, Mode::Bytes);
    let out = Outbound::Bytes(Bytes::from(vec![0; 100]));
    pair.initiator.connection.send(first, out).unwrap();
    let second = pair
        .initiator
        .connection
        .open(0x0101, 7, Mode::Bytes, b"")
        .unwrap();
    pair.initiator.connection.ping(1);
    pair.initiator
        .connection
        .close(second, CloseCode::CANCELLED, b"");
    let record = pair.initiator.record().unwrap();
    assert_eq!(
        kinds(&record),
        [Kind::Ping, Kind::Open, Kind::Close, Kind::Data]
    );
}

#[test]
fn channels_share_by_bytes_whatever_the_size_of_their_messages() {
    let mut pair = Pair::new();
    let small = pair.open(0x0101, Mode::Bytes);
    let large = pair.open(0x0102, Mode::Bytes);
    for _ in 0..300 {
        let out = Outbound::Bytes(Bytes::from(vec![0; 800]));
        pair.initiator.connection.send(small, out).unwrap();
    }
    for _ in 0..4 {
        let out = Outbound::Bytes(Bytes::from(vec![0; 60_000]));
        pair.initiator.connection.send(large, out).unwrap();
    }
    let mut sent = [0_usize; 2];
    while sent[0] + sent[1] < 300_000 {
        let record = pair.initiator.record().unwrap();
        for (id, len) in channels(&record) {
            sent[usize::from(id == large)] += len;
        }
        assert!(sent[0].abs_diff(sent[1]) < 150_000, "{sent:?}");
    }
    assert!(sent[0].abs_diff(sent[1]) < 70_000, "{sent:?}");
}

#[test]
fn channels_of_small_messages_share_by_bytes_too() {
    let mut pair = Pair::new();
    let ids = [0x0101, 0x0102].map(|logical| pair.open(logical, Mode::Messages));
    for (id, length) in [(ids[0], 80), (ids[1], 2_000)] {
        for _ in 0..200_000 / length {
            let (out, _) = message(1, length);
            pair.initiator.connection.send(id, out).unwrap();
        }
    }
    let mut sent = [0_usize; 2];
    while sent[0].min(sent[1]) < 100_000 {
        let record = pair.initiator.record().unwrap();
        for (id, length) in channels(&record) {
            sent[usize::from(id == ids[1])] += length;
        }
        // A turn and a message.
        assert!(sent[0].abs_diff(sent[1]) < 20_000, "{sent:?}");
    }
}

#[test]
fn small_messages_beyond_the_credit_follow_it_whole_and_with_their_deadlines() {
    let (mut pair, id) = Pair::connected(0x0101, Mode::Messages);
    let mut expected = Vec::new();
    for (seed, length) in (0..800).zip((8..).step_by(8)) {
        let (out, flat) = outgoing(seed as u8, length % 1_200);
        expected.push((flat, seed));
        let sent = pair.initiator.connection.send_small(id, &out, seed);
        assert!(sent.unwrap());
    }
    let mut received = Vec::new();
    while received.len() < expected.len() {
        pair.drive();
        pair.assert_conserved();
        let events: Vec<_> = pair.responder.events.drain(..).collect();
        assert!(!events.is_empty());
        for event in events {
            let Event::Message {
                message,
                deadline_ms,
                cost,
                ..
            } = event
            else {
                panic!("{event:?}");
            };
            received.push((message.to_vec(), deadline_ms));
            pair.responder.connection.consume(id, cost);
        }
    }
    assert!(received == expected);
    pair.drive();
    pair.assert_settled();
}

#[test]
fn a_small_message_in_bytes_mode_is_its_bytes() {
    let (mut pair, id) = Pair::connected(0x0101, Mode::Bytes);
    let (out, flat) = outgoing(1, 100);
    let sent = pair.initiator.connection.send_small(id, &out, 250);
    assert!(sent.unwrap());
    assert_eq!(pair.drive_and_consume(Side::Responder), flat);
}

#[test]
fn a_message_that_is_not_small_stays_where_it_is() {
    let (mut pair, id) = Pair::connected(0x0101, Mode::Messages);
    let (out, _) = outgoing(1, 5_000);
    let sent = pair.initiator.connection.send_small(id, &out, 250);
    assert!(!sent.unwrap());
    assert_eq!(pair.initiator.connection.queued(id), 0);
}

#[test]
fn small_messages_share_records() {
    let (mut pair, id) = Pair::connected(0x0101, Mode::Messages);
    for seed in 0..100 {
        let (out, _) = message(seed, 100);
        pair.initiator.connection.send(id, out).unwrap();
    }
    let record = pair.initiator.record().unwrap();
    assert_eq!(channels(&record).len(), 100);
    assert_eq!(pair.initiator.record(), None);
}

#[test]
fn a_message_that_fits_a_record_is_not_cut_to_fill_another() {
    let (mut pair, id) = Pair::connected(0x0101, Mode::Messages);
    for seed in 0..3 {
        let (out, _) = message(seed, 40_000);
        pair.initiator.connection.send(id, out).unwrap();
    }
    for _ in 0..3 {
        assert_eq!(channels(&pair.initiator.record().unwrap()).len(), 1);
    }
}

#[test]
fn a_large_payload_is_the_last_in_its_record_and_stays_where_it_lies() {
    let mut pair = Pair::new();
    let bulk = pair.open(2, Mode::Bytes);
    let large = Bytes::from(vec![1; 5_000]);
    for out in [large.clone(), large.slice(..4_993), large.slice(..4_000)] {
        let out = Outbound::Bytes(out);
        pair.initiator.connection.send(bulk, out).unwrap();
    }
    pair.initiator.connection.ping(1);
    let (mut record, mut payload) = (vec![0, 0], Bytes::new());
    let connection = &mut pair.initiator.connection;
    assert!(connection.poll_transmit(&mut record, &mut payload));
    assert_eq!(payload.as_ptr(), large.as_ptr());
    assert_eq!(payload, large);
    // A Ping, and the header of the Data.
    assert_eq!(record.len(), 2 + 16 + 8);
    // What has to be padded is copied, and so is what is small.
    record.truncate(2);
    assert!(connection.poll_transmit(&mut record, &mut payload));
    assert!(payload.is_empty());
    assert_eq!(channels(&record[2..]), [(bulk, 4_993), (bulk, 4_000)]);
}
