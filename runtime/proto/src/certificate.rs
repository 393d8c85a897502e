//! The static certificate: which static key a device uses, and for how long. Format: WIRE.md, "Identity".

mod verified;

pub use self::verified::{CertificateDigest, CertificateMemory, KEPT_FOR, VerifiedCertificates};

use crate::{
    bytes_in::{Reader, join},
    identity::{DeviceId, Seed, StaticPublic, StaticSecret, WeakKey},
    side::Side,
    statement::{DeviceKey, Signature, SignatureError, Statement},
};

const VERSION: u8 = 1;
const MAY_INITIATE: u8 = 1;
const MAY_RESPOND: u8 = 2;

/// What a static certificate states, before it is signed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Terms {
    /// The device may open sessions with this key.
    pub may_initiate: bool,
    /// The device may accept sessions with this key.
    pub may_respond: bool,
    /// The epoch of the static key; a peer may refuse everything below a floor.
    pub sequence: u64,
    /// First second of validity, Unix time.
    pub not_before: u64,
    /// Last second of validity, Unix time.
    pub not_after: u64,
    /// Whose key it is.
    pub device: DeviceId,
    /// The static key.
    pub static_key: StaticPublic,
}

impl Terms {
    /// Length of the signed part in bytes.
    pub const LEN: usize = 92;

    /// Terms for both roles with no end in sight: bound the time with the fields.
    #[must_use]
    pub const fn new(device: DeviceId, static_key: StaticPublic, sequence: u64) -> Self {
        Self {
            may_initiate: true,
            may_respond: true,
            sequence,
            not_before: 0,
            not_after: u64::MAX,
            device,
            static_key,
        }
    }

    /// What has to be signed to make these terms a certificate.
    #[must_use]
    pub const fn statement(self) -> Statement {
        Statement::StaticCert(self)
    }

    /// Signs the terms.
    #[must_use]
    pub fn sign(self, seed: &Seed) -> StaticCertificate {
        let signature = seed.sign(&Statement::StaticCert(self.clone()));
        self.signed(signature)
    }

    /// Joins the terms with a signature made elsewhere. Nothing is checked here.
    #[must_use]
    pub const fn signed(self, signature: Signature) -> StaticCertificate {
        StaticCertificate {
            terms: self,
            signature,
        }
    }

    /// The signed part on the wire.
    #[must_use]
    pub fn encode(&self) -> [u8; Self::LEN] {
        let initiate = if self.may_initiate { MAY_INITIATE } else { 0 };
        let respond = if self.may_respond { MAY_RESPOND } else { 0 };
        join(&[
            &[VERSION, initiate | respond, 0, 0],
            &self.sequence.to_be_bytes(),
            &self.not_before.to_be_bytes(),
            &self.not_after.to_be_bytes(),
            self.device.as_bytes(),
            self.static_key.as_bytes(),
        ])
    }

    /// Whether the key may take this side of a session.
    #[must_use]
    pub const fn permits(&self, side: Side) -> bool {
        match side {
            Side::Initiator => self.may_initiate,
            Side::Responder => self.may_respond,
        }
    }
}

/// A signed [`Terms`]: 156 bytes on the wire.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StaticCertificate {
    terms: Terms,
    signature: Signature,
}

impl StaticCertificate {
    /// Length on the wire in bytes.
    pub const LEN: usize = 156;

    /// Reads a certificate and checks its form: length, fixed fields, flags, order of the times.
    ///
    /// Says nothing about whether it is true: see [`verify`](Self::verify).
    ///
    /// # Errors
    ///
    /// The first [`CertificateError`] about the form.
    pub fn parse(bytes: &[u8]) -> Result<Self, CertificateError> {
        let bytes: &[u8; Self::LEN] = bytes.try_into().map_err(|_| CertificateError::Length)?;
        Self::read(bytes).unwrap_or(Err(CertificateError::Length))
    }

    /// `None` cannot happen: the fields add up to [`LEN`](Self::LEN).
    fn read(bytes: &[u8; Self::LEN]) -> Option<Result<Self, CertificateError>> {
        let mut reader = Reader::new(bytes);
        let [version, flags, zero @ ..] = reader.array::<4>()?;
        let terms = Terms {
            may_initiate: flags & MAY_INITIATE != 0,
            may_respond: flags & MAY_RESPOND != 0,
            sequence: reader.u64()?,
            not_before: reader.u64()?,
            not_after: reader.u64()?,
            device: DeviceId::from_bytes(reader.array()?),
            static_key: StaticPublic::from_bytes(reader.array()?),
        };
        let signature = Signature::from_bytes(reader.array()?);
        Some(if version != VERSION {
            Err(CertificateError::Version(version))
        } else if flags & !(MAY_INITIATE | MAY_RESPOND) != 0 {
            Err(CertificateError::Flags(flags))
        } else if zero != [0, 0] {
            Err(CertificateError::Reserved)
        } else if terms.not_after < terms.not_before {
            Err(CertificateError::Lifetime)
        } else {
            Ok(Self { terms, signature })
        })
    }

