//! [`Peer`]: an authenticated device at the other end of a session.

use std::{fmt, future::Future, sync::Arc};

use bytes::Bytes;
use dsoftbus_proto::{
    frame::{GoodbyeCode, Mode},
    identity::DeviceId,
};
use tokio::time::timeout;

use crate::{
    Capability, ChannelError, DEFAULT_DEADLINE, Node, Result, ServiceClient, SessionError,
    capability::Route,
    session::{ByteChannel, Session},
};

/// An authenticated device at the other end of a session.
///
/// Cheap to clone. The session stays open while the node runs, until either side closes it.
#[derive(Clone)]
pub struct Peer {
    node: Node,
    session: Arc<Session>,
}

impl Peer {
    pub(crate) fn new(node: Node, session: Arc<Session>) -> Self {
        Self { node, session }
    }

    #[cfg(test)]
    pub(crate) fn session(&self) -> &Arc<Session> {
        &self.session
    }

    /// The device, which has proved possession of this key.
    pub fn device_id(&self) -> DeviceId {
        self.session.peer()
    }

    /// What both ends know this session by: SHA-256 of a domain string and the final handshake hash.
    pub fn session_id(&self) -> [u8; 32] {
        self.session.id()
    }

    /// The node that this session belongs to.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// Opens a channel to a service of the peer.
    ///
    /// # Errors
    ///
    /// `unimplemented` when the peer does not serve it, `permission_denied` when it does not let us, `unavailable` when the
    /// session has ended, `deadline_exceeded` when the peer does not answer within [`DEFAULT_DEADLINE`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the channel.
    pub async fn open<C: ServiceClient>(&self) -> Result<C> {
        self.open_in(Mode::Messages).await
    }

    /// As [`open`](Self::open), without waiting for the peer: calls may be made at once and travel with the opening, which saves a
    /// round trip. That the peer does not take the channel shows in the calls, with the statuses of `open`. Call it within a tokio
    /// runtime, like everything of a node: the first service of objects starts a thread that uses it.
    ///
    /// # Errors
    ///
    /// `unavailable` when the session has ended, `resource_exhausted` when it has too many channels.
    pub fn open_eagerly<C: ServiceClient>(&self) -> Result<C> {
        let service = C::DESCRIPTOR;
        let (channel, interface_id) = (C::CHANNEL, service.interface_id);
        let route = match service.level {
            0 => {
                let opening = self
                    .session
                    .opening_rpc(channel, interface_id, Mode::Messages)?;
                Route::Remote(Arc::new(opening))
            }
            _ => Route::Vat(
                self.session
                    .opening_vat(channel, interface_id, Mode::Messages)?,
            ),
        };
        Ok(C::from_capability(route.into()))
    }

    /// As [`open`](Self::open), with the standard Cap'n Proto stream framing on the channel: for services that are bridged to
    /// other Cap'n Proto programs. Deadlines do not travel in this mode.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the channel.
    pub async fn open_bytes_mode<C: ServiceClient>(&self) -> Result<C> {
        self.open_in(Mode::Bytes).await
    }

    async fn open_in<C: ServiceClient>(&self, mode: Mode) -> Result<C> {
        let service = C::DESCRIPTOR;
        let opening = self.open_service(C::CHANNEL, service.interface_id, service.level, mode);
        Ok(C::from_capability(opening.await?))
    }

    /// Opens a service of which only these facts are known; `level` says which engine its messages need.
    pub(crate) async fn open_service(
        &self,
        channel: u16,
        interface_id: u64,
        level: u8,
        mode: Mode,
    ) -> Result<Capability> {
        let route = match level {
            0 => {
                let opening = self.session.open_rpc(channel, interface_id, mode);
                Route::Remote(Arc::new(in_time(opening).await?))
            }
            _ => {
                let opening = self.session.open_vat(channel, interface_id, mode);
                Route::Vat(in_time(opening).await?)
            }
        };
        Ok(route.into())
    }

    /// Opens a plain byte channel on a logical channel of the peer: to a service in bytes mode, or to a
    /// handler given to [`NodeBuilder::serve_bytes`](crate::NodeBuilder::serve_bytes).
    ///
    /// # Errors
    ///
    /// [`ChannelError::Closed`] with the peer's code when it does not take the channel, [`ChannelError::TimedOut`] when it does
    /// not answer within [`DEFAULT_DEADLINE`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the channel.
    pub async fn open_bytes(
        &self,
        channel: u16,
        interface_id: u64,
    ) -> Result<ByteChannel, ChannelError> {
        let (channel, _) = self.open_bytes_with(channel, interface_id, &[]).await?;
        Ok(channel)
    }

    /// As [`open_bytes`](Self::open_bytes), with what Open and Accept carry.
    pub(crate) async fn open_bytes_with(
        &self,
        channel: u16,
        interface_id: u64,
        extra: &[u8],
    ) -> Result<(ByteChannel, Bytes), ChannelError> {
        in_time(self.session.open_bytes(channel, interface_id, extra)).await
    }

    /// Ends the session. Calls under way fail with `unavailable`.
    pub fn close(&self) {
        self.session.close(GoodbyeCode::SHUTTING_DOWN);
    }

    /// Waits until the session has ended, and says why.
    ///
    /// # Cancel safety
    ///
    /// Safe.
    pub async fn closed(&self) -> SessionError {
        self.session.closed().await
    }
}

/// Waits for a channel to open; a peer that never answers must not hold the caller for ever.
async fn in_time<T>(
    opening: impl Future<Output = Result<T, ChannelError>>,
) -> Result<T, ChannelError> {
    timeout(DEFAULT_DEADLINE, opening)
        .await
        .unwrap_or(Err(ChannelError::TimedOut))
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peer")
            .field("device", &self.session.peer())
            .finish_non_exhaustive()
    }
}
