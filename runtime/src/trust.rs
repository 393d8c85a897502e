//! [`Trust`]: which devices may open a session here, and which services they may reach.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use dsoftbus_proto::{
    identity::{DeviceId, ParseDeviceIdError},
    trust::{Admission, Refusal},
};
use thiserror::Error;

/// Largest trust file, in bytes: ten thousand devices. A larger one is a mistake.
const MAX_FILE: u64 = 1 << 20;

/// Which devices may open a session here, and which services they may reach.
///
/// Authentication says who a device is; trust says what it may do. A node without a rule refuses every device. Trust is
/// about those who call this node: dialling a device by its ID or ticket needs no rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    anyone: bool,
    devices: BTreeMap<DeviceId, Channels>,
    revoked: BTreeSet<DeviceId>,
    floors: BTreeMap<DeviceId, u64>,
}

/// Logical channels that a device may open.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Channels {
    All,
    Some(BTreeSet<u16>),
}

impl Trust {
    /// No device may do anything.
    pub fn nobody() -> Self {
        Self::default()
    }

    /// Every device that proves its own key may reach every service.
    pub fn anyone() -> Self {
        Self {
            anyone: true,
            ..Self::default()
        }
    }

    /// These devices may reach every service.
    pub fn devices(devices: impl IntoIterator<Item = DeviceId>) -> Self {
        devices.into_iter().fold(Self::default(), Self::device)
    }

    /// Reads a trust file: one device ID a line, followed by the logical channels it may open (`0x0101`, decimal, or
    /// nothing for all). `#` starts a comment.
    ///
    /// # Errors
    ///
    /// [`TrustFileError`] when the file cannot be read or a line is not understood: nobody is trusted by mistake.
    pub fn file(path: impl AsRef<Path>) -> Result<Self, TrustFileError> {
        let path = path.as_ref();
        let read = |source: io::Error| TrustFileError::Read {
            path: path.to_owned(),
            source,
        };
        if fs::metadata(path).map_err(read)?.len() > MAX_FILE {
            return Err(read(io::Error::other("the file is larger than 1 MiB")));
        }
        let text = fs::read_to_string(path).map_err(read)?;
        let mut trust = Self::default();
        for (number, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default();
            let mut words = line.split_whitespace();
            let Some(device) = words.next() else { continue };
            let device: DeviceId = device.parse().map_err(|source| TrustFileError::Device {
                path: path.to_owned(),
                line: number + 1,
                source,
            })?;
            let channels: Vec<u16> = words
                .map(|word| {
                    parse_channel(word).ok_or_else(|| TrustFileError::Channel {
                        path: path.to_owned(),
                        line: number + 1,
                        word: word.to_owned(),
                    })
                })
                .collect::<Result<_, _>>()?;
            trust = if channels.is_empty() {
                trust.device(device)
            } else {
                trust.device_on(device, channels)
            };
        }
        Ok(trust)
    }

    /// Adds a device that may reach every service.
    #[must_use]
    pub fn device(mut self, device: DeviceId) -> Self {
        self.devices.insert(device, Channels::All);
        self
    }

    /// Adds a device that may open these logical channels only.
    #[must_use]
    pub fn device_on(mut self, device: DeviceId, channels: impl IntoIterator<Item = u16>) -> Self {
        self.devices
            .insert(device, Channels::Some(channels.into_iter().collect()));
        self
    }

    /// Refuses a device, whatever other rules say.
    #[must_use]
    pub fn revoke(mut self, device: DeviceId) -> Self {
        self.revoked.insert(device);
        self
    }

    /// Refuses static certificates of `device` with a sequence number below `floor`: older static keys are revoked.
    #[must_use]
    pub fn floor(mut self, device: DeviceId, floor: u64) -> Self {
        self.floors.insert(device, floor);
        self
    }