    /// The certificate on the wire.
    #[must_use]
    pub fn encode(&self) -> [u8; Self::LEN] {
        join(&[&self.terms.encode(), self.signature.as_bytes()])
    }

    /// What the certificate states.
    #[must_use]
    pub const fn terms(&self) -> &Terms {
        &self.terms
    }

    /// The signature, not yet checked.
    #[must_use]
    pub const fn signature(&self) -> &Signature {
        &self.signature
    }

    /// Whose certificate it is.
    #[must_use]
    pub const fn device(&self) -> DeviceId {
        self.terms.device
    }

    /// The static key it binds to the device.
    #[must_use]
    pub const fn static_key(&self) -> StaticPublic {
        self.terms.static_key
    }

    /// The epoch of the static key.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        self.terms.sequence
    }

    /// Checks that the certificate is valid at `now_unix` (Unix seconds), names a sound static key and is signed by
    /// its device, the cheapest first.
    ///
    /// # Errors
    ///
    /// The first [`CertificateError`].
    pub fn verify(&self, now_unix: u64) -> Result<(), CertificateError> {
        self.check_time(now_unix)?;
        self.check_static_key()?;
        self.check_signature()?;
        Ok(())
    }

    pub(crate) const fn check_time(&self, now_unix: u64) -> Result<(), CertificateError> {
        if now_unix < self.terms.not_before {
            return Err(CertificateError::NotYetValid);
        }
        if now_unix > self.terms.not_after {
            return Err(CertificateError::Expired);
        }
        Ok(())
    }

    pub(crate) fn check_static_key(&self) -> Result<(), CertificateError> {
        Ok(self.terms.static_key.check()?)
    }

    /// Checks the signature; returns the key of the device that made it.
    pub(crate) fn check_signature(&self) -> Result<DeviceKey, CertificateError> {
        let key = DeviceKey::new(&self.terms.device)?;
        key.verify(&Statement::StaticCert(self.terms.clone()), &self.signature)?;
        Ok(key)
    }
}

/// Why a static certificate is refused. Every variant is the fault of whoever presents it.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CertificateError {
    /// Not 156 bytes.
    #[error("certificate has the wrong length")]
    Length,
    /// A version this code does not know.
    #[error("certificate version {0} is unknown")]
    Version(u8),
    /// A flag this version does not know.
    #[error("certificate flags {0:#04x} are unknown")]
    Flags(u8),
    /// Bytes that have to be zero are not.
    #[error("reserved bytes of the certificate are not zero")]
    Reserved,
    /// It ends before it begins.
    #[error("certificate ends before it begins")]
    Lifetime,
    /// Its time has not come, or our clock is slow.
    #[error("certificate is not valid yet")]
    NotYetValid,
    /// Its time is over, or our clock is fast.
    #[error("certificate has expired")]
    Expired,
    /// The static key is one that proves nothing.
    #[error(transparent)]
    StaticKey(#[from] WeakKey),
    /// The device did not sign it.
    #[error("certificate: {0}")]
    Signature(#[from] SignatureError),
    /// The static secret beside the certificate belongs to another certificate: our own caller's fault.
    #[error("certificate names another static key than ours")]
    ForeignKey,
}

/// Our own certificate with the secret of the static key it names.
#[derive(Clone, Debug)]
pub struct CertifiedKey {
    certificate: StaticCertificate,
    digest: CertificateDigest,
    secret: StaticSecret,
}

impl CertifiedKey {
    /// Joins a certificate and its static secret.
    ///
    /// # Errors
    ///
    /// [`CertificateError::ForeignKey`] when the certificate names another static key.
    pub fn new(
        certificate: StaticCertificate,
        secret: StaticSecret,
    ) -> Result<Self, CertificateError> {
        if certificate.static_key() != *secret.public() {
            return Err(CertificateError::ForeignKey);
        }
        Ok(Self {
            digest: CertificateDigest::of(&certificate),
            certificate,
            secret,
        })
    }

    /// The certificate peers get to see.
    #[must_use]
    pub const fn certificate(&self) -> &StaticCertificate {
        &self.certificate
    }

    /// The digest of the certificate, which our proofs name.
    pub(crate) const fn digest(&self) -> &CertificateDigest {
        &self.digest
    }

    /// Whose key it is.
    #[must_use]
    pub const fn device(&self) -> DeviceId {
        self.certificate.device()
    }

    pub(crate) const fn secret(&self) -> &StaticSecret {
        &self.secret
    }
}
