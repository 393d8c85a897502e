//! The handshake: Noise XK plus a live proof of each device ID. Format: WIRE.md, "Handshake".
//!
//! Every state is a type and every step consumes it, so nothing can be sent early, read twice or tried again:
//!
//! ```text
//! initiator                                     responder
//! Initiator::start                              Responder::handle_preamble
//!   └ AwaitMessage2        preamble, 1 ──────▶    └ AwaitMessage1
//!       └ InitiatorProof   ◀────────── 2              └ AwaitMessage3
//!           └ AwaitAccept  ──────────▶ 3                  └ ResponderProof
//!               └ Established  ◀─ record 0                    └ Established
//! ```
//!
//! The two `…Proof` states wait for a signature, because the seed may live in another process. Randomness and the time
//! are arguments. How long to wait for the peer is the driver's: [`TIMEOUT_SECS`].
//!
//! ```
//! # use std::sync::Arc;
//! # use dsoftbus_proto::{certificate::{CertifiedKey, Terms}, identity::{Realm, Seed, derive_static}, trust::AllowList};
//! use dsoftbus_proto::handshake::{Config, Initiator, Responder, Suite, Suites, Target};
//! # fn device(secret: u8) -> (Seed, Config, Target) {
//! #     let seed = Seed::from_bytes([secret; 32]);
//! #     let secret = derive_static(&seed, 1);
//! #     let certificate = Terms::new(seed.device_id(), *secret.public(), 1).sign(&seed);
//! #     let target = Target { device: certificate.device(), static_key: certificate.static_key() };
//! #     let key = CertifiedKey::new(certificate, secret).unwrap();
//! #     (seed, Config::new(Realm::default(), Arc::new(key)), target)
//! # }
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let ((alice, alices, _), (bob, bobs, target), now) = (device(1), device(2), 0);
//! // Random in earnest.
//! let (ephemeral_i, ephemeral_r) = ([3; 32], [4; 32]);
//! let (initiator, first) = Initiator::start(&alices, target, Suite::ChaChaPoly, ephemeral_i)?;
//! let (preamble, message1) = first.split_first_chunk().unwrap();
//! let responder = Responder::new(bobs, Suites::ALL).handle_preamble(preamble)?;
//! let (responder, message2) = responder.handle(message1.try_into()?, ephemeral_r)?;
//!
//! let proof = initiator.handle(&message2)?;
//! let signature = alice.sign(proof.statement());
//! let (initiator, message3) = proof.signed(signature)?;
//!
//! let proof = responder.handle(&message3, &AllowList::anyone(), now)?;
//! let signature = bob.sign(proof.statement());
//! let (bobs_end, record0) = proof.signed(signature)?;
//! let alices_end = initiator.handle(&record0[2..], now)?;
//! assert_eq!(alices_end.session_id, bobs_end.session_id);
//! # Ok(())
//! # }
//! ```
//!
//! A state cannot be used twice, so a failed message is not tried again:
//!
//! ```compile_fail,E0382
//! # use dsoftbus_proto::handshake::AwaitMessage1;
//! fn try_twice(state: AwaitMessage1, bad: [u8; 48], good: [u8; 48]) {
//!     let _ = state.handle(&bad, [1; 32]);
//!     let _ = state.handle(&good, [2; 32]);
//! }
//! ```
//!
//! snow keeps its chaining key in plain memory until it is overwritten; all keys we hold ourselves are wiped.

mod error;
mod initiator;
mod noise;
mod responder;

use alloc::{sync::Arc, vec::Vec};
use core::fmt;

pub use self::{
    error::{HandshakeError, Piece, Rejected},
    initiator::{AwaitAccept, AwaitMessage2, Initiator, InitiatorProof, Target},
    responder::{AwaitMessage1, AwaitMessage3, Responder, ResponderProof},
};
pub use crate::crypto::{Suite, Suites};
use crate::{
    certificate::{
        CertificateDigest, CertificateError, CertificateMemory, CertifiedKey, StaticCertificate,
    },
    identity::{DeviceId, Realm},
    record::{HEADER, Opener, Sealer, TAG},
    side::Side,
    statement::{DeviceKey, Signature, Statement},
};

/// The version of the wire format spoken here.
pub const WIRE_VERSION: u16 = 1;

/// Seconds either side waits for the other's part, from the start of the connection. Without it a peer could hold a
/// connection and its state for ever by sending nothing.
pub const TIMEOUT_SECS: u64 = 5;

/// Length of the preamble in bytes.
pub const PREAMBLE: usize = 8;
/// Length of message 1 in bytes.
pub const MESSAGE_1: usize = 48;
/// Length of message 2 in bytes.
pub const MESSAGE_2: usize = 48;
/// Length of message 3 in bytes.
pub const MESSAGE_3: usize = 284;
/// Length in bytes of record 0, without its header, when the responder accepts.
pub const ACCEPT: usize = 1 + CERTIFIED + TAG;
/// Length in bytes of record 0, without its header, when the responder refuses.
pub const REJECT: usize = 1 + TAG;

