//! Handshakes that must fail because of their bytes on the wire, each with its exact error. The letters name the cases of
//! the project's refusal list; the other files named `*_rejects.rs` hold the rest.
//!
//! Where a failure could have another cause, the same exchange runs once more without the named cause and succeeds.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{
    Device, EPHEMERAL_I, EPHEMERAL_R, Exchange, LOW_ORDER_U, NOW, REALM, Wire, alice,
    attack::{attack_initiator, awaiting_accept},
    bob, finish,
    foreign::{self, Foreign, Prologue},
    mallory, responder, split_first,
};
use dsoftbus_proto::{
    handshake::{
        AwaitAccept, Config, HandshakeError, Initiator, Piece, Rejected, Responder, Suite, Suites,
        Target,
    },
    identity::Realm,
    statement::Signature,
    trust::{AllowList, Refusal},
};
use proptest::prelude::*;

fn preamble_error(change: impl FnOnce(&mut [u8; 8])) -> HandshakeError {
    let mut preamble = *b"DSBL\x00\x01\x01\x00";
    Responder::new(bob().config(), Suites::ALL)
        .handle_preamble(&preamble)
        .unwrap();
    change(&mut preamble);
    Responder::new(bob().config(), Suites::ALL)
        .handle_preamble(&preamble)
        .unwrap_err()
}

/// Case A1.
#[test]
fn a_preamble_with_wrong_magic_is_refused() {
    assert_eq!(
        preamble_error(|preamble| preamble[0] = b'd'),
        HandshakeError::BadMagic
    );
    assert_eq!(
        preamble_error(|preamble| *preamble = *b"GET / HT"),
        HandshakeError::BadMagic
    );
}

/// Case A2.
#[test]
fn an_unsupported_version_is_refused() {
    for version in [0_u16, 2, 0x100, u16::MAX] {
        let error =
            preamble_error(|preamble| preamble[4..6].copy_from_slice(&version.to_be_bytes()));
        assert_eq!(error, HandshakeError::UnsupportedVersion(version));
    }
}

#[test]
fn an_unknown_suite_or_one_we_do_not_offer_is_refused() {
    for suite in [0, 3, 255] {
        assert_eq!(
            preamble_error(|preamble| preamble[6] = suite),
            HandshakeError::UnsupportedSuite(suite)
        );
    }
    let exchange = Exchange {
        suites: Suites::CHACHA_POLY,
        ..Exchange::new()
    };
    assert_eq!(
        exchange.run().unwrap_err(),
        responder(HandshakeError::UnsupportedSuite(1))
    );
}

#[test]
fn a_preamble_whose_last_byte_is_not_zero_is_refused() {
    assert_eq!(
        preamble_error(|preamble| preamble[7] = 1),
        HandshakeError::BadPreamble
    );
}

/// Case A3.
#[test]
fn a_version_or_suite_edited_on_the_way_is_noticed() {
    let respond = |prologue: &Prologue| {
        let target = bob().certificate().static_key();
        let message1 =
            Foreign::initiator(prologue, &foreign::static_secret(&alice()), &target).write(&[]);
        Responder::new(bob().config(), Suites::ALL)
            .handle_preamble(b"DSBL\x00\x01\x01\x00")
            .unwrap()
            .handle(&message1, EPHEMERAL_R)
            .map(drop)
    };
    let honest = Prologue::to(&bob());
    respond(&honest).unwrap();
    let refused = Err(HandshakeError::Decrypt(Piece::Message1));
    assert_eq!(
        respond(&Prologue {
            version: 2,
            ..honest.clone()
        }),
        refused
    );
    assert_eq!(
        respond(&Prologue {
            suite: Suite::ChaChaPoly,
            ..honest
        }),
        refused
    );

    let edited = Exchange::new().run_tampered(|piece, bytes| {
        if piece == Wire::Preamble {
            bytes[6] = 2;
        }
    });
    assert_eq!(
        edited.unwrap_err(),
        responder(HandshakeError::Decrypt(Piece::Message1))
    );
}

