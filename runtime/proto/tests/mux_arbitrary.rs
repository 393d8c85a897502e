//! Whatever a peer sends, the connection answers with an error at worst.

use bytes::Bytes;
use dsoftbus_proto::frame::{ChannelId, CloseCode, Frame, Mode};
use dsoftbus_proto::mux::{Connection, Event, Limits};
use dsoftbus_proto::side::Side;
use proptest::prelude::*;

/// A frame that a peer could send, rather often on a channel that exists.
fn frame() -> impl Strategy<Value = Vec<u8>> {
    let channel = prop_oneof![
        8 => (0_u16..4, any::<bool>(), 1_u16..4).prop_map(|(instance, ours, logical)| {
            let side = if ours { Side::Responder } else { Side::Initiator };
            ChannelId::new(side, instance, logical).expect("a legal number")
        }),
        1 => any::<u32>().prop_filter_map("logical channel 0", ChannelId::from_u32),
    ];
    let payload = || proptest::collection::vec(any::<u8>(), 1..64);
    let word = || prop_oneof![0_u32..64, any::<u32>()];
    (channel, 0_u8..10, payload(), word(), any::<bool>()).prop_map(
        |(channel, kind, payload, word, flag)| {
            let start_payload = [&word.to_le_bytes()[..], &[0; 4], &payload].concat();
            let frame = match kind {
                0 => Frame::Open {
                    channel,
                    mode: if flag { Mode::Bytes } else { Mode::Messages },
                    interface_id: 7,
                    extra: &payload,
                },
                1 => Frame::Accept {
                    channel,
                    extra: &payload,
                },
                2 | 3 => Frame::Data {
                    channel,
                    start: true,
                    payload: &start_payload,
                },
                4 | 5 => Frame::Data {
                    channel,
                    start: false,
                    payload: &payload,
                },
                6 => Frame::Credit {
                    channel: flag.then_some(channel),
                    amount: word.try_into().unwrap_or(std::num::NonZeroU32::MIN),
                },
                7 => Frame::Close {
                    channel,
                    code: CloseCode::new(u16::from(flag)),
                    extra: &payload,
                },
                8 => Frame::Ping(u64::from(word)),
                _ => Frame::Pong(1),
            };
            let mut bytes = Vec::new();
            frame.encode(&mut bytes);
            bytes
        },
    )
}

/// A connection in which both sides have opened channels, and an application that answers somehow.
struct Target {
    connection: Connection,
    choices: Vec<u8>,
}

impl Target {
    fn new(choices: Vec<u8>) -> Self {
        let mut connection = Connection::new(Side::Responder, Limits::default());
        for logical in 1..4 {
            let opened = connection.open(logical, 7, Mode::Messages, b"");
            assert!(opened.is_ok());
        }
        connection.ping(1);
        let mut target = Self {
            connection,
            choices,
        };
        target.transmit();
        target
    }

    fn choice(&mut self) -> u8 {
        self.choices.pop().unwrap_or(0)
    }

    fn transmit(&mut self) {
        let (mut record, mut payload) = (vec![0, 0], Bytes::new());
        while self.connection.poll_transmit(&mut record, &mut payload) {
            record.extend_from_slice(&payload);
            let mut rest = &record[2..];
            while !rest.is_empty() {
                (_, rest) = Frame::decode(rest).expect("our own frame");
            }
            record.truncate(2);
        }
    }

    /// Takes a record; `false` when the session is over.
    fn receive(&mut self, record: Vec<u8>) -> bool {
        let alive = self.connection.handle_record(record.into()).is_ok();
        while let Some(event) = self.connection.poll_event() {
            match (event, self.choice() % 4) {
                (Event::Opened { channel, .. }, 0..=2) => self.connection.accept(channel, b"yes"),
                (Event::Opened { channel, .. }, _) => {
                    let code = CloseCode::NOT_ALLOWED;
                    self.connection.close(channel, code, b"no");
                }
                (
                    Event::Data { channel, cost, .. } | Event::Message { channel, cost, .. },
                    0..=2,
                ) => self.connection.consume(channel, cost),
                (Event::Data { channel, .. } | Event::Closed { channel, .. }, _) => {
                    self.connection.close(channel, CloseCode::END, b"");
                }
                _ => {}
            }
        }
        if self.choice().is_multiple_of(2) {
            self.transmit();
        }
        alive
    }
}

proptest! {
    #[test]
    fn any_bytes_are_taken_without_a_panic(
        records in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..64), 1..8),
        choices in proptest::collection::vec(any::<u8>(), 64),
    ) {
        let mut target = Target::new(choices);
        for record in records {
            target.receive(record);
        }
    }

    #[test]
    fn any_frames_in_any_order_are_taken_without_a_panic(
        records in proptest::collection::vec(proptest::collection::vec(frame(), 1..4), 1..40),
        choices in proptest::collection::vec(any::<u8>(), 128),
    ) {
        let mut target = Target::new(choices);
        for record in records {
            // Every record is tried, on a fresh connection once the session is over.
            if !target.receive(record.concat()) {
                let choices = std::mem::take(&mut target.choices);
                target = Target::new(choices);
            }
        }
    }

    #[test]
    fn valid_records_with_a_changed_byte_are_taken_without_a_panic(
        records in proptest::collection::vec(proptest::collection::vec(frame(), 1..4), 1..12),
        at in any::<prop::sample::Index>(),
        flip in 1_u8..,
        choices in proptest::collection::vec(any::<u8>(), 64),
    ) {
        let mut target = Target::new(choices);
        for frames in records {
            let mut record = frames.concat();
            let at = at.index(record.len());
            record[at] ^= flip;
            target.receive(record);
        }
    }
}

#[test]
fn a_legal_record_cut_anywhere_is_taken_without_a_panic() {
    let mut record = Vec::new();
    let channel = ChannelId::new(Side::Initiator, 0, 0x0101).unwrap();
    let frames = [
        Frame::Open {
            channel,
            mode: Mode::Messages,
            interface_id: 7,
            extra: b"extra",
        },
        Frame::Data {
            channel,
            start: true,
            payload: &[8, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8],
        },
        Frame::Ping(1),
    ];
    let mut ends = Vec::new();
    for frame in frames {
        frame.encode(&mut record);
        ends.push(record.len());
    }
    for len in 0..=record.len() {
        let mut connection = Connection::new(Side::Responder, Limits::default());
        let result = connection.handle_record(Bytes::copy_from_slice(&record[..len]));
        assert_eq!(result.is_ok(), ends.contains(&len), "cut at {len}");
    }
}
