//! [`Gate`]: what stands between the wire and `capnp-rpc`, and bounds what that does not.
//!
//! `capnp-rpc` starts any number of calls and keeps each until it is finished; a call that is cancelled while it runs it keeps
//! for ever, since it never sends its Return. And it follows promises by loops and recursion, wherever they lead. So every
//! message is looked at here before `capnp-rpc` gets it, and every message that it sends:
//!
//! - A call that goes over a limit is refused here, and `capnp-rpc` never hears of it.
//! - A Finish of a call that runs stops the handler and is held back. The call then ends with an error like any other, its
//!   Return is sent, and the Finish follows.
//! - A Resolve to another promise is answered as by a peer that knows no Resolve: calls go on to the first promise, and the peer
//!   forwards them. That leaves no chains, and no circles.

use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, HashSet},
    rc::Rc,
    task::{Context, Waker},
};

use capnp::{
    message::{Builder, HeapAllocator},
    struct_list,
};
use capnp_rpc::rpc_capnp::{
    call, cap_descriptor, exception, message, message_target, resolve, return_,
};
use dsoftbus_proto::{
    message::{CallTarget, Envelope, ExceptionKind, Message, Outgoing},
    rpc::level0::RemoteError,
};
use tokio::time::Instant;

use super::{
    convert::to_error,
    handlers::Started,
    limits::{MAX_ANSWER_BYTES, MAX_ANSWERS, MAX_CAPABILITIES, MAX_DEPTH},
};
use crate::Status;

/// What is known of the conversation on a channel besides what `capnp-rpc` keeps.
#[derive(Default)]
pub(super) struct Gate {
    /// Questions of the peer that were not answered, or not finished.
    answers: HashMap<u32, Answer>,
    answer_bytes: usize,
    /// Questions of this side that were neither answered nor finished.
    questions: HashSet<u32>,
    /// Promises of the peer that this side may refer to.
    promises: HashSet<u32>,
    aborted: Option<RemoteError>,
}

/// What is known of a message with content besides what `capnp-rpc` hands on with it.
pub(super) struct Arrived {
    pub(super) message: Message,
    /// Length of its capability table.
    pub(super) capabilities: u32,
    pub(super) deadline: Option<Instant>,
    /// Of a call: whether its caller has given up.
    pub(super) cancel: Option<Rc<Cancel>>,
    /// Of a call: what it is addressed to, if that has a name here.
    pub(super) target: Option<CallTarget>,
    /// Of a call whose handler was started before `capnp-rpc` got it.
    pub(super) begun: RefCell<Option<Started>>,
}

/// A message that may come in.
pub(super) struct Admitted {
    pub(super) message: Message,
    pub(super) deadline: Option<Instant>,
    pub(super) about: About,
}

/// What a message is about.
pub(super) enum About {
    Call(Called),
    Return(Answered),
    /// A Release of this export.
    Release(u32),
    /// A Finish of a question that is not open.
    Nothing,
    /// Anything else. Exports may be released by it.
    Other,
}

/// What a Call says.
pub(super) struct Called {
    pub(super) question: u32,
    /// What it is addressed to; `None` for something inside of a promised answer.
    pub(super) target: Option<CallTarget>,
    pub(super) interface_id: u64,
    pub(super) method_id: u16,
    /// Length of its capability table.
    pub(super) capabilities: u32,
    /// Whether its results go to its caller.
    pub(super) returns: bool,
    pub(super) cancel: Rc<Cancel>,
}

/// What a Return says.
pub(super) struct Answered {
    pub(super) question: u32,
    /// Length of the capability table of results; `None` if there are none.
    pub(super) capabilities: Option<u32>,
    pub(super) needs_finish: bool,
}

/// What becomes of a message that came in.
pub(super) enum Verdict {
    /// `capnp-rpc` gets it.
    Pass(Admitted),
    /// It is dealt with. These answer it.
    Handled(Vec<Outgoing>),
    /// The peer broke the rules.
    Violation(capnp::Error),
}

/// What a message that goes out is.
pub(super) enum Sent {
    /// A Call, and what it is addressed to.
    Call(Option<CallTarget>),
    /// A Return for which this Finish waited.
    Awaited(Message),
    /// Anything else.
    Other,
}

/// A question of the peer.
#[derive(Default)]
struct Answer {
    cancel: Rc<Cancel>,
    /// A Finish that waits for the Return.
    held: Option<Message>,
    returned: bool,
    /// Whether there will be no Return: the results stay here until a call of this side picks them up.
    redirected: bool,
    /// Of the parameters, then of the results.
    bytes: usize,
    /// Calls that this one waits for.
    depth: u32,
}

