//! Handshakes that must fail, each with its exact error. The letters name the cases of the project's refusal list.
//!
//! Where a failure could have another cause, the same exchange runs once more without the named cause and succeeds.

mod common;

use common::{
    Broken, Device, EPHEMERAL_I, EPHEMERAL_R, Exchange, LOW_ORDER_U, NOW, REALM, Wire, alice, bob,
    finish,
    foreign::{self, Foreign, LyingStatic, Prologue},
    initiator, mallory, responder, sign_raw, split_first,
};
use dsoftbus_proto::{
    certificate::{CertificateError, StaticCertificate, Terms},
    handshake::{
        AwaitAccept, AwaitMessage3, Config, HandshakeError, Initiator, Piece, Rejected, Responder,
        Suite, Suites, Target,
    },
    identity::{DeviceId, Realm, StaticPublic, WeakKey, derive_static},
    side::Side,
    statement::{Signature, SignatureError, Statement},
    trust::{AllowList, Refusal},
};

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

/// An initiator that awaits record 0, and the responder that owes it.
fn awaiting_accept() -> (AwaitAccept, Vec<u8>) {
    let exchange = Exchange::new();
    let (state, message2, awaiting3) = exchange.until_message2(&mut |_, _| {}).unwrap();
    let proof = state.handle(&message2).unwrap();
    let signature = alice().seed.sign(proof.statement());
    let (state, message3) = proof.signed(signature).unwrap();
    let (record0, _) = exchange.answer(awaiting3, &message3).unwrap();
    (state, record0)
}

/// The pieces of one handshake and the initiator's signature: with fixed keys each end can be brought to any point again
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

/// Plays a foreign initiator up to message 3 and lets `payload` fill it.
fn attack_responder(
    own: &Device,
    victim: &Exchange,
    payload: impl FnOnce(&Foreign) -> Vec<u8>,
) -> Result<DeviceId, Rejected> {
    let prologue = Prologue::to(&victim.responder);
    let mut foreign = Foreign::initiator(
        &prologue,
        &foreign::static_secret(own),
        &victim.responder.certificate().static_key(),
    );
    let state = exchange_two(&mut foreign, &prologue, victim);
    let message3 = foreign.write(&payload(&foreign));
    state
        .handle(&message3, &victim.admission, victim.now)
        .map(|proof| proof.peer())
}

fn exchange_two(foreign: &mut Foreign, prologue: &Prologue, victim: &Exchange) -> AwaitMessage3 {
    let message1 = foreign.write(&[]);
    let (state, message2) = Responder::new(victim.responder_config.clone(), Suites::ALL)
        .handle_preamble(&prologue.preamble())
        .unwrap()
        .handle(&message1, EPHEMERAL_R)
        .unwrap();
    foreign.read(&message2);
    foreign.mark_message2();
    state
}

/// Presents a certificate to Bob over Alice's static key, with an honest proof by Alice.
fn present_to_responder(certificate: &[u8; 156]) -> Result<DeviceId, Rejected> {
    attack_responder(&alice(), &Exchange::new(), |foreign| {
        let proof = foreign::initiator_proof(foreign, &alice(), certificate, &bob());
        [&certificate[..], &proof].concat()
    })
}

/// Plays a foreign Bob and answers Alice's handshake with this plaintext as record 0.
fn attack_initiator(record0: impl FnOnce(&Foreign) -> Vec<u8>) -> Result<DeviceId, HandshakeError> {
    let prologue = Prologue::to(&bob());
    let mut foreign = Foreign::responder(&prologue, &foreign::static_secret(&bob()));
    let (state, first) = Initiator::start(
        &alice().config(),
        bob().target(),
        Suite::AesGcm,
        EPHEMERAL_I,
    )
    .unwrap();
    foreign.read(&split_first(&first).1);
    let proof = state.handle(&foreign.write(&[])).unwrap();
    foreign.mark_message2();
    let signature = alice().seed.sign(proof.statement());
    let (state, message3) = proof.signed(signature).unwrap();
    foreign.read(&message3);
    let plain = record0(&foreign);
    let mut record = vec![0; plain.len() + 18];
    let len = foreign
        .into_transport()
        .write_message(&plain, &mut record[2..])
        .unwrap();
    record[..2].copy_from_slice(&u16::try_from(len).unwrap().to_be_bytes());
    finish(state, &record, NOW).map(|session| session.peer)
}

