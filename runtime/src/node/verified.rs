//! [`Verified`]: the certificates that the handshakes of a node have verified.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use dsoftbus_proto::{
    certificate::{CertificateDigest, CertificateMemory, VerifiedCertificates},
    identity::DeviceId,
    statement::DeviceKey,
};

/// The certificates that the handshakes of a node have verified.
pub(super) struct Verified(Mutex<VerifiedCertificates>);

impl Verified {
    /// For at most so many devices.
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self(Mutex::new(VerifiedCertificates::new(most))))
    }

    fn lock(&self) -> MutexGuard<'_, VerifiedCertificates> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CertificateMemory for Verified {
    fn recall(&self, device: &DeviceId, digest: &CertificateDigest) -> Option<DeviceKey> {
        self.lock().recall(device, digest)
    }

    fn remember(&self, device: DeviceId, key: DeviceKey, digest: CertificateDigest, now_unix: u64) {
        self.lock().remember(device, key, digest, now_unix);
    }
}

impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified")
            .field("devices", &self.lock().len())
            .finish_non_exhaustive()
    }
}
