//! How long objects live: as long as somebody holds them, here or on the other side, and no longer.

use dsoftbus::{Client as _, Code};
use dsoftbus_tests::{
    BasicsClient, OrderClient,
    objects_service::{Bench, TestBasics, TestOrder},
    within,
};

use crate::{settle, start};

scenarios! {
    an_object_lives_until_its_last_client_is_dropped: Here Session Stock;
    an_object_in_results_that_nobody_takes_is_let_go: Here Session Stock;
    an_object_that_was_passed_lives_while_it_is_held: Here Session Stock;
    a_cancelled_call_lets_go_of_its_parameters: Here Session Stock;
    a_parameter_that_nobody_holds_is_let_go: Here Session Stock;
    a_promise_that_nobody_holds_is_let_go: Here Session Stock;
    an_object_that_comes_again_while_it_is_released_is_still_good: Here Session Stock;
    an_object_outlives_what_gave_it: Here Session Stock;
    echoes_that_are_dropped_in_flight_leave_nothing: Here Session Stock;
    a_cut_lets_go_of_everything: Session;
}

async fn an_object_lives_until_its_last_client_is_dropped(bench: Bench) {
    let more = within(bench.objects.more()).await.unwrap();
    let one = within(more.get_handle()).await.unwrap();
    assert_eq!(within(more.handle_count()).await.unwrap(), 1);
    let two = within(more.get_handle()).await.unwrap();
    assert_eq!(within(more.handle_count()).await.unwrap(), 2);
    assert_ne!(one, two);
    let clone = two.clone();
    drop(one);
    bench.watch.handles.reaches(1).await;
    drop(two);
    settle().await;
    assert_eq!(within(more.handle_count()).await.unwrap(), 1);
    drop(clone);
    bench.watch.handles.reaches(0).await;
    assert_eq!(within(more.handle_count()).await.unwrap(), 0);
}

async fn an_object_in_results_that_nobody_takes_is_let_go(bench: Bench) {
    let more = within(bench.objects.more()).await.unwrap();
    // Given up at any point on the way of the results.
    for patience in 0..20 {
        let call = start(more.get_handle());
        for _ in 0..patience {
            tokio::task::yield_now().await;
        }
        call.abort();
        drop(call.await);
    }
    settle().await;
    bench.watch.handles.reaches(0).await;
    assert_eq!(within(more.handle_count()).await.unwrap(), 0);
}

async fn an_object_that_was_passed_lives_while_it_is_held(bench: Bench) {
    let more = within(bench.objects.more()).await.unwrap();
    let mine = TestBasics::client(&bench.mine);
    within(more.hold(&mine)).await.unwrap();
    drop(mine);
    settle().await;
    assert_eq!(bench.mine.alive.get(), 1);
    assert_eq!(within(more.call_held()).await.unwrap(), "foo(123, true)");
    let back = within(more.get_held()).await.unwrap();
    within(back.foo(1, true)).await.unwrap();
    assert_eq!(bench.mine.foos.get(), 2);
    // Let go of by one of both.
    within(more.hold(&BasicsClient::default())).await.unwrap();
    settle().await;
    assert_eq!(bench.mine.alive.get(), 1);
    drop(back);
    bench.mine.alive.reaches(0).await;
}

async fn a_cancelled_call_lets_go_of_its_parameters(bench: Bench) {
    let more = within(bench.objects.more()).await.unwrap();
    let mine = TestBasics::client(&bench.mine);
    let call = start(more.never_return(&mine));
    drop(mine);
    bench.watch.running.reaches(1).await;
    settle().await;
    assert_eq!(bench.mine.alive.get(), 1);
    call.abort();
    bench.mine.alive.reaches(0).await;
    bench.watch.running.reaches(0).await;
    // The same by its deadline.
    let mine = TestBasics::client(&bench.mine);
    let status = within(more.never_return(&mine)).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    drop(mine);
    bench.mine.alive.reaches(0).await;
    bench.watch.running.reaches(0).await;
}

