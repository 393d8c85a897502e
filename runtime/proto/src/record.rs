//! Records: everything after the handshake, encrypted. Format: WIRE.md, "Records".

use alloc::vec::Vec;
use core::fmt;

use bytes::Bytes;

use crate::{
    buffer::{Aligned, Pool},
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

    /// Seals one record whose plaintext ends with `payload`, which stays where it is.
    ///
    /// `record` is as for [`seal`](Self::seal) and need not hold any plaintext. Afterwards the record is what `record` holds and then what
    /// `sealed` holds. Where the cipher cannot take its input in pieces, all of it is in `record`, and `payload` was copied once.
    /// A `sealed` that is as long as the last time is not cleared first.
    ///
    /// # Errors
    ///
    /// As [`seal`](Self::seal).
    pub fn seal_with(
        &mut self,
        record: &mut Vec<u8>,
        payload: &[u8],
        sealed: &mut Vec<u8>,
    ) -> Result<(), RecordError> {
        if record.len() < HEADER || payload.is_empty() {
            return self.0.guarded(|_| Err(RecordError::Size));
        }
        #[cfg(feature = "aws-lc")]
        if self.0.aead.seals_in_pieces() {
            return self.seal_in_pieces(record, payload, sealed);
        }
        sealed.clear();
        record.extend_from_slice(payload);
        self.seal(record)
    }

    #[cfg(feature = "aws-lc")]
    fn seal_in_pieces(
        &mut self,
        record: &mut [u8],
        payload: &[u8],
        sealed: &mut Vec<u8>,
    ) -> Result<(), RecordError> {
        self.0.guarded(|direction| {
            let (header, front) = record
                .split_first_chunk_mut::<HEADER>()
                .ok_or(RecordError::Size)?;
            let plaintext = front.len().saturating_add(payload.len());
            if plaintext > MAX_PLAINTEXT {
                return Err(RecordError::Size);
            }
            *header = u16::try_from(plaintext.saturating_add(TAG))
                .map_err(|_| RecordError::Size)?
                .to_be_bytes();
            sealed.resize(payload.len().saturating_add(TAG), 0);
            let counter = direction.next_counter()?;
            direction.aead.seal_with(counter, front, payload, sealed)?;
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
    small: Pool,
    large: Pool,
}

impl Opener {
    pub(crate) fn new(suite: Suite, key: &[u8; 32]) -> Result<Self, RecordError> {
        Direction::new(suite, key, REKEY_EVERY).map(Self::of)
    }

    const fn of(direction: Direction) -> Self {
        Self {
            direction,
            small: Pool::new(),
            large: Pool::new(),
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
        let (small, large) = (&mut self.small, &mut self.large);
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
            let pool = if text.len() < LEAST_LARGE {
                small
            } else {
                large
            };
            Ok(pool.lend(text.len(), open)?)
        })
    }

    /// Gives up the buffers kept for reuse if there was no record for them since the last call of this: call it about once a second.
    pub fn trim(&mut self) {
        self.small.trim();
        self.large.trim();
    }

    /// Gives up the buffers kept for reuse: for a session that has gone quiet.
    pub fn shrink(&mut self) {
        self.small.shrink();
        self.large.shrink();
    }

    /// Number of records opened so far.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.direction.count
    }
}

/// Length of a plaintext, in bytes, from which its buffer is used again. What is shorter, allocators have at hand; getting anything
/// longer from glibc's makes it tidy up all that was freed, and the calls after it pay for that.
const LEAST_LENT: usize = 1_024;

/// Length of a plaintext, in bytes, from which its buffer is one of the large ones. Kept apart, so that no small plaintext holds a large
/// buffer.
const LEAST_LARGE: usize = 16_384;

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
