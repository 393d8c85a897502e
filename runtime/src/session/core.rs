//! [`Core`]: everything of a session that sits behind its one lock.

use std::{collections::BTreeMap, sync::Arc, task::Waker, time::Duration};

use bytes::Bytes;
use dsoftbus_proto::{
    frame::{ChannelId, CloseCode, Mode},
    message::{ExceptionKind, Message, Outgoing},
    mux::{Connection, Event, Limits, Outbound},
    rpc::level0::{AnswerId, RpcError},
    side::Side,
};
use tokio::{task::AbortHandle, time::Instant};

use super::{
    byte_channel::{self, BytesSide},
    client::ClientSide,
    server::ServerSide,
};
use crate::{Result, SessionError, Skeleton, node::Host};

/// State of a session: the multiplexer and the engine of every channel.
pub(crate) struct Core {
    pub(crate) mux: Connection,
    channels: BTreeMap<ChannelId, Channel>,
    ended: Option<SessionError>,
    /// Calls that wait for the driver to start their handlers.
    inbound: Vec<InboundCall>,
    /// Byte channels whose writer waits for the queue to drain.
    blocked: Vec<ChannelId>,
    /// Earliest deadline, or earlier: at worst the driver looks once too often.
    timer: Option<Instant>,
}

/// One channel: which engine reads it.
pub(crate) enum Channel {
    Client(ClientSide),
    Server(ServerSide),
    Bytes(BytesSide),
}

/// A call that the peer made and whose handler has not started.
pub(crate) struct InboundCall {
    pub(crate) channel: ChannelId,
    pub(crate) answer: AnswerId,
    pub(crate) interface_id: u64,
    pub(crate) method_id: u16,
    pub(crate) params: dsoftbus_proto::message::Incoming,
    pub(crate) deadline: Option<Instant>,
    pub(crate) skeleton: Arc<dyn Skeleton>,
}

/// A byte channel that the peer opened and that no one has accepted yet.
pub(crate) struct NewStream {
    pub(crate) channel: ChannelId,
    pub(crate) extra: Bytes,
}

/// What is left to do once the lock is released.
#[derive(Default)]
pub(crate) struct Work {
    pub(crate) wakers: Vec<Waker>,
    pub(crate) aborts: Vec<AbortHandle>,
    pub(crate) streams: Vec<NewStream>,
}

impl Work {
    /// Wakes callers and stops handlers. Must run without the lock: both may come back for it.
    pub(crate) fn finish(&mut self) {
        for waker in self.wakers.drain(..) {
            waker.wake();
        }
        for handler in self.aborts.drain(..) {
            handler.abort();
        }
    }
}

