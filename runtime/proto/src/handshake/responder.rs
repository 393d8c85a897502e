//! The side that is dialled.

use alloc::{sync::Arc, vec::Vec};
use core::fmt;

use zeroize::Zeroizing;

use super::{
    CERTIFIED, Config, Established, HandshakeError, MAGIC, MESSAGE_1, MESSAGE_2, MESSAGE_3, Memory,
    PREAMBLE, Piece, Rejected, Suite, Suites, WIRE_VERSION, check_proof,
    noise::{Common, Noise, Split, hash},
    seal_record0, split_certified,
};
use crate::{
    certificate::{CertificateDigest, CertifiedKey, StaticCertificate},
    identity::{DeviceId, StaticPublic},
    side::Side,
    statement::{DeviceKey, Proof, Signature, Statement},
    trust::{Admission, Refusal},
};

/// Responder: the preamble comes next.
#[derive(Clone, Debug)]
pub struct Responder {
    config: Config,
    suites: Suites,
}

impl Responder {
    /// A responder that takes the suites it announced.
    #[must_use]
    pub const fn new(config: Config, suites: Suites) -> Self {
        Self { config, suites }
    }

    /// Takes the preamble.
    ///
    /// # Errors
    ///
    /// [`HandshakeError::BadMagic`], [`HandshakeError::UnsupportedVersion`], [`HandshakeError::UnsupportedSuite`],
    /// [`HandshakeError::BadPreamble`], in this order.
    pub fn handle_preamble(
        self,
        preamble: &[u8; PREAMBLE],
    ) -> Result<AwaitMessage1, HandshakeError> {
        let [m0, m1, m2, m3, v0, v1, suite, zero] = *preamble;
        if [m0, m1, m2, m3] != MAGIC {
            return Err(HandshakeError::BadMagic);
        }
        let version = u16::from_be_bytes([v0, v1]);
        if version != WIRE_VERSION {
            return Err(HandshakeError::UnsupportedVersion(version));
        }
        let suite = Suite::from_number(suite)
            .filter(|suite| self.suites.contains(*suite))
            .ok_or(HandshakeError::UnsupportedSuite(suite))?;
        if zero != 0 {
            return Err(HandshakeError::BadPreamble);
        }
        Ok(AwaitMessage1 {
            config: self.config,
            suite,
        })
    }
}

/// Responder: message 1 comes next.
#[derive(Debug)]
pub struct AwaitMessage1 {
    config: Config,
    suite: Suite,
}

impl AwaitMessage1 {
    /// Takes message 1 and gives message 2, to be sent at once.
    ///
    /// `ephemeral` is 32 bytes from a cryptographic random source, never used before or after.
    ///
    /// # Errors
    ///
    /// [`HandshakeError::Role`] when our certificate does not permit to respond; [`HandshakeError::Decrypt`] when the
    /// message is damaged or meant for another device, static key, realm, version or suite;
    /// [`HandshakeError::WeakKey`] when its ephemeral key is of low order.
    pub fn handle(
        self,
        message: &[u8; MESSAGE_1],
        ephemeral: [u8; 32],
    ) -> Result<(AwaitMessage3, [u8; MESSAGE_2]), HandshakeError> {
        let ephemeral = Zeroizing::new(ephemeral);
        let common = Common {
            suite: self.suite,
            realm: self.config.realm,
            responder: self.config.device(),
        };
        let attempt = |key: &Arc<CertifiedKey>| {
            if !key.certificate().terms().permits(Side::Responder) {
                return Err(HandshakeError::Role(Side::Responder));
            }
            let mut noise = common.responder(key.secret(), &ephemeral)?;
            noise
                .read_message(message, &mut [])
                .map_err(HandshakeError::noise(Piece::Message1))?;
            Ok((noise, key.clone()))
        };
        let (mut noise, key) = match (attempt(&self.config.key), &self.config.previous) {
            // Only the static key can make the difference: the previous one may still be in announcements.
            (Err(HandshakeError::Decrypt(_)), Some(previous)) => attempt(previous)?,
            (result, _) => result?,
        };
        let mut message2 = [0; MESSAGE_2];
        noise
            .write_message(&[], &mut message2)
            .map_err(HandshakeError::noise(Piece::Message2))?;
        Ok((
            AwaitMessage3 {
                noise,
                key,
                memory: self.config.memory,
                suite: self.suite,
            },
            message2,
        ))
    }
}

/// Responder: message 2 is sent, message 3 comes next.
pub struct AwaitMessage3 {
    noise: Noise,
    key: Arc<CertifiedKey>,
    memory: Memory,
    suite: Suite,
}

