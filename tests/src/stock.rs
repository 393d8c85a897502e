//! Stock `capnp-rpc` at one end of a byte channel, as any two-party Cap'n Proto program would be.

use std::rc::Rc;

use capnp_rpc::{RpcSystem, rpc_twoparty_capnp::Side, twoparty::VatNetwork};
use dsoftbus::{__private::capnp, ByteChannel};
use futures::AsyncReadExt as _;
use tokio::task::{JoinHandle, LocalSet};

use crate::{Gauge, probe_capnp::probe};

/// The network of a stock Cap'n Proto program on `channel`.
pub(crate) fn network(
    channel: ByteChannel,
    side: Side,
) -> Box<VatNetwork<futures::io::ReadHalf<ByteChannel>>> {
    let (reader, writer) = channel.split();
    Box::new(VatNetwork::new(
        reader,
        writer,
        side,
        capnp::message::ReaderOptions::new(),
    ))
}

/// A stock client on `channel`, and the task that drives it. Must be called on a [`LocalSet`].
#[must_use]
pub fn client(channel: ByteChannel) -> (probe::Client, JoinHandle<Result<(), capnp::Error>>) {
    let mut system = RpcSystem::new(network(channel, Side::Client), None);
    let client = system.bootstrap(Side::Server);
    (client, tokio::task::spawn_local(system))
}

/// Serves [`StockProbe`] on `channel` by stock `capnp-rpc`, on a thread of its own, until the channel ends.
pub fn serve_on_thread(channel: ByteChannel, running: Gauge) {
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build();
        let runtime = runtime.expect("a runtime without input and output starts");
        LocalSet::new().block_on(&runtime, serve(channel, running))
    });
}

/// Serves [`StockProbe`] on `channel` by stock `capnp-rpc`. Must be polled on a [`LocalSet`].
///
/// # Errors
///
/// What `capnp-rpc` says.
pub async fn serve(channel: ByteChannel, running: Gauge) -> Result<(), capnp::Error> {
    let service: probe::Client = capnp_rpc::new_client(StockProbe { running });
    RpcSystem::new(network(channel, Side::Server), Some(service.client)).await
}

/// The service of `probe.capnp` as somebody would write it who has only `capnpc` and `capnp-rpc`.
#[derive(Debug)]
pub struct StockProbe {
    running: Gauge,
}

impl probe::Server for StockProbe {
    async fn echo(
        self: Rc<Self>,
        params: probe::EchoParams,
        mut results: probe::EchoResults,
    ) -> Result<(), capnp::Error> {
        results.get().set_text(params.get()?.get_text()?);
        Ok(())
    }

    async fn blob(
        self: Rc<Self>,
        params: probe::BlobParams,
        mut results: probe::BlobResults,
    ) -> Result<(), capnp::Error> {
        results.get().set_data(params.get()?.get_data()?);
        Ok(())
    }

    async fn hang(
        self: Rc<Self>,
        _params: probe::HangParams,
        _results: probe::HangResults,
    ) -> Result<(), capnp::Error> {
        let _running = self.running.enter();
        std::future::pending().await
    }

    async fn fail(
        self: Rc<Self>,
        params: probe::FailParams,
        _results: probe::FailResults,
    ) -> Result<(), capnp::Error> {
        Err(capnp::Error::failed(
            params.get()?.get_message()?.to_string()?,
        ))
    }
}
