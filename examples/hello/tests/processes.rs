//! The example as its users run it: two processes.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::path::Path;

use dsoftbus::Ticket;
use dsoftbus_proto::frame::{Frame, Mode};
use dsoftbus_tests::{
    by_hand::{self, Hand},
    processes::Process,
};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

fn server(dir: &Path) -> Process {
    Process::start(env!("CARGO_BIN_EXE_server"), dir, &[])
}

fn client(dir: &Path, ticket: &str) -> Process {
    Process::start(env!("CARGO_BIN_EXE_client"), dir, &[ticket])
}

#[tokio::test]
async fn hello_world_crosses_two_processes() {
    let dir = tempfile::tempdir().unwrap();
    let mut serving = server(dir.path());
    let ticket = serving.line().await.unwrap();
    assert!(ticket.starts_with("dsb1"), "{ticket}");
    for _ in 0..2 {
        let mut calling = client(dir.path(), &ticket);
        assert_eq!(calling.line().await.as_deref(), Some("Hello, bus!"));
        assert_eq!(calling.line().await, None);
        assert!(calling.succeeds().await);
    }
    assert!(serving.is_running());
}

#[tokio::test]
async fn a_ticket_outlives_the_process_that_printed_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut first = server(dir.path());
    let before = first.line().await.unwrap();
    drop(first);
    // The same key file makes the same device, on another port.
    let mut second = server(dir.path());
    let after = second.line().await.unwrap();
    let device = |ticket: &str| {
        let ticket: dsoftbus::Ticket = ticket.parse().unwrap();
        ticket.announcement().device()
    };
    assert_eq!(device(&before), device(&after));
}

#[tokio::test]
async fn a_client_without_a_server_fails_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let mut serving = server(dir.path());
    let ticket = serving.line().await.unwrap();
    drop(serving);
    let mut calling = client(dir.path(), &ticket);
    assert_eq!(calling.line().await, None);
    assert!(!calling.succeeds().await);
}

/// Trap: one bad frame that ends a daemon. This one runs in a process of its own.
#[tokio::test]
async fn one_bad_frame_does_not_end_a_daemon() {
    let dir = tempfile::tempdir().unwrap();
    let mut daemon = server(dir.path());
    let ticket: Ticket = daemon.line().await.unwrap().parse().unwrap();
    let connect = || async {
        let content = ticket.announcement().content();
        let address = (content.addresses[0], content.port);
        TcpStream::connect(address).await.unwrap()
    };

    connect()
        .await
        .write_all(b"not a preamble, but long enough to be one")
        .await
        .unwrap();
    drop(connect().await);
    for plaintext in [&[0xff; 100][..], &[0, 0, 0, 0, 9, 0, 0, 0], &[1]] {
        let mut hand = Hand::shake_to(connect().await, ticket.announcement()).await;
        hand.send_plain(plaintext).await;
        assert!(hand.goodbye().await.is_some());
    }
    // A malformed message to the service itself.
    let mut hand = Hand::shake_to(connect().await, ticket.announcement()).await;
    let greeter = ticket.announcement().content().services[0];
    hand.open(0, greeter.channel, greeter.interface_id, Mode::Bytes)
        .await;
    hand.send(&[Frame::Data {
        channel: by_hand::channel(0, greeter.channel),
        start: false,
        payload: &[0xff; 64],
    }])
    .await;
    let closed = hand.find(|frame| matches!(frame, Frame::Close { .. }).then_some(()));
    closed.await.unwrap();

    assert!(daemon.is_running());
    let mut calling = client(dir.path(), &ticket.to_string());
    assert_eq!(calling.line().await.as_deref(), Some("Hello, bus!"));
}
