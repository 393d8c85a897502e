//! A program that has only `capnp-rpc`, calling our objects.

use dsoftbus::__private::capnp::{
    self,
    capability::{FromClientHook as _, RemotePromise},
    traits::Owned,
};
use dsoftbus_tests::{
    objects_capnp::{Ending, basics, derived, handle, order},
    objects_service::{
        StockBench,
        stock::{
            StockBasics, StockCollector, StockOrder, broken, read_everything, write_everything,
        },
        stock_client,
    },
    promptly, within,
};
use futures::{TryFutureExt as _, channel::oneshot};
use tokio::task::{JoinHandle, spawn_local};

use crate::settle;

/// Makes a test of a scenario with a stock client.
macro_rules! stock_scenarios {
    ($($scenario:ident;)*) => {
        mod scenario {$(
            #[tokio::test(start_paused = true)]
            async fn $scenario() {
                super::stock_client(super::$scenario).await;
            }
        )*}
    };
}

stock_scenarios! {
    an_object_that_nobody_calls_is_let_go;
    a_call_is_answered;
    a_value_is_passed_and_given_whole;
    an_object_answers_to_what_it_extends;
    a_result_is_called_before_it_is_there;
    a_result_that_is_published_early_is_called_though_the_call_never_returns;
    pipelining_into_nothing_fails_and_does_not_hang;
    an_object_lives_until_its_last_client_is_dropped;
    an_object_in_results_that_nobody_takes_is_let_go;
    an_object_that_was_passed_lives_while_it_is_held;
    a_cancelled_call_lets_go_of_its_parameters;
    a_parameter_that_nobody_holds_is_let_go;
    a_call_waits_for_what_is_promised;
    a_promise_may_become_a_promise;
    a_promise_in_results_becomes_what_it_is_resolved_to;
    calls_by_way_of_our_side_arrive_in_order;
    calls_of_a_promise_by_way_of_our_side_arrive_in_order;
    calls_by_way_of_our_side_fail_when_the_promise_breaks;
    echoes_that_are_dropped_in_flight_leave_nothing;
    each_of_a_list_of_objects_is_called;
    an_object_of_ours_is_known_when_it_comes_back;
    an_object_that_comes_again_while_it_is_released_is_still_good;
    what_is_streamed_adds_up;
    the_end_comes_after_all_that_was_streamed;
    a_result_that_is_not_there_yet_is_streamed_to;
    an_error_of_a_stream_is_reported_by_what_follows;
    an_object_hands_out_itself;
    type_parameters_hold_values;
    a_value_of_any_type_takes_its_objects_along;
    a_sink_of_theirs_takes_a_stream;
    a_sink_of_ours_takes_a_stream;
    a_panic_ends_that_call_only;
}

/// Waits for the results of a call.
async fn done<R>(call: RemotePromise<R>) -> Result<capnp::capability::Response<R>, capnp::Error>
where
    R: Owned + capnp::traits::Pipelined + Unpin + 'static,
{
    within(call.promise).await
}

/// The one object of some results.
macro_rules! get {
    ($request:expr, $getter:ident) => {
        within($request.send().promise)
            .await
            .unwrap()
            .get()
            .unwrap()
            .$getter()
            .unwrap()
    };
}

fn foo_request(cap: &basics::Client, i: u32) -> RemotePromise<basics::foo_results::Owned> {
    let mut request = cap.foo_request();
    request.get().set_i(i);
    request.get().set_j(true);
    request.send()
}

async fn foo(cap: &basics::Client, i: u32) -> Result<String, capnp::Error> {
    let response = done(foo_request(cap, i)).await?;
    Ok(response.get()?.get_x()?.to_string()?)
}

/// Calls in a task of its own.
fn start_foo(cap: &basics::Client, i: u32) -> JoinHandle<Result<String, capnp::Error>> {
    let call = foo_request(cap, i);
    spawn_local(async move {
        let response = call.promise.await?;
        Ok(response.get()?.get_x()?.to_string()?)
    })
}

