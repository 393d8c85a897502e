//! capnp-rpc: its two-party network on mutual TLS, buffered as in its own examples.

use std::{cell::Cell, rc::Rc};

use bytes::Bytes;
use capnp_rpc::{
    RpcSystem,
    rpc_twoparty_capnp::Side,
    twoparty::{VatId, VatNetwork},
};
use dsoftbus_bench::{Options, Result, Scenario, TEXT};
use futures::io::{AsyncReadExt, BufReader, BufWriter};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::spawn_local,
};
use tokio_util::compat::TokioAsyncReadCompatExt;

use self::mirror_capnp::mirror;
use super::{accept, bulk, calls, check, connect, listen, not_measured, tls};

/// What one call of bulk carries.
const PIECE: usize = 64 << 10;

#[allow(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    unnameable_types,
    elided_lifetimes_in_paths,
    dead_code,
    clippy::all,
    clippy::unwrap_used,
    clippy::use_self
)]
mod mirror_capnp {
    include!(concat!(env!("OUT_DIR"), "/schemas/mirror_capnp.rs"));
}

#[derive(Default)]
struct Service {
    length: Cell<u64>,
}

impl mirror::Server for Service {
    async fn echo(
        self: Rc<Self>,
        params: mirror::EchoParams,
        mut results: mirror::EchoResults,
    ) -> capnp::Result<()> {
        results.get().set_text(params.get()?.get_text()?);
        Ok(())
    }

    async fn push(self: Rc<Self>, params: mirror::PushParams) -> capnp::Result<()> {
        let bytes = params.get()?.get_bytes()?;
        self.length.set(self.length.get() + bytes.len() as u64);
        Ok(())
    }

    async fn end(
        self: Rc<Self>,
        _: mirror::EndParams,
        mut results: mirror::EndResults,
    ) -> capnp::Result<()> {
        results.get().set_length(self.length.take());
        Ok(())
    }
}

/// Serves until the process is killed.
pub(super) async fn serve(options: &'static Options) -> Result<()> {
    let acceptor = tls::acceptor()?;
    let listener = listen(options).await?;
    loop {
        let stream = accept(&listener).await?;
        let acceptor = acceptor.clone();
        spawn_local(async move {
            let stream = acceptor.accept(stream).await?;
            let service: mirror::Client = capnp_rpc::new_client(Service::default());
            system(stream, Side::Server, Some(service.client)).await?;
            Ok::<(), dsoftbus_bench::Error>(())
        });
    }
}

/// Measures and prints.
pub(super) async fn load(options: &'static Options) -> Result<()> {
    match options.scenario {
        Scenario::Calls | Scenario::ManyCalls => {
            let mut clients = Vec::new();
            for _ in 0..options.conns {
                clients.push(dial(options).await?);
            }
            calls(options, clients, |client, meter| {
                spawn_local(async move {
                    let mut laps = meter.laps();
                    while laps.go_on()? {
                        call(&client).await?;
                    }
                    Ok(())
                })
            })
            .await
        }
        Scenario::Bulk => {
            let client = dial(options).await?;
            bulk(options, async |payload| send(&client, &payload).await).await
        }
        _ => not_measured(options),
    }
}

async fn dial(options: &Options) -> Result<mirror::Client> {
    let stream = connect(options).await?;
    let stream = tls::connector()?
        .connect(tls::server_name()?, stream)
        .await?;
    let mut system = system(stream, Side::Client, None);
    let client = system.bootstrap(Side::Server);
    spawn_local(system);
    Ok(client)
}

fn system(
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
    side: Side,
    bootstrap: Option<capnp::capability::Client>,
) -> RpcSystem<VatId> {
    let (reader, writer) = stream.compat().split();
    let network = VatNetwork::new(
        BufReader::new(reader),
        BufWriter::new(writer),
        side,
        capnp::message::ReaderOptions::default(),
    );
    RpcSystem::new(Box::new(network), bootstrap)
}

async fn call(client: &mirror::Client) -> Result<()> {
    let mut request = client.echo_request();
    request.get().set_text(TEXT);
    let answer = request.send().promise.await?;
    check(answer.get()?.get_text()?.as_bytes())
}

async fn send(client: &mirror::Client, payload: &Bytes) -> Result<u64> {
    for piece in payload.chunks(PIECE) {
        let mut request = client.push_request();
        request.get().set_bytes(piece);
        request.send().await?;
    }
    let answer = client.end_request().send().promise.await?;
    Ok(answer.get()?.get_length())
}
