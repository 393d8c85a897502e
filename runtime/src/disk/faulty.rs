//! A disk that fails where a test tells it to, and forgets what was never synced.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::{Disk, RealDisk};

/// What happens at the chosen call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    /// This call fails with the error, the ones after it work.
    Once(rustix::io::Errno),
    /// This call and all after it fail with the error.
    Always(rustix::io::Errno),
}

/// [`RealDisk`] with a fault at the n-th call.
#[derive(Debug)]
pub(crate) struct FaultyDisk {
    state: Mutex<State>,
    /// Largest number of bytes one `write` takes.
    short_write: usize,
}

#[derive(Debug, Default)]
struct State {
    calls: usize,
    fault: Option<(usize, Fault)>,
    free: Option<u64>,
    failed_in: Option<&'static str>,
    /// Files (by inode) whose bytes were not synced, and their names.
    dirty_files: HashMap<u64, PathBuf>,
    /// Names that were not synced, with the content that had the name before.
    dirty_names: Vec<(PathBuf, Option<Vec<u8>>)>,
    dirty_dirs: Vec<PathBuf>,
}

impl State {
    fn move_dirty_file(&mut self, from: &Path, to: &Path) {
        for path in self.dirty_files.values_mut() {
            if path == from {
                *path = to.into();
            }
        }
    }
}

impl FaultyDisk {
    /// A disk without a fault.
    pub(crate) fn sound() -> Self {
        Self {
            state: Mutex::default(),
            short_write: usize::MAX,
        }
    }

    /// A disk whose `nth` call from now (0 is the next) meets `fault`.
    pub(crate) fn failing(nth: usize, fault: Fault) -> Self {
        let disk = Self::sound();
        disk.fail(nth, fault);
        disk
    }

    pub(crate) fn with_short_writes(mut self, bytes: usize) -> Self {
        self.short_write = bytes;
        self
    }

    pub(crate) fn fail(&self, nth: usize, fault: Fault) {
        let mut state = self.state.lock().unwrap();
        state.fault = Some((state.calls + nth, fault));
    }

    pub(crate) fn set_free_bytes(&self, bytes: u64) {
        self.state.lock().unwrap().free = Some(bytes);
    }

    /// The call that met the fault, if one did.
    pub(crate) fn failed_in(&self) -> Option<&'static str> {
        self.state.lock().unwrap().failed_in
    }

    /// Leaves of the files only what a power cut at this moment is bound to leave.
    pub(crate) fn cut_power(&self) {
        let mut state = self.state.lock().unwrap();
        for path in state.dirty_files.values() {
            if let Ok(file) = fs::OpenOptions::new().write(true).open(path) {
                let len = file.metadata().unwrap().len();
                file.set_len(len / 2).unwrap();
            }
        }
        for (path, before) in std::mem::take(&mut state.dirty_names).into_iter().rev() {
            match before {
                Some(content) => fs::write(path, content).unwrap(),
                None => drop(fs::remove_file(path)),
            }
        }
        for dir in std::mem::take(&mut state.dirty_dirs).into_iter().rev() {
            drop(fs::remove_dir_all(dir));
        }
    }

    fn step(&self, name: &'static str) -> io::Result<()> {
        let mut state = self.state.lock().unwrap();
        let call = state.calls;
        state.calls += 1;
        let errno = match state.fault {
            Some((nth, Fault::Once(errno))) if nth == call => errno,
            Some((nth, Fault::Always(errno))) if nth <= call => errno,
            _ => return Ok(()),
        };
        state.failed_in.get_or_insert(name);
        Err(errno.into())
    }
}

impl Disk for FaultyDisk {
    fn create(&self, path: &Path) -> io::Result<File> {
        self.step("create")?;
        let file = RealDisk.create(path)?;
        let inode = file.metadata()?.ino();
        let mut state = self.state.lock().unwrap();
        state.dirty_files.insert(inode, path.into());
        Ok(file)
    }

    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<usize> {
        self.step("write")?;
        RealDisk.write(file, &bytes[..bytes.len().min(self.short_write)])
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        self.step("sync")?;
        let mut state = self.state.lock().unwrap();
        state.dirty_files.remove(&file.metadata()?.ino());
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step("rename")?;
        let before = fs::read(to).ok();
        RealDisk.rename(from, to)?;
        let mut state = self.state.lock().unwrap();
        state.dirty_names.push((to.into(), before));
        state.move_dirty_file(from, to);
        Ok(())
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step("link")?;
        RealDisk.link(from, to)?;
        let mut state = self.state.lock().unwrap();
        state.dirty_names.push((to.into(), None));
        // The first name is about to go.
        state.move_dirty_file(from, to);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.step("remove")?;
        RealDisk.remove(path)
    }

    fn make_dir(&self, path: &Path) -> io::Result<()> {
        self.step("make_dir")?;
        RealDisk.make_dir(path)?;
        self.state.lock().unwrap().dirty_dirs.push(path.into());
        Ok(())
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.step("sync_dir")?;
        let mut state = self.state.lock().unwrap();
        state
            .dirty_names
            .retain(|(name, _)| super::parent(name) != path);
        state.dirty_dirs.retain(|dir| super::parent(dir) != path);
        Ok(())
    }

    fn free_bytes(&self, path: &Path) -> io::Result<u64> {
        self.step("free_bytes")?;
        let free = self.state.lock().unwrap().free;
        free.map_or_else(|| RealDisk.free_bytes(path), Ok)
    }
}
