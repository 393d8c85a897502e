//! Streams of values: a sink as parameter, a sink as result, and how a stream ends.

use std::time::Duration;

use dsoftbus::{Code, Items, Sink};
use dsoftbus_tests::{
    Ending, Number, basics,
    objects_service::{Bench, padding},
    within,
};
use futures::StreamExt as _;

use crate::{settle, start};

scenarios! {
    numbers_come_in_order_and_then_the_end: Here Session Stock;
    a_stream_ends_with_the_call_that_drives_it: Here Session Stock;
    a_stream_whose_call_fails_ends_with_its_status: Here Session Stock;
    a_stream_that_outlives_its_call_ends_by_itself: Here Session Stock;
    a_driven_stream_goes_on_while_the_peer_holds_its_sink: Session Stock;
    a_driven_stream_ends_at_the_deadline_of_its_call: Here Session Stock;
    a_sink_that_is_dropped_breaks_the_stream_off: Here Session Stock;
    a_reader_that_goes_away_stops_the_producer: Here Session Stock;
    a_driven_stream_that_is_dropped_cancels_its_call: Here Session Stock;
    a_slow_reader_holds_the_producer_back: Here Session Stock;
    a_sink_in_results_takes_a_stream: Here Session Stock;
    a_sink_that_is_dropped_without_an_end_fails_who_reads: Here Session Stock;
    a_sink_is_used_before_it_is_there: Here Session Stock;
    a_sink_is_handed_on: Here Session Stock;
    a_stream_is_cut_with_its_session: Session Stock;
}

/// Reads up to the end: the values, and how it ended.
async fn drain(items: &mut Items<Number>) -> (Vec<u64>, dsoftbus::Result<()>) {
    let mut values = Vec::new();
    loop {
        match within(items.next()).await {
            Some(Ok(number)) => values.push(number.value),
            Some(Err(status)) => {
                assert!(within(items.next()).await.is_none());
                return (values, Err(status));
            }
            None => return (values, Ok(())),
        }
    }
}

fn up_to(count: u64) -> Vec<u64> {
    (0..count).collect()
}

async fn numbers_come_in_order_and_then_the_end(bench: Bench) {
    for count in [0, 1, 1_000] {
        let (sink, mut items) = dsoftbus::stream();
        let call = start(bench.objects.numbers(count, 10, Ending::Clean, &sink));
        drop(sink);
        let (values, ended) = drain(&mut items).await;
        ended.unwrap();
        assert_eq!(values, up_to(count.into()));
        within(call).await.unwrap().unwrap();
    }
    let (sink, items) = dsoftbus::stream();
    let call = bench.objects.numbers(2, 3, Ending::Clean, &sink);
    let numbers: Vec<_> = within(items.driven_by(call).collect()).await;
    let numbers: dsoftbus::Result<Vec<Number>> = numbers.into_iter().collect();
    let number = |value| Number {
        value,
        note: padding(3),
    };
    assert_eq!(numbers.unwrap(), [number(0), number(1)]);
}

async fn a_stream_ends_with_the_call_that_drives_it(bench: Bench) {
    for ending in [Ending::Clean, Ending::Dropped] {
        let (sink, items) = dsoftbus::stream();
        let mut items = items.driven_by(bench.objects.numbers(1_000, 1_000, ending, &sink));
        // Whoever keeps a sink here does not keep the stream.
        let (values, ended) = drain(&mut items).await;
        ended.unwrap();
        assert_eq!(values, up_to(1_000));
        drop(sink);
    }
}

async fn a_stream_whose_call_fails_ends_with_its_status(bench: Bench) {
    for bytes in [0, 1_000] {
        let (sink, items) = dsoftbus::stream();
        let call = bench.objects.numbers(1_000, bytes, Ending::Failed, &sink);
        let (values, ended) = drain(&mut items.driven_by(call)).await;
        let status = ended.unwrap_err();
        assert_eq!(
            basics::Error::from_status(&status),
            Some(basics::Error::Broken)
        );
        // What was sent before comes first, also what the reader had no room for.
        assert_eq!(values, up_to(1_000));
        drop(sink);
    }
}

async fn a_stream_that_outlives_its_call_ends_by_itself(bench: Bench) {
    let (sink, mut items) = dsoftbus::stream();
    within(bench.objects.publish(500, Ending::Clean, &sink))
        .await
        .unwrap();
    drop(sink);
    let (values, ended) = drain(&mut items).await;
    ended.unwrap();
    assert_eq!(values, up_to(500));
}

async fn a_driven_stream_goes_on_while_the_peer_holds_its_sink(bench: Bench) {
    for ending in [Ending::Clean, Ending::Dropped] {
        let (sink, items) = dsoftbus::stream();
        let mut items = items.driven_by(bench.objects.publish(500, ending, &sink));
        let (values, ended) = drain(&mut items).await;
        ended.unwrap();
        assert_eq!(values, up_to(500));
        drop(sink);
    }
}

