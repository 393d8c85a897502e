//! Streaming methods: calls that are flow controlled, and handled one after the other.

use std::time::Duration;

use dsoftbus_tests::{
    basics,
    objects_service::{Bench, TestStreams},
    within,
};
use tokio::time::Instant;

use crate::{settle, start};

scenarios! {
    what_is_streamed_adds_up: Here Session Stock;
    the_end_comes_after_all_that_was_streamed: Here Session Stock;
    a_result_that_is_not_there_yet_is_streamed_to: Here Session Stock;
    an_error_of_a_stream_is_reported_by_what_follows: Here Session Stock;
    items_are_handled_one_at_a_time: Here Session Stock;
    a_slow_object_holds_whoever_streams_to_it_back: Session Stock;
    streams_to_different_objects_do_not_wait_for_each_other: Here Session Stock;
}

async fn what_is_streamed_adds_up(bench: Bench) {
    let streams = within(bench.objects.streams(false)).await.unwrap();
    for number in 1..=100 {
        within(streams.add_i(number, false)).await.unwrap();
        within(streams.add_j(10 * number, false)).await.unwrap();
    }
    let totals = within(streams.finish()).await.unwrap();
    assert_eq!((totals.total_i, totals.total_j), (5050, 50_500));
}

async fn the_end_comes_after_all_that_was_streamed(bench: Bench) {
    let streams = within(bench.objects.streams(true)).await.unwrap();
    // Nobody waits for them.
    let calls: Vec<_> = (0..10)
        .map(|number| start(streams.add_i(number, false)))
        .chain((0..5).map(|number| start(streams.add_j(number, false))))
        .collect();
    let finish = start(streams.finish());
    let totals = within(finish).await.unwrap().unwrap();
    assert_eq!((totals.total_i, totals.total_j), (45, 10));
    for call in calls {
        within(call).await.unwrap().unwrap();
    }
}

async fn a_result_that_is_not_there_yet_is_streamed_to(bench: Bench) {
    let mut call = bench.objects.streams(false);
    let streams = call.pipeline();
    let calls = [
        start(streams.add_i(1, false)),
        start(streams.add_j(2, false)),
        start(streams.add_i(3, false)),
    ];
    let finish = start(streams.finish());
    for call in calls {
        within(call).await.unwrap().unwrap();
    }
    let totals = within(finish).await.unwrap().unwrap();
    assert_eq!((totals.total_i, totals.total_j), (4, 2));
}

async fn an_error_of_a_stream_is_reported_by_what_follows(bench: Bench) {
    let streams = within(bench.objects.streams(false)).await.unwrap();
    within(streams.add_i(1, false)).await.unwrap();
    // Where there is a wire, whoever streams does not wait for the answer.
    let failed = within(streams.add_i(2, true)).await;
    settle().await;
    let next = within(streams.add_i(3, false)).await;
    // What ends the stream reports it at the latest.
    let finish = within(streams.finish()).await.map(|_| ()).unwrap_err();
    for status in [failed.err(), next.err(), Some(finish)]
        .into_iter()
        .flatten()
    {
        let error = basics::Error::from_status(&status);
        assert_eq!(error, Some(basics::Error::Broken), "{status}");
    }
}

async fn items_are_handled_one_at_a_time(bench: Bench) {
    let streams = within(bench.objects.streams(true)).await.unwrap();
    let begin = Instant::now();
    let calls: Vec<_> = (0..5).map(|_| start(streams.add_i(1, false))).collect();
    for added in 1..=5 {
        bench.watch.added.reaches(added).await;
        assert_eq!(begin.elapsed().as_millis() / 10, added as u128);
        assert!(bench.watch.running.get() <= 1);
    }
    for call in calls {
        within(call).await.unwrap().unwrap();
    }
}

async fn a_slow_object_holds_whoever_streams_to_it_back(bench: Bench) {
    let streams = within(bench.objects.streams(true)).await.unwrap();
    let sent = bench.mine.sent.clone();
    let producer = {
        let (streams, sent) = (streams.clone(), sent.clone());
        tokio::spawn(async move {
            for _ in 0..10_000 {
                streams.add_i(1, false).await.unwrap();
                sent.count();
            }
        })
    };
    tokio::time::sleep(10 * TestStreams::DELAY).await;
    // The window of a stream is 64 KiB; a call of this size takes about 100 bytes.
    let under_way = sent.get();
    assert!((10..2_000).contains(&under_way), "{under_way} calls");
    tokio::time::sleep(10 * TestStreams::DELAY).await;
    let more = sent.get() - under_way;
    assert!((5..=15).contains(&more), "{more} calls in the time of ten");
    producer.abort();
    drop(producer.await);
    // What was sent is handled all the same, and what ends the stream waits for it.
    let finish = streams.finish().timeout(Duration::from_secs(25));
    let totals = within(finish).await.unwrap();
    let total = totals.total_i as usize;
    assert!((sent.get()..=sent.get() + 1).contains(&total), "{total}");
}

async fn streams_to_different_objects_do_not_wait_for_each_other(bench: Bench) {
    let one = within(bench.objects.streams(true)).await.unwrap();
    let two = within(bench.objects.streams(true)).await.unwrap();
    let begin = Instant::now();
    let calls: Vec<_> = (0..10)
        .flat_map(|_| [start(one.add_i(1, false)), start(two.add_i(1, false))])
        .collect();
    let finish = (start(one.finish()), start(two.finish()));
    assert_eq!(within(finish.0).await.unwrap().unwrap().total_i, 10);
    assert_eq!(within(finish.1).await.unwrap().unwrap().total_i, 10);
    assert!(begin.elapsed() < 15 * TestStreams::DELAY);
    for call in calls {
        within(call).await.unwrap().unwrap();
    }
}
