//! What a call costs, counted: nothing here depends on how fast the machine is.
//!
//! The bounds leave a little room above what was counted, so that a change which costs more has to say so here.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::time::Duration;

use allocation_counter::{AllocationInfo, measure};
use bytes::Bytes;
use dsoftbus::{
    Limits, Node, Trust,
    bulk::{BulkStore, BulkUpload},
    store::Digest,
    testing,
};
use dsoftbus_tests::{ProbeClient, TestProbe, within};
use futures::future::join_all;
use tokio::runtime::{Builder, Runtime};

/// Text of a call: a small one.
const TEXT: &str = "sixty-four bytes of text, which is what a small call may carry.";

/// Rounds before something is counted, in which buffers and tables find their size.
const WARM_UP: usize = 20;

/// Rounds that are counted.
const ROUNDS: usize = 50;

struct Bench {
    runtime: Runtime,
    pair: testing::Pair,
    probe: ProbeClient,
}

/// One thread, whose clock stands still unless all wait for it.
fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap()
}

fn bench() -> Bench {
    let runtime = runtime();
    let node = Node::builder()
        .allow(Trust::anyone())
        .serve(TestProbe::default());
    let pair = runtime.block_on(within(testing::pair(node))).unwrap();
    let probe = runtime.block_on(within(pair.peer.open())).unwrap();
    let bench = Bench {
        runtime,
        pair,
        probe,
    };
    for in_flight in [1, 256] {
        bench.rounds(WARM_UP, in_flight);
    }
    bench
}

impl Bench {
    /// Makes `in_flight` calls at once, again and again.
    fn rounds(&self, rounds: usize, in_flight: usize) {
        self.runtime.block_on(async {
            for _ in 0..rounds {
                let calls = (0..in_flight).map(|_| self.probe.echo(TEXT));
                for reply in join_all(calls).await {
                    assert_eq!(reply.unwrap(), TEXT);
                }
            }
        });
    }
}

/// Allocations of a call on both sides together.
fn per_call(counted: AllocationInfo, in_flight: usize) -> f64 {
    counted.count_total as f64 / (ROUNDS * in_flight) as f64
}

#[test]
fn a_call_allocates_what_it_hands_out_and_little_more() {
    let bench = bench();
    // On both sides together, this test and the wire in memory included. Among many, a call has the two texts that it hands out, a
    // message each way of two pieces, the handler, and a future of this test. One alone pays for records and buffers, too.
    for (in_flight, most) in [(1, 20.0), (256, 9.0)] {
        let counted = measure(|| bench.rounds(ROUNDS, in_flight));
        let each = per_call(counted, in_flight);
        assert!(
            each <= most,
            "{each} allocations a call, {in_flight} in flight"
        );
    }
}

#[test]
fn calls_in_flight_take_memory_for_themselves_alone() {
    let bench = bench();
    let counted = measure(|| bench.rounds(ROUNDS, 256));
    let each = counted.bytes_total as f64 / (ROUNDS * 256) as f64;
    // Neither records that arrive nor what waits to be sent gets new memory: either would be 350 bytes more.
    assert!(each <= 2_400.0, "{each} bytes a call");
}

#[test]
fn calls_that_are_made_at_once_share_records_and_writes() {
    let bench = bench();
    let (writes, records) = (bench.pair.link.writes(), bench.pair.link.records());
    bench.rounds(ROUNDS, 256);
    // All calls fit a record; the answers leave in batches of 128, so that their reader need not wait for the last.
    let each = |before: u64, after: u64| (after - before) as f64 / ROUNDS as f64;
    let after = (bench.pair.link.writes(), bench.pair.link.records());
    let writes = (each(writes.0, after.0.0), each(writes.1, after.0.1));
    let records = (each(records.0, after.1.0), each(records.1, after.1.1));
    for (caller, node) in [writes, records] {
        assert!((1.0..2.0).contains(&caller), "{caller} of the caller");
        assert!((2.0..3.0).contains(&node), "{node} of the node");
    }
}

