//! [`Context`]: what a handler knows of the call it answers.

use std::{
    future::{Future, pending},
    sync::{Arc, OnceLock, Weak},
    time::Duration,
};

use dsoftbus_proto::identity::DeviceId;
use tokio::{sync::watch, time::Instant};

use crate::{
    __private::outline,
    Capability, Extensions, MethodDescriptor, Result, Status,
    bulk::{Vmo, VmoHandle, VmoSource},
    session::Session,
    vat::Early,
};

/// What a handler knows of the call it answers: who calls, which method, how long it may take.
///
/// Belongs to the call; clones may outlive it, in tasks that the handler starts.
#[derive(Debug)]
pub struct Context {
    pub(crate) peer: Option<DeviceId>,
    pub(crate) method: Option<&'static MethodDescriptor>,
    pub(crate) deadline: Option<Instant>,
    pub(crate) session: Option<Weak<Session>>,
    extensions: Extensions,
    life: Life,
    /// Where capabilities go that the handler hands out before its results.
    early: Option<Arc<Early>>,
}

impl Context {
    pub(crate) fn new(
        peer: Option<DeviceId>,
        session: Option<Weak<Session>>,
        method: Option<&'static MethodDescriptor>,
        deadline: Option<Instant>,
    ) -> Self {
        Self {
            peer,
            method,
            deadline,
            session,
            extensions: Extensions::default(),
            life: Life::default(),
            early: None,
        }
    }

    pub(crate) fn with_early(mut self, early: Arc<Early>) -> Self {
        self.early = Some(early);
        self
    }

    /// The context of a call inside this process, without a method or deadline: for calling a handler in a test.
    #[must_use]
    pub fn local() -> Self {
        Self::new(None, None, None, None)
    }

    /// The device that calls; `None` when the caller is in this process (`XClient::local`).
    ///
    /// The device proved possession of its key when the session was set up.
    pub fn peer(&self) -> Option<DeviceId> {
        self.peer
    }

    /// What both ends know the caller's session by; `None` when the caller is in this process, or its session has ended.
    ///
    /// The same as [`Peer::session_id`](crate::Peer::session_id) on the other side.
    pub fn session_id(&self) -> Option<[u8; 32]> {
        Some(self.session.as_ref()?.upgrade()?.id())
    }

    /// Waits until the caller's session has ended: for services that keep something only while its owner is there.
    ///
    /// The future is its own and may outlive the call. For a caller in this process it never ends.
    ///
    /// # Cancel safety
    ///
    /// Safe.
    pub fn session_ended(&self) -> impl Future<Output = ()> + Send + use<> {
        let session = self.session.clone();
        async move {
            let Some(session) = session else {
                return pending().await;
            };
            if let Some(session) = session.upgrade() {
                session.closed().await;
            }
        }
    }

    /// The method called; `None` when the interface does not have it.
    pub fn method(&self) -> Option<&'static MethodDescriptor> {
        self.method
    }

    /// When the caller stops waiting; `None` when it waits for ever. The handler is dropped at that time.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// How long the caller still waits; `None` when it waits for ever.
    pub fn remaining(&self) -> Option<Duration> {
        Some(self.deadline?.saturating_duration_since(Instant::now()))
    }

    /// Waits until nobody waits for the answer any more: the caller gave up, the deadline passed, or the handler has answered.
    ///
    /// A handler itself is dropped at that moment. This is for tasks that it starts: give them this future, or a clone of the
    /// context.
    ///
    /// # Cancel safety
    ///
    /// Safe.
    pub fn cancelled(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut end = self.life.watch();
        async move {
            // Nothing is ever sent: the end of the sender is the news.
            let _ = end.changed().await;
        }
    }

    /// Hands out a capability of the results before the handler has them all: calls that the caller pipelined on it start at
    /// once. Each pair is the way to a capability, pointer by pointer from the results, and the capability. The first time in a call
    /// counts, and only where calls can be pipelined: not at level 0, and not in a call that waited for a promise of this process.
    ///
    /// ```ignore
    /// // getBox @0 () -> (box :Box); where struct Box { cap @0 :Thing; }
    /// cx.set_pipeline([(&[0, 0][..], thing.capability())])?;
    /// ```
    ///
    /// # Errors
    ///
    /// `invalid_argument` when a way is empty, or goes through another capability.
    pub fn set_pipeline<'a>(
        &self,
        capabilities: impl IntoIterator<Item = (&'a [u16], &'a Capability)>,
    ) -> Result<()> {
        let results = outline(capabilities)?;
        if let Some(early) = &self.early {
            early.publish(results);
        }
        Ok(())
    }

    /// What interceptors left for the handler.
    pub fn extensions(&self) -> &Extensions {
        &self.extensions
    }

    /// What interceptors leave for the handler.
    pub fn extensions_mut(&mut self) -> &mut Extensions {
        &mut self.extensions
    }

    /// Takes the payload that the caller delivered over a bulk channel under `handle`.
    ///
    /// A handle works once, in the session that delivered the bytes, for 60 s.
    ///
    /// # Errors
    ///
    /// `not_found` for every other handle, without telling whether it exists.
    pub fn take_vmo(&self, handle: VmoHandle) -> Result<Vmo> {
        self.session()?.vmos().take(handle)
    }

    /// Offers bytes to the caller, who may pull them over a bulk channel once within 60 s.
    ///
    /// # Errors
    ///
    /// `resource_exhausted` when the session holds too many handles.
    pub fn offer_vmo(&self, source: impl VmoSource) -> Result<VmoHandle> {
        self.session()?.vmos().offer(Arc::new(source))
    }

    fn session(&self) -> Result<Arc<Session>> {
        self.session
            .as_ref()
            .ok_or_else(|| {
                Status::failed_precondition("a call in the same process has no bulk channel")
            })?
            .upgrade()
            .ok_or_else(|| Status::unavailable("the session has ended"))
    }
}

/// A clone knows of the end of the call, but does not put it off.
impl Clone for Context {
    fn clone(&self) -> Self {
        Self {
            peer: self.peer,
            method: self.method,
            deadline: self.deadline,
            session: self.session.clone(),
            extensions: self.extensions.clone(),
            life: Life::Watching(self.life.watch()),
            early: self.early.clone(),
        }
    }
}

/// How long a call lasts: as long as the one context that was made for it.
#[derive(Debug)]
enum Life {
    /// That context. Costs nothing before somebody asks.
    Owned(OnceLock<watch::Sender<()>>),
    /// A clone.
    Watching(watch::Receiver<()>),
}

impl Default for Life {
    fn default() -> Self {
        Self::Owned(OnceLock::new())
    }
}

impl Life {
    fn watch(&self) -> watch::Receiver<()> {
        match self {
            Self::Owned(end) => end.get_or_init(|| watch::channel(()).0).subscribe(),
            Self::Watching(end) => end.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::Context;

    #[tokio::test]
    async fn a_clone_learns_of_the_end_of_the_call() {
        let call = Context::local();
        let clone = call.clone();
        let mut end = Box::pin(clone.cancelled());
        assert_eq!(end.as_mut().now_or_never(), None);
        drop(clone);
        assert_eq!(end.as_mut().now_or_never(), None);
        drop(call);
        end.await;
    }
}
