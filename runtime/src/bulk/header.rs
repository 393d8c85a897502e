//! What Open and Accept of a bulk channel carry. Format: WIRE.md, "Bulk".

use crate::store::Digest;

/// Which way the payload goes, seen from the opener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Push = 1,
    Pull = 2,
}

/// The 64 bytes that Open carries after the interface ID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OpenHeader {
    pub(super) direction: Direction,
    pub(super) digest: Digest,
    pub(super) length: u64,
    pub(super) offset: u64,
    pub(super) handle: u64,
}

impl OpenHeader {
    pub(super) const LEN: usize = 64;

    pub(super) fn push(digest: Digest, length: u64) -> Self {
        Self {
            direction: Direction::Push,
            digest,
            length,
            offset: 0,
            handle: 0,
        }
    }

    pub(super) fn pull(handle: u64) -> Self {
        Self {
            direction: Direction::Pull,
            digest: Digest::from_bytes([0; 32]),
            length: 0,
            offset: 0,
            handle,
        }
    }

    pub(super) fn encode(&self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        bytes[0] = self.direction as u8;
        bytes[8..40].copy_from_slice(self.digest.as_bytes());
        bytes[40..48].copy_from_slice(&self.length.to_le_bytes());
        bytes[48..56].copy_from_slice(&self.offset.to_le_bytes());
        bytes[56..64].copy_from_slice(&self.handle.to_le_bytes());
        bytes
    }

    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; Self::LEN] = bytes.try_into().ok()?;
        let direction = match bytes[0] {
            1 => Direction::Push,
            2 => Direction::Pull,
            _ => return None,
        };
        if bytes[1..8] != [0; 7] {
            return None;
        }
        let header = Self {
            direction,
            digest: digest(bytes, 8)?,
            length: number(bytes, 40)?,
            offset: number(bytes, 48)?,
            handle: number(bytes, 56)?,
        };
        // What a direction does not use is zero, so that it can get a meaning one day.
        let unused_is_zero = match direction {
            Direction::Push => header.handle == 0,
            Direction::Pull => header.length == 0 && *header.digest.as_bytes() == [0; 32],
        };
        unused_is_zero.then_some(header)
    }
}

/// What the Accept of a pull carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PullAccept {
    pub(super) offset: u64,
    pub(super) length: u64,
    pub(super) digest: Digest,
}

impl PullAccept {
    pub(super) fn encode(&self) -> [u8; 48] {
        let mut bytes = [0; 48];
        bytes[..8].copy_from_slice(&self.offset.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.length.to_le_bytes());
        bytes[16..].copy_from_slice(self.digest.as_bytes());
        bytes
    }

    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; 48] = bytes.try_into().ok()?;
        Some(Self {
            offset: number(bytes, 0)?,
            length: number(bytes, 8)?,
            digest: digest(bytes, 16)?,
        })
    }
}

/// The little-endian u64 at `at`.
pub(super) fn number(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u64::from_le_bytes(*bytes))
}

fn digest(bytes: &[u8], at: usize) -> Option<Digest> {
    Some(Digest::from_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_and_accept_read_back_as_written() {
        let mut open = OpenHeader::push(Digest::of(b"x"), 7);
        open.offset = 3;
        assert_eq!(OpenHeader::parse(&open.encode()), Some(open));
        let pull = OpenHeader::pull(u64::MAX);
        assert_eq!(OpenHeader::parse(&pull.encode()), Some(pull));
        let accept = PullAccept {
            offset: 1,
            length: 2,
            digest: Digest::of(b"y"),
        };
        assert_eq!(PullAccept::parse(&accept.encode()), Some(accept));
    }

    #[test]
    fn an_open_with_an_unknown_direction_or_other_length_is_refused() {
        let mut bytes = OpenHeader::pull(5).encode();
        assert_eq!(OpenHeader::parse(&bytes[..63]), None);
        bytes[0] = 3;
        assert_eq!(OpenHeader::parse(&bytes), None);
    }

    #[test]
    fn reserved_bytes_of_an_open_must_be_zero() {
        let mut bytes = OpenHeader::pull(5).encode();
        bytes[7] = 1;
        assert_eq!(OpenHeader::parse(&bytes), None);
    }

    #[test]
    fn fields_that_a_direction_does_not_use_must_be_zero() {
        let mut push = OpenHeader::push(Digest::of(b"x"), 7);
        push.handle = 1;
        assert_eq!(OpenHeader::parse(&push.encode()), None);
        let mut pull = OpenHeader::pull(5);
        pull.length = 1;
        assert_eq!(OpenHeader::parse(&pull.encode()), None);
        let mut pull = OpenHeader::pull(5);
        pull.digest = Digest::of(b"");
        assert_eq!(OpenHeader::parse(&pull.encode()), None);
    }
}
