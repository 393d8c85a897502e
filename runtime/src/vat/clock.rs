//! [`Hold`]: keeps the paused clock of a test from running while the vat thread works.

use std::sync::mpsc::{SyncSender, sync_channel};

use tokio::runtime::Handle;

/// Keeps the paused clock of a test from running, until it is dropped.
///
/// tokio advances a paused clock when its runtime has nothing to do. What the vat thread has to do is invisible to it; a blocking
/// task is not. Only nodes of [`testing`](crate::testing) hold the clock.
pub(super) struct Hold {
    _release: SyncSender<()>,
}

impl Hold {
    /// Stops the clock of `runtime`.
    pub(super) fn new(runtime: &Handle) -> Self {
        let (release, released) = sync_channel::<()>(1);
        runtime.spawn_blocking(move || {
            // Nothing is ever sent: the end of the sender is the news.
            let _ = released.recv();
        });
        Self { _release: release }
    }
}
