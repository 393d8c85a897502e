//! Our encoding of `rpc.capnp` against the generated code of `capnp-rpc`, field by field and in both directions.
#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests are not marked as tests"
)]

mod rpc_support;

use capnp::message::ReaderSegments;
use capnp::primitive_list;
use capnp::private::layout::{PointerBuilder, StructSize};
use capnp_rpc::rpc_capnp::{
    call, cap_descriptor, exception, message, message_target, promised_answer, return_,
};
use dsoftbus_proto::message::{
    CallTarget, Envelope, ExceptionKind, Incoming, IncomingReader, MAX_MESSAGE, Message,
    MessageError, Outgoing,
};
use dsoftbus_proto::rpc::level0::{Client, Completion, Inbound, Server};
use rpc_support::{
    LAYOUTS, bootstrap, build_as, bytes, bytes_in_steps, foreign, read_exception, read_return,
};

const KINDS: [(ExceptionKind, exception::Type); 4] = [
    (ExceptionKind::Failed, exception::Type::Failed),
    (ExceptionKind::Overloaded, exception::Type::Overloaded),
    (ExceptionKind::Disconnected, exception::Type::Disconnected),
    (ExceptionKind::Unimplemented, exception::Type::Unimplemented),
];

fn root<'a>(message: &'a capnp::message::Reader<impl ReaderSegments>) -> message::WhichReader<'a> {
    message
        .get_root::<message::Reader<'_>>()
        .unwrap()
        .which()
        .unwrap()
}

#[test]
fn a_call_is_read_by_others_field_by_field() {
    let mut out = Outgoing::call(0x0123_4567_89ab_cdef, 0xfedc, 2);
    out.content::<primitive_list::Builder<'_, u64>>();
    out.set_id(0xdead_beef);
    let message = foreign(&out);
    let message::Call(call) = root(&message) else {
        panic!("not a call")
    };
    let call = call.unwrap();
    assert_eq!(call.get_question_id(), 0xdead_beef);
    assert_eq!(call.get_interface_id(), 0x0123_4567_89ab_cdef);
    assert_eq!(call.get_method_id(), 0xfedc);
    assert!(!call.get_allow_third_party_tail_call());
    assert!(matches!(
        call.get_send_results_to().which(),
        Ok(call::send_results_to::Caller(()))
    ));
    let Ok(message_target::PromisedAnswer(answer)) = call.get_target().unwrap().which() else {
        panic!("not a promised answer")
    };
    let answer = answer.unwrap();
    assert_eq!(answer.get_question_id(), 0);
    assert_eq!(answer.get_transform().unwrap().len(), 0);
    let params = call.get_params().unwrap();
    assert!(!params.has_cap_table());
    assert_eq!(
        params
            .get_content()
            .get_as::<primitive_list::Reader<'_, u64>>()
            .unwrap()
            .len(),
        0
    );
}

#[test]
fn a_call_of_an_export_is_read_by_others_field_by_field() {
    let mut out = Outgoing::call(1, 2, 2);
    out.content::<primitive_list::Builder<'_, u64>>();
    out.set_id(0xdead_beef);
    out.set_target(
        CallTarget::Export(0xfeed_0001),
        0x0123_4567_89ab_cdef,
        0xfedc,
    );
    let message = foreign(&out);
    let message::Call(call) = root(&message) else {
        panic!("not a call")
    };
    let call = call.unwrap();
    assert_eq!(call.get_question_id(), 0xdead_beef);
    assert_eq!(call.get_interface_id(), 0x0123_4567_89ab_cdef);
    assert_eq!(call.get_method_id(), 0xfedc);
    assert!(matches!(
        call.get_send_results_to().which(),
        Ok(call::send_results_to::Caller(()))
    ));
    assert!(matches!(
        call.get_target().unwrap().which(),
        Ok(message_target::ImportedCap(0xfeed_0001))
    ));
    let params = call.get_params().unwrap();
    assert!(!params.has_cap_table());
    let content = params.get_content();
    let content = content.get_as::<primitive_list::Reader<'_, u64>>().unwrap();
    assert_eq!(content.len(), 0);
    let known = Envelope::Call {
        question: 0xdead_beef,
        target: CallTarget::Export(0xfeed_0001),
        interface_id: 0x0123_4567_89ab_cdef,
        method_id: 0xfedc,
    };
    assert_eq!(out.into_message().unwrap().envelope(), Some(known));
}

