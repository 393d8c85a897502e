//! snow, set up for this protocol.

use alloc::boxed::Box;

use sha2::{Digest, Sha256};
use snow::{Builder, HandshakeState};
use zeroize::Zeroizing;

use super::{HandshakeError, WIRE_VERSION};
use crate::{
    bytes_in::join,
    crypto::{Resolver, Suite},
    identity::{DeviceId, Realm, StaticPublic, StaticSecret},
    record::{Opener, Sealer},
    side::Side,
};

/// snow's state, in a place of its own: it is large, and moves from step to step and through every future that waits.
pub(super) type Noise = Box<HandshakeState>;

/// What both ends must agree on before the first message, or no message authenticates.
#[derive(Clone, Copy)]
pub(super) struct Common {
    pub(super) suite: Suite,
    pub(super) realm: Realm,
    /// The responder the initiator means.
    pub(super) responder: DeviceId,
}

impl Common {
    fn prologue(&self) -> [u8; 57] {
        join(&[
            b"DSoftBus-lite\0",
            &WIRE_VERSION.to_be_bytes(),
            &[self.suite.number()],
            self.realm.as_bytes(),
            self.responder.as_bytes(),
        ])
    }

    pub(super) fn initiator(
        &self,
        own: &StaticSecret,
        responder: &StaticPublic,
        ephemeral: &Zeroizing<[u8; 32]>,
    ) -> Result<Noise, HandshakeError> {
        let prologue = self.prologue();
        self.builder(own, &prologue, ephemeral)
            .and_then(|builder| {
                builder
                    .remote_public_key(responder.as_bytes())?
                    .build_initiator()
            })
            .map(Box::new)
            .map_err(|_| HandshakeError::Internal)
    }

    pub(super) fn responder(
        &self,
        own: &StaticSecret,
        ephemeral: &Zeroizing<[u8; 32]>,
    ) -> Result<Noise, HandshakeError> {
        let prologue = self.prologue();
        self.builder(own, &prologue, ephemeral)
            .and_then(Builder::build_responder)
            .map(Box::new)
            .map_err(|_| HandshakeError::Internal)
    }

    fn builder<'a>(
        &self,
        own: &'a StaticSecret,
        prologue: &'a [u8],
        ephemeral: &Zeroizing<[u8; 32]>,
    ) -> Result<Builder<'a>, snow::Error> {
        let resolver = Box::new(Resolver::new(ephemeral.clone(), own.pair()));
        Builder::with_resolver(self.suite.noise_name().parse()?, resolver)
            .local_private_key(own.secret_bytes())?
            .prologue(prologue)
    }
}

/// The handshake hash so far.
pub(super) fn hash(noise: &HandshakeState) -> Result<[u8; 32], HandshakeError> {
    noise
        .get_handshake_hash()
        .try_into()
        .map_err(|_| HandshakeError::Internal)
}

/// What a finished Noise handshake leaves behind.
pub(super) struct Split {
    pub(super) final_hash: [u8; 32],
    pub(super) sealer: Sealer,
    pub(super) opener: Opener,
}

impl Split {
    pub(super) fn new(mut noise: Noise, suite: Suite, side: Side) -> Result<Self, HandshakeError> {
        if !noise.is_handshake_finished() {
            return Err(HandshakeError::Internal);
        }
        let final_hash = hash(&noise)?;
        let keys = Zeroizing::new(<[[u8; 32]; 2]>::from(noise.dangerously_get_raw_split()));
        let [from_initiator, from_responder] = &*keys;
        let (ours, theirs) = match side {
            Side::Initiator => (from_initiator, from_responder),
            Side::Responder => (from_responder, from_initiator),
        };
        Ok(Self {
            final_hash,
            sealer: Sealer::new(suite, ours)?,
            opener: Opener::new(suite, theirs)?,
        })
    }

    pub(super) fn session_id(&self) -> [u8; 32] {
        Sha256::new()
            .chain_update(b"DSBL sid")
            .chain_update(self.final_hash)
            .finalize()
            .into()
    }
}
