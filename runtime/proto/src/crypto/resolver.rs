//! Hands our primitives to snow.

use alloc::boxed::Box;
use core::cell::RefCell;

use snow::{
    params::{CipherChoice, DHChoice, HashChoice},
    resolvers::CryptoResolver,
    types::{Cipher, Dh, Hash, Random},
};
use zeroize::Zeroizing;

use super::{Suite, cipher::NoiseCipher, dh::X25519, hash::NoiseHash};

/// The primitives of one handshake, with the randomness of its one ephemeral key.
pub(crate) struct Resolver(RefCell<Option<Ephemeral>>);

impl Resolver {
    pub(crate) const fn new(ephemeral: Ephemeral) -> Self {
        Self(RefCell::new(Some(ephemeral)))
    }
}

/// 32 random bytes for an ephemeral key, wiped when dropped.
pub(crate) type Ephemeral = Zeroizing<[u8; 32]>;

impl CryptoResolver for Resolver {
    fn resolve_rng(&self) -> Option<Box<dyn Random>> {
        Some(Box::new(OneShot(self.0.take())))
    }

    fn resolve_dh(&self, choice: &DHChoice) -> Option<Box<dyn Dh>> {
        match choice {
            DHChoice::Curve25519 => Some(Box::<X25519>::default()),
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
