//! Key file: the secret of an identity as a small text file that only its owner can read.
//!
//! ```text
//! dsoftbus key v1
//! seed <64 hexadecimal digits>
//! epoch <number>
//! check <16 hexadecimal digits>      the first 8 bytes of BLAKE3 of the lines above
//! ```

use std::fmt;
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use zeroize::Zeroizing;

use crate::disk::{self, Disk, RealDisk};

/// Longest key file in bytes. Ours have at most 130; a longer file is not one, and is not read to its end.
const MAX_FILE: usize = 256;

/// How often a file that appears and disappears is looked for before giving up.
const ATTEMPTS: usize = 4;

/// The secret of an identity, as its file holds it.
#[derive(Clone, Eq, PartialEq)]
pub struct KeyFile {
    seed: Zeroizing<[u8; 32]>,
    epoch: u32,
}

impl KeyFile {
    /// Reads the key in `path`. If there is no such file it is created, with a seed from `random` and epoch 0.
    ///
    /// An existing file is never changed. Of several that create the same file at once one wins, and all return the
    /// key of the winner. The directory has to exist.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load), except that an absent file is none; [`KeyFileError::Random`].
    pub fn load_or_create(
        path: impl AsRef<Path>,
        random: impl FnOnce(&mut [u8; 32]) -> io::Result<()>,
    ) -> Result<Self, KeyFileError> {
        Self::load_or_create_on(&RealDisk, path.as_ref(), random)
    }

    fn load_or_create_on(
        disk: &dyn Disk,
        path: &Path,
        random: impl FnOnce(&mut [u8; 32]) -> io::Result<()>,
    ) -> Result<Self, KeyFileError> {
        match Self::load(path) {
            Err(error) if error.is_absent() => {}
            loaded => return loaded,
        }
        let mut seed = Zeroizing::new([0; 32]);
        random(&mut seed).map_err(|error| KeyFileError::Random { kind: error.kind() })?;
        // What a broken source of randomness returns; everybody who has it would be the same device.
        if seed.iter().all(|byte| *byte == 0) {
            let kind = io::ErrorKind::InvalidData;
            return Err(KeyFileError::Random { kind });
        }
        let key = Self { seed, epoch: 0 };
        for _ in 0..ATTEMPTS {
            if key.create(disk, path)? {
                return Ok(key);
            }
            match Self::load(path) {
                Err(error) if error.is_absent() => {}
                Err(error) => return Err(error),
                Ok(theirs) => {
                    // The winner may not have got that far yet, and we are about to use the key.
                    disk.sync_dir(disk::parent(path))
                        .map_err(KeyFileError::io("sync the directory of", path))?;
                    return Ok(theirs);
                }
            }
        }
        // The name is taken but leads nowhere: a symlink to a file that does not exist.
        Err(KeyFileError::io("follow", path)(
            io::ErrorKind::NotFound.into(),
        ))
    }

