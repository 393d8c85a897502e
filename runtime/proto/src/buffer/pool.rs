//! [`Pool`]: large buffers that are used again.

use alloc::{sync::Arc, vec::Vec};
use core::fmt;

use bytes::Bytes;

use super::Aligned;

/// Most buffers kept for reuse: 2 MiB of records, the window of a bulk channel, which is what waits between socket and consumer while a
/// payload comes in faster than it is used.
const MAX_LENT: usize = 32;

/// Buffers that are lent out as [`Bytes`] and used again once nobody reads them any more.
///
/// Getting memory from the system for every large piece of a payload costs as much as deciphering it.
#[derive(Default)]
pub struct Pool {
    lent: Vec<Arc<Aligned>>,
    /// Whether anything was lent since the last [`trim`](Self::trim).
    busy: bool,
}

impl Pool {
    /// A pool without buffers.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            lent: Vec::new(),
            busy: false,
        }
    }

    /// Lends a buffer of `len` bytes once `fill` has filled it. What it does not overwrite is zero or was lent before. Check a length that
    /// came from a peer against its limit first.
    ///
    /// # Errors
    ///
    /// That of `fill`; nothing is lent then.
    pub fn lend<E>(
        &mut self,
        len: usize,
        fill: impl FnOnce(&mut [u8]) -> Result<(), E>,
    ) -> Result<Bytes, E> {
        self.busy = true;
        let free = self
            .lent
            .iter()
            .position(|buffer| Arc::strong_count(buffer) == 1);
        let mut buffer = free.map_or_else(Arc::default, |free| self.lent.swap_remove(free));
        // Nobody else has it, so this does not make another one.
        let bytes = Arc::make_mut(&mut buffer);
        bytes.resize(len);
        fill(bytes.as_bytes_mut())?;
        if self.lent.len() < MAX_LENT {
            self.lent.push(Arc::clone(&buffer));
        }
        Ok(Bytes::from_owner(Lent(buffer)))
    }

    /// Gives up the buffers kept for reuse if none was needed since the last time that this was called: call it now and then.
    pub fn trim(&mut self) {
        if !core::mem::take(&mut self.busy) {
            self.shrink();
        }
    }

    /// Gives up the buffers kept for reuse. Those that are still read count until they are not: a small piece may hold a larger buffer, but
    /// never more of them than the pool has.
    pub fn shrink(&mut self) {
        self.lent.retain(|buffer| Arc::strong_count(buffer) > 1);
        self.lent.shrink_to_fit();
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("lent", &self.lent.len())
            .finish()
    }
}

/// A buffer that comes back to its pool.
struct Lent(Arc<Aligned>);

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use core::convert::Infallible;

    use super::*;

    fn lend(pool: &mut Pool, fill: u8, len: usize) -> Bytes {
        pool.lend(len, |bytes| {
            bytes.fill(fill);
            Ok::<(), Infallible>(())
        })
        .unwrap()
    }

    #[test]
    fn a_buffer_is_used_again_only_when_nobody_reads_it() {
        let mut pool = Pool::new();
        let first = lend(&mut pool, 1, 108);
        let held = first.slice(..9);
        let second = lend(&mut pool, 2, 108);
        assert_eq!(held, [1; 9][..]);
        let address = second.as_ptr();
        drop(second);
        let third = lend(&mut pool, 3, 101);
        assert_eq!(third.as_ptr(), address);
        assert_eq!(third, [3; 101][..]);
        assert_eq!(first, [1; 108][..]);
    }

    #[test]
    fn buffers_that_are_still_read_count_as_the_pools_whenever_it_is_trimmed() {
        let mut pool = Pool::new();
        let held: Vec<Bytes> = (0..MAX_LENT).map(|_| lend(&mut pool, 1, 8)).collect();
        pool.shrink();
        assert_eq!(pool.lent.len(), MAX_LENT);
        // One more is not kept.
        drop(lend(&mut pool, 2, 8));
        assert_eq!(pool.lent.len(), MAX_LENT);
        drop(held);
        pool.shrink();
        assert_eq!(pool.lent.capacity(), 0);
    }

    #[test]
    fn a_pool_keeps_no_more_than_its_bound_and_nothing_once_it_is_not_needed() {
        let mut pool = Pool::new();
        let lent: Vec<Bytes> = (0..2 * MAX_LENT).map(|_| lend(&mut pool, 1, 8)).collect();
        assert_eq!(pool.lent.len(), MAX_LENT);
        drop(lent);
        pool.trim();
        assert_eq!(pool.lent.len(), MAX_LENT);
        pool.trim();
        assert_eq!(pool.lent.len(), 0);
    }
}
