//! Hands our primitives to snow.

use alloc::{boxed::Box, sync::Arc};
use core::cell::RefCell;

use snow::{
    params::{CipherChoice, DHChoice, HashChoice},
    resolvers::CryptoResolver,
    types::{Cipher, Dh, Hash, Random},
};
use zeroize::Zeroizing;

use super::{
    Suite,
    cipher::NoiseCipher,
    dh::{Pair, X25519},
    hash::NoiseHash,
};

/// The primitives of one handshake, with the randomness of its one ephemeral key.
pub(crate) struct Resolver {
    ephemeral: RefCell<Option<Ephemeral>>,
    /// The static key pair, where it was made before.
    own: RefCell<Option<Arc<Pair>>>,
}

impl Resolver {
    pub(crate) const fn new(ephemeral: Ephemeral, own: Option<Arc<Pair>>) -> Self {
        Self {
            ephemeral: RefCell::new(Some(ephemeral)),
            own: RefCell::new(own),
        }
    }
}

/// 32 random bytes for an ephemeral key, wiped when dropped.
pub(crate) type Ephemeral = Zeroizing<[u8; 32]>;

impl CryptoResolver for Resolver {
    fn resolve_rng(&self) -> Option<Box<dyn Random>> {
        Some(Box::new(OneShot(self.ephemeral.take())))
    }

    fn resolve_dh(&self, choice: &DHChoice) -> Option<Box<dyn Dh>> {
        match choice {
            // snow asks for the static pair first, and says which secret it wants.
            DHChoice::Curve25519 => Some(Box::new(X25519::with_ready(self.own.take()))),
            _ => None,
        }
    }

    fn resolve_hash(&self, choice: &HashChoice) -> Option<Box<dyn Hash>> {
        match choice {
            HashChoice::SHA256 => Some(Box::<NoiseHash>::default()),
            _ => None,
        }
    }

    fn resolve_cipher(&self, choice: &CipherChoice) -> Option<Box<dyn Cipher>> {
        match choice {
            CipherChoice::AESGCM => Some(Box::new(NoiseCipher::new(Suite::AesGcm))),
            CipherChoice::ChaChaPoly => Some(Box::new(NoiseCipher::new(Suite::ChaChaPoly))),
        }
    }
}

/// A random source that gives its 32 bytes once: an ephemeral key cannot be made twice from the same bytes.
struct OneShot(Option<Ephemeral>);

impl Random for OneShot {
    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), snow::Error> {
        let bytes = self.0.take().ok_or(snow::Error::Rng)?;
        let dest: &mut [u8; 32] = dest.try_into().map_err(|_| snow::Error::Rng)?;
        *dest = *bytes;
        Ok(())
    }
}
