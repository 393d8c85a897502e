//! Our client against our server, message by message.
#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests are not marked as tests"
)]

mod rpc_support;

use capnp_rpc::rpc_capnp::{exception, message, return_};
use dsoftbus_proto::message::{ExceptionKind, Message, Outgoing};
use dsoftbus_proto::rpc::level0::{
    AnswerId, BeginError, Client, Completion, Inbound, QuestionId, RemoteError, Server,
};
use dsoftbus_proto::rpc::reason::{self, Code};
use rpc_support::{answer, foreign, read_return, service};

/// A client and a server with the Bootstrap delivered.
struct Pair {
    client: Client,
    server: Server,
}

impl Pair {
    fn new() -> Self {
        let (client, bootstrap) = Client::new();
        let mut pair = Self {
            client,
            server: Server::new(),
        };
        assert!(pair.deliver(bootstrap).is_none());
        pair
    }

    fn deliver(&mut self, out: Outgoing) -> Option<Inbound> {
        self.server.handle(out.into_message().unwrap()).unwrap()
    }

    fn give_back(&mut self, out: Outgoing) -> Option<Completion> {
        self.client.handle(out.into_message().unwrap()).unwrap()
    }

    fn call(&mut self, text: &str) -> (QuestionId, AnswerId) {
        let mut out = call(text);
        let question = self.client.begin(&mut out).unwrap();
        let Some(Inbound::Call { answer, params, .. }) = self.deliver(out) else {
            panic!("not a call")
        };
        let reader = params.reader();
        let content: exception::Reader<'_> = reader.content().unwrap();
        assert_eq!(content.get_reason().unwrap(), text);
        (question, answer)
    }

    /// Delivers what the engines have to say themselves.
    fn settle(&mut self) -> usize {
        let mut delivered = 0;
        loop {
            if let Some(out) = self.server.poll_outgoing() {
                assert!(self.give_back(out).is_none());
            } else if let Some(out) = self.client.poll_outgoing() {
                assert!(self.deliver(out).is_none());
            } else {
                return delivered;
            }
            delivered += 1;
        }
    }
}

fn call(text: &str) -> Outgoing {
    let mut out = Outgoing::call(0xfeed, 3, 8);
    out.content::<exception::Builder<'_>>().set_reason(text);
    out
}

fn results(text: &str) -> Outgoing {
    let mut out = Outgoing::results(8);
    out.content::<exception::Builder<'_>>().set_reason(text);
    out
}

fn text(completion: Completion) -> String {
    let incoming = completion.outcome.unwrap();
    let reader = incoming.reader();
    let content: exception::Reader<'_> = reader.content().unwrap();
    content.get_reason().unwrap().to_string().unwrap()
}

#[test]
fn a_call_needs_no_round_trip_before_it_and_one_message_each_way() {
    let mut pair = Pair::new();
    // The answer of Bootstrap is not delivered yet.
    let (question, answer) = pair.call("hello");
    let reply = pair.server.reply(answer, results("world")).unwrap();
    let completion = pair.give_back(reply).unwrap();
    assert_eq!(completion.question, question);
    assert_eq!(text(completion), "world");
    assert_eq!(pair.settle(), 1, "the answer of Bootstrap and no Finish");
    assert_eq!(pair.client.outstanding(), 0);
    assert_eq!(pair.server.in_flight(), 0);
}

#[test]
fn answers_may_come_in_any_order_and_ids_are_reused() {
    let mut pair = Pair::new();
    pair.settle();
    let mut indices = Vec::new();
    for round in 0..3 {
        let calls: Vec<_> = (0..10).map(|n| (n, pair.call(&format!("{n}")))).collect();
        assert_eq!(pair.client.outstanding(), 10);
        assert_eq!(pair.server.in_flight(), 10);
        for (n, (question, answer)) in calls.into_iter().rev() {
            let reply = pair
                .server
                .reply(answer, results(&format!("{n}!")))
                .unwrap();
            let completion = pair.give_back(reply).unwrap();
            assert_eq!(completion.question, question, "round {round}");
            assert_eq!(text(completion), format!("{n}!"));
            indices.push(question.index());
        }
    }
    assert_eq!(indices.iter().max(), Some(&10), "the table stays dense");
}

