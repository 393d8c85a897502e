//! [`Host`]: what a node offers to the sessions of its peers.

use std::{collections::BTreeMap, fmt, sync::Arc};

use bytes::Bytes;
use dsoftbus_proto::identity::DeviceId;

use crate::{
    Skeleton, Trust,
    bulk::{self, BulkStore},
    session::ByteChannel,
};

/// Takes a byte channel that a peer opened.
pub(crate) type StreamHandler = Arc<dyn Fn(DeviceId, ByteChannel) + Send + Sync>;

/// What a node offers to the sessions of its peers.
#[derive(Default)]
pub(crate) struct Host {
    pub(crate) services: BTreeMap<u16, Arc<dyn Skeleton>>,
    pub(crate) streams: BTreeMap<u16, StreamHandler>,
    pub(crate) trust: Trust,
    pub(crate) store: Option<Arc<dyn BulkStore>>,
}

impl Host {
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
            handler(stream.session().peer(), stream);
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
