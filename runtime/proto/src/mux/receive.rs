//! Records that come in.

use bytes::Bytes;

use super::assembly::{Partial, Start};
use super::channel::{Channel, Local, Opener};
use super::credit::cost;
use super::table::Slot;
use super::{ChannelError, Connection, Event, Goodbye, Ping, copy};
use crate::buffer::Aligned;
use crate::frame::{ChannelId, CloseCode, Frame, FrameError, GoodbyeCode, Kind, Mode};

impl Connection {
    /// Takes in one decrypted record.
    ///
    /// Frames before one that is wrong count; the wrong one changes nothing. Data is handed out as slices of
    /// `plaintext`, which should therefore start on a multiple of 8.
    ///
    /// # Errors
    ///
    /// [`FrameError`]: the session must end. A Goodbye that says so is queued: transmit once more, then close. Further
    /// records are answered with the same error.
    pub fn handle_record(&mut self, plaintext: Bytes) -> Result<(), FrameError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if self.goodbye == Goodbye::Sent {
            // What the peer sent before it read our Goodbye.
            return Ok(());
        }
        self.handle_frames(&plaintext).inspect_err(|error| {
            self.failed = Some(*error);
            self.goodbye(GoodbyeCode::PROTOCOL_ERROR);
        })
    }

    fn handle_frames(&mut self, plaintext: &Bytes) -> Result<(), FrameError> {
        let mut input = plaintext.as_ref();
        let mut record = Record {
            plaintext,
            counted: false,
        };
        loop {
            let (frame, rest) = Frame::decode(input)?;
            self.handle_frame(&frame, &mut record)?;
            if rest.is_empty() {
                return Ok(());
            }
            input = rest;
        }
    }

    fn handle_frame(
        &mut self,
        frame: &Frame<'_>,
        record: &mut Record<'_>,
    ) -> Result<(), FrameError> {
        if self.peer_goodbye {
            return Err(FrameError::AfterGoodbye { kind: frame.kind() });
        }
        match *frame {
            Frame::Data {
                channel,
                start,
                payload,
            } => self.handle_data(channel, start, payload, record),
            Frame::Open {
                channel,
                mode,
                interface_id,
                extra,
            } => self.handle_open(channel, mode, interface_id, extra),
            Frame::Accept { channel, extra } => self.handle_accept(channel, extra),
            Frame::Credit { channel, amount } => self.handle_credit(channel, amount.get()),
            Frame::Close {
                channel,
                code,
                extra,
            } => self.handle_close(channel, code, extra),
            Frame::Ping(nonce) => {
                if self.pong.is_some() {
                    return Err(FrameError::PingFlood);
                }
                self.spend_chatter(Kind::Ping)?;
                self.pong = Some(nonce);
                Ok(())
            }
            Frame::Pong(nonce) => {
                if self.ping != Ping::Sent(nonce) {
                    return Err(FrameError::UnexpectedPong);
                }
                self.ping = Ping::None;
                self.events.push_back(Event::Pong(nonce));
                Ok(())
            }
            Frame::Goodbye(code) => {
                self.peer_goodbye = true;
                self.events.push_back(Event::Goodbye(code));
                Ok(())
            }
        }
    }

    fn handle_open(
        &mut self,
        id: ChannelId,
        mode: Mode,
        interface_id: u64,
        extra: &[u8],
    ) -> Result<(), FrameError> {
        if id.opener() == self.side {
            return Err(FrameError::WrongSide { channel: id });
        }
        if self.channels.peek(id).is_some() {
            return Err(FrameError::AlreadyOpen { channel: id });
        }
        let refused = self.counts.remote >= self.limits.peer_channels;
        if refused && self.counts.refused >= self.limits.refused_channels {
            return Err(FrameError::TooManyChannels);
        }
        if !self.churn.take() {
            return Err(FrameError::Flood { kind: Kind::Open });
        }
        if refused {
            self.counts.refused = self.counts.refused.saturating_add(1);
            let channel = Channel::new(id, mode, interface_id, Opener::Refused, Bytes::new());
            let slot = self.channels.insert(channel);
            self.reset(slot, CloseCode::TOO_MANY_CHANNELS, Bytes::new());
            return Ok(());
        }
        self.counts.remote = self.counts.remote.saturating_add(1);
        let channel = Channel::new(id, mode, interface_id, Opener::Remote, Bytes::new());
        self.channels.insert(channel);
        self.events.push_back(Event::Opened {
            channel: id,
            interface_id,
            mode,
            extra: copy(extra),
        });
        Ok(())
    }

    fn handle_accept(&mut self, id: ChannelId, extra: &[u8]) -> Result<(), FrameError> {
        let (_, channel) = self.open_channel(id, Kind::Accept)?;
        if channel.remote.is_some() {
            return Err(FrameError::AfterClose {
                kind: Kind::Accept,
                channel: id,
            });
        }
        if !channel.awaits_accept() {
            return Err(FrameError::UnexpectedAccept { channel: id });
        }
        channel.accepted = true;
        if !channel.is_reset() {
            self.events.push_back(Event::Accepted {
                channel: id,
                extra: copy(extra),
            });
        }
        Ok(())
    }

    fn handle_credit(&mut self, id: Option<ChannelId>, amount: u32) -> Result<(), FrameError> {
        let overflow = FrameError::CreditOverflow { channel: id };
        let Some(id) = id else {
            let credit = self.credit.granted(amount).ok_or(overflow)?;
            self.spend_chatter(Kind::Credit)?;
            self.credit = credit;
            return Ok(());
        };
        self.spend_chatter(Kind::Credit)?;
        // It may cross the Close that freed the number, so a number that is not open is no error here.
        let Some((slot, channel)) = self.channel_mut(id) else {
            return Ok(());
        };
        if channel.awaits_accept() {
            return Ok(());
        }
        channel.credit = channel.credit.granted(amount).ok_or(overflow)?;
        if !channel.scheduled {
            self.refresh(slot);
        }
        Ok(())
    }

    fn handle_close(
        &mut self,
        id: ChannelId,
        code: CloseCode,
        extra: &[u8],
    ) -> Result<(), FrameError> {
        let (slot, channel) = self.open_channel(id, Kind::Close)?;
        if channel.remote.is_some() {
            return Err(FrameError::AfterClose {
                kind: Kind::Close,
                channel: id,
            });
        }
        channel.remote = Some(code);
        if channel.is_reset() {
            self.remove_if_done(slot);
            return Ok(());
        }
        if code.is_end() && channel.partial.is_some() {
            return self.break_channel(slot, ChannelError::MessageTruncated);
        }
        let answer = !code.is_end() && !matches!(channel.local, Local::Closed { .. });
        self.events.push_back(Event::Closed {
            channel: id,
            code,
            extra: copy(extra),
        });
        if answer {
            self.reset(slot, code, Bytes::new());
        }
        self.remove_if_done(slot);
        Ok(())
    }

    fn handle_data(
        &mut self,
        id: ChannelId,
        start: bool,
        payload: &[u8],
        record: &mut Record<'_>,
    ) -> Result<(), FrameError> {
        let cost = cost(payload.len());
        let session_affords = self.window.affords(cost);
        let (slot, channel) = self.open_channel(id, Kind::Data)?;
        if channel.remote.is_some() {
            return Err(FrameError::AfterClose {
                kind: Kind::Data,
                channel: id,
            });
        }
        let discarded = channel.awaits_accept();
        if !discarded && !channel.window.affords(cost) {
            return Err(FrameError::CreditExceeded { channel: Some(id) });
        }
        if !session_affords {
            return Err(FrameError::CreditExceeded { channel: None });
        }
        if !discarded {
            channel.window.receive(cost);
        }
        let dropped = discarded || channel.drops_data();
        let mode = channel.mode;
        self.window.receive(cost);
        self.chatter.earn(CHATTER_PER_DATA);
        if dropped {
            self.lend(slot, cost);
            return Ok(());
        }
        match mode {
            Mode::Bytes => {
                let payload = self.keep(payload, record);
                self.events.push_back(Event::Data {
                    channel: id,
                    payload,
                    cost,
                });
                Ok(())
            }
            Mode::Messages => match self.assemble(slot, id, start, payload, cost, record) {
                Ok(()) => Ok(()),
                Err(error) => {
                    self.lend(slot, cost);
                    self.break_channel(slot, error)
                }
            },
        }
    }

    fn assemble(
        &mut self,
        slot: Slot,
        id: ChannelId,
        start: bool,
        payload: &[u8],
        cost: u32,
        record: &mut Record<'_>,
    ) -> Result<(), ChannelError> {
        let room = self.limits.assembly_bytes.saturating_sub(self.assembled);
        let Some(channel) = self.channels.get_mut(slot) else {
            return Ok(());
        };
        match (&mut channel.partial, start) {
            (None, false) => Err(ChannelError::NoStart),
            (Some(_), true) => Err(ChannelError::StartInMessage),
            (None, true) => {
                let start = Start::parse(payload)?;
                if start.is_whole() {
                    let message = self.keep(start.body, record);
                    self.events.push_back(Event::Message {
                        channel: id,
                        message,
                        deadline_ms: start.deadline_ms,
                        cost,
                    });
                    return Ok(());
                }
                if start.body.len() > room {
                    return Err(ChannelError::AssemblyLimit);
                }
                channel.partial = Some(Partial::new(&start, cost));
                self.assembled = self.assembled.saturating_add(start.body.len());
                self.lend(slot, cost);
                Ok(())
            }
            (Some(partial), false) => {
                partial.check(payload)?;
                if payload.len() > room {
                    return Err(ChannelError::AssemblyLimit);
                }
                self.assembled = self.assembled.saturating_add(payload.len());
                if !partial.append(payload) {
                    partial.lent = partial.lent.saturating_add(cost);
                    self.lend(slot, cost);
                    return Ok(());
                }
                let Some(partial) = channel.partial.take() else {
                    return Ok(());
                };
                self.assembled = self.assembled.saturating_sub(partial.len());
                channel.window.reclaim(partial.lent);
                self.window.reclaim(partial.lent);
                let cost = cost.saturating_add(partial.lent);
                let (message, deadline_ms) = partial.into_message();
                self.events.push_back(Event::Message {
                    channel: id,
                    message,
                    deadline_ms,
                    cost,
                });
                Ok(())
            }
        }
    }

    /// Gives credit back for a frame that is not handed to the application.
    fn lend(&mut self, slot: Slot, cost: u32) {
        self.window.release(cost);
        if let Some(channel) = self.channels.get_mut(slot) {
            channel.window.release(cost);
        }
        self.list_credit(slot);
    }

    /// Resets a channel whose rules the peer broke.
    ///
    /// # Errors
    ///
    /// [`FrameError::Flood`] if the peer does that all the time: a reset costs us more than it costs the peer.
    fn break_channel(&mut self, slot: Slot, error: ChannelError) -> Result<(), FrameError> {
        if !self.churn.take() {
            return Err(FrameError::Flood { kind: Kind::Data });
        }
        let Some(channel) = self.channels.get(slot) else {
            return Ok(());
        };
        let code = error.close_code();
        let id = channel.id;
        let closed = matches!(channel.local, Local::Closed { .. });
        self.events.push_back(Event::Broken { channel: id, error });
        if closed {
            // Our Close is gone already and there is no second one: only stop listening.
            self.drop_partial(slot);
            if let Some(channel) = self.channels.get_mut(slot) {
                channel.local = Local::Closed { reset: true };
            }
        } else {
            self.reset(slot, code, Bytes::new());
        }
        self.remove_if_done(slot);
        Ok(())
    }

    /// The payload for the application: a slice of its record, unless that would keep too much memory alive.
    fn keep(&mut self, payload: &[u8], record: &mut Record<'_>) -> Bytes {
        let whole = record.plaintext.len();
        let is_most = payload.len() > whole.wrapping_div(2);
        if is_most || record.counted {
            return record.plaintext.slice_ref(payload);
        }
        let pinned = self.pinned.saturating_add(whole);
        if pinned > self.limits.pinned_bytes {
            return Aligned::copy_of(payload).into_bytes(payload.len());
        }
        self.pinned = pinned;
        record.counted = true;
        record.plaintext.slice_ref(payload)
    }

    fn open_channel(
        &mut self,
        id: ChannelId,
        kind: Kind,
    ) -> Result<(Slot, &mut Channel), FrameError> {
        self.channel_mut(id)
            .ok_or(FrameError::NotOpen { kind, channel: id })
    }

    fn spend_chatter(&mut self, kind: Kind) -> Result<(), FrameError> {
        match self.chatter.take() {
            true => Ok(()),
            false => Err(FrameError::Flood { kind }),
        }
    }
}

/// The record that is being taken in.
struct Record<'a> {
    plaintext: &'a Bytes,
    /// Whether it was added to the pinned bytes.
    counted: bool,
}

/// Credit or Ping frames that a Data frame explains: one for its channel, one for the session.
pub(super) const CHATTER_PER_DATA: u32 = 2;
