//! The daemon as a process.

#![allow(
    clippy::unwrap_used,
    reason = "a helper of tests fails by panicking, too"
)]

use std::{path::Path, process::Stdio, time::Duration};

use dsoftbus::{ConnectError, HandshakeError, Node, Refusal};
use samgr::{Error, SamgrClient};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    time::timeout,
};

/// No step of a test takes this long; one that does hangs.
const PATIENCE: Duration = Duration::from_secs(20);

fn command(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_samgrd"));
    command
        .arg("--key")
        .arg(home.join("device.key"))
        .args(["--listen", "127.0.0.1:0"])
        .kill_on_drop(true);
    command
}

/// Starts a daemon and reads its ticket. It is killed when the process is dropped.
async fn start(home: &Path, trust: &[&str]) -> (Child, String) {
    let mut process = command(home)
        .args(trust)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let ticket = timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap();
    (process, ticket.expect("the daemon prints its ticket"))
}

async fn connect(ticket: &str) -> (dsoftbus::Peer, SamgrClient) {
    let node = Node::builder().start().await.unwrap();
    let peer = timeout(PATIENCE, node.connect(ticket))
        .await
        .unwrap()
        .unwrap();
    let client = peer.open().await.unwrap();
    (peer, client)
}

#[tokio::test]
async fn one_process_registers_and_another_resolves_until_the_first_is_gone() {
    let home = tempfile::tempdir().unwrap();
    let (_daemon, ticket) = start(home.path(), &["--allow-anyone"]).await;
    let (server, registering) = connect(&ticket).await;
    let (_caller, resolving) = connect(&ticket).await;
    registering.register("clock", 0x100, 7).await.unwrap();
    let found = resolving.resolve("clock").await.unwrap();
    assert_eq!(found.device_id(), Some(server.node().device_id()));

    server.close();
    let gone = async {
        loop {
            match resolving.resolve("clock").await {
                Ok(_) => tokio::task::yield_now().await,
                Err(status) => return Error::from_status(&status),
            }
        }
    };
    assert_eq!(
        timeout(PATIENCE, gone).await.unwrap(),
        Some(Error::NotFound)
    );
}

#[tokio::test]
async fn the_daemon_is_the_same_device_after_a_restart_and_remembers_nobody() {
    let home = tempfile::tempdir().unwrap();
    let (mut daemon, ticket) = start(home.path(), &["--allow-anyone"]).await;
    let (peer, client) = connect(&ticket).await;
    client.register("clock", 0x100, 7).await.unwrap();
    daemon.kill().await.unwrap();
    timeout(PATIENCE, peer.closed()).await.unwrap();

    let (_daemon, ticket) = start(home.path(), &["--allow-anyone"]).await;
    let (again, client) = connect(&ticket).await;
    assert_eq!(again.device_id(), peer.device_id());
    assert_eq!(client.list().await.unwrap(), []);
}

#[tokio::test]
async fn the_daemon_refuses_devices_that_its_trust_file_does_not_name() {
    let home = tempfile::tempdir().unwrap();
    let trusted = home.path().join("trusted");
    std::fs::write(&trusted, "# nobody yet\n").unwrap();
    let (_daemon, ticket) = start(home.path(), &["--trust", trusted.to_str().unwrap()]).await;
    let node = Node::builder().start().await.unwrap();
    let refused = timeout(PATIENCE, node.connect(&ticket)).await.unwrap();
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
