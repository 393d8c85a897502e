//! Calls of objects: values in and out, errors, inheritance, type parameters.

use dsoftbus::{AnyPointer, Client as _, Code};
use dsoftbus_tests::{
    BasicsClient, DerivedClient, Everything, MoreClient, StoreClient, basics,
    objects_service::{Bench, Place, TestBasics, everything},
    promptly, within,
};

scenarios! {
    an_object_that_nobody_calls_is_let_go: Here Session Stock;
    a_call_is_answered: Here Session Stock;
    a_method_that_is_missing_is_unimplemented: Here Session Stock;
    a_domain_error_is_read_again: Here Session Stock;
    a_value_is_passed_whole: Here Session Stock;
    a_value_is_given_whole: Here Session Stock;
    an_object_answers_to_what_it_extends: Here Session Stock;
    an_object_does_not_answer_to_what_extends_it: Here Session Stock;
    each_of_a_list_of_objects_is_called: Here Session Stock;
    a_value_of_any_type_takes_its_objects_along: Here Session Stock;
    type_parameters_hold_values: Here Session Stock;
    nothing_cannot_be_called: Here Session Stock;
}

async fn an_object_that_nobody_calls_is_let_go(bench: Bench) {
    let basics = within(bench.objects.basics()).await.unwrap();
    assert_eq!(bench.watch.alive.get(), 1);
    drop(basics);
    promptly(bench.watch.alive.reaches(0)).await;
}

async fn a_call_is_answered(bench: Bench) {
    let basics = within(bench.objects.basics()).await.unwrap();
    let said = within(basics.foo(123, true)).await.unwrap();
    assert_eq!(said, "foo(123, true)");
    let said = within(basics.foo(u32::MAX, false)).await.unwrap();
    assert_eq!(said, "foo(4294967295, false)");
    assert_eq!(bench.watch.foos.get(), 2);
}

