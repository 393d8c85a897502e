//! Device IDs, seeds, static keys and certificates.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{Device, NOW, alice, bob};
use dsoftbus_proto::{
    certificate::{CertificateDigest, CertificateError, CertifiedKey, StaticCertificate, Terms},
    identity::{
        DeviceId, ParseDeviceIdError, Seed, StaticPublic, StaticSecret, WeakKey, derive_static,
    },
    statement::{Proof, Signature, SignatureError, Statement},
    trust::{Admission, AllowList, Refusal},
};
use hex_literal::hex;
use proptest::prelude::*;

#[test]
fn a_device_id_is_written_as_56_characters() {
    // RFC 8032, section 7.1, test 1.
    let seed = Seed::from_bytes(hex!(
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
    ));
    let device = seed.device_id();
    assert_eq!(
        *device.as_bytes(),
        hex!("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    );
    let text = device.to_string();
    assert_eq!(text.len(), DeviceId::TEXT_LEN);
    assert_eq!(
        text,
        "25njqamcweflpvkl73j4szahhihoc4xt3ktcgjnpaingr5yhkengymie"
    );
    assert_eq!(text.parse(), Ok(device));
    assert_eq!(format!("{device:?}"), format!("DeviceId({text})"));
}

#[test]
fn a_mistyped_device_id_is_refused() {
    let text = alice().id().to_string();
    let parse = |text: &str| text.parse::<DeviceId>().unwrap_err();
    assert_eq!(parse(""), ParseDeviceIdError::Length);
    assert_eq!(parse(&text[1..]), ParseDeviceIdError::Length);
    assert_eq!(parse(&format!("{text}a")), ParseDeviceIdError::Length);
    assert_eq!(
        parse(&text.to_ascii_uppercase()),
        ParseDeviceIdError::Alphabet
    );
    for bad in ["0", "1", "8", "=", "-", " "] {
        assert_eq!(
            parse(&format!("{bad}{}", &text[1..])),
            ParseDeviceIdError::Alphabet
        );
    }
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] = if bytes[at] == b'a' { b'b' } else { b'a' };
        assert_eq!(
            parse(&String::from_utf8(bytes).unwrap()),
            ParseDeviceIdError::Check,
            "character {at}"
        );
    }
    let mut swapped = text.clone().into_bytes();
    let at = (0..55).find(|at| swapped[*at] != swapped[at + 1]).unwrap();
    swapped.swap(at, at + 1);
    assert_eq!(
        parse(&String::from_utf8(swapped).unwrap()),
        ParseDeviceIdError::Check
    );
}

#[test]
fn secrets_do_not_show_in_debug_output() {
    let seed = Seed::from_bytes([0xab; 32]);
    assert_eq!(format!("{seed:?}"), "Seed([redacted])");
    let secret = StaticSecret::from_bytes([0xab; 32]);
    let text = format!("{secret:?} {:?}", alice().key);
    assert!(text.contains("[redacted]"));
    assert!(!text.contains("171") && !text.contains("0xab"), "{text}");
}

#[test]
fn each_epoch_has_its_own_static_key() {
    let seed = Seed::from_bytes([9; 32]);
    assert_eq!(
        derive_static(&seed, 1).public(),
        derive_static(&seed, 1).public()
    );
    assert_ne!(
        derive_static(&seed, 1).public(),
        derive_static(&seed, 2).public()
    );
    assert_ne!(
        derive_static(&seed, 1).public(),
        derive_static(&Seed::from_bytes([8; 32]), 1).public()
    );
}

#[test]
fn a_static_key_is_checked_before_use() {
    derive_static(&Seed::from_bytes([9; 32]), 1)
        .public()
        .check()
        .unwrap();
    for key in common::LOW_ORDER_U {
        assert_eq!(
            StaticPublic::from_bytes(key).check(),
            Err(WeakKey::LowOrder)
        );
    }
    let mut prime = [0xff; 32];
    prime[31] = 0x7f;
    for low in 0xed..=0xff {
        prime[0] = low;
        assert_eq!(
            StaticPublic::from_bytes(prime).check(),
            Err(WeakKey::NotCanonical)
        );
    }
    prime[0] = 0xeb;
    StaticPublic::from_bytes(prime).check().unwrap();
}

#[test]
fn a_certificate_needs_the_secret_it_names() {
    let other = derive_static(&alice().seed, 2);
    let error = CertifiedKey::new(alice().certificate().clone(), other).unwrap_err();
    assert_eq!(error, CertificateError::ForeignKey);
}

#[test]
fn a_certificate_of_another_length_is_refused() {
    let bytes = alice().certificate().encode();
    assert_eq!(
        StaticCertificate::parse(&bytes[..155]),
        Err(CertificateError::Length)
    );
    assert_eq!(
        StaticCertificate::parse(&[&bytes[..], &[0]].concat()),
        Err(CertificateError::Length)
    );
    assert_eq!(StaticCertificate::parse(&[]), Err(CertificateError::Length));
}

