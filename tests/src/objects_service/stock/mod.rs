//! The same objects as somebody would write them who has only `capnpc` and `capnp-rpc`, and a client of such a program.

mod basics;
mod more;
mod pipelines;
mod promises;
mod service;
mod sinks;
mod streams;
mod values;

use capnp_rpc::{RpcSystem, rpc_twoparty_capnp::Side};
use dsoftbus::{__private::capnp, ByteChannel};
use tokio::task::JoinHandle;

pub use self::{
    basics::{StockBasics, read_everything, write_everything},
    more::StockOrder,
    service::StockObjects,
    sinks::StockFlow,
    streams::{Seen, StockCollector},
};
use super::Watch;
use crate::{objects_capnp::objects, stock::network};

/// A stock client on `channel`, and the task that drives it. Must be called on a [`LocalSet`](tokio::task::LocalSet).
#[must_use]
pub fn client(channel: ByteChannel) -> (objects::Client, JoinHandle<Result<(), capnp::Error>>) {
    let mut system = RpcSystem::new(network(channel, Side::Client), None);
    let client = system.bootstrap(Side::Server);
    (client, tokio::task::spawn_local(system))
}

/// Serves [`StockObjects`] on `channel`. Must be polled on a [`LocalSet`](tokio::task::LocalSet).
///
/// # Errors
///
/// What `capnp-rpc` says.
pub async fn serve(channel: ByteChannel, watch: Watch) -> Result<(), capnp::Error> {
    let service: objects::Client = capnp_rpc::new_client(StockObjects::new(watch));
    RpcSystem::new(network(channel, Side::Server), Some(service.client)).await
}

/// `Basics.Error.broken` as it travels.
#[must_use]
pub fn broken() -> capnp::Error {
    capnp::Error::failed("dsb:failed_precondition/broken: as asked".to_owned())
}