const MAGIC: [u8; 4] = *b"DSBL";

/// A static certificate and a proof.
const CERTIFIED: usize = StaticCertificate::LEN + Signature::LEN;

/// Who we are, for any number of handshakes. Cheap to clone.
#[derive(Clone)]
pub struct Config {
    realm: Realm,
    key: Arc<CertifiedKey>,
    previous: Option<Arc<CertifiedKey>>,
    memory: Memory,
}

impl Config {
    /// Handshakes in this realm with this key.
    #[must_use]
    pub const fn new(realm: Realm, key: Arc<CertifiedKey>) -> Self {
        Self {
            realm,
            key,
            previous: None,
            memory: Memory(None),
        }
    }

    /// Verifies the signature of a certificate once and not in every handshake: see [`CertificateMemory`].
    #[must_use]
    pub fn with_memory(mut self, memory: Arc<dyn CertificateMemory>) -> Self {
        self.memory = Memory(Some(memory));
        self
    }

    /// As responder, also answers to the static key before the last rotation, of the same device.
    ///
    /// For as long as announcements that name it may be around; each stray message 1 costs twice as much meanwhile.
    #[must_use]
    pub fn with_previous(mut self, previous: Option<Arc<CertifiedKey>>) -> Self {
        self.previous = previous;
        self
    }

    /// The realm we belong to.
    #[must_use]
    pub const fn realm(&self) -> Realm {
        self.realm
    }

    /// Our device ID.
    #[must_use]
    pub fn device(&self) -> DeviceId {
        self.key.device()
    }

    /// Our current static key with its certificate.
    #[must_use]
    pub fn key(&self) -> &CertifiedKey {
        &self.key
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("realm", &self.realm)
            .field("key", &self.key)
            .field("previous", &self.previous)
            .finish_non_exhaustive()
    }
}

/// The certificates that were verified before, if any are remembered.
#[derive(Clone)]
struct Memory(Option<Arc<dyn CertificateMemory>>);

impl Memory {
    /// Checks the signature of a certificate, unless it was checked before; returns the key of its device.
    fn check_signature(
        &self,
        certificate: &StaticCertificate,
        digest: &CertificateDigest,
    ) -> Result<DeviceKey, CertificateError> {
        let known = self
            .0
            .as_ref()
            .and_then(|memory| memory.recall(&certificate.device(), digest));
        known.map_or_else(|| certificate.check_signature(), Ok)
    }

    /// Notes a certificate that passed every check, and its device the live proof.
    fn remember(&self, device: DeviceId, key: DeviceKey, digest: CertificateDigest, now_unix: u64) {
        if let Some(memory) = &self.0 {
            memory.remember(device, key, digest, now_unix);
        }
    }
}

/// A completed handshake: the peer is who it says, and records flow.
pub struct Established {
    /// The peer's proven device ID.
    pub peer: DeviceId,
    /// The certificate of the static key the peer used.
    pub peer_certificate: StaticCertificate,
    /// The same 32 bytes on both ends and nowhere else. Not a secret.
    pub session_id: [u8; 32],
    /// Seals what we send.
    pub sealer: Sealer,
    /// Opens what we receive.
    pub opener: Opener,
    /// The cipher suite in use.
    pub suite: Suite,
    /// Which end we are.
    pub side: Side,
}

impl fmt::Debug for Established {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Established")
            .field("peer", &self.peer)
            .field("suite", &self.suite)
            .field("side", &self.side)
            .finish_non_exhaustive()
    }
}

/// Seals record 0: two bytes of room, the status, and what follows it.
fn seal_record0(
    sealer: &mut Sealer,
    status: u8,
    rest: &[&[u8]],
) -> Result<Vec<u8>, HandshakeError> {
    let mut record = Vec::with_capacity(HEADER.saturating_add(ACCEPT));
    record.extend_from_slice(&[0; HEADER]);
    record.push(status);
    for part in rest {
        record.extend_from_slice(part);
    }
    sealer.seal(&mut record)?;
    Ok(record)
}

/// A peer's certificate and proof, split but not checked.
fn split_certified(
    bytes: &[u8; CERTIFIED],
) -> Result<(StaticCertificate, Signature), HandshakeError> {
    let (certificate, proof) = bytes
        .split_last_chunk::<{ Signature::LEN }>()
        .ok_or(HandshakeError::Malformed)?;
    Ok((
        StaticCertificate::parse(certificate)?,
        Signature::from_bytes(*proof),
    ))
}

/// Checks a live proof by `signer`.
fn check_proof(
    statement: &Statement,
    signer: &DeviceKey,
    proof: &Signature,
) -> Result<(), HandshakeError> {
    signer
        .verify(statement, proof)
        .map_err(|_| HandshakeError::Proof)
}