impl AwaitMessage3 {
    /// Takes message 3 and checks who the initiator is, at `now_unix` (Unix seconds).
    ///
    /// # Errors
    ///
    /// [`Rejected`] with the first check that failed. It carries a reply when the initiator proved who it is and only
    /// `admission` refused it.
    pub fn handle(
        mut self,
        message: &[u8; MESSAGE_3],
        admission: &(impl Admission + ?Sized),
        now_unix: u64,
    ) -> Result<ResponderProof, Rejected> {
        let hash_after_2 = hash(&self.noise)?;
        let mut payload = [0; CERTIFIED];
        self.noise
            .read_message(message, &mut payload)
            .map_err(HandshakeError::noise(Piece::Message3))?;
        let noise_static = self
            .noise
            .get_remote_static()
            .and_then(|key| <[u8; 32]>::try_from(key).ok());
        let noise_static = StaticPublic::from_bytes(noise_static.ok_or(HandshakeError::Internal)?);

        let (certificate, proof) = split_certified(&payload)?;
        if !certificate.terms().permits(Side::Initiator) {
            return Err(HandshakeError::Role(Side::Initiator).into());
        }
        if certificate.device() == self.key.device() {
            return Err(HandshakeError::OwnDevice.into());
        }
        // Who is refused still has to prove itself before it is told: the answer is for that device alone.
        let admitted = admission.admit(&certificate.device(), certificate.sequence());
        let digest = CertificateDigest::of(&certificate);
        let received = Received {
            certificate: &certificate,
            digest: &digest,
            proof: &proof,
        };
        let verified = self.verify(&received, noise_static, hash_after_2, now_unix);
        if let Err(refusal) = admitted {
            let error = refusal.into();
            let reply = verified
                .and_then(|_| ResponderProof::new(self, certificate)?.refuse(refusal))
                .ok();
            return Err(Rejected { error, reply });
        }
        let key = verified?;
        self.memory
            .remember(certificate.device(), key, digest, now_unix);
        Ok(ResponderProof::new(self, certificate)?)
    }

    fn verify(
        &self,
        received: &Received<'_>,
        noise_static: StaticPublic,
        hash_after_2: [u8; 32],
        now_unix: u64,
    ) -> Result<DeviceKey, HandshakeError> {
        let Received {
            certificate,
            digest,
            proof,
        } = *received;
        certificate.check_time(now_unix)?;
        certificate.check_static_key()?;
        if certificate.static_key() != noise_static {
            return Err(HandshakeError::WrongStaticKey);
        }
        let key = self.memory.check_signature(certificate, digest)?;
        let own = self.key.certificate();
        let statement = Statement::Initiator(Proof::new(
            hash_after_2,
            digest,
            own.device(),
            own.static_key(),
        ));
        check_proof(&statement, &key, proof)?;
        Ok(key)
    }
}

/// What message 3 carries.
struct Received<'a> {
    certificate: &'a StaticCertificate,
    digest: &'a CertificateDigest,
    proof: &'a Signature,
}

/// Responder: the initiator is verified and admitted; our own proof has to be signed.
pub struct ResponderProof {
    split: Split,
    key: Arc<CertifiedKey>,
    suite: Suite,
    peer: StaticCertificate,
    statement: Statement,
}

impl ResponderProof {
    fn new(state: AwaitMessage3, peer: StaticCertificate) -> Result<Self, HandshakeError> {
        let AwaitMessage3 {
            noise, key, suite, ..
        } = state;
        let split = Split::new(noise, suite, Side::Responder)?;
        let statement = Statement::Responder(Proof::new(
            split.final_hash,
            key.digest(),
            peer.device(),
            peer.static_key(),
        ));
        Ok(Self {
            split,
            key,
            suite,
            peer,
            statement,
        })
    }

    /// The initiator's proven device ID.
    #[must_use]
    pub const fn peer(&self) -> DeviceId {
        self.peer.device()
    }

    /// What our device has to sign.
    #[must_use]
    pub const fn statement(&self) -> &Statement {
        &self.statement
    }

    /// Takes the signature over [`statement`](Self::statement) and gives the whole of record 0, to be sent at once.
    ///
    /// A wrong signature is for the initiator to find out.
    ///
    /// # Errors
    ///
    /// [`HandshakeError::Record`] when the record cannot be sealed.
    pub fn signed(
        mut self,
        signature: Signature,
    ) -> Result<(Established, Vec<u8>), HandshakeError> {
        let certificate = self.key.certificate().encode();
        let record0 = seal_record0(
            &mut self.split.sealer,
            0,
            &[&certificate, signature.as_bytes()],
        )?;
        let established = Established {
            peer: self.peer.device(),
            peer_certificate: self.peer,
            session_id: self.split.session_id(),
            sealer: self.split.sealer,
            opener: self.split.opener,
            suite: self.suite,
            side: Side::Responder,
        };
        Ok((established, record0))
    }

    /// Refuses the initiator after all and gives the whole of record 0, to be sent before closing.
    ///
    /// # Errors
    ///
    /// [`HandshakeError::Record`] when the record cannot be sealed.
    pub fn refuse(mut self, refusal: Refusal) -> Result<Vec<u8>, HandshakeError> {
        seal_record0(&mut self.split.sealer, refusal.status(), &[])
    }
}

impl fmt::Debug for AwaitMessage3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwaitMessage3")
            .field("suite", &self.suite)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ResponderProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponderProof")
            .field("peer", &self.peer.device())
            .finish_non_exhaustive()
    }
}
