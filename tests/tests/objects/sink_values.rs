//! Streams of texts, blobs and lists, to a peer and from it, and through an interface that does not say what they are of.

use dsoftbus::{Call, Code, Items, Pointer, Sink, Status};
use dsoftbus_tests::{
    Box, Ending, FlowClient, SinksClient, TakenClient, basics,
    objects_capnp::{Ending as StockEnding, flow},
    objects_service::{Bench, StockBench, TestBasics, stock::StockFlow, stock_client},
    within,
};
use futures::StreamExt as _;

use dsoftbus::__private::capnp::text;

scenarios! {
    a_peer_streams_texts_blobs_and_lists: Here Session Stock;
    a_peer_takes_texts_blobs_and_lists: Here Session Stock;
    a_peer_streams_objects_which_are_known_when_they_come_back: Here Session Stock;
    a_type_parameter_is_streamed_by_a_peer: Here Session Stock;
    a_type_parameter_is_streamed_to_a_peer: Here Session Stock;
}

fn texts() -> Vec<String> {
    ["one", "", "zwölf"].map(str::to_owned).to_vec()
}

fn blobs() -> Vec<Vec<u8>> {
    vec![vec![0, 255], vec![], vec![7; 10_000]]
}

fn lists() -> Vec<Vec<u16>> {
    // The `capnp` crate copies a list that is absent, as an empty one is sent, to a list of nothing instead of one of numbers.
    vec![vec![1, 2, u16::MAX], (0..1_000).collect(), vec![]]
}

fn boxed<T: Clone>(values: &[T]) -> Vec<Box<T>> {
    values.iter().cloned().map(|value| Box { value }).collect()
}

async fn sinks(bench: &Bench) -> SinksClient {
    within(bench.objects.sinks()).await.unwrap()
}

/// Reads up to the end: the values, and how it ended.
async fn drain<T: Pointer>(mut items: Items<T>) -> (Vec<T>, dsoftbus::Result<()>) {
    let mut values = Vec::new();
    while let Some(item) = within(items.next()).await {
        match item {
            Ok(value) => values.push(value),
            Err(status) => {
                assert!(within(items.next()).await.is_none());
                return (values, Err(status));
            }
        }
    }
    (values, Ok(()))
}

#[track_caller]
fn assert_broken(status: &Status) {
    let error = basics::Error::from_status(status);
    assert_eq!(error, Some(basics::Error::Broken), "{status}");
}

/// What `send` streams is `values`, and then whatever end is asked for.
async fn is_sent<T: Pointer + PartialEq>(
    values: &[T],
    send: impl Fn(Ending, &Sink<T>) -> Call<()>,
) {
    // Nothing but the stream says how it ended.
    for (ending, code) in [
        (Ending::Clean, None),
        (Ending::Dropped, Some(Code::Aborted)),
    ] {
        let (sink, items) = dsoftbus::stream();
        let call = crate::start(send(ending, &sink));
        drop(sink);
        let (came, ended) = drain(items).await;
        assert_eq!(ended.err().map(|status| status.code()), code);
        assert!(came == values);
        within(call).await.unwrap().unwrap();
    }

    // The call says it, too.
    let (sink, items) = dsoftbus::stream();
    let call = send(Ending::Failed, &sink);
    let (came, ended) = drain(items.driven_by(call)).await;
    assert_broken(&ended.unwrap_err());
    assert!(came == values);
    drop(sink);
}

/// `take` gives a sink, and what knows the values that went into it.
async fn is_taken<T: Pointer + PartialEq>(
    values: &[T],
    take: impl AsyncFn() -> (Sink<T>, TakenClient<T>),
) {
    for clean in [true, false] {
        let (sink, taken) = take().await;
        let all = crate::start(taken.all());
        for value in values {
            within(sink.send(value)).await.unwrap();
        }
        crate::settle().await;
        assert!(!all.is_finished());
        if clean {
            within(sink.end()).await.unwrap();
            let all = within(all).await.unwrap().unwrap();
            let all: Vec<T> = all.into_iter().map(|each| each.value).collect();
            assert!(all == values);
        } else {
            drop(sink);
            let status = within(all).await.unwrap().map(|_| ()).unwrap_err();
            assert_eq!(status.code(), Code::Aborted);
        }
    }
}

async fn a_peer_streams_texts_blobs_and_lists(bench: Bench) {
    let sinks = sinks(&bench).await;
    let values = texts();
    is_sent(&values, |end, sink| sinks.send_texts(&values, end, sink)).await;
    let values = blobs();
    is_sent(&values, |end, sink| sinks.send_blobs(&values, end, sink)).await;
    let values = lists();
    is_sent(&values, |end, sink| sinks.send_lists(&values, end, sink)).await;
}

