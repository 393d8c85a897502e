//! Certificates that must be refused in a handshake, by both ends, each with its exact error. The letters name the cases
//! of the project's refusal list.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{
    Device, EPHEMERAL_I, LOW_ORDER_U, NOW, alice,
    attack::{
        both_refuse, certificate, lying_initiator, lying_initiator_with, present_to_initiator,
        present_to_responder, rejected, resigned,
    },
    bob, mallory, sign_raw,
};
use dsoftbus_proto::{
    certificate::{CertificateError, StaticCertificate, Terms},
    handshake::{HandshakeError, Initiator, Piece, Suite, Target},
    identity::{StaticPublic, WeakKey, derive_static},
    side::Side,
    statement::{SignatureError, Statement},
};

#[test]
fn the_attacks_succeed_with_honest_contents() {
    assert_eq!(
        present_to_responder(&alice().certificate().encode()),
        Ok(alice().id())
    );
    assert_eq!(
        present_to_initiator(&bob().certificate().encode()),
        Ok(bob().id())
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
    both_refuse(common::with_mixed_order_r, &mismatch);
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

/// The order of WIRE.md, "Handshake": of two faults the one that is cheaper to find is reported, and the expensive checks
/// are not spent on it.
#[test]
fn of_two_faults_the_cheaper_one_is_found_first() {
    type Change = fn(&mut Terms);

    let broken = |device: &Device, change: Change| {
        let mut bytes = certificate(device, change);
        bytes[155] ^= 1;
        bytes
    };
    let mismatch: HandshakeError = CertificateError::Signature(SignatureError::Mismatch).into();
    let faults: [(Change, HandshakeError); 5] = [
        (
            |terms| (terms.may_initiate, terms.not_after) = (false, NOW - 1),
            HandshakeError::Role(Side::Initiator),
        ),
        (
            |terms| (terms.device, terms.not_after) = (bob().id(), NOW - 1),
            HandshakeError::OwnDevice,
        ),
        (
            |terms| {
                (terms.not_after, terms.static_key) = (NOW - 1, StaticPublic::from_bytes([0; 32]))
            },
            CertificateError::Expired.into(),
        ),
        (
            |terms| terms.static_key = StaticPublic::from_bytes([0; 32]),
            CertificateError::StaticKey(WeakKey::LowOrder).into(),
        ),
        (
            |terms| terms.static_key = mallory().certificate().static_key(),
            HandshakeError::WrongStaticKey,
        ),
    ];
    for (change, error) in faults {
        assert_eq!(
            present_to_responder(&broken(&alice(), change)),
            Err(rejected(error))
        );
    }
    assert_eq!(
        present_to_responder(&broken(&alice(), |_| {})),
        Err(rejected(mismatch))
    );
}