    /// Reads the key in `path`.
    ///
    /// # Errors
    ///
    /// [`KeyFileError::Exposed`] if others may read the file, [`KeyFileError::Damaged`] if it is not exactly what was
    /// written, [`KeyFileError::Io`] if it is absent or unreadable.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, KeyFileError> {
        let path = path.as_ref();
        let reading = |error| KeyFileError::io("read", path)(error);
        let damaged = |fault| KeyFileError::Damaged {
            path: path.into(),
            fault,
        };
        // Symlinks are followed: secret stores hand out files that way, and the check below is of what is opened.
        let file = std::fs::OpenOptions::new()
            .read(true)
            .custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed())
            .open(path)
            .map_err(reading)?;
        let metadata = file.metadata().map_err(reading)?;
        if !metadata.is_file() {
            return Err(damaged(KeyFault::NotAFile));
        }
        let mode = metadata.mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(KeyFileError::Exposed {
                path: path.into(),
                mode,
            });
        }
        // As large as the largest file from the start: growing would leave copies of the secret in memory.
        let mut text = Zeroizing::new(Vec::with_capacity(MAX_FILE * 2));
        let limit = u64::try_from(MAX_FILE).unwrap_or(u64::MAX);
        file.take(limit).read_to_end(&mut text).map_err(reading)?;
        Self::decode(&text).map_err(damaged)
    }

    /// The seed that all keys of the device come from.
    #[must_use]
    pub fn seed(&self) -> &Zeroizing<[u8; 32]> {
        &self.seed
    }

    /// The epoch of the device's static key.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Writes the key to a file of another name first, so that `path` is complete from the moment it exists. Says
    /// whether `path` is ours; if not, somebody else's is there.
    fn create(&self, disk: &dyn Disk, path: &Path) -> Result<bool, KeyFileError> {
        let creating = |error| KeyFileError::io("create", path)(error);
        let mut suffix = [0; 8];
        getrandom::fill(&mut suffix)
            .map_err(|error| creating(io::Error::other(error.to_string())))?;
        let mut new = path.as_os_str().to_owned();
        new.push(format!(".{}.new", HEXLOWER.encode(&suffix)));
        let new = PathBuf::from(new);

        let mut file = disk.create(&new).map_err(creating)?;
        let placed = disk::write_all(disk, &mut file, &self.encode())
            .and_then(|()| disk.sync(&file))
            // A link, because a rename would replace a file that is there.
            .and_then(|()| disk.link(&new, path));
        let removed = disk.remove(&new);
        match placed {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
            Err(error) => return Err(creating(error)),
        }
        removed.map_err(KeyFileError::io("remove the temporary copy of", path))?;
        disk.sync_dir(disk::parent(path))
            .map_err(KeyFileError::io("sync the directory of", path))?;
        Ok(true)
    }

    fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut seed = Zeroizing::new([0; 64]);
        HEXLOWER.encode_mut(&*self.seed, &mut *seed);
        let mut text = Zeroizing::new(Vec::with_capacity(MAX_FILE));
        text.extend_from_slice(b"dsoftbus key v1\nseed ");
        text.extend_from_slice(&*seed);
        text.extend_from_slice(format!("\nepoch {}\n", self.epoch).as_bytes());
        let check = check(&text);
        text.extend_from_slice(format!("check {check}\n").as_bytes());
        text
    }

    fn decode(text: &[u8]) -> Result<Self, KeyFault> {
        let (version, rest) = line(text).ok_or(KeyFault::NotAKey)?;
        if version != b"dsoftbus key v1" {
            let ours = version.starts_with(b"dsoftbus key v");
            return Err(if ours {
                KeyFault::Version
            } else {
                KeyFault::NotAKey
            });
        }
        let (seed_line, rest) = line(rest).ok_or(KeyFault::CutShort)?;
        let (epoch_line, rest) = line(rest).ok_or(KeyFault::CutShort)?;
        let (check_line, after) = line(rest).ok_or(KeyFault::CutShort)?;
        if !after.is_empty() {
            return Err(KeyFault::Malformed);
        }
        let checked = text
            .len()
            .checked_sub(rest.len())
            .and_then(|len| text.get(..len))
            .ok_or(KeyFault::Malformed)?;
        if check_line != format!("check {}", check(checked)).as_bytes() {
            return Err(KeyFault::Checksum);
        }

        let digits = seed_line
            .strip_prefix(b"seed ")
            .ok_or(KeyFault::Malformed)?;
        let mut seed = Zeroizing::new([0; 32]);
        if digits.len() != 64 || HEXLOWER.decode_mut(digits, &mut *seed).is_err() {
            return Err(KeyFault::Malformed);
        }
        let epoch = epoch_line
            .strip_prefix(b"epoch ")
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| digits.parse().ok())
            .ok_or(KeyFault::Malformed)?;
        Ok(Self { seed, epoch })
    }
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyFile")
            .field("seed", &"[redacted]")
            .field("epoch", &self.epoch)
            .finish()
    }
}

/// The first line and what follows its line feed.
fn line(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|byte| *byte == b'\n')?;
    let (line, rest) = text.split_at_checked(end)?;
    Some((line, rest.get(1..)?))
}

fn check(text: &[u8]) -> String {
    let mut digits = HEXLOWER.encode(blake3::hash(text).as_bytes());
    digits.truncate(16);
    digits
}

/// Why there is no key. None of the messages holds a part of it.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum KeyFileError {
    /// Others may read the file, so the key may not be secret any more.
    #[error(
        "key file {} is open to others (mode {mode:04o}): if nobody can have read it, chmod it to 0600, otherwise make a new identity",
        path.display()
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is not what was written.
    #[error(
        "key file {} is unreadable: {fault}; restore it from a backup, or move it away to get a new identity",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        fault: KeyFault,
    },
    /// There is no randomness to make a key from.
    #[error("no randomness for a new key: {kind}")]
    Random {
        /// What went wrong.
        kind: io::ErrorKind,
    },
    /// The machine failed.
    #[error("cannot {action} key file {}: {kind}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What went wrong.
        kind: io::ErrorKind,
    },
}

impl KeyFileError {
    fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::Io {
            action,
            path: path.into(),
            kind: error.kind(),
        }
    }

    fn is_absent(&self) -> bool {
        let absent = io::ErrorKind::NotFound;
        matches!(self, Self::Io { kind, .. } if *kind == absent)
    }
}

/// What is wrong with a key file.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum KeyFault {
    /// It is a directory or a device.
    #[error("it is not a file")]
    NotAFile,
    /// It does not start like a key file.
    #[error("it is not a key file")]
    NotAKey,
    /// A newer version of this program wrote it.
    #[error("it is a key file of a version this program does not know")]
    Version,
    /// Lines are missing at its end.
    #[error("it is cut short")]
    CutShort,
    /// Something was changed.
    #[error("its checksum is wrong")]
    Checksum,
    /// Its lines are not those of a key file.
    #[error("its lines are malformed")]
    Malformed,
}

#[cfg(test)]
mod tests;