#[test]
fn only_calls_and_results_are_plain() {
    let plain = |mut out: Outgoing| {
        out.set_id(7);
        out.into_message().unwrap().envelope()
    };
    assert_eq!(
        plain(Outgoing::results(0)),
        Some(Envelope::Results { answer: 7 })
    );
    assert_eq!(
        plain(Outgoing::call(1, 2, 0)),
        Some(Envelope::Call {
            question: 7,
            target: CallTarget::Answer(0),
            interface_id: 1,
            method_id: 2
        })
    );
    assert_eq!(plain(Outgoing::finish(7)), None);
    assert_eq!(plain(Outgoing::canceled()), None);
}

/// Every sort of message that has content, with nothing in it.
fn with_content(hint: u32) -> [Outgoing; 3] {
    let mut export = Outgoing::call(1, 2, hint);
    export.set_target(CallTarget::Export(3), 1, 2);
    [Outgoing::call(1, 2, hint), export, Outgoing::results(hint)]
}

#[test]
fn returns_are_read_by_others_field_by_field() {
    let mut out = Outgoing::results(8);
    out.content::<call::Builder<'_>>().set_method_id(77);
    out.set_id(5);
    read_return(&out, |answer| {
        assert_eq!(answer.get_answer_id(), 5);
        assert!(answer.get_release_param_caps());
        let return_::Results(results) = answer.which().unwrap() else {
            panic!("not results")
        };
        let content = results.unwrap().get_content();
        assert_eq!(
            content
                .get_as::<call::Reader<'_>>()
                .unwrap()
                .get_method_id(),
            77
        );
    });

    let mut out = Outgoing::canceled();
    out.set_id(6);
    read_return(&out, |answer| {
        assert_eq!(answer.get_answer_id(), 6);
        assert!(matches!(answer.which(), Ok(return_::Canceled(()))));
    });

    for (kind, foreign) in KINDS {
        let mut out = Outgoing::exception(kind, "dsb:not_found: grüße");
        out.set_id(7);
        let (id, kind, reason) = read_exception(&out);
        assert_eq!((id, reason.as_str()), (7, "dsb:not_found: grüße"));
        assert!(kind == foreign);
    }
}

#[test]
fn no_finish_is_asked_for_but_after_bootstrap() {
    let mut server = Server::new();
    server.handle(bootstrap(9)).unwrap();
    let bootstrapped = server.poll_outgoing().unwrap();
    for (out, expected) in [
        (Outgoing::results(0), 1),
        (Outgoing::canceled(), 1),
        (Outgoing::exception(ExceptionKind::Failed, ""), 1),
        (bootstrapped, 0),
    ] {
        // Bit 33 of Return is newer than the schema of capnp-rpc: segment table, root, Message, Return.
        let bytes = bytes(&out);
        assert_eq!((bytes[8 + 8 + 16 + 4] >> 1) & 1, expected, "{out:?}");
    }
}

#[test]
fn the_answer_of_bootstrap_is_a_capability_for_others() {
    let mut server = Server::new();
    server.handle(bootstrap(0x0102_0304)).unwrap();
    let out = server.poll_outgoing().unwrap();
    read_return(&out, |answer| {
        assert_eq!(answer.get_answer_id(), 0x0102_0304);
        assert!(answer.get_release_param_caps());
        let return_::Results(results) = answer.which().unwrap() else {
            panic!("not results")
        };
        let results = results.unwrap();
        let caps = results.get_cap_table().unwrap();
        assert_eq!(caps.len(), 1);
        assert_eq!(caps.get(0).get_attached_fd(), 0xff);
        assert!(matches!(
            caps.get(0).which(),
            Ok(cap_descriptor::SenderHosted(0))
        ));
        assert_eq!(results.get_content().target_size().unwrap().cap_count, 1);
    });
}

