//! Peers that must be refused for who they are or what they prove, each with its exact error. The letters name the cases
//! of the project's refusal list.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{
    Device, EPHEMERAL_I, Exchange, NOW, alice,
    attack::{
        attack_initiator, attack_responder, certificate, present_to_initiator,
        present_to_responder, rejected,
    },
    bob, finish,
    foreign::{self, Foreign},
    initiator, mallory, responder, sign_raw,
};
use dsoftbus_proto::{
    handshake::{HandshakeError, Initiator, Rejected, Suite},
    identity::DeviceId,
    side::Side,
    trust::{AllowList, Refusal},
};

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

/// A wrong signature of our own signer is noticed by the peer.
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
        initiator(HandshakeError::Proof)
    );
}
