//! The bundles on disk: a store of payloads, an index of names, and the rules that keep the two in step.
//!
//! Everything here blocks on the disk. The order of changes is what survives a crash at any point: a payload is in the store
//! before the index names it, and the index no longer names it before it is removed. What a crash leaves behind is therefore at
//! worst a payload without a name, and [`Shelf::open`] removes those.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs::DirBuilder,
    io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use dsoftbus::{
    DeviceId, Result, Status,
    bulk::{BulkStore, BulkUpload, Vmo, VmoSource},
    index::{Index, IndexError},
    store::{Artifact, ArtifactStore, Digest, StoreError, Usage},
};

use crate::{
    BundleInfo, Error, Limits,
    hold::{Hold, Holds},
    name,
    record::Record,
    upload::StagedUpload,
};

/// All bundles of one directory.
#[derive(Debug)]
pub(crate) struct Shelf {
    limits: Limits,
    store: ArtifactStore,
    holds: Holds,
    /// Held while the index is written, so only threads that may block take it.
    names: Mutex<Names>,
}

/// Which name means which payload.
#[derive(Debug)]
struct Names {
    /// The truth, on disk.
    index: Index,
    /// The same, decoded, for reading.
    records: BTreeMap<String, Record>,
    /// How many names a payload has.
    uses: HashMap<Digest, usize>,
    /// Payloads that may have no name: arriving, staged, uninstalled. [`Shelf::sweep`] decides.
    loose: BTreeSet<Digest>,
}

impl Shelf {
    /// Opens the shelf in `dir`, or starts one.
    pub(crate) fn open(dir: &Path, limits: Limits) -> Result<Self, OpenError> {
        let failed = |error: io::Error| OpenError::Directory {
            path: dir.to_owned(),
            kind: error.kind(),
        };
        let mut private = DirBuilder::new();
        private
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(failed)?;
        let store = ArtifactStore::open(dir.join("store"), limits.store.clone())?;
        let index = Index::open(dir.join("index"))?;
        let mut records = BTreeMap::new();
        let mut uses = HashMap::new();
        for (name, value) in index.iter() {
            let record = Record::decode(value)
                .filter(|_| name::is_valid(name))
                .ok_or_else(|| OpenError::Record { name: name.into() })?;
            if !store.contains(&record.digest) {
                tracing::error!(name, digest = %record.digest, "the payload of a bundle is lost");
            }
            *uses.entry(record.digest).or_default() += 1;
            records.insert(name.to_owned(), record);
        }
        let loose = store.digests().into_iter().collect();
        let shelf = Self {
            limits,
            store,
            holds: Holds::default(),
            names: Mutex::new(Names {
                index,
                records,
                uses,
                loose,
            }),
        };
        shelf.sweep(&mut shelf.names());
        Ok(shelf)
    }

    /// Makes room for a payload that is about to arrive.
    pub(crate) fn begin(&self, digest: Digest, len: u64) -> Result<Box<dyn BulkUpload>> {
        let mut names = self.names();
        self.sweep(&mut names);
        // Still under the lock of the names: no sweep comes between the hold and the upload.
        let hold = self.holds.hold(digest);
        names.loose.insert(digest);
        drop(names);
        Ok(Box::new(StagedUpload {
            inner: BulkStore::begin(&self.store, digest, len)?,
            digest,
            holds: self.holds.clone(),
            _hold: hold,
        }))
    }

    /// Installs the payload that `take` gives as `name`. The handle is taken only once the name is known to be free.
    pub(crate) fn install(
        &self,
        name: &str,
        bytes_len: u64,
        owner: DeviceId,
        take: impl FnOnce() -> Result<Vmo>,
    ) -> Result<BundleInfo> {
        check_name(name)?;
        self.names().check_free(name)?;
        let vmo = take().map_err(|status| Error::BadHandle.with_message(status.message()))?;
        let _hold = self.holds.hold(vmo.digest);
        if vmo.len != bytes_len {
            return Err(Error::SizeMismatch.with_message(format!(
                "the payload has {} bytes, not {bytes_len}",
                vmo.len
            )));
        }
        // Reads every byte again: what is acknowledged here is what lies on the disk, not what once came over the wire.
        self.artifact(&vmo.digest)?.open().map_err(store_status)?;
        let record = Record {
            digest: vmo.digest,
            len: vmo.len,
            installed_at: unix_now(),
            owner,
        };
        let mut names = self.names();
        // Somebody may have been faster while the payload was read.
        names.check_free(name)?;
        names.check_room(&record, &self.limits)?;
        names
            .index
            .insert(name, &record.encode())
            .map_err(index_status)?;
        names.records.insert(name.to_owned(), record);
        *names.uses.entry(record.digest).or_default() += 1;
        tracing::info!(name, digest = %record.digest, len = record.len, %owner, "bundle installed");
        Ok(record.describe(name))
    }

    /// What is installed as `name`.
    pub(crate) fn query(&self, name: &str) -> Result<BundleInfo> {
        Ok(self.names().find(name)?.describe(name))
    }

    /// Everything installed, names rising.
    pub(crate) fn list(&self) -> Vec<BundleInfo> {
        let names = self.names();
        let records = names.records.iter();
        records
            .map(|(name, record)| record.describe(name))
            .collect()
    }