#[test]
fn the_small_messages_are_read_by_others() {
    let message = foreign(&Outgoing::bootstrap());
    let message::Bootstrap(bootstrap) = root(&message) else {
        panic!("not a bootstrap")
    };
    assert_eq!(bootstrap.unwrap().get_question_id(), 0);

    let message = foreign(&Outgoing::finish(3));
    let message::Finish(finish) = root(&message) else {
        panic!("not a finish")
    };
    let finish = finish.unwrap();
    assert_eq!(finish.get_question_id(), 3);
    assert!(finish.get_release_result_caps());

    let message = foreign(&Outgoing::release(4, 5));
    let message::Release(release) = root(&message) else {
        panic!("not a release")
    };
    let release = release.unwrap();
    assert_eq!((release.get_id(), release.get_reference_count()), (4, 5));

    for (kind, foreign_kind) in KINDS {
        let message = foreign(&Outgoing::abort(kind, "why"));
        let message::Abort(abort) = root(&message) else {
            panic!("not an abort")
        };
        let abort = abort.unwrap();
        assert_eq!(abort.get_reason().unwrap(), "why");
        assert!(abort.get_type().unwrap() == foreign_kind);
    }

    let echo = rpc_support::build(|message| message.init_accept().set_question_id(11));
    let message = foreign(&Outgoing::unimplemented(&echo).unwrap());
    let message::Unimplemented(inner) = root(&message) else {
        panic!("not unimplemented")
    };
    let Ok(message::Accept(accept)) = inner.unwrap().which() else {
        panic!("not an accept")
    };
    assert_eq!(accept.unwrap().get_question_id(), 11);
}

#[test]
fn calls_of_others_are_read_in_every_layout() {
    for layout in LAYOUTS {
        let mut server = Server::new();
        server.handle(bootstrap(0)).unwrap();
        let message = build_as(layout, |message| {
            let mut call = message.init_call();
            // Params before the target, and no-op transforms: legal, if odd.
            let mut params = call.reborrow().init_params();
            params
                .reborrow()
                .init_cap_table(2)
                .get(1)
                .set_sender_hosted(1);
            let mut content = params.init_content().init_as::<call::Builder<'_>>();
            content.set_method_id(4);
            content.init_target().set_imported_cap(99);
            call.set_method_id(0xfedc);
            call.set_interface_id(0x0123_4567_89ab_cdef);
            call.set_question_id(1_000_000);
            let mut answer = rpc_support::promised(call.init_target(), 0);
            answer.reborrow().init_transform(3).get(1).set_noop(());
        });
        let Ok(Some(Inbound::Call {
            interface_id,
            method_id,
            params,
            ..
        })) = server.handle(message)
        else {
            panic!("{layout:?}: not a call")
        };
        assert_eq!(
            (interface_id, method_id),
            (0x0123_4567_89ab_cdef, 0xfedc),
            "{layout:?}"
        );
        let reader = params.reader();
        let content: call::Reader<'_> = reader.content().unwrap();
        assert_eq!(content.get_method_id(), 4);
        assert!(matches!(
            content.get_target().unwrap().which(),
            Ok(message_target::ImportedCap(99))
        ));
    }
}

#[test]
fn returns_of_others_are_read_in_every_layout() {
    for layout in LAYOUTS {
        for (kind, foreign) in KINDS {
            let (mut client, _) = Client::new();
            let mut call = Outgoing::call(1, 2, 0);
            let question = client.begin(&mut call).unwrap();
            let message = build_as(layout, |message| {
                let mut answer = message.init_return();
                answer.set_answer_id(1);
                let mut exception = answer.init_exception();
                exception.set_reason("remote exception: no");
                exception.set_type(foreign);
            });
            let Completion {
                question: ended,
                outcome,
            } = client.handle(message).unwrap().unwrap();
            assert_eq!(ended, question);
            let error = outcome.unwrap_err();
            assert_eq!(error.kind(), kind);
            assert_eq!(error.decode().2, "no");
        }

        let (mut client, _) = Client::new();
        client.begin(&mut Outgoing::call(1, 2, 0)).unwrap();
        let message = build_as(layout, |message| {
            let mut answer = message.init_return();
            answer.set_answer_id(1);
            answer
                .init_results()
                .init_content()
                .init_as::<promised_answer::Builder<'_>>()
                .set_question_id(12);
        });
        let incoming = client.handle(message).unwrap().unwrap().outcome.unwrap();
        let reader = incoming.reader();
        let content: promised_answer::Reader<'_> = reader.content().unwrap();
        assert_eq!(content.get_question_id(), 12);
    }
}

