//! The side that dials.

use core::fmt;

use zeroize::Zeroizing;

use super::{
    ACCEPT, CERTIFIED, Config, Established, HandshakeError, MAGIC, MESSAGE_1, MESSAGE_2, MESSAGE_3,
    PREAMBLE, Piece, REJECT, Suite, WIRE_VERSION, check_proof,
    noise::{Common, Noise, Split, hash},
    split_certified,
};
use crate::{
    announcement::Announcement,
    bytes_in::join,
    certificate::CertificateDigest,
    identity::{DeviceId, StaticPublic},
    record::{RecordError, ciphertext_len},
    side::Side,
    statement::{Proof, Signature, Statement},
    trust::Refusal,
};

/// The device to dial, from an announcement or ticket that was verified.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Target {
    /// Whom we mean. Nobody else can complete the handshake.
    pub device: DeviceId,
    /// The static key it announced.
    pub static_key: StaticPublic,
}

impl From<&Announcement> for Target {
    fn from(announcement: &Announcement) -> Self {
        Self {
            device: announcement.device(),
            static_key: announcement.static_key(),
        }
    }
}

/// Starts handshakes as the initiator.
#[derive(Debug)]
pub struct Initiator;

impl Initiator {
    /// Begins a handshake: gives the preamble and message 1, to be sent at once.
    ///
    /// `ephemeral` is 32 bytes from a cryptographic random source, never used before or after. `suite` is one the
    /// target announced: see [`Suites::preferred`](super::Suites::preferred).
    ///
    /// # Errors
    ///
    /// [`HandshakeError::OwnDevice`] when the target is ourselves, [`HandshakeError::Role`] when our certificate does
    /// not permit to initiate, [`HandshakeError::Certificate`] when the target's static key is weak.
    pub fn start(
        config: &Config,
        target: impl Into<Target>,
        suite: Suite,
        ephemeral: [u8; 32],
    ) -> Result<(AwaitMessage2, [u8; PREAMBLE + MESSAGE_1]), HandshakeError> {
        let ephemeral = Zeroizing::new(ephemeral);
        let target = target.into();
        if !config.key().certificate().terms().permits(Side::Initiator) {
            return Err(HandshakeError::Role(Side::Initiator));
        }
        if target.device == config.device() {
            return Err(HandshakeError::OwnDevice);
        }
        target.static_key.check()?;

        let common = Common {
            suite,
            realm: config.realm(),
            responder: target.device,
        };
        let mut noise = common.initiator(config.key().secret(), &target.static_key, &ephemeral)?;
        let mut message1 = [0; MESSAGE_1];
        noise
            .write_message(&[], &mut message1)
            .map_err(HandshakeError::noise(Piece::Message1))?;
        let first = join(&[
            &MAGIC,
            &WIRE_VERSION.to_be_bytes(),
            &[suite.number(), 0],
            &message1,
        ]);
        Ok((
            AwaitMessage2 {
                noise,
                config: config.clone(),
                target,
                suite,
            },
            first,
        ))
    }
}

/// Initiator: message 1 is sent, message 2 comes next.
pub struct AwaitMessage2 {
    noise: Noise,
    config: Config,
    target: Target,
    suite: Suite,
}

impl AwaitMessage2 {
    /// Takes message 2.
    ///
    /// # Errors
    ///
    /// [`HandshakeError::Decrypt`] when it is not the answer of the target to our message 1,
    /// [`HandshakeError::WeakKey`] when its ephemeral key is of low order.
    pub fn handle(mut self, message: &[u8; MESSAGE_2]) -> Result<InitiatorProof, HandshakeError> {
        self.noise
            .read_message(message, &mut [])
            .map_err(HandshakeError::noise(Piece::Message2))?;
        let statement = Statement::Initiator(Proof::new(
            hash(&self.noise)?,
            self.config.key().digest(),
            self.target.device,
            self.target.static_key,
        ));
        Ok(InitiatorProof {
            state: self,
            statement,
        })
    }
}

/// Initiator: our proof has to be signed.
pub struct InitiatorProof {
    state: AwaitMessage2,
    statement: Statement,
}

impl InitiatorProof {
    /// What our device has to sign.
    #[must_use]
    pub const fn statement(&self) -> &Statement {
        &self.statement
    }

