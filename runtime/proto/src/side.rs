//! The two ends of a session.

/// Which end of a session this is.
///
/// The names follow the handshake: the initiator opened the TCP connection. Afterwards both ends may open channels; the
/// side only keeps their numbers apart.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Side {
    /// Opened the connection and sent the first bytes.
    Initiator,
    /// Accepted the connection.
    Responder,
}

impl Side {
    /// The other end.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Initiator => Self::Responder,
            Self::Responder => Self::Initiator,
        }
    }
}