/// A struct without fields.
struct Empty;

impl<'a> capnp::traits::FromPointerBuilder<'a> for Empty {
    fn init_pointer(builder: PointerBuilder<'a>, _: u32) -> Self {
        builder.init_struct(StructSize {
            data: 0,
            pointers: 0,
        });
        Self
    }

    fn get_from_pointer(
        _: PointerBuilder<'a>,
        _: Option<&'a [capnp::Word]>,
    ) -> capnp::Result<Self> {
        Ok(Self)
    }
}

/// Reads the content of a message as somebody else does, and as the receiver that knows our layout.
fn read_content(out: Outgoing, read: impl Fn(capnp::any_pointer::Reader<'_>)) {
    let message = foreign(&out);
    let results = match root(&message) {
        message::Call(call) => call.unwrap().get_params(),
        message::Return(answer) => match answer.unwrap().which().unwrap() {
            return_::Results(results) => results,
            _ => panic!("no results"),
        },
        _ => panic!("neither call nor results"),
    };
    read(results.unwrap().get_content());
    let is_call = matches!(root(&message), message::Call(_));
    let message = out.into_message().unwrap();
    let incoming = match is_call {
        true => Incoming::params(message),
        false => Incoming::results(message),
    };
    read(incoming.reader().content().unwrap());
}

#[test]
fn content_of_any_sort_is_read_by_others_whatever_its_hint_was() {
    const TEXT: &str = "longer than the segment that small hints leave";
    for hint in 0..40 {
        for out in with_content(hint) {
            read_content(out, |content| assert!(content.is_null()));
        }
        for mut out in with_content(hint) {
            let mut content = out.content::<exception::Builder<'_>>();
            content.set_reason(TEXT);
            content.set_trace(TEXT);
            content.set_type(exception::Type::Overloaded);
            read_content(out, |content| {
                let content: exception::Reader<'_> = content.get_as().unwrap();
                assert_eq!(content.get_reason().unwrap(), TEXT);
                assert_eq!(content.get_trace().unwrap(), TEXT);
                assert!(content.get_type() == Ok(exception::Type::Overloaded));
            });
        }
        // A list as content, in which pointers lead on.
        for mut out in with_content(hint) {
            let mut content = out
                .content::<capnp::any_pointer::Builder<'_>>()
                .initn_as::<capnp::text_list::Builder<'_>>(3);
            for place in 0..3 {
                content.set(place, TEXT);
            }
            read_content(out, |content| {
                let content: capnp::text_list::Reader<'_> = content.get_as().unwrap();
                assert_eq!(content.len(), 3);
                assert!(content.iter().all(|text| text.unwrap() == TEXT));
            });
        }
        // What was built and given up is not there, whatever segments it has left behind.
        for mut out in with_content(hint) {
            let mut content = out.content::<capnp::any_pointer::Builder<'_>>();
            content.set_as(TEXT).unwrap();
            content.clear();
            read_content(out, |content| assert!(content.is_null()));
        }
        // A struct without fields takes no words at all.
        for mut out in with_content(hint) {
            out.content::<Empty>();
            read_content(out, |content| {
                assert!(!content.is_null());
                let content: exception::Reader<'_> = content.get_as().unwrap();
                assert!(!content.has_reason());
            });
        }
    }
}

#[test]
fn a_message_that_fits_its_hint_has_exactly_one_segment() {
    let mut call = Outgoing::call(1, 2, 4);
    // Struct of one word and one pointer with a text of seven bytes: three words.
    let mut content = call.content::<exception::Builder<'_>>();
    content.set_reason("seven b");
    assert_eq!(call.into_message().unwrap().segments().len(), 1);

    let mut results = Outgoing::results(4);
    results
        .content::<exception::Builder<'_>>()
        .set_reason("seven b");
    assert_eq!(results.into_message().unwrap().segments().len(), 1);

    let reason = "x".repeat(5_000);
    for out in [
        Outgoing::exception(ExceptionKind::Failed, &reason),
        Outgoing::abort(ExceptionKind::Failed, &reason),
        Outgoing::exception(ExceptionKind::Failed, ""),
        Outgoing::finish(1),
        Outgoing::bootstrap(),
        Outgoing::canceled(),
        Outgoing::release(1, 1),
    ] {
        assert_eq!(out.into_message().unwrap().segments().len(), 1);
    }
}

#[test]
fn a_message_can_be_copied_out_in_pieces_of_any_size() {
    for words in [0, 64] {
        // Without a hint the content needs further segments.
        let mut out = Outgoing::call(1, 2, words);
        out.content::<exception::Builder<'_>>().set_reason(
            "a text that is longer than the segment that the hint of zero words left for it",
        );
        let whole = bytes(&out);
        for step in [1, 3, 8, 13, 64] {
            assert_eq!(bytes_in_steps(&out, step), whole);
        }
        let mut tail = vec![7];
        assert_eq!(out.copy_range(whole.len() - 2, 100, &mut tail), 2);
        assert_eq!(tail[1..], whole[whole.len() - 2..]);
        assert_eq!(out.copy_range(whole.len(), 100, &mut tail), 0);
        assert_eq!(out.copy_range(usize::MAX, 100, &mut tail), 0);
        let message = out.into_message().unwrap();
        assert_eq!(message.as_bytes()[..], whole);
    }
}