/// Presents a certificate to Alice over Bob's static key, with an honest proof by Bob.
fn present_to_initiator(certificate: &[u8; 156]) -> Result<DeviceId, HandshakeError> {
    attack_initiator(|foreign| {
        let proof = foreign::responder_proof(foreign, &bob(), certificate, &alice());
        [&[0][..], certificate, &proof].concat()
    })
}

fn rejected(error: impl Into<HandshakeError>) -> Rejected {
    Rejected {
        error: error.into(),
        reply: None,
    }
}

#[test]
fn the_attacks_below_succeed_with_honest_contents() {
    assert_eq!(
        present_to_responder(&alice().certificate().encode()),
        Ok(alice().id())
    );
    assert_eq!(
        present_to_initiator(&bob().certificate().encode()),
        Ok(bob().id())
    );
}

/// A certificate of `device` signed over exactly these terms.
fn certificate(device: &Device, change: impl FnOnce(&mut Terms)) -> [u8; 156] {
    let mut terms = device.certificate().terms().clone();
    change(&mut terms);
    terms.sign(&device.seed).encode()
}

/// A certificate of `device` with edited bytes and a good signature over them.
fn resigned(device: &Device, change: impl FnOnce(&mut [u8])) -> [u8; 156] {
    let mut body = device.certificate().encode()[..92].to_vec();
    change(&mut body);
    let signature = sign_raw(device, "DSoftBus-lite v1 static-cert", &body);
    [&body[..], &signature].concat().try_into().unwrap()
}

/// Both ends refuse such a certificate with the same error.
fn both_refuse(make: impl Fn(&Device) -> [u8; 156], error: &CertificateError) {
    assert_eq!(
        present_to_responder(&make(&alice())),
        Err(rejected(error.clone()))
    );
    assert_eq!(
        present_to_initiator(&make(&bob())),
        Err(error.clone().into())
    );
}

/// Case A13, as the static key of Noise itself.
#[test]
fn a_weak_noise_static_key_is_refused() {
    for public in LOW_ORDER_U {
        assert_eq!(
            lying_initiator(public),
            Err(rejected(HandshakeError::WeakKey(Piece::Message3)))
        );
    }
    // The base point, whose secret is 1: an honest encoding passes Noise and fails later, at the certificate.
    let mut base = [0; 32];
    base[0] = 9;
    assert_eq!(
        lying_initiator(base),
        Err(rejected(HandshakeError::WrongStaticKey))
    );
    base[31] |= 0x80;
    assert_eq!(
        lying_initiator(base),
        Err(rejected(HandshakeError::WrongStaticKey))
    );
}

fn lying_initiator(public: [u8; 32]) -> Result<DeviceId, Rejected> {
    lying_initiator_with(public, &alice().certificate().encode())
}

fn lying_initiator_with(public: [u8; 32], certificate: &[u8; 156]) -> Result<DeviceId, Rejected> {
    let victim = Exchange::new();
    let prologue = Prologue::to(&bob());
    let resolver = Box::new(LyingStatic::new(public));
    let mut foreign = Foreign::initiator_with(
        resolver,
        &prologue,
        &[0; 32],
        &bob().certificate().static_key(),
    );
    let state = exchange_two(&mut foreign, &prologue, &victim);
    let proof = foreign::initiator_proof(&foreign, &alice(), certificate, &bob());
    let message3 = foreign.write(&[&certificate[..], &proof].concat());
    state
        .handle(&message3, &AllowList::anyone(), NOW)
        .map(|proof| proof.peer())
}

/// Case A13, a second encoding of a key that passes Noise and that the certificate names too.
#[test]
fn a_static_key_in_a_second_encoding_is_refused() {
    let attest = |key: [u8; 32]| {
        lying_initiator_with(
            key,
            &certificate(&alice(), |terms| {
                terms.static_key = StaticPublic::from_bytes(key)
            }),
        )
    };
    let mut base = [0; 32];
    base[0] = 9;
    assert_eq!(attest(base), Ok(alice().id()));

    let not_canonical = CertificateError::StaticKey(WeakKey::NotCanonical);
    base[31] |= 0x80;
    assert_eq!(attest(base), Err(rejected(not_canonical.clone())));
    let mut plus_p = [0xff; 32];
    plus_p[0] = 0xed + 9;
    plus_p[31] = 0x7f;
    assert_eq!(attest(plus_p), Err(rejected(not_canonical)));
}

