//! [`Checked`]: that signatures were checked, known to a value and all its clones.

use alloc::sync::Arc;
use core::{
    fmt,
    sync::atomic::{AtomicBool, Ordering},
};

/// Whether signatures were found good, known to a value and all its clones.
///
/// Whether a signature is good depends on the bytes alone, and whoever holds one of these never changes them: so once is
/// enough. What depends on the time is not kept here.
#[derive(Clone, Default)]
pub(super) struct Checked(Arc<AtomicBool>);

impl Checked {
    /// Runs `check` unless it succeeded before.
    pub(super) fn once<E>(&self, check: impl FnOnce() -> Result<(), E>) -> Result<(), E> {
        // Nothing else is read because of the flag, so that no order is needed.
        if self.0.load(Ordering::Relaxed) {
            return Ok(());
        }
        check()?;
        self.0.store(true, Ordering::Relaxed);
        Ok(())
    }
}

/// Values are what they state, whether or not somebody has looked.
impl PartialEq for Checked {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Checked {}

impl fmt::Debug for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Checked")
            .field(&self.0.load(Ordering::Relaxed))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_good_is_not_looked_at_again_by_any_clone() {
        let checked = Checked::default();
        let clone = checked.clone();
        checked.once(|| Ok::<_, ()>(())).unwrap();
        clone.once(|| Err("looked again")).unwrap();
    }

    #[test]
    fn what_was_found_bad_is_looked_at_every_time() {
        let checked = Checked::default();
        assert_eq!(checked.once(|| Err(1)), Err(1));
        assert_eq!(checked.once(|| Err(2)), Err(2));
    }
}
