//! Frames that a peer may send without a reason that we can see.

use core::time::Duration;

/// Tokens that frames cost and that traffic and time give back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    tokens: u32,
    most: u32,
}

impl Budget {
    pub(crate) const fn new(most: u32) -> Self {
        Self { tokens: most, most }
    }

    /// Takes a token; `false` if there is none.
    #[must_use]
    pub(crate) fn take(&mut self) -> bool {
        match self.tokens.checked_sub(1) {
            Some(left) => {
                self.tokens = left;
                true
            }
            None => false,
        }
    }

    pub(crate) fn earn(&mut self, tokens: u32) {
        self.tokens = self.tokens.saturating_add(tokens).min(self.most);
    }
}

/// Time that went by and was not yet turned into tokens.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Elapsed(Duration);

impl Elapsed {
    /// Adds time and returns the whole milliseconds that became of it, at most one minute's worth.
    pub(crate) fn add(&mut self, elapsed: Duration) -> u32 {
        let elapsed = self.0.saturating_add(elapsed).min(Duration::from_secs(60));
        let millis = u32::try_from(elapsed.as_millis()).unwrap_or(u32::MAX);
        self.0 = elapsed.saturating_sub(Duration::from_millis(u64::from(millis)));
        millis
    }
}

/// Tokens for `millis` at `per_second`, rounded down.
pub(crate) fn tokens(millis: u32, per_second: u32) -> u32 {
    millis.saturating_mul(per_second).wrapping_div(1_000)
}
