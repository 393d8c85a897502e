//! Certificates that are verified once: what a handshake may skip because of it, and what not.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::sync::{Arc, Mutex};

use common::{Device, Exchange, NOW, alice, bob, initiator, mallory, responder};
use dsoftbus_proto::{
    certificate::{
        CertificateDigest, CertificateError, CertificateMemory, CertifiedKey, VerifiedCertificates,
    },
    handshake::HandshakeError,
    identity::{DeviceId, derive_static},
    statement::{DeviceKey, Signature, SignatureError},
    trust::{AllowList, Refusal},
};

/// Remembers like a node, and counts the signatures that it spared.
struct Memory {
    verified: Mutex<VerifiedCertificates>,
    spared: Mutex<usize>,
}

impl Memory {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            verified: Mutex::new(VerifiedCertificates::new(8)),
            spared: Mutex::default(),
        })
    }

    fn len(&self) -> usize {
        self.verified.lock().unwrap().len()
    }

    fn spared(&self) -> usize {
        *self.spared.lock().unwrap()
    }
}

impl CertificateMemory for Memory {
    fn recall(&self, device: &DeviceId, digest: &CertificateDigest) -> Option<DeviceKey> {
        let known = self.verified.lock().unwrap().recall(device, digest);
        *self.spared.lock().unwrap() += usize::from(known.is_some());
        known
    }

    fn remember(&self, device: DeviceId, key: DeviceKey, digest: CertificateDigest, now_unix: u64) {
        let mut verified = self.verified.lock().unwrap();
        verified.remember(device, key, digest, now_unix);
    }
}

/// An exchange whose two ends share a memory: what either remembers, both know.
fn exchange(initiator: Device, responder: Device, memory: &Arc<Memory>) -> Exchange {
    let memory: Arc<dyn CertificateMemory> = Arc::clone(memory) as _;
    let mut exchange = Exchange::between(initiator, responder);
    exchange.initiator_config = exchange.initiator_config.with_memory(Arc::clone(&memory));
    exchange.responder_config = exchange.responder_config.with_memory(memory);
    exchange
}

/// Alice and Bob, who have met.
fn met() -> (Exchange, Arc<Memory>) {
    let memory = Memory::new();
    let exchange = exchange(alice(), bob(), &memory);
    exchange.run().unwrap();
    assert_eq!((memory.len(), memory.spared()), (2, 0));
    (exchange, memory)
}

/// A device whose certificate it never signed.
fn unsigned(number: u8) -> Device {
    let device = Device::new(number);
    let terms = device.certificate().terms().clone();
    let certificate = terms.signed(Signature::from_bytes([1; 64]));
    let key = CertifiedKey::new(certificate, derive_static(&device.seed, 1)).unwrap();
    Device {
        key: Arc::new(key),
        ..device
    }
}

fn mismatch() -> HandshakeError {
    CertificateError::Signature(SignatureError::Mismatch).into()
}

#[test]
fn devices_that_have_met_verify_no_certificate_again() {
    let (exchange, memory) = met();
    exchange.run().unwrap();
    assert_eq!((memory.len(), memory.spared()), (2, 2));
}

#[test]
fn a_cached_certificate_that_expired_is_refused() {
    let (mut exchange, memory) = met();
    for (now, error) in [
        (NOW + 1_001, CertificateError::Expired),
        (NOW - 1_001, CertificateError::NotYetValid),
    ] {
        exchange.now = now;
        assert_eq!(exchange.run().unwrap_err(), responder(error));
    }
    // Bob's runs out first.
    let brief = Device::with(0xb0, 1, |terms| terms.not_after = NOW);
    let mut exchange = self::exchange(alice(), brief, &memory);
    exchange.run().unwrap();
    exchange.now = NOW + 1;
    let broken = exchange.run().unwrap_err();
    assert_eq!(broken, initiator(CertificateError::Expired));
}

#[test]
fn a_cached_certificate_of_a_device_that_is_no_longer_admitted_is_refused() {
    let (mut exchange, _) = met();
    exchange.admission.raise_floor(alice().id(), 2);
    let below = responder(Refusal::BelowFloor);
    assert_eq!(exchange.run().unwrap_err(), below);
    exchange.admission.revoke(alice().id());
    assert_eq!(exchange.run().unwrap_err(), responder(Refusal::Revoked));
    exchange.admission = AllowList::default();
    assert_eq!(exchange.run().unwrap_err(), responder(Refusal::NotAllowed));
}

#[test]
fn a_device_that_has_met_us_still_has_to_sign_its_proof() {
    let (_, memory) = met();
    let stolen = |of: Device| Device {
        seed: mallory().seed,
        ..of
    };
    let broken = exchange(stolen(alice()), bob(), &memory).run().unwrap_err();
    assert_eq!(broken, responder(HandshakeError::Proof));
    let broken = exchange(alice(), stolen(bob()), &memory).run().unwrap_err();
    assert_eq!(broken, initiator(HandshakeError::Proof));
}

#[test]
fn other_terms_or_another_signature_of_a_known_device_are_verified() {
    let (_, memory) = met();
    let broken = exchange(unsigned(0xa1), bob(), &memory).run().unwrap_err();
    assert_eq!(broken, responder(mismatch()));
    let broken = exchange(alice(), unsigned(0xb0), &memory)
        .run()
        .unwrap_err();
    assert_eq!(broken, initiator(mismatch()));
    assert_eq!(memory.spared(), 1, "Alice's own, by Bob");
    let newer = Device::with(0xa1, 2, |_| {});
    exchange(newer, bob(), &memory).run().unwrap();
    assert_eq!(
        memory.len(),
        2,
        "the newer one takes the place of the older"
    );
}

#[test]
fn who_does_not_complete_a_handshake_is_not_remembered() {
    let memory = Memory::new();
    let impostor = Device {
        seed: mallory().seed,
        ..alice()
    };
    exchange(impostor, bob(), &memory).run().unwrap_err();
    assert_eq!(memory.len(), 0, "no proof");

    let mut refused = exchange(alice(), bob(), &memory);
    refused.admission = AllowList::default();
    refused.run().unwrap_err();
    assert_eq!(memory.len(), 0, "not admitted");

    let impostor = Device {
        seed: mallory().seed,
        ..bob()
    };
    exchange(alice(), impostor, &memory).run().unwrap_err();
    assert_eq!(memory.len(), 1, "Alice has proved herself, Bob has not");
}

/// Knows what it was never told.
struct Liar;

impl CertificateMemory for Liar {
    fn recall(&self, device: &DeviceId, _: &CertificateDigest) -> Option<DeviceKey> {
        DeviceKey::new(device).ok()
    }

    fn remember(&self, _: DeviceId, _: DeviceKey, _: CertificateDigest, _: u64) {}
}

#[test]
fn only_the_signature_of_a_certificate_is_left_to_the_memory() {
    let mut exchange = Exchange::between(unsigned(0xa1), unsigned(0xb0));
    exchange.initiator_config = exchange.initiator_config.with_memory(Arc::new(Liar));
    exchange.responder_config = exchange.responder_config.with_memory(Arc::new(Liar));
    exchange.run().unwrap();

    // Everything that does not depend on who signed the certificate is looked at all the same.
    exchange.now = NOW + 1_001;
    let broken = exchange.run().unwrap_err();
    assert_eq!(broken, responder(CertificateError::Expired));
    exchange.now = NOW;
    exchange.admission = AllowList::default();
    assert_eq!(exchange.run().unwrap_err(), responder(Refusal::NotAllowed));
}
