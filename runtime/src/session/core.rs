//! [`Core`]: everything of a session that sits behind its one lock.

mod events;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    task::Waker,
    time::Duration,
};

use dsoftbus_proto::{
    frame::{ChannelId, Mode},
    message::Outgoing,
    mux::{Connection, Limits, OpenError, Outbound},
    rpc::level0::AnswerId,
    side::Side,
};
use tokio::{task::AbortHandle, time::Instant};

use super::{
    byte_channel::{self, BytesSide},
    client::ClientSide,
    key::ChannelKey,
    load::Load,
    server::ServerSide,
    stream::Stream,
    vat::VatSide,
    work::{InboundCall, Work},
};
use crate::{ChannelError, Result, SessionError, Skeleton, call::deadline_exceeded};

/// Time for which a call counts as one of late. Longer than who calls now and then waits between two calls.
const LATELY: Duration = Duration::from_millis(200);

/// State of a session: the multiplexer and the engine of every channel.
pub(crate) struct Core {
    pub(crate) mux: Connection,
    /// Boxed: a node of the map has room for eleven, and most sessions have a channel or two.
    channels: BTreeMap<ChannelId, Box<Entry>>,
    /// Channels that there were.
    epoch: u64,
    ended: Option<SessionError>,
    /// Calls that wait for the driver to start their handlers.
    inbound: VecDeque<InboundCall>,
    /// Channels that wait for their queue to drain: writers of byte channels, calls of services.
    blocked: Vec<ChannelId>,
    /// Bytes of messages that wait in bytes-mode service channels, or for the vat thread.
    streams: usize,
    /// Earliest deadline, or earlier: at worst the driver looks once too often.
    timer: Option<Instant>,
    /// Channels with calls whose time has not begun.
    undated: Vec<ChannelKey>,
    /// When the record arrived that is taken in.
    heard: Instant,
    load: Load,
    /// When the last message of a service arrived.
    called: Option<Instant>,
    /// Callers that the vat thread has answered, for the driver to wake.
    answered: Vec<Waker>,
}

/// A channel and which of those that had its number it is.
struct Entry {
    epoch: u64,
    channel: Channel,
}

/// One channel: which engine reads it.
pub(crate) enum Channel {
    Client(ClientSide),
    Server(ServerSide),
    Vat(VatSide),
    Bytes(BytesSide),
}

impl Channel {
    /// The stream of a service channel.
    fn stream(&mut self) -> Option<&mut Stream> {
        match self {
            Self::Client(client) => Some(client.stream()),
            Self::Server(server) => Some(server.stream()),
            Self::Vat(vat) => Some(vat.stream()),
            Self::Bytes(_) => None,
        }
    }

    /// Brings the session's sum of bytes in streams up to date.
    fn recount(&mut self, sum: &mut usize, always: bool) {
        let waiting = match self {
            Self::Server(server) => server.waiting_bytes(),
            Self::Vat(vat) => vat.waiting_bytes(),
            Self::Client(_) | Self::Bytes(_) => 0,
        };
        if let Some(stream) = self.stream() {
            match always {
                true => stream.count(waiting, sum),
                false => stream.recount(waiting, sum),
            }
        }
    }
}

impl Core {
    pub(super) fn new(side: Side) -> Self {
        Self {
            mux: Connection::new(side, Limits::default()),
            channels: BTreeMap::new(),
            epoch: 0,
            ended: None,
            inbound: VecDeque::new(),
            blocked: Vec::new(),
            streams: 0,
            timer: None,
            undated: Vec::new(),
            heard: Instant::now(),
            load: Load::default(),
            called: None,
            answered: Vec::new(),
        }
    }

    pub(super) fn ended(&self) -> Option<&SessionError> {
        self.ended.as_ref()
    }