    /// Takes the signature over [`statement`](Self::statement) and gives message 3, to be sent at once.
    ///
    /// A wrong signature is for the responder to find out.
    ///
    /// # Errors
    ///
    /// [`HandshakeError::WeakKey`] when the responder's ephemeral key is of low order.
    pub fn signed(
        self,
        signature: Signature,
    ) -> Result<(AwaitAccept, [u8; MESSAGE_3]), HandshakeError> {
        let AwaitMessage2 {
            mut noise,
            config,
            target,
            suite,
        } = self.state;
        let payload: [u8; CERTIFIED] =
            join(&[&config.key().certificate().encode(), signature.as_bytes()]);
        let mut message3 = [0; MESSAGE_3];
        noise
            .write_message(&payload, &mut message3)
            .map_err(HandshakeError::noise(Piece::Message3))?;
        let split = Split::new(noise, suite, Side::Initiator)?;
        Ok((
            AwaitAccept {
                split,
                config,
                target,
                suite,
            },
            message3,
        ))
    }
}

/// Initiator: everything is sent, the responder's record 0 decides. Nothing may be sent before.
pub struct AwaitAccept {
    split: Split,
    config: Config,
    target: Target,
    suite: Suite,
}

impl AwaitAccept {
    /// Reads the header of record 0: how many bytes follow.
    ///
    /// # Errors
    ///
    /// [`HandshakeError::Record0Length`] for all but the two lengths record 0 can have.
    pub fn record0_len(header: [u8; 2]) -> Result<usize, HandshakeError> {
        match ciphertext_len(header) {
            Ok(len @ (ACCEPT | REJECT)) => Ok(len),
            _ => Err(HandshakeError::Record0Length(
                u16::from_be_bytes(header).into(),
            )),
        }
    }

    /// Takes record 0, without its header, at `now_unix` (Unix seconds).
    ///
    /// # Errors
    ///
    /// [`HandshakeError::Refused`] when the responder does not want us; otherwise why we do not want the responder.
    pub fn handle(mut self, record0: &[u8], now_unix: u64) -> Result<Established, HandshakeError> {
        if !matches!(record0.len(), ACCEPT | REJECT) {
            return Err(HandshakeError::Record0Length(record0.len()));
        }
        let plaintext = self
            .split
            .opener
            .open(record0)
            .map_err(|error| match error {
                RecordError::BadTag => HandshakeError::Decrypt(Piece::Record0),
                other => other.into(),
            })?;
        let (status, rest) = plaintext.split_first().ok_or(HandshakeError::Malformed)?;
        match (*status, <&[u8; CERTIFIED]>::try_from(rest)) {
            (0, Ok(certified)) => self.accept(certified, now_unix),
            (0, Err(_)) | (_, Ok(_)) => Err(HandshakeError::Malformed),
            (status, Err(_)) => Err(Refusal::from_status(status).map_or(
                HandshakeError::UnknownStatus(status),
                HandshakeError::Refused,
            )),
        }
    }

    /// The order of checks is WIRE.md's: the cheapest first.
    fn accept(
        self,
        certified: &[u8; CERTIFIED],
        now_unix: u64,
    ) -> Result<Established, HandshakeError> {
        let (certificate, proof) = split_certified(certified)?;
        if !certificate.terms().permits(Side::Responder) {
            return Err(HandshakeError::Role(Side::Responder));
        }
        if certificate.device() == self.config.device() {
            return Err(HandshakeError::OwnDevice);
        }
        if certificate.device() != self.target.device {
            return Err(HandshakeError::WrongDevice);
        }
        certificate.check_time(now_unix)?;
        certificate.check_static_key()?;
        if certificate.static_key() != self.target.static_key {
            return Err(HandshakeError::WrongStaticKey);
        }
        let digest = CertificateDigest::of(&certificate);
        let key = self.config.memory.check_signature(&certificate, &digest)?;

        let own = self.config.key().certificate();
        let statement = Statement::Responder(Proof::new(
            self.split.final_hash,
            &digest,
            own.device(),
            own.static_key(),
        ));
        check_proof(&statement, &key, &proof)?;
        self.config
            .memory
            .remember(certificate.device(), key, digest, now_unix);

        Ok(Established {
            peer: certificate.device(),
            peer_certificate: certificate,
            session_id: self.split.session_id(),
            sealer: self.split.sealer,
            opener: self.split.opener,
            suite: self.suite,
            side: Side::Initiator,
        })
    }
}

impl fmt::Debug for AwaitMessage2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwaitMessage2")
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for InitiatorProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InitiatorProof")
            .field("statement", &self.statement)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for AwaitAccept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwaitAccept")
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}
