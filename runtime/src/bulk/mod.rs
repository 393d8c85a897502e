//! Large payloads: bytes go over a bulk channel, a [`VmoHandle`] names them in a call.
//!
//! [`Peer::push_bytes`](crate::Peer::push_bytes) and [`Peer::push_file`](crate::Peer::push_file) deliver a payload into the
//! peer's [`BulkStore`] and return the handle that a call then carries; the handler takes it with
//! [`Context::take_vmo`](crate::Context::take_vmo). The other way round a handler offers a payload with
//! [`Context::offer_vmo`](crate::Context::offer_vmo) and the caller pulls it with [`Peer::pull`](crate::Peer::pull).

mod header;
mod pace;
mod places;
mod receive;
mod send;
mod vmo;

use std::sync::Arc;

use bytes::Bytes;
use dsoftbus_proto::frame::CloseCode;

use self::header::{Direction, OpenHeader};
pub(crate) use self::{places::Places, vmo::VmoTable};
pub use self::{
    receive::{BulkStore, BulkUpload, Pull},
    vmo::{Vmo, VmoHandle, VmoSource},
};
use crate::session::ByteChannel;

/// Logical channel of bulk payloads.
pub(crate) const CHANNEL: u16 = 2;

/// Interface ID of bulk channels: they carry no Cap'n Proto.
const INTERFACE_ID: u64 = 0;

/// Serves one bulk channel that a peer opened.
pub(crate) async fn serve(
    mut stream: ByteChannel,
    extra: Bytes,
    store: Option<Arc<dyn BulkStore>>,
) {
    let Some(header) = OpenHeader::parse(&extra) else {
        stream.reset(CloseCode::PROTOCOL_ERROR);
        return;
    };
    let session = Arc::clone(stream.session());
    let Some(_place) = places::take(session.transfers(), session.host().transfers()).await else {
        tracing::debug!(peer = %session.peer(), "bulk transfer refused: too many at once");
        stream.reset(CloseCode::RESOURCE_LIMIT);
        return;
    };
    let served = match (header.direction, store) {
        (Direction::Push, Some(store)) => receive::serve(&mut stream, &header, store).await,
        (Direction::Push, None) => Err(CloseCode::NO_SUCH_SERVICE),
        (Direction::Pull, _) => send::serve(&mut stream, &header).await,
    };
    if let Err(code) = served {
        tracing::debug!(peer = %stream.session().peer(), ?header, %code, "bulk transfer refused");
        stream.reset(code);
    }
}
