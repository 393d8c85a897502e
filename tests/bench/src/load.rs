//! The load of a measurement.

use std::sync::Arc;

use bytes::Bytes;
use dsoftbus::{Announcement, Node, Peer, store::Digest};

use crate::{
    EchoClient, ObjectsClient, Options, Result, Scenario, TEXT,
    beside::beside,
    cpu, identities,
    meter::{Meter, Snapshot, WARM_UP_BYTES, report_bulk, report_memory},
    options::Wire,
};

/// Measures and prints.
///
/// # Errors
///
/// When any operation fails: a rate of which some calls failed means nothing.
pub(crate) async fn load(options: &'static Options) -> Result<()> {
    let server = identities::announcement(options.addr).await?;
    match options.scenario {
        Scenario::Calls | Scenario::ManyCalls => calls(options, &server).await,
        Scenario::Bulk => bulk(options, &server).await,
        Scenario::Connections => connections(options, &server).await,
        Scenario::Memory => memory(options, &server).await,
        Scenario::Beside => beside(options, &server).await,
    }
}

/// A node for each connection: a node shares one session among all who connect to the same device.
pub(crate) async fn node(number: usize, options: &Options) -> Result<Node> {
    let builder = Node::builder()
        .identity(identities::client(number))
        .limits(options.limits());
    Ok(builder.start().await?)
}

pub(crate) async fn connect(node: &Node, server: &Announcement) -> Result<Peer> {
    Ok(node.connect(server.clone()).await?)
}

/// The service, on either engine.
#[derive(Clone)]
pub(crate) enum Service {
    Data(EchoClient),
    Objects(ObjectsClient),
}

impl Service {
    /// Without waiting for the peer: the first call travels with the opening.
    fn open_eagerly(peer: &Peer, options: &Options) -> Result<Self> {
        Ok(match options.wire {
            Wire::Objects => Self::Objects(peer.open_eagerly()?),
            Wire::Bus | Wire::Floor | Wire::Other(_) => Self::Data(peer.open_eagerly()?),
        })
    }

    pub(crate) async fn open(peer: &Peer, options: &Options) -> Result<Self> {
        Ok(match options.wire {
            Wire::Objects => Self::Objects(peer.open().await?),
            Wire::Bus | Wire::Floor | Wire::Other(_) => Self::Data(peer.open().await?),
        })
    }
}

pub(crate) async fn call(service: &Service) -> Result<()> {
    let reply = match service {
        Service::Data(client) => client.echo(TEXT),
        Service::Objects(client) => client.echo(TEXT),
    };
    let reply = reply.await?;
    if reply != TEXT {
        return Err("the answer is not the text that was sent".into());
    }
    Ok(())
}

async fn calls(options: &'static Options, server: &Announcement) -> Result<()> {
    let mut clients = Vec::new();
    for number in 0..options.conns {
        let peer = connect(&node(number, options).await?, server).await?;
        clients.push((Service::open(&peer, options).await?, peer));
    }
    let meter = Arc::new(Meter::new(options));
    let mut workers = Vec::new();
    for (echo, _) in &clients {
        for _ in 0..options.concurrency {
            let (echo, meter) = (echo.clone(), Arc::clone(&meter));
            workers.push(tokio::spawn(async move {
                let mut laps = meter.laps();
                while laps.go_on()? {
                    call(&echo).await?;
                }
                Ok::<(), crate::Error>(())
            }));
        }
    }
    for worker in workers {
        worker.await??;
    }
    meter.report("calls")
}

async fn bulk(options: &'static Options, server: &Announcement) -> Result<()> {
    let payload = payload(usize::try_from(options.bytes)?);
    let digest = Digest::of(&payload);
    let warm_up = payload.slice(..WARM_UP_BYTES.min(payload.len()));
    let peer = connect(&node(0, options).await?, server).await?;
    peer.push_bytes(warm_up).await?;
    let first = Snapshot::take(options)?;
    // What is left of it is freed after the measurement.
    peer.push_digested(digest, payload.clone()).await?;
    let last = Snapshot::take(options)?;
    report_bulk(options, &first, &last);
    Ok(())
}

/// Bytes that do not repeat soon: no cache holds them all, as with a real file.
pub fn payload(length: usize) -> Bytes {
    let mut payload = vec![0; length];
    blake3::Hasher::new().finalize_xof().fill(&mut payload);
    payload.into()
}

async fn connections(options: &'static Options, server: &Announcement) -> Result<()> {
    let mut nodes = Vec::new();
    for number in 0..options.concurrency {
        nodes.push(node(number, options).await?);
    }
    let meter = Arc::new(Meter::new(options));
    let mut workers = Vec::new();
    for node in nodes {
        let (server, meter) = (server.clone(), Arc::clone(&meter));
        workers.push(tokio::spawn(async move {
            let mut laps = meter.laps();
            while laps.go_on()? {
                let peer = connect(&node, &server).await?;
                let echo = Service::open_eagerly(&peer, options)?;
                call(&echo).await?;
                peer.close();
                peer.closed().await;
            }
            Ok::<(), crate::Error>(())
        }));
    }
    for worker in workers {
        worker.await??;
    }
    meter.report("handshakes")
}

async fn memory(options: &'static Options, server: &Announcement) -> Result<()> {
    let pid = options.server_pid.ok_or("s5 needs --server-pid")?;
    let mut sessions = Vec::new();
    let mut before = 0.0;
    // The first connection makes what all share.
    for number in 0..=options.conns {
        let peer = connect(&node(number, options).await?, server).await?;
        let echo = Service::open(&peer, options).await?;
        call(&echo).await?;
        sessions.push((echo, peer));
        if number == 0 {
            before = cpu::resident_kib(pid)?;
        }
    }
    report_memory(options, before, cpu::resident_kib(pid)?);
    drop(sessions);
    Ok(())
}
