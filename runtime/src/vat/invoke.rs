//! Calls of handles, made on the vat thread.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
};

use capnp::{
    any_pointer,
    capability::{Promise, RemotePromise},
    private::capability::{ClientHook, PipelineOp, ResponseHook},
};
use dsoftbus_proto::message::{self, CallTarget, MAX_MESSAGE, Message};
use futures::FutureExt as _;
use tokio::{task::AbortHandle, time::Instant};

use super::{
    carrier::Carrier,
    channel::{Channel, Hint},
    import::{Import, ImportNumber},
    limits::{DESCRIPTOR, ENVELOPE},
    question::{Answerer, QuestionNumber},
    registry::Vat,
    task::drop_caught,
};
use crate::{Incoming, Outgoing, Result, Status, call::Method};

/// A call that a handle makes.
pub(super) struct Invoke {
    pub(super) target: ImportNumber,
    pub(super) method: Method,
    pub(super) params: Outgoing,
    pub(super) deadline: Instant,
    pub(super) question: QuestionNumber,
    /// Whether capabilities in its results may be asked for.
    pub(super) keep: bool,
    pub(super) answerer: Answerer,
}

/// A call under way, or one whose results are kept.
pub(super) struct Pending {
    channel: Rc<Channel>,
    answerer: Option<Answerer>,
    way: Way,
}

/// How a call is made.
enum Way {
    /// As one of data: `capnp-rpc` does not know of it.
    Carried(Carrier),
    Own(Own),
}

/// A call that `capnp-rpc` makes.
struct Own {
    task: AbortHandle,
    keep: bool,
    results: Results,
    /// Handles of capabilities in the results.
    pipelined: Vec<ImportNumber>,
}

impl Pending {
    /// Nobody waits for the call any more.
    fn abort(&self) {
        match &self.way {
            Way::Carried(carrier) => self.channel.carriers.use_up(carrier),
            Way::Own(own) => own.task.abort(),
        }
    }
}

/// What is known of the results of a call.
enum Results {
    /// Not there yet: capabilities in them are those of the pipeline.
    Awaited(any_pointer::Pipeline),
    Arrived(Box<dyn ResponseHook>),
    Failed(capnp::Error),
}

/// What `capnp-rpc` makes of a call.
enum Sent {
    Call(RemotePromise<any_pointer::Owned>),
    /// One of a stream: the promise says when the next may follow.
    Stream(Promise<(), capnp::Error>),
}

/// How a call ended: a stream has no results.
type Outcome = capnp::Result<Option<Box<dyn ResponseHook>>>;

impl Vat {
    /// Makes a call.
    pub(super) fn invoke(self: &Rc<Self>, mut invoke: Invoke) {
        invoke.answerer.taken();
        if let Some((channel, address, carrier)) = self.carrier_for(&invoke) {
            self.carry(invoke, channel, address, carrier);
            return;
        }
        let Invoke {
            target,
            method,
            params,
            deadline,
            question,
            keep,
            answerer,
        } = invoke;
        let (hook, channel) = match self.find(target) {
            Ok(found) => found,
            Err(status) => {
                answerer.answer(Err(status));
                return;
            }
        };
        if let Some(status) = channel.closed() {
            answerer.answer(Err(status));
            return;
        }
        channel.called.take();
        let sent = self.guarded(&channel, || {
            self.send(&channel, hook.as_ref(), method, params, deadline)
        });
        let sent = sent.unwrap_or_else(|| Err(Status::internal("the channel failed")));
        let (promise, results) = match sent {
            Ok(Sent::Call(call)) => {
                if let Some(address) = channel.called.take() {
                    self.learn_address(target, address);
                }
                let promise = call.promise.map(|done| done.map(|done| Some(done.hook)));
                (promise.left_future(), Results::Awaited(call.pipeline))
            }
            Ok(Sent::Stream(promise)) => {
                let nothing = capnp::Error::failed("a stream has no results".to_owned());
                let promise = promise.map(|done| done.map(|()| None));
                (promise.right_future(), Results::Failed(nothing))
            }
            Err(status) => {
                answerer.answer(Err(status));
                return;
            }
        };
        let pending = Pending {
            channel,
            answerer: Some(answerer),
            way: Way::Own(Own {
                task: self.await_answer(question, promise),
                keep,
                results,
                pipelined: Vec::new(),
            }),
        };
        self.calls.borrow_mut().insert(question, pending);
    }

    fn await_answer(
        self: &Rc<Self>,
        question: QuestionNumber,
        promise: impl Future<Output = Outcome> + 'static,
    ) -> AbortHandle {
        let vat = Rc::clone(self);
        let task = tokio::task::spawn_local(async move {
            let outcome = AssertUnwindSafe(promise).catch_unwind().await;
            vat.finish(question, outcome.ok());
        });
        task.abort_handle()
    }