/// Case A4.
#[test]
fn a_device_of_another_realm_is_refused() {
    let mut exchange = Exchange::new();
    exchange.initiator_config = Config::new(Realm::from_bytes(*b"homelab2"), alice().key);
    assert_eq!(
        exchange.run().unwrap_err(),
        responder(HandshakeError::Decrypt(Piece::Message1))
    );
    exchange.initiator_config = Config::new(REALM, alice().key);
    exchange.run().unwrap();
}

/// Case A5: the sizes are types, so a missing or an extra byte shifts what follows.
#[test]
fn a_piece_that_is_a_byte_short_or_long_never_completes() {
    let exchange = Exchange::new();
    let mut pieces = Vec::new();
    exchange
        .run_tampered(|_, bytes| pieces.push(bytes.to_vec()))
        .unwrap();
    let [preamble, message1, message2, message3, record0] = pieces.try_into().unwrap();
    let sent = [preamble, message1, message3].concat();

    // To the responder: preamble, message 1, message 3 read by their sizes from one stream of bytes.
    let feed = |stream: &[u8]| -> Result<(), HandshakeError> {
        let (preamble, rest) = stream.split_first_chunk().unwrap();
        let (message1, rest) = rest.split_first_chunk().unwrap();
        let state = Responder::new(bob().config(), Suites::ALL).handle_preamble(preamble)?;
        let (state, _) = state.handle(message1, EPHEMERAL_R)?;
        let message3 = rest.first_chunk().expect("test appends enough bytes");
        state
            .handle(message3, &AllowList::anyone(), NOW)
            .map(drop)
            .map_err(|rejected| rejected.error)
    };
    let with_room = |mut stream: Vec<u8>| {
        stream.push(0);
        stream
    };
    feed(&with_room(sent.clone())).unwrap();
    for (position, expected) in [
        (8, Piece::Message1),
        (55, Piece::Message1),
        (56, Piece::Message3),
        (339, Piece::Message3),
    ] {
        let mut short = sent.clone();
        short.remove(position);
        assert_eq!(
            feed(&with_room(short)),
            Err(HandshakeError::Decrypt(expected)),
            "without byte {position}"
        );
        let mut long = sent.clone();
        long.insert(position, sent[position] ^ 0x55);
        assert_eq!(
            feed(&with_room(long)),
            Err(HandshakeError::Decrypt(expected)),
            "extra byte {position}"
        );
    }

    // To the initiator: message 2 one byte late, record 0 of another length.
    let (state, _) = Initiator::start(
        &alice().config(),
        bob().target(),
        Suite::AesGcm,
        EPHEMERAL_I,
    )
    .unwrap();
    let late: [u8; 48] = [&[0], &message2[..47]].concat().try_into().unwrap();
    assert_eq!(
        state.handle(&late).unwrap_err(),
        HandshakeError::Decrypt(Piece::Message2)
    );
    for record0 in [&record0[2..238], &[&record0[2..], &[0]].concat()] {
        let (state, _) = awaiting_accept();
        assert_eq!(
            state.handle(record0, NOW).unwrap_err(),
            HandshakeError::Record0Length(record0.len())
        );
    }
}

/// without the other.
struct Recording {
    suite: Suite,
    pieces: [Vec<u8>; 5],
    signature: Signature,
}

impl Recording {
    fn new(suite: Suite) -> Self {
        let exchange = Exchange {
            suite,
            ..Exchange::new()
        };
        let mut pieces = Vec::new();
        exchange
            .run_tampered(|_, bytes| pieces.push(bytes.to_vec()))
            .unwrap();
        let (state, message2, _) = exchange.until_message2(&mut |_, _| {}).unwrap();
        let signature = alice()
            .seed
            .sign(state.handle(&message2).unwrap().statement());
        Self {
            suite,
            pieces: pieces.try_into().unwrap(),
            signature,
        }
    }