async fn a_method_that_is_missing_is_unimplemented(bench: Bench) {
    let basics = within(bench.objects.basics()).await.unwrap();
    let status = within(basics.bar()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    within(basics.foo(1, true)).await.unwrap();
}

async fn a_domain_error_is_read_again(bench: Bench) {
    let basics = within(bench.objects.basics()).await.unwrap();
    let status = within(basics.fail()).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert_eq!(status.message(), "as asked");
    assert_eq!(
        basics::Error::from_status(&status),
        Some(basics::Error::Broken)
    );
}

async fn a_value_is_passed_whole(bench: Bench) {
    let basics = within(bench.objects.basics()).await.unwrap();
    let value = everything(TestBasics::client(&bench.mine));
    within(basics.baz(&value)).await.unwrap();
    assert_eq!(bench.mine.foos.get(), 1);
    let other = Everything {
        number: 5,
        ..value.clone()
    };
    let status = within(basics.baz(&other)).await.unwrap_err();
    assert_eq!(
        basics::Error::from_status(&status),
        Some(basics::Error::Broken)
    );
}

async fn a_value_is_given_whole(bench: Bench) {
    let derived = within(bench.objects.derived()).await.unwrap();
    let given = within(derived.give()).await.unwrap();
    within(given.cap.foo(1, true)).await.unwrap();
    assert_eq!(given, everything(given.cap.clone()));
}

async fn an_object_answers_to_what_it_extends(bench: Bench) {
    let derived = within(bench.objects.derived()).await.unwrap();
    assert_eq!(within(derived.qux()).await.unwrap(), 77);
    let basics = BasicsClient::from(derived.clone());
    let said = within(basics.foo(1, true)).await.unwrap();
    assert_eq!(said, "derived foo(1, true)");
    let status = within(basics.fail()).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    // And the other way round, for who knows better.
    let again = DerivedClient::from_capability(basics.capability().clone());
    assert_eq!(again, derived);
    assert_eq!(within(again.qux()).await.unwrap(), 77);
}

async fn an_object_does_not_answer_to_what_extends_it(bench: Bench) {
    let basics = within(bench.objects.basics()).await.unwrap();
    let derived = DerivedClient::from_capability(basics.capability().clone());
    let status = within(derived.qux()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    within(basics.foo(1, true)).await.unwrap();
}

/// How a call fails whose handler calls nothing, which was passed to it.
fn passed_nothing(place: Place) -> Code {
    match place {
        Place::Here | Place::Session => Code::FailedPrecondition,
        // A stock handler has no code for it.
        Place::Stock => Code::Unknown,
    }
}

async fn each_of_a_list_of_objects_is_called(bench: Bench) {
    let more = within(bench.objects.more()).await.unwrap();
    let theirs = within(bench.objects.basics()).await.unwrap();
    let mine = TestBasics::client(&bench.mine);
    let list = [
        mine.clone(),
        theirs.clone(),
        TestBasics::client(&bench.mine),
        mine,
        theirs,
    ];
    within(more.call_each(&list)).await.unwrap();
    assert_eq!(bench.mine.foos.get(), 3);
    assert_eq!(bench.watch.foos.get(), 2);
    within(more.call_each(&[])).await.unwrap();
    // One that is nothing fails at its place.
    let list = [list[0].clone(), BasicsClient::default()];
    let status = within(more.call_each(&list)).await.unwrap_err();
    assert_eq!(status.code(), passed_nothing(bench.place), "{status}");
    assert_eq!(status.is_remote(), bench.place != Place::Here);
    assert_eq!(bench.mine.foos.get(), 4);
}

async fn a_value_of_any_type_takes_its_objects_along(bench: Bench) {
    let pipelines = within(bench.objects.pipelines()).await.unwrap();
    let mine = TestBasics::client(&bench.mine);
    let value = everything(mine.clone());
    let list = [TestBasics::client(&bench.mine), mine.clone()];
    let any = AnyPointer::new(&value).unwrap();
    let back = within(pipelines.pointers(&mine, &any, &list))
        .await
        .unwrap();
    assert_eq!(bench.mine.foos.get(), 3);
    assert_eq!(back.get::<Everything>().unwrap(), value);
    // A capability by itself is a value too.
    let any = AnyPointer::new(&mine).unwrap();
    let back = within(pipelines.pointers(&mine, &any, &[])).await.unwrap();
    assert_eq!(back.get::<BasicsClient>().unwrap(), mine);
    // And so is nothing.
    let any = AnyPointer::default();
    let back = within(pipelines.pointers(&mine, &any, &[])).await.unwrap();
    assert!(back.is_null());
}

async fn type_parameters_hold_values(bench: Bench) {
    let boxes = within(bench.objects.boxes()).await.unwrap();
    assert_eq!(boxes.r#box.value, "boxed");
    let store: StoreClient<String> = boxes.store;
    let status = within(store.get()).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    for value in ["one", "", "three"] {
        within(store.put(&value.to_owned())).await.unwrap();
    }
    assert_eq!(within(store.get()).await.unwrap(), "three");
    let all = within(store.all()).await.unwrap();
    let all: Vec<String> = all.into_iter().map(|each| each.value).collect();
    assert_eq!(all, ["one", "", "three"]);
}

async fn nothing_cannot_be_called(bench: Bench) {
    let more = within(bench.objects.more()).await.unwrap();
    let nothing: MoreClient = within(more.get_null()).await.unwrap();
    assert!(nothing.capability().is_null());
    assert_eq!(nothing, MoreClient::default());
    let status = within(nothing.panic()).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    // Nor by whom it is passed to.
    let status = within(more.call_foo(&BasicsClient::default()))
        .await
        .unwrap_err();
    assert_eq!(status.code(), passed_nothing(bench.place), "{status}");
    assert_eq!(status.is_remote(), bench.place != Place::Here);
}
