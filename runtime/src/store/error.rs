//! Why the store did not do it.

use std::io;
use std::path::PathBuf;

use super::Digest;

/// Why the store did not do what it was asked.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum StoreError {
    /// The upload announces more than one object may have. The uploader asks for too much.
    #[error("{len} bytes are more than the {limit} that one artifact may have")]
    TooLarge {
        /// Announced length in bytes.
        len: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// The store is full, or would be. Nothing was written; remove something or try later.
    #[error("the artifact store has no room left: {quota} is limited to {limit}")]
    OverQuota {
        /// Which limit.
        quota: Quota,
        /// Its value.
        limit: u64,
    },
    /// The file system is full, or nearly. Reading still works.
    #[error("the disk of the artifact store is full")]
    DiskFull,
    /// More bytes came than were announced. The uploader's fault.
    #[error("more than the announced {announced} bytes came")]
    TooLong {
        /// Announced length in bytes.
        announced: u64,
    },
    /// The upload ended before all announced bytes came. The uploader's fault.
    #[error("{received} of {announced} announced bytes came")]
    TooShort {
        /// Announced length in bytes.
        announced: u64,
        /// Received length in bytes.
        received: u64,
    },
    /// The bytes are not the announced payload. The uploader's fault.
    #[error("the bytes have digest {actual}, {expected} was announced")]
    DigestMismatch {
        /// Announced digest.
        expected: Digest,
        /// Digest of what came.
        actual: Digest,
    },
    /// An earlier write of this upload failed, so it cannot be finished. Start a new one.
    #[error("an earlier write of this upload failed")]
    UploadFailed,
    /// The bytes on disk no longer match their name. They were moved to quarantine; upload the artifact again.
    #[error("artifact {digest} is damaged on disk and was taken out of service")]
    Damaged {
        /// The damaged artifact.
        digest: Digest,
    },
    /// The artifact was removed meanwhile.
    #[error("artifact {digest} is not in the store")]
    Missing {
        /// The artifact.
        digest: Digest,
    },
    /// Another process, or this one, has the store open.
    #[error("the artifact store {} is in use", path.display())]
    InUse {
        /// Directory of the store.
        path: PathBuf,
    },
    /// The directory holds something else. A store starts in an empty or absent directory.
    #[error("{} is not an artifact store of this version: name an empty or new directory", path.display())]
    NotAStore {
        /// The directory.
        path: PathBuf,
    },
    /// The machine failed.
    #[error("cannot {action}: {}", describe(*kind, *os_code))]
    Io {
        /// What was tried.
        action: &'static str,
        /// What went wrong.
        kind: io::ErrorKind,
        /// What went wrong, as a number of the operating system.
        os_code: Option<i32>,
    },
}

/// A limit of the store.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Quota {
    /// Bytes of all artifacts.
    Bytes,
    /// Number of artifacts.
    Objects,
    /// Number of uploads at once.
    Uploads,
}

impl std::fmt::Display for Quota {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Bytes => "the number of bytes",
            Self::Objects => "the number of artifacts",
            Self::Uploads => "the number of uploads at once",
        })
    }
}

impl StoreError {
    /// Names what was tried when the machine failed.
    pub(super) fn io(action: &'static str) -> impl Fn(io::Error) -> Self {
        move |error| match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull,
            kind => Self::Io {
                action,
                kind,
                os_code: error.raw_os_error(),
            },
        }
    }
}

fn describe(kind: io::ErrorKind, os_code: Option<i32>) -> String {
    os_code.map_or_else(
        || kind.to_string(),
        |code| io::Error::from_raw_os_error(code).to_string(),
    )
}
