//! What devices sign. Every signature of the protocol is over one of these, under its own domain string.

use alloc::vec::Vec;
use core::fmt;

use ed25519_dalek::VerifyingKey;

use crate::{
    announcement::Draft,
    certificate::{CertificateDigest, Terms},
    identity::{DeviceId, StaticPublic},
};

/// Something a device can put its signature under.
///
/// An enum and not bytes: who keeps the seed sees what is signed and can refuse, and a signature made for one purpose
/// never fits another, because each kind starts with its own domain string.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Statement {
    /// "This device ID owns this static key, from then until then."
    StaticCert(Terms),
    /// "I am reachable there and serve this." Boxed: it is many times larger than the others.
    Announcement(alloc::boxed::Box<Draft>),
    /// "I am the initiator of this very handshake and I mean you."
    Initiator(Proof),
    /// "I am the responder of this very handshake and I mean you."
    Responder(Proof),
}

/// A live proof: binds a device ID to one handshake, one certificate and one peer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Proof {
    /// Handshake hash: after message 2 for the initiator, the final one for the responder.
    pub handshake_hash: [u8; 32],
    /// SHA-256 of the signer's static certificate.
    pub certificate_digest: [u8; 32],
    /// The peer's device ID.
    pub peer: DeviceId,
    /// The peer's static key.
    pub peer_static: StaticPublic,
}

impl Statement {
    /// The bytes that are signed: the domain string, its NUL, the content.
    #[must_use]
    pub fn signed_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        match self {
            Self::StaticCert(terms) => {
                bytes.extend_from_slice(b"DSoftBus-lite v1 static-cert\0");
                bytes.extend_from_slice(&terms.encode());
            }
            Self::Announcement(draft) => {
                bytes.extend_from_slice(b"DSoftBus-lite v1 announce\0");
                draft.encode_into(&mut bytes);
            }
            Self::Initiator(proof) => {
                bytes.extend_from_slice(b"DSoftBus-lite v1 hs-initiator\0");
                proof.encode_into(&mut bytes);
            }
            Self::Responder(proof) => {
                bytes.extend_from_slice(b"DSoftBus-lite v1 hs-responder\0");
                proof.encode_into(&mut bytes);
            }
        }
        bytes
    }

    /// Checks that `signer` signed this statement.
    ///
    /// Strict: refuses small-order keys and nonces and an S of the group order or more, so that one message under one
    /// key has one signature.
    ///
    /// # Errors
    ///
    /// [`SignatureError`].
    pub fn verify(&self, signer: &DeviceId, signature: &Signature) -> Result<(), SignatureError> {
        DeviceKey::new(signer)?.verify(self, signature)
    }
}

/// A device ID that was found to be a usable key: a point of the curve, and not of small order.
///
/// Finding that out takes a tenth of the time of checking a signature, so that who checks several keeps it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DeviceKey(VerifyingKey);

impl DeviceKey {
    /// The key that `device` is.
    ///
    /// # Errors
    ///
    /// [`SignatureError::Key`] when it is none.
    pub fn new(device: &DeviceId) -> Result<Self, SignatureError> {
        let key = VerifyingKey::from_bytes(device.as_bytes()).map_err(|_| SignatureError::Key)?;
        if key.is_weak() {
            return Err(SignatureError::Key);
        }
        Ok(Self(key))
    }

    /// As [`Statement::verify`], of this device.
    ///
    /// # Errors
    ///
    /// [`SignatureError::Mismatch`].
    pub fn verify(
        &self,
        statement: &Statement,
        signature: &Signature,
    ) -> Result<(), SignatureError> {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        self.0
            .verify_strict(&statement.signed_bytes(), &signature)
            .map_err(|_| SignatureError::Mismatch)
    }
}

impl Proof {
    /// A proof by the owner of the certificate with the digest `own`.
    #[must_use]
    pub const fn new(
        handshake_hash: [u8; 32],
        own: &CertificateDigest,
        peer: DeviceId,
        peer_static: StaticPublic,
    ) -> Self {
        Self {
            handshake_hash,
            certificate_digest: *own.as_bytes(),
            peer,
            peer_static,
        }
    }

    fn encode_into(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.handshake_hash);
        bytes.extend_from_slice(&self.certificate_digest);
        bytes.extend_from_slice(self.peer.as_bytes());
        bytes.extend_from_slice(self.peer_static.as_bytes());
    }
}

/// An Ed25519 signature over a [`Statement`].
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Signature([u8; 64]);

impl Signature {
    /// Length in bytes.
    pub const LEN: usize = 64;

    /// A signature as received or as made elsewhere.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }

    /// The 64 bytes on the wire.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({})", crate::identity::base32_lower(&self.0))
    }
}

/// Why a signature is refused.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SignatureError {
    /// The device ID is not an Ed25519 key, or one of small order under which a signature says nothing.
    #[error("device ID is not a usable key")]
    Key,
    /// The signature is not this device's signature over this statement.
    #[error("signature does not match")]
    Mismatch,
}
