//! Which payloads must stay although no bundle names them: those under way, and those that handles name.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use dsoftbus::store::Digest;
use tokio::time::Instant;

/// How long a payload that was pushed waits to be installed.
///
/// Its handle works for 60 s; the rest is for the time between the commit and the handle. Without an end, a peer that pushes
/// and never installs fills the store for good.
pub(crate) const STAGED_FOR: Duration = Duration::from_secs(120);

/// Who still needs which payload. Its lock is never held during a call to the disk, so a [`Hold`] may be dropped anywhere.
#[derive(Clone, Debug, Default)]
pub(crate) struct Holds(Arc<Mutex<HashMap<Digest, Needs>>>);

#[derive(Debug, Default)]
struct Needs {
    /// Uploads, installations and offered handles.
    holds: usize,
    /// Until when a handle from a push may name it.
    staged_until: Option<Instant>,
}

impl Holds {
    /// Keeps the payload until the hold is dropped.
    pub(crate) fn hold(&self, digest: Digest) -> Hold {
        self.lock().entry(digest).or_default().holds += 1;
        Hold {
            holds: self.clone(),
            digest,
        }
    }

    /// Keeps a payload that has just arrived for [`STAGED_FOR`].
    pub(crate) fn stage(&self, digest: Digest) {
        let until = Instant::now() + STAGED_FOR;
        self.lock().entry(digest).or_default().staged_until = Some(until);
    }

    /// Whether somebody needs the payload.
    pub(crate) fn holds(&self, digest: &Digest) -> bool {
        let mut needs = self.lock();
        let Some(found) = needs.get(digest) else {
            return false;
        };
        let held = found.holds > 0
            || found
                .staged_until
                .is_some_and(|until| until > Instant::now());
        if !held {
            needs.remove(digest);
        }
        held
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Digest, Needs>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps one payload while it lives.
#[derive(Debug)]
pub(crate) struct Hold {
    holds: Holds,
    digest: Digest,
}

impl Drop for Hold {
    fn drop(&mut self) {
        if let Some(needs) = self.holds.lock().get_mut(&self.digest) {
            needs.holds = needs.holds.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_staged_payload_is_given_up_after_two_minutes() {
        let holds = Holds::default();
        let digest = Digest::of(b"payload");
        holds.stage(digest);
        tokio::time::advance(STAGED_FOR - Duration::from_millis(1)).await;
        assert!(holds.holds(&digest));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(!holds.holds(&digest));
    }

    #[test]
    fn a_payload_stays_until_its_last_hold_is_dropped() {
        let holds = Holds::default();
        let digest = Digest::of(b"payload");
        let (first, second) = (holds.hold(digest), holds.hold(digest));
        drop(first);
        assert!(holds.holds(&digest));
        drop(second);
        assert!(!holds.holds(&digest));
    }
}