impl Core {
    pub(super) fn new(side: Side) -> Self {
        Self {
            mux: Connection::new(side, Limits::default()),
            channels: BTreeMap::new(),
            ended: None,
            inbound: Vec::new(),
            blocked: Vec::new(),
            timer: None,
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

    pub(super) fn insert(&mut self, id: ChannelId, channel: Channel) {
        self.channels.insert(id, channel);
    }

    pub(super) fn remove(&mut self, id: ChannelId) {
        self.channels.remove(&id);
    }

    pub(super) fn client(&mut self, id: ChannelId) -> Option<(&mut ClientSide, &mut Connection)> {
        match self.channels.get_mut(&id) {
            Some(Channel::Client(client)) => Some((client, &mut self.mux)),
            _ => None,
        }
    }

    pub(super) fn bytes(&mut self, id: ChannelId) -> Option<(&mut BytesSide, &mut Connection)> {
        match self.channels.get_mut(&id) {
            Some(Channel::Bytes(bytes)) => Some((bytes, &mut self.mux)),
            _ => None,
        }
    }

    /// Queues an RPC message. One for a channel that is closed meanwhile has no reader and is dropped.
    pub(super) fn send(&mut self, id: ChannelId, message: Outgoing, deadline_ms: u32) {
        let _ = self.mux.send(id, Outbound::Message(message, deadline_ms));
    }

    /// Notes that the writer of a byte channel waits.
    pub(super) fn block(&mut self, id: ChannelId) {
        if !self.blocked.contains(&id) {
            self.blocked.push(id);
        }
    }

    /// Wakes the writers whose queue has drained.
    pub(super) fn unblock(&mut self, work: &mut Work) {
        let (mux, channels) = (&self.mux, &mut self.channels);
        self.blocked.retain(|id| {
            if mux.queued(*id) > byte_channel::LOW_WATER {
                return true;
            }
            if let Some(Channel::Bytes(bytes)) = channels.get_mut(id) {
                bytes.writable(work);
            }
            false
        });
    }

    pub(super) fn take_inbound(&mut self, into: &mut Vec<InboundCall>) {
        into.append(&mut self.inbound);
    }

    pub(super) fn has_inbound(&self) -> bool {
        !self.inbound.is_empty()
    }

    pub(super) fn schedule(&mut self, at: Instant) {
        if self.timer.is_none_or(|timer| at < timer) {
            self.timer = Some(at);
        }
    }

    pub(super) fn timer(&self) -> Option<Instant> {
        self.timer
    }

    /// Takes in one decrypted record.
    pub(super) fn handle_record(
        &mut self,
        host: &Host,
        peer: &dsoftbus_proto::identity::DeviceId,
        plaintext: Bytes,
        work: &mut Work,
    ) -> Result<(), SessionError> {
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
                    tracing::debug!(%peer, ?channel, %error, "malformed message");
                    self.mux.consume(channel, cost);
                    self.break_channel(channel, CloseCode::PROTOCOL_ERROR, work);
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
            Event::Accepted { channel, extra } => match self.channels.get_mut(&channel) {
                Some(Channel::Client(client)) => client.accepted(work),
                Some(Channel::Bytes(bytes)) => bytes.accepted(extra, work),
                Some(Channel::Server(_)) | None => {}
            },
            Event::Closed {
                channel,
                code,
                extra,
            } => self.handle_close(channel, code, extra, work),
            Event::Broken { channel, error } => {
                tracing::debug!(%peer, ?channel, %error, "channel reset");
                self.fail_channel(channel, CloseCode::PROTOCOL_ERROR, work);
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
        let handled = match self.channels.get_mut(&id) {
            Some(Channel::Client(client)) => {
                self.mux.consume(id, cost);
                client.receive(id, message, &mut self.mux, work)
            }
            Some(Channel::Server(server)) => {
                let deadline = (deadline_ms > 0)
                    .then(|| Instant::now() + Duration::from_millis(u64::from(deadline_ms)));
                let before = self.inbound.len();
                let handled = server.receive(
                    id,
                    message,
                    deadline,
                    cost,
                    &mut self.mux,
                    &mut self.inbound,
                    work,
                );
                if let Some(deadline) = deadline
                    && self.inbound.len() > before
                {
                    self.schedule(deadline);
                }
                handled
            }
            Some(Channel::Bytes(_)) | None => {
                self.mux.consume(id, cost);
                Ok(())
            }
        };
        if let Err(error) = handled {
            let code = match &error {
                // How stock Cap'n Proto peers say goodbye.
                RpcError::Aborted {
                    kind: ExceptionKind::Disconnected,
                    ..
                } => CloseCode::CANCELLED,
                _ => CloseCode::PROTOCOL_ERROR,
            };
            tracing::debug!(channel = ?id, %error, "RPC ended");
            self.break_channel(id, code, work);
        }
    }

    fn handle_data(&mut self, id: ChannelId, payload: Bytes, cost: u32, work: &mut Work) {
        let reader = match self.channels.get_mut(&id) {
            Some(Channel::Bytes(bytes)) => {
                bytes.receive(payload, cost, work);
                return;
            }
            Some(Channel::Client(client)) => client.reader(),
            Some(Channel::Server(server)) => server.reader(),
            None => {
                self.mux.consume(id, cost);
                return;
            }
        };
        // The credit of a stream of messages is returned when the messages are whole: with the last one of them.
        reader.push(payload);
        let mut cost = cost;
        loop {
            let reader = match self.channels.get_mut(&id) {
                Some(Channel::Client(client)) => client.reader(),
                Some(Channel::Server(server)) => server.reader(),
                _ => break,
            };
            match reader.pull() {
                Ok(Some(message)) => {
                    self.handle_message(id, message, 0, std::mem::take(&mut cost), work);
                }
                Ok(None) => break,
                Err(error) => {
                    tracing::debug!(channel = ?id, %error, "malformed message");
                    self.break_channel(id, CloseCode::PROTOCOL_ERROR, work);
                    break;
                }
            }
        }
        if cost > 0 {
            self.mux.consume(id, cost);
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
            self.mux.accept(channel, &[]);
            let server = ServerSide::new(Arc::clone(skeleton));
            self.channels.insert(channel, Channel::Server(server));
        } else if mode == Mode::Bytes && host.takes_stream(logical) {
            self.channels
                .insert(channel, Channel::Bytes(BytesSide::open()));
            work.streams.push(NewStream { channel, extra });
        } else {
            self.mux.close(channel, CloseCode::NO_SUCH_SERVICE, &[]);
        }
    }

    fn handle_close(&mut self, id: ChannelId, code: CloseCode, extra: Bytes, work: &mut Work) {
        match self.channels.get_mut(&id) {
            Some(Channel::Bytes(bytes)) => bytes.closed(code, extra, work),
            Some(Channel::Client(client)) => client.fail(code, work),
            Some(Channel::Server(server)) => {
                // The client is gone. What still runs has no one to answer to.
                server.stop(work);
                self.channels.remove(&id);
                self.mux.close(id, CloseCode::END, &[]);
            }
            None => {}
        }
    }

    /// Resets a channel because of what the peer sent on it.
    fn break_channel(&mut self, id: ChannelId, code: CloseCode, work: &mut Work) {
        self.mux.close(id, code, &[]);
        self.fail_channel(id, code, work);
    }

    /// Tells the users of a channel that it is no more.
    fn fail_channel(&mut self, id: ChannelId, code: CloseCode, work: &mut Work) {
        match self.channels.get_mut(&id) {
            Some(Channel::Bytes(bytes)) => bytes.closed(code, Bytes::new(), work),
            Some(Channel::Client(client)) => client.fail(code, work),
            Some(Channel::Server(server)) => {
                server.stop(work);
                self.channels.remove(&id);
            }
            None => {}
        }
    }

    /// Answers a call.
    pub(super) fn reply(&mut self, id: ChannelId, answer: AnswerId, outcome: Result<Outgoing>) {
        let Some(Channel::Server(server)) = self.channels.get_mut(&id) else {
            return;
        };
        let before = self.inbound.len();
        server.reply(id, answer, outcome, &mut self.mux, &mut self.inbound);
        let earliest = self
            .inbound
            .iter()
            .skip(before)
            .filter_map(|call| call.deadline)
            .min();
        if let Some(deadline) = earliest {
            self.schedule(deadline);
        }
    }

    /// Remembers the task of a handler, so that it can be stopped.
    pub(super) fn started(
        &mut self,
        id: ChannelId,
        answer: AnswerId,
        deadline: Option<Instant>,
        task: AbortHandle,
    ) {
        match self.channels.get_mut(&id) {
            Some(Channel::Server(server)) => server.started(answer, deadline, task),
            _ => {
                task.abort();
                return;
            }
        }
        // The timer that was set when the call came may have been spent before it started.
        if let Some(deadline) = deadline {
            self.schedule(deadline);
        }
    }

    /// Ends every call whose deadline has passed, and finds the next deadline.
    pub(super) fn expire(&mut self, now: Instant, work: &mut Work) {
        self.timer = None;
        let mut next = None;
        for (&id, channel) in &mut self.channels {
            let earliest = match channel {
                Channel::Client(client) => client.expire(id, now, &mut self.mux, work),
                Channel::Server(server) => {
                    server.expire(id, now, &mut self.mux, &mut self.inbound, work)
                }
                Channel::Bytes(_) => None,
            };
            next = [next, earliest].into_iter().flatten().min();
        }
        self.timer = next;
    }

    /// Ends the session: every call fails, every handler stops.
    pub(super) fn end(&mut self, error: SessionError, work: &mut Work) {
        if self.ended.is_some() {
            return;
        }
        for channel in self.channels.values_mut() {
            match channel {
                Channel::Client(client) => client.end(&error, work),
                Channel::Server(server) => server.stop(work),
                Channel::Bytes(bytes) => bytes.end(&error, work),
            }
        }
        self.channels
            .retain(|_, channel| !matches!(channel, Channel::Server(_)));
        self.inbound.clear();
        self.ended = Some(error);
    }
}