    /// Plays the handshake with these pieces, up to the first error of the end that receives `edited`.
    fn play(
        &self,
        alice: &Device,
        bob: &Device,
        edited: Wire,
        bytes: &[u8],
    ) -> Result<(), HandshakeError> {
        let [preamble, message1, message2, message3, _] = &self.pieces;
        let pick = |piece: Wire, recorded: &Vec<u8>| {
            if piece == edited {
                bytes.to_vec()
            } else {
                recorded.clone()
            }
        };
        if matches!(edited, Wire::Message2 | Wire::Record0) {
            let (state, _) =
                Initiator::start(&alice.config(), bob.target(), self.suite, EPHEMERAL_I)?;
            let state = state.handle(&pick(Wire::Message2, message2).try_into().unwrap())?;
            let (state, _) = state.signed(self.signature)?;
            return finish(state, bytes, NOW).map(drop);
        }
        let state = Responder::new(bob.config(), Suites::ALL)
            .handle_preamble(&pick(Wire::Preamble, preamble).try_into().unwrap())?;
        let (state, _) = state.handle(
            &pick(Wire::Message1, message1).try_into().unwrap(),
            EPHEMERAL_R,
        )?;
        let message3 = pick(Wire::Message3, message3).try_into().unwrap();
        state
            .handle(&message3, &AllowList::anyone(), NOW)
            .map(drop)
            .map_err(|rejected| rejected.error)
    }
}

/// Case A6: 64 + 384 + 384 + 2,272 + 1,912 flips, none accepted.
fn every_flipped_bit_is_noticed(suite: Suite) {
    let (alice, bob) = (alice(), bob());
    let recording = Recording::new(suite);
    let wires = [
        Wire::Preamble,
        Wire::Message1,
        Wire::Message2,
        Wire::Message3,
        Wire::Record0,
    ];
    for (wire, honest) in wires.into_iter().zip(&recording.pieces) {
        if wire != Wire::Message2 {
            recording.play(&alice, &bob, wire, honest).unwrap();
        }
        for bit in 0..honest.len() * 8 {
            let byte = bit / 8;
            let mut bytes = honest.clone();
            bytes[byte] ^= 1 << (bit % 8);
            let error = recording
                .play(&alice, &bob, wire, &bytes)
                .expect_err("a flipped bit was accepted");
            let fits = match wire {
                Wire::Preamble => match byte {
                    0..4 => error == HandshakeError::BadMagic,
                    4..6 => matches!(error, HandshakeError::UnsupportedVersion(_)),
                    6 => matches!(error, HandshakeError::UnsupportedSuite(_)),
                    _ => error == HandshakeError::BadPreamble,
                },
                Wire::Message1 => error == HandshakeError::Decrypt(Piece::Message1),
                Wire::Message2 => error == HandshakeError::Decrypt(Piece::Message2),
                Wire::Message3 => error == HandshakeError::Decrypt(Piece::Message3),
                Wire::Record0 if byte < 2 => matches!(error, HandshakeError::Record0Length(_)),
                Wire::Record0 => error == HandshakeError::Decrypt(Piece::Record0),
            };
            assert!(fits, "{wire:?} bit {bit}: {error:?}");
        }
    }
}

/// Case A6.
#[test]
fn a_single_flipped_bit_anywhere_is_noticed_with_aes() {
    every_flipped_bit_is_noticed(Suite::AesGcm);
}

/// Case A6.
#[test]
fn a_single_flipped_bit_anywhere_is_noticed_with_chacha() {
    every_flipped_bit_is_noticed(Suite::ChaChaPoly);
}

/// Case A7: Mallory claims Bob's static key as her own and passes the connection on to Bob.
#[test]
fn a_message_meant_for_another_device_with_the_same_static_key_is_refused() {
    let mut exchange = Exchange::new();
    exchange.target = Target {
        device: mallory().id(),
        static_key: bob().certificate().static_key(),
    };
    assert_eq!(
        exchange.run().unwrap_err(),
        responder(HandshakeError::Decrypt(Piece::Message1))
    );
    exchange.target.device = bob().id();
    exchange.run().unwrap();
}