async fn a_parameter_that_nobody_holds_is_let_go(bench: Bench) {
    let more = within(bench.objects.more()).await.unwrap();
    let mine = TestBasics::client(&bench.mine);
    within(more.dont_hold(&mine)).await.unwrap();
    drop(mine);
    bench.mine.alive.reaches(0).await;
    // One of theirs.
    let theirs = within(bench.objects.basics()).await.unwrap();
    within(more.dont_hold(&theirs)).await.unwrap();
    let alive = bench.watch.alive.get();
    drop(theirs);
    bench.watch.alive.reaches(alive - 1).await;
}

async fn a_promise_that_nobody_holds_is_let_go(bench: Bench) {
    let more = within(bench.objects.more()).await.unwrap();
    let (promised, resolver) = dsoftbus::promise::<BasicsClient>();
    within(more.dont_hold(&promised)).await.unwrap();
    let call = start(more.call_foo(&promised));
    settle().await;
    drop(promised);
    resolver.resolve(&TestBasics::client(&bench.mine));
    let said = within(call).await.unwrap().unwrap();
    assert_eq!(said, "foo(123, true)");
    bench.mine.alive.reaches(0).await;
}

async fn an_object_that_comes_again_while_it_is_released_is_still_good(bench: Bench) {
    let more = within(bench.objects.more()).await.unwrap();
    let theirs = within(bench.objects.basics()).await.unwrap();
    within(more.hold(&theirs)).await.unwrap();
    drop(theirs);
    for patience in 0..20 {
        let first = within(more.get_held()).await.unwrap();
        // The release and the object cross on the way.
        let again = start(more.get_held());
        for _ in 0..patience {
            tokio::task::yield_now().await;
        }
        drop(first);
        let again = within(again).await.unwrap().unwrap();
        // It goes back, and is called from there.
        let said = within(more.call_foo(&again)).await.unwrap();
        assert_eq!(said, "foo(123, true)");
        within(more.hold(&again)).await.unwrap();
    }
    assert_eq!(within(more.call_held()).await.unwrap(), "foo(123, true)");
    assert_eq!(bench.watch.foos.get(), 21);
}

async fn an_object_outlives_what_gave_it(bench: Bench) {
    let Bench { objects, watch, .. } = bench;
    let more = within(objects.more()).await.unwrap();
    let handle = within(more.get_handle()).await.unwrap();
    drop((objects, more));
    settle().await;
    assert_eq!(watch.handles.get(), 1);
    drop(handle);
    watch.handles.reaches(0).await;
}

async fn echoes_that_are_dropped_in_flight_leave_nothing(bench: Bench) {
    let more = within(bench.objects.more()).await.unwrap();
    for patience in 0..20 {
        let (promised, resolver) = dsoftbus::promise::<OrderClient>();
        let mut echo = more.echo(&promised);
        let echoed = echo.pipeline();
        let echo = start(echo);
        let call = start(echoed.get_call_sequence(0));
        for _ in 0..patience {
            tokio::task::yield_now().await;
        }
        match patience % 4 {
            0 => drop(resolver),
            1 => resolver.resolve(&TestOrder::client(&bench.mine)),
            2 => echo.abort(),
            _ => call.abort(),
        }
        drop((promised, echoed));
        call.abort();
        drop((echo.await, call.await));
    }
    bench.mine.alive.reaches(0).await;
    // And the objects go on.
    let order = TestOrder::client(&bench.mine);
    let back = within(more.echo(&order)).await.unwrap();
    assert_eq!(within(back.get_call_sequence(0)).await.unwrap(), 0);
}

async fn a_cut_lets_go_of_everything(bench: Bench) {
    let more = within(bench.objects.more()).await.unwrap();
    let mine = TestBasics::client(&bench.mine);
    within(more.hold(&mine)).await.unwrap();
    drop(mine);
    let handle = within(more.get_handle()).await.unwrap();
    let call = start(more.never_return(&TestBasics::client(&bench.mine)));
    bench.watch.running.reaches(1).await;
    bench.pair.as_ref().unwrap().link.cut();
    let status = within(call).await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(!status.is_remote());
    bench.watch.is_idle().await;
    bench.mine.is_idle().await;
    // Handles stay, and say so.
    let status = within(more.call_held()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(!handle.capability().is_null());
}
