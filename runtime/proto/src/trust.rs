//! Whom we let in. The handshake says who a peer is; this says whether that is enough.

use alloc::collections::{BTreeMap, BTreeSet};

use crate::identity::DeviceId;

/// Decides whether a device may have a session.
///
/// Asked once per handshake, before the costly signature checks and therefore about a device that has *claimed* its
/// identity, not proved it: answer from memory, change nothing.
pub trait Admission {
    /// Admits a device that presents a static certificate with this sequence number.
    ///
    /// # Errors
    ///
    /// The [`Refusal`] to tell the peer once it has proved its identity.
    fn admit(&self, device: &DeviceId, certificate_sequence: u64) -> Result<(), Refusal>;
}

/// Why a device gets no session although it may be who it says.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// No rule lets this device in.
    #[error("device is not allowed")]
    NotAllowed,
    /// No room for another session; later may be better.
    #[error("no session is free")]
    Busy,
    /// The device, or this certificate of it, was revoked.
    #[error("device or its certificate is revoked")]
    Revoked,
    /// The certificate is older than the oldest we accept of this device. The peer is told "revoked".
    #[error("certificate sequence is below the floor")]
    BelowFloor,
}

impl Refusal {
    /// The status byte that tells the peer. Format: WIRE.md, "Handshake".
    #[must_use]
    pub const fn status(self) -> u8 {
        match self {
            Self::NotAllowed => 1,
            Self::Busy => 2,
            Self::Revoked | Self::BelowFloor => 3,
        }
    }

    /// The refusal behind a received status byte; `None` for 0 and for numbers unknown to this version.
    #[must_use]
    pub const fn from_status(status: u8) -> Option<Self> {
        match status {
            1 => Some(Self::NotAllowed),
            2 => Some(Self::Busy),
            3 => Some(Self::Revoked),
            _ => None,
        }
    }
}

/// An admission rule in memory: a set of devices, or anyone, minus the revoked.
///
/// The default admits nobody. Revocation wins over everything else.
#[derive(Clone, Debug, Default)]
pub struct AllowList {
    anyone: bool,
    devices: BTreeSet<DeviceId>,
    revoked: BTreeSet<DeviceId>,
    floors: BTreeMap<DeviceId, u64>,
}

impl AllowList {
    /// Admits every device that is not revoked.
    #[must_use]
    pub fn anyone() -> Self {
        Self {
            anyone: true,
            ..Self::default()
        }
    }

    /// Admits these devices.
    #[must_use]
    pub fn devices(devices: impl IntoIterator<Item = DeviceId>) -> Self {
        Self {
            devices: devices.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Admits one more device. Does not lift a revocation.
    pub fn allow(&mut self, device: DeviceId) {
        self.devices.insert(device);
    }

    /// Forgets a device: it is a stranger again.
    pub fn remove(&mut self, device: &DeviceId) {
        self.devices.remove(device);
    }

    /// Refuses a device for good.
    pub fn revoke(&mut self, device: DeviceId) {
        self.revoked.insert(device);
    }

    /// Refuses certificates of a device with a sequence below `floor`. A floor never sinks.
    pub fn raise_floor(&mut self, device: DeviceId, floor: u64) {
        let current = self.floors.entry(device).or_default();
        *current = floor.max(*current);
    }
}

impl Admission for AllowList {
    fn admit(&self, device: &DeviceId, certificate_sequence: u64) -> Result<(), Refusal> {
        if self.revoked.contains(device) {
            return Err(Refusal::Revoked);
        }
        if !self.anyone && !self.devices.contains(device) {
            return Err(Refusal::NotAllowed);
        }
        if self
            .floors
            .get(device)
            .is_some_and(|floor| certificate_sequence < *floor)
        {
            return Err(Refusal::BelowFloor);
        }
        Ok(())
    }
}
