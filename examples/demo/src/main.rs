//! DSoftBus-lite in one process: two devices, one connection, a file that crosses it, and three things that are refused.
//!
//! Run it with `cargo run --release -p demo [FILE]`; without a file it sends its own executable. Read it from the top: it is
//! written for people who want to learn the API. It exits with 1 if any step does not go as the text says.

mod refusals;
mod report;

use std::{
    error::Error,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
    process::ExitCode,
};

use bundlemgr::{BundleManagerClient, Bundles, Limits, bundle_manager};
use bytes::Bytes;
use dsoftbus::{
    DeviceId, Identity, IdentityProvider as _, Node, Peer, Trust,
    bulk::VmoHandle,
    store::{self, Digest},
};
use samgr::{Registry, SamgrClient};

use crate::report::Report;

/// Where the hub listens: the first of these that there is, on a port that is free.
const LOOPBACK: [SocketAddr; 2] = [
    SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), 0),
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
];

/// What a step that goes wrong comes back with. The demo only prints it.
type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

/// Largest file that the demo sends, in bytes. It keeps the file in memory to compare with, which a real caller would not.
const MAX_FILE: u64 = 1 << 30;

/// The name that the bundle manager is registered under.
const SERVICE: &str = "bundles";

/// The name that the file is installed under.
const BUNDLE: &str = "demo.payload";

