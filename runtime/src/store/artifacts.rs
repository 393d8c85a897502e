//! The store itself: what is in it, what fits, who may move files.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Artifact, Digest, Quota, StoreError, Upload, recover};
use crate::disk::{Disk, RealDisk};

/// How much a store takes.
///
/// Peers decide what is uploaded, so without these one peer fills the disk, the inodes or the file descriptors of
/// the machine.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of all artifacts, uploads that are under way included. Default 1 GiB.
    pub max_bytes: u64,
    /// Number of artifacts, uploads that are under way included. Default 16,384: the table in memory stays under
    /// 2 MiB, and tiny artifacts cannot eat the inodes of the disk.
    pub max_objects: u64,
    /// Bytes of one artifact. Default 256 MiB.
    pub max_object_bytes: u64,
    /// Uploads at once. Default 64: each one holds a file open.
    pub max_uploads: u64,
    /// Bytes of the file system that uploads leave free. Default 16 MiB, so that indexes and key files can still be
    /// written when uploads have filled the disk.
    pub keep_free_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: 1 << 30,
            max_objects: 16_384,
            max_object_bytes: 256 << 20,
            max_uploads: 64,
            keep_free_bytes: 16 << 20,
        }
    }
}

impl Limits {
    /// Limits the bytes of all artifacts together.
    #[must_use]
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Limits the number of artifacts.
    #[must_use]
    pub fn max_objects(mut self, objects: u64) -> Self {
        self.max_objects = objects;
        self
    }

    /// Limits the bytes of one artifact.
    #[must_use]
    pub fn max_object_bytes(mut self, bytes: u64) -> Self {
        self.max_object_bytes = bytes;
        self
    }

    /// Limits the number of uploads at once.
    #[must_use]
    pub fn max_uploads(mut self, uploads: u64) -> Self {
        self.max_uploads = uploads;
        self
    }

    /// Sets how many bytes of the file system uploads leave free.
    #[must_use]
    pub fn keep_free_bytes(mut self, bytes: u64) -> Self {
        self.keep_free_bytes = bytes;
        self
    }
}

/// What a store holds.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Usage {
    /// Bytes of all artifacts.
    pub bytes: u64,
    /// Number of artifacts.
    pub objects: u64,
    /// Bytes promised to uploads that are under way.
    pub reserved_bytes: u64,
    /// Uploads that are under way.
    pub uploads: u64,
}

/// A directory of payloads that are named by their digest. A clone is the same store.
///
/// See the [module](super) for the layout and the guarantees.
#[derive(Clone)]
pub struct ArtifactStore {
    shared: Arc<Shared>,
}

impl ArtifactStore {
    /// Opens the store in `dir`, or starts one if `dir` is absent or empty.
    ///
    /// Uploads that a crash interrupted are deleted. The digests are not read here: that happens whenever an
    /// artifact is [opened](Artifact::open), or for all of them in [`scrub`](Self::scrub).
    ///
    /// # Errors
    ///
    /// [`StoreError::InUse`] if the store is open already, [`StoreError::NotAStore`] if the directory holds
    /// something else (nothing in it is touched then), [`StoreError::Io`].
    pub fn open(dir: impl AsRef<Path>, limits: Limits) -> Result<Self, StoreError> {
        Self::open_on(Arc::new(RealDisk), dir.as_ref(), limits)
    }

