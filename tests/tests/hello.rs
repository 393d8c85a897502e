//! The example `hello` as its users run it: two processes.

use dsoftbus_tests::processes::Process;

#[tokio::test]
async fn hello_world_crosses_two_processes() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = Process::start("hello", "server", dir.path(), &[]).await;
    let ticket = server.line().await.unwrap();
    assert!(ticket.starts_with("dsb1"), "{ticket}");
    for _ in 0..2 {
        let mut client = Process::start("hello", "client", dir.path(), &[&ticket]).await;
        assert_eq!(client.line().await.as_deref(), Some("Hello, bus!"));
        assert_eq!(client.line().await, None);
        assert!(client.succeeds().await);
    }
    assert!(server.is_running());
}

#[tokio::test]
async fn a_ticket_outlives_the_process_that_printed_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut first = Process::start("hello", "server", dir.path(), &[]).await;
    let before = first.line().await.unwrap();
    drop(first);
    // The same key file makes the same device, on another port.
    let mut second = Process::start("hello", "server", dir.path(), &[]).await;
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
    let mut server = Process::start("hello", "server", dir.path(), &[]).await;
    let ticket = server.line().await.unwrap();
    drop(server);
    let mut client = Process::start("hello", "client", dir.path(), &[&ticket]).await;
    assert_eq!(client.line().await, None);
    assert!(!client.succeeds().await);
}
