//! Two connections joined by wires that deliver when told to.

use alloc::collections::VecDeque;
use alloc::vec;
use alloc::vec::Vec;
use core::num::NonZeroU32;

use bytes::Bytes;
use capnp::{any_pointer, data};

use super::super::{Connection, Event, Limits, Outbound};
use crate::buffer::Aligned;
use crate::frame::{ChannelId, CloseCode, Frame, FrameError, Kind, Mode};
use crate::message::Outgoing;
use crate::side::Side;

pub(super) struct Pair {
    pub(super) initiator: End,
    pub(super) responder: End,
}

pub(super) struct End {
    pub(super) connection: Connection,
    /// Records on their way to this end.
    pub(super) wire: VecDeque<Bytes>,
    /// What this end was told and no test has looked at yet.
    pub(super) events: VecDeque<Event>,
    /// Bytes of payloads that this end sent and did not copy.
    pub(super) apart: usize,
}

impl Pair {
    pub(super) fn new() -> Self {
        Self::with_limits(Limits::default())
    }

    pub(super) fn with_limits(limits: Limits) -> Self {
        let end = |side| End {
            connection: Connection::new(side, limits),
            wire: VecDeque::new(),
            events: VecDeque::new(),
            apart: 0,
        };
        Self {
            initiator: end(Side::Initiator),
            responder: end(Side::Responder),
        }
    }

    /// A pair with one channel that the initiator opened and the responder accepted.
    pub(super) fn connected(logical: u16, mode: Mode) -> (Self, ChannelId) {
        let mut pair = Self::new();
        let id = pair.open(logical, mode);
        (pair, id)
    }

    /// One more channel, opened by the initiator, accepted by the responder.
    pub(super) fn open(&mut self, logical: u16, mode: Mode) -> ChannelId {
        let id = self
            .initiator
            .connection
            .open(logical, 7, mode, b"")
            .unwrap();
        self.drive();
        self.responder.connection.accept(id, b"");
        self.drive();
        self.responder
            .take(|event| matches!(event, Event::Opened { channel, .. } if *channel == id));
        self.initiator
            .take(|event| matches!(event, Event::Accepted { channel, .. } if *channel == id));
        id
    }

    pub(super) fn end(&mut self, side: Side) -> &mut End {
        match side {
            Side::Initiator => &mut self.initiator,
            Side::Responder => &mut self.responder,
        }
    }

    /// Puts one record of `side` on the wire.
    pub(super) fn transmit(&mut self, side: Side) -> bool {
        let Some(record) = self.end(side).record() else {
            return false;
        };
        self.end(side.other()).wire.push_back(record);
        true
    }

    /// Delivers one record to `side`.
    pub(super) fn deliver(&mut self, side: Side) -> bool {
        let end = self.end(side);
        let Some(record) = end.wire.pop_front() else {
            return false;
        };
        end.connection.handle_record(record).unwrap();
        end.collect();
        true
    }

    /// Everything that can move moves. Events stay in `events`; nothing is consumed.
    pub(super) fn drive(&mut self) {
        loop {
            let mut moved = false;
            for side in [Side::Initiator, Side::Responder] {
                while self.transmit(side) {
                    moved = true;
                }
                while self.deliver(side) {
                    moved = true;
                }
            }
            if !moved {
                return;
            }
        }
    }

    /// Drives while the responder consumes everything. Returns what it received, in order.
    pub(super) fn drive_and_consume(&mut self, side: Side) -> Vec<u8> {
        let mut received = Vec::new();
        loop {
            self.drive();
            let events = core::mem::take(&mut self.end(side).events);
            let mut consumed = false;
            for event in events {
                match event {
                    Event::Data {
                        channel,
                        payload,
                        cost,
                    } => {
                        received.extend_from_slice(&payload);
                        self.end(side).connection.consume(channel, cost);
                        consumed = true;
                    }
                    Event::Message {
                        channel,
                        message,
                        cost,
                        ..
                    } => {
                        received.extend_from_slice(&message);
                        self.end(side).connection.consume(channel, cost);
                        consumed = true;
                    }
                    other => self.end(side).events.push_back(other),
                }
            }
            if !consumed {
                return received;
            }
        }
    }

    /// Nothing is on the wires and everything was consumed: both ends agree on all credit.
    pub(super) fn assert_settled(&self) {
        for (sender, receiver) in [
            (&self.initiator, &self.responder),
            (&self.responder, &self.initiator),
        ] {
            let (sender, receiver) = (&sender.connection, &receiver.connection);
            assert!(!sender.wants_transmit());
            assert_eq!(sender.credit.left(), receiver.window.available());
            assert_eq!(receiver.window.held(), 0);
            assert_eq!(receiver.window.debt(), 0);
            assert_eq!(receiver.assembled, 0);
            for channel in sender.channels.iter() {
                let slot = receiver.channels.peek(channel.id).unwrap();
                let other = receiver.channels.get(slot).unwrap();
                assert_eq!(channel.credit.left(), other.window.available());
                assert_eq!(channel.queued, 0);
                assert_eq!(other.window.held(), 0);
            }
        }
        self.assert_conserved();
    }