    pub(super) fn open_on(
        disk: Arc<dyn Disk>,
        dir: &Path,
        limits: Limits,
    ) -> Result<Self, StoreError> {
        let recovered = recover::open(&*disk, dir)?;
        let bytes = recovered.objects.values().sum();
        let entry = |(digest, len)| {
            (
                digest,
                Entry {
                    len,
                    damaged: false,
                },
            )
        };
        let shared = Shared {
            disk,
            layout: recovered.layout,
            limits,
            contents: Mutex::new(Contents {
                bytes,
                objects: recovered.objects.into_iter().map(entry).collect(),
                ..Contents::default()
            }),
            moving: Mutex::new(DurableDirs([false; 256])),
            _lock: recovered.lock,
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Starts an upload of `len` bytes with digest `expected`, and reserves room for it.
    ///
    /// A known digest makes no difference: the bytes have to come all the same, because whoever merely knows a
    /// digest must not learn whether we have the artifact.
    ///
    /// # Errors
    ///
    /// Before a byte is written: [`StoreError::TooLarge`], [`StoreError::OverQuota`], [`StoreError::DiskFull`],
    /// [`StoreError::Io`].
    pub fn begin(&self, expected: Digest, len: u64) -> Result<Upload, StoreError> {
        Upload::begin(Arc::clone(&self.shared), expected, len)
    }

    /// The artifact with this digest, if it is here.
    ///
    /// # Errors
    ///
    /// [`StoreError::Damaged`] if its bytes are known to be wrong and could not be moved away.
    pub fn get(&self, digest: &Digest) -> Result<Option<Artifact>, StoreError> {
        match self.shared.contents().objects.get(digest) {
            None => Ok(None),
            Some(entry) if entry.damaged => Err(StoreError::Damaged { digest: *digest }),
            Some(entry) => Ok(Some(Artifact::new(
                Arc::clone(&self.shared),
                *digest,
                entry.len,
            ))),
        }
    }

    /// Whether the artifact is here and not known to be damaged.
    #[must_use]
    pub fn contains(&self, digest: &Digest) -> bool {
        let contents = self.shared.contents();
        contents
            .objects
            .get(digest)
            .is_some_and(|entry| !entry.damaged)
    }

    /// Removes an artifact; says whether it was here. Files that are open go on reading it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`]. If the removal could not be made durable the artifact is gone now, but may be back after
    /// a power cut.
    pub fn remove(&self, digest: &Digest) -> Result<bool, StoreError> {
        let shared = &self.shared;
        let _moving = shared.moving();
        if !shared.contents().objects.contains_key(digest) {
            return Ok(false);
        }
        let path = shared.layout.object(digest);
        match shared.disk.remove(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(StoreError::io("remove an artifact")(error)),
        }
        shared.contents().forget(digest);
        shared
            .disk
            .sync_dir(&shared.layout.object_dir(digest))
            .map_err(StoreError::io("sync a removal"))?;
        Ok(true)
    }

    /// Reads every artifact and takes the damaged ones out of service; returns their digests.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`] if the machine fails; what was found until then is out of service.
    pub fn scrub(&self) -> Result<Vec<Digest>, StoreError> {
        let mut damaged = Vec::new();
        for digest in self.digests() {
            match self
                .get(&digest)
                .and_then(|found| found.map(|a| a.open()).transpose())
            {
                Err(StoreError::Damaged { digest }) => damaged.push(digest),
                Err(StoreError::Missing { .. }) | Ok(_) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(damaged)
    }

    /// The digests of all artifacts, in rising order.
    #[must_use]
    pub fn digests(&self) -> Vec<Digest> {
        let mut digests: Vec<_> = self.shared.contents().objects.keys().copied().collect();
        digests.sort_unstable();
        digests
    }

    /// What the store holds now.
    #[must_use]
    pub fn usage(&self) -> Usage {
        let contents = self.shared.contents();
        Usage {
            bytes: contents.bytes,
            objects: contents.objects.len().try_into().unwrap_or(u64::MAX),
            reserved_bytes: contents.reserved_bytes,
            uploads: contents.uploads,
        }
    }

    /// The limits the store was opened with.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.shared.limits
    }
}

impl fmt::Debug for ArtifactStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArtifactStore")
            .field("dir", &self.shared.layout.root)
            .field("usage", &self.usage())
            .finish_non_exhaustive()
    }
}

/// Where things are.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) root: PathBuf,
    pub(super) objects: PathBuf,
    pub(super) tmp: PathBuf,
    pub(super) quarantine: PathBuf,
}

impl Layout {
    pub(super) fn new(root: PathBuf) -> Self {
        Self {
            objects: root.join("objects"),
            tmp: root.join("tmp"),
            quarantine: root.join("quarantine"),
            root,
        }
    }

    pub(super) fn object_dir(&self, digest: &Digest) -> PathBuf {
        self.objects.join(format!("{:.2}", digest))
    }

    pub(super) fn object(&self, digest: &Digest) -> PathBuf {
        self.object_dir(digest).join(digest.to_string())
    }
}