type Pending<C> = oneshot::Sender<Result<C, capnp::Error>>;

fn promise<C: capnp::capability::FromClientHook + 'static>() -> (C, Pending<C>) {
    let (pending, promised) = oneshot::channel();
    let promised = promised.unwrap_or_else(|_| Err(capnp::Error::failed("dropped".to_owned())));
    (capnp_rpc::new_future_client(promised), pending)
}

fn is_broken(error: &capnp::Error) -> bool {
    error.extra.contains("dsb:failed_precondition/broken: ")
}

async fn an_object_that_nobody_calls_is_let_go(bench: StockBench) {
    let basics = get!(bench.objects.basics_request(), get_cap);
    assert_eq!(bench.watch.alive.get(), 1);
    drop(basics);
    promptly(bench.watch.alive.reaches(0)).await;
}

async fn a_call_is_answered(bench: StockBench) {
    let basics = get!(bench.objects.basics_request(), get_cap);
    assert_eq!(foo(&basics, 123).await.unwrap(), "foo(123, true)");
    let error = done(basics.bar_request().send()).await.err().unwrap();
    assert_eq!(error.kind, capnp::ErrorKind::Unimplemented);
    let error = done(basics.fail_request().send()).await.err().unwrap();
    assert!(is_broken(&error), "{error}");
    assert_eq!(error.kind, capnp::ErrorKind::Failed);
}

async fn a_value_is_passed_and_given_whole(bench: StockBench) {
    let basics = get!(bench.objects.basics_request(), get_cap);
    let mut request = basics.baz_request();
    write_everything(
        request.get().init_everything(),
        StockBasics::client(&bench.mine),
    );
    done(request.send()).await.unwrap();
    assert_eq!(bench.mine.foos.get(), 1);
    let derived = get!(bench.objects.derived_request(), get_cap);
    let given = done(derived.give_request().send()).await.unwrap();
    let given = given.get().unwrap();
    assert!(read_everything(given).unwrap());
    foo(&given.get_cap().unwrap(), 1).await.unwrap();
}

async fn an_object_answers_to_what_it_extends(bench: StockBench) {
    let derived: derived::Client = get!(bench.objects.derived_request(), get_cap);
    let qux = done(derived.qux_request().send()).await.unwrap();
    assert_eq!(qux.get().unwrap().get_number(), 77);
    let basics: basics::Client = derived.cast_to();
    assert_eq!(foo(&basics, 1).await.unwrap(), "derived foo(1, true)");
    let only: basics::Client = get!(bench.objects.basics_request(), get_cap);
    let wrong: derived::Client = only.cast_to();
    let error = done(wrong.qux_request().send()).await.err().unwrap();
    assert_eq!(error.kind, capnp::ErrorKind::Unimplemented);
}

async fn a_result_is_called_before_it_is_there(bench: StockBench) {
    let pipelines = bench.objects.pipelines_request().send().pipeline.get_cap();
    let mut request = pipelines.get_cap_request();
    request.get().set_n(234);
    request.get().set_cap(StockBasics::client(&bench.mine));
    let call = request.send();
    let out = call.pipeline.get_out_box();
    let first = foo(&out.get_cap(), 321).await.unwrap();
    assert_eq!(first, "derived foo(321, true)");
    let second = foo(&out.get_inside().get_cap(), 1).await.unwrap();
    assert_eq!(second, "foo(1, true)");
    let results = within(call.promise).await.unwrap();
    assert_eq!(results.get().unwrap().get_s().unwrap(), "foo(234, true)");
    assert_eq!(bench.mine.foos.get(), 1);
}

async fn a_result_that_is_published_early_is_called_though_the_call_never_returns(
    bench: StockBench,
) {
    let pipelines = get!(bench.objects.pipelines_request(), get_cap);
    let never = pipelines.get_cap_pipeline_only_request().send();
    let out = never.pipeline.get_out_box().get_cap();
    assert_eq!(foo(&out, 1).await.unwrap(), "foo(1, true)");
    drop(never);
    assert_eq!(foo(&out, 2).await.unwrap(), "foo(2, true)");
    drop(out);
    promptly(bench.watch.running.reaches(0)).await;
}

