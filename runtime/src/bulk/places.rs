//! [`Places`]: how many transfers run at once.

use std::time::Duration;

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

/// Time that a transfer waits for a place before it is refused.
///
/// Less than the time that the peer waits for its channel to open, so that it reads why. A waiting transfer costs a task and
/// no more: its sender has not been accepted.
const PLACE_WITHIN: Duration = Duration::from_secs(8);

/// Places for transfers that peers start: each pins a thread that reads or writes a disk.
#[derive(Debug)]
pub(crate) struct Places(Semaphore);

impl Places {
    pub(crate) fn new(places: usize) -> Self {
        Self(Semaphore::new(places.min(Semaphore::MAX_PERMITS)))
    }
}

/// Waits for a place in a session and in its node; `None` if there was none in time.
///
/// First the session: a peer with many transfers waits for itself, not in everybody's queue.
pub(super) async fn take<'a>(
    session: &'a Places,
    node: &'a Places,
) -> Option<[SemaphorePermit<'a>; 2]> {
    let both = async {
        let session = session.0.acquire().await.ok()?;
        let node = node.0.acquire().await.ok()?;
        Some([session, node])
    };
    timeout(PLACE_WITHIN, both).await.ok().flatten()
}