#[test]
fn a_local_call_reads_what_was_built() {
    for words in [0, 64] {
        let mut out = Outgoing::call(1, 2, words);
        out.content::<exception::Builder<'_>>().set_reason(
            "a text that is longer than the segment that the hint of zero words left for it",
        );
        let incoming = Incoming::from(out);
        let reader = incoming.reader();
        let content: exception::Reader<'_> = reader.content().unwrap();
        assert!(
            content
                .get_reason()
                .unwrap()
                .to_str()
                .unwrap()
                .starts_with("a text")
        );
    }
    // A method without parameters may leave the content out.
    let incoming = Incoming::from(Outgoing::call(1, 2, 0));
    let reader = incoming.reader();
    let content: exception::Reader<'_> = reader.content().unwrap();
    assert_eq!(content.get_reason().unwrap(), "");
}

#[test]
fn a_message_above_the_limit_is_not_made() {
    let mut out = Outgoing::results(131_072);
    out.content::<exception::Builder<'_>>()
        .set_reason("x".repeat(MAX_MESSAGE).as_str());
    let bytes = out.len_bytes();
    assert_eq!(
        out.into_message().unwrap_err(),
        MessageError::TooLong { bytes }
    );
}

#[test]
fn a_misaligned_message_is_copied_and_an_aligned_one_is_not() {
    let aligned = Outgoing::finish(1).into_message().unwrap().into_bytes();
    let address = aligned.as_ptr();
    let message = Message::parse(aligned.clone()).unwrap();
    assert_eq!(message.as_bytes().as_ptr(), address);

    for shift in 1..8 {
        let mut shifted = vec![0; shift];
        shifted.extend_from_slice(&aligned);
        let message = Message::parse(bytes::Bytes::from(shifted).slice(shift..)).unwrap();
        assert_eq!(message.as_bytes(), &aligned);
        let reader = message.reader();
        assert!(matches!(root(&reader), message::Finish(Ok(_))));
    }
}

#[test]
fn what_a_handler_holds_across_an_await_is_send() {
    fn assert_send<T: Send>(_: T) {}
    fn assert_send_sync<T: Send + Sync>() {}
    assert_send_sync::<Incoming>();
    assert_send_sync::<Outgoing>();
    assert_send_sync::<Message>();
    assert_send_sync::<Client>();
    assert_send_sync::<Server>();
    fn is_send<T: Send>() {}
    is_send::<IncomingReader<'_>>();
    assert_send(async {
        let incoming = Incoming::from(Outgoing::call(1, 2, 0));
        let reader = incoming.reader();
        let name: &str = {
            let content: exception::Reader<'_> = reader.content().unwrap();
            content.get_reason().unwrap().to_str().unwrap()
        };
        std::future::ready(()).await;
        assert_eq!(name, "");
    });
}