    /// Whether `device` may open logical channel `channel`.
    pub fn permits(&self, device: &DeviceId, channel: u16) -> bool {
        if self.revoked.contains(device) {
            return false;
        }
        match self.devices.get(device) {
            Some(Channels::All) => true,
            Some(Channels::Some(channels)) => channels.contains(&channel),
            None => self.anyone,
        }
    }
}

impl Admission for Trust {
    fn admit(&self, device: &DeviceId, certificate_sequence: u64) -> Result<(), Refusal> {
        if self.revoked.contains(device) {
            return Err(Refusal::Revoked);
        }
        if !self.anyone && !self.devices.contains_key(device) {
            return Err(Refusal::NotAllowed);
        }
        match self.floors.get(device) {
            Some(&floor) if certificate_sequence < floor => Err(Refusal::BelowFloor),
            _ => Ok(()),
        }
    }
}

/// Why a trust file was not taken.
#[non_exhaustive]
#[derive(Debug, Error)]
pub enum TrustFileError {
    /// The file cannot be read.
    #[error("trust file {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A line does not start with a device ID.
    #[error("trust file {}, line {line}: {source}", path.display())]
    Device {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong with the ID.
        source: ParseDeviceIdError,
    },
    /// A word after the device ID is not a logical channel ID.
    #[error("trust file {}, line {line}: '{word}' is not a logical channel ID", path.display())]
    Channel {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// The word.
        word: String,
    },
}

fn parse_channel(word: &str) -> Option<u16> {
    match word.strip_prefix("0x") {
        Some(digits) => u16::from_str_radix(digits, 16).ok(),
        None => word.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use dsoftbus_proto::identity::Seed;

    use super::*;

    fn device(n: u8) -> DeviceId {
        Seed::from_bytes([n; 32]).device_id()
    }

    #[test]
    fn without_a_rule_every_device_is_refused() {
        let trust = Trust::nobody();
        assert_eq!(trust.admit(&device(1), 0), Err(Refusal::NotAllowed));
        assert!(!trust.permits(&device(1), 0x0101));
    }

    #[test]
    fn a_device_reaches_only_the_channels_it_was_given() {
        let trust = Trust::nobody().device_on(device(1), [0x0101]);
        assert_eq!(trust.admit(&device(1), 0), Ok(()));
        assert!(trust.permits(&device(1), 0x0101));
        assert!(!trust.permits(&device(1), 0x0102));
        assert_eq!(trust.admit(&device(2), 0), Err(Refusal::NotAllowed));
    }

    #[test]
    fn a_revoked_device_is_refused_even_where_anyone_is_welcome() {
        let trust = Trust::anyone().revoke(device(1));
        assert_eq!(trust.admit(&device(1), 9), Err(Refusal::Revoked));
        assert!(!trust.permits(&device(1), 0x0101));
        assert_eq!(trust.admit(&device(2), 0), Ok(()));
    }

    #[test]
    fn a_certificate_below_the_floor_is_refused() {
        let trust = Trust::anyone().floor(device(1), 3);
        assert_eq!(trust.admit(&device(1), 2), Err(Refusal::BelowFloor));
        assert_eq!(trust.admit(&device(1), 3), Ok(()));
    }

    #[test]
    fn a_trust_file_names_devices_and_channels() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("trust");
        fs::write(
            &path,
            format!("# home\n{} 0x0101 16\n{}\n", device(1), device(2)),
        )
        .unwrap();
        let trust = Trust::file(&path).unwrap();
        let expected = Trust::nobody()
            .device_on(device(1), [0x0101, 16])
            .device(device(2));
        assert_eq!(trust, expected);
    }

    #[test]
    fn a_trust_file_with_a_damaged_line_trusts_nobody() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("trust");
        fs::write(&path, format!("{}\nxyz\n", device(1))).unwrap();
        assert!(matches!(
            Trust::file(&path),
            Err(TrustFileError::Device { line: 2, .. })
        ));
    }
}
