//! What a peer may not do on a level 1 channel, and what becomes of it: its channel ends, and nothing else.

use std::time::Duration;

use capnp_rpc::rpc_capnp::{cap_descriptor, exception, message, message_target, return_};
use dsoftbus::{
    __private::capnp::{
        capability::FromClientHook,
        message::{Builder, ReaderOptions},
        private::layout::CapTable,
        serialize,
        traits::ImbueMut as _,
    },
    CloseCode, Code, Node, Outgoing, Peer, Trust, testing,
};
use dsoftbus_proto::frame::{ChannelId, Frame, Mode};
use dsoftbus_tests::{
    TestHub,
    by_hand::Hand,
    caps::{CHANNEL, HUB, HubClient, THING},
    caps_capnp::hub,
    within,
};

/// Payload of a Data frame of these tests: a message of one frame, with room for its prefix.
const FRAME: usize = 60_000;

/// A node under attack, with an honest peer.
struct Target {
    service: TestHub,
    node: Node,
    hub: HubClient,
    _honest: testing::Pair,
}

impl Target {
    async fn new() -> Self {
        let service = TestHub::default();
        let node = Node::builder()
            .allow(Trust::anyone())
            .serve(service.clone());
        let honest = within(testing::pair(node)).await.unwrap();
        let hub = within(honest.peer.open()).await.unwrap();
        Self {
            service,
            node: honest.node.clone(),
            hub,
            _honest: honest,
        }
    }

    /// A session of an attacker with a channel whose service it has asked for.
    async fn attacker(&self) -> Attacker {
        let (mut hand, seen) = Hand::meet(&self.node).await;
        let channel = hand
            .open(0, CHANNEL, HUB.interface_id, Mode::Messages)
            .await;
        let mut attacker = Attacker {
            hand,
            seen,
            channel,
        };
        attacker
            .send(|message| message.init_bootstrap().set_question_id(0))
            .await;
        attacker
    }

    /// Has a peer say things on its channel, and checks that the channel alone is reset with `code`.
    async fn resets(&self, says: impl AsyncFnOnce(&mut Attacker), code: CloseCode) {
        let mut attacker = self.attacker().await;
        says(&mut attacker).await;
        assert_eq!(attacker.closed().await, code);
        attacker.lives_on().await;
        self.unharmed().await;
    }

    async fn unharmed(&self) {
        assert_eq!(within(self.hub.echo("alive")).await.unwrap(), "alive");
        self.service.running.reaches(0).await;
        self.service.things.reaches(0).await;
    }
}

struct Attacker {
    hand: Hand,
    seen: Peer,
    channel: ChannelId,
}

impl Attacker {
    async fn send(&mut self, fill: impl FnOnce(message::Builder<'_>)) {
        let mut message = Builder::new_default();
        fill(message.init_root());
        self.send_bytes(&serialize::write_message_to_words(&message))
            .await;
    }

    /// As [`send`](Self::send), with a table that pointers to capabilities are counted in.
    async fn send_with(
        &mut self,
        fill: impl for<'a> FnOnce(message::Builder<'a>, &'a mut CapTable),
    ) {
        let mut table = CapTable::new();
        let mut message = Builder::new_default();
        fill(message.init_root(), &mut table);
        let bytes = serialize::write_message_to_words(&message);
        self.send_bytes(&bytes).await;
    }

    async fn send_bytes(&mut self, message: &[u8]) {
        let mut payload = (message.len() as u32).to_le_bytes().to_vec();
        payload.extend_from_slice(&[0; 4]);
        payload.extend_from_slice(message);
        let mut frames = Vec::new();
        for (index, chunk) in payload.chunks(FRAME).enumerate() {
            Frame::Data {
                channel: self.channel,
                start: index == 0,
                payload: chunk,
            }
            .encode(&mut frames);
            if frames.len() > FRAME / 2 {
                self.hand.send_plain(&frames).await;
                frames.clear();
            }
        }
        if !frames.is_empty() {
            self.hand.send_plain(&frames).await;
        }
    }

    /// Lets the node take in what was sent: beyond its credit a peer loses more than its channel.
    async fn pause(&self) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }

