//! How much a store takes and holds.

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
