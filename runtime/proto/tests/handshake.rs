//! Handshakes that work.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::fmt::Write as _;

use common::{
    Device, EPHEMERAL_I, EPHEMERAL_R, Exchange, NOW, SUITES, alice, bob, finish,
    foreign::{self, Foreign, Prologue},
    split_first,
};
use dsoftbus_proto::{
    handshake::{
        AwaitAccept, AwaitMessage1, AwaitMessage2, AwaitMessage3, Established, Initiator,
        InitiatorProof, Responder, ResponderProof, Suites,
    },
    side::Side,
    trust::AllowList,
};

#[test]
fn both_ends_know_each_other_and_their_session() {
    for suite in SUITES {
        let exchange = Exchange {
            suite,
            ..Exchange::new()
        };
        let pair = exchange.run().unwrap();
        assert_eq!(pair.initiator.peer, bob().id());
        assert_eq!(pair.responder.peer, alice().id());
        assert_eq!(pair.initiator.peer_certificate, *bob().certificate());
        assert_eq!(pair.responder.peer_certificate, *alice().certificate());
        assert_eq!(pair.initiator.session_id, pair.responder.session_id);
        assert_eq!((pair.initiator.suite, pair.responder.suite), (suite, suite));
        assert_eq!(
            (pair.initiator.side, pair.responder.side),
            (Side::Initiator, Side::Responder)
        );
    }
}

#[test]
fn records_flow_both_ways_after_a_handshake() {
    for suite in SUITES {
        let mut pair = Exchange {
            suite,
            ..Exchange::new()
        }
        .run()
        .unwrap();
        for turn in 0..3 {
            let mut record = format!("\0\0to the responder {turn}").into_bytes();
            let plain = record[2..].to_vec();
            pair.initiator.sealer.seal(&mut record).unwrap();
            assert_eq!(pair.responder.opener.open(&record[2..]).unwrap(), plain);

            let mut record = format!("\0\0to the initiator {turn}").into_bytes();
            let plain = record[2..].to_vec();
            pair.responder.sealer.seal(&mut record).unwrap();
            assert_eq!(pair.initiator.opener.open(&record[2..]).unwrap(), plain);
        }
    }
}

#[test]
fn other_ephemerals_make_another_session() {
    let first = Exchange::new().run().unwrap();
    let second = Exchange {
        ephemerals: [[1; 32], [2; 32]],
        ..Exchange::new()
    }
    .run()
    .unwrap();
    assert_ne!(first.initiator.session_id, second.initiator.session_id);
}

#[test]
fn the_previous_static_key_is_answered_until_it_is_dropped() {
    let old = Device::with(0xb0, 1, |_| {});
    let new = Device::with(0xb0, 2, |_| {});
    let mut exchange = Exchange::between(alice(), new.clone());
    exchange.target = old.target();
    exchange.responder_config = new.config().with_previous(Some(old.key.clone()));
    let pair = exchange.run().unwrap();
    assert_eq!(pair.initiator.peer_certificate, *old.certificate());

    exchange.responder_config = new.config();
    exchange.run().unwrap_err();
    exchange.target = new.target();
    exchange.run().unwrap();
}

#[test]
fn a_foreign_noise_initiator_is_understood() {
    for suite in SUITES {
        let prologue = Prologue {
            suite,
            ..Prologue::to(&bob())
        };
        let mut foreign = Foreign::initiator(
            &prologue,
            &foreign::static_secret(&alice()),
            &bob().certificate().static_key(),
        );
        let message1 = foreign.write(&[]);
        let (state, message2) = Responder::new(bob().config(), Suites::ALL)
            .handle_preamble(&prologue.preamble())
            .unwrap()
            .handle(&message1, EPHEMERAL_R)
            .unwrap();
        assert!(foreign.read(&message2).is_empty());
        foreign.mark_message2();
        let certificate = alice().certificate().encode();
        let proof = foreign::initiator_proof(&foreign, &alice(), &certificate, &bob());
        let message3 = foreign.write(&[&certificate[..], &proof].concat());
        let proof = state.handle(&message3, &AllowList::anyone(), NOW).unwrap();
        let signature = bob().seed.sign(proof.statement());
        let (_, record0) = proof.signed(signature).unwrap();

        let expected =
            foreign::responder_proof(&foreign, &bob(), &bob().certificate().encode(), &alice());
        let mut plain = [0; 300];
        let len = foreign
            .into_transport()
            .read_message(&record0[2..], &mut plain)
            .unwrap();
        assert_eq!(
            plain[..len],
            [&[0][..], &bob().certificate().encode(), &expected].concat()
        );
    }
}

#[test]
fn a_foreign_noise_responder_is_understood() {
    for suite in SUITES {
        let prologue = Prologue {
            suite,
            ..Prologue::to(&bob())
        };
        let mut foreign = Foreign::responder(&prologue, &foreign::static_secret(&bob()));
        let (state, first) =
            Initiator::start(&alice().config(), bob().target(), suite, EPHEMERAL_I).unwrap();
        let (preamble, message1) = split_first(&first);
        assert_eq!(preamble, prologue.preamble());
        assert!(foreign.read(&message1).is_empty());
        let proof = state.handle(&foreign.write(&[])).unwrap();
        foreign.mark_message2();
        let signature = alice().seed.sign(proof.statement());
        let (state, message3) = proof.signed(signature).unwrap();
        let payload = foreign.read(&message3);
        let certificate = alice().certificate().encode();
        let expected = foreign::initiator_proof(&foreign, &alice(), &certificate, &bob());
        assert_eq!(payload, [&certificate[..], &expected].concat());

        let certificate = bob().certificate().encode();
        let proof = foreign::responder_proof(&foreign, &bob(), &certificate, &alice());
        let mut record0 = vec![0, 237];
        record0.resize(239, 0);
        foreign
            .into_transport()
            .write_message(
                &[&[0][..], &certificate, &proof].concat(),
                &mut record0[2..],
            )
            .unwrap();
        assert_eq!(finish(state, &record0, NOW).unwrap().peer, bob().id());
    }
}

#[test]
fn every_state_can_move_to_another_thread() {
    fn moves<T: Send + 'static>() {}
    moves::<AwaitMessage1>();
    moves::<AwaitMessage2>();
    moves::<AwaitMessage3>();
    moves::<AwaitAccept>();
    moves::<InitiatorProof>();
    moves::<ResponderProof>();
    moves::<Established>();
}

/// Every byte of one handshake per suite with fixed keys: a change of the wire format cannot go unnoticed.
///
/// After an intended change, run once with `DSOFTBUS_BLESS=1` and read the difference.
#[test]
fn the_bytes_of_version_1_stay_what_they_are() {
    let mut lines = String::from("# alice dials bob; keys and time: tests/common/mod.rs\n");
    for suite in SUITES {
        writeln!(lines, "\n# suite {}", suite.number()).unwrap();
        let pair = Exchange {
            suite,
            ..Exchange::new()
        }
        .run_tampered(|piece, bytes| writeln!(lines, "{piece:?} {}", hex(bytes)).unwrap())
        .unwrap();
        writeln!(lines, "SessionId {}", hex(&pair.initiator.session_id)).unwrap();
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/handshake-v1.txt");
    if std::env::var_os("DSOFTBUS_BLESS").is_some() {
        std::fs::write(path, &lines).unwrap();
    }
    assert_eq!(lines, include_str!("golden/handshake-v1.txt"));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
