//! [`Watch`]: what a test sees of objects, wherever they are.

use crate::Gauge;

/// What a test sees of objects, wherever they are. Clones share everything.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// Objects that live, except the service itself.
    pub alive: Gauge,
    /// Those of them that are handles.
    pub handles: Gauge,
    /// Handlers that have started and neither ended nor were dropped.
    pub running: Gauge,
    /// Calls of `foo` that were answered.
    pub foos: Gauge,
    /// Numbers that producers have sent.
    pub sent: Gauge,
    /// Items of streams that were added.
    pub added: Gauge,
}

impl Watch {
    /// Waits until no object lives and no handler runs.
    ///
    /// # Panics
    ///
    /// When it does not come to that in time.
    pub async fn is_idle(&self) {
        self.running.reaches(0).await;
        self.alive.reaches(0).await;
        self.handles.reaches(0).await;
    }
}