impl Gate {
    /// Looks at a message that came in. `crowded`: so much waits for the peer that no further call may start.
    pub(super) fn admit(
        &mut self,
        message: Message,
        deadline: Option<Instant>,
        crowded: bool,
    ) -> Verdict {
        match self.look(&message, crowded) {
            Ok(Step::Pass(about)) => Verdict::Pass(Admitted {
                message,
                deadline,
                about,
            }),
            Ok(Step::Answer(answers)) => Verdict::Handled(answers),
            Ok(Step::Hold(id)) => {
                if let Some(answer) = self.answers.get_mut(&id) {
                    answer.held.get_or_insert(message);
                    answer.cancel.set();
                }
                Verdict::Handled(Vec::new())
            }
            Err(error) => Verdict::Violation(error),
        }
    }

    fn look(&mut self, message: &Message, crowded: bool) -> capnp::Result<Step> {
        match message.envelope() {
            Some(Envelope::Call {
                question,
                target,
                interface_id,
                method_id,
            }) if !self.answers.contains_key(&question) => {
                let depth = match target {
                    CallTarget::Export(_) => 0,
                    CallTarget::Answer(answer) => self.depth_behind(answer),
                };
                if depth > MAX_DEPTH || self.is_full(crowded) {
                    return refuse(question, None).map(Step::Answer);
                }
                let called = Called {
                    question,
                    target: Some(target),
                    interface_id,
                    method_id,
                    capabilities: 0,
                    returns: true,
                    cancel: Rc::default(),
                };
                self.note_call(&called, message, depth);
                return Ok(Step::Pass(About::Call(called)));
            }
            Some(Envelope::Results { answer: question }) => {
                self.questions.remove(&question);
                return Ok(Step::Pass(About::Return(Answered {
                    question,
                    capabilities: Some(0),
                    needs_finish: false,
                })));
            }
            _ => {}
        }
        let reader = message.reader();
        let root: message::Reader<'_> = reader.get_root()?;
        match root.which() {
            Ok(message::Call(call)) => self.look_at_call(call?, message, crowded),
            Ok(message::Return(answer)) => self.look_at_return(answer?),
            Ok(message::Finish(finish)) => Ok(self.look_at_finish(finish?.get_question_id())),
            Ok(message::Resolve(resolve)) => self.look_at_resolve(resolve?, message),
            Ok(message::Bootstrap(bootstrap)) => {
                if self.answers.len() >= MAX_ANSWERS {
                    return Err(violation("too many questions"));
                }
                let id = bootstrap?.get_question_id();
                self.answers.entry(id).or_default();
                Ok(Step::Pass(About::Other))
            }
            Ok(message::Release(release)) => Ok(Step::Pass(About::Release(release?.get_id()))),
            Ok(message::Abort(abort)) => {
                self.aborted = Some(read_exception(abort?));
                Ok(Step::Pass(About::Other))
            }
            // The rest cannot do harm, or is for `capnp-rpc` to refuse.
            _ => Ok(Step::Pass(About::Other)),
        }
    }

    fn look_at_call(
        &mut self,
        call: call::Reader<'_>,
        message: &Message,
        crowded: bool,
    ) -> capnp::Result<Step> {
        let id = call.get_question_id();
        let table = read_table(call.get_params()?.get_cap_table()?)?;
        if self.answers.contains_key(&id) {
            // `capnp-rpc` knows it, too, and refuses.
            return Ok(Step::Pass(About::Other));
        }
        let target = call.get_target()?;
        let depth = self.depth_of(target)?;
        if depth > MAX_DEPTH || self.is_full(crowded) {
            return refuse(id, Some(table)).map(Step::Answer);
        }
        self.note_promises(table)?;
        let called = Called {
            question: id,
            target: named(target)?,
            interface_id: call.get_interface_id(),
            method_id: call.get_method_id(),
            capabilities: table.len(),
            returns: matches!(
                call.get_send_results_to().which(),
                Ok(call::send_results_to::Caller(()))
            ),
            cancel: Rc::default(),
        };
        self.note_call(&called, message, depth);
        if let Ok(call::send_results_to::Yourself(())) = call.get_send_results_to().which()
            && let Some(answer) = self.answers.get_mut(&id)
        {
            answer.redirected = true;
        }
        Ok(Step::Pass(About::Call(called)))
    }