async fn pipelining_into_nothing_fails_and_does_not_hang(bench: StockBench) {
    let pipelines = get!(bench.objects.pipelines_request(), get_cap);
    let nothing = pipelines.get_null_cap_request().send().pipeline.get_cap();
    let why = "Pipeline call on a request that returned no capabilities or was already closed.";
    let error = foo(&nothing, 1).await.unwrap_err();
    assert!(error.extra.ends_with(why), "{error}");
    let more = get!(bench.objects.more_request(), get_cap);
    let mut nothing = more.get_null_request().send().pipeline.get_cap();
    for _ in 0..3 {
        nothing = nothing.get_null_request().send().pipeline.get_cap();
    }
    let count = done(nothing.handle_count_request().send()).await;
    let error = count.err().unwrap();
    assert!(error.extra.ends_with(why), "{error}");
    done(more.handle_count_request().send()).await.unwrap();
}

async fn an_object_lives_until_its_last_client_is_dropped(bench: StockBench) {
    let more = get!(bench.objects.more_request(), get_cap);
    let one: handle::Client = get!(more.get_handle_request(), get_handle);
    let two = get!(more.get_handle_request(), get_handle);
    let count = done(more.handle_count_request().send()).await.unwrap();
    assert_eq!(count.get().unwrap().get_count(), 2);
    let clone = two.clone();
    drop((one, two));
    promptly(bench.watch.handles.reaches(1)).await;
    settle().await;
    assert_eq!(bench.watch.handles.get(), 1);
    drop(clone);
    promptly(bench.watch.handles.reaches(0)).await;
}

async fn an_object_in_results_that_nobody_takes_is_let_go(bench: StockBench) {
    let more = get!(bench.objects.more_request(), get_cap);
    for patience in 0..20 {
        let call = spawn_local(more.get_handle_request().send().promise);
        for _ in 0..patience {
            tokio::task::yield_now().await;
        }
        call.abort();
        drop(call.await);
    }
    promptly(bench.watch.handles.reaches(0)).await;
}

async fn an_object_that_was_passed_lives_while_it_is_held(bench: StockBench) {
    let more = get!(bench.objects.more_request(), get_cap);
    let mut request = more.hold_request();
    request.get().set_cap(StockBasics::client(&bench.mine));
    done(request.send()).await.unwrap();
    settle().await;
    assert_eq!(bench.mine.alive.get(), 1);
    let said = done(more.call_held_request().send()).await.unwrap();
    assert_eq!(said.get().unwrap().get_s().unwrap(), "foo(123, true)");
    drop(said);
    let back = get!(more.get_held_request(), get_cap);
    foo(&back, 1).await.unwrap();
    // Nothing instead of it.
    done(more.hold_request().send()).await.unwrap();
    settle().await;
    assert_eq!(bench.mine.alive.get(), 1);
    drop(back);
    promptly(bench.mine.alive.reaches(0)).await;
}

async fn a_cancelled_call_lets_go_of_its_parameters(bench: StockBench) {
    let more = get!(bench.objects.more_request(), get_cap);
    let mut request = more.never_return_request();
    request.get().set_cap(StockBasics::client(&bench.mine));
    let call = spawn_local(request.send().promise);
    bench.watch.running.reaches(1).await;
    settle().await;
    assert_eq!(bench.mine.alive.get(), 1);
    call.abort();
    promptly(bench.watch.running.reaches(0)).await;
    promptly(bench.mine.alive.reaches(0)).await;
}

