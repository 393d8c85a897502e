//! What a caller and a service may rely on, over a session in memory and with virtual time.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{future::Future as _, time::Duration};

use dsoftbus::{
    Capability, Client, Code, DEFAULT_DEADLINE, Identity, IdentityProvider, MethodDescriptor, Node,
    NodeBuilder, Outgoing, Peer, ServiceClient, ServiceDescriptor, SessionError, Trust,
    testing::{self, Pair},
};
use dsoftbus_proto::{frame::GoodbyeCode, message::MAX_MESSAGE, record::RecordError};
use dsoftbus_tests::{Gauge, ProbeClient, TestProbe, probe, probe_service::CODES, within};
use futures::future::join_all;
use tokio::time::Instant;

/// The service, how many of its handlers run, and a session with it.
struct Bench {
    running: Gauge,
    pair: Pair,
    probe: ProbeClient,
}

fn serving(service: TestProbe) -> NodeBuilder {
    Node::builder().allow(Trust::anyone()).serve(service)
}

async fn bench() -> Bench {
    let service = TestProbe::default();
    let running = service.running.clone();
    let pair = within(testing::pair(serving(service))).await.unwrap();
    let probe = within(pair.peer.open()).await.unwrap();
    Bench {
        running,
        pair,
        probe,
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_not_answered_fails_after_ten_seconds() {
    let bench = bench().await;
    let start = Instant::now();
    let status = within(bench.probe.hang()).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(DEFAULT_DEADLINE, Duration::from_secs(10));
    let took = start.elapsed();
    assert!(took >= DEFAULT_DEADLINE, "{took:?}");
    assert!(
        took < DEFAULT_DEADLINE + Duration::from_millis(50),
        "{took:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_late_reply_is_deadline_exceeded() {
    let bench = bench().await;
    let status = within(bench.probe.wait(300).timeout(Duration::from_millis(200)))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    // The reply that would have come is not taken for that of the next call.
    assert_eq!(within(bench.probe.echo("next")).await.unwrap(), "next");
    within(bench.probe.wait(300)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_reply_delayed_on_the_wire_is_deadline_exceeded() {
    let bench = bench().await;
    bench.pair.link.delay(Duration::from_millis(150));
    let call = bench.probe.echo("slow").timeout(Duration::from_millis(200));
    let status = within(call).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert!(!status.is_remote());
    let start = Instant::now();
    within(bench.probe.echo("slow")).await.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(300));
}

#[tokio::test(start_paused = true)]
async fn a_handler_is_dropped_at_its_deadline() {
    let bench = bench().await;
    let call = tokio::spawn(
        bench
            .probe
            .hang()
            .timeout(Duration::from_secs(2))
            .into_future(),
    );
    bench.running.reaches(1).await;
    let start = Instant::now();
    bench.running.reaches(0).await;
    assert!(start.elapsed() <= Duration::from_millis(2_050));
    let status = within(call).await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
}

#[tokio::test(start_paused = true)]
async fn a_handler_is_dropped_at_its_deadline_though_its_caller_is_cut_off() {
    let bench = bench().await;
    let call = tokio::spawn(
        bench
            .probe
            .hang()
            .timeout(Duration::from_secs(2))
            .into_future(),
    );
    bench.running.reaches(1).await;
    // Nothing that the caller says arrives any more: the node knows by itself.
    bench.pair.link.stall(true);
    let start = Instant::now();
    bench.running.reaches(0).await;
    assert!(start.elapsed() <= Duration::from_millis(2_050));
    assert_eq!(
        within(call).await.unwrap().unwrap_err().code(),
        Code::DeadlineExceeded
    );
}

#[tokio::test(start_paused = true)]
async fn handlers_that_waited_for_a_place_are_dropped_at_their_deadline_too() {
    let bench = bench().await;
    // More than may run at once, so that the last ones start when the first ones expire.
    let calls: Vec<_> = (0..276)
        .map(|number| {
            bench
                .probe
                .hang()
                .timeout(Duration::from_secs(if number < 256 { 2 } else { 5 }))
        })
        .collect();
    let calls = tokio::spawn(join_all(calls));
    let start = Instant::now();
    bench.running.reaches(256).await;
    // Nothing that the caller says arrives any more: the node knows by itself.
    bench.pair.link.stall(true);
    bench.running.reaches(20).await;
    bench.running.reaches(0).await;
    let took = start.elapsed();
    assert!(took <= Duration::from_millis(5_050), "{took:?}");
    for result in within(calls).await.unwrap() {
        assert_eq!(result.unwrap_err().code(), Code::DeadlineExceeded);
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_a_call_drops_its_handler() {
    let bench = bench().await;
    let call = tokio::spawn(bench.probe.hang().into_future());
    bench.running.reaches(1).await;
    let start = Instant::now();
    call.abort();
    bench.running.reaches(0).await;
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn dropping_more_calls_than_may_run_at_once_drops_their_handlers() {
    let bench = bench().await;
    let calls: Vec<_> = (0..400)
        .map(|_| tokio::spawn(bench.probe.hang().into_future()))
        .collect();
    bench.running.reaches(256).await;
    let start = Instant::now();
    calls.iter().for_each(|call| call.abort());
    // Those that wait for a place must not stand in the way of the news that makes room for them.
    bench.running.reaches(0).await;
    within(bench.probe.echo("next")).await.unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn the_place_of_a_cancelled_call_is_used_again() {
    let bench = bench().await;
    for round in 0..600 {
        let call = tokio::spawn(bench.probe.hang().into_future());
        bench.running.reaches(1).await;
        call.abort();
        bench.running.reaches(0).await;
        let text = round.to_string();
        assert_eq!(within(bench.probe.echo(&text)).await.unwrap(), text);
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_handler_ends_that_call_only() {
    let bench = bench().await;
    let neighbour = tokio::spawn(bench.probe.wait(1_000).into_future());
    bench.running.reaches(1).await;
    for _ in 0..2 {
        let status = within(bench.probe.panic()).await.unwrap_err();
        assert_eq!(status.code(), Code::Internal);
        assert!(status.is_remote());
        let status = within(bench.probe.panic_at_once()).await.unwrap_err();
        assert_eq!(status.code(), Code::Internal);
    }
    within(neighbour).await.unwrap().unwrap();
    within(bench.probe.echo("alive")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_slow_handler_does_not_delay_a_quick_one() {
    let bench = bench().await;
    let slow = tokio::spawn(bench.probe.wait(5_000).into_future());
    bench.running.reaches(1).await;
    let start = Instant::now();
    within(bench.probe.wait(1)).await.unwrap();
    within(bench.probe.echo("quick")).await.unwrap();
    assert!(start.elapsed() < Duration::from_millis(50));
    within(slow).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_is_ready_at_once_costs_no_task() {
    let bench = bench().await;
    within(bench.probe.echo("warm")).await.unwrap();
    // What is spawned shows in the IDs of tasks: they are given out one after the other.
    let tasks = || {
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
    };
    let before = tasks();
    let calls = join_all((0..100).map(|_| bench.probe.echo("ready")));
    let mut most = 0;
    let mut calls = std::pin::pin!(calls);
    let done = std::future::poll_fn(|cx| {
        most = most.max(tasks());
        calls.as_mut().poll(cx)
    });
    assert!(within(done).await.into_iter().all(|result| result.is_ok()));
    assert_eq!(most, before);
    // The measure works: a handler that waits does cost one.
    let call = tokio::spawn(bench.probe.hang().into_future());
    bench.running.reaches(1).await;
    assert_eq!(tasks(), before + 2);
    call.abort();
}

#[tokio::test(start_paused = true)]
async fn every_code_and_its_message_survive_the_wire() {
    let bench = bench().await;
    for (number, code) in CODES.into_iter().enumerate() {
        let message = format!("dsb:internal: {code} ümlaut");
        let call = bench.probe.fail(number as u16, &message);
        let status = within(call).await.unwrap_err();
        assert_eq!(status.code(), code);
        assert_eq!(status.message(), message);
        assert_eq!(status.domain(), None);
        assert!(status.is_remote());
    }
}

#[tokio::test(start_paused = true)]
async fn domain_errors_survive_the_wire() {
    let bench = bench().await;
    let expected = [
        (probe::Error::NoSuchThing, Code::NotFound),
        (probe::Error::TooLate, Code::FailedPrecondition),
        (probe::Error::Mystery, Code::Unknown),
    ];
    for (which, (error, code)) in expected.into_iter().enumerate() {
        let status = within(bench.probe.refuse(which as u16)).await.unwrap_err();
        assert_eq!(status.code(), code);
        assert_eq!(probe::Error::from_status(&status), Some(error));
        assert!(status.is_remote());
    }
}

#[tokio::test(start_paused = true)]
async fn a_method_of_a_newer_schema_is_unimplemented_and_the_session_lives() {
    static LATER: MethodDescriptor = MethodDescriptor {
        name: "later",
        service: "Probe",
        interface_id: probe::INTERFACE_ID,
        ordinal: 99,
        streaming: false,
    };
    static ELSEWHERE: MethodDescriptor = MethodDescriptor {
        name: "elsewhere",
        service: "Other",
        interface_id: 0xdead_beef_dead_beef,
        ordinal: 0,
        streaming: false,
    };
    let bench = bench().await;
    for method in [&LATER, &ELSEWHERE] {
        let params = Outgoing::call(method.interface_id, method.ordinal, 0);
        let call = bench.probe.capability().call(method, params);
        let status = within(call).await.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented);
        assert!(status.is_remote());
    }
    within(bench.probe.echo("alive")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn more_calls_than_may_run_at_once_all_end_well() {
    let bench = bench().await;
    let calls = join_all((0..1_000).map(|_| bench.probe.wait(100)));
    assert!(within(calls).await.into_iter().all(|result| result.is_ok()));
}

#[tokio::test(start_paused = true)]
async fn a_result_that_fits_no_message_is_resource_exhausted() {
    let bench = bench().await;
    let size = MAX_MESSAGE as u32;
    let status = within(bench.probe.make(size)).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(status.is_remote());
    let largest = size - 1_024;
    let data = within(bench.probe.make(largest)).await.unwrap();
    assert_eq!(data.len(), largest as usize);
}

#[tokio::test(start_paused = true)]
async fn parameters_that_fit_no_message_are_resource_exhausted_before_they_are_sent() {
    let bench = bench().await;
    let (before, _) = bench.pair.link.sent();
    let status = within(bench.probe.blob(&vec![0; MAX_MESSAGE]))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(!status.is_remote());
    let (after, _) = bench.pair.link.sent();
    assert!(after - before < 1_024, "{} bytes left", after - before);
    let data = vec![3; MAX_MESSAGE - 1_024];
    assert_eq!(within(bench.probe.blob(&data)).await.unwrap(), data);
}

#[tokio::test(start_paused = true)]
async fn a_cut_fails_every_call_within_a_second() {
    let bench = bench().await;
    let calls: Vec<_> = (0..50)
        .map(|_| tokio::spawn(bench.probe.hang().into_future()))
        .collect();
    bench.running.reaches(50).await;
    let start = Instant::now();
    bench.pair.link.cut();
    for call in calls {
        let status = within(call).await.unwrap().unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
        assert!(!status.is_remote());
    }
    bench.running.reaches(0).await;
    assert!(
        start.elapsed() < Duration::from_secs(1),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(
        within(bench.pair.peer.closed()).await,
        SessionError::Truncated
    );
    assert_eq!(
        within(bench.pair.seen.closed()).await,
        SessionError::Truncated
    );
    let status = within(bench.probe.echo("late")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    let status = within(bench.pair.peer.open::<ProbeClient>())
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn a_damaged_record_ends_the_session_at_once_though_the_peer_reads_nothing() {
    let bench = bench().await;
    let hanging = tokio::spawn(bench.probe.hang().into_future());
    bench.running.reaches(1).await;
    // The damage is on its way when the wire towards the caller blocks.
    bench.pair.link.delay(Duration::from_millis(100));
    bench.pair.link.corrupt_next();
    let damaged = tokio::spawn(bench.probe.echo("damaged").into_future());
    tokio::time::sleep(Duration::from_millis(50)).await;
    bench.pair.link.stall(true);
    let start = Instant::now();
    assert_eq!(
        within(bench.pair.seen.closed()).await,
        SessionError::Record(RecordError::BadTag)
    );
    bench.running.reaches(0).await;
    assert!(
        start.elapsed() <= Duration::from_millis(55),
        "{:?}",
        start.elapsed()
    );
    for call in [
        tokio::spawn(async move { hanging.await.unwrap().map(drop) }),
        tokio::spawn(async move { damaged.await.unwrap().map(drop) }),
    ] {
        within(call).await.unwrap().unwrap_err();
    }
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_is_not_served_is_unimplemented() {
    let pair = within(testing::pair(Node::builder().allow(Trust::anyone())))
        .await
        .unwrap();
    let status = within(pair.peer.open::<ProbeClient>()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_trust_does_not_name_is_permission_denied() {
    let caller = Identity::from_seed([5; 32], 0);
    let device = caller.device_id();
    for (channels, allowed) in [
        (vec![probe::CHANNEL], true),
        (vec![probe::CHANNEL + 1], false),
    ] {
        let trust = Trust::nobody().device_on(device, channels);
        let node = Node::builder().allow(trust).serve(TestProbe::default());
        let from = Node::builder().identity(Identity::from_seed([5; 32], 0));
        let pair = within(testing::pair_from(node, from)).await.unwrap();
        match within(pair.peer.open::<ProbeClient>()).await {
            Ok(probe) => {
                assert!(allowed);
                let text = device.to_string();
                assert_eq!(within(probe.caller()).await.unwrap(), text);
            }
            Err(status) => {
                assert!(!allowed);
                assert_eq!(status.code(), Code::PermissionDenied);
            }
        }
    }
}

/// A client of an interface that nobody serves, on the channel of one that is served.
#[derive(Clone, Debug)]
struct Stranger(Capability);

impl Client for Stranger {
    const DESCRIPTOR: &'static ServiceDescriptor = &ServiceDescriptor {
        name: "Stranger",
        channel: Some(probe::CHANNEL),
        interface_id: 0x1234_5678_9abc_def0,
        level: 0,
        methods: &[],
        extends: &[],
        schema: &[],
    };

    fn from_capability(capability: Capability) -> Self {
        Self(capability)
    }

    fn capability(&self) -> &Capability {
        &self.0
    }
}

impl ServiceClient for Stranger {
    const CHANNEL: u16 = probe::CHANNEL;
}

#[tokio::test(start_paused = true)]
async fn another_interface_on_the_channel_is_unimplemented() {
    let bench = bench().await;
    let status = within(bench.pair.peer.open::<Stranger>())
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    assert_eq!(
        status.message(),
        "the peer closed the channel: wrong interface"
    );
    within(bench.probe.echo("alive")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_local_client_behaves_as_a_remote_one() {
    let service = TestProbe::default();
    let running = service.running.clone();
    let local = ProbeClient::local(service);
    assert_eq!(within(local.echo("here")).await.unwrap(), "here");
    assert_eq!(within(local.caller()).await.unwrap(), "nobody");
    let status = within(local.refuse(0)).await.unwrap_err();
    assert_eq!(
        probe::Error::from_status(&status),
        Some(probe::Error::NoSuchThing)
    );
    assert!(!status.is_remote());
    let start = Instant::now();
    let status = within(local.hang()).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(start.elapsed().as_secs(), 10);
    running.reaches(0).await;
    let status = within(local.take(1)).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
}

#[test]
fn handles_can_be_shared_between_threads() {
    fn shared<T: Clone + Send + Sync + 'static>() {}
    fn sent<T: Send + 'static>(_: &T) {}
    shared::<ProbeClient>();
    shared::<Peer>();
    shared::<Node>();
    let local = ProbeClient::local(TestProbe::default());
    sent(&local.echo("call"));
}

#[tokio::test(start_paused = true)]
async fn a_call_is_a_value() {
    let bench = bench().await;
    // Nothing happens before it is awaited.
    let (before, _) = bench.pair.link.sent();
    let call = bench.probe.echo("never");
    tokio::task::yield_now().await;
    drop(call);
    tokio::task::yield_now().await;
    assert_eq!(bench.pair.link.sent().0, before);
    // Two calls at once.
    let start = Instant::now();
    let (first, second) =
        within(async { tokio::join!(bench.probe.wait(700), bench.probe.wait(800)) }).await;
    first.and(second).unwrap();
    assert!(start.elapsed() < Duration::from_millis(850));
    // The first of two.
    let quick = tokio::select! {
        _ = bench.probe.hang() => false,
        _ = bench.probe.wait(10) => true,
    };
    assert!(quick);
    bench.running.reaches(0).await;
}

#[tokio::test(start_paused = true)]
async fn a_timeout_beyond_all_time_waits_and_does_not_panic() {
    let bench = bench().await;
    within(bench.probe.echo("patient").timeout(Duration::MAX))
        .await
        .unwrap();
    let local = ProbeClient::local(TestProbe::default());
    within(local.echo("patient").timeout(Duration::MAX))
        .await
        .unwrap();
    let status = within(bench.probe.hang().timeout(Duration::ZERO))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
}

#[tokio::test(start_paused = true)]
async fn closing_a_peer_fails_its_calls_on_both_sides() {
    let bench = bench().await;
    let call = tokio::spawn(bench.probe.hang().into_future());
    bench.running.reaches(1).await;
    let start = Instant::now();
    bench.pair.peer.close();
    let status = within(call).await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    bench.running.reaches(0).await;
    assert_eq!(within(bench.pair.peer.closed()).await, SessionError::Closed);
    assert_eq!(
        within(bench.pair.seen.closed()).await,
        SessionError::Goodbye(GoodbyeCode::SHUTTING_DOWN)
    );
    assert!(start.elapsed() < Duration::from_millis(50));
}

#[tokio::test(start_paused = true)]
async fn shutting_a_node_down_ends_its_sessions() {
    let bench = bench().await;
    let call = tokio::spawn(bench.probe.hang().into_future());
    bench.running.reaches(1).await;
    bench.pair.node.shutdown();
    let status = within(call).await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(
        within(bench.pair.peer.closed()).await,
        SessionError::Goodbye(GoodbyeCode::SHUTTING_DOWN)
    );
    assert_eq!(within(bench.pair.seen.closed()).await, SessionError::Closed);
    bench.running.reaches(0).await;
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_falls_silent_is_given_up_after_45_seconds() {
    let bench = bench().await;
    let start = Instant::now();
    // What is sent leaves, and never arrives.
    bench.pair.link.delay(Duration::from_secs(3_600));
    let closed = tokio::time::timeout(Duration::from_secs(60), bench.pair.peer.closed());
    assert_eq!(closed.await.unwrap(), SessionError::Silent);
    let took = start.elapsed();
    assert!(took >= Duration::from_secs(44), "{took:?}");
    assert!(took <= Duration::from_millis(45_500), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn an_idle_session_lives_on() {
    let bench = bench().await;
    tokio::time::sleep(Duration::from_secs(24 * 60 * 60)).await;
    within(bench.probe.echo("still there")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn clients_that_come_and_go_do_not_wear_the_session_out() {
    let bench = bench().await;
    for round in 0..3_000 {
        let probe: ProbeClient = within(bench.pair.peer.open()).await.unwrap();
        drop(probe);
        let channel = within(
            bench
                .pair
                .peer
                .open_bytes(probe::CHANNEL, probe::INTERFACE_ID),
        )
        .await;
        drop(channel.unwrap());
        if round % 100 == 0 {
            // Ten in a millisecond are more than any budget allows; these are fewer than 256 a second.
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
    within(bench.probe.echo("alive")).await.unwrap();
}