#[test]
fn a_certificate_is_valid_from_its_first_to_its_last_second() {
    let certificate = alice().certificate().clone();
    assert_eq!(
        certificate.verify(NOW - 1_001),
        Err(CertificateError::NotYetValid)
    );
    certificate.verify(NOW - 1_000).unwrap();
    certificate.verify(NOW + 1_000).unwrap();
    assert_eq!(
        certificate.verify(NOW + 1_001),
        Err(CertificateError::Expired)
    );
}

#[test]
fn a_signature_fits_one_statement_of_one_device() {
    let proof = |byte| {
        Proof::new(
            [byte; 32],
            &CertificateDigest::of(alice().certificate()),
            bob().id(),
            bob().certificate().static_key(),
        )
    };
    let statement = Statement::Initiator(proof(1));
    let signature = alice().seed.sign(&statement);
    statement.verify(&alice().id(), &signature).unwrap();
    let mismatch = Err(SignatureError::Mismatch);
    assert_eq!(statement.verify(&bob().id(), &signature), mismatch);
    assert_eq!(
        Statement::Responder(proof(1)).verify(&alice().id(), &signature),
        mismatch
    );
    assert_eq!(
        Statement::Initiator(proof(2)).verify(&alice().id(), &signature),
        mismatch
    );
    for device in common::SMALL_ORDER_DEVICES {
        let universal = Signature::from_bytes(common::UNIVERSAL_SIGNATURE);
        assert_eq!(
            statement.verify(&DeviceId::from_bytes(device), &universal),
            Err(SignatureError::Key)
        );
    }
}

#[test]
fn nobody_is_admitted_without_a_rule_and_revocation_wins() {
    let device = alice().id();
    assert_eq!(
        AllowList::default().admit(&device, 1),
        Err(Refusal::NotAllowed)
    );
    let mut rule = AllowList::devices([device]);
    rule.admit(&device, 0).unwrap();
    assert_eq!(rule.admit(&bob().id(), 0), Err(Refusal::NotAllowed));
    rule.raise_floor(device, 5);
    rule.raise_floor(device, 3);
    assert_eq!(rule.admit(&device, 4), Err(Refusal::BelowFloor));
    rule.admit(&device, 5).unwrap();
    rule.revoke(device);
    rule.allow(device);
    assert_eq!(rule.admit(&device, 5), Err(Refusal::Revoked));
    let mut open = AllowList::anyone();
    open.revoke(device);
    assert_eq!(open.admit(&device, 5), Err(Refusal::Revoked));
    open.admit(&bob().id(), 0).unwrap();
    rule.allow(bob().id());
    rule.remove(&bob().id());
    assert_eq!(rule.admit(&bob().id(), 0), Err(Refusal::NotAllowed));
}

#[test]
fn a_status_byte_names_a_refusal() {
    for refusal in [Refusal::NotAllowed, Refusal::Busy, Refusal::Revoked] {
        assert_eq!(Refusal::from_status(refusal.status()), Some(refusal));
    }
    assert_eq!(
        Refusal::from_status(Refusal::BelowFloor.status()),
        Some(Refusal::Revoked)
    );
    assert_eq!(Refusal::from_status(0), None);
    assert_eq!(Refusal::from_status(4), None);
}

proptest! {
    #[test]
    fn any_device_id_goes_round_as_text(key: [u8; 32]) {
        let device = DeviceId::from_bytes(key);
        prop_assert_eq!(device.to_string().parse(), Ok(device));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in ".*", close in "[a-z2-7A-Z=]{56}") {
        let _ = text.parse::<DeviceId>();
        prop_assert!(close.parse::<DeviceId>().is_err());
    }

    #[test]
    fn any_certificate_goes_round(
        roles: [bool; 2], sequence: u64, times: [u64; 2], keys: [[u8; 32]; 2], signature: [[u8; 32]; 2]
    ) {
        let terms = Terms {
            may_initiate: roles[0],
            may_respond: roles[1],
            sequence,
            not_before: times[0].min(times[1]),
            not_after: times[0].max(times[1]),
            device: DeviceId::from_bytes(keys[0]),
            static_key: StaticPublic::from_bytes(keys[1]),
        };
        let signature = Signature::from_bytes(signature.concat().try_into().unwrap());
        let certificate = terms.signed(signature);
        prop_assert_eq!(StaticCertificate::parse(&certificate.encode()), Ok(certificate));
    }

    #[test]
    fn what_parses_as_a_certificate_encodes_to_the_same_bytes(
        edits in proptest::collection::vec((0..156_usize, any::<u8>()), 0..4)
    ) {
        let mut bytes = Device::new(1).certificate().encode();
        for (at, value) in edits {
            bytes[at] = value;
        }
        if let Ok(certificate) = StaticCertificate::parse(&bytes) {
            prop_assert_eq!(certificate.encode(), bytes);
        }
    }
}
