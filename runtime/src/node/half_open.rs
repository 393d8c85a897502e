//! [`HalfOpen`]: the places for handshakes of connections that came in.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
    time::{Instant, sleep_until},
};

/// Handshakes that may be under way at once for connections that came in.
///
/// Each costs a task and some cryptography before anything is proven; without a bound a flood of connections takes the memory.
const MAX_HALF_OPEN: usize = 64;

/// How long a handshake keeps its place when others wait for one.
///
/// An honest one needs two round trips. If those that say nothing kept their places to the end, thirteen connections a second
/// would keep everybody else out.
const YIELD_AFTER: Duration = Duration::from_secs(1);

/// The places for handshakes, and who has held one for how long.
pub(super) struct HalfOpen {
    free: Arc<Semaphore>,
    taken: VecDeque<(Instant, oneshot::Sender<()>)>,
}

/// A place for one handshake; free again when dropped.
pub(super) struct Place {
    _permit: OwnedSemaphorePermit,
    evicted: oneshot::Receiver<()>,
}

impl HalfOpen {
    pub(super) fn new() -> Self {
        Self {
            free: Arc::new(Semaphore::new(MAX_HALF_OPEN)),
            taken: VecDeque::new(),
        }
    }

    /// Waits for a place. Connections behind wait in the listener's queue meanwhile, where they cost this process nothing.
    ///
    /// `None` never comes: the semaphore is not closed.
    pub(super) async fn take(&mut self) -> Option<Place> {
        self.taken.retain(|(_, place)| !place.is_closed());
        let permit = loop {
            let permit = Arc::clone(&self.free).acquire_owned();
            let Some((since, _)) = self.taken.front() else {
                break permit.await.ok()?;
            };
            tokio::select! {
                biased;
                permit = permit => break permit.ok()?,
                () = sleep_until(*since + YIELD_AFTER) => {
                    if let Some((_, oldest)) = self.taken.pop_front() {
                        // One that has ended meanwhile has given its place back itself.
                        let _ = oldest.send(());
                    }
                }
            }
        };
        let (evict, evicted) = oneshot::channel();
        self.taken.push_back((Instant::now(), evict));
        Some(Place {
            _permit: permit,
            evicted,
        })
    }
}

impl Place {
    /// Runs a handshake in this place; `None` if it had to yield it.
    pub(super) async fn hold<T>(self, handshake: impl Future<Output = T>) -> Option<T> {
        let Self { _permit, evicted } = self;
        tokio::select! {
            biased;
            output = handshake => Some(output),
            _ = evicted => None,
        }
    }
}
