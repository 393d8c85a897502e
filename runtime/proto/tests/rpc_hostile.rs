//! Peers that break the protocol, or push at its limits: the channel ends with the right error, or the call fails alone.
#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests are not marked as tests"
)]

mod rpc_support;

use bytes::Bytes;
use capnp_rpc::rpc_capnp::{call, exception, message, promised_answer};
use dsoftbus_proto::message::{Message, MessageError, Outgoing};
use dsoftbus_proto::rpc::level0::{
    BeginError, Client, Inbound, MAX_IN_FLIGHT, MAX_OUTBOX, RemoteError, RpcError, Server,
};
use proptest::prelude::*;
use rpc_support::{
    LAYOUTS, answer, bootstrap, build, build_as, call as foreign_call, finish, promised,
    read_abort, read_exception, release, service,
};

/// A server with one finished exchange of Bootstrap 0.
fn server() -> Server {
    let mut server = Server::new();
    assert!(server.handle(bootstrap(0)).unwrap().is_none());
    assert!(server.poll_outgoing().is_some());
    server
}

/// A client that waits for call 1.
fn client() -> Client {
    let (mut client, _) = Client::new();
    client.handle(service(0)).unwrap();
    client.begin(&mut Outgoing::call(1, 2, 0)).unwrap();
    client
}

#[track_caller]
fn server_aborts(server: &mut Server, message: Message, error: &RpcError) {
    assert_eq!(server.handle(message).unwrap_err(), *error);
    assert_eq!(
        read_abort(&server.poll_outgoing().unwrap()),
        error.to_string()
    );
    assert!(server.poll_outgoing().is_none());
    assert_eq!(server.handle(bootstrap(77)).unwrap_err(), *error);
}

#[track_caller]
fn client_aborts(client: &mut Client, message: Message, error: &RpcError) {
    assert_eq!(client.handle(message).unwrap_err(), *error);
    assert_eq!(
        read_abort(&client.poll_outgoing().unwrap()),
        error.to_string()
    );
    assert!(client.poll_outgoing().is_none());
    assert_eq!(
        client.begin(&mut Outgoing::call(1, 2, 0)).unwrap_err(),
        BeginError::Failed(error.clone())
    );
}

#[track_caller]
fn call_fails_alone(server: &mut Server, message: Message, id: u32, kind: exception::Type) {
    assert!(server.handle(message).unwrap().is_none());
    let (answer, actual, _) = read_exception(&server.poll_outgoing().unwrap());
    assert_eq!(answer, id);
    assert!(actual == kind);
    assert_eq!(server.in_flight(), 0);
    is_served(server, 1_234);
}

#[track_caller]
fn is_served(server: &mut Server, id: u32) {
    let Some(Inbound::Call { answer, .. }) = server.handle(foreign_call(id, |_| ())).unwrap()
    else {
        panic!("not a call")
    };
    assert!(server.reply(answer, Outgoing::results(0)).is_some());
}

fn table(words: &[u32]) -> Bytes {
    let mut bytes = Vec::new();
    for word in words {
        bytes.extend_from_slice(&word.to_le_bytes());
    }
    Bytes::from(bytes)
}

#[test]
fn c1_c2_too_many_segments_are_refused_by_their_count() {
    for (last, segments) in [
        (0xffff_ffff, 1 << 32),
        (64, 65),
        (510, 511),
        (511, 512),
        (65_535, 65_536),
    ] {
        assert_eq!(
            Message::parse(table(&[last, 0])).unwrap_err(),
            MessageError::TooManySegments { segments }
        );
    }
    // 64 are fine.
    assert!(
        Message::parse(Bytes::from(
            [&63_u32.to_le_bytes()[..], &[0; 4 * 65]].concat()
        ))
        .is_ok()
    );
}