/// What the handles of one store share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) layout: Layout,
    pub(super) limits: Limits,
    contents: Mutex<Contents>,
    moving: Mutex<DurableDirs>,
    _lock: File,
}

impl Shared {
    /// What is in the store. Held for a few instructions, never during a call to the disk.
    pub(super) fn contents(&self) -> MutexGuard<'_, Contents> {
        // No invariant spans a panic: every method of Contents changes it in one step.
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The right to change names under `objects/`. Taken before `contents`, never after.
    pub(super) fn moving(&self) -> MutexGuard<'_, DurableDirs> {
        self.moving.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which of the directories `objects/<aa>` are known to survive a power cut.
#[derive(Debug)]
pub(super) struct DurableDirs([bool; 256]);

impl DurableDirs {
    /// Creates `objects/<aa>` for `digest` unless it is there, durably.
    pub(super) fn ensure(&mut self, shared: &Shared, digest: &Digest) -> Result<(), StoreError> {
        let Some(durable) = self.0.get_mut(usize::from(digest.as_bytes()[0])) else {
            return Ok(()); // A u8 always finds its entry among 256.
        };
        let dir = shared.layout.object_dir(digest);
        match shared.disk.make_dir(&dir) {
            Ok(()) => *durable = false,
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                recover::require_dir(&dir)?;
            }
            Err(error) => return Err(StoreError::io("create a directory")(error)),
        }
        // One that was there when the store was opened may be left from a crash before the sync below.
        if !*durable {
            shared
                .disk
                .sync_dir(&shared.layout.objects)
                .map_err(StoreError::io("sync a directory"))?;
            *durable = true;
        }
        Ok(())
    }
}

/// What is in the store and what is promised.
#[derive(Debug, Default)]
pub(super) struct Contents {
    objects: HashMap<Digest, Entry>,
    bytes: u64,
    reserved_bytes: u64,
    reserved_objects: u64,
    uploads: u64,
}

#[derive(Debug)]
struct Entry {
    len: u64,
    /// Its bytes are wrong and it could not be moved away; it still counts.
    damaged: bool,
}

impl Contents {
    pub(super) fn reserve(&mut self, limits: &Limits, len: u64) -> Result<(), StoreError> {
        let over = |quota, limit| Err(StoreError::OverQuota { quota, limit });
        if self.uploads >= limits.max_uploads {
            return over(Quota::Uploads, limits.max_uploads);
        }
        let objects = u64::try_from(self.objects.len()).unwrap_or(u64::MAX);
        if objects.saturating_add(self.reserved_objects) >= limits.max_objects {
            return over(Quota::Objects, limits.max_objects);
        }
        let bytes = self.bytes.checked_add(self.reserved_bytes);
        if bytes
            .and_then(|bytes| bytes.checked_add(len))
            .is_none_or(|sum| sum > limits.max_bytes)
        {
            return over(Quota::Bytes, limits.max_bytes);
        }
        self.uploads += 1;
        self.reserved_objects += 1;
        self.reserved_bytes += len;
        Ok(())
    }

    /// Ends an upload. With `room_too` it no longer occupies anything.
    pub(super) fn release(&mut self, len: u64, room_too: bool) {
        self.uploads -= 1;
        if room_too {
            self.reserved_objects -= 1;
            self.reserved_bytes -= len;
        }
    }

    pub(super) fn reserved_bytes(&self) -> u64 {
        self.reserved_bytes
    }

    pub(super) fn contains(&self, digest: &Digest) -> bool {
        self.objects.contains_key(digest)
    }

    /// Records that the object is on disk.
    pub(super) fn record(&mut self, digest: Digest, len: u64) {
        self.forget(&digest);
        self.bytes += len;
        self.objects.insert(
            digest,
            Entry {
                len,
                damaged: false,
            },
        );
    }

    /// Records that the object is no longer on disk.
    pub(super) fn forget(&mut self, digest: &Digest) {
        if let Some(entry) = self.objects.remove(digest) {
            self.bytes -= entry.len;
        }
    }

    pub(super) fn mark_damaged(&mut self, digest: &Digest) {
        if let Some(entry) = self.objects.get_mut(digest) {
            entry.damaged = true;
        }
    }
}
