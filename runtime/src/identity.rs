//! Who this device is: [`Identity`], and [`IdentityProvider`] for those who keep the key elsewhere.

use std::{fmt, io, path::Path, time::SystemTime};

use dsoftbus_proto::{
    certificate::{CertifiedKey, Terms},
    identity::{DeviceId, Seed, derive_static},
    statement::{Signature, Statement},
};
use futures::future::BoxFuture;
use zeroize::Zeroizing;

use crate::{IdentityError, keyfile::KeyFile};

/// How long a static certificate made here is valid, in seconds: 30 days, after which a stolen static key is worthless.
const CERTIFICATE_LIFETIME: u64 = 30 * 24 * 60 * 60;

/// How far a certificate starts in the past, in seconds, for peers whose clocks are behind.
const CLOCK_TOLERANCE: u64 = 300;

/// Keeps a device key and signs with it: a key file, a key in memory, or a daemon elsewhere.
///
/// Only statements of the protocol can be signed; nothing here signs bytes of a caller's choice.
pub trait IdentityProvider: Send + Sync + 'static {
    /// The device whose key this is.
    fn device_id(&self) -> DeviceId;

    /// The static key of the current epoch, with a certificate that is valid now.
    ///
    /// # Errors
    ///
    /// When the key cannot be had.
    fn certified_key(&self) -> BoxFuture<'_, Result<CertifiedKey, IdentityError>>;

    /// Signs a statement with the device key.
    ///
    /// # Errors
    ///
    /// When the provider cannot or will not sign.
    fn sign(&self, statement: Statement) -> BoxFuture<'_, Result<Signature, IdentityError>>;
}

/// A device key in this process: from a key file, or made for this run only.
pub struct Identity {
    seed: Seed,
    epoch: u32,
}

impl Identity {
    /// Reads the key file at `path`, or makes a new device key there (mode 0600).
    ///
    /// # Errors
    ///
    /// [`IdentityError::KeyFile`] when the file is damaged, readable by others, or cannot be made. An existing file is
    /// never overwritten.
    pub fn load_or_create(path: impl AsRef<Path>) -> Result<Self, IdentityError> {
        let file = KeyFile::load_or_create(path, |bytes| {
            getrandom::fill(bytes).map_err(io::Error::other)
        })?;
        Ok(Self::from_seed(**file.seed(), file.epoch()))
    }

    /// Makes a key that is gone with this value.
    ///
    /// # Errors
    ///
    /// When the system has no randomness to give.
    pub fn ephemeral() -> Result<Self, IdentityError> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut_slice()).map_err(IdentityError::Random)?;
        Ok(Self::from_seed(*seed, 0))
    }

    /// The identity whose Ed25519 secret is `seed`, with the static key of `epoch`.
    pub fn from_seed(seed: [u8; 32], epoch: u32) -> Self {
        Self {
            seed: Seed::from_bytes(seed),
            epoch,
        }
    }
}

impl IdentityProvider for Identity {
    fn device_id(&self) -> DeviceId {
        self.seed.device_id()
    }

    fn certified_key(&self) -> BoxFuture<'_, Result<CertifiedKey, IdentityError>> {
        let secret = derive_static(&self.seed, self.epoch);
        let now = unix_now();
        let mut terms = Terms::new(self.device_id(), *secret.public(), u64::from(self.epoch));
        terms.not_before = now.saturating_sub(CLOCK_TOLERANCE);
        terms.not_after = now.saturating_add(CERTIFICATE_LIFETIME);
        let key = CertifiedKey::new(terms.sign(&self.seed), secret)
            .map_err(|error| IdentityError::Provider(error.to_string()));
        Box::pin(std::future::ready(key))
    }

    fn sign(&self, statement: Statement) -> BoxFuture<'_, Result<Signature, IdentityError>> {
        Box::pin(std::future::ready(Ok(self.seed.sign(&statement))))
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("device", &self.device_id())
            .field("epoch", &self.epoch)
            .finish_non_exhaustive()
    }
}

/// Milliseconds since 1970: sequence numbers of announcements, which must rise even when a node restarts at once.
pub(crate) fn unix_millis() -> u64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| {
            u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
        })
}

/// Seconds since 1970, as certificates count them. A clock before that reads 0, and no certificate is valid.
pub(crate) fn unix_now() -> u64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