async fn a_peer_takes_texts_blobs_and_lists(bench: Bench) {
    let sinks = sinks(&bench).await;
    is_taken(&texts(), async || {
        let results = within(sinks.take_texts()).await.unwrap();
        (results.sink, results.taken)
    })
    .await;
    is_taken(&blobs(), async || {
        let results = within(sinks.take_blobs()).await.unwrap();
        (results.sink, results.taken)
    })
    .await;
    is_taken(&lists(), async || {
        let results = within(sinks.take_lists()).await.unwrap();
        (results.sink, results.taken)
    })
    .await;
}

async fn a_peer_streams_objects_which_are_known_when_they_come_back(bench: Bench) {
    let sinks = sinks(&bench).await;
    let values = boxed(&[(); 3].map(|()| TestBasics::client(&bench.mine)));
    is_sent(&values, |end, sink| sinks.send_objects(&values, end, sink)).await;
}

async fn a_type_parameter_is_streamed_by_a_peer(bench: Bench) {
    let flows = within(sinks(&bench).await.flows()).await.unwrap();
    let (values, parameters) = (texts(), boxed(&texts()));
    let texts: FlowClient<String> = flows.texts;
    is_sent(&values, |end, sink| texts.send(&parameters, end, sink)).await;
    let (values, parameters) = (lists(), boxed(&lists()));
    let lists: FlowClient<Vec<u16>> = flows.lists;
    is_sent(&values, |end, sink| lists.send(&parameters, end, sink)).await;
}

async fn a_type_parameter_is_streamed_to_a_peer(bench: Bench) {
    let flows = within(sinks(&bench).await.flows()).await.unwrap();
    is_taken(&texts(), async || {
        let results = within(flows.texts.take()).await.unwrap();
        (results.sink, results.taken)
    })
    .await;
    is_taken(&lists(), async || {
        let results = within(flows.lists.take()).await.unwrap();
        (results.sink, results.taken)
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_stock_client_is_streamed_texts() {
    stock_client(async |bench: StockBench| {
        let sinks = within(bench.objects.sinks_request().send().promise).await;
        let sinks = sinks.unwrap().get().unwrap().get_cap().unwrap();
        for clean in [true, false] {
            let (sink, taken) = StockFlow::<text::Owned>::take(&bench.mine);
            let mut request = sinks.send_texts_request();
            let values: &[&str] = &["one", "", "zwölf"];
            request.get().set_values(values).unwrap();
            request.get().set_ending(match clean {
                true => StockEnding::Clean,
                false => StockEnding::Dropped,
            });
            request.get().set_sink(sink);
            within(request.send().promise).await.unwrap();
            let all = within(taken.all_request().send().promise).await;
            if clean {
                let all = all.unwrap();
                let all = all.get().unwrap().get_values().unwrap();
                let all: Vec<_> = all.iter().map(|each| each.get_value().unwrap()).collect();
                assert_eq!(all, values);
            } else {
                let error = all.err().unwrap().extra;
                assert_eq!(error, "dsb:aborted: the stream broke off");
            }
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_stock_client_streams_a_type_parameter() {
    stock_client(async |bench: StockBench| {
        let sinks = within(bench.objects.sinks_request().send().promise).await;
        let sinks = sinks.unwrap().get().unwrap().get_cap().unwrap();
        let flows = within(sinks.flows_request().send().promise).await.unwrap();
        let flow: flow::Client<text::Owned> = flows.get().unwrap().get_texts().unwrap();
        drop((sinks, flows));
        for clean in [true, false] {
            let take = within(flow.take_request().send().promise).await.unwrap();
            let sink = take.get().unwrap().get_sink().unwrap();
            let taken = take.get().unwrap().get_taken().unwrap();
            drop(take);
            for value in ["one", "", "zwölf"] {
                let mut request = sink.next_request();
                request.get().set_item(value).unwrap();
                within(request.send()).await.unwrap();
            }
            if clean {
                within(sink.end_request().send().promise).await.unwrap();
                let all = within(taken.all_request().send().promise).await.unwrap();
                let all = all.get().unwrap().get_values().unwrap();
                let all: Vec<_> = all.iter().map(|each| each.get_value().unwrap()).collect();
                assert_eq!(all, ["one", "", "zwölf"]);
            } else {
                drop(sink);
                let error = within(taken.all_request().send().promise).await;
                let error = error.err().unwrap().extra;
                assert_eq!(
                    error,
                    "remote exception: dsb:aborted: the producer went away before the end of the stream"
                );
            }
        }
    })
    .await;
}