/// Sets up so many sessions and makes a call on each.
async fn sessions(caller: &Node, node: &Node, count: usize) -> Vec<(testing::Pair, ProbeClient)> {
    let mut sessions = Vec::new();
    for _ in 0..count {
        let pair = within(testing::connect(caller, node)).await.unwrap();
        let probe: ProbeClient = pair.peer.open_eagerly().unwrap();
        assert_eq!(within(probe.echo(TEXT)).await.unwrap(), TEXT);
        sessions.push((pair, probe));
    }
    sessions
}

/// Two nodes that have met, and the runtime they live on.
fn met() -> (Runtime, Node, Node) {
    let runtime = runtime();
    let node = Node::builder()
        .allow(Trust::anyone())
        .limits(Limits::default().sessions_per_device(1_000))
        .serve(TestProbe::default());
    let (caller, node) = runtime.block_on(async {
        let pair = within(testing::pair(node)).await.unwrap();
        let nodes = (pair.peer.node().clone(), pair.node.clone());
        sessions(&nodes.0, &nodes.1, WARM_UP).await;
        nodes
    });
    (runtime, caller, node)
}

#[test]
fn a_set_up_with_its_first_answer_is_three_writes_each_way() {
    let (runtime, caller, node) = met();
    runtime.block_on(async {
        let sessions = sessions(&caller, &node, 1).await;
        // Message 1, message 3, opening and call; message 2, record 0, acceptance and answer.
        assert_eq!(sessions[0].0.link.writes(), (3, 3));
    });
}

#[test]
fn a_session_holds_little_and_its_set_up_allocates_little() {
    let (runtime, caller, node) = met();
    let mut held = Vec::new();
    let counted = measure(|| held = runtime.block_on(sessions(&caller, &node, ROUNDS)));
    let each = |counted: i64| counted as f64 / ROUNDS as f64;
    // Both sides and the wire in memory together, without the keys of the ciphers, which AWS-LC holds.
    let (bytes, allocations) = (
        each(counted.bytes_current),
        each(counted.count_total.try_into().unwrap()),
    );
    assert!(bytes <= 14_000.0, "{bytes} bytes a session");
    assert!(allocations <= 175.0, "{allocations} allocations a set-up");
}

#[test]
fn a_session_gives_back_what_a_burst_took_once_it_is_quiet() {
    let bench = bench();
    let quiet = |bench: &Bench| {
        bench.runtime.block_on(async {
            // Until both ends have pinged, and a moment more.
            tokio::time::sleep(Duration::from_secs(40)).await;
        });
    };
    quiet(&bench);
    let counted = measure(|| {
        bench.rounds(1, 1_024);
        quiet(&bench);
    });
    // The tables that name calls stay, on both sides: 160 bytes a call. What the calls themselves took does not.
    let each = counted.bytes_current as f64 / 1_024.0;
    assert!(each <= 180.0, "{each} bytes a call are kept");
}

/// A store that takes everything and keeps nothing.
struct Nowhere;

impl BulkStore for Nowhere {
    fn begin(&self, _: Digest, _: u64) -> dsoftbus::Result<Box<dyn BulkUpload>> {
        Ok(Box::new(Self))
    }
}

impl BulkUpload for Nowhere {
    fn write(&mut self, _: &[u8]) -> dsoftbus::Result<()> {
        Ok(())
    }

    fn commit(self: Box<Self>) -> dsoftbus::Result<()> {
        Ok(())
    }
}

#[test]
fn a_payload_is_neither_copied_nor_given_new_memory_on_its_way() {
    const PAYLOAD: usize = 64 << 20;
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let node = Node::builder().allow(Trust::anyone()).store(Nowhere);
    let pair = runtime.block_on(within(testing::pair(node))).unwrap();
    let payload = Bytes::from(vec![7; PAYLOAD]);
    let digest = Digest::of(&payload);
    let push = || {
        let pushed = pair.peer.push_digested(digest, payload.clone());
        runtime.block_on(within(pushed)).unwrap();
    };
    push();
    let counted = measure(push);
    // Both sides together, without the thread that stores. The wire in memory takes one byte for each. The end of the payload, which may
    // outlive its push, is copied: 250 KiB. That the rest is sealed from where it lies is what a test of the multiplexer sees.
    let each = counted.bytes_total as f64 / PAYLOAD as f64 - 1.0;
    assert!(each <= 0.1, "{each} bytes allocated for a byte of payload");
}
