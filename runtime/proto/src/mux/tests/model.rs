//! A model against which random histories are checked: every byte arrives once and in order, credit is conserved, and
//! in the end everything is still.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use bytes::Bytes;
use proptest::prelude::*;

use super::pair::{Pair, bytes, message};
use crate::frame::{ChannelId, CloseCode, Mode};
use crate::mux::{Event, Outbound};
use crate::side::Side;

#[derive(Clone, Debug)]
enum Step {
    Open {
        side: Side,
        logical: u16,
        bytes: bool,
    },
    Answer {
        side: Side,
        pick: usize,
        refuse: bool,
    },
    Send {
        side: Side,
        pick: usize,
        len: usize,
    },
    Consume {
        side: Side,
        pick: usize,
    },
    Close {
        side: Side,
        pick: usize,
        reset: bool,
    },
    Discard {
        side: Side,
        pick: usize,
    },
    Transmit {
        side: Side,
    },
    Deliver {
        side: Side,
    },
    Ping {
        side: Side,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let side = || prop_oneof![Just(Side::Initiator), Just(Side::Responder)];
    let logical = || prop_oneof![Just(1_u16), Just(2), Just(0x0101), Just(0x0102)];
    let len = prop_oneof![4 => 1_usize..2_000, 2 => 1_usize..100_000, 1 => 1_usize..900_000];
    let pick = any::<usize>;
    prop_oneof![
        2 => (side(), logical(), any::<bool>())
            .prop_map(|(side, logical, bytes)| Step::Open { side, logical, bytes }),
        4 => (side(), pick(), proptest::bool::weighted(0.1))
            .prop_map(|(side, pick, refuse)| Step::Answer { side, pick, refuse }),
        8 => (side(), pick(), len).prop_map(|(side, pick, len)| Step::Send { side, pick, len }),
        8 => (side(), pick()).prop_map(|(side, pick)| Step::Consume { side, pick }),
        2 => (side(), pick(), proptest::bool::weighted(0.3))
            .prop_map(|(side, pick, reset)| Step::Close { side, pick, reset }),
        1 => (side(), pick()).prop_map(|(side, pick)| Step::Discard { side, pick }),
        12 => side().prop_map(|side| Step::Transmit { side }),
        12 => side().prop_map(|side| Step::Deliver { side }),
        1 => side().prop_map(|side| Step::Ping { side }),
    ]
}

/// What one end should see of one channel.
#[derive(Default)]
struct Expected {
    /// What the other end sent.
    bytes: Vec<u8>,
    /// How much of that this end has seen.
    seen: usize,
    /// This end or the other reset the channel, or this one discards: bytes may be missing from here on.
    lossy: bool,
}

impl Expected {
    fn is_complete(&self) -> bool {
        self.seen == self.bytes.len()
    }
}

struct Model {
    pair: Pair,
    /// By receiving end.
    expected: BTreeMap<(bool, ChannelId), Expected>,
    /// Channels that the application of an end may use.
    known: [Vec<(ChannelId, Mode)>; 2],
    unanswered: [Vec<(ChannelId, Mode)>; 2],
    unconsumed: [Vec<(ChannelId, u32)>; 2],
    seed: u8,
}

fn index(side: Side) -> usize {
    usize::from(side == Side::Responder)
}

impl Model {
    fn new() -> Self {
        Self {
            pair: Pair::new(),
            expected: BTreeMap::new(),
            known: [Vec::new(), Vec::new()],
            unanswered: [Vec::new(), Vec::new()],
            unconsumed: [Vec::new(), Vec::new()],
            seed: 0,
        }
    }

