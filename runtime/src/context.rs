//! [`Context`]: what a handler knows of the call it answers.

use std::{
    future::{Future, pending},
    sync::{Arc, Weak},
};

use dsoftbus_proto::identity::DeviceId;
use tokio::time::Instant;

use crate::{
    MethodDescriptor, Result, Status,
    bulk::{Vmo, VmoHandle, VmoSource},
    session::Session,
};

/// What a handler knows of the call it answers: who calls, which method, how long it may take.
#[derive(Clone, Debug)]
pub struct Context {
    pub(crate) peer: Option<DeviceId>,
    pub(crate) method: Option<&'static MethodDescriptor>,
    pub(crate) deadline: Option<Instant>,
    pub(crate) session: Option<Weak<Session>>,
}

impl Context {
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
