//! An upload: bytes on their way into the store.

use std::fmt;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use data_encoding::HEXLOWER;

use super::artifacts::Shared;
use super::{Artifact, Digest, StoreError};
use crate::disk;

/// Bytes on their way into the store, invisible until [`commit`](Self::commit).
///
/// Dropping it deletes what came so far and gives the reserved room back. That is a call to the disk; from async code
/// drop it where blocking is allowed.
#[must_use = "dropping an upload deletes it"]
pub struct Upload {
    shared: Arc<Shared>,
    expected: Digest,
    len: u64,
    received: u64,
    hasher: blake3::Hasher,
    /// `None` before the temporary file exists and after it got its final name.
    temporary: Option<Temporary>,
    failed: bool,
    released: bool,
}

struct Temporary {
    file: File,
    path: PathBuf,
}

impl Upload {
    pub(super) fn begin(
        shared: Arc<Shared>,
        expected: Digest,
        len: u64,
    ) -> Result<Self, StoreError> {
        let limits = &shared.limits;
        if len > limits.max_object_bytes {
            let limit = limits.max_object_bytes;
            return Err(StoreError::TooLarge { len, limit });
        }
        let promised = {
            let mut contents = shared.contents();
            contents.reserve(limits, len)?;
            contents.reserved_bytes()
        };
        // From here on a failure drops the upload, and that releases the reservation.
        let mut upload = Self {
            shared,
            expected,
            len,
            received: 0,
            hasher: blake3::Hasher::new(),
            temporary: None,
            failed: false,
            released: false,
        };
        let shared = &upload.shared;
        let free = shared
            .disk
            .free_bytes(&shared.layout.tmp)
            .map_err(StoreError::io("ask for the free space"))?;
        if free < promised.saturating_add(shared.limits.keep_free_bytes) {
            return Err(StoreError::DiskFull);
        }
        let mut name = [0; 16];
        getrandom::fill(&mut name).map_err(|error| {
            StoreError::io("get random bytes")(std::io::Error::other(error.to_string()))
        })?;
        let path = shared.layout.tmp.join(HEXLOWER.encode(&name));
        let file = shared
            .disk
            .create(&path)
            .map_err(StoreError::io("create a temporary file"))?;
        upload.temporary = Some(Temporary { file, path });
        Ok(upload)
    }

    /// Adds the next bytes.
    ///
    /// # Errors
    ///
    /// [`StoreError::TooLong`] if more bytes came than were announced: none of these are written.
    /// [`StoreError::DiskFull`], [`StoreError::Io`]. After an error the upload cannot be finished:
    /// [`StoreError::UploadFailed`].
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        if self.failed {
            return Err(StoreError::UploadFailed);
        }
        // Taken back at the end: whatever stops us leaves the upload failed.
        self.failed = true;
        let received = u64::try_from(bytes.len())
            .ok()
            .and_then(|len| self.received.checked_add(len))
            .filter(|received| *received <= self.len)
            .ok_or(StoreError::TooLong {
                announced: self.len,
            })?;
        let temporary = self.temporary.as_mut().ok_or(StoreError::UploadFailed)?;
        disk::write_all(&*self.shared.disk, &mut temporary.file, bytes)
            .map_err(StoreError::io("write an artifact"))?;
        self.hasher.update(bytes);
        self.received = received;
        self.failed = false;
        Ok(())
    }

    /// Bytes that came so far.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Bytes that are still missing.
    #[must_use]
    pub fn remaining(&self) -> u64 {
        self.len.saturating_sub(self.received)
    }

    /// The digest that was announced.
    #[must_use]
    pub fn expected(&self) -> Digest {
        self.expected
    }

    /// Checks the bytes, makes them durable and puts them in the store. Once this returns, the artifact survives a
    /// crash.
    ///
    /// # Errors
    ///
    /// [`StoreError::TooShort`], [`StoreError::DigestMismatch`], [`StoreError::UploadFailed`],
    /// [`StoreError::DiskFull`], [`StoreError::Io`]. The bytes are gone then; a failed sync is not tried again,
    /// because after one the system may have dropped bytes that a second one would not report.
    pub fn commit(mut self) -> Result<Artifact, StoreError> {
        if self.failed {
            return Err(StoreError::UploadFailed);
        }
        if self.received != self.len {
            return Err(StoreError::TooShort {
                announced: self.len,
                received: self.received,
            });
        }
        let actual = Digest::from_bytes(*self.hasher.finalize().as_bytes());
        if actual != self.expected {
            return Err(StoreError::DigestMismatch {
                expected: self.expected,
                actual,
            });
        }
        self.put_in_place()?;
        Ok(Artifact::new(
            Arc::clone(&self.shared),
            self.expected,
            self.len,
        ))
    }

    fn put_in_place(&mut self) -> Result<(), StoreError> {
        let shared = Arc::clone(&self.shared);
        let Temporary { file, path } = self.temporary.as_ref().ok_or(StoreError::UploadFailed)?;
        shared
            .disk
            .sync(file)
            .map_err(StoreError::io("sync an artifact"))?;

        let mut moving = shared.moving();
        moving.ensure(&shared, &self.expected)?;
        let object = shared.layout.object(&self.expected);
        // The same artifact may be there already. Replacing it with the same bytes is harmless, and heals a copy that
        // rotted.
        shared
            .disk
            .rename(path, &object)
            .map_err(StoreError::io("move an artifact into place"))?;
        self.temporary = None;

        let synced = shared
            .disk
            .sync_dir(&shared.layout.object_dir(&self.expected));
        // An artifact that was acknowledged before stays, whichever of the two copies has its name now.
        let stays = synced.is_ok()
            || shared.contents().occupies(&self.expected)
            || shared.disk.remove(&object).is_err();
        let mut contents = shared.contents();
        contents.release(self.len, true);
        self.released = true;
        if stays {
            contents.record(self.expected, self.len);
        }
        synced.map_err(StoreError::io("sync a directory"))
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if self.released {
            return;
        }
        let removed = match self.temporary.take() {
            None => true,
            Some(Temporary { file, path }) => {
                drop(file);
                match self.shared.disk.remove(&path) {
                    Ok(()) => true,
                    Err(error) => error.kind() == std::io::ErrorKind::NotFound,
                }
            }
        };
        // A file that cannot be removed goes on occupying its room until the store is opened again.
        self.shared.contents().release(self.len, removed);
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload")
            .field("expected", &self.expected)
            .field("len", &self.len)
            .field("received", &self.received)
            .finish_non_exhaustive()
    }
}