    fn is_full(&self, crowded: bool) -> bool {
        crowded || self.answers.len() >= MAX_ANSWERS || self.answer_bytes > MAX_ANSWER_BYTES
    }

    fn note_call(&mut self, call: &Called, message: &Message, depth: u32) {
        let answer = Answer {
            cancel: Rc::clone(&call.cancel),
            bytes: message.as_bytes().len(),
            depth,
            ..Answer::default()
        };
        self.answer_bytes = self.answer_bytes.saturating_add(answer.bytes);
        self.answers.insert(call.question, answer);
    }

    /// How many calls one of `target` waits for.
    fn depth_of(&self, target: message_target::Reader<'_>) -> capnp::Result<u32> {
        let message_target::PromisedAnswer(promised) = target.which()? else {
            return Ok(0);
        };
        Ok(self.depth_behind(promised?.get_question_id()))
    }

    fn depth_behind(&self, question: u32) -> u32 {
        let answer = self.answers.get(&question);
        answer
            .filter(|answer| !answer.returned)
            .map_or(0, |answer| answer.depth.saturating_add(1))
    }

    fn look_at_return(&mut self, answer: return_::Reader<'_>) -> capnp::Result<Step> {
        let question = answer.get_answer_id();
        let awaited = self.questions.remove(&question);
        let mut answered = Answered {
            question,
            capabilities: None,
            needs_finish: !answer.get_no_finish_needed(),
        };
        if let Ok(return_::Results(results)) = answer.which() {
            let table = read_table(results?.get_cap_table()?)?;
            if awaited {
                self.note_promises(table)?;
            }
            answered.capabilities = Some(table.len());
        }
        Ok(Step::Pass(About::Return(answered)))
    }

    fn look_at_finish(&mut self, id: u32) -> Step {
        match self.answers.get(&id) {
            Some(answer) if !answer.returned && !answer.redirected => Step::Hold(id),
            Some(answer) => {
                answer.cancel.set();
                self.forget(id);
                Step::Pass(About::Other)
            }
            None => Step::Pass(About::Nothing),
        }
    }

    fn look_at_resolve(
        &mut self,
        resolve: resolve::Reader<'_>,
        message: &Message,
    ) -> capnp::Result<Step> {
        let promise = resolve.get_promise_id();
        if let resolve::Cap(cap) = resolve.which()? {
            match cap?.which()? {
                cap_descriptor::SenderPromise(_) | cap_descriptor::ReceiverAnswer(_) => {
                    return Ok(Step::Answer(vec![Outgoing::unimplemented(message)?]));
                }
                cap_descriptor::SenderHosted(id) if self.promises.contains(&id) => {
                    return Err(violation("a promise was called settled"));
                }
                _ => {}
            }
        }
        self.promises.remove(&promise);
        Ok(Step::Pass(About::Other))
    }

    fn note_promises(&mut self, table: Table<'_>) -> capnp::Result<()> {
        for descriptor in table {
            if let cap_descriptor::SenderPromise(id) = descriptor.which()? {
                self.promises.insert(id);
            }
        }
        Ok(())
    }

    /// Looks at a message that goes out.
    ///
    /// # Errors
    ///
    /// Of a message that is not one of `rpc.capnp`, which `capnp-rpc` never makes.
    pub(super) fn sent(&mut self, message: &Builder<HeapAllocator>) -> capnp::Result<Sent> {
        let root: message::Reader<'_> = message.get_root_as_reader()?;
        match root.which()? {
            message::Call(call) => {
                let call = call?;
                self.asked(call.get_question_id());
                return Ok(Sent::Call(named(call.get_target()?)?));
            }
            message::Bootstrap(bootstrap) => {
                self.questions.insert(bootstrap?.get_question_id());
            }
            message::Finish(finish) => {
                self.questions.remove(&finish?.get_question_id());
            }
            message::Release(release) => {
                self.promises.remove(&release?.get_id());
            }
            message::Return(answer) => {
                let answer = answer?;
                let id = answer.get_answer_id();
                if answer.get_no_finish_needed() {
                    self.forget(id);
                } else if let Some(answer) = self.answers.get_mut(&id) {
                    answer.returned = true;
                    let bytes = message.size_in_words().saturating_mul(8);
                    self.answer_bytes = self
                        .answer_bytes
                        .saturating_sub(answer.bytes)
                        .saturating_add(bytes);
                    answer.bytes = bytes;
                    // Forgotten when it is passed on, as any other Finish.
                    if let Some(finish) = answer.held.take() {
                        return Ok(Sent::Awaited(finish));
                    }
                }
            }
            _ => {}
        }
        Ok(Sent::Other)
    }