/// The device that serves: the node, and the two services that the demo looks into from inside the process.
struct Hub {
    node: Node,
    registry: Registry,
    bundles: Bundles,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\ndemo: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<()> {
    let file = match std::env::args_os().nth(1) {
        Some(path) => PathBuf::from(path),
        None => std::env::current_exe()?,
    };
    let mut report = Report::new();

    report.chapter("two devices");
    let payload = read(&file).await?;
    let digest = Digest::of(&payload);
    // Everything the hub keeps goes here, and is gone when this value is: also when a step below fails.
    let dir = tempfile::tempdir()?;
    // Both are this process, so both make up a key for this run. A device that others know keeps its key in a file
    // (`NodeBuilder::key_file`).
    let reader = Identity::ephemeral()?;
    let hub = start_hub(dir.path(), reader.device_id(), payload.len() as u64).await?;
    // The reader only calls, so it neither listens nor announces itself: `start` instead of `bind`.
    let node = Node::builder().identity(reader).start().await?;
    report.fact("hub", hub.node.device_id());
    report.fact("reader", node.device_id());
    report.fact(
        "payload",
        format!("{}, {} bytes", file.display(), payload.len()),
    );
    report.fact("BLAKE3", digest);

    report.chapter("one connection");
    let peer = connect(&mut report, &node, &hub).await?;

    report.chapter("a service by its name");
    let bundles = find_bundles(&mut report, &node, &peer, &hub).await?;

    report.chapter("a file");
    send(&mut report, &peer, &bundles, &file, &payload, digest).await?;
    fetch(&mut report, &peer, &bundles, digest).await?;

    report.chapter("refused");
    refusals::wrong_device(&mut report, &node, &hub).await?;
    refusals::unknown_caller(&mut report, &hub).await?;
    refusals::corrupted_payload(&mut report, &peer, &bundles, &hub, &payload).await?;

    report.chapter("the end");
    bundles.uninstall(BUNDLE).await?;
    peer.close();
    hub.node.shutdown();
    dir.close()?;
    report.fact(
        "cleaned up",
        "the bundle is uninstalled, the directory is gone",
    );
    println!("\neverything went as promised");
    Ok(())
}

/// Reads the file whole.
async fn read(file: &Path) -> Result<Bytes> {
    let cannot = |error| format!("cannot read {}: {error}", file.display());
    let metadata = tokio::fs::metadata(file).await.map_err(cannot)?;
    if metadata.len() > MAX_FILE {
        return Err(format!("{} is larger than 1 GiB", file.display()).into());
    }
    Ok(tokio::fs::read(file).await.map_err(cannot)?.into())
}

/// Starts the device that serves. It lets exactly one other device in.
async fn start_hub(dir: &Path, caller: DeviceId, payload: u64) -> Result<Hub> {
    let identity = Identity::ephemeral()?;
    let registry = Registry::new(identity.device_id());
    // Room for the payload, once as it is and once damaged.
    let room = store::Limits::default()
        .max_object_bytes(payload.max(1))
        .max_bytes(payload.saturating_mul(2).max(1));
    let limits = Limits::default().store(room).device_bytes(payload);
    let bundles = Bundles::open(dir.join("bundles"), limits)?;
    let node = Node::builder()
        .identity(identity)
        // Without `allow` a node refuses every device.
        .allow(Trust::devices([caller]))
        // Where payloads go that are pushed over bulk channels ...
        .store(bundles.clone())
        // ... and the services that calls go to. A clone of either is the same service.
        .serve(bundles.clone())
        .serve(registry.clone())
        // A free port of the loopback; the second address is for machines without IPv6.
        .bind(&LOOPBACK[..])
        .await?;
    // The hub offers its own service under a name. A call in the same process goes through the same code as one from
    // afar: `local` gives the client, and the registry takes the caller for the device it runs on.
    SamgrClient::local(registry.clone())
        .register(
            SERVICE,
            bundle_manager::CHANNEL,
            bundle_manager::INTERFACE_ID,
        )
        .await?;
    Ok(Hub {
        node,
        registry,
        bundles,
    })
}

/// Connects to the hub by nothing but its device ID.
async fn connect(report: &mut Report, node: &Node, hub: &Hub) -> Result<Peer> {
    // The hub announced itself when it was bound: by default in the registry of the process. Discovery turns the ID
    // into addresses, and the handshake proves that whoever answers there has the key of that ID.
    let device = hub.node.device_id();
    let peer = report
        .timed("found by discovery, key proven", node.connect(device))
        .await?;
    report.check(peer.device_id() == device, "the peer is the device dialled")?;
    // Whoever connects again gets the same session: everything below goes over this one TCP connection.
    let again = node.connect(device).await?;
    report.check(
        again.session_id() == peer.session_id(),
        "connecting again gives the same session",
    )?;
    Ok(peer)
}

/// Asks the service manager where the bundle manager is.
async fn find_bundles(
    report: &mut Report,
    node: &Node,
    peer: &Peer,
    hub: &Hub,
) -> Result<BundleManagerClient> {
    let samgr: SamgrClient = peer.open().await?;
    let info = report
        .timed(&format!("resolved {SERVICE:?}"), samgr.resolve(SERVICE))
        .await?;
    report.check(
        info.device_id() == Some(hub.node.device_id()),
        "the hub runs it",
    )?;
    // The same in one step: resolve, connect (there is a session already), open the channel as a typed client.
    let bundles: BundleManagerClient = samgr::find(node, &samgr, SERVICE).await?;
    // A service of the reader is registered for as long as the reader is connected.
    samgr.register("reader.log", 0x0100, 0x1).await?;
    report.check(hub.registry.len() == 2, "and so is a service of the reader")?;
    Ok(bundles)
}

/// Installs the file on the hub.
async fn send(
    report: &mut Report,
    peer: &Peer,
    bundles: &BundleManagerClient,
    file: &Path,
    payload: &Bytes,
    digest: Digest,
) -> Result<()> {
    let len = payload.len() as u64;
    // The bytes travel on a bulk channel beside the calls and are on the hub's disk, checked, when the handle comes back.
    // A file that is not in memory goes the same way without ever being there: it is read as the channel takes it.
    let handle = report
        .transfer("pushed and stored", len, peer.push_file(file))
        .await?;
    // The call carries the handle, eight bytes, however large the payload is.
    let installed = report
        .timed("installed", bundles.install(BUNDLE, len, handle.to_raw()))
        .await?;
    let queried = report.timed("queried", bundles.query(BUNDLE)).await?;
    report.check(installed == queried, "query tells what install told")?;
    report.check(
        queried.digest == digest.as_bytes() && queried.bytes_len == len,
        "digest and length are those of the file",
    )
}

/// Reads the file back.
async fn fetch(
    report: &mut Report,
    peer: &Peer,
    bundles: &BundleManagerClient,
    digest: Digest,
) -> Result<()> {
    let offer = bundles.get_payload(BUNDLE).await?;
    let pulled = report
        .transfer("pulled and checked", offer.bytes_len, async {
            let mut pull = peer.pull(VmoHandle::from_raw(offer.vmo_handle)).await?;
            let mut received = 0;
            // Each chunk is hashed as it comes. The `None` after the last one is only given out if the digest is right.
            while let Some(chunk) = pull.chunk().await? {
                received += chunk.len() as u64;
            }
            Ok::<_, dsoftbus::Status>((pull.digest(), received))
        })
        .await?;
    report.check(
        pulled == (digest, offer.bytes_len),
        "what came back is the file",
    )
}