    fn expected(&mut self, side: Side, id: ChannelId) -> &mut Expected {
        self.expected
            .entry((side == Side::Responder, id))
            .or_default()
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Open {
                side,
                logical,
                bytes,
            } => {
                let mode = if bytes { Mode::Bytes } else { Mode::Messages };
                let connection = &mut self.pair.end(side).connection;
                let id = connection.open(logical, 7, mode, b"").unwrap();
                self.known[index(side)].push((id, mode));
            }
            Step::Answer { side, pick, refuse } => {
                let unanswered = &mut self.unanswered[index(side)];
                if unanswered.is_empty() {
                    return;
                }
                let (id, mode) = unanswered.swap_remove(pick % unanswered.len());
                if refuse {
                    self.reset(side, id);
                } else {
                    self.pair.end(side).connection.accept(id, b"");
                    self.known[index(side)].push((id, mode));
                }
            }
            Step::Send { side, pick, len } => {
                let Some((id, mode)) = self.pick(side, pick) else {
                    return;
                };
                self.seed = self.seed.wrapping_add(1);
                let (out, sent) = match mode {
                    Mode::Messages => message(self.seed, len),
                    Mode::Bytes => {
                        let sent = bytes(self.seed, len);
                        (Outbound::Bytes(Bytes::from(sent.clone())), sent)
                    }
                };
                if self.pair.end(side).connection.send(id, out).is_ok() {
                    self.expected(side.other(), id).bytes.extend(sent);
                }
            }
            Step::Consume { side, pick } => {
                let unconsumed = &mut self.unconsumed[index(side)];
                if !unconsumed.is_empty() {
                    let (id, cost) = unconsumed.swap_remove(pick % unconsumed.len());
                    self.pair.end(side).connection.consume(id, cost);
                }
            }
            Step::Close { side, pick, reset } => {
                let Some((id, _)) = self.pick(side, pick) else {
                    return;
                };
                if reset {
                    self.reset(side, id);
                } else {
                    self.pair
                        .end(side)
                        .connection
                        .close(id, CloseCode::END, b"");
                }
            }
            Step::Discard { side, pick } => {
                if let Some((id, _)) = self.pick(side, pick) {
                    self.expected(side, id).lossy = true;
                    self.pair.end(side).connection.discard(id);
                }
            }
            Step::Transmit { side } => drop(self.pair.transmit(side)),
            Step::Deliver { side } => drop(self.pair.deliver(side)),
            Step::Ping { side } => self.pair.end(side).connection.ping(1),
        }
        for side in [Side::Initiator, Side::Responder] {
            self.look(side);
        }
        self.pair.assert_conserved();
    }

    fn pick(&self, side: Side, pick: usize) -> Option<(ChannelId, Mode)> {
        let known = &self.known[index(side)];
        known.get(pick.checked_rem(known.len())?).copied()
    }

    fn reset(&mut self, side: Side, id: ChannelId) {
        self.expected(side, id).lossy = true;
        self.expected(side.other(), id).lossy = true;
        self.pair
            .end(side)
            .connection
            .close(id, CloseCode::CANCELLED, b"");
    }

    /// Compares what an end was told with what it should have been.
    fn look(&mut self, side: Side) {
        while let Some(event) = self.pair.end(side).events.pop_front() {
            match event {
                Event::Opened { channel, mode, .. } => {
                    self.unanswered[index(side)].push((channel, mode));
                }
                Event::Data {
                    channel,
                    payload,
                    cost,
                } => self.received(side, channel, &payload, cost),
                Event::Message {
                    channel,
                    message,
                    cost,
                    ..
                } => self.received(side, channel, &message, cost),
                Event::Closed { channel, code, .. } => {
                    let expected = self.expected(side, channel);
                    let all = expected.is_complete();
                    assert!(expected.lossy || (code.is_end() && all), "{channel} {code}");
                }
                Event::Broken { channel, error } => panic!("{channel}: {error}"),
                Event::Goodbye(code) => panic!("{code}"),
                _ => {}
            }
        }
    }

    fn received(&mut self, side: Side, id: ChannelId, payload: &[u8], cost: u32) {
        self.unconsumed[index(side)].push((id, cost));
        let expected = self.expected(side, id);
        let begin = expected.seen;
        expected.seen += payload.len();
        let sent = expected.bytes.get(begin..expected.seen);
        assert!(sent == Some(payload), "{id}: bytes out of order");
    }

    /// Everything that was begun comes to its end.
    fn finish(&mut self) {
        loop {
            let mut moved = false;
            for side in [Side::Initiator, Side::Responder] {
                self.pair.drive();
                self.look(side);
                while !self.unanswered[index(side)].is_empty() {
                    self.step(Step::Answer {
                        side,
                        pick: 0,
                        refuse: false,
                    });
                    moved = true;
                }
                while !self.unconsumed[index(side)].is_empty() {
                    self.step(Step::Consume { side, pick: 0 });
                    moved = true;
                }
            }
            if !moved {
                break;
            }
        }
        for ((_, id), expected) in &self.expected {
            assert!(expected.lossy || expected.is_complete(), "{id}: bytes lost");
        }
        self.pair.assert_settled();
        for side in [Side::Initiator, Side::Responder] {
            for (id, _) in self.known[index(side)].clone() {
                self.pair
                    .end(side)
                    .connection
                    .close(id, CloseCode::END, b"");
            }
        }
        self.pair.drive();
        for end in [&self.pair.initiator, &self.pair.responder] {
            assert_eq!(end.connection.channels(), 0);
            assert!(end.connection.is_idle());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn every_byte_arrives_once_and_in_order_whatever_happens(
        steps in proptest::collection::vec(step(), 1..250)
    ) {
        let mut model = Model::new();
        for step in steps {
            model.step(step);
        }
        model.finish();
    }
}
