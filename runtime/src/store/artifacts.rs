//! The store itself: what is in it, what fits, who may move files.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::contents::Contents;
use super::{Artifact, Digest, Limits, StoreError, Upload, Usage, recover};
use crate::disk::{Disk, RealDisk};

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
        let shared = Shared {
            disk,
            layout: recovered.layout,
            limits,
            contents: Mutex::new(Contents::new(recovered.objects)),
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
        let len = self.shared.contents().find(digest)?;
        Ok(len.map(|len| Artifact::new(Arc::clone(&self.shared), *digest, len)))
    }

    /// Whether the artifact is here and not known to be damaged.
    #[must_use]
    pub fn contains(&self, digest: &Digest) -> bool {
        matches!(self.shared.contents().find(digest), Ok(Some(_)))
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
        if !shared.contents().occupies(digest) {
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
        let mut digests: Vec<_> = self.shared.contents().digests().collect();
        digests.sort_unstable();
        digests
    }

    /// What the store holds now.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.shared.contents().usage()
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