    /// The payload of `name`, which stays while the value lives.
    pub(crate) fn payload(&self, name: &str) -> Result<Payload> {
        let names = self.names();
        let record = names.find(name)?;
        Ok(Payload {
            artifact: self.artifact(&record.digest)?,
            _hold: self.holds.hold(record.digest),
        })
    }

    /// Removes `name`, and the payload too unless another name or a handle needs it.
    pub(crate) fn uninstall(&self, name: &str) -> Result<()> {
        let mut names = self.names();
        let digest = names.find(name)?.digest;
        names.index.remove(name).map_err(index_status)?;
        names.records.remove(name);
        if let Some(uses) = names.uses.get_mut(&digest) {
            *uses -= 1;
            if *uses == 0 {
                names.uses.remove(&digest);
            }
        }
        names.loose.insert(digest);
        self.sweep(&mut names);
        tracing::info!(name, "bundle uninstalled");
        Ok(())
    }

    /// What the store holds.
    pub(crate) fn usage(&self) -> Usage {
        self.store.usage()
    }

    /// Removes the payloads that nobody needs. One that cannot be removed is tried again next time.
    fn sweep(&self, names: &mut Names) {
        let uses = &names.uses;
        names.loose.retain(|digest| {
            if uses.contains_key(digest) {
                return false;
            }
            if self.holds.holds(digest) {
                return true;
            }
            match self.store.remove(digest) {
                Ok(_) => false,
                Err(error) => {
                    tracing::warn!(%digest, %error, "a payload cannot be removed");
                    true
                }
            }
        });
    }

    fn artifact(&self, digest: &Digest) -> Result<Artifact> {
        self.store
            .get(digest)
            .map_err(store_status)?
            .ok_or_else(|| Error::DigestMismatch.with_message("the payload is lost"))
    }

    fn names(&self) -> MutexGuard<'_, Names> {
        // The index is changed first and by itself; a panic after it leaves names that the next start reads right.
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Names {
    fn find(&self, name: &str) -> Result<&Record> {
        self.records
            .get(name)
            .ok_or_else(|| Error::NotFound.with_message("no bundle of this name"))
    }

    fn check_free(&self, name: &str) -> Result<()> {
        if self.records.contains_key(name) {
            return Err(Error::AlreadyInstalled.with_message("the name is taken"));
        }
        Ok(())
    }

    fn check_room(&self, new: &Record, limits: &Limits) -> Result<()> {
        if self.records.len() >= limits.bundles {
            return Err(Error::NoSpace.with_message("no room for another bundle"));
        }
        let owned = self.records.values().filter(|r| r.owner == new.owner);
        let (count, bytes) = owned.fold((0, new.len), |(count, bytes), record| {
            (count + 1, bytes.saturating_add(record.len))
        });
        if count >= limits.device_bundles {
            return Err(Error::NoSpace.with_message("the device has too many bundles"));
        }
        if bytes > limits.device_bytes {
            return Err(Error::NoSpace.with_message("the bundles of the device are too large"));
        }
        Ok(())
    }
}

/// The payload of a bundle, to be offered.
#[derive(Debug)]
pub(crate) struct Payload {
    artifact: Artifact,
    /// The bundle may be uninstalled while its payload is on its way.
    _hold: Hold,
}

impl VmoSource for Payload {
    fn digest(&self) -> Digest {
        self.artifact.digest()
    }

    fn len(&self) -> u64 {
        self.artifact.len()
    }

    fn open(&self) -> io::Result<Box<dyn io::Read + Send>> {
        VmoSource::open(&self.artifact)
    }
}

/// Why the bundles could not be opened.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The directory cannot be made.
    #[error("cannot make {}: {kind}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What went wrong.
        kind: io::ErrorKind,
    },
    /// The store of payloads cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The index of names cannot be opened.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The index holds something under this name that is not a bundle of this version.
    #[error("the index entry {name:?} is not a bundle of this version")]
    Record {
        /// The name.
        name: String,
    },
}

fn check_name(name: &str) -> Result<()> {
    if name::is_valid(name) {
        Ok(())
    } else {
        Err(Error::BadName.with_message("a name is [a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?"))
    }
}

/// What callers are told of a fault of the store; the log has the rest, with its paths.
fn store_status(error: StoreError) -> Status {
    match error {
        StoreError::Damaged { .. } | StoreError::Missing { .. } => {
            Error::DigestMismatch.with_message(error.to_string())
        }
        StoreError::DiskFull => Error::NoSpace.with_message("the disk is full"),
        _ => {
            tracing::error!(%error, "the store failed");
            Error::Storage.with_message("the store failed")
        }
    }
}

fn index_status(error: IndexError) -> Status {
    match error {
        IndexError::Full => Error::NoSpace.with_message("no room for another bundle"),
        IndexError::Io {
            kind: io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded,
            ..
        } => Error::NoSpace.with_message("the disk is full"),
        _ => {
            tracing::error!(%error, "the index failed");
            Error::Storage.with_message("the index failed")
        }
    }
}

/// A clock before 1970 reads 0: the time is only shown to people.
fn unix_now() -> u64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
