//! What the peer does: events of the multiplexer, and what they mean for the channels.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use dsoftbus_proto::{
    frame::{ChannelId, CloseCode, Mode},
    identity::DeviceId,
    message::Message,
    mux::Event,
    rpc::level0::MAX_IN_FLIGHT,
};
use tokio::time::Instant;

use super::{
    super::{
        byte_channel::BytesSide,
        fault::Fault,
        server::ServerSide,
        stream::MAX_STREAMS,
        vat::VatSide,
        work::{NewStream, NewVat, Work},
    },
    Channel, Core,
};
use crate::{ChannelError, SessionError, Skeleton, Status, error::closed_status, node::Host};

impl Core {
    /// Takes in one decrypted record that arrived at `heard`. The clock is not asked for each call in it.
    pub(in crate::session) fn handle_record(
        &mut self,
        host: &Host,
        peer: &DeviceId,
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
        peer: &DeviceId,
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
    pub(super) fn settle(&mut self, id: ChannelId, handled: Result<(), Fault>, work: &mut Work) {
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
        peer: &DeviceId,
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
}

/// When the time of a call is up that arrived at `heard`.
fn deadline(heard: Instant, deadline_ms: u32) -> Option<Instant> {
    (deadline_ms > 0).then(|| heard + Duration::from_millis(u64::from(deadline_ms)))
}