#[test]
fn an_exception_carries_code_enumerant_and_message() {
    let mut pair = Pair::new();
    let (_, answer) = pair.call("");
    let code = Code::ResourceExhausted;
    let reason = reason::encode(code, Some("diskFull"), "no: space");
    let out = Outgoing::exception(code.exception_kind(), &reason);
    let reply = pair.server.reply(answer, out).unwrap();
    let error = pair.give_back(reply).unwrap().outcome.unwrap_err();
    assert_eq!(error.kind(), ExceptionKind::Overloaded);
    assert_eq!(error.decode(), (code, Some("diskFull"), "no: space"));
}

#[test]
fn a_cancelled_call_frees_its_slot_only_after_return() {
    let mut pair = Pair::new();
    pair.settle();
    let (question, answer) = pair.call("slow");
    let finish = pair.client.cancel(question).unwrap();
    assert_eq!(pair.client.outstanding(), 0);
    assert!(pair.client.cancel(question).is_none());
    let Some(Inbound::Cancel { answer: cancelled }) = pair.deliver(finish) else {
        panic!("not a cancel")
    };
    assert_eq!(cancelled, answer);
    assert_eq!(pair.server.in_flight(), 1, "the handler may still run");

    // The ID is not used again while the Return is due.
    let (other, _) = pair.call("other");
    assert_ne!(other.index(), question.index());

    let reply = pair.server.reply(answer, results("too late")).unwrap();
    read_return(&reply, |answer| {
        assert!(matches!(answer.which(), Ok(return_::Canceled(()))));
    });
    assert!(pair.give_back(reply).is_none());
    let (third, _) = pair.call("third");
    assert_eq!(third.index(), question.index());
    assert!(
        pair.client.cancel(question).is_none(),
        "an old handle does not cancel the call that reuses its ID"
    );
}

#[test]
fn a_finish_that_crosses_the_return_is_ignored() {
    let mut pair = Pair::new();
    pair.settle();
    let (question, answer) = pair.call("x");
    let reply = pair.server.reply(answer, results("y")).unwrap();
    let finish = pair.client.cancel(question).unwrap();
    assert!(pair.deliver(finish).is_none());
    assert!(pair.give_back(reply).is_none());
    assert_eq!(pair.settle(), 0);
    pair.call("next");
}

#[test]
fn a_second_reply_never_reaches_a_later_call() {
    let mut pair = Pair::new();
    pair.settle();
    let (_, first) = pair.call("first");
    let reply = pair.server.reply(first, results("")).unwrap();
    pair.give_back(reply);
    let (_, second) = pair.call("second");
    assert!(pair.server.reply(first, results("")).is_none());
    assert!(pair.server.reply(second, results("")).is_some());
}

#[test]
fn results_that_do_not_fit_fail_their_call_alone() {
    let mut pair = Pair::new();
    let (_, answer) = pair.call("");
    let reply = pair
        .server
        .reply(answer, results(&"x".repeat(1 << 20)))
        .unwrap();
    let error = pair.give_back(reply).unwrap().outcome.unwrap_err();
    assert_eq!(error.decode().0, Code::ResourceExhausted);

    let (_, answer) = pair.call("");
    let reply = pair.server.reply(answer, call("not a return")).unwrap();
    let error = pair.give_back(reply).unwrap().outcome.unwrap_err();
    assert_eq!(error.decode().0, Code::Internal);
}

#[test]
fn calls_that_cannot_be_sent_are_not_begun() {
    let (mut client, _) = Client::new();
    assert_eq!(
        client.begin(&mut Outgoing::results(0)),
        Err(BeginError::NotACall)
    );
    let mut large = call(&"x".repeat(1 << 20));
    let bytes = large.len_bytes();
    assert_eq!(
        client.begin(&mut large),
        Err(BeginError::TooLarge { bytes })
    );
    assert_eq!(client.outstanding(), 0);

    let question = client.begin(&mut call("never sent")).unwrap();
    client.retract(question);
    assert_eq!(client.outstanding(), 0);
    assert_eq!(
        client.begin(&mut call("x")).unwrap().index(),
        question.index()
    );
}

