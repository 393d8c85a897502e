//! Life of a channel and of a session. Numbers like F30 are the cases of the reliability plan.

use alloc::vec;

use bytes::Bytes;

use super::pair::{Pair, close, credit, data, kinds, message};
use crate::frame::{CloseCode, Frame, GoodbyeCode, INSTANCES, Kind, Mode};
use crate::mux::{Connection, Event, Limits, MAX_CREDIT, OpenError, Outbound, SendError};
use crate::side::Side;

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
    let limits = Limits {
        own_channels: usize::MAX,
        ..Limits::default()
    };
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
    let (out, flat) = message(0, 1_048_576);
    let length = flat.len();
    assert_eq!(connection.send(id, out), Err(SendError::TooLong { length }));
    assert!(!connection.wants_transmit());
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
