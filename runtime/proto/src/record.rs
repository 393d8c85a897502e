//! Records: everything after the handshake, encrypted. Format: WIRE.md, "Records".

use alloc::{sync::Arc, vec::Vec};
use core::fmt;

use bytes::Bytes;

use crate::{
    buffer::Aligned,
    crypto::{Aead, AeadError, Suite},
};

/// Bytes in front of every record: its length.
pub const HEADER: usize = 2;

/// Bytes of the authentication tag at the end of every record.
pub const TAG: usize = crate::crypto::TAG;

/// Most bytes of plaintext in one record, set by the 65,535 bytes of a Noise message.
pub const MAX_PLAINTEXT: usize = 65_519;

/// Most bytes after the header. A peer can make us buffer this much before a tag is checked, and no more.
pub const MAX_CIPHERTEXT: usize = 65_535;

/// Fewest bytes after the header: one byte and the tag. Without it a peer could make us work on empty records forever.
pub const MIN_CIPHERTEXT: usize = 17;

/// Records between two rekeys of a direction.
///
/// A key that leaks from memory does not open what was recorded before the last rekey, and no key comes near the limits
/// of its cipher.
const REKEY_EVERY: u64 = 65_536;

/// Records of one direction in a session. Far below 2^64 - 1, which Noise keeps for rekeying: a counter that wraps would
/// repeat a nonce and give the plaintext away.
const MAX_RECORDS: u64 = 1 << 48;

/// Reads the length in front of a record: how many bytes of ciphertext follow.
///
/// # Errors
///
/// [`RecordError::TooShort`]: such a record could not even hold its tag and one byte.
pub fn ciphertext_len(header: [u8; HEADER]) -> Result<usize, RecordError> {
    let len = usize::from(u16::from_be_bytes(header));
    if len < MIN_CIPHERTEXT {
        Err(RecordError::TooShort)
    } else {
        Ok(len)
    }
}

/// Seals the records of one direction. After an error it seals nothing more.
pub struct Sealer(Direction);

impl Sealer {
    pub(crate) fn new(suite: Suite, key: &[u8; 32]) -> Result<Self, RecordError> {
        Direction::new(suite, key, REKEY_EVERY).map(Self)
    }

    /// Seals one record in place.
    ///
    /// `record` holds [`HEADER`] bytes of room and then 1 to [`MAX_PLAINTEXT`] bytes of plaintext. Afterwards it holds
    /// the whole record as it goes to the wire. Room for [`TAG`] more bytes spares a reallocation.
    ///
    /// # Errors
    ///
    /// [`RecordError::Size`] for too little or too much plaintext, [`RecordError::Exhausted`] at the end of the
    /// counter, [`RecordError::Failed`] after any error before. A record that was not sealed is missing in the stream,
    /// so every error is final. What `record` holds after an error must not be sent.
    pub fn seal(&mut self, record: &mut Vec<u8>) -> Result<(), RecordError> {
        self.0.guarded(|direction| {
            let (header, plaintext) = record
                .split_first_chunk_mut::<HEADER>()
                .ok_or(RecordError::Size)?;
            if plaintext.is_empty() || plaintext.len() > MAX_PLAINTEXT {
                return Err(RecordError::Size);
            }
            let len = plaintext.len().saturating_add(TAG);
            *header = u16::try_from(len)
                .map_err(|_| RecordError::Size)?
                .to_be_bytes();
            let counter = direction.next_counter()?;
            let tag = direction.aead.seal(counter, &[], plaintext)?;
            record.extend_from_slice(&tag);
            Ok(())
        })
    }

    /// Number of records sealed so far.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.0.count
    }
}

/// Opens the records of the other direction. After an error it opens nothing more.
pub struct Opener {
    direction: Direction,
    /// Buffers that were handed out and are used again once nobody else has them.
    lent: Vec<Arc<Aligned>>,
}

impl Opener {
    pub(crate) fn new(suite: Suite, key: &[u8; 32]) -> Result<Self, RecordError> {
        Direction::new(suite, key, REKEY_EVERY).map(Self::of)
    }

    const fn of(direction: Direction) -> Self {
        Self {
            direction,
            lent: Vec::new(),
        }
    }

    /// Opens one record, given without its header, into a buffer that starts on an 8-byte boundary.
    ///
    /// # Errors
    ///
    /// [`RecordError::TooShort`] or [`RecordError::Size`] for a length no record has, [`RecordError::BadTag`] when it is not the next record of
    /// the peer, [`RecordError::Exhausted`] at the end of the counter, [`RecordError::Failed`] after any error before.
    /// There is no second try: whoever can send one wrong record could otherwise probe with many.
    pub fn open(&mut self, ciphertext: &[u8]) -> Result<Bytes, RecordError> {
        let lent = &mut self.lent;
        self.direction.guarded(|direction| {
            if ciphertext.len() < MIN_CIPHERTEXT {
                return Err(RecordError::TooShort);
            }
            if ciphertext.len() > MAX_CIPHERTEXT {
                return Err(RecordError::Size);
            }
            let (text, tag) = ciphertext
                .split_last_chunk::<TAG>()
                .ok_or(RecordError::TooShort)?;
            let counter = direction.next_counter()?;
            let open = |out: &mut [u8]| direction.aead.open(counter, &[], text, tag, out);
            if text.len() < LEAST_LENT {
                let mut plaintext = Aligned::zeroed(text.len());
                open(plaintext.as_bytes_mut())?;
                return Ok(plaintext.into_bytes(text.len()));
            }
            let free = lent
                .iter()
                .position(|buffer| Arc::strong_count(buffer) == 1);
            let mut buffer = free.map_or_else(Arc::default, |free| lent.swap_remove(free));
            // Nobody else has it, so this does not make another one.
            let plaintext = Arc::make_mut(&mut buffer);
            plaintext.resize(text.len());
            open(plaintext.as_bytes_mut())?;
            if lent.len() < MAX_LENT {
                lent.push(Arc::clone(&buffer));
            }
            Ok(Bytes::from_owner(Lent(buffer)))
        })
    }

