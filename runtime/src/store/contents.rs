//! The account of a store: what is in it, what is promised to uploads.

use std::collections::HashMap;

use super::{Digest, Limits, Quota, StoreError, Usage};

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
    /// The account of what is on disk.
    pub(super) fn new(objects: HashMap<Digest, u64>) -> Self {
        let mut contents = Self::default();
        for (digest, len) in objects {
            contents.record(digest, len);
        }
        contents
    }

    /// Promises room to an upload.
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

    /// Length of the object, if it is on disk.
    pub(super) fn find(&self, digest: &Digest) -> Result<Option<u64>, StoreError> {
        match self.objects.get(digest) {
            None => Ok(None),
            Some(entry) if entry.damaged => Err(StoreError::Damaged { digest: *digest }),
            Some(entry) => Ok(Some(entry.len)),
        }
    }

    /// Whether the object is on disk, damaged or not.
    pub(super) fn occupies(&self, digest: &Digest) -> bool {
        self.objects.contains_key(digest)
    }

    pub(super) fn digests(&self) -> impl Iterator<Item = Digest> {
        self.objects.keys().copied()
    }

    pub(super) fn usage(&self) -> Usage {
        Usage {
            bytes: self.bytes,
            objects: self.objects.len().try_into().unwrap_or(u64::MAX),
            reserved_bytes: self.reserved_bytes,
            uploads: self.uploads,
        }
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
