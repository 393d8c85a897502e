//! Calls on results that are not there yet.

use dsoftbus::Code;
use dsoftbus_tests::{
    BasicsClient, MoreClient, basics,
    objects_service::{Bench, Place, TestBasics},
    promptly, within,
};

use crate::{settle, start};

scenarios! {
    a_result_is_called_before_it_is_there: Here Session Stock;
    what_is_pipelined_goes_on_without_the_call_it_is_pipelined_on: Here Session Stock;
    a_result_that_nobody_waits_for_is_let_go: Here Session Stock;
    calls_are_pipelined_on_pipelined_calls: Here Session Stock;
    a_pipelined_result_is_passed_on: Here Session Stock;
    a_call_that_fails_fails_what_is_pipelined_on_it: Here Session Stock;
    pipelining_into_nothing_fails_and_does_not_hang: Here Session Stock;
    a_cancelled_call_cancels_what_is_pipelined_on_it: Here Session Stock;
    a_result_that_is_published_early_is_called_though_the_call_never_returns: Here Session Stock;
}

async fn a_result_is_called_before_it_is_there(bench: Bench) {
    let mine = TestBasics::client(&bench.mine);
    let mut pipelines = bench.objects.pipelines();
    let mut get_cap = pipelines.pipeline().get_cap(234, &mine);
    let out = get_cap.pipeline().out_box().cap();
    let inside = get_cap.pipeline().out_box().inside().cap();
    let said = within(out.foo(321, false)).await.unwrap();
    assert_eq!(said, "derived foo(321, false)");
    let said = within(inside.foo(322, false)).await.unwrap();
    assert_eq!(said, "foo(322, false)");
    assert_eq!(bench.mine.foos.get(), 1);
    // The call itself can still be awaited.
    let results = within(get_cap).await.unwrap();
    assert_eq!(results.s, "foo(234, true)");
    let said = within(results.out_box.cap.foo(1, true)).await.unwrap();
    assert_eq!(said, "derived foo(1, true)");
    let said = within(results.out_box.inside.cap.foo(1, true))
        .await
        .unwrap();
    assert_eq!(said, "foo(1, true)");
    // It was made once.
    assert_eq!(bench.mine.foos.get(), 1);
    within(pipelines).await.unwrap();
}

async fn what_is_pipelined_goes_on_without_the_call_it_is_pipelined_on(bench: Bench) {
    let mine = TestBasics::client(&bench.mine);
    let pipelines = within(bench.objects.pipelines()).await.unwrap();
    let mut get_cap = pipelines.get_cap(1, &mine);
    let out = get_cap.pipeline().out_box().cap();
    drop((get_cap, mine, pipelines));
    let said = within(out.foo(2, true)).await.unwrap();
    assert_eq!(said, "derived foo(2, true)");
    promptly(bench.mine.alive.reaches(0)).await;
}

async fn a_result_that_nobody_waits_for_is_let_go(bench: Bench) {
    let more = within(bench.objects.more()).await.unwrap();
    let mut call = more.get_handle();
    let handle = call.pipeline();
    let handles = within(call).await.unwrap();
    assert_eq!(bench.watch.handles.get(), 1);
    drop(handle);
    settle().await;
    assert_eq!(bench.watch.handles.get(), 1);
    drop(handles);
    promptly(bench.watch.handles.reaches(0)).await;
    // One that is only pipelined.
    let mut call = more.get_handle();
    let handle = call.pipeline();
    drop(call);
    settle().await;
    drop(handle);
    promptly(bench.watch.handles.reaches(0)).await;
}

async fn calls_are_pipelined_on_pipelined_calls(bench: Bench) {
    let mut call = bench.objects.self_();
    let mut object = call.pipeline();
    for number in 0..10 {
        let mut again = object.get_self();
        object = again.pipeline();
        assert_eq!(within(object.foo()).await.unwrap(), number);
    }
}