async fn a_parameter_that_nobody_holds_is_let_go(bench: StockBench) {
    let more = get!(bench.objects.more_request(), get_cap);
    let mut request = more.dont_hold_request();
    request.get().set_cap(StockBasics::client(&bench.mine));
    done(request.send()).await.unwrap();
    promptly(bench.mine.alive.reaches(0)).await;
    // A promise.
    let (promised, pending) = promise();
    let mut request = more.dont_hold_request();
    request.get().set_cap(promised);
    done(request.send()).await.unwrap();
    drop(pending.send(Ok(StockBasics::client(&bench.mine))));
    promptly(bench.mine.alive.reaches(0)).await;
}

async fn a_call_waits_for_what_is_promised(bench: StockBench) {
    let more = get!(bench.objects.more_request(), get_cap);
    let (promised, pending) = promise::<basics::Client>();
    let mut request = more.call_foo_request();
    request.get().set_cap(promised.clone());
    let passed = spawn_local(request.send().promise);
    let mut request = more.call_foo_when_resolved_request();
    request.get().set_cap(promised);
    let resolved = spawn_local(request.send().promise);
    settle().await;
    assert!(!passed.is_finished() && !resolved.is_finished());
    drop(pending.send(Ok(StockBasics::client(&bench.mine))));
    let said = within(passed).await.unwrap().unwrap();
    assert_eq!(said.get().unwrap().get_s().unwrap(), "foo(123, true)");
    let said = within(resolved).await.unwrap().unwrap();
    assert_eq!(said.get().unwrap().get_s().unwrap(), "foo(123, true)");
}

async fn a_promise_may_become_a_promise(bench: StockBench) {
    let more = get!(bench.objects.more_request(), get_cap);
    let (first, resolve_first) = promise::<basics::Client>();
    let (second, resolve_second) = promise::<basics::Client>();
    let mut request = more.call_foo_request();
    request.get().set_cap(first);
    let call = spawn_local(request.send().promise);
    settle().await;
    drop(resolve_first.send(Ok(second)));
    settle().await;
    assert!(!call.is_finished());
    drop(resolve_second.send(Ok(StockBasics::client(&bench.mine))));
    let said = within(call).await.unwrap().unwrap();
    assert_eq!(said.get().unwrap().get_s().unwrap(), "foo(123, true)");
}

async fn a_promise_in_results_becomes_what_it_is_resolved_to(bench: StockBench) {
    for twice in [false, true] {
        let promises = done(bench.objects.promises_request().send()).await.unwrap();
        let promises = promises.get().unwrap();
        let (cap, resolver) = (
            promises.get_cap().unwrap(),
            promises.get_resolver().unwrap(),
        );
        let call = start_foo(&cap, 1);
        settle().await;
        if twice {
            done(resolver.resolve_to_promise_request().send())
                .await
                .unwrap();
            settle().await;
        }
        assert!(!call.is_finished());
        done(resolver.resolve_request().send()).await.unwrap();
        assert_eq!(within(call).await.unwrap().unwrap(), "foo(1, true)");
        assert_eq!(foo(&cap, 2).await.unwrap(), "foo(2, true)");
    }
    let promises = done(bench.objects.promises_request().send()).await.unwrap();
    let promises = promises.get().unwrap();
    let call = start_foo(&promises.get_cap().unwrap(), 1);
    let resolver = promises.get_resolver().unwrap();
    done(resolver.fail_request().send()).await.unwrap();
    let error = within(call).await.unwrap().unwrap_err();
    assert!(is_broken(&error), "{error}");
}

type Sequence = JoinHandle<Result<u32, capnp::Error>>;

/// Makes the next call of `order`.
fn next(order: &order::Client, calls: &mut Vec<Sequence>) {
    let mut request = order.get_call_sequence_request();
    request.get().set_expected(calls.len() as u32);
    let call = request.send();
    calls.push(spawn_local(async move {
        Ok(call.promise.await?.get()?.get_n())
    }));
}

async fn in_order(calls: Vec<Sequence>) {
    for (expected, call) in (0..).zip(calls) {
        assert_eq!(within(call).await.unwrap().unwrap(), expected);
    }
}

