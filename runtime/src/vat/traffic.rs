//! [`Traffic`]: messages of a channel between the session and `capnp-rpc`.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use capnp::message::{Builder, HeapAllocator};
use dsoftbus_proto::{
    frame::CloseCode,
    message::{CallTarget, Message, Outgoing},
    mux::{Outbound, SendError},
    rpc::level0::RemoteError,
};
use tokio::{runtime::Handle, time::Instant};

use super::{
    backlog::Backlog,
    gate::{Admitted, Gate, Sent, Verdict},
    limits::{MAX_ANSWERS_WAITING, MAX_BACKLOG, MAX_ROUNDS, MAX_SESSION_BACKLOG},
    link::{Inbound, Link},
};
use crate::{
    Status,
    session::{ChannelKey, MAX_SESSION_ANSWERS, Session},
};

/// Messages of a channel between the session and `capnp-rpc`.
pub(super) struct Traffic {
    session: Arc<Session>,
    key: ChannelKey,
    link: Arc<Link>,
    /// The runtime of the user, whose clock deadlines go by.
    user: Handle,
    gate: RefCell<Gate>,
    inbox: RefCell<VecDeque<Inbound>>,
    receiver: RefCell<Option<Waker>>,
    /// Messages that may still be looked at in this turn.
    left: Cell<usize>,
    /// Why the session says that nothing more comes.
    ended: RefCell<Option<Status>>,
    /// Cost of messages that were taken, to be given back.
    consumed: Cell<u32>,
    /// Whether messages were taken that the session still counts.
    taken: Cell<bool>,
    outbox: RefCell<Vec<Out>>,
    /// Callers whose calls were answered in this turn.
    answered: RefCell<Vec<Waker>>,
    backlog: RefCell<Backlog>,
    too_long: Cell<bool>,
}

/// A message on its way to the session.
struct Out {
    body: Body,
    deadline: Option<Instant>,
    bytes: usize,
    call: bool,
}

enum Body {
    /// `capnp-rpc` may go on reading it.
    Shared(Rc<Builder<HeapAllocator>>),
    Owned(Outgoing),
}

impl Traffic {
    pub(super) fn new(
        session: Arc<Session>,
        key: ChannelKey,
        link: Arc<Link>,
        user: Handle,
    ) -> Self {
        Self {
            session,
            key,
            link,
            user,
            gate: RefCell::default(),
            inbox: RefCell::default(),
            receiver: RefCell::default(),
            left: Cell::default(),
            ended: RefCell::default(),
            consumed: Cell::default(),
            taken: Cell::default(),
            outbox: RefCell::default(),
            answered: RefCell::default(),
            backlog: RefCell::default(),
            too_long: Cell::default(),
        }
    }

