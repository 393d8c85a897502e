//! Opening a store: claim the directory, delete what a crash left, count what is there.

use std::collections::HashMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::{FlockOperation, OFlags};

use super::artifacts::Layout;
use super::{Digest, StoreError};
use crate::disk::{self, Disk};

/// Name of the file that makes a directory a store.
const MARKER: &str = "dsoftbus-store";

/// What is in it.
const MARKER_TEXT: &[u8] = b"dsoftbus artifact store, version 1\n";

pub(super) struct Recovered {
    pub(super) layout: Layout,
    pub(super) lock: File,
    pub(super) objects: HashMap<Digest, u64>,
}

pub(super) fn open(disk: &dyn Disk, dir: &Path) -> Result<Recovered, StoreError> {
    let opening = StoreError::io("open the artifact store");
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(&opening)?;
    // The real path, so that a symlink above the store cannot be turned elsewhere while it is open.
    let layout = Layout::new(fs::canonicalize(dir).map_err(&opening)?);
    let lock = claim(disk, &layout.root)?;
    for dir in [&layout.objects, &layout.tmp, &layout.quarantine] {
        match disk.make_dir(dir) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(opening(error));
            }
            _ => require_dir(dir)?,
        }
    }
    for dir in [disk::parent(&layout.root), &layout.root] {
        disk.sync_dir(dir).map_err(&opening)?;
    }
    empty(disk, &layout.tmp).map_err(StoreError::io("delete interrupted uploads"))?;
    let objects = count(&layout.objects).map_err(StoreError::io("count the artifacts"))?;
    Ok(Recovered {
        layout,
        lock,
        objects,
    })
}

/// Checks that `path` is a directory, not a link to one: what is planted there must not lead us out of the store.
pub(super) fn require_dir(path: &Path) -> Result<(), StoreError> {
    let entering = StoreError::io("enter a directory of the store");
    let found = fs::symlink_metadata(path).map_err(&entering)?;
    if found.is_dir() {
        Ok(())
    } else {
        Err(entering(io::ErrorKind::NotADirectory.into()))
    }
}

/// Makes sure that `root` is ours before anything in it is deleted, and keeps others out until the file is closed.
fn claim(disk: &dyn Disk, root: &Path) -> Result<File, StoreError> {
    let claiming = StoreError::io("claim the artifact store");
    let not_ours = || StoreError::NotAStore { path: root.into() };
    let marker = root.join(MARKER);
    match fs::symlink_metadata(&marker) {
        Ok(found) if found.is_file() => {}
        Ok(_) => return Err(not_ours()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let taken = |entry: &io::Result<fs::DirEntry>| {
                entry
                    .as_ref()
                    .map_or(true, |entry| entry.file_name() != MARKER)
            };
            if fs::read_dir(root)
                .map_err(&claiming)?
                .any(|entry| taken(&entry))
            {
                return Err(not_ours());
            }
        }
        Err(error) => return Err(claiming(error)),
    }
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed())
        .open(&marker)
        .map_err(&claiming)?;
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(rustix::io::Errno::WOULDBLOCK) => {
            return Err(StoreError::InUse { path: root.into() });
        }
        Err(error) => return Err(claiming(error.into())),
    }
    let mut text = Vec::new();
    (&mut file)
        .take(64)
        .read_to_end(&mut text)
        .map_err(&claiming)?;
    // A crash while the store was created may have left the beginning only.
    let rest = MARKER_TEXT
        .strip_prefix(text.as_slice())
        .ok_or_else(not_ours)?;
    if !rest.is_empty() {
        disk::write_all(disk, &mut file, rest).map_err(&claiming)?;
        disk.sync(&file).map_err(&claiming)?;
    }
    Ok(file)
}

fn empty(disk: &dyn Disk, dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        // Neither follows a symlink.
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            disk.remove(&entry.path())?;
        }
    }
    Ok(())
}

/// The artifacts on disk and their lengths. Whatever is not a file under its right name is not ours: it is left alone,
/// not counted, and never served.
fn count(objects: &Path) -> io::Result<HashMap<Digest, u64>> {
    let mut found = HashMap::new();
    for dir in fs::read_dir(objects)? {
        let dir = dir?;
        if !dir.file_type()?.is_dir() {
            continue;
        }
        for entry in fs::read_dir(dir.path())? {
            let entry = entry?;
            let name = entry.file_name();
            let Some(digest) = name.to_str().and_then(|name| name.parse::<Digest>().ok()) else {
                continue;
            };
            let metadata = entry.metadata()?; // Of the link itself, if it is one.
            if metadata.is_file() && dir.file_name() == format!("{digest:.2}").as_str() {
                found.insert(digest, metadata.len());
            }
        }
    }
    Ok(found)
}