async fn calls_by_way_of_our_side_arrive_in_order(bench: StockBench) {
    let more = get!(bench.objects.more_request(), get_cap);
    let mut request = more.echo_request();
    request.get().set_cap(StockOrder::client(&bench.mine));
    let echo = request.send();
    let echoed = echo.pipeline.get_cap();
    let mut calls = Vec::new();
    next(&echoed, &mut calls);
    next(&echoed, &mut calls);
    drop(within(echo.promise).await.unwrap());
    next(&echoed, &mut calls);
    next(&echoed, &mut calls);
    settle().await;
    next(&echoed, &mut calls);
    in_order(calls).await;
}

async fn calls_of_a_promise_by_way_of_our_side_arrive_in_order(bench: StockBench) {
    let more = get!(bench.objects.more_request(), get_cap);
    let (promised, pending) = promise::<order::Client>();
    let mut request = more.echo_request();
    request.get().set_cap(promised);
    let echo = request.send();
    let echoed = echo.pipeline.get_cap();
    let mut calls = Vec::new();
    next(&echoed, &mut calls);
    next(&echoed, &mut calls);
    drop(within(echo.promise).await.unwrap());
    next(&echoed, &mut calls);
    drop(pending.send(Ok(StockOrder::client(&bench.mine))));
    next(&echoed, &mut calls);
    settle().await;
    next(&echoed, &mut calls);
    in_order(calls).await;
}

async fn calls_by_way_of_our_side_fail_when_the_promise_breaks(bench: StockBench) {
    let more = get!(bench.objects.more_request(), get_cap);
    let (promised, pending) = promise::<order::Client>();
    let mut request = more.echo_request();
    request.get().set_cap(promised);
    let echo = request.send();
    let echoed = echo.pipeline.get_cap();
    let mut calls = Vec::new();
    next(&echoed, &mut calls);
    next(&echoed, &mut calls);
    drop(within(echo.promise).await.unwrap());
    next(&echoed, &mut calls);
    settle().await;
    assert!(calls.iter().all(|call| !call.is_finished()));
    drop(pending.send(Err(broken())));
    next(&echoed, &mut calls);
    for call in calls {
        let error = within(call).await.unwrap().unwrap_err();
        assert!(is_broken(&error), "{error}");
    }
}

async fn echoes_that_are_dropped_in_flight_leave_nothing(bench: StockBench) {
    let more = get!(bench.objects.more_request(), get_cap);
    for patience in 0..20 {
        let (promised, pending) = promise::<order::Client>();
        let mut request = more.echo_request();
        request.get().set_cap(promised);
        let echo = request.send();
        let mut calls = Vec::new();
        next(&echo.pipeline.get_cap(), &mut calls);
        for _ in 0..patience {
            tokio::task::yield_now().await;
        }
        match patience % 3 {
            0 => drop(pending),
            1 => drop(pending.send(Ok(StockOrder::client(&bench.mine)))),
            _ => drop(echo),
        }
        for call in calls {
            call.abort();
            drop(call.await);
        }
    }
    promptly(bench.mine.alive.reaches(0)).await;
    done(more.handle_count_request().send()).await.unwrap();
}

async fn each_of_a_list_of_objects_is_called(bench: StockBench) {
    let more = get!(bench.objects.more_request(), get_cap);
    let theirs = get!(bench.objects.basics_request(), get_cap);
    let mut request = more.call_each_request();
    let mut caps = request.get().init_caps(3);
    caps.set(0, StockBasics::client(&bench.mine).into_client_hook());
    caps.set(1, theirs.into_client_hook());
    caps.set(2, StockBasics::client(&bench.mine).into_client_hook());
    done(request.send()).await.unwrap();
    assert_eq!((bench.mine.foos.get(), bench.watch.foos.get()), (2, 1));
}