    /// What a call can be made with that needs nothing of `capnp-rpc`. Whatever stands in the way of that one fails as any other.
    fn carrier_for(self: &Rc<Self>, invoke: &Invoke) -> Option<(Rc<Channel>, CallTarget, Carrier)> {
        let streaming = invoke
            .method
            .descriptor
            .is_some_and(|method| method.streaming);
        if invoke.keep
            || streaming
            || !invoke.params.is_call_of_data()
            || invoke.params.len_bytes() > MAX_MESSAGE
        {
            return None;
        }
        let (address, channel) = self.address_of(invoke.target)?;
        if channel.closed().is_some() || channel.admit_call().is_err() {
            return None;
        }
        let carrier = match channel.carriers.take() {
            Some(carrier) => carrier,
            None => {
                let (hook, _) = self.find(invoke.target).ok()?;
                let words = ENVELOPE;
                let _hint = Hinted::new(
                    &channel,
                    Hint {
                        deadline: None,
                        words,
                    },
                );
                let opened = self.guarded(&channel, || channel.carriers.open(hook.as_ref()));
                opened.flatten()?
            }
        };
        Some((channel, address, carrier))
    }

    fn carry(&self, invoke: Invoke, channel: Rc<Channel>, address: CallTarget, carrier: Carrier) {
        let Ok(mut call) = invoke.params.into_data() else {
            return;
        };
        call.set_id(carrier.question());
        let method = invoke.method;
        call.set_target(address, method.interface_id, method.ordinal);
        channel.carriers.ask(&carrier, invoke.question);
        channel.ask(carrier.question(), call, invoke.deadline);
        let pending = Pending {
            channel,
            answerer: Some(invoke.answerer),
            way: Way::Carried(carrier),
        };
        self.calls.borrow_mut().insert(invoke.question, pending);
    }

    /// A call of data was answered with data.
    pub(super) fn carried(&self, question: QuestionNumber, message: &Message) {
        let Some(pending) = self.calls.borrow_mut().remove(&question) else {
            return;
        };
        if let Way::Carried(carrier) = pending.way {
            pending.channel.carriers.give_back(carrier);
        }
        let results = message::Incoming::results(message.clone());
        let answerer = pending.answerer;
        if let Some(caller) =
            answerer.and_then(|answerer| answerer.answer_quietly(Ok(results.into())))
        {
            pending.channel.wake_caller(caller);
        }
    }

    /// A call of data gets an answer that is for `capnp-rpc` to read.
    pub(super) fn adopt(self: &Rc<Self>, question: QuestionNumber) {
        let Some(pending) = self.calls.borrow_mut().remove(&question) else {
            return;
        };
        let way = match pending.way {
            Way::Carried(carrier) => {
                pending.channel.carriers.use_up(&carrier);
                let RemotePromise { promise, pipeline } = carrier.call;
                let promise = promise.map(|done| done.map(|done| Some(done.hook)));
                Way::Own(Own {
                    task: self.await_answer(question, promise),
                    keep: false,
                    results: Results::Awaited(pipeline),
                    pipelined: Vec::new(),
                })
            }
            own => own,
        };
        let pending = Pending { way, ..pending };
        self.calls.borrow_mut().insert(question, pending);
    }

    fn send(
        self: &Rc<Self>,
        channel: &Rc<Channel>,
        hook: &dyn ClientHook,
        method: Method,
        params: Outgoing,
        deadline: Instant,
    ) -> Result<Sent> {
        let unreadable = |error| Status::internal(format!("the call cannot be written: {error}"));
        channel.admit_call()?;
        let params = Incoming::from(params);
        let table = self.export_all(channel, params.capabilities())?;
        let words = message_words(params.words(), table.len())?;
        let _hint = Hinted::new(
            channel,
            Hint {
                deadline: Some(deadline),
                words,
            },
        );
        let mut request = hook.new_call(method.interface_id, method.ordinal, None);
        params
            .copy_to(&mut request.get(), &table)
            .map_err(unreadable)?;
        let streaming = method.descriptor.is_some_and(|method| method.streaming);
        Ok(match streaming {
            true => Sent::Stream(request.hook.send_streaming()),
            false => Sent::Call(request.hook.send()),
        })
    }

    /// Makes a capability of the results of a call, which need not be there yet.
    pub(super) fn pipeline(
        self: &Rc<Self>,
        question: QuestionNumber,
        path: &[u16],
        import: &Import,
    ) {
        let mut calls = self.calls.borrow_mut();
        // A call that was never made has told its caller so.
        let Some(pending) = calls.get_mut(&question) else {
            return;
        };
        let Way::Own(own) = &mut pending.way else {
            return;
        };
        let channel = Rc::clone(&pending.channel);
        let hook = self.guarded(&channel, || match &own.results {
            Results::Awaited(pipeline) => pipelined(pipeline, path),
            Results::Arrived(response) => {
                let path = path.iter().copied().map(PipelineOp::GetPointerField);
                let path: Vec<PipelineOp> = path.collect();
                response.get()?.get_pipelined_cap(&path)
            }
            Results::Failed(error) => Err(error.clone()),
        });
        let Some(hook) = hook else { return };
        let hook = hook.unwrap_or_else(|error| capnp_rpc::new_broken_cap(error).hook);
        own.pipelined.push(import.number());
        drop(calls);
        self.enter(import, hook, &channel);
    }