#[test]
fn c3_c4_sizes_over_the_limit_are_refused_before_they_are_added_up_wrongly() {
    let mut huge = vec![62];
    huge.extend([0xffff_ffff; 63]);
    assert!(matches!(
        Message::parse(table(&huge)).unwrap_err(),
        MessageError::TooLong { bytes } if bytes > u32::MAX.try_into().unwrap()
    ));
    assert_eq!(
        Message::parse(table(&[0, 131_072])).unwrap_err(),
        MessageError::TooLong { bytes: 1_048_584 }
    );
    assert_eq!(
        Message::parse(table(&[0, 131_071])).unwrap_err(),
        MessageError::LengthMismatch {
            announced: 1_048_576,
            received: 8
        }
    );
    assert_eq!(
        Message::parse(table(&[0, 0, 0, 0])).unwrap_err(),
        MessageError::LengthMismatch {
            announced: 8,
            received: 16
        }
    );
    for short in [&[][..], &[0], &[1, 0, 0]] {
        assert_eq!(
            Message::parse(table(short)).unwrap_err(),
            MessageError::Truncated
        );
    }
}

/// A message of one segment of these words.
fn words(words: &[u64]) -> Message {
    let mut bytes = table(&[0, u32::try_from(words.len()).unwrap()]).to_vec();
    for word in words {
        bytes.extend_from_slice(&word.to_le_bytes());
    }
    rpc_support::parse(bytes)
}

const STRUCT_1_1: u64 = (1 << 32) | (1 << 48);

#[test]
fn c5_pointers_that_lead_nowhere_are_malformed() {
    use capnp::ErrorKind as Kind;
    for (segment, kind) in [
        // A far pointer to itself.
        (
            vec![2],
            Kind::MessageContainsNonStructPointerWhereStructPointerWasExpected,
        ),
        // A double-far pointer to a segment that is not there.
        (vec![6 | (9 << 32)], Kind::InvalidSegmentId(9)),
        // A far pointer to the end of its segment.
        (vec![2 | (1 << 3)], Kind::MessageContainsOutOfBoundsPointer),
        // A struct behind the end of its segment.
        (
            vec![STRUCT_1_1 | (100 << 2)],
            Kind::MessageContainsOutOfBoundsPointer,
        ),
        // No root at all.
        (vec![], Kind::MessageContainsOutOfBoundsPointer),
    ] {
        let error = RpcError::Malformed { kind };
        server_aborts(&mut server(), words(&segment), &error);
        client_aborts(&mut client(), words(&segment), &error);
    }
}

#[test]
fn c6_lists_of_nothing_hit_the_read_limit() {
    // As the capability table of the params, which the engine itself reads: 2^29 - 1 elements of no size.
    let payload_caps = |list: u64, tag: Option<u64>| {
        let mut segment = vec![
            STRUCT_1_1,            // Message
            2,                     // a Call
            (3 << 32) | (3 << 48), // Call
            7,                     // question
            0,
            0,
            (8 << 2) | STRUCT_1_1, // target, at word 15
            (1 << 2) | (2 << 48),  // params, at word 9
            0,
            0,    // content
            list, // capability table
        ];
        segment.extend(tag);
        segment.resize(20, 0);
        words(&segment)
    };
    let void_list = payload_caps(1 | (0x1fff_ffff << 35), None);
    let empty_structs = payload_caps(1 | (7 << 32), Some(0x1fff_ffff << 2));
    for message in [void_list, empty_structs] {
        let error = server().handle(message).unwrap_err();
        assert!(
            matches!(
                error,
                RpcError::Malformed { .. } | RpcError::TooManyCapabilities { .. }
            ),
            "{error:?}"
        );
    }

    // As content, which its reader refuses.
    let message = build(|message| {
        let mut call = message.init_call();
        promised(call.reborrow().init_target(), 0);
        call.reborrow().set_question_id(1);
        call.init_params()
            .init_content()
            .initn_as::<capnp::primitive_list::Builder<'_, ()>>(0x1fff_ffff);
    });
    let Some(Inbound::Call { params, .. }) = server().handle(message).unwrap() else {
        panic!("not a call")
    };
    let reader = params.reader();
    let error = reader
        .content::<capnp::primitive_list::Reader<'_, ()>>()
        .unwrap_err();
    assert_eq!(error.kind, capnp::ErrorKind::ReadLimitExceeded);
}