async fn an_object_of_ours_is_known_when_it_comes_back(bench: StockBench) {
    let more = get!(bench.objects.more_request(), get_cap);
    let is_ours = async |handle: &handle::Client| {
        let mut request = more.is_ours_request();
        request.get().set_handle(handle.clone());
        let answer = done(request.send()).await.unwrap();
        answer.get().unwrap().get_ours()
    };
    let known = get!(more.create_handle_request(), get_handle);
    let unknown = get!(more.get_handle_request(), get_handle);
    assert!(is_ours(&known).await);
    assert!(!is_ours(&unknown).await);
    // Before it is there.
    let known = more.create_handle_request().send().pipeline.get_handle();
    assert!(is_ours(&known).await);
}

async fn an_object_that_comes_again_while_it_is_released_is_still_good(bench: StockBench) {
    let more = get!(bench.objects.more_request(), get_cap);
    let theirs = get!(bench.objects.basics_request(), get_cap);
    let mut request = more.hold_request();
    request.get().set_cap(theirs);
    done(request.send()).await.unwrap();
    for patience in 0..20 {
        let first = get!(more.get_held_request(), get_cap);
        let again = spawn_local(more.get_held_request().send().promise);
        for _ in 0..patience {
            tokio::task::yield_now().await;
        }
        drop(first);
        let again = within(again).await.unwrap().unwrap();
        let again = again.get().unwrap().get_cap().unwrap();
        let mut request = more.call_foo_request();
        request.get().set_cap(again.clone());
        done(request.send()).await.unwrap();
        let mut request = more.hold_request();
        request.get().set_cap(again);
        done(request.send()).await.unwrap();
    }
    assert_eq!(bench.watch.foos.get(), 20);
}

async fn what_is_streamed_adds_up(bench: StockBench) {
    let streams = get!(bench.objects.streams_request(), get_cap);
    for number in 1..=100 {
        let mut request = streams.add_i_request();
        request.get().set_i(number);
        within(request.send()).await.unwrap();
        let mut request = streams.add_j_request();
        request.get().set_j(10 * number);
        within(request.send()).await.unwrap();
    }
    let totals = done(streams.finish_request().send()).await.unwrap();
    let totals = totals.get().unwrap();
    assert_eq!((totals.get_total_i(), totals.get_total_j()), (5050, 50_500));
}

async fn the_end_comes_after_all_that_was_streamed(bench: StockBench) {
    let mut request = bench.objects.streams_request();
    request.get().set_delayed(true);
    let streams = get!(request, get_cap);
    let mut calls = Vec::new();
    for number in 0..10 {
        let mut request = streams.add_i_request();
        request.get().set_i(number);
        calls.push(request.send());
    }
    let totals = done(streams.finish_request().send()).await.unwrap();
    assert_eq!(totals.get().unwrap().get_total_i(), 45);
    for call in calls {
        within(call).await.unwrap();
    }
}

async fn a_result_that_is_not_there_yet_is_streamed_to(bench: StockBench) {
    let streams = bench.objects.streams_request().send().pipeline.get_cap();
    for number in 1..=3 {
        let mut request = streams.add_i_request();
        request.get().set_i(number);
        within(request.send()).await.unwrap();
    }
    let totals = done(streams.finish_request().send()).await.unwrap();
    assert_eq!(totals.get().unwrap().get_total_i(), 6);
}

async fn an_error_of_a_stream_is_reported_by_what_follows(bench: StockBench) {
    let streams = get!(bench.objects.streams_request(), get_cap);
    let mut request = streams.add_i_request();
    request.get().set_fail(true);
    drop(within(request.send()).await);
    settle().await;
    let mut request = streams.add_i_request();
    request.get().set_i(1);
    drop(within(request.send()).await);
    let error = done(streams.finish_request().send()).await.err().unwrap();
    assert!(is_broken(&error), "{error}");
}

async fn an_object_hands_out_itself(bench: StockBench) {
    let mut object = get!(bench.objects.self_request(), get_cap);
    for number in 0..5 {
        let answer = done(object.foo_request().send()).await.unwrap();
        assert_eq!(answer.get().unwrap().get_x(), number);
        object = object.get_self_request().send().pipeline.get_cap();
    }
}

