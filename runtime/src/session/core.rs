//! [`Core`]: everything of a session that sits behind its one lock.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    task::Waker,
    time::Duration,
};

use bytes::Bytes;
use dsoftbus_proto::{
    frame::{ChannelId, CloseCode, Mode},
    message::{Message, Outgoing},
    mux::{Connection, Event, Limits, OpenError, Outbound},
    rpc::level0::{AnswerId, MAX_IN_FLIGHT},
    side::Side,
};
use tokio::{task::AbortHandle, time::Instant};

use super::{
    byte_channel::{self, BytesSide},
    client::ClientSide,
    fault::Fault,
    key::ChannelKey,
    load::Load,
    server::ServerSide,
    stream::{MAX_STREAMS, Stream},
    vat::VatSide,
    work::{InboundCall, NewStream, NewVat, Work},
};
use crate::{
    ChannelError, Result, SessionError, Skeleton, Status, call::deadline_exceeded,
    error::closed_status, node::Host,
};

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
        most: usize,
        into: &mut VecDeque<InboundCall>,
        work: &mut Work,
    ) {
        let now = Instant::now();
        // What was found out about the channel of the last call: many in a row are of one.
        let mut checked = None;
        while into.len() < most {
            let Some(call) = self.inbound.pop_front() else {
                return;
            };
            if call.deadline.is_some_and(|deadline| deadline <= now) {
                self.reply(call.channel, call.answer, Err(deadline_exceeded()), work);
                checked = None;
                continue;
            }
            if checked == Some(call.channel) {
                into.push_back(call);
                continue;
            }
            let Some((Channel::Server(server), mux)) = self.current(call.channel) else {
                continue;
            };
            if server.is_backed_up(mux) {
                let (id, deadline) = (call.channel.id(), call.deadline);
                server.hold(call);
                self.block(id);
                if let Some(deadline) = deadline {
                    self.schedule(deadline);
                }
            } else {
                checked = Some(call.channel);
                into.push_back(call);
            }
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

    /// Takes in one decrypted record that arrived at `heard`. The clock is not asked for each call in it.
    pub(super) fn handle_record(
        &mut self,
        host: &Host,
        peer: &dsoftbus_proto::identity::DeviceId,
        plaintext: Bytes,
        heard: Instant,
        work: &mut Work,
    ) -> Result<(), SessionError> {
        self.heard = heard;
        self.load.heard(heard);
        let fatal = self.mux.handle_record(plaintext).err();
        // Frames before a bad one were valid when they came: they count.
        while let Some(event) = self.mux.poll_event() {
            self.handle_event(host, peer, event, work)?;
        }
        match fatal {
            Some(error) => Err(error.into()),
            None => Ok(()),
        }
    }

    fn handle_event(
        &mut self,
        host: &Host,
        peer: &dsoftbus_proto::identity::DeviceId,
        event: Event,
        work: &mut Work,
    ) -> Result<(), SessionError> {
        match event {
            Event::Message {
                channel,
                message,
                deadline_ms,
                cost,
            } => match Message::parse(message) {
                Ok(message) => self.handle_message(channel, message, deadline_ms, cost, work),
                Err(error) => {
                    self.mux.consume(channel, cost);
                    self.break_channel(channel, &error.into(), work);
                }
            },
            Event::Data {
                channel,
                payload,
                cost,
            } => self.handle_data(channel, payload, cost, work),
            Event::Opened {
                channel,
                interface_id,
                mode,
                extra,
            } => self.handle_open(host, peer, channel, interface_id, mode, extra, work),
            Event::Accepted { channel, extra } => match self.channel(channel) {
                Some(Channel::Client(client)) => client.accepted(work),
                Some(Channel::Bytes(bytes)) => bytes.accepted(extra, work),
                Some(Channel::Vat(vat)) => vat.accepted(work),
                Some(Channel::Server(_)) | None => {}
            },
            Event::Closed {
                channel,
                code,
                extra,
            } => self.handle_close(channel, code, extra, work),
            Event::Broken { channel, error } => {
                self.break_channel(channel, &error.into(), work);
            }
            Event::Goodbye(code) => return Err(SessionError::Goodbye(code)),
            // Writers are woken by the length of their queue; a Pong has done its work by coming.
            Event::Pong(_) | Event::Writable { .. } => {}
            other => tracing::debug!(event = ?other, "event of a newer protocol crate"),
        }
        Ok(())
    }

    fn handle_message(
        &mut self,
        id: ChannelId,
        message: Message,
        deadline_ms: u32,
        cost: u32,
        work: &mut Work,
    ) {
        self.called = Some(self.heard);
        let handled = match self.channels.get_mut(&id).map(|entry| &mut entry.channel) {
            Some(Channel::Client(client)) => {
                self.mux.consume(id, cost);
                self.load.note(client.outstanding());
                let received = client.receive(id, message, &mut self.mux, work);
                if received.is_ok() {
                    return;
                }
                received.map_err(Fault::from)
            }
            Some(Channel::Vat(vat)) => {
                vat.receive(message, deadline(self.heard, deadline_ms), cost, work);
                self.bound_streams(id, work);
                return;
            }
            Some(Channel::Server(server)) => {
                let deadline = deadline(self.heard, deadline_ms);
                let received =
                    server.receive(message, deadline, cost, &mut self.mux, &mut self.inbound);
                // No peer may keep more in flight, whatever it numbers its calls.
                self.load.note(server.latest().min(MAX_IN_FLIGHT));
                if received.is_ok() && server.is_quiet() {
                    return;
                }
                received
            }
            Some(Channel::Bytes(_)) | None => {
                self.mux.consume(id, cost);
                return;
            }
        };
        self.settle(id, handled, work);
    }

    /// What follows when an engine was given something to do.
    fn settle(&mut self, id: ChannelId, handled: Result<(), Fault>, work: &mut Work) {
        if let Err(fault) = handled {
            self.break_channel(id, &fault, work);
            return;
        }
        let Some(entry) = self.channels.get_mut(&id) else {
            return;
        };
        entry.channel.recount(&mut self.streams, false);
        if let Channel::Server(server) = &entry.channel
            && server.waits_for_queue(&self.mux)
        {
            self.block(id);
        }
    }

    fn handle_data(&mut self, id: ChannelId, payload: Bytes, cost: u32, work: &mut Work) {
        match self.channel(id) {
            Some(Channel::Bytes(bytes)) => {
                bytes.receive(payload, cost, work);
                return;
            }
            Some(channel) => {
                if let Some(stream) = channel.stream() {
                    stream.push(payload);
                }
            }
            None => {
                self.mux.consume(id, cost);
                return;
            }
        }
        // The credit of a stream of messages is returned when the messages are whole: with the last one of them.
        let mut cost = cost;
        while let Some(stream) = self.channel(id).and_then(Channel::stream) {
            match stream.pull() {
                Ok(Some(message)) => {
                    self.handle_message(id, message, 0, std::mem::take(&mut cost), work);
                }
                Ok(None) => break,
                Err(error) => {
                    self.break_channel(id, &error.into(), work);
                    break;
                }
            }
        }
        if cost > 0 {
            self.mux.consume(id, cost);
        }
        self.bound_streams(id, work);
    }

    /// Resets a channel on which too much waits.
    fn bound_streams(&mut self, id: ChannelId, work: &mut Work) {
        if let Some(entry) = self.channels.get_mut(&id) {
            entry.channel.recount(&mut self.streams, true);
            if self.streams > MAX_STREAMS {
                self.break_channel(id, &Fault::Streams, work);
            }
        }
    }

    #[allow(clippy::too_many_arguments, reason = "the fields of one event")]
    fn handle_open(
        &mut self,
        host: &Host,
        peer: &dsoftbus_proto::identity::DeviceId,
        channel: ChannelId,
        interface_id: u64,
        mode: Mode,
        extra: Bytes,
        work: &mut Work,
    ) {
        let logical = channel.logical();
        if !host.trust.permits(peer, logical) {
            tracing::debug!(%peer, logical, "channel refused: not allowed");
            self.mux.close(channel, CloseCode::NOT_ALLOWED, &[]);
            return;
        }
        if let Some(skeleton) = host.services.get(&logical) {
            if skeleton.descriptor().interface_id != interface_id {
                self.mux.close(channel, CloseCode::WRONG_INTERFACE, &[]);
                return;
            }
            if skeleton.descriptor().level == 0 {
                self.mux.accept(channel, &[]);
                let server = |key| Channel::Server(ServerSide::new(key, Arc::clone(skeleton)));
                self.insert(channel, server);
            } else {
                self.serve_vat(host, channel, skeleton, work);
            }
        } else if mode == Mode::Bytes && host.takes_stream(logical) {
            let channel = self.insert(channel, |_| Channel::Bytes(BytesSide::open()));
            work.streams.push(NewStream { channel, extra });
        } else {
            self.mux.close(channel, CloseCode::NO_SUCH_SERVICE, &[]);
        }
    }

    fn serve_vat(
        &mut self,
        host: &Host,
        channel: ChannelId,
        skeleton: &Arc<dyn Skeleton>,
        work: &mut Work,
    ) {
        let link = match host.vats.link() {
            Ok(link) => link,
            Err(error) => {
                tracing::error!(%error, "a level 1 channel cannot be served");
                self.mux.close(channel, CloseCode::INTERNAL_ERROR, &[]);
                return;
            }
        };
        self.mux.accept(channel, &[]);
        let side = VatSide::new(Arc::clone(&link));
        let key = self.insert(channel, |_| Channel::Vat(side));
        work.vats.push(NewVat {
            channel: key,
            link,
            skeleton: Arc::clone(skeleton),
        });
    }

    fn handle_close(&mut self, id: ChannelId, code: CloseCode, extra: Bytes, work: &mut Work) {
        match self.channel(id) {
            Some(Channel::Bytes(bytes)) => bytes.closed(code, extra, work),
            Some(Channel::Client(_)) => {
                self.fail_channel(id, ChannelError::Closed(code), closed_status(code), work);
            }
            Some(Channel::Server(_) | Channel::Vat(_)) => {
                // The client is gone. What still runs has no one to answer to.
                self.fail_channel(id, ChannelError::Closed(code), closed_status(code), work);
                self.mux.close(id, CloseCode::END, &[]);
            }
            None => {}
        }
    }

    /// Resets a channel because of what the peer sent on it.
    fn break_channel(&mut self, id: ChannelId, fault: &Fault, work: &mut Work) {
        tracing::debug!(channel = ?id, %fault, "channel reset");
        let code = fault.close_code();
        // One that the multiplexer has reset by itself does not change.
        self.mux.close(id, code, &[]);
        self.fail_channel(id, ChannelError::Reset(code), fault.to_status(), work);
    }

    /// Tells the users of a channel that it is no more.
    fn fail_channel(
        &mut self,
        id: ChannelId,
        error: ChannelError,
        status: Status,
        work: &mut Work,
    ) {
        match self.channel(id) {
            Some(Channel::Bytes(bytes)) => bytes.fail(error, work),
            Some(Channel::Client(client)) => {
                client.fail(error, status, work);
                // Nothing more comes, though the handle of the channel may stay.
                let stream = self.channels.get_mut(&id);
                if let Some(stream) = stream.and_then(|entry| entry.channel.stream()) {
                    stream.clear(&mut self.streams);
                }
            }
            Some(Channel::Server(_)) => {
                if let Some(Channel::Server(mut server)) = self.take(id) {
                    server.stop(&mut self.mux, work);
                }
                self.inbound.retain(|call| call.channel.id() != id);
            }
            Some(Channel::Vat(_)) => {
                if let Some(Channel::Vat(vat)) = self.take(id) {
                    vat.end(error, status, work);
                }
            }
            None => {}
        }
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
        self.ended = Some(error);
    }
}

/// When the time of a call is up that arrived at `heard`.
fn deadline(heard: Instant, deadline_ms: u32) -> Option<Instant> {
    (deadline_ms > 0).then(|| heard + Duration::from_millis(u64::from(deadline_ms)))
}