    /// The next message for `capnp-rpc`; none once the channel has ended.
    ///
    /// # Errors
    ///
    /// What the peer did wrong.
    pub(super) fn poll_next(&self, cx: &Context<'_>) -> Poll<capnp::Result<Option<Admitted>>> {
        #[cfg(test)]
        super::tests::panic_if_asked();
        loop {
            if self.is_sated() {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let next = self.inbox.borrow_mut().pop_front();
            let Some(inbound) = next else {
                if self.ended.borrow().is_some() {
                    return Poll::Ready(Ok(None));
                }
                self.receiver.replace(Some(cx.waker().clone()));
                return Poll::Pending;
            };
            self.left.set(self.left.get().saturating_sub(1));
            let consumed = self.consumed.get().saturating_add(inbound.cost);
            self.consumed.set(consumed);
            let crowded = self.exceeds(|backlog| {
                backlog.others() > MAX_ANSWERS_WAITING || backlog.session() > MAX_SESSION_ANSWERS
            });
            let verdict = self
                .gate
                .borrow_mut()
                .admit(inbound.message, inbound.deadline, crowded);
            match verdict {
                Verdict::Pass(admitted) => return Poll::Ready(Ok(Some(admitted))),
                Verdict::Handled(answers) => {
                    for answer in answers {
                        let bytes = answer.len_bytes();
                        self.push(Body::Owned(answer), None, bytes, false);
                    }
                }
                Verdict::Violation(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    /// Whether enough was taken in for a turn.
    pub(super) fn is_sated(&self) -> bool {
        self.left.get() == 0 && !self.inbox.borrow().is_empty()
    }

    /// Queues a call of data under the number of a question that is open.
    pub(super) fn ask(&self, question: u32, call: Outgoing, deadline: Instant) {
        self.gate.borrow_mut().asked(question);
        let bytes = call.len_bytes();
        self.push(Body::Owned(call), Some(deadline), bytes, true);
    }

    /// Queues results of data of a call that `capnp-rpc` does not know.
    pub(super) fn answer(&self, question: u32, mut results: Outgoing) {
        self.gate.borrow_mut().answered(question);
        results.set_id(question);
        let bytes = results.len_bytes();
        self.push(Body::Owned(results), None, bytes, false);
    }

    /// Queues a Finish of a question that goes on as far as `capnp-rpc` knows.
    pub(super) fn finish(&self, question: u32) {
        let finish = Outgoing::finish(question);
        let bytes = finish.len_bytes();
        self.push(Body::Owned(finish), None, bytes, false);
    }

    /// Queues a message of `capnp-rpc`. Returns what it is addressed to, if it is a call.
    pub(super) fn send(
        &self,
        message: Rc<Builder<HeapAllocator>>,
        deadline: Option<Instant>,
    ) -> Option<CallTarget> {
        let sent = self.gate.borrow_mut().sent(&message);
        let (call, target) = match &sent {
            Ok(Sent::Call(target)) => (true, *target),
            _ => (false, None),
        };
        if let Ok(Sent::Awaited(finish)) = sent {
            self.inbox.borrow_mut().push_back(Inbound {
                message: finish,
                deadline: None,
                cost: 0,
            });
            self.wake_receiver();
        }
        let bytes = message.size_in_words().saturating_mul(8);
        self.push(Body::Shared(message), deadline, bytes, call);
        target
    }

    fn push(&self, body: Body, deadline: Option<Instant>, bytes: usize, call: bool) {
        self.backlog.borrow_mut().wait(bytes, call);
        self.outbox.borrow_mut().push(Out {
            body,
            deadline,
            bytes,
            call,
        });
    }

    /// Wakes a caller at the end of the turn.
    pub(super) fn wake_caller(&self, caller: Waker) {
        self.answered.borrow_mut().push(caller);
    }

    fn wake_receiver(&self) {
        if let Some(waker) = self.receiver.take() {
            waker.wake();
        }
    }

    /// Takes what has come in.
    pub(super) fn take_in(&self) {
        self.left.set(MAX_ROUNDS);
        let (messages, ended) = self.link.take();
        if messages.is_empty() && ended.is_none() {
            return;
        }
        if !messages.is_empty() {
            self.taken.set(true);
            self.inbox.borrow_mut().extend(messages);
        }
        if ended.is_some() {
            self.ended.replace(ended);
        }
        self.wake_receiver();
    }

    /// Hands over to the session what goes out, all of it at once, and gives back the credit of what came in.
    pub(super) fn hand_over(&self) {
        let outbox = self.outbox.take();
        let consumed = self.consumed.take();
        let taken = self.taken.take();
        let mut answered = self.answered.take();
        if outbox.is_empty() && consumed == 0 && !taken && answered.is_empty() {
            return;
        }
        let now = {
            let _entered = self.user.enter();
            Instant::now()
        };
        // What has to be copied is copied without the lock.
        let outbox: Vec<_> = outbox
            .into_iter()
            .map(|out| (out.body.into_outgoing(), out.deadline, out.bytes, out.call))
            .collect();
        let id = self.key.id();
        {
            let mut core = self.session.core();
            if !core.is_current(self.key) {
                core.mux.refund(consumed);
                drop(core);
                // The driver may have ended.
                answered.into_iter().for_each(Waker::wake);
                return;
            }
            core.leave_answered(&mut answered);
            core.mux.consume(id, consumed);
            let mut backlog = self.backlog.borrow_mut();
            for (outgoing, deadline, bytes, call) in outbox {
                let before = core.mux.queued(id);
                let milliseconds = deadline.map_or(0, |deadline| milliseconds(deadline - now));
                let sent = match outgoing {
                    Some(outgoing) => core.mux.send(id, Outbound::Message(outgoing, milliseconds)),
                    None => Err(SendError::TooLong { length: bytes }),
                };
                if matches!(sent, Err(SendError::TooLong { .. })) {
                    self.too_long.set(true);
                }
                let queued = core.mux.queued(id).saturating_sub(before);
                backlog.hand_over(bytes, queued, call);
            }
            backlog.update(core.mux.queued(id), core.mux.answers());
            core.recount(self.key);
        }
        self.session.wake_driver();
    }

    /// Ends the channel in the session, with a code for the peer unless it knows already. Nothing goes in or out any more.
    pub(super) fn end(&self, code: Option<CloseCode>) {
        self.outbox.take();
        self.answered.take().into_iter().for_each(Waker::wake);
        let (left, _) = self.link.take();
        let left = self.inbox.take().into_iter().chain(left);
        let left = left.fold(self.consumed.take(), |sum, inbound| {
            sum.saturating_add(inbound.cost)
        });
        {
            let mut core = self.session.core();
            if core.is_current(self.key) {
                core.mux.consume(self.key.id(), left);
                if let Some(code) = code {
                    core.mux.close(self.key.id(), code, &[]);
                    core.mux.discard(self.key.id());
                }
                core.remove(self.key);
            } else {
                core.mux.refund(left);
            }
        }
        self.session.wake_driver();
    }

    /// Whether more waits than a limit allows. What is known of the session's queue may be old, so that one look at it is worth
    /// while before anybody is refused.
    pub(super) fn exceeds(&self, limit: impl Fn(&Backlog) -> bool) -> bool {
        if !limit(&self.backlog.borrow()) {
            return false;
        }
        let (queued, session) = {
            let core = self.session.core();
            (core.mux.queued(self.key.id()), core.mux.answers())
        };
        let mut backlog = self.backlog.borrow_mut();
        backlog.update(queued, session);
        limit(&backlog)
    }

    /// Whether more waits for the peer than a channel may hold, or something that it would never take.
    pub(super) fn is_overfull(&self) -> bool {
        let overfull = |backlog: &Backlog| {
            backlog.total() > MAX_BACKLOG || backlog.session() > MAX_SESSION_BACKLOG
        };
        self.too_long.get() || self.exceeds(overfull)
    }

    /// Whether neither side waits for an answer of the other.
    pub(super) fn is_idle(&self) -> bool {
        self.gate.borrow().is_idle()
    }

    /// Why the session says that nothing more comes, if it does.
    pub(super) fn ended(&self) -> Option<Status> {
        self.ended.borrow().clone()
    }

    /// How the peer said that it gives up, if it did.
    pub(super) fn aborted(&self) -> Option<RemoteError> {
        self.gate.borrow().aborted().cloned()
    }
}

impl Body {
    /// The message to be sent; `None` if no peer would take it.
    fn into_outgoing(self) -> Option<Outgoing> {
        match self {
            Self::Owned(outgoing) => Some(outgoing),
            Self::Shared(message) => match Rc::try_unwrap(message) {
                Ok(message) => Some(Outgoing::built(message)),
                Err(message) => {
                    let copy = Message::copy_of(&message.get_segments_for_output());
                    copy.ok().map(Outgoing::from)
                }
            },
        }
    }
}

/// Whole milliseconds for the wire: at least 1, since 0 says "no deadline".
fn milliseconds(left: Duration) -> u32 {
    u32::try_from(left.as_millis()).unwrap_or(u32::MAX).max(1)
}
