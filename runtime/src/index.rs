//! Index: a small table from names to values in one file that is replaced as a whole, safe against crashes.
//!
//! A service keeps its names in it: bundle name → digest and length, for example. Every change writes a new file
//! beside the old one, syncs it and renames it over the old one, so that a crash leaves the table of before or after.
//! Tables are small by design ([`MAX_ENTRIES`]); a change costs one write of the whole.
//!
//! ```text
//! "dsbindex" ‖ version u32 (1) ‖ number of entries u32 ‖ entries, rising names ‖ BLAKE3 of everything before [32]
//! entry = name length u16 ‖ value length u16 ‖ name ‖ value                                 (all little-endian)
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{FlockOperation, OFlags};

use crate::disk::{self, Disk, RealDisk};

/// Largest number of entries. Bounds what one change writes; peers that may add names could otherwise make every
/// change slower without end.
pub const MAX_ENTRIES: usize = 16_384;

/// Longest name in bytes.
pub const MAX_NAME: usize = 255;

/// Longest value in bytes.
pub const MAX_VALUE: usize = 1_024;

const MAGIC: &[u8; 8] = b"dsbindex";
const VERSION: u32 = 1;
const HEADER: usize = 16;
const CHECK: usize = 32;

/// Longest file in bytes, checked before anything is read: about 20 MiB.
const MAX_FILE: usize = HEADER + MAX_ENTRIES * (4 + MAX_NAME + MAX_VALUE) + CHECK;

/// A table from names to values that survives crashes.
///
/// All changes block on the disk. Only one process has an index open at a time.
pub struct Index {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    entries: BTreeMap<String, Vec<u8>>,
    _lock: File,
}

impl Index {
    /// Opens the index in the file `path`; an absent file is an empty index. Its directory must exist.
    ///
    /// Beside it, `<path>.lock` keeps other processes out and `<path>.new` is the next version while it is written.
    ///
    /// # Errors
    ///
    /// [`IndexError::InUse`], [`IndexError::Damaged`] if the file is not exactly what was written (nothing is guessed:
    /// somebody has to decide), [`IndexError::Io`].
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, IndexError> {
        Self::open_on(Arc::new(RealDisk), path.into())
    }

    fn open_on(disk: Arc<dyn Disk>, path: PathBuf) -> Result<Self, IndexError> {
        let lock = lock(&path)?;
        let new = beside(&path, ".new");
        match disk.remove(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(IndexError::io("delete an interrupted change of", &path)(
                    error,
                ));
            }
            _ => {}
        }
        let entries = match read(&path) {
            Ok(bytes) => decode(&bytes).map_err(|fault| IndexError::Damaged {
                path: path.clone(),
                fault,
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(IndexError::io("read", &path)(error)),
        };
        Ok(Self {
            disk,
            path,
            entries,
            _lock: lock,
        })
    }

    /// The value under `name`.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&[u8]> {
        self.entries.get(name).map(Vec::as_slice)
    }

    /// All entries, names rising.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.entries
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_slice()))
    }

    /// Number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Puts `value` under `name`; returns the value that was there. Once this returns the change survives a crash.
    ///
    /// # Errors
    ///
    /// [`IndexError::NameLength`], [`IndexError::ValueTooLong`], [`IndexError::Full`]; [`IndexError::Io`]: the table is
    /// as before then, though after a crash the change may turn up complete.
    pub fn insert(&mut self, name: &str, value: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        if name.is_empty() || name.len() > MAX_NAME {
            return Err(IndexError::NameLength { len: name.len() });
        }
        if value.len() > MAX_VALUE {
            return Err(IndexError::ValueTooLong { len: value.len() });
        }
        if self.entries.len() >= MAX_ENTRIES && !self.entries.contains_key(name) {
            return Err(IndexError::Full);
        }
        let before = self.entries.insert(name.into(), value.into());
        if let Err(error) = self.save() {
            match before {
                Some(before) => self.entries.insert(name.into(), before),
                None => self.entries.remove(name),
            };
            return Err(error);
        }
        Ok(before)
    }

    /// Removes `name`; returns the value that was there.
    ///
    /// # Errors
    ///
    /// [`IndexError::Io`], as for [`insert`](Self::insert).
    pub fn remove(&mut self, name: &str) -> Result<Option<Vec<u8>>, IndexError> {
        let Some((name, before)) = self.entries.remove_entry(name) else {
            return Ok(None);
        };
        match self.save() {
            Ok(()) => Ok(Some(before)),
            Err(error) => {
                self.entries.insert(name, before);
                Err(error)
            }
        }
    }

    fn save(&self) -> Result<(), IndexError> {
        let new = beside(&self.path, ".new");
        let saved = self.save_as(&new);
        if saved.is_err() {
            // Gone already if the rename worked.
            drop(self.disk.remove(&new));
        }
        saved.map_err(IndexError::io("write", &self.path))
    }

    fn save_as(&self, new: &Path) -> io::Result<()> {
        match self.disk.remove(new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = self.disk.create(new)?;
        disk::write_all(&*self.disk, &mut file, &encode(&self.entries))?;
        self.disk.sync(&file)?;
        self.disk.rename(new, &self.path)?;
        self.disk.sync_dir(disk::parent(&self.path))
    }
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Index")
            .field("path", &self.path)
            .field("entries", &self.entries.len())
            .finish_non_exhaustive()
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn lock(path: &Path) -> Result<File, IndexError> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed())
        .open(beside(path, ".lock"))
        .map_err(IndexError::io("lock", path))?;
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(IndexError::InUse { path: path.into() }),
        Err(error) => Err(IndexError::io("lock", path)(error.into())),
    }
}

