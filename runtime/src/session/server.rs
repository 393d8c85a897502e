//! Serving side of a service channel: calls that run, calls that wait.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use dsoftbus_proto::{
    message::{Message, Outgoing},
    mux::{Connection, Outbound},
    rpc::level0::{AnswerId, Inbound, RpcError, Server as Engine},
};
use tokio::{task::AbortHandle, time::Instant};

use super::{Work, fault::Fault, key::ChannelKey, stream::Stream, work::InboundCall};
use crate::{Result, Skeleton, Status, call::deadline_exceeded};

/// Bytes of answers that may wait on a channel for a peer that does not read them; above it no further call is started.
///
/// Without it a peer that calls and never reads makes this device hold every answer.
pub(super) const MAX_QUEUED_ANSWERS: usize = 1 << 20;

/// Bytes of answers that may wait in all channels of a session; above it results become `resource_exhausted`.
///
/// [`MAX_QUEUED_ANSWERS`] holds back calls that have not started. Handlers that run already may all end at once: without
/// this a peer that reads nothing makes 256 of them on each of 256 channels leave a MiB.
pub(crate) const MAX_SESSION_ANSWERS: usize = 16 << 20;

/// Bytes of messages that may wait because too many calls run. Above it the channel is reset.
///
/// Small messages are held back by credit long before; this bounds large ones, whose credit is returned while they
/// are put together.
const MAX_WAITING: usize = 4 << 20;

/// State of a service channel that the peer opened, inside the session's lock.
pub(crate) struct ServerSide {
    key: ChannelKey,
    engine: Engine,
    stream: Stream,
    skeleton: Arc<dyn Skeleton>,
    running: BTreeMap<AnswerId, Running>,
    /// Calls that the engine knows and that are not started before answers have left.
    held: VecDeque<InboundCall>,
    waiting: VecDeque<Waiting>,
    waiting_bytes: usize,
    /// Index of the call that came last.
    latest: usize,
}

/// A handler that was not ready at its first poll.
struct Running {
    deadline: Option<Instant>,
    task: AbortHandle,
}

/// A message that is not looked at before a running call ends. Its credit is not returned before either.
struct Waiting {
    message: Message,
    deadline: Option<Instant>,
    cost: u32,
}

impl ServerSide {
    pub(super) fn new(key: ChannelKey, skeleton: Arc<dyn Skeleton>) -> Self {
        Self {
            key,
            engine: Engine::new(),
            stream: Stream::default(),
            skeleton,
            running: BTreeMap::new(),
            held: VecDeque::new(),
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            latest: 0,
        }
    }

    /// Where the bytes of a bytes-mode channel become messages.
    pub(super) fn stream(&mut self) -> &mut Stream {
        &mut self.stream
    }

    /// Who answers the calls.
    pub(super) fn skeleton(&self) -> &Arc<dyn Skeleton> {
        &self.skeleton
    }

    /// Bytes of messages that wait to be looked at.
    pub(super) fn waiting_bytes(&self) -> usize {
        self.waiting_bytes
    }

    /// Takes in a message.
    ///
    /// # Errors
    ///
    /// [`Fault`]: the channel has to be reset.
    pub(super) fn receive(
        &mut self,
        message: Message,
        deadline: Option<Instant>,
        cost: u32,
        mux: &mut Connection,
        calls: &mut VecDeque<InboundCall>,
    ) -> Result<(), Fault> {
        let waiting = Waiting {
            message,
            deadline,
            cost,
        };
        let must_wait = !self.waiting.is_empty() || self.is_full(mux);
        if must_wait && !self.engine.ends_running_call(&waiting.message) {
            self.waiting_bytes += waiting.message.as_bytes().len();
            self.waiting.push_back(waiting);
            return match self.waiting_bytes > MAX_WAITING {
                true => Err(Fault::Waiting),
                false => Ok(()),
            };
        }
        self.dispatch(waiting, mux, calls)?;
        // The end of a call makes room for one that waits.
        self.resume(mux, calls)
    }

