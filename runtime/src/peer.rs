//! [`Peer`]: an authenticated device at the other end of a session.

use std::{fmt, sync::Arc};

use dsoftbus_proto::{
    frame::{GoodbyeCode, Mode},
    identity::DeviceId,
};

use crate::{
    ChannelError, Client, ClientChannel, Node, Result, SessionError,
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
    /// session has ended.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the channel.
    pub async fn open<C: Client>(&self) -> Result<C> {
        self.open_in(Mode::Messages).await
    }

    /// As [`open`](Self::open), with the standard Cap'n Proto stream framing on the channel: for services that are bridged to
    /// other Cap'n Proto programs. Deadlines do not travel in this mode.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub async fn open_bytes_mode<C: Client>(&self) -> Result<C> {
        self.open_in(Mode::Bytes).await
    }

    async fn open_in<C: Client>(&self, mode: Mode) -> Result<C> {
        let channel = self.session.open_rpc(C::DESCRIPTOR, mode).await?;
        Ok(C::from_channel(ClientChannel::remote(channel)))
    }

    /// Opens a plain byte channel on a logical channel of the peer: to a service in bytes mode, or to a
    /// handler given to [`NodeBuilder::serve_bytes`](crate::NodeBuilder::serve_bytes).
    ///
    /// # Errors
    ///
    /// [`ChannelError::Closed`] with the peer's code when it does not take the channel.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the channel.
    pub async fn open_bytes(
        &self,
        channel: u16,
        interface_id: u64,
    ) -> Result<ByteChannel, ChannelError> {
        let (channel, _) = self.session.open_bytes(channel, interface_id, &[]).await?;
        Ok(channel)
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

    pub(crate) fn session(&self) -> &Arc<Session> {
        &self.session
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peer")
            .field("device", &self.session.peer())
            .finish_non_exhaustive()
    }
}
