//! Calling side of a service channel: pending calls and who waits for them.

use std::{
    fmt,
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use dsoftbus_proto::{
    frame::{ChannelId, CloseCode},
    identity::DeviceId,
    message::{Incoming, Message, Outgoing},
    mux::{Connection, Outbound, SendError},
    rpc::level0::{BeginError, Client as Engine, QuestionId, RpcError},
};
use tokio::time::Instant;

use super::{Channel, Session, Work, key::ChannelKey, stream::Stream};
use crate::{ChannelError, Result, SessionError, Status, call::deadline_exceeded};

/// Bytes of calls that may wait on a channel for a peer that grants no credit; above it a call fails with `resource_exhausted`.
///
/// Calls that were cancelled or whose time is up wait there, too: without it a peer that reads nothing makes this device hold
/// the parameters of all calls that were ever made.
const MAX_QUEUED_CALLS: usize = 2 << 20;

/// State of the channel behind one typed client, inside the session's lock.
pub(crate) struct ClientSide {
    engine: Engine,
    stream: Stream,
    opening: Opening,
    calls: CallTable,
    closed: Option<Status>,
}

enum Opening {
    Waiting(Option<Waker>),
    Open,
    Refused(ChannelError),
}

impl ClientSide {
    /// The state of a channel that is being opened, and the first message to send on it.
    pub(super) fn opening() -> (Channel, Outgoing) {
        let (engine, bootstrap) = Engine::new();
        let client = Self {
            engine,
            stream: Stream::default(),
            opening: Opening::Waiting(None),
            calls: CallTable::default(),
            closed: None,
        };
        (Channel::Client(client), bootstrap)
    }

    /// Where the bytes of a bytes-mode channel become messages.
    pub(super) fn stream(&mut self) -> &mut Stream {
        &mut self.stream
    }

    /// Calls that wait for their results.
    pub(super) fn outstanding(&self) -> usize {
        self.engine.outstanding()
    }

    pub(super) fn accepted(&mut self, work: &mut Work) {
        self.set_opening(Opening::Open, work);
    }

    pub(super) fn receive(
        &mut self,
        id: ChannelId,
        message: Message,
        mux: &mut Connection,
        work: &mut Work,
    ) -> Result<(), RpcError> {
        let handled = self.engine.handle(message);
        while let Some(outgoing) = self.engine.poll_outgoing() {
            let _ = mux.send(id, Outbound::Message(outgoing, 0));
        }
        let mut next = handled?;
        while let Some(completion) = next {
            let result = completion
                .outcome
                .map_err(|error| Status::from_remote(&error));
            self.calls.complete(completion.question, result, work);
            next = self.engine.poll_completion();
        }
        Ok(())
    }

    /// The channel was closed or reset, by the peer or because of what it sent.
    pub(super) fn fail(&mut self, error: ChannelError, status: Status, work: &mut Work) {
        self.set_opening(Opening::Refused(error), work);
        self.stop(status, work);
    }

    pub(super) fn end(&mut self, error: &SessionError, work: &mut Work) {
        self.set_opening(Opening::Refused(error.clone().into()), work);
        self.stop(error.to_status(), work);
    }

    fn stop(&mut self, status: Status, work: &mut Work) {
        self.calls.fail_all(&status, work);
        self.closed.get_or_insert(status);
    }

    /// Fails the calls whose time is up; returns the next deadline.
    pub(super) fn expire(
        &mut self,
        id: ChannelId,
        now: Instant,
        mux: &mut Connection,
        work: &mut Work,
    ) -> Option<Instant> {
        let engine = &mut self.engine;
        self.calls.expire(now, work, |question| {
            if let Some(finish) = engine.cancel(question) {
                let _ = mux.send(id, Outbound::Message(finish, 0));
            }
        })
    }

    fn begin(&mut self, params: &mut Outgoing, timeout: Duration, waker: &Waker) -> Result<u32> {
        if let Some(status) = &self.closed {
            return Err(status.clone());
        }
        let question = self.engine.begin(params).map_err(begin_status)?;
        Ok(self.calls.insert(question, timeout, waker))
    }

    /// Whether there are calls that [`date`](Self::date) has not seen.
    fn has_undated(&self) -> bool {
        !self.calls.undated.is_empty()
    }

    /// Lets the time of new calls begin; returns the first of their deadlines.
    pub(super) fn date(&mut self, now: Instant) -> Option<Instant> {
        self.calls.date(now)
    }

    fn set_opening(&mut self, state: Opening, work: &mut Work) {
        if let Opening::Waiting(waker) = &mut self.opening {
            work.wakers.extend(waker.take());
            self.opening = state;
        }
    }
}

/// A service channel opened by this side. Closed when the last client and the last call of it are dropped.
pub(crate) struct RpcChannel {
    session: Arc<Session>,
    key: ChannelKey,
}

impl RpcChannel {
    pub(super) fn new(session: Arc<Session>, key: ChannelKey) -> Self {
        Self { session, key }
    }

    /// The device at the other end.
    pub(crate) fn peer(&self) -> DeviceId {
        self.session.peer()
    }

    pub(super) async fn opened(&self) -> Result<(), ChannelError> {
        poll_fn(|cx| {
            let mut core = self.session.core();
            let Some((client, _)) = core.client(self.key) else {
                return Poll::Ready(Err(ChannelError::Finished));
            };
            match &mut client.opening {
                Opening::Open => Poll::Ready(Ok(())),
                Opening::Refused(error) => Poll::Ready(Err(error.clone())),
                Opening::Waiting(waker) => {
                    *waker = Some(cx.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }

    /// Sends a call; little is left of `params`. The returned slot is the future of its result. Its time begins when the driver next looks, which it does
    /// once for all calls that came meanwhile.
    pub(crate) fn begin(
        self: Arc<Self>,
        params: &mut crate::Outgoing,
        timeout: Duration,
        waker: &Waker,
    ) -> Result<CallSlot> {
        let params = params.data()?;
        let (sent, wake) = {
            let mut core = self.session.core();
            let Some((client, mux)) = core.client(self.key) else {
                return Err(Status::unavailable("the channel is closed"));
            };
            if mux.queued(self.key.id()) > MAX_QUEUED_CALLS {
                return Err(Status::resource_exhausted(
                    "too many calls wait for the peer to read them",
                ));
            }
            let known = client.has_undated();
            let slot = client.begin(params, timeout, waker)?;
            let sent = send(mux, self.key.id(), params, milliseconds(timeout));
            if sent.is_err()
                && let Some(question) = client.calls.free(slot)
            {
                client.engine.retract(question);
            }
            // Whoever was the first to leave a call undated has woken the driver for all.
            let wake = !known && core.leave_undated(self.key);
            (sent.map(|()| slot), wake)
        };
        if wake {
            self.session.wake_driver();
        }
        let slot = sent.map_err(send_status)?;
        Ok(CallSlot {
            channel: self,
            slot: Some(slot),
        })
    }
}

impl Drop for RpcChannel {
    fn drop(&mut self) {
        {
            let mut core = self.session.core();
            if core.is_current(self.key) {
                core.remove(self.key);
                core.mux.close(self.key.id(), CloseCode::END, &[]);
                core.mux.discard(self.key.id());
            }
        }
        self.session.wake_driver();
    }
}

impl fmt::Debug for RpcChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RpcChannel")
            .field("peer", &self.session.peer())
            .field("channel", &self.key.logical())
            .finish_non_exhaustive()
    }
}

/// A call that was sent. Dropping it before its result cancels it at the peer.
pub(crate) struct CallSlot {
    channel: Arc<RpcChannel>,
    slot: Option<u32>,
}

impl CallSlot {
    pub(crate) fn poll(&mut self, cx: &Context<'_>) -> Poll<Result<Incoming>> {
        let Some(slot) = self.slot else {
            return Poll::Ready(Err(Status::internal("a finished call was polled again")));
        };
        let mut core = self.channel.session.core();
        let Some((client, _)) = core.client(self.channel.key) else {
            return Poll::Ready(Err(Status::unavailable("the channel is closed")));
        };
        let polled = client.calls.poll(slot, cx);
        if polled.is_ready() {
            self.slot = None;
        }
        polled
    }
}

impl Drop for CallSlot {
    fn drop(&mut self) {
        let Some(slot) = self.slot else { return };
        {
            let mut core = self.channel.session.core();
            let Some((client, mux)) = core.client(self.channel.key) else {
                return;
            };
            let Some(question) = client.calls.free(slot) else {
                return;
            };
            let Some(finish) = client.engine.cancel(question) else {
                return;
            };
            let _ = mux.send(self.channel.key.id(), Outbound::Message(finish, 0));
        }
        self.channel.session.wake_driver();
    }
}

/// Pending calls of one channel. A slot outlives its question: the result waits there for the caller.
#[derive(Default)]
struct CallTable {
    slots: Vec<Slot>,
    free: Vec<u32>,
    /// Slot + 1 of each question; 0 where no one waits (any more).
    by_question: Vec<u32>,
    /// Slots of calls whose time has not begun.
    undated: Vec<u32>,
}

enum Slot {
    Free,
    Waiting {
        question: QuestionId,
        due: Due,
        waker: Waker,
    },
    Done(Result<Incoming>),
}

/// When the time of a call is up.
#[derive(Clone, Copy)]
enum Due {
    /// So long after its time has begun.
    In(Duration),
    At(Instant),
}

impl CallTable {
    fn insert(&mut self, question: QuestionId, timeout: Duration, waker: &Waker) -> u32 {
        let waiting = Slot::Waiting {
            question,
            due: Due::In(timeout),
            waker: waker.clone(),
        };
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize] = waiting;
                slot
            }
            None => {
                self.slots.push(waiting);
                (self.slots.len() - 1) as u32
            }
        };
        let index = question.index();
        if self.by_question.len() <= index {
            self.by_question.resize(index + 1, 0);
        }
        self.by_question[index] = slot + 1;
        self.undated.push(slot);
        slot
    }

    /// Lets the time of new calls begin; returns the first of their deadlines.
    fn date(&mut self, now: Instant) -> Option<Instant> {
        let mut first = None;
        for slot in self.undated.drain(..) {
            // A slot is named twice if its call was dropped at once and another one took it.
            if let Slot::Waiting { due, .. } = &mut self.slots[slot as usize]
                && let Due::In(timeout) = *due
            {
                let deadline = now + timeout;
                *due = Due::At(deadline);
                first = Some(first.map_or(deadline, |first: Instant| first.min(deadline)));
            }
        }
        first
    }

    fn complete(&mut self, question: QuestionId, result: Result<Incoming>, work: &mut Work) {
        let Some(entry) = self.by_question.get_mut(question.index()) else {
            return;
        };
        let Some(slot) = std::mem::take(entry).checked_sub(1) else {
            return;
        };
        let done = std::mem::replace(&mut self.slots[slot as usize], Slot::Done(result));
        if let Slot::Waiting { waker, .. } = done {
            work.wakers.push(waker);
        }
    }

    fn poll(&mut self, slot: u32, cx: &Context<'_>) -> Poll<Result<Incoming>> {
        let entry = &mut self.slots[slot as usize];
        if let Slot::Waiting { waker, .. } = entry {
            waker.clone_from(cx.waker());
            return Poll::Pending;
        }
        let done = std::mem::replace(entry, Slot::Free);
        self.free.push(slot);
        match done {
            Slot::Done(result) => Poll::Ready(result),
            Slot::Free | Slot::Waiting { .. } => {
                Poll::Ready(Err(Status::internal("a call lost its place")))
            }
        }
    }

    /// Forgets a call; returns its question if it is still open.
    fn free(&mut self, slot: u32) -> Option<QuestionId> {
        let freed = std::mem::replace(&mut self.slots[slot as usize], Slot::Free);
        self.free.push(slot);
        let Slot::Waiting { question, .. } = freed else {
            return None;
        };
        self.by_question[question.index()] = 0;
        Some(question)
    }

    fn fail_all(&mut self, status: &Status, work: &mut Work) {
        for slot in &mut self.slots {
            if matches!(slot, Slot::Waiting { .. })
                && let Slot::Waiting { waker, .. } =
                    std::mem::replace(slot, Slot::Done(Err(status.clone())))
            {
                work.wakers.push(waker);
            }
        }
        self.by_question.clear();
    }

    fn expire(
        &mut self,
        now: Instant,
        work: &mut Work,
        mut cancel: impl FnMut(QuestionId),
    ) -> Option<Instant> {
        let mut next = None;
        for slot in &mut self.slots {
            let Slot::Waiting {
                question,
                due: Due::At(deadline),
                waker,
            } = slot
            else {
                continue;
            };
            if *deadline > now {
                next = [next, Some(*deadline)].into_iter().flatten().min();
                continue;
            }
            if let Some(entry) = self.by_question.get_mut(question.index()) {
                *entry = 0;
            }
            cancel(*question);
            work.wakers.push(waker.clone());
            *slot = Slot::Done(Err(deadline_exceeded()));
        }
        next
    }
}

/// Queues a message, of which a large one is taken.
fn send(
    mux: &mut Connection,
    id: ChannelId,
    message: &mut Outgoing,
    deadline_ms: u32,
) -> Result<(), SendError> {
    if mux.send_small(id, message, deadline_ms)? {
        return Ok(());
    }
    let message = std::mem::replace(message, Outgoing::results(0));
    mux.send(id, Outbound::Message(message, deadline_ms))
}

fn begin_status(error: BeginError) -> Status {
    match error {
        BeginError::TooLarge { .. } | BeginError::TooManyCalls => {
            Status::resource_exhausted(error.to_string())
        }
        BeginError::Refused(error) => Status::from_remote(&error),
        _ => Status::internal(error.to_string()),
    }
}

fn send_status(error: SendError) -> Status {
    match error {
        SendError::Closed => Status::unavailable(error.to_string()),
        SendError::TooLong { .. } => Status::resource_exhausted(error.to_string()),
        _ => Status::internal(error.to_string()),
    }
}

/// Whole milliseconds for the wire: at least 1, since 0 says "no deadline".
fn milliseconds(timeout: Duration) -> u32 {
    u32::try_from(timeout.as_millis())
        .unwrap_or(u32::MAX)
        .max(1)
}