    fn is_full(&self, mux: &Connection) -> bool {
        self.engine.is_full() || self.is_backed_up(mux)
    }

    /// Whether so many answers wait to leave that no call may start.
    pub(super) fn is_backed_up(&self, mux: &Connection) -> bool {
        mux.queued(self.key.id()) > MAX_QUEUED_ANSWERS
    }

    /// Whether something waits for answers to leave, so that [`resume`](Self::resume) is needed once they have.
    pub(super) fn waits_for_queue(&self, mux: &Connection) -> bool {
        !(self.held.is_empty() && self.waiting.is_empty()) && self.is_backed_up(mux)
    }

    /// Whether nothing waits, so that the session has nothing to do for this channel.
    pub(super) fn is_quiet(&self) -> bool {
        self.held.is_empty() && self.waiting.is_empty() && !self.stream.is_counted()
    }

    /// Index of the call that came last: of late the highest says how many calls the peer keeps in flight.
    pub(super) fn latest(&self) -> usize {
        self.latest
    }

    /// Keeps a call that may not start now.
    pub(super) fn hold(&mut self, call: InboundCall) {
        self.held.push_back(call);
    }

    fn dispatch(
        &mut self,
        message: Waiting,
        mux: &mut Connection,
        calls: &mut VecDeque<InboundCall>,
    ) -> Result<(), RpcError> {
        mux.consume(self.key.id(), message.cost);
        let handled = self.engine.handle(message.message);
        while let Some(outgoing) = self.engine.poll_outgoing() {
            let _ = mux.send(self.key.id(), Outbound::Message(outgoing, 0));
        }
        match handled? {
            Some(Inbound::Call {
                answer,
                interface_id,
                method_id,
                params,
            }) => {
                self.latest = answer.index();
                calls.push_back(InboundCall {
                    channel: self.key,
                    answer,
                    interface_id,
                    method_id,
                    params,
                    deadline: message.deadline,
                });
            }
            Some(Inbound::Cancel { answer }) => {
                calls.retain(|call| call.channel != self.key || call.answer != answer);
                self.held.retain(|call| call.answer != answer);
                if let Some(running) = self.running.remove(&answer) {
                    running.task.abort();
                }
                self.answer(answer, Outgoing::canceled(), mux);
            }
            None => {}
        }
        Ok(())
    }

    /// Answers a call and goes on with messages that waited for it.
    ///
    /// # Errors
    ///
    /// [`Fault`] of such a message.
    pub(super) fn reply(
        &mut self,
        answer: AnswerId,
        outcome: Result<Outgoing>,
        mux: &mut Connection,
        calls: &mut VecDeque<InboundCall>,
    ) -> Result<(), Fault> {
        self.running.remove(&answer);
        let outcome = outcome.and_then(|outgoing| match mux.answers() > MAX_SESSION_ANSWERS {
            true => Err(Status::resource_exhausted(
                "too many answers wait for this session",
            )),
            false => Ok(outgoing),
        });
        let outgoing = outcome.unwrap_or_else(|status| status.to_exception());
        self.answer(answer, outgoing, mux);
        self.resume(mux, calls)
    }

    /// Goes on with what waited, as far as there is room.
    ///
    /// # Errors
    ///
    /// [`Fault`] of a message that waited.
    pub(super) fn resume(
        &mut self,
        mux: &mut Connection,
        calls: &mut VecDeque<InboundCall>,
    ) -> Result<(), Fault> {
        if !self.held.is_empty() && !self.is_backed_up(mux) {
            calls.append(&mut self.held);
        }
        while !self.waiting.is_empty() && !self.is_full(mux) {
            let Some(next) = self.waiting.pop_front() else {
                break;
            };
            self.waiting_bytes = self
                .waiting_bytes
                .saturating_sub(next.message.as_bytes().len());
            self.dispatch(next, mux, calls)?;
        }
        Ok(())
    }

    fn answer(&mut self, answer: AnswerId, outgoing: Outgoing, mux: &mut Connection) {
        if let Some(outgoing) = self.engine.reply(answer, outgoing) {
            // A channel that closed meanwhile has no one to read the answer.
            let _ = mux.send(self.key.id(), Outbound::Message(outgoing, 0));
        }
    }

