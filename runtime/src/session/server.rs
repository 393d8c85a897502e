//! Serving side of a service channel: calls that run, calls that wait.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use dsoftbus_proto::{
    frame::{ChannelId, CloseCode},
    message::{Message, Outgoing},
    mux::{Connection, Outbound},
    rpc::level0::{AnswerId, Inbound, RpcError, Server as Engine},
    stream::Reader,
};
use tokio::{task::AbortHandle, time::Instant};

use super::{Work, core::InboundCall};
use crate::{Result, Skeleton, call::deadline_exceeded};

/// Bytes of answers that may wait for a peer that does not read them; above it no further call is started.
///
/// Without it a peer that calls and never reads makes this device hold every answer.
const MAX_QUEUED_ANSWERS: usize = 1 << 20;

/// Bytes of messages that may wait because too many calls run. Above it the channel is reset.
///
/// Small messages are held back by credit long before; this bounds large ones, whose credit is returned while they
/// are put together.
const MAX_WAITING: usize = 4 << 20;

/// State of a service channel that the peer opened, inside the session's lock.
pub(crate) struct ServerSide {
    engine: Engine,
    reader: Reader,
    skeleton: Arc<dyn Skeleton>,
    running: BTreeMap<AnswerId, Running>,
    waiting: VecDeque<Waiting>,
    waiting_bytes: usize,
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
    pub(super) fn new(skeleton: Arc<dyn Skeleton>) -> Self {
        Self {
            engine: Engine::new(),
            reader: Reader::new(),
            skeleton,
            running: BTreeMap::new(),
            waiting: VecDeque::new(),
            waiting_bytes: 0,
        }
    }

    /// Where the bytes of a bytes-mode channel become messages.
    pub(super) fn reader(&mut self) -> &mut Reader {
        &mut self.reader
    }

    #[allow(
        clippy::too_many_arguments,
        reason = "one message and where its effects go"
    )]
    pub(super) fn receive(
        &mut self,
        id: ChannelId,
        message: Message,
        deadline: Option<Instant>,
        cost: u32,
        mux: &mut Connection,
        calls: &mut Vec<InboundCall>,
        work: &mut Work,
    ) -> Result<(), RpcError> {
        let waiting = Waiting {
            message,
            deadline,
            cost,
        };
        let must_wait = !self.waiting.is_empty() || self.is_full(id, mux);
        if must_wait && !self.engine.ends_running_call(&waiting.message) {
            self.waiting_bytes += waiting.message.as_bytes().len();
            self.waiting.push_back(waiting);
            if self.waiting_bytes > MAX_WAITING {
                mux.close(id, CloseCode::RESOURCE_LIMIT, &[]);
                self.stop(work);
            }
            return Ok(());
        }
        self.dispatch(id, waiting, mux, calls)?;
        // The end of a call makes room for one that waits.
        self.resume(id, mux, calls);
        Ok(())
    }

    fn is_full(&self, id: ChannelId, mux: &Connection) -> bool {
        self.engine.is_full() || mux.queued(id) > MAX_QUEUED_ANSWERS
    }

    fn dispatch(
        &mut self,
        id: ChannelId,
        message: Waiting,
        mux: &mut Connection,
        calls: &mut Vec<InboundCall>,
    ) -> Result<(), RpcError> {
        mux.consume(id, message.cost);
        let handled = self.engine.handle(message.message);
        while let Some(outgoing) = self.engine.poll_outgoing() {
            let _ = mux.send(id, Outbound::Message(outgoing, 0));
        }
        match handled? {
            Some(Inbound::Call {
                answer,
                interface_id,
                method_id,
                params,
            }) => calls.push(InboundCall {
                channel: id,
                answer,
                interface_id,
                method_id,
                params,
                deadline: message.deadline,
                skeleton: Arc::clone(&self.skeleton),
            }),
            Some(Inbound::Cancel { answer }) => {
                calls.retain(|call| call.channel != id || call.answer != answer);
                if let Some(running) = self.running.remove(&answer) {
                    running.task.abort();
                }
                self.answer(id, answer, Outgoing::canceled(), mux);
            }
            None => {}
        }
        Ok(())
    }

    /// Answers a call and goes on with messages that waited for it.
    pub(super) fn reply(
        &mut self,
        id: ChannelId,
        answer: AnswerId,
        outcome: Result<Outgoing>,
        mux: &mut Connection,
        calls: &mut Vec<InboundCall>,
    ) {
        self.running.remove(&answer);
        let outgoing = outcome.unwrap_or_else(|status| status.to_exception());
        self.answer(id, answer, outgoing, mux);
        self.resume(id, mux, calls);
    }

    fn resume(&mut self, id: ChannelId, mux: &mut Connection, calls: &mut Vec<InboundCall>) {
        while !self.is_full(id, mux) {
            let Some(next) = self.waiting.pop_front() else {
                return;
            };
            self.waiting_bytes = self
                .waiting_bytes
                .saturating_sub(next.message.as_bytes().len());
            if let Err(error) = self.dispatch(id, next, mux, calls) {
                tracing::debug!(channel = ?id, %error, "RPC protocol violated");
                mux.close(id, CloseCode::PROTOCOL_ERROR, &[]);
                self.waiting.clear();
                return;
            }
        }
    }

    fn answer(
        &mut self,
        id: ChannelId,
        answer: AnswerId,
        outgoing: Outgoing,
        mux: &mut Connection,
    ) {
        if let Some(outgoing) = self.engine.reply(answer, outgoing) {
            // A channel that closed meanwhile has no one to read the answer.
            let _ = mux.send(id, Outbound::Message(outgoing, 0));
        }
    }

    pub(super) fn started(
        &mut self,
        answer: AnswerId,
        deadline: Option<Instant>,
        task: AbortHandle,
    ) {
        self.running.insert(answer, Running { deadline, task });
    }

    /// Ends the calls whose time is up; returns the next deadline.
    pub(super) fn expire(
        &mut self,
        id: ChannelId,
        now: Instant,
        mux: &mut Connection,
        calls: &mut Vec<InboundCall>,
        work: &mut Work,
    ) -> Option<Instant> {
        let expired: Vec<AnswerId> = self
            .running
            .iter()
            .filter(|(_, running)| running.deadline.is_some_and(|deadline| deadline <= now))
            .map(|(&answer, _)| answer)
            .collect();
        for answer in expired {
            if let Some(running) = self.running.remove(&answer) {
                work.aborts.push(running.task);
            }
            self.reply(id, answer, Err(deadline_exceeded()), mux, calls);
        }
        self.running
            .values()
            .filter_map(|running| running.deadline)
            .min()
    }

    /// Stops every handler.
    pub(super) fn stop(&mut self, work: &mut Work) {
        work.aborts.extend(
            std::mem::take(&mut self.running)
                .into_values()
                .map(|running| running.task),
        );
        self.waiting.clear();
        self.waiting_bytes = 0;
    }
}