    /// What holds at every moment.
    pub(super) fn assert_conserved(&self) {
        for end in [&self.initiator, &self.responder] {
            let connection = &end.connection;
            assert!(connection.window.is_conserved(), "{:?}", connection.window);
            for channel in connection.channels.iter() {
                assert!(channel.window.is_conserved(), "{:?}", channel.window);
                let queued: usize = channel.queue.iter().map(|queued| queued.rest()).sum();
                assert_eq!(channel.queued, queued);
            }
            let answers = connection.channels.iter().filter(|channel| channel.answers);
            let queued: usize = answers.map(|channel| channel.queued).sum();
            assert_eq!(connection.answers, queued);
        }
    }
}

impl End {
    /// The frames of the next record.
    pub(super) fn record(&mut self) -> Option<Bytes> {
        let wanted = self.connection.wants_transmit();
        assert!(self.connection.may_transmit() || !wanted);
        let (mut record, mut payload) = (vec![0, 0], Bytes::new());
        let sent = self.connection.poll_transmit(&mut record, &mut payload);
        assert_eq!(wanted, sent, "wants_transmit says what poll_transmit does");
        self.collect();
        if !sent {
            assert_eq!(record, [0, 0]);
            return None;
        }
        self.apart += payload.len();
        record.extend_from_slice(&payload);
        let frames = &record[2..];
        assert!(frames.len() <= 65_512 && frames.len().is_multiple_of(8));
        Some(Aligned::copy_of(frames).into_bytes(frames.len()))
    }

    pub(super) fn collect(&mut self) {
        while let Some(event) = self.connection.poll_event() {
            self.events.push_back(event);
        }
    }

    /// Takes the event that a test awaits from among the others.
    fn take(&mut self, wanted: impl Fn(&Event) -> bool) {
        let at = self.events.iter().position(wanted).expect("the event");
        self.events.remove(at);
    }

    /// The next event.
    pub(super) fn event(&mut self) -> Event {
        self.events.pop_front().expect("an event")
    }

    /// A frame from a peer that writes its own.
    pub(super) fn handle(&mut self, frame: Frame<'_>) -> Result<(), FrameError> {
        let mut record = Vec::new();
        frame.encode(&mut record);
        let result = self.connection.handle_record(Bytes::from(record));
        self.collect();
        result
    }
}

/// What is in a record, one line per frame: kind, logical channel, payload bytes.
pub(super) fn kinds(record: &[u8]) -> Vec<Kind> {
    let mut kinds = Vec::new();
    let mut rest = record;
    while !rest.is_empty() {
        let (frame, behind) = Frame::decode(rest).unwrap();
        kinds.push(frame.kind());
        rest = behind;
    }
    kinds
}

/// A message that carries `len` bytes, and the bytes it takes on the wire.
pub(super) fn message(seed: u8, len: usize) -> (Outbound, Vec<u8>) {
    let (message, flat) = outgoing(seed, len);
    (Outbound::Message(message, 250), flat)
}

/// The same, without a deadline.
pub(super) fn outgoing(seed: u8, len: usize) -> (Outgoing, Vec<u8>) {
    let mut message = Outgoing::call(1, 2, u32::try_from(len / 8 + 16).unwrap());
    let blob = bytes(seed, len);
    message
        .content::<any_pointer::Builder<'_>>()
        .set_as::<data::Owned>(&blob[..])
        .unwrap();
    let mut flat = Vec::new();
    message.copy_range(0, usize::MAX, &mut flat);
    assert_eq!(flat.len(), message.len_bytes());
    (message, flat)
}

/// Bytes that tell where they come from.
pub(super) fn bytes(seed: u8, len: usize) -> Vec<u8> {
    // A block that never repeats within a message, cheap to make in an unoptimised test.
    let mut bytes = Vec::with_capacity(len + 8);
    let mut word = u64::from(seed) << 56;
    while bytes.len() < len {
        bytes.extend_from_slice(&word.to_be_bytes());
        word += 1;
    }
    bytes.truncate(len);
    bytes
}

/// A channel number of the initiator.
pub(super) fn id(instance: u16) -> ChannelId {
    ChannelId::new(Side::Initiator, instance, 0x0101).unwrap()
}

pub(super) fn open(channel: ChannelId) -> Frame<'static> {
    Frame::Open {
        channel,
        mode: Mode::Bytes,
        interface_id: 7,
        extra: b"",
    }
}

pub(super) fn close(channel: ChannelId, code: CloseCode) -> Frame<'static> {
    Frame::Close {
        channel,
        code,
        extra: b"",
    }
}

pub(super) fn data(channel: ChannelId) -> Frame<'static> {
    Frame::Data {
        channel,
        start: false,
        payload: b"data",
    }
}

pub(super) fn credit(channel: Option<ChannelId>, amount: u32) -> Frame<'static> {
    Frame::Credit {
        channel,
        amount: NonZeroU32::new(amount).unwrap(),
    }
}
