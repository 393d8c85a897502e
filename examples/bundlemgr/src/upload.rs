//! Payloads on their way in.

use dsoftbus::{Result, bulk::BulkUpload, store::Digest};

use crate::hold::{Hold, Holds};

/// A payload that is being pushed, and then waits for a while to be installed.
pub(crate) struct StagedUpload {
    pub(crate) inner: Box<dyn BulkUpload>,
    pub(crate) digest: Digest,
    pub(crate) holds: Holds,
    /// Keeps the payload from being swept between its commit and its staging.
    pub(crate) _hold: Hold,
}

impl BulkUpload for StagedUpload {
    fn write(&mut self, chunk: &[u8]) -> Result<()> {
        self.inner.write(chunk)
    }

    fn commit(self: Box<Self>) -> Result<()> {
        self.inner.commit()?;
        self.holds.stage(self.digest);
        Ok(())
    }
}
