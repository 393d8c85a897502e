//! [`Load`]: how many calls a session keeps in flight, and how many of them make a batch.

use std::{
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

/// Calls that a batch has at least. A write costs what eight small calls do; but where few are in flight, an end that waits for the
/// other costs more.
const LEAST: usize = 4;

/// Calls that a batch has at most: the write is a sixteenth of it, and what comes after it need not wait longer for that.
const MOST: usize = 128;

/// How many calls a session keeps in flight, as far as it was seen of late.
///
/// Taking in all that came, and writing all answers at once, makes the two ends take turns: one waits while the other works. In
/// batches of half of what is in flight both work at once; smaller ones only cost more writes. Where several sessions are busy
/// either end has something to do anyway, so that what counts is in flight on all of them.
#[derive(Debug, Default)]
pub(super) struct Load {
    calls: usize,
    /// The window of time in which the session was last counted as busy.
    window: u32,
}

impl Load {
    /// Notes that so many calls are in flight.
    pub(super) fn note(&mut self, calls: usize) {
        self.calls = self.calls.max(calls);
    }

    /// Notes that the peer was heard at `now`.
    pub(super) fn heard(&mut self, now: Instant) {
        let window = window(now);
        if self.window != window {
            self.window = window;
            // Nothing depends on the order in which sessions are counted.
            let _ = BUSY.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |busy| {
                Some(Busy::from(busy).count(window).into())
            });
        }
    }

    /// Calls to take in before their effects go out: answers are written, callers woken.
    pub(super) fn batch(&mut self) -> usize {
        let batch = self.batch_among(Busy::from(BUSY.load(Ordering::Relaxed)).sessions());
        // Forgotten over a hundred batches: what is in flight is seen whole only now and then.
        self.calls -= self.calls.div_ceil(64);
        batch
    }

    fn batch_among(&self, sessions: usize) -> usize {
        (self.calls.saturating_mul(sessions) / 2).clamp(LEAST, MOST)
    }
}

/// How long a window of time is, in which each busy session is counted once.
const WINDOW: Duration = Duration::from_millis(8);

/// A number for the window of time that `now` lies in; not 0, which a new session has, before it wraps.
fn window(now: Instant) -> u32 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let windows = now.saturating_duration_since(*START).as_nanos() / WINDOW.as_nanos();
    // After a year. What is counted in the wrong window is a batch of another size.
    (windows as u32).wrapping_add(1)
}

/// [`Busy`], of all sessions of the process: they share its CPUs.
static BUSY: AtomicU64 = AtomicU64::new(0);

/// How many sessions were heard in this window of time, and in the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Busy {
    window: u32,
    now: u16,
    before: u16,
}

impl Busy {
    /// With one more session in `window`.
    fn count(self, window: u32) -> Self {
        if self.window == window {
            return Self {
                now: self.now.saturating_add(1),
                ..self
            };
        }
        let follows = self.window.wrapping_add(1) == window;
        Self {
            window,
            now: 1,
            before: if follows { self.now } else { 0 },
        }
    }

    /// At least one: whoever asks.
    fn sessions(self) -> usize {
        usize::from(self.now.max(self.before)).max(1)
    }
}

impl From<u64> for Busy {
    fn from(packed: u64) -> Self {
        Self {
            window: (packed >> 32) as u32,
            now: (packed >> 16) as u16,
            before: packed as u16,
        }
    }
}

impl From<Busy> for u64 {
    fn from(busy: Busy) -> Self {
        (Self::from(busy.window) << 32) | (Self::from(busy.now) << 16) | Self::from(busy.before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_half_of_what_is_in_flight_within_bounds() {
        for (calls, batch) in [(0, 4), (1, 4), (16, 8), (64, 32), (128, 64), (4_000, 128)] {
            let mut load = Load::default();
            load.note(calls);
            load.note(1);
            assert_eq!(load.batch_among(1), batch, "{calls} in flight");
        }
    }

    #[test]
    fn what_was_in_flight_long_ago_is_forgotten() {
        let mut load = Load::default();
        load.note(256);
        assert_eq!(load.batch_among(1), 128);
        for _ in 0..300 {
            load.batch();
        }
        load.note(40);
        assert_eq!(load.batch_among(1), 20);
    }

    #[test]
    fn where_several_sessions_are_busy_batches_are_whole() {
        let mut load = Load::default();
        load.note(16);
        assert_eq!(load.batch_among(1), 8);
        assert_eq!(load.batch_among(2), 16);
        assert_eq!(load.batch_among(64), MOST);
    }

    #[test]
    fn a_session_counts_as_busy_in_the_window_that_follows_and_no_longer() {
        let mut busy = Busy::from(0);
        assert_eq!(busy.sessions(), 1);
        for _ in 0..3 {
            busy = busy.count(7);
        }
        assert_eq!(busy.sessions(), 3);
        assert_eq!(busy.count(8).sessions(), 3);
        assert_eq!(busy.count(8).count(9).sessions(), 1);
        assert_eq!(busy.count(9).sessions(), 1);
        assert_eq!(Busy::from(u64::from(busy)), busy);
    }
}