    /// Calls a method without parameters on the service, or on what a question will return.
    async fn call(&mut self, question: u32, target: Option<u32>, interface: u64, method: u16) {
        self.send(|message| {
            let mut call = message.init_call();
            call.set_question_id(question);
            call.set_interface_id(interface);
            call.set_method_id(method);
            let mut promised = call.reborrow().init_target().init_promised_answer();
            promised.set_question_id(target.unwrap_or(0));
            if target.is_some() {
                promised.init_transform(1).get(0).set_get_pointer_field(0);
            }
            call.init_params();
        })
        .await;
    }

    /// Reads messages of the node until `wanted` makes something of one.
    async fn find<R>(&mut self, mut wanted: impl FnMut(message::Reader<'_>) -> Option<R>) -> R {
        let channel = self.channel;
        let found = self
            .hand
            .find(|frame| match frame {
                Frame::Data {
                    channel: on,
                    start: true,
                    payload,
                } if *on == channel => {
                    let bytes = payload.get(8..)?;
                    let message = serialize::read_message(bytes, ReaderOptions::new()).ok()?;
                    wanted(message.get_root().ok()?)
                }
                _ => None,
            })
            .await;
        found.expect("the session lives")
    }

    /// The text of the exception that answers a question; none for results.
    async fn answer(&mut self, question: u32) -> Option<String> {
        self.find(|message| match message.which().ok()? {
            message::Return(Ok(answer)) if answer.get_answer_id() == question => Some(match answer
                .which()
                .ok()?
            {
                return_::Exception(error) => Some(error.ok()?.get_reason().ok()?.to_string().ok()?),
                _ => None,
            }),
            _ => None,
        })
        .await
    }

    /// The code that the channel was reset with.
    async fn closed(&mut self) -> CloseCode {
        let on = self.channel;
        let closed = self.hand.find(|frame| match frame {
            Frame::Close { channel, code, .. } if *channel == on => Some(*code),
            _ => None,
        });
        closed.await.expect("the session lives")
    }

    /// The session answers, and serves on another channel.
    async fn lives_on(&mut self) {
        self.channel = self
            .hand
            .open(1, CHANNEL, HUB.interface_id, Mode::Messages)
            .await;
        self.send(|message| message.init_bootstrap().set_question_id(0))
            .await;
        self.call(1, None, HUB.interface_id, 16).await;
        assert_eq!(self.answer(1).await, None);
        assert_eq!(self.seen.device_id(), self.seen.device_id());
    }
}

/// Whatever `capnp-rpc` cannot make sense of ends the channel.
#[tokio::test(start_paused = true)]
async fn what_breaks_the_protocol_ends_its_channel_only() {
    let target = Target::new().await;
    let error = CloseCode::PROTOCOL_ERROR;
    // Not a message at all, and one whose root is a list.
    target
        .resets(async |peer| peer.send_bytes(&[0xa5; 64]).await, error)
        .await;
    target
        .resets(
            async |peer| {
                let mut list = vec![0, 0, 0, 0, 2, 0, 0, 0];
                list.extend_from_slice(&[1, 0, 0, 0, 0x0a, 0, 0, 0]);
                list.extend_from_slice(&[0; 8]);
                peer.send_bytes(&list).await;
            },
            error,
        )
        .await;
    // An answer to what was never asked.
    let answer = async |peer: &mut Attacker| {
        peer.send(|message| message.init_return().set_answer_id(7))
            .await;
    };
    target.resets(answer, error).await;
    // More references given back than there are, and of what was never given.
    for (id, count) in [(7, 1), (0, 2)] {
        let release = async |peer: &mut Attacker| {
            peer.send(|message| {
                let mut release = message.init_release();
                release.set_id(id);
                release.set_reference_count(count);
            })
            .await;
        };
        target.resets(release, error).await;
    }
    // A call of what was never given.
    let call = async |peer: &mut Attacker| {
        peer.send(|message| {
            let mut call = message.init_call();
            call.set_question_id(1);
            call.reborrow().init_target().set_imported_cap(7);
            call.init_params();
        })
        .await;
    };
    target.resets(call, error).await;
    // A question under the number of one that is open.
    let twice = async |peer: &mut Attacker| {
        peer.call(1, None, HUB.interface_id, 11).await;
        peer.call(1, None, HUB.interface_id, 11).await;
    };
    target.resets(twice, error).await;
    // The end of an embargo that was never laid, and one on what is not a promise.
    let lifted = async |peer: &mut Attacker| {
        peer.send(|message| {
            let mut disembargo = message.init_disembargo();
            disembargo.reborrow().init_target().set_imported_cap(0);
            disembargo.init_context().set_receiver_loopback(7);
        })
        .await;
    };
    target.resets(lifted, error).await;
    let laid = async |peer: &mut Attacker| {
        peer.send(|message| {
            let mut disembargo = message.init_disembargo();
            disembargo.reborrow().init_target().set_imported_cap(0);
            disembargo.init_context().set_sender_loopback(7);
        })
        .await;
    };
    target.resets(laid, error).await;
    // A table of capabilities that is longer than any honest one.
    let long = async |peer: &mut Attacker| {
        peer.send(|message| {
            let mut call = message.init_call();
            call.set_question_id(1);
            call.set_interface_id(HUB.interface_id);
            call.reborrow().init_target().init_promised_answer();
            let mut table = call.init_params().init_cap_table(1_025);
            for id in 0..1_025 {
                table.reborrow().get(id).set_sender_hosted(id);
            }
        })
        .await;
    };
    target.resets(long, error).await;
}

#[tokio::test(start_paused = true)]
async fn what_this_version_does_not_know_is_answered() {
    let target = Target::new().await;
    let mut attacker = target.attacker().await;
    attacker
        .send(|message| message.init_join().set_question_id(3))
        .await;
    attacker
        .find(|message| match message.which() {
            Ok(message::Unimplemented(Ok(echo))) => {
                matches!(echo.which(), Ok(message::Join(_))).then_some(())
            }
            _ => None,
        })
        .await;
    attacker.call(1, None, HUB.interface_id, 16).await;
    assert_eq!(attacker.answer(1).await, None);
    target.unharmed().await;
}

/// Passes a promise of the attacker's to `keep`.
async fn pass_promise(attacker: &mut Attacker, question: u32, promise: u32) {
    attacker
        .send_with(|message, table| {
            let mut call = message.init_call();
            call.set_question_id(question);
            call.set_interface_id(HUB.interface_id);
            call.set_method_id(5);
            call.reborrow().init_target().init_promised_answer();
            let mut params = call.init_params();
            params
                .reborrow()
                .init_cap_table(1)
                .get(0)
                .set_sender_promise(promise);
            let mut content = params.get_content();
            content.imbue_mut(table);
            let mut keep: hub::keep_params::Builder<'_> = content.init_as();
            keep.set_thing(FromClientHook::new(Outgoing::hook(0)));
        })
        .await;
    assert_eq!(attacker.answer(question).await, None);
}

async fn resolve(
    attacker: &mut Attacker,
    promise: u32,
    to: impl FnOnce(cap_descriptor::Builder<'_>),
) {
    attacker
        .send(|message| {
            let mut resolve = message.init_resolve();
            resolve.set_promise_id(promise);
            to(resolve.init_cap());
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_promise_that_is_resolved_in_a_circle_hangs_nobody() {
    let target = Target::new().await;
    // To itself, as another promise: not followed, and said so.
    let mut attacker = target.attacker().await;
    pass_promise(&mut attacker, 1, 9).await;
    resolve(&mut attacker, 9, |mut cap| cap.set_sender_promise(9)).await;
    attacker
        .find(|message| matches!(message.which(), Ok(message::Unimplemented(_))).then_some(()))
        .await;
    // Calls go to it all the same.
    let held: HubClient = dsoftbus::Client::from_capability(target.service.held());
    let call = tokio::spawn(within(held.echo("x").timeout(Duration::from_secs(1))));
    attacker
        .find(|message| match message.which() {
            Ok(message::Call(Ok(call))) => match call.get_target().ok()?.which().ok()? {
                message_target::ImportedCap(9) => Some(()),
                _ => None,
            },
            _ => None,
        })
        .await;
    assert_eq!(
        call.await.unwrap().unwrap_err().code(),
        Code::DeadlineExceeded
    );
    drop(held);
    within(target.hub.give()).await.unwrap();
    // To itself, as if it were settled.
    let circle = async |peer: &mut Attacker| {
        pass_promise(peer, 1, 9).await;
        resolve(peer, 9, |mut cap| cap.set_sender_hosted(9)).await;
    };
    let mut attacker = target.attacker().await;
    circle(&mut attacker).await;
    assert_eq!(attacker.closed().await, CloseCode::PROTOCOL_ERROR);
    within(target.hub.give()).await.unwrap();
    target.unharmed().await;
}

#[tokio::test(start_paused = true)]
async fn calls_that_wait_for_one_another_without_end_are_refused() {
    let target = Target::new().await;
    let mut attacker = target.attacker().await;
    // Each is addressed to the result of the one before; the first never ends.
    attacker.call(1, None, HUB.interface_id, 11).await;
    for question in 2..=2_000 {
        attacker
            .call(question, Some(question - 1), THING.interface_id, 0)
            .await;
        if question % 100 == 0 {
            attacker.pause().await;
        }
    }
    let reason = attacker.answer(66).await.unwrap();
    assert!(reason.starts_with("dsb:resource_exhausted: "), "{reason}");
    target.service.running.reaches(1).await;
    drop(attacker);
    target.unharmed().await;
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_calls_is_refused_beyond_the_limit() {
    let target = Target::new().await;
    let mut attacker = target.attacker().await;
    for question in 1..=5_000 {
        attacker.call(question, None, HUB.interface_id, 11).await;
        if question % 100 == 0 {
            attacker.pause().await;
        }
    }
    // The Bootstrap is one of those that are open.
    let reason = attacker.answer(4_096).await.unwrap();
    assert!(reason.starts_with("dsb:resource_exhausted: "), "{reason}");
    target.service.running.reaches(4_095).await;
    assert_eq!(within(target.hub.echo("alive")).await.unwrap(), "alive");
    drop(attacker);
    target.unharmed().await;
}

#[tokio::test(start_paused = true)]
async fn results_that_nobody_finishes_are_bounded() {
    let target = Target::new().await;
    let mut attacker = target.attacker().await;
    for question in 1..=5_000 {
        attacker.call(question, None, HUB.interface_id, 1).await;
        if question % 100 == 0 {
            attacker.pause().await;
        }
    }
    assert_eq!(target.service.things.get(), 4_095);
    drop(attacker);
    target.unharmed().await;
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_calls_and_never_reads_loses_its_channel_and_no_more() {
    let target = Target::new().await;
    let mut attacker = target.attacker().await;
    // No credit is given back, so that nothing but the first 256 KiB leaves the node: answers pile up until calls are refused,
    // and refusals give back what the calls brought.
    let text = "x".repeat(30_000);
    for question in 1..=500 {
        let crowds = question < 60;
        attacker
            .send(|message| {
                let mut call = message.init_call();
                call.set_question_id(question);
                call.set_interface_id(HUB.interface_id);
                call.reborrow().init_target().init_promised_answer();
                let mut params = call.init_params();
                if crowds {
                    let content = params.get_content();
                    content
                        .init_as::<hub::echo_params::Builder<'_>>()
                        .set_text(&text);
                } else {
                    let mut table = params.reborrow().init_cap_table(1_000);
                    for id in 0..1_000 {
                        table.reborrow().get(id).set_sender_hosted(id);
                    }
                }
            })
            .await;
        attacker.pause().await;
    }
    assert_eq!(attacker.closed().await, CloseCode::RESOURCE_LIMIT);
    target.unharmed().await;
}

/// A peer that serves by hand what the node asks of it.
struct Impostor {
    attacker: Attacker,
    hub: HubClient,
}

impl Impostor {
    /// Has a node open a channel, and hands out the service as capability 0.
    async fn new() -> Self {
        let node = Node::builder()
            .allow(Trust::anyone())
            .serve(TestHub::default());
        // A node of the tests, whose clock waits for all of its threads.
        let node = within(testing::pair(node)).await.unwrap().node;
        let (hand, seen) = Hand::meet(&node).await;
        let opening = seen.clone();
        let opening = tokio::spawn(async move { within(opening.open()).await });
        let mut attacker = Attacker {
            hand,
            seen,
            channel: dsoftbus_tests::by_hand::channel(0, CHANNEL),
        };
        attacker.channel = attacker
            .hand
            .find(|frame| match frame {
                Frame::Open { channel, .. } => Some(*channel),
                _ => None,
            })
            .await
            .unwrap();
        let channel = attacker.channel;
        let extra = &[];
        attacker
            .hand
            .send(&[Frame::Accept { channel, extra }])
            .await;
        let hub: HubClient = opening.await.unwrap().unwrap();
        attacker
            .send_with(|message, table| {
                let mut answer = message.init_return();
                answer.set_answer_id(0);
                let mut results = answer.init_results();
                results
                    .reborrow()
                    .init_cap_table(1)
                    .get(0)
                    .set_sender_hosted(0);
                let mut content = results.get_content();
                content.imbue_mut(table);
                content.set_as_capability(Outgoing::hook(0));
            })
            .await;
        Self { attacker, hub }
    }

    /// Waits for a call of the node; returns its question.
    async fn called(&mut self) -> u32 {
        self.attacker
            .find(|message| match message.which() {
                Ok(message::Call(Ok(call))) => Some(call.get_question_id()),
                _ => None,
            })
            .await
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_gives_up_fails_calls_with_its_own_words() {
    let mut peer = Impostor::new().await;
    let call = tokio::spawn(within(peer.hub.echo("x")));
    peer.called().await;
    peer.attacker
        .send(|message| {
            let mut abort = message.init_abort();
            abort.set_type(exception::Type::Failed);
            abort.set_reason("dsb:data_loss: the disk is gone");
        })
        .await;
    let status = call.await.unwrap().unwrap_err();
    assert_eq!(
        (status.code(), status.message(), status.is_remote()),
        (Code::DataLoss, "the disk is gone", true)
    );
    assert_eq!(peer.attacker.closed().await, CloseCode::PROTOCOL_ERROR);
    let status = within(peer.hub.echo("x")).await.unwrap_err();
    assert_eq!(status.code(), Code::DataLoss);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_breaks_the_protocol_fails_its_calls() {
    let mut peer = Impostor::new().await;
    let call = tokio::spawn(within(peer.hub.echo("x")));
    peer.called().await;
    peer.attacker
        .send(|message| message.init_return().set_answer_id(77))
        .await;
    let status = call.await.unwrap().unwrap_err();
    assert_eq!(
        (status.code(), status.is_remote()),
        (Code::Unavailable, false)
    );
    assert_eq!(peer.attacker.closed().await, CloseCode::PROTOCOL_ERROR);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_came_before_the_end_counts() {
    let mut peer = Impostor::new().await;
    let call = tokio::spawn(within(peer.hub.echo("x")));
    let question = peer.called().await;
    let answer = |text: &'static str| {
        move |message: message::Builder<'_>| {
            let mut answer = message.init_return();
            answer.set_answer_id(question);
            let content = answer.init_results().get_content();
            content
                .init_as::<hub::echo_results::Builder<'_>>()
                .set_text(text);
        }
    };
    peer.attacker.send(answer("last words")).await;
    let channel = peer.attacker.channel;
    peer.attacker
        .hand
        .send(&[Frame::Close {
            channel,
            code: CloseCode::END,
            extra: &[],
        }])
        .await;
    assert_eq!(call.await.unwrap().unwrap(), "last words");
    let status = within(peer.hub.echo("x")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn results_that_make_no_sense_cost_their_call_only() {
    let mut peer = Impostor::new().await;
    // A list where a struct belongs, and a capability that is not in the table.
    let mut call = peer.hub.make("x");
    let pipelined = call.pipeline();
    let call = tokio::spawn(within(call));
    let question = peer.called().await;
    peer.attacker
        .send(|message| {
            let mut answer = message.init_return();
            answer.set_answer_id(question);
            let content = answer.init_results().get_content();
            let _: dsoftbus::__private::capnp::data::Builder<'_> = content.initn_as(8);
        })
        .await;
    let status = call.await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::DataLoss, "{status}");
    let status = within(pipelined.say("x")).await.unwrap_err();
    assert_eq!(status.code(), Code::DataLoss, "{status}");
    let call = tokio::spawn(within(peer.hub.make("x")));
    let question = peer.called().await;
    peer.attacker
        .send_with(|message, table| {
            let mut answer = message.init_return();
            answer.set_answer_id(question);
            let mut content = answer.init_results().get_content();
            content.imbue_mut(table);
            content
                .init_as::<hub::make_results::Builder<'_>>()
                .set_thing(FromClientHook::new(Outgoing::hook(0)));
        })
        .await;
    // Nothing at all, to whoever looks for it.
    let thing = call.await.unwrap().unwrap();
    assert!(dsoftbus::Client::capability(&thing).is_null());
    // An answer that is none ends with the time of the call.
    let call = peer.hub.echo("x").timeout(Duration::from_millis(100));
    let call = tokio::spawn(within(call));
    let question = peer.called().await;
    peer.attacker
        .send(|message| {
            let mut answer = message.init_return();
            answer.set_answer_id(question);
            answer.set_canceled(());
        })
        .await;
    let status = call.await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
}

/// Answers a call of `echo`, and leaves it to the caller to finish it.
async fn answer_echo(attacker: &mut Attacker, question: u32) {
    attacker
        .send(|message| {
            let mut answer = message.init_return();
            answer.set_answer_id(question);
            let content = answer.init_results().get_content();
            content
                .init_as::<hub::echo_results::Builder<'_>>()
                .set_text("x");
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn every_question_is_answered_once_and_finished_once() {
    let mut peer = Impostor::new().await;
    let mut questions = Vec::new();
    for _ in 0..5 {
        let call = tokio::spawn(within(peer.hub.echo("x")));
        let question = peer.called().await;
        answer_echo(&mut peer.attacker, question).await;
        assert_eq!(call.await.unwrap().unwrap(), "x");
        let finished = peer.attacker.find(|message| match message.which() {
            Ok(message::Finish(Ok(finish))) => Some(finish.get_question_id()),
            _ => None,
        });
        assert_eq!(finished.await, question);
        questions.push(question);
    }
    // The number of a question that is open in the engine only.
    let last = questions.pop().unwrap();
    assert!(questions.contains(&last), "{questions:?}");
    answer_echo(&mut peer.attacker, last).await;
    assert_eq!(peer.attacker.closed().await, CloseCode::PROTOCOL_ERROR);
}
