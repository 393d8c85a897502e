//! SHA-256 for snow.

use sha2::{Digest, Sha256};
use snow::types::Hash;

/// Running hash.
#[derive(Default)]
pub(super) struct NoiseHash(Sha256);

impl Hash for NoiseHash {
    fn name(&self) -> &'static str {
        "SHA256"
    }

    fn block_len(&self) -> usize {
        64
    }

    fn hash_len(&self) -> usize {
        32
    }

    fn reset(&mut self) {
        self.0 = Sha256::default();
    }

    fn input(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    fn result(&mut self, out: &mut [u8]) {
        let digest: [u8; 32] = self.0.finalize_reset().into();
        // snow hands over a buffer for its longest hash.
        if let Some(out) = out.first_chunk_mut() {
            *out = digest;
        }
    }
}
