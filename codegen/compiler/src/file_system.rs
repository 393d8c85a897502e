//! Where files come from: the disk, or memory.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Error, ErrorKind, Read as _, Result};
use std::path::{Component, Path, PathBuf};

/// Largest file that is read, schema or embedded: 64 MiB.
///
/// The limit keeps positions inside 32 bits and an `embed` of a device from filling the memory; the
/// schemas of the largest public projects are below 1 MiB.
pub const MAX_FILE_BYTES: u64 = 64 << 20;

/// What the compiler needs of a file system.
pub trait FileSystem {
    /// The bytes of a file.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] when there is no regular file of that name: the next import path is
    /// tried then. Any other error is reported where the file was asked for.
    fn read(&self, path: &Path) -> Result<Vec<u8>>;

    /// A path that is the same for every way to reach the file, `None` if there is no such file.
    fn identity(&self, path: &Path) -> Option<PathBuf> {
        Some(path.to_path_buf())
    }

    /// The directory that relative paths start from.
    fn current_dir(&self) -> PathBuf {
        PathBuf::from("/")
    }
}

/// The disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl FileSystem for Disk {
    fn read(&self, path: &Path) -> Result<Vec<u8>> {
        if !fs::metadata(path)?.is_file() {
            return Err(ErrorKind::NotFound.into());
        }
        let mut bytes = Vec::new();
        fs::File::open(path)?
            .take(MAX_FILE_BYTES + 1)
            .read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn identity(&self, path: &Path) -> Option<PathBuf> {
        fs::canonicalize(path).ok()
    }

    fn current_dir(&self) -> PathBuf {
        std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"))
    }
}

/// Files in memory, below a root that is also the current directory.
///
/// ```
/// let mut files = capnp_compiler::MemoryFiles::new();
/// files.insert("a.capnp", "@0xf3a5d9c2b1e07846; struct A { x @0 :Int32; }");
/// # let _ = files;
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryFiles {
    files: BTreeMap<PathBuf, Vec<u8>>,
}

impl MemoryFiles {
    /// No files.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file or replaces it.
    pub fn insert(&mut self, path: impl AsRef<Path>, content: impl Into<Vec<u8>>) -> &mut Self {
        self.files
            .insert(normalized(Path::new("/"), path.as_ref()), content.into());
        self
    }
}

impl FileSystem for MemoryFiles {
    fn read(&self, path: &Path) -> Result<Vec<u8>> {
        self.files
            .get(&normalized(Path::new("/"), path))
            .cloned()
            .ok_or_else(|| Error::from(ErrorKind::NotFound))
    }
}

/// `path` as seen from `base`, without `.` and `..`; links are not followed.
pub(crate) fn normalized(base: &Path, path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in base.join(path).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}
