//! [`Gauge`]: a number that tests can wait for.

use tokio::sync::watch;

use crate::within;

/// A number that rises and falls, and that a test can wait for instead of sleeping.
#[derive(Clone, Debug)]
pub struct Gauge(watch::Sender<usize>);

impl Default for Gauge {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

impl Gauge {
    /// Adds one until the returned guard is dropped.
    #[must_use]
    pub fn enter(&self) -> Guard {
        self.0.send_modify(|count| *count += 1);
        Guard(self.clone())
    }

    /// Adds one for good.
    pub fn count(&self) {
        self.0.send_modify(|count| *count += 1);
    }

    /// The number now.
    #[must_use]
    pub fn get(&self) -> usize {
        *self.0.borrow()
    }

    /// Waits until the number is `wanted`.
    ///
    /// # Panics
    ///
    /// When it does not come to that in time.
    pub async fn reaches(&self, wanted: usize) {
        let mut watch = self.0.subscribe();
        let reached = within(watch.wait_for(|&count| count == wanted)).await;
        assert!(reached.is_ok(), "the sender lives in this gauge");
    }
}

/// Keeps a [`Gauge`] one higher.
#[derive(Debug)]
pub struct Guard(Gauge);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| *count -= 1);
    }
}