    /// A call goes out that `capnp-rpc` does not know.
    pub(super) fn asked(&mut self, question: u32) {
        self.questions.insert(question);
    }

    /// A call is answered that `capnp-rpc` does not know.
    pub(super) fn answered(&mut self, question: u32) {
        self.forget(question);
    }

    fn forget(&mut self, id: u32) {
        if let Some(answer) = self.answers.remove(&id) {
            self.answer_bytes = self.answer_bytes.saturating_sub(answer.bytes);
        }
    }

    /// Whether neither side waits for the other.
    pub(super) fn is_idle(&self) -> bool {
        self.questions.is_empty() && self.answers.is_empty()
    }

    /// How the peer said that it gives up, if it did.
    pub(super) fn aborted(&self) -> Option<&RemoteError> {
        self.aborted.as_ref()
    }
}

/// A [`Verdict`] that does not own its message yet.
enum Step {
    Pass(About),
    Answer(Vec<Outgoing>),
    Hold(u32),
}

/// What a call is addressed to, if that has a name.
fn named(target: message_target::Reader<'_>) -> capnp::Result<Option<CallTarget>> {
    Ok(match target.which()? {
        message_target::ImportedCap(export) => Some(CallTarget::Export(export)),
        message_target::PromisedAnswer(promised) => {
            let promised = promised?;
            let whole = promised.get_transform()?.is_empty();
            whole.then_some(CallTarget::Answer(promised.get_question_id()))
        }
    })
}

type Table<'a> = struct_list::Reader<'a, cap_descriptor::Owned>;

fn read_table(table: Table<'_>) -> capnp::Result<Table<'_>> {
    match table.len() > MAX_CAPABILITIES {
        true => Err(violation("too many capabilities in a message")),
        false => Ok(table),
    }
}

/// Answers a call that may not start, and gives back what it brought.
fn refuse(question: u32, table: Option<Table<'_>>) -> capnp::Result<Vec<Outgoing>> {
    let mut message = Builder::new_default();
    let mut answer = message.init_root::<message::Builder<'_>>().init_return();
    answer.set_answer_id(question);
    // Not every implementation heeds it; a Release is heeded by all.
    answer.set_release_param_caps(false);
    answer.set_no_finish_needed(true);
    let status = Status::resource_exhausted("too many calls are under way on this channel");
    let error = to_error(&status);
    let mut exception = answer.init_exception();
    exception.set_type(exception::Type::Overloaded);
    exception.set_reason(&error.extra);
    let mut answers = vec![Outgoing::built(message)];
    for descriptor in table.into_iter().flatten() {
        match descriptor.which()? {
            cap_descriptor::SenderHosted(id) | cap_descriptor::SenderPromise(id) => {
                answers.push(Outgoing::release(id, 1));
            }
            _ => {}
        }
    }
    Ok(answers)
}

fn read_exception(exception: exception::Reader<'_>) -> RemoteError {
    let kind = match exception.get_type() {
        Ok(exception::Type::Overloaded) => ExceptionKind::Overloaded,
        Ok(exception::Type::Disconnected) => ExceptionKind::Disconnected,
        Ok(exception::Type::Unimplemented) => ExceptionKind::Unimplemented,
        Ok(exception::Type::Failed) | Err(_) => ExceptionKind::Failed,
    };
    let reason = exception.get_reason().ok();
    let reason = reason.and_then(|reason| reason.to_str().ok());
    RemoteError::Exception {
        kind,
        reason: dsoftbus_proto::rpc::reason::cut(reason.unwrap_or_default()).to_owned(),
    }
}

fn violation(text: &str) -> capnp::Error {
    capnp::Error::failed(text.to_owned())
}

/// Whether the caller of a call has given up.
#[derive(Default)]
pub(super) struct Cancel {
    given_up: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Cancel {
    fn set(&self) {
        self.given_up.set(true);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    pub(super) fn is_set(&self) -> bool {
        self.given_up.get()
    }

    /// Whether it is set; wakes when it becomes so.
    pub(super) fn poll(&self, cx: &Context<'_>) -> bool {
        if !self.is_set() {
            self.waker.replace(Some(cx.waker().clone()));
        }
        self.is_set()
    }
}