    pub(super) fn check_alive(&self) -> Result<(), SessionError> {
        match &self.ended {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }

    /// Opens a channel; `make` makes what reads it.
    pub(super) fn open(
        &mut self,
        logical: u16,
        interface_id: u64,
        mode: Mode,
        extra: &[u8],
        make: impl FnOnce(ChannelKey) -> Channel,
    ) -> Result<ChannelKey, ChannelError> {
        self.check_alive()?;
        let id =
            self.mux
                .open(logical, interface_id, mode, extra)
                .map_err(|error| match error {
                    OpenError::SessionClosed => SessionError::Closed.into(),
                    OpenError::TooManyChannels | OpenError::NumbersExhausted { .. } => {
                        ChannelError::Exhausted
                    }
                    other => ChannelError::Invalid(other),
                })?;
        Ok(self.insert(id, make))
    }

    fn insert(&mut self, id: ChannelId, make: impl FnOnce(ChannelKey) -> Channel) -> ChannelKey {
        self.epoch += 1;
        let key = ChannelKey::new(id, self.epoch);
        // The number was free, so that an old channel under it has ended both ways. Its handle, if there still is one, finds
        // nothing any more.
        self.take(id);
        let entry = Box::new(Entry {
            epoch: key.epoch(),
            channel: make(key),
        });
        self.channels.insert(id, entry);
        key
    }

    /// Removes a channel.
    pub(crate) fn remove(&mut self, key: ChannelKey) {
        if self.is_current(key) {
            self.take(key.id());
        }
    }

    fn take(&mut self, id: ChannelId) -> Option<Channel> {
        let mut channel = self.channels.remove(&id)?.channel;
        if let Some(stream) = channel.stream() {
            stream.clear(&mut self.streams);
        }
        if let Channel::Bytes(bytes) = &mut channel {
            bytes.clear(&mut self.mux);
        }
        Some(channel)
    }

    /// Whether the channel is still there.
    pub(crate) fn is_current(&self, key: ChannelKey) -> bool {
        let entry = self.channels.get(&key.id());
        entry.is_some_and(|entry| entry.epoch == key.epoch())
    }

    fn channel(&mut self, id: ChannelId) -> Option<&mut Channel> {
        Some(&mut self.channels.get_mut(&id)?.channel)
    }

    fn current(&mut self, key: ChannelKey) -> Option<(&mut Channel, &mut Connection)> {
        let entry = self.channels.get_mut(&key.id())?;
        (entry.epoch == key.epoch()).then_some((&mut entry.channel, &mut self.mux))
    }

    pub(super) fn client(&mut self, key: ChannelKey) -> Option<(&mut ClientSide, &mut Connection)> {
        match self.current(key)? {
            (Channel::Client(client), mux) => Some((client, mux)),
            _ => None,
        }
    }

    pub(super) fn bytes(&mut self, key: ChannelKey) -> Option<(&mut BytesSide, &mut Connection)> {
        match self.current(key)? {
            (Channel::Bytes(bytes), mux) => Some((bytes, mux)),
            _ => None,
        }
    }

    /// The vat thread has taken messages of a channel: what waits for it has become less.
    pub(crate) fn recount(&mut self, key: ChannelKey) {
        let sum = &mut self.streams;
        if let Some(entry) = self.channels.get_mut(&key.id())
            && entry.epoch == key.epoch()
        {
            entry.channel.recount(sum, true);
        }
    }

    /// Leaves callers that the vat thread has answered to the driver, which has to be woken. To wake a task from another thread
    /// costs a system call; all of them from the driver's cost one together.
    pub(crate) fn leave_answered(&mut self, callers: &mut Vec<Waker>) {
        self.answered.append(callers);
    }

    /// The callers that were left to be woken.
    pub(super) fn take_answered(&mut self, work: &mut Work) {
        work.wakers.append(&mut self.answered);
    }

    /// Queues an RPC message. One for a channel that is closed meanwhile has no reader and is dropped.
    pub(super) fn send(&mut self, key: ChannelKey, message: Outgoing, deadline_ms: u32) {
        let _ = self
            .mux
            .send(key.id(), Outbound::Message(message, deadline_ms));
    }

    /// Notes that something waits for the queue of a channel to drain.
    pub(super) fn block(&mut self, id: ChannelId) {
        if !self.blocked.contains(&id) {
            self.blocked.push(id);
        }
    }

    /// Goes on with what waited for queues that have drained: wakes writers, lets calls start.
    pub(super) fn unblock(&mut self, work: &mut Work) {
        let mut next = 0;
        while let Some(&id) = self.blocked.get(next) {
            let waits = match self.channels.get_mut(&id).map(|entry| &mut entry.channel) {
                Some(Channel::Bytes(bytes)) => {
                    let waits = self.mux.queued(id) > byte_channel::LOW_WATER;
                    if !waits {
                        bytes.writable(work);
                    }
                    waits
                }
                Some(Channel::Server(server)) => server.waits_for_queue(&self.mux),
                Some(Channel::Client(_) | Channel::Vat(_)) | None => false,
            };
            if waits {
                next += 1;
                continue;
            }
            self.blocked.swap_remove(next);
            // May block again, behind those that are still to be looked at.
            self.resume(id, work);
        }
    }

    /// Goes on with the calls of a service channel that waited.
    fn resume(&mut self, id: ChannelId, work: &mut Work) {
        if let Some(Channel::Server(server)) =
            self.channels.get_mut(&id).map(|entry| &mut entry.channel)
        {
            let resumed = server.resume(&mut self.mux, &mut self.inbound);
            self.settle(id, resumed, work);
        }
    }

    /// Takes calls to be started, at most `most`. One whose time is up is answered instead; one of a channel whose answers
    /// pile up waits until they have left.
    pub(super) fn take_inbound(
        &mut self,
        now: Instant,
        most: usize,
        into: &mut VecDeque<InboundCall>,
        work: &mut Work,
    ) {
        while into.len() < most && !self.inbound.is_empty() {
            let ready = self.startable(most - into.len(), now);
            if ready == self.inbound.len() && into.is_empty() {
                // As nearly always.
                std::mem::swap(into, &mut self.inbound);
            } else if ready > 0 {
                into.extend(self.inbound.drain(..ready));
            } else if let Some(call) = self.inbound.pop_front() {
                self.put_off(call, now, work);
            }
        }
    }

    /// How many of the next calls, at most `most`, may start.
    fn startable(&self, most: usize, now: Instant) -> usize {
        // What was found out about the channel of the last call: many in a row are of one.
        let mut checked = None;
        let mut startable = 0;
        for call in self.inbound.iter().take(most) {
            if call.deadline.is_some_and(|deadline| deadline <= now) {
                break;
            }
            if checked != Some(call.channel) {
                match self.channels.get(&call.channel.id()) {
                    Some(entry) if entry.epoch == call.channel.epoch() => match &entry.channel {
                        Channel::Server(server) if !server.is_backed_up(&self.mux) => {}
                        _ => break,
                    },
                    _ => break,
                }
                checked = Some(call.channel);
            }
            startable += 1;
        }
        startable
    }

    /// What becomes of a call that may not start.
    fn put_off(&mut self, call: InboundCall, now: Instant, work: &mut Work) {
        if call.deadline.is_some_and(|deadline| deadline <= now) {
            self.reply(call.channel, call.answer, Err(deadline_exceeded()), work);
            return;
        }
        let (id, deadline) = (call.channel.id(), call.deadline);
        if let Some((Channel::Server(server), _)) = self.current(call.channel) {
            server.hold(call);
            self.block(id);
            if let Some(deadline) = deadline {
                self.schedule(deadline);
            }
        }
    }

    /// Who answers the calls of a channel, unless it has ended.
    pub(super) fn skeleton(&mut self, key: ChannelKey) -> Option<Arc<dyn Skeleton>> {
        match self.current(key)? {
            (Channel::Server(server), _) => Some(Arc::clone(server.skeleton())),
            _ => None,
        }
    }

    /// Takes calls back that were not started after all.
    pub(super) fn return_inbound(&mut self, calls: &mut VecDeque<InboundCall>) {
        while let Some(call) = calls.pop_back() {
            self.inbound.push_front(call);
        }
    }

    /// Gives back the room of what was much at once: for a session that has gone quiet.
    pub(super) fn shrink(&mut self) {
        self.inbound.shrink_to_fit();
        self.blocked.shrink_to_fit();
        self.undated.shrink_to_fit();
        self.mux.shrink();
    }

    /// Calls that wait to be started.
    pub(super) fn inbound(&self) -> usize {
        self.inbound.len()
    }

    pub(super) fn schedule(&mut self, at: Instant) {
        if self.timer.is_none_or(|timer| at < timer) {
            self.timer = Some(at);
        }
    }

    /// Notes a channel with calls whose time has not begun. `true` if it is the first: the driver has to be woken.
    #[must_use]
    pub(super) fn leave_undated(&mut self, key: ChannelKey) -> bool {
        self.undated.push(key);
        self.undated.len() == 1
    }

    /// Lets the time of new calls begin.
    pub(super) fn date_calls(&mut self) {
        if self.undated.is_empty() {
            return;
        }
        let now = Instant::now();
        while let Some(key) = self.undated.pop() {
            let first = self.client(key).and_then(|(client, _)| client.date(now));
            if let Some(deadline) = first {
                self.schedule(deadline);
            }
        }
    }

    pub(super) fn timer(&self) -> Option<Instant> {
        self.timer
    }

    /// Calls to take in before their effects go out.
    pub(super) fn batch(&mut self) -> usize {
        self.load.batch()
    }

    /// Whether services were heard of late: a transfer gives way to them.
    pub(crate) fn calls_lately(&self) -> bool {
        self.called
            .is_some_and(|called| self.heard.saturating_duration_since(called) < LATELY)
    }

    /// Answers a call.
    pub(super) fn reply(
        &mut self,
        key: ChannelKey,
        answer: AnswerId,
        outcome: Result<Outgoing>,
        work: &mut Work,
    ) {
        let Some(entry) = self.channels.get_mut(&key.id()) else {
            return;
        };
        if let Channel::Server(server) = &mut entry.channel
            && entry.epoch == key.epoch()
        {
            let replied = server.reply(answer, outcome, &mut self.mux, &mut self.inbound);
            if replied.is_err() || !server.is_quiet() {
                self.settle(key.id(), replied, work);
            }
        }
    }

    /// Remembers the task of a handler, so that it can be stopped.
    pub(super) fn started(
        &mut self,
        key: ChannelKey,
        answer: AnswerId,
        deadline: Option<Instant>,
        task: AbortHandle,
    ) {
        match self.current(key) {
            Some((Channel::Server(server), _)) => server.started(answer, deadline, task),
            _ => {
                task.abort();
                return;
            }
        }
        if let Some(deadline) = deadline {
            self.schedule(deadline);
        }
    }

    /// Ends every call whose deadline has passed, and finds the next deadline.
    pub(super) fn expire(&mut self, now: Instant, work: &mut Work) {
        self.timer = None;
        let mut next = None;
        let mut settled = Vec::new();
        for (&id, entry) in &mut self.channels {
            let earliest = match &mut entry.channel {
                Channel::Client(client) => client.expire(id, now, &mut self.mux, work),
                Channel::Server(server) => {
                    match server.expire(now, &mut self.mux, &mut self.inbound, work) {
                        Ok(earliest) => {
                            settled.push((id, Ok(())));
                            earliest
                        }
                        Err(fault) => {
                            settled.push((id, Err(fault)));
                            None
                        }
                    }
                }
                Channel::Vat(_) | Channel::Bytes(_) => None,
            };
            next = [next, earliest].into_iter().flatten().min();
        }
        self.timer = next;
        for (id, handled) in settled {
            self.settle(id, handled, work);
        }
    }

    /// Ends the session: every call fails, every handler stops.
    pub(super) fn end(&mut self, error: SessionError, work: &mut Work) {
        if self.ended.is_some() {
            return;
        }
        for entry in self.channels.values_mut() {
            match &mut entry.channel {
                Channel::Client(client) => client.end(&error, work),
                Channel::Server(server) => server.stop(&mut self.mux, work),
                Channel::Vat(vat) => vat.end(error.clone().into(), error.to_status(), work),
                Channel::Bytes(bytes) => bytes.end(&error, work),
            }
        }
        self.channels
            .retain(|_, entry| !matches!(entry.channel, Channel::Server(_) | Channel::Vat(_)));
        self.take_answered(work);
        self.mux.drop_queues();
        self.inbound.clear();
        self.undated.clear();
        self.ended = Some(error);
    }
}