/// Case A9.
#[test]
fn message_2_of_another_session_is_refused() {
    let other = Exchange {
        ephemerals: [[1; 32], [2; 32]],
        ..Exchange::new()
    };
    let (_, recorded, _) = other.until_message2(&mut |_, _| {}).unwrap();
    let (state, message2, _) = Exchange::new().until_message2(&mut |_, _| {}).unwrap();
    assert_eq!(
        state.handle(&recorded).unwrap_err(),
        HandshakeError::Decrypt(Piece::Message2)
    );
    let (state, _, _) = Exchange::new().until_message2(&mut |_, _| {}).unwrap();
    state.handle(&message2).unwrap();
}

/// Case A10.
#[test]
fn message_3_of_another_session_is_refused() {
    let mut recorded = Vec::new();
    let other = Exchange {
        ephemerals: [EPHEMERAL_I, [2; 32]],
        ..Exchange::new()
    };
    other
        .run_tampered(|piece, bytes| {
            if piece == Wire::Message3 {
                recorded = bytes.to_vec();
            }
        })
        .unwrap();
    let replayed = Exchange::new().run_tampered(|piece, bytes| {
        if piece == Wire::Message3 {
            bytes.copy_from_slice(&recorded);
        }
    });
    assert_eq!(
        replayed.unwrap_err(),
        responder(HandshakeError::Decrypt(Piece::Message3))
    );
}

/// Case A11: what the types leave possible.
#[test]
fn messages_out_of_order_or_sent_back_are_refused() {
    let (state, first) = Initiator::start(
        &alice().config(),
        bob().target(),
        Suite::AesGcm,
        EPHEMERAL_I,
    )
    .unwrap();
    let (preamble, message1) = split_first(&first);
    assert_eq!(
        state.handle(&message1).unwrap_err(),
        HandshakeError::Decrypt(Piece::Message2)
    );

    let respond = || {
        Responder::new(bob().config(), Suites::ALL)
            .handle_preamble(&preamble)
            .unwrap()
    };
    let (state, message2) = respond().handle(&message1, EPHEMERAL_R).unwrap();
    assert_eq!(
        respond().handle(&message2, EPHEMERAL_R).map(drop),
        Err(HandshakeError::Decrypt(Piece::Message1))
    );

    // Message 1 once more where message 3 belongs, filled up to its size.
    let mut repeated = [0; 284];
    repeated[..48].copy_from_slice(&message1);
    let rejected = state
        .handle(&repeated, &AllowList::anyone(), NOW)
        .unwrap_err();
    assert_eq!(
        rejected,
        Rejected {
            error: HandshakeError::Decrypt(Piece::Message3),
            reply: None
        }
    );
}

/// Case A11, record 0 twice.
#[test]
fn a_repeated_record_0_is_not_the_first_record_of_the_session() {
    let (state, record0) = awaiting_accept();
    let mut session = finish(state, &record0, NOW).unwrap();
    session.opener.open(&record0[2..]).unwrap_err();
}

/// Case A14.
#[test]
fn a_weak_ephemeral_key_is_refused() {
    let mut weak = LOW_ORDER_U.to_vec();
    weak.extend(LOW_ORDER_U.map(|mut key| {
        key[31] |= 0x80;
        key
    }));
    for key in weak {
        let mut message = [0; 48];
        message[..32].copy_from_slice(&key);
        let state = Responder::new(bob().config(), Suites::ALL)
            .handle_preamble(b"DSBL\x00\x01\x01\x00")
            .unwrap();
        let error = state.handle(&message, EPHEMERAL_R).map(drop).unwrap_err();
        assert_eq!(error, HandshakeError::WeakKey(Piece::Message1));

        let (state, _) = Initiator::start(
            &alice().config(),
            bob().target(),
            Suite::AesGcm,
            EPHEMERAL_I,
        )
        .unwrap();
        assert_eq!(
            state.handle(&message).unwrap_err(),
            HandshakeError::WeakKey(Piece::Message2)
        );
    }
}

