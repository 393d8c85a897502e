//! An artifact in the store: reading it, and taking it out of service when its bytes rotted.

use std::fmt;
use std::fs::{self, File, Metadata};
use std::io::{self, Read as _, Seek as _};
use std::os::unix::fs::MetadataExt as _;
use std::sync::Arc;

use super::artifacts::Shared;
use super::{Digest, StoreError, recover};
use crate::disk;

/// Bytes read at once while checking a digest: BLAKE3 hashes 128 KiB about as fast as it can.
const READ_BYTES: usize = 128 << 10;

/// Damaged artifacts that are kept for whoever wants to look at them; further ones are deleted. Without a limit a
/// dying disk would fill itself with them, outside of every quota.
const MAX_QUARANTINED: usize = 16;

/// A complete payload in the store.
#[derive(Clone)]
pub struct Artifact {
    shared: Arc<Shared>,
    digest: Digest,
    len: u64,
}

impl Artifact {
    pub(super) fn new(shared: Arc<Shared>, digest: Digest, len: u64) -> Self {
        Self {
            shared,
            digest,
            len,
        }
    }

    /// The digest of the payload.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Length of the payload in bytes.
    #[must_use]
    #[expect(
        clippy::len_without_is_empty,
        reason = "an artifact is a file, not a collection"
    )]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Reads the whole payload, checks its digest, and returns it as a file at its start.
    ///
    /// The file stays readable when the artifact is removed.
    ///
    /// # Errors
    ///
    /// [`StoreError::Damaged`] if the bytes are not the payload any more: they are moved to quarantine.
    /// [`StoreError::Missing`] if the artifact was removed, [`StoreError::Io`] if the machine fails.
    pub fn open(&self) -> Result<File, StoreError> {
        let reading = StoreError::io("read an artifact");
        let mut file = self.open_unverified()?;
        let mut hasher = blake3::Hasher::new();
        let mut buffer = vec![0; READ_BYTES];
        loop {
            match file.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => {
                    hasher.update(buffer.get(..read).unwrap_or_default());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(reading(error)),
            }
        }
        if hasher.finalize().as_bytes() != self.digest.as_bytes() {
            return Err(self.take_out(&file.metadata().map_err(reading)?));
        }
        file.rewind().map_err(reading)?;
        Ok(file)
    }

    /// Opens the payload without reading it: only that it is a file of the right length is checked.
    ///
    /// For a caller that checks the digest on its own, or whose reader does.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_unverified(&self) -> Result<File, StoreError> {
        let reading = StoreError::io("open an artifact");
        let layout = &self.shared.layout;
        let path = layout.object(&self.digest);
        let found = recover::require_dir(&layout.object_dir(&self.digest))
            .and_then(|()| fs::symlink_metadata(&path).map_err(&reading));
        let found = match found {
            Ok(found) => found,
            Err(StoreError::Io {
                kind: io::ErrorKind::NotFound,
                ..
            }) => return Err(self.lost()),
            Err(error) => return Err(error),
        };
        if !found.is_file() || found.len() != self.len {
            return Err(self.take_out(&found));
        }
        let file = disk::open_no_follow(&path).map_err(&reading)?;
        let opened = file.metadata().map_err(&reading)?;
        if !opened.is_file() || opened.len() != self.len {
            return Err(self.take_out(&opened));
        }
        Ok(file)
    }

    /// Takes note that somebody deleted the file behind our back, or that it was removed.
    fn lost(&self) -> StoreError {
        let _moving = self.shared.moving();
        let path = self.shared.layout.object(&self.digest);
        if fs::symlink_metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            self.shared.contents().forget(&self.digest);
        }
        StoreError::Missing {
            digest: self.digest,
        }
    }

    /// Moves what was `seen` out of the way, so that nobody is served from it.
    fn take_out(&self, seen: &Metadata) -> StoreError {
        let Self { shared, digest, .. } = self;
        let damaged = StoreError::Damaged { digest: *digest };
        let _moving = shared.moving();
        let path = shared.layout.object(digest);
        let same = fs::symlink_metadata(&path)
            .is_ok_and(|now| (now.dev(), now.ino()) == (seen.dev(), seen.ino()));
        if !same {
            return damaged; // A new upload has replaced it meanwhile: leave that one alone.
        }
        tracing::error!(%digest, "an artifact is damaged on disk");
        let quarantined = shared.layout.quarantine.join(digest.to_string());
        let full = fs::read_dir(&shared.layout.quarantine)
            .map_or(true, |entries| entries.count() >= MAX_QUARANTINED);
        let moved = if full {
            shared.disk.remove(&path)
        } else {
            shared.disk.rename(&path, &quarantined)
        };
        if moved.or_else(|_| shared.disk.remove(&path)).is_ok() {
            shared.contents().forget(digest);
            // Not durable at worst: then it is found damaged once more.
            drop(shared.disk.sync_dir(&shared.layout.object_dir(digest)));
        } else {
            shared.contents().mark_damaged(digest);
        }
        damaged
    }
}

impl fmt::Debug for Artifact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Artifact")
            .field("digest", &self.digest)
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}
