//! How much a bundle manager takes.

use dsoftbus::store;

/// Most bundles that a bundle manager can hold, whatever [`Limits`] say.
///
/// `list` answers with all of them in one message of at most 1 MiB; with the longest names this many take 560 KiB.
pub const MAX_BUNDLES: usize = 4_096;

/// How much a bundle manager takes. Peers decide what is installed, so without these one of them fills the disk.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Limits {
    /// What the store takes: all payloads together, and each of them. Default 1 GiB and 256 MiB.
    pub store: store::Limits,
    /// Bundles at once. Default [`MAX_BUNDLES`], which is also the most.
    pub bundles: usize,
    /// Bundles that one device may have installed at once. Default 1,024, so that no device takes all the names.
    pub device_bundles: usize,
    /// Bytes of all bundles that one device has installed. Default 512 MiB, half the store. A payload that two bundles share
    /// counts for both: nobody learns from the quota what others have installed.
    pub device_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            store: store::Limits::default(),
            bundles: MAX_BUNDLES,
            device_bundles: 1_024,
            device_bytes: 512 << 20,
        }
    }
}

impl Limits {
    /// Limits what the store takes.
    #[must_use]
    pub fn store(mut self, limits: store::Limits) -> Self {
        self.store = limits;
        self
    }

    /// Limits the number of bundles.
    #[must_use]
    pub fn bundles(mut self, bundles: usize) -> Self {
        self.bundles = bundles.min(MAX_BUNDLES);
        self
    }

    /// Limits the number of bundles of one device.
    #[must_use]
    pub fn device_bundles(mut self, bundles: usize) -> Self {
        self.device_bundles = bundles;
        self
    }

    /// Limits the bytes of all bundles of one device.
    #[must_use]
    pub fn device_bytes(mut self, bytes: u64) -> Self {
        self.device_bytes = bytes;
        self
    }
}
