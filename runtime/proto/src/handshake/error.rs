//! Why a handshake ends early.

use alloc::vec::Vec;
use core::fmt;

use crate::{
    certificate::CertificateError, identity::WeakKey, record::RecordError, side::Side,
    trust::Refusal,
};

/// A piece of the handshake that carries cryptography.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Piece {
    /// Message 1, from the initiator.
    Message1,
    /// Message 2, from the responder.
    Message2,
    /// Message 3, from the initiator.
    Message3,
    /// Record 0, from the responder.
    Record0,
}

impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Message1 => "message 1",
            Self::Message2 => "message 2",
            Self::Message3 => "message 3",
            Self::Record0 => "record 0",
        })
    }
}

/// Why there is no session. Every variant is final: close the connection.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum HandshakeError {
    /// The peer does not speak this protocol at all.
    #[error("peer does not speak DSoftBus-lite")]
    BadMagic,
    /// The peer is of another time.
    #[error("wire version {0} is not supported")]
    UnsupportedVersion(u16),
    /// A suite we do not know or do not offer.
    #[error("cipher suite {0} is not supported")]
    UnsupportedSuite(u8),
    /// The last byte of the preamble is not zero.
    #[error("preamble is malformed")]
    BadPreamble,
    /// A piece does not authenticate. Behind it: damage, tampering, replay, another realm, version, suite, static key
    /// or intended peer. Noise does not tell them apart, and neither should we to the peer.
    #[error("{0} does not authenticate")]
    Decrypt(Piece),
    /// A Diffie-Hellman with the peer's key gives zero: the key is of low order.
    #[error("{0} carries a weak key")]
    WeakKey(Piece),
    /// Record 0 is neither an acceptance nor a refusal.
    #[error("record 0 has the wrong length of {0} bytes")]
    Record0Length(usize),
    /// Authentic, but not what the format says.
    #[error("handshake is malformed")]
    Malformed,
    /// The certificate does not permit its device to be this side of a session.
    #[error("certificate does not permit its device to be the {0:?}")]
    Role(Side),
    /// The peer claims our own device ID.
    #[error("peer claims to be this device")]
    OwnDevice,
    /// Another device than the one dialled has answered.
    #[error("peer is another device than the one dialled")]
    WrongDevice,
    /// The certificate is for another static key than the one Noise authenticated.
    #[error("certificate names another static key than the handshake")]
    WrongStaticKey,
    /// The peer's certificate is refused.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The live proof is not the peer's signature over this very handshake.
    #[error("proof of identity does not match")]
    Proof,
    /// Responder: our rule refuses the peer. Initiator: the peer refuses us.
    #[error("refused: {0}")]
    Refused(#[from] Refusal),
    /// The peer refuses us for a reason unknown to this version.
    #[error("refused with unknown status {0}")]
    UnknownStatus(u8),
    /// Our own record layer failed.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The Noise engine refused what it should not: a fault of ours.
    #[error("noise engine failed")]
    Internal,
}

impl From<WeakKey> for HandshakeError {
    fn from(weak: WeakKey) -> Self {
        Self::Certificate(weak.into())
    }
}

impl HandshakeError {
    /// Translates an error of snow while it handled `piece`.
    pub(super) fn noise(piece: Piece) -> impl FnOnce(snow::Error) -> Self {
        move |error| match error {
            snow::Error::Decrypt => Self::Decrypt(piece),
            snow::Error::Dh => Self::WeakKey(piece),
            _ => Self::Internal,
        }
    }
}

/// A refused initiator: why, and what to tell it.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{error}")]
pub struct Rejected {
    /// The first check that failed.
    pub error: HandshakeError,
    /// A record to send before closing: only for peers that proved who they are. `None` means close without a word.
    pub reply: Option<Vec<u8>>,
}

impl From<HandshakeError> for Rejected {
    fn from(error: HandshakeError) -> Self {
        Self { error, reply: None }
    }
}
