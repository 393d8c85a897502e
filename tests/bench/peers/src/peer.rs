//! [`Peer`]: what others could pick instead, each as server and as load.

mod capnp;
mod stream;
mod tarpc;
mod term;
mod tls;
mod tonic;

use std::sync::Arc;

use bytes::Bytes;
use dsoftbus_bench::{
    Meter, Options, Result, Role, Snapshot, TEXT, WARM_UP_BYTES, Wire, payload, report_bulk,
};
use tokio::{
    net::{TcpListener, TcpStream},
    task::LocalSet,
};

/// What a column is measured with, where it is not ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// Plain TCP.
    Tcp,
    /// Mutual TLS on it.
    Rustls,
    /// gRPC: HTTP/2 and protobuf on mutual TLS.
    Tonic,
    /// bincode on mutual TLS.
    Tarpc,
    /// Cap'n Proto RPC on mutual TLS.
    CapnpRpc,
    /// No peer, but a term of what bulk can reach: AES-256-GCM.
    Aead,
    /// The other one: BLAKE3.
    Blake3,
}

impl Peer {
    /// Runs one side of a measurement, on one thread.
    ///
    /// # Errors
    ///
    /// When any operation fails, or the peer has no such scenario.
    pub(crate) fn side(self, name: &'static str, mut options: Options) -> Result<()> {
        options.wire = Wire::Other(name);
        let options: &'static Options = Box::leak(Box::new(options));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        match (self, options.role) {
            (Self::Tcp, Role::Serve) => runtime.block_on(stream::serve(options, false)),
            (Self::Tcp, Role::Load) => runtime.block_on(stream::load(options, false)),
            (Self::Rustls, Role::Serve) => runtime.block_on(stream::serve(options, true)),
            (Self::Rustls, Role::Load) => runtime.block_on(stream::load(options, true)),
            (Self::Tonic, Role::Serve) => runtime.block_on(tonic::serve(options)),
            (Self::Tonic, Role::Load) => runtime.block_on(tonic::load(options)),
            (Self::Tarpc, Role::Serve) => runtime.block_on(tarpc::serve(options)),
            (Self::Tarpc, Role::Load) => runtime.block_on(tarpc::load(options)),
            (Self::Aead | Self::Blake3, Role::Serve) => runtime.block_on(term::serve(options)),
            (Self::Aead, Role::Load) => term::seal(options),
            (Self::Blake3, Role::Load) => term::hash(options),
            // Its futures cannot leave their thread.
            (Self::CapnpRpc, Role::Serve) => {
                LocalSet::new().block_on(&runtime, capnp::serve(options))
            }
            (Self::CapnpRpc, Role::Load) => {
                LocalSet::new().block_on(&runtime, capnp::load(options))
            }
        }
    }
}

/// Says that a peer lacks a scenario.
fn not_measured<T>(options: &Options) -> Result<T> {
    let name = options.scenario.name();
    Err(format!("{name} is not measured with this peer").into())
}

async fn listen(options: &Options) -> Result<TcpListener> {
    let listener = TcpListener::bind(options.addr).await?;
    dsoftbus_bench::ready(listener.local_addr()?)?;
    Ok(listener)
}

async fn accept(listener: &TcpListener) -> Result<TcpStream> {
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn connect(options: &Options) -> Result<TcpStream> {
    let stream = TcpStream::connect(options.addr).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Measures calls: on each connection as many at once as the options say, each followed by the next.
async fn calls<C: Clone>(
    options: &'static Options,
    connections: Vec<C>,
    spawn: impl Fn(C, Arc<Meter<'static>>) -> tokio::task::JoinHandle<Result<()>>,
) -> Result<()> {
    let meter = Arc::new(Meter::new(options));
    let mut loops = Vec::new();
    for connection in connections {
        for _ in 0..options.concurrency {
            loops.push(spawn(connection.clone(), Arc::clone(&meter)));
        }
    }
    for one in loops {
        one.await??;
    }
    meter.report("calls")
}

/// Measures one bulk transfer, after a short one.
async fn bulk(
    options: &'static Options,
    mut transfer: impl AsyncFnMut(Bytes) -> Result<u64>,
) -> Result<()> {
    let payload = payload(usize::try_from(options.bytes)?);
    transfer(payload.slice(..WARM_UP_BYTES.min(payload.len()))).await?;
    let first = Snapshot::take(options)?;
    let arrived = transfer(payload).await?;
    let last = Snapshot::take(options)?;
    if arrived != options.bytes {
        return Err("the server did not get the whole payload".into());
    }
    report_bulk(options, &first, &last);
    Ok(())
}

/// Whether an answer is what was asked.
fn check(answer: &[u8]) -> Result<()> {
    if answer != TEXT.as_bytes() {
        return Err("the answer is not the text that was sent".into());
    }
    Ok(())
}
