//! Promises of objects, passed and given; objects that come back to whom they belong.

use dsoftbus::{Client as _, Code};
use dsoftbus_tests::{
    BasicsClient, HandleClient, basics,
    objects_service::{Bench, TestBasics, TestHandle},
    within,
};

use crate::{settle, start};

scenarios! {
    a_call_waits_for_what_is_promised: Here Session Stock;
    a_promise_may_become_a_promise: Here Session Stock;
    a_promise_in_results_becomes_what_it_is_resolved_to: Here Session Stock;
    a_promise_in_results_may_become_a_promise: Here Session Stock;
    a_promise_that_is_broken_fails_what_waits_for_it: Here Session Stock;
    a_promise_that_is_dropped_is_aborted: Here Session Stock;
    a_call_of_a_promise_that_nobody_resolves_ends_at_its_deadline: Here Session Stock;
    ones_own_object_is_known_when_it_comes_back: Here Session Stock;
    an_object_of_the_peer_is_known_there_when_it_comes_back: Here Session Stock;
    the_same_object_is_equal_however_it_came: Here Session Stock;
    an_object_hands_out_itself: Here Session Stock;
}

async fn a_call_waits_for_what_is_promised(bench: Bench) {
    let more = within(bench.objects.more()).await.unwrap();
    let (promised, resolver) = dsoftbus::promise::<BasicsClient>();
    let direct = start(promised.foo(1, true));
    let passed = start(more.call_foo(&promised));
    let resolved = start(more.call_foo_when_resolved(&promised));
    settle().await;
    assert!(!direct.is_finished() && !passed.is_finished() && !resolved.is_finished());
    resolver.resolve(&TestBasics::client(&bench.mine));
    assert_eq!(within(direct).await.unwrap().unwrap(), "foo(1, true)");
    assert_eq!(within(passed).await.unwrap().unwrap(), "foo(123, true)");
    assert_eq!(within(resolved).await.unwrap().unwrap(), "foo(123, true)");
    assert_eq!(bench.mine.foos.get(), 3);
}

async fn a_promise_may_become_a_promise(bench: Bench) {
    let more = within(bench.objects.more()).await.unwrap();
    let (first, resolve_first) = dsoftbus::promise::<BasicsClient>();
    let (second, resolve_second) = dsoftbus::promise::<BasicsClient>();
    let passed = start(more.call_foo(&first));
    let resolved = start(more.call_foo_when_resolved(&first));
    settle().await;
    resolve_first.resolve(&second);
    settle().await;
    let between = start(more.call_foo(&first));
    settle().await;
    assert!(!passed.is_finished() && !resolved.is_finished() && !between.is_finished());
    resolve_second.resolve(&TestBasics::client(&bench.mine));
    for call in [passed, resolved, between] {
        assert_eq!(within(call).await.unwrap().unwrap(), "foo(123, true)");
    }
}

async fn a_promise_in_results_becomes_what_it_is_resolved_to(bench: Bench) {
    let promises = within(bench.objects.promises()).await.unwrap();
    let call = start(promises.cap.foo(1, true));
    settle().await;
    assert!(!call.is_finished());
    within(promises.resolver.resolve()).await.unwrap();
    assert_eq!(within(call).await.unwrap().unwrap(), "foo(1, true)");
    let said = within(promises.cap.foo(2, true)).await.unwrap();
    assert_eq!(said, "foo(2, true)");
    // It can be passed on now.
    let more = within(bench.objects.more()).await.unwrap();
    let said = within(more.call_foo(&promises.cap)).await.unwrap();
    assert_eq!(said, "foo(123, true)");
}

async fn a_promise_in_results_may_become_a_promise(bench: Bench) {
    let promises = within(bench.objects.promises()).await.unwrap();
    let before = start(promises.cap.foo(1, true));
    settle().await;
    within(promises.resolver.resolve_to_promise())
        .await
        .unwrap();
    let between = start(promises.cap.foo(2, true));
    settle().await;
    assert!(!before.is_finished() && !between.is_finished());
    within(promises.resolver.resolve()).await.unwrap();
    assert_eq!(within(before).await.unwrap().unwrap(), "foo(1, true)");
    assert_eq!(within(between).await.unwrap().unwrap(), "foo(2, true)");
}

async fn a_promise_that_is_broken_fails_what_waits_for_it(bench: Bench) {
    let more = within(bench.objects.more()).await.unwrap();
    let promises = within(bench.objects.promises()).await.unwrap();
    let (promised, resolver) = dsoftbus::promise::<BasicsClient>();
    let calls = [
        start(promises.cap.foo(1, true)),
        start(more.call_foo(&promises.cap)),
        start(promised.foo(1, true)),
        start(more.call_foo(&promised)),
    ];
    settle().await;
    within(promises.resolver.fail()).await.unwrap();
    resolver.fail(basics::Error::Broken.into());
    for call in calls {
        let status = within(call).await.unwrap().unwrap_err();
        assert_eq!(
            basics::Error::from_status(&status),
            Some(basics::Error::Broken),
            "{status}"
        );
    }
}

