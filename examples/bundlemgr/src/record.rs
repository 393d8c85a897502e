//! What the index holds under the name of a bundle.

use dsoftbus::{DeviceId, store::Digest};

use crate::BundleInfo;

/// First byte of every record.
const VERSION: u8 = 1;

/// An installed bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) digest: Digest,
    /// Length of the payload in bytes.
    pub(crate) len: u64,
    /// Seconds since the Unix epoch.
    pub(crate) installed_at: u64,
    /// The device that installed it, whose quota it counts against.
    pub(crate) owner: DeviceId,
}

impl Record {
    const LEN: usize = 1 + 32 + 8 + 8 + 32;

    /// `version u8 ‖ digest [32] ‖ length u64 ‖ installed at u64 ‖ owner [32]`, little-endian.
    pub(crate) fn encode(&self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        bytes[0] = VERSION;
        bytes[1..33].copy_from_slice(self.digest.as_bytes());
        bytes[33..41].copy_from_slice(&self.len.to_le_bytes());
        bytes[41..49].copy_from_slice(&self.installed_at.to_le_bytes());
        bytes[49..81].copy_from_slice(self.owner.as_bytes());
        bytes
    }

    /// Reads what [`encode`](Self::encode) wrote; `None` for anything else.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (&version, rest) = bytes.split_first()?;
        let (&digest, rest) = rest.split_first_chunk::<32>()?;
        let (&len, rest) = rest.split_first_chunk::<8>()?;
        let (&installed_at, rest) = rest.split_first_chunk::<8>()?;
        let owner = <[u8; 32]>::try_from(rest).ok()?;
        (version == VERSION).then_some(Self {
            digest: Digest::from_bytes(digest),
            len: u64::from_le_bytes(len),
            installed_at: u64::from_le_bytes(installed_at),
            owner: DeviceId::from_bytes(owner),
        })
    }

    /// What callers are told. The owner is none of their business.
    pub(crate) fn describe(&self, name: &str) -> BundleInfo {
        BundleInfo {
            name: name.to_owned(),
            bytes_len: self.len,
            digest: self.digest.as_bytes().to_vec(),
            installed_at: self.installed_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record {
            digest: Digest::of(b"payload"),
            len: 7,
            installed_at: 1_700_000_000,
            owner: DeviceId::from_bytes([9; 32]),
        }
    }

    #[test]
    fn a_record_reads_back() {
        assert_eq!(Record::decode(&record().encode()), Some(record()));
    }

    #[test]
    fn records_of_another_length_or_version_are_not_guessed_at() {
        let bytes = record().encode();
        for len in 0..bytes.len() {
            assert_eq!(Record::decode(&bytes[..len]), None);
        }
        assert_eq!(Record::decode(&[&bytes[..], &[0]].concat()), None);
        let mut newer = bytes;
        newer[0] = 2;
        assert_eq!(Record::decode(&newer), None);
    }
}