/// Case A13, in the certificate.
#[test]
fn a_certificate_for_a_weak_static_key_is_refused() {
    let low = CertificateError::StaticKey(WeakKey::LowOrder);
    for key in LOW_ORDER_U {
        both_refuse(
            |device| {
                certificate(device, |terms| {
                    terms.static_key = StaticPublic::from_bytes(key)
                })
            },
            &low,
        );
    }
    let not_canonical = CertificateError::StaticKey(WeakKey::NotCanonical);
    for first in 0xed..=0xff {
        let mut key = [0xff; 32];
        key[0] = first;
        key[31] = 0x7f;
        let key = StaticPublic::from_bytes(key);
        both_refuse(
            |device| certificate(device, |terms| terms.static_key = key),
            &not_canonical,
        );
    }
}

/// Case A13, before the first byte is sent.
#[test]
fn a_weak_static_key_is_not_dialled() {
    for key in LOW_ORDER_U {
        let target = Target {
            device: bob().id(),
            static_key: StaticPublic::from_bytes(key),
        };
        let error =
            Initiator::start(&alice().config(), target, Suite::AesGcm, EPHEMERAL_I).unwrap_err();
        assert_eq!(error, CertificateError::StaticKey(WeakKey::LowOrder).into());
    }
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

/// Case A15.
#[test]
fn a_certificate_for_another_static_key_is_refused() {
    let other = |device: &Device| {
        let key = *derive_static(&device.seed, 7).public();
        certificate(device, |terms| terms.static_key = key)
    };
    assert_eq!(
        present_to_responder(&other(&alice())),
        Err(rejected(HandshakeError::WrongStaticKey))
    );
    assert_eq!(
        present_to_initiator(&other(&bob())),
        Err(HandshakeError::WrongStaticKey)
    );
}

/// Case A16.
#[test]
fn a_certificate_with_a_wrong_signature_is_refused() {
    for bit in [0, 100, 255, 300, 511] {
        let damaged = |device: &Device| {
            let mut certificate = device.certificate().encode();
            certificate[92 + bit / 8] ^= 1 << (bit % 8);
            certificate
        };
        both_refuse(
            damaged,
            &CertificateError::Signature(SignatureError::Mismatch),
        );
    }
    let by_mallory = |device: &Device| {
        let terms = device.certificate().terms().clone();
        let signature = mallory().seed.sign(&Statement::StaticCert(terms.clone()));
        terms.signed(signature).encode()
    };
    both_refuse(
        by_mallory,
        &CertificateError::Signature(SignatureError::Mismatch),
    );
}

/// Case A17.
#[test]
fn a_certificate_signed_for_another_purpose_is_refused() {
    let resigned_under = |device: &Device, domain: &str| -> [u8; 156] {
        let body = &device.certificate().encode()[..92];
        [body, &sign_raw(device, domain, body)]
            .concat()
            .try_into()
            .unwrap()
    };
    for domain in ["announce", "hs-initiator", "hs-responder"] {
        let domain = format!("DSoftBus-lite v1 {domain}");
        both_refuse(
            |device| resigned_under(device, &domain),
            &CertificateError::Signature(SignatureError::Mismatch),
        );
    }
    let honest = resigned_under(&alice(), "DSoftBus-lite v1 static-cert");
    assert_eq!(present_to_responder(&honest), Ok(alice().id()));
}

/// Case A18, device IDs under which a signature says nothing.
#[test]
fn a_device_id_of_small_order_is_refused() {
    for device in common::SMALL_ORDER_DEVICES {
        let mut body = alice().certificate().encode()[..92].to_vec();
        body[28..60].copy_from_slice(&device);
        // R = B, S = 1: what a lax check accepts for every message under the identity point.
        let forged: [u8; 156] = [&body[..], &common::UNIVERSAL_SIGNATURE]
            .concat()
            .try_into()
            .unwrap();
        let error = CertificateError::Signature(SignatureError::Key);
        assert_eq!(present_to_responder(&forged), Err(rejected(error)));
        let certificate = StaticCertificate::parse(&forged).unwrap();
        assert_eq!(
            certificate.verify(NOW),
            Err(CertificateError::Signature(SignatureError::Key))
        );
    }
}

/// Case A18, a second signature made from a good one.
#[test]
fn a_signature_has_one_form_only() {
    let mismatch = CertificateError::Signature(SignatureError::Mismatch);
    both_refuse(
        |device| common::with_larger_s(&device.certificate().encode()),
        &mismatch,
    );
    both_refuse(|device| common::with_mixed_order_r(device), &mismatch);
}

/// Case A19.
#[test]
fn a_certificate_outside_its_time_is_refused() {
    both_refuse(
        |device| certificate(device, |terms| terms.not_after = NOW - 1),
        &CertificateError::Expired,
    );
    both_refuse(
        |device| certificate(device, |terms| terms.not_before = NOW + 1),
        &CertificateError::NotYetValid,
    );
    let only_now = |terms: &mut Terms| (terms.not_before, terms.not_after) = (NOW, NOW);
    assert_eq!(
        present_to_responder(&certificate(&alice(), only_now)),
        Ok(alice().id())
    );
}

/// Case A19.
#[test]
fn a_certificate_that_breaks_its_form_is_refused() {
    let cases = [
        (0, 2, CertificateError::Version(2)),
        (0, 0, CertificateError::Version(0)),
        (1, 0b111, CertificateError::Flags(0b111)),
        (1, 0x83, CertificateError::Flags(0x83)),
        (2, 1, CertificateError::Reserved),
        (3, 1, CertificateError::Reserved),
    ];
    for (offset, value, error) in cases {
        both_refuse(
            |device| resigned(device, |body| body[offset] = value),
            &error,
        );
    }
    both_refuse(
        |device| {
            certificate(device, |terms| {
                (terms.not_before, terms.not_after) = (NOW + 1, NOW)
            })
        },
        &CertificateError::Lifetime,
    );
}

/// Runs an honest handshake against a rule; gives the responder's verdict and what the initiator gets to hear.
fn refused_by(admission: AllowList) -> (HandshakeError, HandshakeError) {
    let exchange = Exchange {
        admission,
        ..Exchange::new()
    };
    let (state, message2, awaiting3) = exchange.until_message2(&mut |_, _| {}).unwrap();
    let proof = state.handle(&message2).unwrap();
    let signature = alice().seed.sign(proof.statement());
    let (state, message3) = proof.signed(signature).unwrap();
    let rejected = exchange.answer(awaiting3, &message3).map(drop).unwrap_err();
    let reply = rejected.reply.expect("a proven device is told why");
    assert_eq!(reply.len(), 19);
    (rejected.error, finish(state, &reply, NOW).unwrap_err())
}

/// Case A20.
#[test]
fn a_certificate_below_the_sequence_floor_is_refused() {
    let mut rule = AllowList::anyone();
    rule.raise_floor(alice().id(), 2);
    let heard = HandshakeError::Refused(Refusal::Revoked);
    assert_eq!(
        refused_by(rule.clone()),
        (HandshakeError::Refused(Refusal::BelowFloor), heard)
    );

    let rotated = Device::with(0xa1, 2, |_| {});
    Exchange {
        admission: rule,
        ..Exchange::between(rotated, bob())
    }
    .run()
    .unwrap();
}

/// Case A21.
#[test]
fn a_revoked_device_is_refused() {
    let mut rule = AllowList::devices([alice().id()]);
    Exchange {
        admission: rule.clone(),
        ..Exchange::new()
    }
    .run()
    .unwrap();
    rule.revoke(alice().id());
    let refused = HandshakeError::Refused(Refusal::Revoked);
    assert_eq!(refused_by(rule.clone()), (refused.clone(), refused.clone()));
    rule.allow(alice().id());
    assert_eq!(refused_by(rule).0, refused);
}

/// Case A22.
#[test]
fn an_unknown_device_is_refused() {
    let refused = HandshakeError::Refused(Refusal::NotAllowed);
    for rule in [
        AllowList::default(),
        AllowList::devices([bob().id(), mallory().id()]),
    ] {
        assert_eq!(refused_by(rule), (refused.clone(), refused.clone()));
    }
}

#[test]
fn who_is_refused_and_proves_nothing_hears_nothing() {
    let victim = Exchange {
        admission: AllowList::default(),
        ..Exchange::new()
    };
    let certificate = alice().certificate().encode();
    let silent = attack_responder(&alice(), &victim, |_| [&certificate[..], &[0; 64]].concat());
    assert_eq!(silent, Err(rejected(Refusal::NotAllowed)));
    let told = attack_responder(&alice(), &victim, |foreign| {
        [
            &certificate[..],
            &foreign::initiator_proof(foreign, &alice(), &certificate, &bob()),
        ]
        .concat()
    });
    assert!(told.unwrap_err().reply.is_some());
}

/// Case A23.
#[test]
fn a_certificate_that_does_not_permit_the_role_is_refused() {
    let no_initiate = certificate(&alice(), |terms| terms.may_initiate = false);
    assert_eq!(
        present_to_responder(&no_initiate),
        Err(rejected(HandshakeError::Role(Side::Initiator)))
    );
    let no_respond = certificate(&bob(), |terms| terms.may_respond = false);
    assert_eq!(
        present_to_initiator(&no_respond),
        Err(HandshakeError::Role(Side::Responder))
    );

    let listener = Device::with(0xa1, 1, |terms| terms.may_initiate = false);
    let error = Exchange::between(listener, bob()).run().unwrap_err();
    assert_eq!(error, initiator(HandshakeError::Role(Side::Initiator)));
    let caller = Device::with(0xb0, 1, |terms| terms.may_respond = false);
    let error = Exchange::between(alice(), caller).run().unwrap_err();
    assert_eq!(error, responder(HandshakeError::Role(Side::Responder)));
}

/// Presents honest certificates with a proof over `body` under `domain`.
fn prove_to_initiator(
    domain: &str,
    body: impl FnOnce(&Foreign, &[u8]) -> Vec<u8>,
) -> Result<DeviceId, HandshakeError> {
    attack_initiator(|foreign| {
        let certificate = bob().certificate().encode();
        let proof = sign_raw(&bob(), domain, &body(foreign, &certificate));
        [&[0][..], &certificate, &proof].concat()
    })
}

fn prove_to_responder(
    domain: &str,
    body: impl FnOnce(&Foreign, &[u8]) -> Vec<u8>,
) -> Result<DeviceId, Rejected> {
    attack_responder(&alice(), &Exchange::new(), |foreign| {
        let certificate = alice().certificate().encode();
        let proof = sign_raw(&alice(), domain, &body(foreign, &certificate));
        [&certificate[..], &proof].concat()
    })
}

const INITIATOR: &str = "DSoftBus-lite v1 hs-initiator";
const RESPONDER: &str = "DSoftBus-lite v1 hs-responder";

/// Case A24.
#[test]
fn a_proof_for_the_other_role_is_refused() {
    let to_alice = |foreign: &Foreign, certificate: &[u8]| {
        foreign::proof_body(
            foreign.hash(),
            certificate,
            &alice().id(),
            &alice().certificate().static_key(),
        )
    };
    assert_eq!(prove_to_initiator(RESPONDER, to_alice), Ok(bob().id()));
    assert_eq!(
        prove_to_initiator(INITIATOR, to_alice),
        Err(HandshakeError::Proof)
    );
    let to_bob = |foreign: &Foreign, certificate: &[u8]| {
        foreign::proof_body(
            foreign.hash_after_2(),
            certificate,
            &bob().id(),
            &bob().certificate().static_key(),
        )
    };
    assert_eq!(prove_to_responder(INITIATOR, to_bob), Ok(alice().id()));
    assert_eq!(
        prove_to_responder(RESPONDER, to_bob),
        Err(rejected(HandshakeError::Proof))
    );
}

/// Case A24, by reflection: the initiator's own certificate and proof come back to it.
#[test]
fn a_proof_sent_back_to_its_maker_is_refused() {
    let reflected = attack_initiator(|foreign| {
        let certificate = alice().certificate().encode();
        let proof = foreign::initiator_proof(foreign, &alice(), &certificate, &bob());
        [&[0][..], &certificate, &proof].concat()
    });
    assert_eq!(reflected, Err(HandshakeError::OwnDevice));
}

/// Case A25.
#[test]
fn a_proof_over_another_session_is_refused() {
    let other = [0x77; 32];
    let to_alice = |_: &Foreign, certificate: &[u8]| {
        foreign::proof_body(
            other,
            certificate,
            &alice().id(),
            &alice().certificate().static_key(),
        )
    };
    assert_eq!(
        prove_to_initiator(RESPONDER, to_alice),
        Err(HandshakeError::Proof)
    );
    let to_bob = |_: &Foreign, certificate: &[u8]| {
        foreign::proof_body(
            other,
            certificate,
            &bob().id(),
            &bob().certificate().static_key(),
        )
    };
    assert_eq!(
        prove_to_responder(INITIATOR, to_bob),
        Err(rejected(HandshakeError::Proof))
    );
    // The responder proves over the final hash, not over the one after message 2.
    let too_early = |foreign: &Foreign, certificate: &[u8]| {
        foreign::proof_body(
            foreign.hash_after_2(),
            certificate,
            &alice().id(),
            &alice().certificate().static_key(),
        )
    };
    assert_eq!(
        prove_to_initiator(RESPONDER, too_early),
        Err(HandshakeError::Proof)
    );
}

/// Case A26.
#[test]
fn a_proof_that_names_another_peer_or_certificate_is_refused() {
    let peers = [
        (mallory().id(), bob().certificate().static_key()),
        (bob().id(), mallory().certificate().static_key()),
        (alice().id(), alice().certificate().static_key()),
    ];
    for (device, key) in peers {
        let body = |foreign: &Foreign, certificate: &[u8]| {
            foreign::proof_body(foreign.hash_after_2(), certificate, &device, &key)
        };
        assert_eq!(
            prove_to_responder(INITIATOR, body),
            Err(rejected(HandshakeError::Proof))
        );
    }
    let peers = [
        (mallory().id(), alice().certificate().static_key()),
        (alice().id(), mallory().certificate().static_key()),
    ];
    for (device, key) in peers {
        let body = |foreign: &Foreign, certificate: &[u8]| {
            foreign::proof_body(foreign.hash(), certificate, &device, &key)
        };
        assert_eq!(
            prove_to_initiator(RESPONDER, body),
            Err(HandshakeError::Proof)
        );
    }
    let other_certificate = |foreign: &Foreign, _: &[u8]| {
        let certificate = certificate(&alice(), |terms| terms.sequence = 9);
        foreign::proof_body(
            foreign.hash_after_2(),
            &certificate,
            &bob().id(),
            &bob().certificate().static_key(),
        )
    };
    assert_eq!(
        prove_to_responder(INITIATOR, other_certificate),
        Err(rejected(HandshakeError::Proof))
    );
}

/// Case A27.
#[test]
fn a_peer_that_claims_to_be_us_is_refused() {
    let error = Initiator::start(
        &alice().config(),
        alice().target(),
        Suite::AesGcm,
        EPHEMERAL_I,
    )
    .unwrap_err();
    assert_eq!(error, HandshakeError::OwnDevice);
    let as_bob = attack_responder(&bob(), &Exchange::new(), |foreign| {
        let certificate = bob().certificate().encode();
        [
            &certificate[..],
            &foreign::initiator_proof(foreign, &bob(), &certificate, &bob()),
        ]
        .concat()
    });
    assert_eq!(as_bob, Err(rejected(HandshakeError::OwnDevice)));
    assert_eq!(
        present_to_initiator(&alice().certificate().encode()),
        Err(HandshakeError::OwnDevice)
    );
}

#[test]
fn another_device_than_the_one_dialled_is_refused() {
    let with_bobs_key = certificate(&mallory(), |terms| {
        terms.static_key = bob().certificate().static_key()
    });
    assert_eq!(
        present_to_initiator(&with_bobs_key),
        Err(HandshakeError::WrongDevice)
    );
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

/// A wrong signature of our own signer is noticed by the peer.
#[test]
fn a_signer_that_signs_something_else_gets_no_session() {
    let exchange = Exchange {
        initiator: mallory(),
        ..Exchange::new()
    };
    assert_eq!(
        exchange.run().unwrap_err(),
        responder(HandshakeError::Proof)
    );
    let exchange = Exchange {
        responder: mallory(),
        ..Exchange::new()
    };
    assert_eq!(
        exchange.run().unwrap_err(),
        Broken {
            at: Side::Initiator,
            error: HandshakeError::Proof
        }
    );
}