/// The file, or the first [`MAX_FILE`] + 1 bytes of it.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let limit = u64::try_from(MAX_FILE)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    let mut bytes = Vec::new();
    disk::open_no_follow(path)?
        .take(limit)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn encode(entries: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    // The three lengths fit: insert and decode refuse longer ones.
    let count = u32::try_from(entries.len()).unwrap_or(u32::MAX);
    bytes.extend_from_slice(&count.to_le_bytes());
    for (name, value) in entries {
        for len in [name.len(), value.len()] {
            bytes.extend_from_slice(&u16::try_from(len).unwrap_or(u16::MAX).to_le_bytes());
        }
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(value);
    }
    let check = blake3::hash(&bytes);
    bytes.extend_from_slice(check.as_bytes());
    bytes
}

fn decode(file: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, Fault> {
    if file.len() > MAX_FILE {
        return Err(Fault::TooLong);
    }
    let (bytes, check) = file.split_last_chunk::<CHECK>().ok_or(Fault::TooShort)?;
    let (magic, bytes_after) = bytes.split_first_chunk::<8>().ok_or(Fault::TooShort)?;
    if magic != MAGIC {
        return Err(Fault::NotAnIndex);
    }
    let (version, rest) = bytes_after.split_first_chunk().ok_or(Fault::TooShort)?;
    if blake3::hash(bytes).as_bytes() != check {
        return Err(Fault::Checksum);
    }
    let version = u32::from_le_bytes(*version);
    if version != VERSION {
        return Err(Fault::Version { version });
    }
    // The checksum held, so what follows only fails for a file that somebody else wrote.
    let (count, mut rest) = rest.split_first_chunk().ok_or(Fault::Malformed)?;
    let mut entries = BTreeMap::new();
    for _ in 0..u32::from_le_bytes(*count) {
        let (name, value, after) = decode_entry(rest).ok_or(Fault::Malformed)?;
        let rising = entries
            .last_key_value()
            .is_none_or(|(last, _): (&String, _)| **last < *name);
        if !rising || entries.len() >= MAX_ENTRIES {
            return Err(Fault::Malformed);
        }
        entries.insert(name.to_owned(), value.to_vec());
        rest = after;
    }
    if rest.is_empty() {
        Ok(entries)
    } else {
        Err(Fault::Malformed)
    }
}

fn decode_entry(bytes: &[u8]) -> Option<(&str, &[u8], &[u8])> {
    let (name_len, bytes) = bytes.split_first_chunk()?;
    let (value_len, bytes) = bytes.split_first_chunk()?;
    let (name, bytes) = bytes.split_at_checked(u16::from_le_bytes(*name_len).into())?;
    let (value, bytes) = bytes.split_at_checked(u16::from_le_bytes(*value_len).into())?;
    let fits = (1..=MAX_NAME).contains(&name.len()) && value.len() <= MAX_VALUE;
    let name = std::str::from_utf8(name).ok().filter(|_| fits)?;
    Some((name, value, bytes))
}

/// Why the index could not be opened or changed.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum IndexError {
    /// The file is not what was written.
    #[error(
        "index {} is unreadable: {fault}; restore it from a backup, or move it away to start with an empty one",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        fault: Fault,
    },
    /// Another process, or this one, has the index open.
    #[error("index {} is in use", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The name is empty or longer than [`MAX_NAME`].
    #[error("a name has 1 to {MAX_NAME} bytes, not {len}")]
    NameLength {
        /// Length in bytes.
        len: usize,
    },
    /// The value is longer than [`MAX_VALUE`].
    #[error("a value has at most {MAX_VALUE} bytes, not {len}")]
    ValueTooLong {
        /// Length in bytes.
        len: usize,
    },
    /// There are [`MAX_ENTRIES`] entries already.
    #[error("an index has at most {MAX_ENTRIES} entries")]
    Full,
    /// The machine failed.
    #[error("cannot {action} index {}: {kind}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What went wrong.
        kind: io::ErrorKind,
    },
}

impl IndexError {
    fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::Io {
            action,
            path: path.into(),
            kind: error.kind(),
        }
    }
}

/// What is wrong with the file of an index.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Fault {
    /// It is shorter than an empty index.
    #[error("it is cut short")]
    TooShort,
    /// It is longer than the largest index.
    #[error("it is too long")]
    TooLong,
    /// It does not start like an index.
    #[error("it is not an index")]
    NotAnIndex,
    /// Bytes were changed or are missing.
    #[error("its checksum is wrong")]
    Checksum,
    /// A newer version of this program wrote it.
    #[error("it has version {version}, this program reads version {VERSION}")]
    Version {
        /// Version of the file.
        version: u32,
    },
    /// Its checksum is right and its contents are not.
    #[error("its entries are malformed")]
    Malformed,
}

#[cfg(test)]
mod tests;