/// Case A28, where bytes decide: how long to wait is the driver's.
#[test]
fn anything_but_a_verdict_as_record_0_is_refused() {
    // A refusal ends it, whatever would follow.
    assert_eq!(
        attack_initiator(|_| vec![2]),
        Err(HandshakeError::Refused(Refusal::Busy))
    );
    assert_eq!(
        attack_initiator(|_| vec![9]),
        Err(HandshakeError::UnknownStatus(9))
    );
    // An acceptance without a proof.
    assert_eq!(
        attack_initiator(|_| vec![0]),
        Err(HandshakeError::Malformed)
    );
    // A frame before the verdict: a Ping, and one that happens to have the right size.
    let ping = [0, 0, 0, 0, 6, 0, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8];
    assert_eq!(
        attack_initiator(|_| ping.to_vec()),
        Err(HandshakeError::Record0Length(32))
    );
    let mut frame = vec![0; 221];
    frame[..8].copy_from_slice(&[1, 1, 0, 0, 3, 0, 213, 0]);
    assert_eq!(attack_initiator(|_| frame), Err(HandshakeError::Malformed));
    // Nothing at all.
    assert_eq!(
        AwaitAccept::record0_len([0, 0]),
        Err(HandshakeError::Record0Length(0))
    );
    assert_eq!(
        AwaitAccept::record0_len([0, 16]),
        Err(HandshakeError::Record0Length(16))
    );
    let (state, _) = awaiting_accept();
    assert_eq!(
        state.handle(&[], NOW).unwrap_err(),
        HandshakeError::Record0Length(0)
    );
}

/// Case A29: limits are constants of the version, so nothing may follow the proof.
#[test]
fn a_record_0_with_trailing_bytes_is_refused() {
    let honest = |foreign: &Foreign| {
        let certificate = bob().certificate().encode();
        let proof = foreign::responder_proof(foreign, &bob(), &certificate, &alice());
        [&[0][..], &certificate, &proof].concat()
    };
    assert_eq!(attack_initiator(honest), Ok(bob().id()));
    let with_limits = |foreign: &Foreign| [honest(foreign), vec![0; 16]].concat();
    assert_eq!(
        attack_initiator(with_limits),
        Err(HandshakeError::Record0Length(253))
    );
    let refusal_with_text = |_: &Foreign| b"\x01go away".to_vec();
    assert_eq!(
        attack_initiator(refusal_with_text),
        Err(HandshakeError::Record0Length(24))
    );
}

fn bytes<const N: usize>() -> impl Strategy<Value = [u8; N]> {
    proptest::collection::vec(any::<u8>(), N).prop_map(|bytes| bytes.try_into().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_bytes_make_a_responder_panic_or_accept(
        preamble in bytes::<8>(),
        message1 in bytes::<48>(),
        message3 in bytes::<284>(),
    ) {
        let responder = || Responder::new(bob().config(), Suites::ALL);
        prop_assert!(responder().handle_preamble(&preamble).is_err());
        let state = responder().handle_preamble(b"DSBL\x00\x01\x02\x00").unwrap();
        let refused = state.handle(&message1, EPHEMERAL_R).map(drop);
        prop_assert_eq!(refused, Err(HandshakeError::Decrypt(Piece::Message1)));
        let (_, _, state) = Exchange::new().until_message2(&mut |_, _| {}).unwrap();
        let refused = state.handle(&message3, &AllowList::anyone(), NOW).map(drop);
        let error = HandshakeError::Decrypt(Piece::Message3);
        prop_assert_eq!(refused, Err(Rejected { error, reply: None }));
    }

    #[test]
    fn no_bytes_make_an_initiator_panic_or_accept(
        message2 in bytes::<48>(),
        record0 in proptest::collection::vec(any::<u8>(), 0..300),
        accept in bytes::<237>(),
    ) {
        let (state, _, _) = Exchange::new().until_message2(&mut |_, _| {}).unwrap();
        prop_assert_eq!(state.handle(&message2).map(drop), Err(HandshakeError::Decrypt(Piece::Message2)));
        prop_assert!(awaiting_accept().0.handle(&record0, NOW).is_err());
        let refused = awaiting_accept().0.handle(&accept, NOW).map(drop);
        prop_assert_eq!(refused, Err(HandshakeError::Decrypt(Piece::Record0)));
    }
}