    /// Notes the task of a handler. One whose call was cancelled while it was being started is stopped at once.
    pub(super) fn started(
        &mut self,
        answer: AnswerId,
        deadline: Option<Instant>,
        task: AbortHandle,
    ) {
        if self.engine.is_running(answer) {
            self.running.insert(answer, Running { deadline, task });
        } else {
            task.abort();
        }
    }

    /// Ends the calls whose time is up; returns the next deadline.
    ///
    /// # Errors
    ///
    /// [`Fault`] of a message that waited for one of them.
    pub(super) fn expire(
        &mut self,
        now: Instant,
        mux: &mut Connection,
        calls: &mut VecDeque<InboundCall>,
        work: &mut Work,
    ) -> Result<Option<Instant>, Fault> {
        let is_over = |deadline: Option<Instant>| deadline.is_some_and(|deadline| deadline <= now);
        let mut expired = Vec::new();
        self.held.retain(|call| {
            let over = is_over(call.deadline);
            if over {
                expired.push(call.answer);
            }
            !over
        });
        let running = self.running.iter();
        expired.extend(
            running
                .filter(|(_, running)| is_over(running.deadline))
                .map(|(&answer, _)| answer),
        );
        for answer in expired {
            if let Some(running) = self.running.remove(&answer) {
                work.aborts.push(running.task);
            }
            self.reply(answer, Err(deadline_exceeded()), mux, calls)?;
        }
        let running = self.running.values().map(|running| running.deadline);
        let held = self.held.iter().map(|call| call.deadline);
        Ok(running.chain(held).flatten().min())
    }

    /// Stops every handler, and gives back the credit of what waited.
    pub(super) fn stop(&mut self, mux: &mut Connection, work: &mut Work) {
        work.aborts.extend(
            std::mem::take(&mut self.running)
                .into_values()
                .map(|running| running.task),
        );
        for waiting in self.waiting.drain(..) {
            mux.consume(self.key.id(), waiting.cost);
        }
        self.waiting_bytes = 0;
        self.held.clear();
    }
}

#[cfg(test)]
mod tests {
    use dsoftbus_proto::{frame::ChannelId, mux::Limits, side::Side};

    use super::*;
    use crate::{CallFuture, Context, ServiceDescriptor, message::Incoming};

    struct Nothing;

    impl Skeleton for Nothing {
        fn descriptor(&self) -> &'static ServiceDescriptor {
            &ServiceDescriptor {
                name: "Nothing",
                channel: Some(0x0100),
                interface_id: 0,
                level: 0,
                methods: &[],
                extends: &[],
                schema: &[],
            }
        }

        fn call(&self, _: Context, _: u64, _: u16, _: Incoming) -> CallFuture {
            Box::pin(std::future::pending())
        }
    }

    #[tokio::test]
    async fn a_call_that_was_cancelled_while_it_was_started_is_stopped() {
        let id = ChannelId::new(Side::Initiator, 0, 0x0100).unwrap();
        let mut mux = Connection::new(Side::Responder, Limits::default());
        let mut server = ServerSide::new(ChannelKey::new(id, 1), Arc::new(Nothing));
        let mut calls = VecDeque::new();
        let mut call = Outgoing::call(0, 0, 0);
        call.set_id(7);
        for message in [Outgoing::bootstrap(), call] {
            let message = message.into_message().unwrap();
            let received = server.receive(message, None, 0, &mut mux, &mut calls);
            assert!(received.is_ok());
        }
        // The driver has taken the call when the Finish comes, and starts its task after.
        let call = calls.pop_front().unwrap();
        let finish = Outgoing::finish(7).into_message().unwrap();
        let received = server.receive(finish, None, 0, &mut mux, &mut calls);
        assert!(received.is_ok());
        let task = tokio::spawn(std::future::pending::<()>());
        server.started(call.answer, None, task.abort_handle());
        tokio::task::yield_now().await;
        assert!(task.is_finished());
    }
}