    fn finish(self: &Rc<Self>, question: QuestionNumber, outcome: Option<Outcome>) {
        let Some(mut pending) = self.calls.borrow_mut().remove(&question) else {
            return;
        };
        let channel = Rc::clone(&pending.channel);
        let answer = match &outcome {
            Some(Ok(Some(response))) => self
                .guarded(&channel, || self.results(&channel, response.as_ref()))
                .unwrap_or_else(|| Err(Status::internal("the channel failed"))),
            Some(Ok(None)) => Ok(Outgoing::results(0).into()),
            Some(Err(error)) => Err(channel.status(error)),
            None => {
                channel.panicked();
                Err(Status::internal("the channel failed"))
            }
        };
        let answerer = pending.answerer.take();
        let Way::Own(own) = &mut pending.way else {
            return;
        };
        for import in std::mem::take(&mut own.pipelined) {
            self.settle(import);
        }
        if own.keep {
            let results = match outcome {
                Some(Ok(Some(response))) => Results::Arrived(response),
                Some(Err(error)) => Results::Failed(error),
                _ => Results::Failed(capnp::Error::failed("no results".to_owned())),
            };
            let old = std::mem::replace(&mut own.results, results);
            self.calls.borrow_mut().insert(question, pending);
            drop_caught(old);
        } else {
            drop_caught((pending, outcome));
        }
        if let Some(caller) = answerer.and_then(|answerer| answerer.answer_quietly(answer)) {
            channel.wake_caller(caller);
        }
        channel.wake();
    }

    /// The results of a call, as its caller gets them: in place, or copied when capabilities are among them.
    fn results(&self, channel: &Rc<Channel>, response: &dyn ResponseHook) -> Result<Incoming> {
        let malformed = |error| Status::data_loss(format!("bad results: {error}"));
        channel.arrived.take();
        let content = response.get().map_err(malformed)?;
        let arrived = channel.arrived.take();
        if let Some(arrived) = &arrived
            && arrived.capabilities == 0
        {
            let message = arrived.message.clone();
            return Ok(dsoftbus_proto::message::Incoming::results(message).into());
        }
        let words = arrived.map_or(0, |arrived| arrived.message.as_bytes().len() / 8);
        let results = Outgoing::results(u32::try_from(words).unwrap_or(0));
        self.copy_in(channel, content, results, malformed)
    }

    /// Forgets a call, which is cancelled if it is under way.
    pub(super) fn cancel(self: &Rc<Self>, question: QuestionNumber) {
        let Some(pending) = self.calls.borrow_mut().remove(&question) else {
            return;
        };
        let channel = Rc::clone(&pending.channel);
        pending.abort();
        self.guarded(&channel, || drop(pending));
        channel.wake();
    }

    /// Fails the calls that still wait for a channel.
    pub(super) fn fail_calls(&self, channel: &Rc<Channel>, status: &Status) {
        let failed: Vec<Pending> = self
            .calls
            .borrow_mut()
            .extract_if(|_, pending| Rc::ptr_eq(&pending.channel, channel))
            .map(|(_, pending)| pending)
            .collect();
        for mut pending in failed {
            pending.abort();
            if let Some(answerer) = pending.answerer.take() {
                answerer.answer(Err(status.clone()));
            }
            drop_caught(pending);
        }
    }
}

/// A capability of results that are awaited.
fn pipelined(pipeline: &any_pointer::Pipeline, path: &[u16]) -> capnp::Result<Box<dyn ClientHook>> {
    let mut place = pipeline.noop();
    for &field in path {
        place = place.get_pointer_field(field);
    }
    // The results may have come a moment ago, without such a capability. `capnp-rpc` panics then.
    catch_unwind(AssertUnwindSafe(|| place.as_cap()))
        .map_err(|_| capnp::Error::failed("the results hold no such capability".to_owned()))
}

/// Words of a message around `content` words with a table of `capabilities`.
///
/// # Errors
///
/// `resource_exhausted` if no peer would take it.
pub(super) fn message_words(content: usize, capabilities: usize) -> Result<u32> {
    let table = capabilities.saturating_mul(DESCRIPTOR as usize);
    let words = content
        .saturating_add(table)
        .saturating_add(ENVELOPE as usize);
    u32::try_from(words)
        .ok()
        .filter(|&words| words as usize * 8 <= dsoftbus_proto::message::MAX_MESSAGE)
        .ok_or_else(|| {
            Status::resource_exhausted(format!("a message of {words} words is too large"))
        })
}

/// Says what the next messages of a channel will be, while it lives.
pub(super) struct Hinted<'a>(&'a Channel);

impl<'a> Hinted<'a> {
    pub(super) fn new(channel: &'a Channel, hint: Hint) -> Self {
        channel.hint.set(hint);
        Self(channel)
    }
}

impl Drop for Hinted<'_> {
    fn drop(&mut self) {
        self.0.hint.set(Hint::default());
    }
}
