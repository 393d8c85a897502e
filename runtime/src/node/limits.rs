//! [`Limits`]: how much a node lets its peers take.

/// How much a node lets its peers take.
///
/// Peers decide how many sessions and transfers there are, so without these one device takes the memory and the threads
/// of the node. What one session may hold is fixed: `schemas/WIRE.md`.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Limits {
    /// Sessions that peers may hold open at once. Default 4,096: an idle one costs a few KiB, and each holds a socket.
    pub sessions: usize,
    /// Sessions that one device may hold open at once. Default 8: a few programs with one key, and sessions that are dead
    /// and not yet given up, but no device can take the places of all others.
    pub sessions_per_device: usize,
    /// Bulk transfers that peers may run at once. Default 64: each pins a thread, and tokio has 512 for everybody.
    pub transfers: usize,
    /// Bulk transfers that the peer of one session may run at once; more wait a while, then are refused. Default 4: they share
    /// one connection, so that more do not end earlier.
    pub transfers_per_session: usize,
    /// Devices whose certificate is verified once and not in every handshake. Default 1,024, 300 bytes each; 0 remembers none, and
    /// every handshake verifies both certificates. What is not the signature of a certificate is checked every time either way.
    pub verified_certificates: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sessions: 4_096,
            sessions_per_device: 8,
            transfers: 64,
            transfers_per_session: 4,
            verified_certificates: 1_024,
        }
    }
}

impl Limits {
    /// Limits the sessions that peers hold open at once.
    #[must_use]
    pub fn sessions(mut self, sessions: usize) -> Self {
        self.sessions = sessions;
        self
    }

    /// Limits the sessions that one device holds open at once.
    #[must_use]
    pub fn sessions_per_device(mut self, sessions: usize) -> Self {
        self.sessions_per_device = sessions;
        self
    }

    /// Limits the bulk transfers that peers run at once.
    #[must_use]
    pub fn transfers(mut self, transfers: usize) -> Self {
        self.transfers = transfers;
        self
    }

    /// Limits the bulk transfers that the peer of one session runs at once.
    #[must_use]
    pub fn transfers_per_session(mut self, transfers: usize) -> Self {
        self.transfers_per_session = transfers;
        self
    }
    /// Limits the devices whose certificate is remembered as verified; 0 remembers none.
    #[must_use]
    pub fn verified_certificates(mut self, devices: usize) -> Self {
        self.verified_certificates = devices;
        self
    }
}
