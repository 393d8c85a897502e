//! Fresh IDs for files and types.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

/// An ID that nobody has used yet: 63 random bits under a set top bit.
///
/// The randomness is the standard library's for hash tables; chance collisions are all that matters
/// here.
#[must_use]
pub fn generate_id() -> u64 {
    RandomState::new().build_hasher().finish() | 1 << 63
}

#[cfg(test)]
mod tests {
    use super::generate_id;

    #[test]
    fn fresh_ids_differ_and_have_their_top_bit_set() {
        let ids: std::collections::HashSet<u64> = (0..1000).map(|_| generate_id()).collect();
        assert_eq!(ids.len(), 1000);
        assert!(ids.iter().all(|id| id >> 63 == 1));
    }
}
