//! [`VerifiedCertificates`]: whose certificates need not be verified again.

use alloc::collections::BTreeMap;
use core::fmt;

use sha2::{Digest, Sha256};

use super::StaticCertificate;
use crate::{
    identity::{DeviceId, base32_lower},
    statement::DeviceKey,
};

/// SHA-256 of a whole static certificate, as proofs name it and as it is remembered.
///
/// It covers all that a signature check looks at: the device, every term, and the signature itself. Two certificates with
/// one digest are the same bytes.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct CertificateDigest([u8; 32]);

impl CertificateDigest {
    /// The digest of `certificate`.
    #[must_use]
    pub fn of(certificate: &StaticCertificate) -> Self {
        Self(Sha256::digest(certificate.encode()).into())
    }

    /// The 32 bytes that a proof names.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for CertificateDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CertificateDigest({})", base32_lower(&self.0))
    }
}

/// Remembers certificates between handshakes: a lock around [`VerifiedCertificates`].
///
/// A handshake asks instead of verifying the *signature* of a certificate. Everything else is checked each time: times,
/// epoch, admission, that the certificate is for the key Noise authenticated, and the live proof.
pub trait CertificateMemory: Send + Sync {
    /// The key of `device`, if its certificate with this digest was given to [`remember`](Self::remember).
    ///
    /// A wrong answer lets a device use a static key that it never signed for.
    fn recall(&self, device: &DeviceId, digest: &CertificateDigest) -> Option<DeviceKey>;

    /// Takes a certificate whose signature was verified, of a device that was let in and has just proved, at `now_unix`
    /// (Unix seconds), that it is itself.
    fn remember(&self, device: DeviceId, key: DeviceKey, digest: CertificateDigest, now_unix: u64);
}

/// The digests of certificates whose signatures were verified: the newest of each device, for a bounded number of devices.
///
/// Only devices that were let in and proved themselves get in, and each has one place. When all places are taken, a new device gets the
/// place that was used least recently, and only if no handshake used it for [`KEPT_FOR`]: however many devices somebody
/// makes, those that come again and again stay.
#[derive(Debug)]
pub struct VerifiedCertificates {
    most: usize,
    devices: BTreeMap<DeviceId, Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    key: DeviceKey,
    digest: CertificateDigest,
    /// When the device last proved itself with it.
    used: u64,
}

/// Seconds for which a place cannot be taken by another device. Without it whoever makes devices in great number would
/// throw out all others.
pub const KEPT_FOR: u64 = 600;

impl VerifiedCertificates {
    /// A memory for the certificates of at most so many devices; with 0 it remembers none.
    #[must_use]
    pub const fn new(most: usize) -> Self {
        Self {
            most,
            devices: BTreeMap::new(),
        }
    }

    /// The key of the device, if this very certificate of it is remembered.
    #[must_use]
    pub fn recall(&self, device: &DeviceId, digest: &CertificateDigest) -> Option<DeviceKey> {
        let entry = self.devices.get(device)?;
        (entry.digest == *digest).then_some(entry.key)
    }

    /// Remembers a certificate in place of the device's last, if there is room.
    pub fn remember(
        &mut self,
        device: DeviceId,
        key: DeviceKey,
        digest: CertificateDigest,
        now_unix: u64,
    ) {
        let entry = Entry {
            key,
            digest,
            used: now_unix,
        };
        if let Some(known) = self.devices.get_mut(&device) {
            *known = entry;
        } else if self.devices.len() < self.most || self.forget_one(now_unix) {
            self.devices.insert(device, entry);
        }
    }

    /// How many certificates are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.devices.len()
    }

    /// Whether none is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.devices.is_empty()
    }

    /// Makes room where a place may be taken.
    fn forget_one(&mut self, now_unix: u64) -> bool {
        let oldest = self.devices.iter().min_by_key(|(_, entry)| entry.used);
        let Some((&device, entry)) = oldest else {
            return false;
        };
        // A clock that was ahead and is right again must not keep its places for ever.
        let free = now_unix.abs_diff(entry.used) >= KEPT_FOR;
        if free {
            self.devices.remove(&device);
        }
        free
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Seed;

    const NOW: u64 = 1_800_000_000;

    fn device(number: u8) -> DeviceId {
        Seed::from_bytes([number; 32]).device_id()
    }

    impl VerifiedCertificates {
        fn meet(&mut self, number: u8, digest: CertificateDigest, now_unix: u64) {
            let key = DeviceKey::new(&device(number)).unwrap();
            self.remember(device(number), key, digest, now_unix);
        }

        fn knows(&self, number: u8, digest: CertificateDigest) -> bool {
            let key = self.recall(&device(number), &digest);
            key.is_some_and(|key| key == DeviceKey::new(&device(number)).unwrap())
        }
    }

    fn digest(number: u8) -> CertificateDigest {
        CertificateDigest([number; 32])
    }

    fn filled(most: u8) -> VerifiedCertificates {
        let mut memory = VerifiedCertificates::new(most.into());
        for number in 0..most {
            memory.meet(number, digest(number), NOW + u64::from(number));
        }
        memory
    }

    #[test]
    fn a_cache_holds_no_more_than_its_bound() {
        let mut memory = VerifiedCertificates::new(3);
        for number in 0..=u8::MAX {
            let now = NOW + u64::from(number) * KEPT_FOR;
            memory.meet(number, digest(number), now);
            assert!(memory.len() <= 3);
            assert!(memory.knows(number, digest(number)));
        }
        assert_eq!(memory.len(), 3);
    }

    #[test]
    fn a_cache_of_none_remembers_nothing() {
        let mut memory = VerifiedCertificates::new(0);
        memory.meet(1, digest(1), NOW);
        assert!(memory.is_empty());
        assert!(!memory.knows(1, digest(1)));
    }

    #[test]
    fn another_certificate_or_another_device_is_not_known() {
        let memory = filled(2);
        assert!(memory.knows(1, digest(1)));
        assert!(!memory.knows(1, digest(0)));
        assert!(!memory.knows(2, digest(1)));
    }

    #[test]
    fn a_device_has_one_place_and_its_newest_certificate_takes_it() {
        let mut memory = filled(2);
        memory.meet(0, digest(9), NOW);
        assert_eq!(memory.len(), 2);
        assert!(!memory.knows(0, digest(0)));
        assert!(memory.knows(0, digest(9)));
        assert!(memory.knows(1, digest(1)));
    }

    #[test]
    fn a_crowd_of_devices_does_not_throw_out_those_in_use() {
        let mut memory = filled(4);
        for number in 100..200 {
            memory.meet(number, digest(number), NOW + KEPT_FOR - 1);
        }
        assert!((0..4).all(|number| memory.knows(number, digest(number))));
    }

    #[test]
    fn the_place_that_was_used_least_recently_is_taken_first() {
        let mut memory = filled(4);
        memory.meet(0, digest(0), NOW + 10);
        memory.meet(100, digest(100), NOW + KEPT_FOR + 3);
        let known = |number| memory.knows(number, digest(number));
        assert_eq!(
            [0, 1, 2, 3, 100].map(known),
            [true, false, true, true, true]
        );
    }

    #[test]
    fn a_clock_that_is_set_right_takes_places_as_time_does() {
        let mut memory = filled(2);
        memory.meet(100, digest(100), NOW - KEPT_FOR + 1);
        assert!(!memory.knows(100, digest(100)));
        memory.meet(100, digest(100), NOW - KEPT_FOR);
        assert!(memory.knows(100, digest(100)));
        assert_eq!(memory.len(), 2);
    }
}