async fn a_pipelined_result_is_passed_on(bench: Bench) {
    let more = within(bench.objects.more()).await.unwrap();
    let mut theirs = bench.objects.basics();
    let said = within(more.call_foo(&theirs.pipeline())).await.unwrap();
    assert_eq!(said, "foo(123, true)");
    // And held, though nobody waits for the call.
    let mut theirs = bench.objects.basics();
    within(more.hold(&theirs.pipeline())).await.unwrap();
    drop(theirs);
    assert_eq!(within(more.call_held()).await.unwrap(), "foo(123, true)");
}

async fn a_call_that_fails_fails_what_is_pipelined_on_it(bench: Bench) {
    let pipelines = within(bench.objects.pipelines()).await.unwrap();
    // `getCap` fails as the object that it calls does.
    let (promised, resolver) = dsoftbus::promise::<BasicsClient>();
    let mut get_cap = pipelines.get_cap(1, &promised);
    let out = get_cap.pipeline().out_box().cap();
    let first = start(out.foo(1, true));
    settle().await;
    resolver.fail(basics::Error::Broken.into());
    for status in [
        within(first).await.unwrap().unwrap_err(),
        within(out.foo(2, true)).await.unwrap_err(),
        within(get_cap).await.unwrap_err(),
        within(out.foo(3, true)).await.unwrap_err(),
    ] {
        assert_eq!(
            basics::Error::from_status(&status),
            Some(basics::Error::Broken),
            "{status}"
        );
    }
}

/// How a call of a result fails that turns out to be nothing.
fn of_nothing(place: Place) -> Code {
    match place {
        Place::Here => Code::FailedPrecondition,
        // The engine of the peer finds out, which has no code of ours for it.
        Place::Session | Place::Stock => Code::Unknown,
    }
}

async fn pipelining_into_nothing_fails_and_does_not_hang(bench: Bench) {
    let pipelines = within(bench.objects.pipelines()).await.unwrap();
    let mut get_null_cap = pipelines.get_null_cap();
    let nothing = get_null_cap.pipeline();
    let status = within(nothing.foo(1, true)).await.unwrap_err();
    assert_eq!(status.code(), of_nothing(bench.place), "{status}");
    assert_eq!(within(get_null_cap).await.unwrap(), BasicsClient::default());
    // Also once it is there, and through several calls.
    let status = within(nothing.foo(2, true)).await.unwrap_err();
    assert_eq!(
        status.code(),
        match bench.place {
            Place::Here => of_nothing(Place::Here),
            _ => Code::FailedPrecondition,
        },
        "{status}"
    );
    let more = within(bench.objects.more()).await.unwrap();
    let mut nothing: MoreClient = more.get_null().pipeline();
    for _ in 0..3 {
        nothing = nothing.get_null().pipeline();
    }
    let status = within(nothing.handle_count()).await.unwrap_err();
    assert_eq!(status.code(), of_nothing(bench.place), "{status}");
    assert_eq!(within(more.handle_count()).await.unwrap(), 0);
}

async fn a_cancelled_call_cancels_what_is_pipelined_on_it(bench: Bench) {
    let more = within(bench.objects.more()).await.unwrap();
    let mine = TestBasics::client(&bench.mine);
    let mut never = more.never_return(&mine);
    let copy = never.pipeline();
    let call = start(copy.foo(1, true));
    let never = start(never);
    bench.watch.running.reaches(1).await;
    // What is pipelined keeps it alive.
    never.abort();
    settle().await;
    assert_eq!(bench.watch.running.get(), 1);
    drop(copy);
    settle().await;
    assert_eq!(bench.watch.running.get(), 1);
    call.abort();
    promptly(bench.watch.running.reaches(0)).await;
    assert_eq!(bench.mine.foos.get(), 0);
}

async fn a_result_that_is_published_early_is_called_though_the_call_never_returns(bench: Bench) {
    let pipelines = within(bench.objects.pipelines()).await.unwrap();
    let mut never = pipelines.get_cap_pipeline_only();
    let out = never.pipeline().cap();
    let said = within(out.foo(1, true)).await.unwrap();
    assert_eq!(said, "foo(1, true)");
    let status = within(never).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    let said = within(out.foo(2, true)).await.unwrap();
    assert_eq!(said, "foo(2, true)");
    drop(out);
    promptly(bench.watch.running.reaches(0)).await;
}