#[test]
fn a_refused_service_fails_all_calls_then_and_later() {
    let (mut client, _) = Client::new();
    let first = client.begin(&mut call("1")).unwrap();
    let second = client.begin(&mut call("2")).unwrap();
    let refusal = answer(0, |answer| {
        answer.init_exception().set_reason("closed on Sundays")
    });
    let error = RemoteError::Exception {
        kind: ExceptionKind::Failed,
        reason: "closed on Sundays".into(),
    };

    let completion = client.handle(refusal).unwrap().unwrap();
    assert_eq!(completion.question, first);
    assert_eq!(completion.outcome.unwrap_err(), error);
    let completion = client.poll_completion().unwrap();
    assert_eq!(completion.question, second);
    assert_eq!(completion.outcome.unwrap_err(), error);
    assert!(client.poll_completion().is_none());
    assert_eq!(client.outstanding(), 0);
    assert_eq!(
        client.begin(&mut call("3")),
        Err(BeginError::Refused(error))
    );

    // The Bootstrap is finished at once, each call when its Return arrives.
    assert_eq!(finished(client.poll_outgoing()), Some(0));
    assert_eq!(finished(client.poll_outgoing()), None);
    let failed = answer(1, |answer| answer.init_exception().set_reason("broken"));
    assert!(client.handle(failed).unwrap().is_none());
    assert_eq!(finished(client.poll_outgoing()), Some(1));
}

#[test]
fn a_peer_that_knows_no_no_finish_needed_gets_a_finish() {
    let (mut client, _) = Client::new();
    client.handle(service(0)).unwrap();
    assert_eq!(
        finished(client.poll_outgoing()),
        None,
        "Bootstrap stays open while the channel is"
    );
    client.begin(&mut call("x")).unwrap();
    let completion = client
        .handle(answer(1, |answer| {
            answer.init_results();
        }))
        .unwrap()
        .unwrap();
    assert!(completion.outcome.is_ok());
    assert_eq!(finished(client.poll_outgoing()), Some(1));
}

#[test]
fn capabilities_in_results_are_released() {
    let (mut client, _) = Client::new();
    // With a Finish, which releases them.
    client.begin(&mut call("x")).unwrap();
    client.handle(service(1)).unwrap().unwrap();
    let out = client.poll_outgoing().unwrap();
    let message = foreign(&out);
    let root: message::Reader<'_> = message.get_root().unwrap();
    let Ok(message::Finish(Ok(finish))) = root.which() else {
        panic!("not a finish")
    };
    assert!(finish.get_release_result_caps());
    assert!(client.poll_outgoing().is_none());

    // Without one, by a Release each.
    client.begin(&mut call("x")).unwrap();
    let mut bytes = service(1).into_bytes().to_vec();
    bytes[8 + 8 + 16 + 4] |= 2;
    client.handle(rpc_support::parse(bytes)).unwrap().unwrap();
    let out = client.poll_outgoing().unwrap();
    let message = foreign(&out);
    let root: message::Reader<'_> = message.get_root().unwrap();
    let Ok(message::Release(Ok(release))) = root.which() else {
        panic!("not a release")
    };
    assert_eq!((release.get_id(), release.get_reference_count()), (9, 1));
    assert!(client.poll_outgoing().is_none());
}

fn finished(out: Option<Outgoing>) -> Option<u32> {
    let message: Message = out?.into_message().unwrap();
    let reader = message.reader();
    let root: message::Reader<'_> = reader.get_root().unwrap();
    match root.which() {
        Ok(message::Finish(Ok(finish))) => Some(finish.get_question_id()),
        _ => panic!("not a finish"),
    }
}