async fn type_parameters_hold_values(bench: StockBench) {
    let boxes = done(bench.objects.boxes_request().send()).await.unwrap();
    let boxes = boxes.get().unwrap();
    let boxed = boxes.get_box().unwrap();
    assert_eq!(boxed.get_value().unwrap(), "boxed");
    let store = boxes.get_store().unwrap();
    let error = done(store.get_request().send()).await.err().unwrap();
    assert!(error.extra.contains("dsb:not_found: "), "{error}");
    for value in ["one", "two"] {
        let mut request = store.put_request();
        request.get().set_value(value).unwrap();
        done(request.send()).await.unwrap();
    }
    let last = done(store.get_request().send()).await.unwrap();
    assert_eq!(last.get().unwrap().get_value().unwrap(), "two");
    let all = done(store.all_request().send()).await.unwrap();
    let all = all.get().unwrap().get_values().unwrap();
    let all: Vec<_> = all.iter().map(|each| each.get_value().unwrap()).collect();
    assert_eq!(all, ["one", "two"]);
}

async fn a_value_of_any_type_takes_its_objects_along(bench: StockBench) {
    let pipelines = get!(bench.objects.pipelines_request(), get_cap);
    let mine = StockBasics::client(&bench.mine);
    let mut request = pipelines.pointers_request();
    request.get().set_cap(mine.clone());
    write_everything(request.get().init_any().init_as(), mine);
    let back = done(request.send()).await.unwrap();
    let back = back.get().unwrap().get_any();
    let back: dsoftbus_tests::objects_capnp::everything::Reader<'_> = back.get_as().unwrap();
    assert!(read_everything(back).unwrap());
    foo(&back.get_cap().unwrap(), 1).await.unwrap();
    assert_eq!(bench.mine.foos.get(), 2);
}

async fn a_sink_of_theirs_takes_a_stream(bench: StockBench) {
    for (ending, clean) in [(Ending::Clean, true), (Ending::Dropped, false)] {
        let (sink, mut seen) = StockCollector::client(&bench.mine);
        let mut request = bench.objects.numbers_request();
        request.get().set_count(1_000);
        request.get().set_padding(100);
        request.get().set_ending(ending);
        request.get().set_sink(sink);
        done(request.send()).await.unwrap();
        let seen = within(seen.wait_for(|seen| seen.ended.is_some())).await;
        let seen = *seen.unwrap();
        assert_eq!(seen.ended, Some(clean));
        assert_eq!((seen.count, seen.sum), (1_000, 499_500));
    }
}

async fn a_sink_of_ours_takes_a_stream(bench: StockBench) {
    for clean in [true, false] {
        // Not pipelined: `capnp-rpc` keeps the results for as long as there is a client that is.
        let collect = done(bench.objects.collect_request().send()).await.unwrap();
        let sink = collect.get().unwrap().get_sink().unwrap();
        let total = collect.get().unwrap().get_total().unwrap();
        drop(collect);
        let sum = spawn_local(total.sum_request().send().promise);
        for value in 0..1_000 {
            let mut request = sink.next_request();
            let mut number = request.get().init_item();
            number.set_value(value);
            number.set_note("xxxxxxxxxxxxxxxxxxxx");
            within(request.send()).await.unwrap();
        }
        if clean {
            done(sink.end_request().send()).await.unwrap();
            let sum = within(sum).await.unwrap().unwrap();
            assert_eq!(sum.get().unwrap().get_sum(), 499_500);
        } else {
            drop(sink);
            let error = within(sum).await.unwrap().err().unwrap();
            assert!(error.extra.contains("dsb:aborted: "), "{error}");
        }
    }
}

async fn a_panic_ends_that_call_only(bench: StockBench) {
    let more = get!(bench.objects.more_request(), get_cap);
    let mut request = more.nap_request();
    request.get().set_millis(100);
    let napping = spawn_local(request.send().promise);
    let error = done(more.panic_request().send()).await.err().unwrap();
    assert!(error.extra.contains("dsb:internal: "), "{error}");
    within(napping).await.unwrap().unwrap();
}