    /// Gives up the buffers kept for reuse: for a session that has gone quiet.
    pub fn shrink(&mut self) {
        self.lent = Vec::new();
    }

    /// Number of records opened so far.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.direction.count
    }
}

/// A buffer that comes back to the opener.
struct Lent(Arc<Aligned>);

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// Length of a plaintext, in bytes, from which its buffer is used again. Getting memory from the system for every large record
/// costs as much as deciphering it.
const LEAST_LENT: usize = 16_384;

/// Most buffers kept for reuse: 512 KiB, which is what waits between socket and consumer while a payload comes in.
const MAX_LENT: usize = 8;

/// Key and counter of one direction.
struct Direction {
    aead: Aead,
    /// Records so far, and so the number of the next one.
    count: u64,
    rekey_every: u64,
    failed: bool,
}

impl Direction {
    fn new(suite: Suite, key: &[u8; 32], rekey_every: u64) -> Result<Self, RecordError> {
        let aead = Aead::new(suite, key).map_err(|AeadError| RecordError::Backend)?;
        Ok(Self {
            aead,
            count: 0,
            rekey_every,
            failed: false,
        })
    }

    /// Runs one step and locks the direction when it fails.
    fn guarded<T>(
        &mut self,
        step: impl FnOnce(&mut Self) -> Result<T, RecordError>,
    ) -> Result<T, RecordError> {
        if self.failed {
            return Err(RecordError::Failed);
        }
        let result = step(self);
        self.failed = result.is_err();
        result
    }

    /// The number of the next record; rekeys first where the number asks for it.
    fn next_counter(&mut self) -> Result<u64, RecordError> {
        let counter = self.count;
        if counter >= MAX_RECORDS {
            return Err(RecordError::Exhausted);
        }
        if counter > 0 && counter.is_multiple_of(self.rekey_every) {
            self.aead
                .rekey()
                .map_err(|AeadError| RecordError::Backend)?;
        }
        self.count = counter.saturating_add(1);
        Ok(counter)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer")
            .field("count", &self.0.count)
            .field("key", &"[redacted]")
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opener")
            .field("count", &self.direction.count)
            .field("key", &"[redacted]")
            .finish_non_exhaustive()
    }
}

/// Why a record was not sealed or not opened. Every variant ends the session.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RecordError {
    /// The peer announced or sent fewer than [`MIN_CIPHERTEXT`] bytes.
    #[error("record is too short")]
    TooShort,
    /// The plaintext to seal is empty or longer than [`MAX_PLAINTEXT`], or a ciphertext longer than a header can say:
    /// our own caller's fault.
    #[error("record does not fit its limits")]
    Size,
    /// Damaged, out of order, repeated or not from this peer.
    #[error("record does not authenticate")]
    BadTag,
    /// The direction has carried all the records it may: time for a new session.
    #[error("all records of the session are used up")]
    Exhausted,
    /// An earlier record failed.
    #[error("an earlier record has failed")]
    Failed,
    /// The cryptographic library refused a valid key.
    #[error("cryptographic backend failed")]
    Backend,
}

impl From<AeadError> for RecordError {
    fn from(AeadError: AeadError) -> Self {
        Self::BadTag
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod lending {
    use super::*;

    #[test]
    fn a_buffer_is_used_again_only_when_nobody_reads_it() {
        let key = [7; 32];
        let mut sealer = Sealer::new(Suite::AesGcm, &key).unwrap();
        let mut opener = Opener::new(Suite::AesGcm, &key).unwrap();
        let mut open = |fill: u8, len: usize| {
            let mut record = [0; HEADER].to_vec();
            record.resize(HEADER + len, fill);
            sealer.seal(&mut record).unwrap();
            opener.open(&record[HEADER..]).unwrap()
        };
        let first = open(1, LEAST_LENT + 8);
        let held = first.slice(..9);
        let second = open(2, LEAST_LENT + 8);
        assert_eq!(held, [1; 9][..]);
        let address = second.as_ptr();
        drop(second);
        let third = open(3, LEAST_LENT + 1);
        assert_eq!(third.as_ptr(), address);
        assert_eq!(third, [3; LEAST_LENT + 1][..]);
        assert_eq!(first, [1; LEAST_LENT + 8][..]);
    }
}