#[test]
fn c7_an_echo_of_a_structure_that_holds_itself_ends_at_the_nesting_limit() {
    // Provide, whose struct begins at word 1 and so has itself as its pointer, at word 2: two words back.
    let itself = STRUCT_1_1 | (0x3fff_fffe << 2);
    let message = words(&[STRUCT_1_1, 10, itself]);
    let kind = capnp::ErrorKind::MessageIsTooDeeplyNestedOrContainsCycles;
    server_aborts(&mut server(), message, &RpcError::Malformed { kind });
}

#[test]
fn c8_a_capability_outside_of_the_table_breaks_only_who_reads_it() {
    let message = words(&[
        STRUCT_1_1,            // Message
        2,                     // a Call
        (3 << 32) | (3 << 48), // Call
        7,
        0,
        0,
        (4 << 2) | STRUCT_1_1, // target, at word 11
        (1 << 2) | (2 << 48),  // params, at word 9
        0,
        3 | (5 << 32), // content: capability 5
        0,             // no capability table
        1 << 32,       // promised answer
        0,             // of question 0
    ]);
    let mut server = server();
    let Some(Inbound::Call { answer, params, .. }) = server.handle(message).unwrap() else {
        panic!("not a call")
    };
    let reader = params.reader();
    assert!(reader.content::<exception::Reader<'_>>().is_err());
    assert!(server.reply(answer, Outgoing::results(0)).is_some());
    is_served(&mut server, 8);
}

#[test]
fn c9_a_call_on_an_export_that_was_never_given_or_is_released_aborts() {
    let on_export = |export| {
        foreign_call(1, move |call| {
            call.init_target().set_imported_cap(export);
        })
    };
    let unknown = |export| RpcError::UnknownExport { export };
    server_aborts(&mut Server::new(), on_export(0), &unknown(0));
    server_aborts(&mut server(), on_export(1), &unknown(1));

    let mut held = server();
    assert!(held.handle(on_export(0)).unwrap().is_some());
    // The promise of Bootstrap is another name for it, with a life of its own.
    let mut released = server();
    released.handle(release(0, 1)).unwrap();
    is_served(&mut released, 5);
    server_aborts(&mut released, on_export(0), &unknown(0));

    let mut finished = server();
    finished.handle(finish(0, false)).unwrap();
    assert!(finished.handle(on_export(0)).unwrap().is_some());
    let mut finished = server();
    finished.handle(finish(0, true)).unwrap();
    server_aborts(&mut finished, on_export(0), &unknown(0));

    client_aborts(&mut client(), on_export(0), &unknown(0));
}

#[test]
fn c10_a_question_id_in_use_aborts() {
    let error = |question| RpcError::QuestionInUse { question };
    for id in [3, 511, 512, u32::MAX] {
        let mut twice = server();
        assert!(twice.handle(foreign_call(id, |_| ())).unwrap().is_some());
        server_aborts(&mut twice, foreign_call(id, |_| ()), &error(id));

        let mut cancelled = server();
        assert!(
            cancelled
                .handle(foreign_call(id, |_| ()))
                .unwrap()
                .is_some()
        );
        assert!(matches!(
            cancelled.handle(finish(id, true)),
            Ok(Some(Inbound::Cancel { .. }))
        ));
        assert!(
            cancelled.handle(finish(id, true)).unwrap().is_none(),
            "cancelled once"
        );
        server_aborts(&mut cancelled, foreign_call(id, |_| ()), &error(id));

        let mut answered = server();
        is_served(&mut answered, id);
        is_served(&mut answered, id);
    }
    server_aborts(&mut server(), bootstrap(0), &error(0));
    server_aborts(&mut server(), foreign_call(0, |_| ()), &error(0));
}

#[test]
fn c11_a_release_below_zero_or_of_an_unknown_export_aborts() {
    server_aborts(
        &mut server(),
        release(0, 2),
        &RpcError::ReleaseUnderflow { export: 0 },
    );
    server_aborts(
        &mut server(),
        release(1, 1),
        &RpcError::UnknownExport { export: 1 },
    );
    let mut twice = server();
    twice.handle(release(0, 1)).unwrap();
    server_aborts(
        &mut twice,
        finish(0, true),
        &RpcError::ReleaseUnderflow { export: 0 },
    );
    client_aborts(
        &mut client(),
        release(0, 1),
        &RpcError::UnknownExport { export: 0 },
    );
}

#[test]
fn c12_a_return_for_an_unknown_question_aborts() {
    let error = |question| RpcError::UnknownQuestion { question };
    let empty = |id| {
        answer(id, |answer| {
            answer.init_results();
        })
    };
    for id in [2, 500, u32::MAX] {
        client_aborts(&mut client(), empty(id), &error(id));
    }
    // A second Return, also of Bootstrap.
    let mut twice = client();
    assert!(twice.handle(empty(1)).unwrap().is_some());
    client_aborts(&mut twice, empty(1), &error(1));
    client_aborts(&mut client(), service(0), &error(0));
    server_aborts(&mut server(), empty(0), &error(0));
}

#[test]
fn c13_a_call_that_returns_cancelled_ends_and_one_that_returns_elsewhere_aborts() {
    let mut canceled = client();
    let completion = canceled
        .handle(answer(1, |mut answer| answer.set_canceled(())))
        .unwrap()
        .unwrap();
    assert_eq!(completion.outcome.unwrap_err(), RemoteError::Canceled);

    for cancelled_before in [false, true] {
        let fresh = || {
            let (mut client, _) = Client::new();
            let question = client.begin(&mut Outgoing::call(1, 2, 0)).unwrap();
            if cancelled_before {
                client.cancel(question).unwrap();
            }
            client
        };
        let unexpected = |sort| RpcError::UnexpectedReturn { sort };
        let elsewhere = answer(1, |mut answer| answer.set_results_sent_elsewhere(()));
        client_aborts(&mut fresh(), elsewhere, &unexpected(3));
        let other = answer(1, |mut answer| answer.set_take_from_other_question(4));
        client_aborts(&mut fresh(), other, &unexpected(4));
        let third_party = answer(1, |answer| {
            answer.init_accept_from_third_party();
        });
        client_aborts(&mut fresh(), third_party, &unexpected(5));
    }
}

#[test]
fn c14_results_of_another_type_fail_where_they_are_read() {
    let message = answer(1, |answer| {
        answer
            .init_results()
            .init_content()
            .initn_as::<capnp::primitive_list::Builder<'_, u64>>(3);
    });
    let incoming = client().handle(message).unwrap().unwrap().outcome.unwrap();
    let reader = incoming.reader();
    assert!(reader.content::<exception::Reader<'_>>().is_err());
}

#[test]
fn c15_hanging_calls_fill_the_server_and_twice_as_many_abort() {
    let mut server = server();
    for id in 1..=2 * u32::try_from(MAX_IN_FLIGHT).unwrap() {
        assert_eq!(server.is_full(), server.in_flight() >= MAX_IN_FLIGHT);
        assert!(
            server
                .handle(foreign_call(id * 7, |_| ()))
                .unwrap()
                .is_some()
        );
    }
    assert!(server.is_full());
    server_aborts(
        &mut server,
        foreign_call(1, |_| ()),
        &RpcError::TooManyCalls,
    );
}

#[test]
fn c15_a_cancelled_call_makes_room_only_once_its_handler_is_done() {
    let mut server = server();
    let mut answers = Vec::new();
    for id in 1..=u32::try_from(MAX_IN_FLIGHT).unwrap() {
        let Some(Inbound::Call { answer, .. }) = server.handle(foreign_call(id, |_| ())).unwrap()
        else {
            panic!("not a call")
        };
        server.handle(finish(id, true)).unwrap();
        answers.push(answer);
    }
    assert!(server.is_full());
    server.reply(answers[0], Outgoing::canceled()).unwrap();
    assert!(!server.is_full());
}

#[test]
fn c16_a_long_capability_table_aborts() {
    let with_caps = |count| {
        foreign_call(1, move |call| {
            call.init_params().init_cap_table(count);
        })
    };
    assert!(server().handle(with_caps(16)).unwrap().is_some());
    let error = |count| RpcError::TooManyCapabilities { count };
    server_aborts(&mut server(), with_caps(17), &error(17));
    server_aborts(&mut server(), with_caps(500), &error(500));
    let results = answer(1, |answer| {
        answer.init_results().init_cap_table(17);
    });
    client_aborts(&mut client(), results, &error(17));
}

#[test]
fn c17_a_peer_that_never_reads_fills_the_engine_and_then_loses_the_channel() {
    let mut server = server();
    let refused = |id| {
        foreign_call(id, |call| {
            promised(call.init_target(), 99);
        })
    };
    for id in 0..2 * MAX_OUTBOX {
        assert_eq!(server.is_full(), id >= MAX_OUTBOX);
        server
            .handle(refused(u32::try_from(id).unwrap() + 1))
            .unwrap();
    }
    assert_eq!(
        server.handle(refused(1)).unwrap_err(),
        RpcError::TooManyReplies
    );
    assert!(server.poll_outgoing().is_some());
    assert!(server.poll_outgoing().is_none(), "the queue is gone");
}

#[test]
fn c18_the_fifth_unfinished_bootstrap_aborts() {
    let mut server = Server::new();
    for id in 0..4 {
        server.handle(bootstrap(id)).unwrap();
    }
    server.handle(finish(2, true)).unwrap();
    server.handle(bootstrap(2)).unwrap();
    server_aborts(&mut server, bootstrap(4), &RpcError::TooManyBootstraps);
}

#[test]
fn c19_messages_of_higher_levels_are_sent_back_eight_times() {
    let resolve = || {
        build(|message| {
            let mut resolve = message.init_resolve();
            resolve.set_promise_id(3);
            resolve.init_cap().set_sender_hosted(0);
        })
    };
    let mut server = server();
    let mut client = client();
    for _ in 0..8 {
        server.handle(resolve()).unwrap();
        assert_unimplemented(&server.poll_outgoing().unwrap());
        client.handle(resolve()).unwrap();
        assert_unimplemented(&client.poll_outgoing().unwrap());
    }
    server_aborts(&mut server, resolve(), &RpcError::TooManyUnimplemented);
    client_aborts(&mut client, resolve(), &RpcError::TooManyUnimplemented);
}

#[track_caller]
fn assert_unimplemented(out: &Outgoing) {
    let message = rpc_support::foreign(out);
    let root: message::Reader<'_> = message.get_root().unwrap();
    assert!(matches!(root.which(), Ok(message::Unimplemented(Ok(_)))));
}

#[test]
fn c19_disembargoes_that_loop_back_abort_and_others_are_not_implemented() {
    let disembargo = |fill: fn(capnp_rpc::rpc_capnp::disembargo::context::Builder<'_>)| {
        build(move |message| fill(message.init_disembargo().init_context()))
    };
    for loopback in [
        disembargo(|mut context| context.set_sender_loopback(5)),
        disembargo(|mut context| context.set_receiver_loopback(5)),
    ] {
        let error = RpcError::UnexpectedDisembargo;
        server_aborts(&mut server(), loopback.clone(), &error);
        client_aborts(&mut client(), loopback, &error);
    }
    for other in [
        disembargo(|mut context| context.set_accept(())),
        disembargo(|mut context| context.set_provide(5)),
        build(|message| message.init_provide().set_question_id(1)),
        build(|message| message.init_accept().set_question_id(1)),
        build(|message| message.init_join().set_question_id(1)),
        build(|message| {
            message.init_obsolete_save();
        }),
        // A tag that no version of rpc.capnp has.
        words(&[STRUCT_1_1, 0x1234, 0]),
    ] {
        let mut server = server();
        server.handle(other.clone()).unwrap();
        assert_unimplemented(&server.poll_outgoing().unwrap());
        let mut client = client();
        assert!(client.handle(other).unwrap().is_none());
        assert_unimplemented(&client.poll_outgoing().unwrap());
    }
}

#[test]
fn c20_texts_that_are_none_fail_where_they_are_read() {
    // Exception with a reason that is not UTF-8.
    let message = answer(1, |answer| {
        answer.init_exception().set_reason("abc");
    });
    let mut bytes = message.into_bytes().to_vec();
    let at = bytes
        .windows(3)
        .position(|window| window == b"abc")
        .unwrap();
    bytes[at + 1] = 0xff;
    let completion = client()
        .handle(rpc_support::parse(bytes.clone()))
        .unwrap()
        .unwrap();
    assert_eq!(completion.outcome.unwrap_err().decode().2, "a\u{fffd}c");
    // Without the NUL at its end.
    bytes[at + 3] = b'x';
    let error = client().handle(rpc_support::parse(bytes)).unwrap_err();
    assert!(matches!(error, RpcError::Malformed { .. }), "{error:?}");
    // Long ones are cut.
    let long = "ü".repeat(100_000);
    let message = answer(1, |answer| answer.init_exception().set_reason(&long));
    let error = client()
        .handle(message)
        .unwrap()
        .unwrap()
        .outcome
        .unwrap_err();
    assert_eq!(error.decode().2.len(), 4_096);
}

#[test]
fn c21_unknown_types_and_targets_fail_alone() {
    let unknown_type = answer(1, |answer| {
        answer.init_exception().set_reason("x");
    });
    let mut bytes = unknown_type.into_bytes().to_vec();
    // Type of Exception: segment table, root, Message, Return, then bits 32 to 48.
    bytes[8 + 8 + 16 + 24 + 4] = 200;
    let completion = client().handle(rpc_support::parse(bytes)).unwrap().unwrap();
    assert_eq!(
        completion.outcome.unwrap_err(),
        RemoteError::Exception {
            kind: dsoftbus_proto::message::ExceptionKind::Failed,
            reason: "x".into()
        }
    );

    let target = words(&[
        STRUCT_1_1,
        2,
        (3 << 32) | (3 << 48),
        7,
        0,
        0,
        (2 << 2) | STRUCT_1_1,
        0,
        0,
        99 << 32,
        0,
    ]);
    call_fails_alone(&mut server(), target, 7, exception::Type::Unimplemented);
}

#[test]
fn c23_calls_on_what_is_no_service_fail_alone() {
    let on = |question, fill: fn(promised_answer::Builder<'_>)| {
        foreign_call(50, move |call| fill(promised(call.init_target(), question)))
    };
    // Of an unknown question, of one that was answered, with a path into the service, with ten thousand operations.
    for message in [
        on(49, |_| ()),
        on(0, |answer| {
            answer.init_transform(1).get(0).set_get_pointer_field(0)
        }),
        on(0, |answer| {
            answer.init_transform(10_000);
        }),
    ] {
        call_fails_alone(&mut server(), message, 50, exception::Type::Failed);
    }
    let mut server = server();
    server.handle(foreign_call(49, |_| ())).unwrap();
    assert!(server.handle(on(49, |_| ())).unwrap().is_none());
    assert_eq!(read_exception(&server.poll_outgoing().unwrap()).0, 50);

    // The client has nothing to call either.
    let mut client = client();
    assert!(client.handle(on(0, |_| ())).unwrap().is_none());
    assert_eq!(read_exception(&client.poll_outgoing().unwrap()).0, 50);
    assert!(client.handle(bootstrap(51)).unwrap().is_none());
    assert_eq!(read_exception(&client.poll_outgoing().unwrap()).0, 51);
    assert!(client.handle(finish(51, true)).unwrap().is_none());
}

#[test]
fn results_can_only_go_to_the_caller() {
    for message in [
        foreign_call(7, |call| {
            call.init_send_results_to().set_yourself(());
        }),
        foreign_call(7, |call| {
            call.init_send_results_to().init_third_party();
        }),
    ] {
        call_fails_alone(&mut server(), message, 7, exception::Type::Unimplemented);
    }
}

#[test]
fn a_message_that_comes_back_unimplemented_ends_its_call_or_the_channel() {
    let back =
        |fill: fn(message::Builder<'_>)| build(move |message| fill(message.init_unimplemented()));
    let mut client1 = client();
    let completion = client1
        .handle(back(|message| message.init_call().set_question_id(1)))
        .unwrap()
        .unwrap();
    assert_eq!(completion.outcome.unwrap_err(), RemoteError::Unimplemented);
    client_aborts(
        &mut client1,
        back(|message| message.init_call().set_question_id(1)),
        &RpcError::UnknownQuestion { question: 1 },
    );

    let (mut client2, _) = Client::new();
    client2.begin(&mut Outgoing::call(1, 2, 0)).unwrap();
    let completion = client2
        .handle(back(|message| message.init_bootstrap().set_question_id(0)))
        .unwrap()
        .unwrap();
    assert_eq!(completion.outcome.unwrap_err(), RemoteError::NoService);

    let finish = || back(|message| message.init_finish().set_question_id(1));
    client_aborts(&mut client(), finish(), &RpcError::NotImplemented);
    server_aborts(&mut server(), finish(), &RpcError::NotImplemented);
}

#[test]
fn an_abort_is_not_answered() {
    let abort = build(|message| message.init_abort().set_reason("had enough"));
    let mut server = server();
    let error = RpcError::Aborted {
        kind: dsoftbus_proto::message::ExceptionKind::Failed,
        reason: "had enough".into(),
    };
    assert_eq!(server.handle(abort.clone()).unwrap_err(), error);
    assert!(server.poll_outgoing().is_none());
    assert_eq!(client().handle(abort).unwrap_err(), error);
}

/// One valid message of every sort, in every layout.
fn samples() -> Vec<Vec<u8>> {
    let mut samples = Vec::new();
    for layout in LAYOUTS {
        let fills: [fn(message::Builder<'_>); 9] = [
            |message| message.init_bootstrap().set_question_id(1),
            |message| {
                let mut call = message.init_call();
                call.set_question_id(2);
                promised(call.reborrow().init_target(), 0).init_transform(2);
                let mut params = call.init_params();
                params.reborrow().init_cap_table(2);
                params
                    .init_content()
                    .init_as::<exception::Builder<'_>>()
                    .set_reason("some text");
            },
            |message| {
                let mut answer = message.init_return();
                answer.set_answer_id(1);
                let mut results = answer.init_results();
                results
                    .reborrow()
                    .init_cap_table(1)
                    .get(0)
                    .set_sender_hosted(4);
                results
                    .init_content()
                    .init_as::<call::Builder<'_>>()
                    .init_target();
            },
            |message| {
                let mut answer = message.init_return();
                answer.set_answer_id(1);
                answer
                    .init_exception()
                    .set_reason("remote exception: dsb:not_found: x");
            },
            |message| message.init_finish().set_question_id(0),
            |message| message.init_release().set_reference_count(1),
            |message| {
                message
                    .init_resolve()
                    .init_cap()
                    .init_receiver_answer()
                    .init_transform(3);
            },
            |message| message.init_unimplemented().init_call().set_question_id(1),
            |message| message.init_abort().set_reason("x"),
        ];
        for fill in fills {
            samples.push(build_as(layout, fill).into_bytes().to_vec());
        }
    }
    samples
}

/// Lets both engines read a message, and the content be read.
fn read_everywhere(bytes: Vec<u8>) {
    let Ok(message) = Message::parse(Bytes::from(bytes)) else {
        return;
    };
    let read = |incoming: &dsoftbus_proto::message::Incoming| {
        let reader = incoming.reader();
        if let Ok(content) = reader.content::<exception::Reader<'_>>() {
            let _ = content.get_reason().map(|text| text.to_string());
        }
    };
    let mut server = server();
    if let Ok(Some(Inbound::Call { answer, params, .. })) = server.handle(message.clone()) {
        read(&params);
        assert!(server.reply(answer, Outgoing::results(0)).is_some());
    }
    while let Some(out) = server.poll_outgoing() {
        out.into_message().unwrap();
    }
    let mut client = client();
    if let Ok(Some(completion)) = client.handle(message) {
        let _ = completion.outcome.as_ref().map(read);
    }
    while let Some(out) = client.poll_outgoing() {
        out.into_message().unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_words_are_handled_without_panic(segment in prop::collection::vec(any::<u64>(), 0..24)) {
        let mut bytes = table(&[0, u32::try_from(segment.len()).unwrap()]).to_vec();
        bytes.extend(segment.iter().flat_map(|word| word.to_le_bytes()));
        read_everywhere(bytes);
    }

    #[test]
    fn any_bytes_are_handled_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        read_everywhere(bytes);
    }

    #[test]
    fn valid_messages_with_changed_bytes_are_handled_without_panic(
        sample in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let samples = samples();
        let mut bytes = sample.get(&samples).clone();
        for (index, value) in changes {
            let at = index.index(bytes.len());
            bytes[at] = value;
        }
        read_everywhere(bytes);
    }
}
