//! [`Devices`]: how many sessions each device has with this node.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use dsoftbus_proto::{
    identity::DeviceId,
    trust::{Admission, Refusal},
};

use crate::Trust;

/// Counts the sessions that devices opened.
#[derive(Debug)]
pub(super) struct Devices {
    /// Sessions that one device may have.
    most: usize,
    /// Only devices with a session are in here.
    sessions: Mutex<BTreeMap<DeviceId, usize>>,
}

impl Devices {
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            sessions: Mutex::default(),
        })
    }

    /// Takes a place for a session with `device`, which has proved who it is.
    pub(super) fn take(self: &Arc<Self>, device: DeviceId) -> Result<DevicePlace, Refusal> {
        let mut sessions = self.lock();
        let count = sessions.entry(device).or_default();
        if *count >= self.most {
            if *count == 0 {
                sessions.remove(&device);
            }
            return Err(Refusal::Busy);
        }
        *count += 1;
        Ok(DevicePlace {
            devices: Arc::clone(self),
            device,
        })
    }

    fn is_full(&self, device: &DeviceId) -> bool {
        self.lock().get(device).copied().unwrap_or(0) >= self.most
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<DeviceId, usize>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one session; free again when dropped.
#[derive(Debug)]
pub(super) struct DevicePlace {
    devices: Arc<Devices>,
    device: DeviceId,
}

impl Drop for DevicePlace {
    fn drop(&mut self) {
        let mut sessions = self.devices.lock();
        if let Some(count) = sessions.get_mut(&self.device) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                sessions.remove(&self.device);
            }
        }
    }
}

/// Lets in whom `trust` lets in, as long as it has a place left.
///
/// A look only: the device has not proved anything yet, and a claim must take no place from the device it is made of.
pub(super) struct Gate<'a> {
    pub(super) trust: &'a Trust,
    pub(super) devices: &'a Devices,
}

impl Admission for Gate<'_> {
    fn admit(&self, device: &DeviceId, certificate_sequence: u64) -> Result<(), Refusal> {
        self.trust.admit(device, certificate_sequence)?;
        if self.devices.is_full(device) {
            return Err(Refusal::Busy);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_has_a_bounded_number_of_places_and_gets_them_back() {
        let devices = Devices::new(2);
        let (one, other) = (DeviceId::from_bytes([1; 32]), DeviceId::from_bytes([2; 32]));
        let first = devices.take(one).unwrap();
        let _second = devices.take(one).unwrap();
        assert_eq!(devices.take(one).unwrap_err(), Refusal::Busy);
        let others = devices.take(other).unwrap();
        drop(first);
        let _third = devices.take(one).unwrap();
        drop(others);
        assert!(!devices.lock().contains_key(&other));
    }
}
