//! [`Sink`]: a store that checks payloads and keeps nothing.

use dsoftbus::{
    Result, Status,
    bulk::{BulkStore, BulkUpload},
    store::Digest,
};

/// A store that checks payloads as the real one does and keeps nothing: the disk is not what is measured.
pub(crate) struct Sink {
    /// Whether the digest is checked, too.
    pub(crate) digest: bool,
}

struct Upload {
    digest: Digest,
    hasher: Option<blake3::Hasher>,
    left: u64,
}

impl BulkStore for Sink {
    fn begin(&self, digest: Digest, len: u64) -> Result<Box<dyn BulkUpload>> {
        Ok(Box::new(Upload {
            digest,
            hasher: self.digest.then(blake3::Hasher::new),
            left: len,
        }))
    }
}

impl BulkUpload for Upload {
    fn write(&mut self, chunk: &[u8]) -> Result<()> {
        self.left = self
            .left
            .checked_sub(chunk.len() as u64)
            .ok_or_else(|| Status::data_loss("longer than announced"))?;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(chunk);
        }
        Ok(())
    }

    fn commit(self: Box<Self>) -> Result<()> {
        if self.left > 0 {
            return Err(Status::data_loss("shorter than announced"));
        }
        match self.hasher {
            Some(hasher) if hasher.finalize().as_bytes() != self.digest.as_bytes() => {
                Err(Status::data_loss("not what its digest says"))
            }
            _ => Ok(()),
        }
    }
}
