//! Stock Cap'n Proto at the other end of a channel: any two-party program can call our services, and we can call its.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::time::Duration;

use dsoftbus::{ByteChannel, Code, Node, Status, Trust, testing};
use dsoftbus_tests::{
    Gauge, ProbeClient, TestProbe, probe, probe_capnp::probe as stock_probe, probe_service::CODES,
    stock, within,
};
use futures::future::join_all;
use tokio::task::LocalSet;

/// Larger than the window of a channel and than any frame.
const LARGE: usize = 500 * 1024;

async fn echo(client: &stock_probe::Client, text: &str) -> String {
    let mut request = client.echo_request();
    request.get().set_text(text);
    let response = within(request.send().promise).await.unwrap();
    let text = response.get().unwrap().get_text().unwrap();
    text.to_string().unwrap()
}

#[tokio::test]
async fn interop_stock_client_calls_our_server() {
    let service = TestProbe::default();
    let running = service.running.clone();
    let node = Node::builder().allow(Trust::anyone()).serve(service);
    let pair = within(testing::pair(node)).await.unwrap();
    let channel = pair.peer.open_bytes(probe::CHANNEL, probe::INTERFACE_ID);
    let channel = within(channel).await.unwrap();
    let calls = async {
        let (client, driver) = stock::client(channel);
        assert_eq!(echo(&client, "one").await, "one");

        // Several calls in flight, the slow one first.
        let mut slow = client.wait_request();
        slow.get().set_millis(100);
        let slow = slow.send();
        let texts: Vec<String> = (0..300).map(|number| format!("call {number}")).collect();
        let answers = join_all(texts.iter().map(|text| echo(&client, text))).await;
        assert_eq!(answers, texts);
        within(slow.promise).await.unwrap();

        // Our codes, as any program reads them.
        for (number, code) in CODES.into_iter().enumerate() {
            let mut request = client.fail_request();
            request.get().set_code(number as u16);
            request.get().set_message("on purpose");
            let error = within(request.send().promise).await.err().unwrap();
            let reason = format!("dsb:{}: on purpose", code.as_str());
            assert!(error.extra.ends_with(&reason), "{}", error.extra);
        }
        let error = within(client.panic_request().send().promise)
            .await
            .err()
            .unwrap();
        assert!(error.extra.contains("dsb:internal: "), "{}", error.extra);

        let data: Vec<u8> = (0..LARGE).map(|i| (i % 251) as u8).collect();
        let mut request = client.blob_request();
        request.get().set_data(&data);
        let response = within(request.send().promise).await.unwrap();
        assert_eq!(response.get().unwrap().get_data().unwrap(), data);

        // A request that is dropped is a Finish on the wire: it stops the handler.
        // Only the promise is kept: the pipeline beside it would hold the question open.
        let hanging = tokio::task::spawn_local(client.hang_request().send().promise);
        running.reaches(1).await;
        hanging.abort();
        running.reaches(0).await;
        assert_eq!(echo(&client, "alive").await, "alive");

        driver.abort();
    };
    within(LocalSet::new().run_until(calls)).await;
    running.reaches(0).await;
}

#[tokio::test]
async fn interop_our_client_calls_stock_server() {
    let running = Gauge::default();
    let handlers = running.clone();
    let node =
        Node::builder()
            .allow(Trust::anyone())
            .serve_bytes(probe::CHANNEL, move |_, channel| {
                stock::serve_on_thread(channel, handlers.clone());
            });
    let pair = within(testing::pair(node)).await.unwrap();
    let client: ProbeClient = within(pair.peer.open_bytes_mode()).await.unwrap();
    assert_eq!(within(client.echo("one")).await.unwrap(), "one");

    let texts: Vec<String> = (0..300).map(|number| format!("call {number}")).collect();
    let answers = within(join_all(texts.iter().map(|text| client.echo(text)))).await;
    let answers: Result<Vec<String>, Status> = answers.into_iter().collect();
    assert_eq!(answers.unwrap(), texts);

    // An exception in our notation is read as ours, any other by its type.
    let cases = [
        ("dsb:not_found: gone", Code::NotFound, None, "gone"),
        (
            "dsb:not_found/noSuchThing: gone",
            Code::NotFound,
            Some("noSuchThing"),
            "gone",
        ),
        (
            "dsb:resource_exhausted: full",
            Code::ResourceExhausted,
            None,
            "full",
        ),
        ("it broke", Code::Unknown, None, "it broke"),
    ];
    for (text, code, domain, message) in cases {
        let status = within(client.fail(0, text)).await.unwrap_err();
        assert_eq!((status.code(), status.domain()), (code, domain));
        assert!(status.message().ends_with(message), "{status}");
        assert!(status.is_remote());
    }
    // capnp-rpc answers what its service does not have by an exception of type unimplemented.
    let status = within(client.make(1)).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);

    let data: Vec<u8> = (0..LARGE).map(|i| (i % 251) as u8).collect();
    assert_eq!(within(client.blob(&data)).await.unwrap(), data);

    let hanging = tokio::spawn(client.hang().into_future());
    running.reaches(1).await;
    hanging.abort();
    running.reaches(0).await;
    let status = within(client.hang().timeout(Duration::from_millis(50)))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    running.reaches(0).await;
    assert_eq!(within(client.echo("alive")).await.unwrap(), "alive");
}

#[tokio::test]
async fn two_stock_programs_talk_over_a_pair_of_byte_channels() {
    let (near, far, _pair) = within(testing::byte_channels()).await.unwrap();
    let calls = async {
        let server = tokio::task::spawn_local(stock::serve(far, Gauge::default()));
        let (client, driver) = stock::client(near);
        assert_eq!(echo(&client, "hello").await, "hello");
        let data = vec![9; LARGE];
        let mut request = client.blob_request();
        request.get().set_data(&data);
        let response = within(request.send().promise).await.unwrap();
        assert_eq!(response.get().unwrap().get_data().unwrap(), data);
        drop(response);
        // The end of one program is an orderly end of input to the other.
        drop(client);
        driver.abort();
        let _ = within(driver).await;
        let _ = within(server).await.unwrap();
    };
    within(LocalSet::new().run_until(calls)).await;
}

#[tokio::test]
async fn our_client_calls_our_server_in_either_mode() {
    let node = Node::builder()
        .allow(Trust::anyone())
        .serve(TestProbe::default());
    let pair = within(testing::pair(node)).await.unwrap();
    let bytes: ProbeClient = within(pair.peer.open_bytes_mode()).await.unwrap();
    let messages: ProbeClient = within(pair.peer.open()).await.unwrap();
    for client in [bytes, messages] {
        let data = vec![5; LARGE];
        assert_eq!(within(client.blob(&data)).await.unwrap(), data);
    }
}

#[tokio::test]
async fn a_stock_client_that_vanishes_leaves_no_handler_behind() {
    let service = TestProbe::default();
    let running = service.running.clone();
    let node = Node::builder().allow(Trust::anyone()).serve(service);
    let pair = within(testing::pair(node)).await.unwrap();
    let open = || async {
        let channel = pair.peer.open_bytes(probe::CHANNEL, probe::INTERFACE_ID);
        let channel: ByteChannel = within(channel).await.unwrap();
        channel
    };
    let channel = open().await;
    let calls = async {
        let (client, driver) = stock::client(channel);
        let hanging = tokio::task::spawn_local(client.hang_request().send().promise);
        running.reaches(1).await;
        driver.abort();
        let _ = within(driver).await;
        running.reaches(0).await;
        hanging.abort();
    };
    within(LocalSet::new().run_until(calls)).await;
    drop(open().await);
}
