//! [`Pace`]: how long a transfer waits for its peer.

use std::{future::Future, time::Duration};

use tokio::time::{Instant, timeout};

use super::send::CHUNK;
use crate::session::{LOW_WATER, MAX_QUEUED};

/// Time a peer may do nothing in the middle of a payload. A stalled transfer holds a place, a thread, and a reservation in the
/// store.
const STALL: Duration = Duration::from_secs(30);

/// Bytes per second that a peer must do on average. One that sends or takes a byte now and then would otherwise hold a
/// place for days, and each place is one that somebody else does not have.
const FLOOR: u32 = 4 * 1024;

/// Waiting time that the average does not count: a slow start is not a slow transfer.
const GRACE: Duration = Duration::from_secs(10);

/// Time to wait for the verdict after the last byte was queued: twice [`STALL`], for the rest of the queue and the peer's disk.
pub(super) const VERDICT_WITHIN: Duration = STALL.saturating_mul(2);

/// Bounds the time that one transfer waits for its peer. Time that this side needs does not count.
#[derive(Debug, Default)]
pub(super) struct Pace {
    waited: Duration,
    bytes: u64,
}

/// The peer does nothing, or too little.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooSlow;

impl Pace {
    /// Waits for the next step of the peer.
    ///
    /// # Cancel safety
    ///
    /// That of `step`; the time waited so far is not counted.
    pub(super) async fn wait<T>(&mut self, step: impl Future<Output = T>) -> Result<T, TooSlow> {
        let start = Instant::now();
        let done = timeout(self.left(), step).await;
        self.waited += start.elapsed();
        done.map_err(|_| TooSlow)
    }

    /// Counts bytes that went over.
    pub(super) fn moved(&mut self, bytes: usize) {
        // A usize has at most 64 bits on every target of std.
        self.bytes = self.bytes.saturating_add(bytes as u64);
    }

    /// Time that the next step may take.
    fn left(&self) -> Duration {
        let earned = Duration::from_secs(self.bytes / u64::from(FLOOR));
        (GRACE + earned).saturating_sub(self.waited).min(STALL)
    }
}

// A sender that waits for room is not given up while its peer takes FLOOR: what was queued beyond LOW_WATER, with the chunk that went over
// the bound, leaves in time.
const _: () =
    assert!((MAX_QUEUED - 1 + CHUNK - LOW_WATER) as u64 <= STALL.as_secs() * FLOOR as u64);

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::time::sleep;

    use super::*;

    async fn rounds(bytes: usize, every: Duration) -> (usize, Duration) {
        let (mut pace, start) = (Pace::default(), Instant::now());
        for round in 0..1_000 {
            if pace.wait(sleep(every)).await == Err(TooSlow) {
                return (round, start.elapsed());
            }
            pace.moved(bytes);
        }
        (1_000, start.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_does_nothing_is_given_up_after_ten_seconds() {
        let start = Instant::now();
        let waited = Pace::default().wait(pending::<()>()).await;
        assert_eq!(waited, Err(TooSlow));
        assert_eq!(start.elapsed(), GRACE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_stops_is_given_up_after_thirty_seconds_however_fast_it_was() {
        let mut pace = Pace::default();
        pace.moved(1 << 30);
        let start = Instant::now();
        assert_eq!(pace.wait(pending::<()>()).await, Err(TooSlow));
        assert_eq!(start.elapsed(), STALL);
    }

    #[tokio::test(start_paused = true)]
    async fn a_trickle_is_given_up_and_the_least_rate_is_not() {
        let (done, after) = rounds(1, Duration::from_secs(1)).await;
        assert_eq!((done, after), (10, GRACE));
        let (done, _) = rounds(4 * 1024, Duration::from_secs(1)).await;
        assert_eq!(done, 1_000);
    }
}