async fn a_promise_that_is_dropped_is_aborted(bench: Bench) {
    let more = within(bench.objects.more()).await.unwrap();
    let (promised, resolver) = dsoftbus::promise::<BasicsClient>();
    let calls = [
        start(promised.foo(1, true)),
        start(more.call_foo(&promised)),
    ];
    settle().await;
    drop(resolver);
    for call in calls {
        let status = within(call).await.unwrap().unwrap_err();
        assert_eq!(status.code(), Code::Aborted);
    }
    let status = within(promised.foo(1, true)).await.unwrap_err();
    assert_eq!(status.code(), Code::Aborted);
}

async fn a_call_of_a_promise_that_nobody_resolves_ends_at_its_deadline(bench: Bench) {
    let promises = within(bench.objects.promises()).await.unwrap();
    let status = within(promises.cap.foo(1, true)).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    // Nothing of it is left that could be called when it is resolved.
    within(promises.resolver.resolve()).await.unwrap();
    settle().await;
    assert_eq!(bench.watch.foos.get(), 0);
    within(promises.cap.foo(1, true)).await.unwrap();
}

async fn ones_own_object_is_known_when_it_comes_back(bench: Bench) {
    let more = within(bench.objects.more()).await.unwrap();
    let (one, two) = (
        TestBasics::client(&bench.mine),
        TestBasics::client(&bench.mine),
    );
    assert_ne!(one, two);
    within(more.hold(&one)).await.unwrap();
    let back = within(more.get_held()).await.unwrap();
    assert_eq!(back, one);
    assert_ne!(back, two);
    // It is called here, without a way round.
    assert_eq!(back.capability().peer(), None);
}

async fn an_object_of_the_peer_is_known_there_when_it_comes_back(bench: Bench) {
    let more = within(bench.objects.more()).await.unwrap();
    let known = within(more.create_handle()).await.unwrap();
    let unknown = within(more.get_handle()).await.unwrap();
    assert!(within(more.is_ours(&known)).await.unwrap());
    assert!(!within(more.is_ours(&unknown)).await.unwrap());
    let mine = TestHandle::client(&bench.mine);
    assert!(!within(more.is_ours(&mine)).await.unwrap());
    let nothing = HandleClient::default();
    assert_eq!(
        within(more.is_ours(&nothing)).await.ok(),
        match bench.place {
            // Where nothing is no handle at all.
            dsoftbus_tests::objects_service::Place::Stock => None,
            _ => Some(false),
        }
    );
    // Released and made again: the one is not taken for the other.
    drop(known);
    let again = within(more.create_handle()).await.unwrap();
    assert!(within(more.is_ours(&again)).await.unwrap());
}

async fn the_same_object_is_equal_however_it_came(bench: Bench) {
    let more = within(bench.objects.more()).await.unwrap();
    let theirs = within(bench.objects.basics()).await.unwrap();
    let other = within(bench.objects.basics()).await.unwrap();
    within(more.hold(&theirs)).await.unwrap();
    let one = within(more.get_held()).await.unwrap();
    let two = within(more.get_held()).await.unwrap();
    assert_eq!(one, theirs);
    assert_eq!(one, two);
    assert_ne!(one, other);
}

async fn an_object_hands_out_itself(bench: Bench) {
    let object = within(bench.objects.self_()).await.unwrap();
    assert_eq!(within(object.foo()).await.unwrap(), 0);
    let again = within(object.get_self()).await.unwrap();
    assert_eq!(within(again.foo()).await.unwrap(), 1);
    // Each of them is enough.
    drop(object);
    settle().await;
    assert_eq!(within(again.foo()).await.unwrap(), 2);
    let alive = bench.watch.alive.get();
    assert_eq!(alive, 1);
}

#[tokio::test(start_paused = true)]
async fn a_promise_that_leads_in_circles_fails_its_calls() {
    let begin = tokio::time::Instant::now();
    let (itself, resolver) = dsoftbus::promise::<BasicsClient>();
    resolver.resolve(&itself);
    let status = within(itself.foo(1, true)).await.unwrap_err();
    assert_eq!(status.code(), Code::DataLoss, "{status}");

    let (one, resolve_one) = dsoftbus::promise::<BasicsClient>();
    let (other, resolve_other) = dsoftbus::promise::<BasicsClient>();
    resolve_one.resolve(&other);
    resolve_other.resolve(&one);
    let status = within(other.foo(1, true)).await.unwrap_err();
    assert_eq!(status.code(), Code::DataLoss, "{status}");
    assert_eq!(begin.elapsed(), std::time::Duration::ZERO);
}