async fn a_driven_stream_ends_at_the_deadline_of_its_call(bench: Bench) {
    let (sink, items) = dsoftbus::stream();
    let call = bench.objects.numbers(3, 0, Ending::Never, &sink);
    let (values, ended) = drain(&mut items.driven_by(call)).await;
    assert_eq!(ended.unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!(values, up_to(3));
    drop(sink);
}

async fn a_sink_that_is_dropped_breaks_the_stream_off(bench: Bench) {
    let (sink, mut items) = dsoftbus::stream();
    within(bench.objects.publish(500, Ending::Dropped, &sink))
        .await
        .unwrap();
    drop(sink);
    let (values, ended) = drain(&mut items).await;
    assert_eq!(ended.unwrap_err().code(), Code::Aborted);
    assert_eq!(values, up_to(500));
}

async fn a_reader_that_goes_away_stops_the_producer(bench: Bench) {
    let (sink, mut items) = dsoftbus::stream();
    let call = start(bench.objects.numbers(u32::MAX, 1_000, Ending::Clean, &sink));
    for value in 0..10 {
        let number: Number = within(items.next()).await.unwrap().unwrap();
        assert_eq!(number.value, value);
    }
    drop(items);
    let status = within(call).await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::Cancelled);
    bench.watch.running.reaches(0).await;
}

async fn a_driven_stream_that_is_dropped_cancels_its_call(bench: Bench) {
    let (sink, items) = dsoftbus::stream();
    let mut items = items.driven_by(bench.objects.numbers(5, 0, Ending::Never, &sink));
    for _ in 0..5 {
        within(items.next()).await.unwrap().unwrap();
    }
    settle().await;
    assert_eq!(bench.watch.running.get(), 1);
    drop(items);
    bench.watch.running.reaches(0).await;
}

async fn a_slow_reader_holds_the_producer_back(bench: Bench) {
    /// Bytes of a number with its note.
    const ITEM: u32 = 4_096;
    /// What may wait: 64 KiB at the reader, as much in the window of the producer, and what is read ahead of it.
    const MOST: usize = 3 * 65_536 / ITEM as usize;
    let count = 1_000;
    let (sink, mut items) = dsoftbus::stream();
    let call = start(bench.objects.numbers(count, ITEM, Ending::Clean, &sink));
    drop(sink);
    let mut read = 0;
    while read < count as usize {
        // However long it takes.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let sent = bench.watch.sent.get();
        assert!(sent <= read + MOST, "{sent} sent, {read} read");
        for _ in 0..200 {
            within(items.next()).await.unwrap().unwrap();
            read += 1;
        }
    }
    assert!(within(items.next()).await.is_none());
    within(call).await.unwrap().unwrap();
}

async fn a_sink_in_results_takes_a_stream(bench: Bench) {
    let collect = within(bench.objects.collect()).await.unwrap();
    let total = start(collect.total.sum());
    for value in 0..1_000 {
        let note = padding(100);
        within(collect.sink.send(&Number { value, note }))
            .await
            .unwrap();
    }
    settle().await;
    assert!(!total.is_finished());
    within(collect.sink.end()).await.unwrap();
    assert_eq!(within(total).await.unwrap().unwrap(), 499_500);
}

async fn a_sink_that_is_dropped_without_an_end_fails_who_reads(bench: Bench) {
    let collect = within(bench.objects.collect()).await.unwrap();
    let clone = collect.sink.clone();
    let total = start(collect.total.sum());
    let note = String::new();
    within(clone.send(&Number { value: 1, note }))
        .await
        .unwrap();
    drop(collect.sink);
    settle().await;
    assert!(!total.is_finished());
    drop(clone);
    let status = within(total).await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::Aborted);
}

async fn a_sink_is_used_before_it_is_there(bench: Bench) {
    let mut collect = bench.objects.collect();
    let pipeline = collect.pipeline();
    let (sink, total): (Sink<Number>, _) = (pipeline.sink(), pipeline.total());
    let sum = start(total.sum());
    for value in 1..=3 {
        let note = String::new();
        within(sink.send(&Number { value, note })).await.unwrap();
    }
    within(sink.end()).await.unwrap();
    assert_eq!(within(sum).await.unwrap().unwrap(), 6);
}

async fn a_sink_is_handed_on(bench: Bench) {
    // From where it was given to where numbers come from, which need not be the same.
    let collect = within(bench.objects.collect()).await.unwrap();
    let numbers = start(bench.objects.numbers(100, 0, Ending::Clean, &collect.sink));
    drop(collect.sink);
    assert_eq!(within(collect.total.sum()).await.unwrap(), 4_950);
    within(numbers).await.unwrap().unwrap();
}

async fn a_stream_is_cut_with_its_session(bench: Bench) {
    let (sink, mut items) = dsoftbus::stream();
    let producer = start(bench.objects.numbers(5, 0, Ending::Never, &sink));
    drop(sink);
    for _ in 0..5 {
        within(items.next()).await.unwrap().unwrap();
    }
    let (driven, driven_items) = dsoftbus::stream();
    let call = bench.objects.numbers(1, 0, Ending::Never, &driven);
    let mut driven_items = driven_items.driven_by(call);
    drop(driven);
    within(driven_items.next()).await.unwrap().unwrap();
    bench.pair.as_ref().unwrap().link.cut();
    let (_, ended) = drain(&mut items).await;
    assert_eq!(ended.unwrap_err().code(), Code::Aborted);
    let (_, ended) = drain(&mut driven_items).await;
    assert_eq!(ended.unwrap_err().code(), Code::Unavailable);
    let status = within(producer).await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
}
