//! [`Load`]: how many calls a session keeps in flight, and how many of them make a batch.

/// Calls that a batch has at least. A write costs what eight small calls do; but where few are in flight, an end that waits for the
/// other costs more.
const LEAST: usize = 4;

/// Calls that a batch has at most: the write is an eighth of it, and what comes after it need not wait longer for that.
const MOST: usize = 64;

/// How many calls a session keeps in flight, as far as it was seen of late.
///
/// Taking in all that came, and writing all answers at once, makes the two ends take turns: one waits while the other works. In
/// batches of half of what is in flight both work at once; smaller ones only cost more writes.
#[derive(Debug, Default)]
pub(super) struct Load(usize);

impl Load {
    /// Notes that so many calls are in flight.
    pub(super) fn note(&mut self, calls: usize) {
        self.0 = self.0.max(calls);
    }

    /// Calls to take in before their effects go out: answers are written, callers woken.
    pub(super) fn batch(&mut self) -> usize {
        let batch = (self.0 / 2).clamp(LEAST, MOST);
        // Forgotten over a hundred batches: what is in flight is seen whole only now and then.
        self.0 -= self.0.div_ceil(64);
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_half_of_what_is_in_flight_within_bounds() {
        for (calls, batch) in [(0, 4), (1, 4), (16, 8), (64, 32), (128, 64), (4_000, 64)] {
            let mut load = Load::default();
            load.note(calls);
            load.note(1);
            assert_eq!(load.batch(), batch, "{calls} in flight");
        }
    }

    #[test]
    fn what_was_in_flight_long_ago_is_forgotten() {
        let mut load = Load::default();
        load.note(256);
        assert_eq!(load.batch(), 64);
        for _ in 0..300 {
            load.batch();
        }
        load.note(40);
        assert_eq!(load.batch(), 20);
    }
}
