//! The daemon as a process: killed without warning, and started again.

#![allow(
    clippy::unwrap_used,
    reason = "a helper of tests fails by panicking, too"
)]

use std::{path::Path, process::Stdio, time::Duration};

use bundlemgr::{BundleManagerClient, Error};
use bytes::Bytes;
use dsoftbus::{ConnectError, HandshakeError, Node, Peer, Refusal, bulk::VmoHandle, store::Digest};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    time::timeout,
};

/// No step of a test takes this long; one that does hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// A daemon that listens. It is killed when this is dropped.
struct Daemon {
    process: Child,
    ticket: String,
}

impl Daemon {
    async fn start(home: &Path, trust: &[&str]) -> Self {
        let mut process = command(home)
            .args(trust)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let ticket = timeout(PATIENCE, lines.next_line()).await.unwrap();
        Self {
            process,
            ticket: ticket.unwrap().expect("the daemon prints its ticket"),
        }
    }

    /// `kill -9`: the daemon has no chance to tidy up.
    async fn kill(mut self) {
        self.process.kill().await.unwrap();
    }

    async fn connect(&self) -> (Peer, BundleManagerClient) {
        let node = Node::builder().start().await.unwrap();
        let peer = timeout(PATIENCE, node.connect(&self.ticket)).await.unwrap();
        let peer = peer.unwrap();
        let client = peer.open().await.unwrap();
        (peer, client)
    }
}

fn command(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bundlemgrd"));
    command
        .arg("--key")
        .arg(home.join("device.key"))
        .arg("--dir")
        .arg(home.join("bundles"))
        .args(["--listen", "127.0.0.1:0"])
        .kill_on_drop(true);
    command
}

/// Not random, and not compressible to a pattern that a lost block would fit into.
fn payload(len: usize) -> Bytes {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let bytes = std::iter::repeat_with(|| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        state.to_be_bytes()[0]
    });
    bytes.take(len).collect()
}

async fn read(peer: &Peer, client: &BundleManagerClient, name: &str) -> Vec<u8> {
    let offer = client.get_payload(name).await.unwrap();
    let handle = VmoHandle::from_raw(offer.vmo_handle);
    let pull = peer.pull(handle).await.unwrap();
    pull.read_to_end(64 << 20).await.unwrap()
}

#[tokio::test]
async fn an_acknowledged_bundle_survives_kill_9() {
    let home = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(home.path(), &["--allow-anyone"]).await;
    let (peer, client) = daemon.connect().await;
    let device = peer.device_id();
    let bytes = payload(3_000_001);
    let handle = peer.push_bytes(bytes.clone()).await.unwrap();
    let installed = client.install("clock", 3_000_001, handle.to_raw()).await;
    let installed = installed.unwrap();
    // Another payload is on the disk, unnamed, and a third one on its way when the daemon dies.
    peer.push_bytes(payload(100_000)).await.unwrap();
    let underway = peer.clone();
    let underway = tokio::spawn(async move { underway.push_bytes(payload(32 << 20)).await });
    daemon.kill().await;
    assert!(timeout(PATIENCE, underway).await.unwrap().unwrap().is_err());
    timeout(PATIENCE, peer.closed()).await.unwrap();

    let daemon = Daemon::start(home.path(), &["--allow-anyone"]).await;
    let (peer, client) = daemon.connect().await;
    assert_eq!(peer.device_id(), device);
    assert_eq!(client.list().await.unwrap(), [installed]);
    assert_eq!(read(&peer, &client, "clock").await, bytes);
    // What had no name when the daemon died is gone: only the bundle is there.
    assert_eq!(
        files(&home.path().join("bundles/store/objects")),
        [Digest::of(&bytes).to_string()]
    );
    assert_eq!(files(&home.path().join("bundles/store/tmp")), [""; 0]);
}

/// Names of all files under a directory.
fn files(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.file_name().into_string().unwrap());
        }
    }
    found
}

#[tokio::test]
async fn an_uninstalled_bundle_stays_uninstalled_after_kill_9() {
    let home = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(home.path(), &["--allow-anyone"]).await;
    let (peer, client) = daemon.connect().await;
    let handle = peer.push_bytes(payload(10)).await.unwrap();
    client.install("clock", 10, handle.to_raw()).await.unwrap();
    client.uninstall("clock").await.unwrap();
    daemon.kill().await;

    let daemon = Daemon::start(home.path(), &["--allow-anyone"]).await;
    let (_peer, client) = daemon.connect().await;
    let status = client.query("clock").await.unwrap_err();
    assert_eq!(Error::from_status(&status), Some(Error::NotFound));
}

#[tokio::test]
async fn the_daemon_lets_in_whom_its_trust_file_names_and_nobody_else() {
    let home = tempfile::tempdir().unwrap();
    let friend = Node::builder().start().await.unwrap();
    let stranger = Node::builder().start().await.unwrap();
    let trusted = home.path().join("trusted");
    std::fs::write(
        &trusted,
        format!("{} 2 0x11 # a friend\n", friend.device_id()),
    )
    .unwrap();
    let daemon = Daemon::start(home.path(), &["--trust", trusted.to_str().unwrap()]).await;
    let peer = timeout(PATIENCE, friend.connect(&daemon.ticket))
        .await
        .unwrap();
    let peer = peer.unwrap();
    let client: BundleManagerClient = peer.open().await.unwrap();
    let handle = peer.push_bytes(payload(10)).await.unwrap();
    client.install("clock", 10, handle.to_raw()).await.unwrap();
    let refused = timeout(PATIENCE, stranger.connect(&daemon.ticket))
        .await
        .unwrap();
    assert!(matches!(
        refused.unwrap_err(),
        ConnectError::Handshake(HandshakeError::Refused(Refusal::NotAllowed))
    ));
}

#[tokio::test]
async fn a_daemon_that_nobody_told_whom_to_trust_does_not_start() {
    let home = tempfile::tempdir().unwrap();
    let output = timeout(PATIENCE, command(home.path()).output())
        .await
        .unwrap();
    let output = output.unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("--trust is missing"));
    assert_eq!(output.stdout, b"");
}

#[tokio::test]
async fn two_daemons_do_not_share_a_directory() {
    let home = tempfile::tempdir().unwrap();
    let _first = Daemon::start(home.path(), &["--allow-anyone"]).await;
    let second = command(home.path()).arg("--allow-anyone").output();
    let second = timeout(PATIENCE, second).await.unwrap().unwrap();
    assert!(!second.status.success());
    assert!(String::from_utf8_lossy(&second.stderr).contains("is in use"));
}
