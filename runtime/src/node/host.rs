//! [`Host`]: what a node offers to the sessions of its peers.

use std::{
    collections::BTreeMap,
    fmt,
    panic::{self, AssertUnwindSafe},
    sync::Arc,
};

use bytes::Bytes;
use dsoftbus_proto::identity::DeviceId;

use super::Limits;
use crate::{
    Skeleton, Trust,
    bulk::{self, BulkStore, Places},
    intercept::Chain,
    session::ByteChannel,
    vat::Vats,
};

/// Takes a byte channel that a peer opened.
pub(crate) type StreamHandler = Arc<dyn Fn(DeviceId, ByteChannel) + Send + Sync>;

/// What a node offers to the sessions of its peers.
pub(crate) struct Host {
    pub(crate) services: BTreeMap<u16, Arc<dyn Skeleton>>,
    pub(crate) streams: BTreeMap<u16, StreamHandler>,
    pub(crate) trust: Trust,
    pub(crate) store: Option<Arc<dyn BulkStore>>,
    pub(crate) limits: Limits,
    pub(crate) vats: Vats,
    /// The interceptors of every call that peers make.
    pub(crate) chain: Option<Chain>,
    transfers: Places,
}

impl Host {
    /// Nothing for nobody.
    pub(super) fn new() -> Self {
        let limits = Limits::default();
        Self {
            services: BTreeMap::new(),
            streams: BTreeMap::new(),
            trust: Trust::default(),
            store: None,
            vats: Vats::default(),
            chain: None,
            transfers: Places::new(limits.transfers),
            limits,
        }
    }

    pub(super) fn set_limits(&mut self, limits: Limits) {
        self.transfers = Places::new(limits.transfers);
        self.limits = limits;
    }

    /// Places for the bulk transfers that peers start.
    pub(crate) fn transfers(&self) -> &Places {
        &self.transfers
    }

    /// Whether someone takes byte channels on this logical channel.
    pub(crate) fn takes_stream(&self, logical: u16) -> bool {
        logical == bulk::CHANNEL || self.streams.contains_key(&logical)
    }

    /// Hands a byte channel that was just opened to whoever takes it.
    pub(crate) fn start_stream(&self, logical: u16, stream: ByteChannel, extra: Bytes) {
        if logical == bulk::CHANNEL {
            tokio::spawn(bulk::serve(stream, extra, self.store.clone()));
        } else if let Some(handler) = self.streams.get(&logical) {
            stream.accept(&[]);
            let peer = stream.session().peer();
            // This runs in the task that drives the session: a panic must not take it along. The handler owns the channel,
            // which is reset on the way out.
            let called = panic::catch_unwind(AssertUnwindSafe(|| handler(peer, stream)));
            if called.is_err() {
                tracing::error!(%peer, logical, "the handler of a byte channel panicked");
            }
        }
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host")
            .field("services", &self.services.keys())
            .finish_non_exhaustive()
    }
}
