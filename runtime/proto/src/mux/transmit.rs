//! Records that go out.

use alloc::vec::Vec;

use bytes::Bytes;

use super::channel::{Channel, Local};
use super::credit::{BULK_RESERVE, cost};
use super::outbound::{Queued, Spare};
use super::receive::CHATTER_PER_DATA;
use super::schedule::TURN;
use super::table::Slot;
use super::{BULK_WINDOW, Class, Connection, Control, Event, Goodbye, Ping};
use crate::frame::{
    Frame, FrameWriter, HEADER, Kind, MAX_FRAMES, MAX_OPEN_EXTRA, MAX_PAYLOAD, header,
};

impl Connection {
    /// Appends the frames of one record to `record`, which holds the two reserved bytes of the record length. Returns
    /// `false`, and leaves `record` as it is, when there is nothing to send.
    ///
    /// Control frames go first, then services, then bulk. A large payload is not copied: the last frame may end in `payload`, which is
    /// empty otherwise and belongs behind `record` when that is sealed.
    pub fn poll_transmit(&mut self, record: &mut Vec<u8>, payload: &mut Bytes) -> bool {
        payload.clear();
        match self.goodbye {
            Goodbye::Sent => return false,
            Goodbye::Queued(code) => {
                Frame::Goodbye(code).encode(record);
                self.goodbye = Goodbye::Sent;
                return true;
            }
            Goodbye::None if self.peer_goodbye => return false,
            Goodbye::None => {}
        }
        let base = record.len();
        let mut out = Output {
            limit: base.saturating_add(MAX_FRAMES),
            base,
            record,
            payload,
        };
        if self.write_control(&mut out) {
            for class in Class::ALL {
                if !self.write_class(class, &mut out) {
                    break;
                }
            }
        }
        out.is_started()
    }

    /// Whether [`poll_transmit`](Self::poll_transmit) may have something to send. `false` is certain, and costs next to nothing to find out.
    #[must_use]
    pub fn may_transmit(&self) -> bool {
        self.goodbye != Goodbye::None
            || self.pong.is_some()
            || matches!(self.ping, Ping::Queued(_))
            || !self.control.is_empty()
            || !self.credits.is_empty()
            || !self.schedule.is_empty()
            || self.window.is_due()
    }

    /// Whether [`poll_transmit`](Self::poll_transmit) has something to send.
    #[must_use]
    pub fn wants_transmit(&self) -> bool {
        match self.goodbye {
            Goodbye::Sent => return false,
            Goodbye::Queued(_) => return true,
            Goodbye::None if self.peer_goodbye => return false,
            Goodbye::None => {}
        }
        self.pong.is_some()
            || matches!(self.ping, Ping::Queued(_))
            || !self.control.is_empty()
            || self.window.is_due()
            || self.credits.iter().any(|slot| self.owes_credit(*slot))
            || Class::ALL.into_iter().any(|class| {
                let credit = self.session_credit(class);
                let mut ring = self.schedule.ring(class).iter();
                ring.any(|slot| {
                    let channel = self.channels.get(*slot);
                    channel.is_some_and(|channel| next_payload(channel, credit).is_some())
                })
            })
    }

    fn owes_credit(&self, slot: Slot) -> bool {
        let channel = self.channels.get(slot);
        channel.is_some_and(|channel| channel.can_grant() && channel.window.is_due())
    }

    /// What a class may spend of the session's credit.
    fn session_credit(&self, class: Class) -> u32 {
        match class {
            Class::Control | Class::Rpc => self.credit.left(),
            Class::Bulk => self.credit.left().saturating_sub(BULK_RESERVE),
        }
    }

    /// Writes everything that is not data. Returns whether all of it fitted.
    fn write_control(&mut self, out: &mut Output<'_>) -> bool {
        if let Some(nonce) = self.pong.take() {
            Frame::Pong(nonce).encode(out.record);
        }
        if let Ping::Queued(nonce) = self.ping {
            Frame::Ping(nonce).encode(out.record);
            self.ping = Ping::Sent(nonce);
        }
        while let Some(control) = self.control.front().copied() {
            if out.room() < LARGEST_CONTROL {
                return false;
            }
            self.control.pop_front();
            match control {
                Control::Open(slot) => {
                    if let Some(channel) = self.channels.get_mut(slot) {
                        let extra = core::mem::take(&mut channel.greeting);
                        let frame = Frame::Open {
                            channel: channel.id,
                            mode: channel.mode,
                            interface_id: channel.interface_id,
                            extra: &extra,
                        };
                        frame.encode(out.record);
                    }
                }
                Control::Accept(slot) => {
                    if let Some(channel) = self.channels.get_mut(slot) {
                        let extra = core::mem::take(&mut channel.greeting);
                        let frame = Frame::Accept {
                            channel: channel.id,
                            extra: &extra,
                        };
                        frame.encode(out.record);
                    }
                }
                Control::Reset(slot) => self.write_close(slot, out),
            }
        }
        if out.room() >= LARGEST_CONTROL
            && let Some(amount) = self.window.grant()
        {
            let channel = None;
            Frame::Credit { channel, amount }.encode(out.record);
        }
        while let Some(slot) = self.credits.last().copied() {
            if out.room() < LARGEST_CONTROL {
                return false;
            }
            self.credits.pop();
            let Some(channel) = self.channels.get_mut(slot) else {
                continue;
            };
            channel.credit_listed = false;
            if !channel.can_grant() || !channel.window.is_due() {
                continue;
            }
            if channel.class == Class::Bulk && channel.window.keeps_up() {
                channel.window.grow(BULK_WINDOW);
            }
            if let Some(amount) = channel.window.grant() {
                let channel = Some(channel.id);
                Frame::Credit { channel, amount }.encode(out.record);
            }
        }
        true
    }

    /// Writes data of a class. Returns whether the record can take more.
    fn write_class(&mut self, class: Class, out: &mut Output<'_>) -> bool {
        // Channels in a row that could not send for want of the session's credit.
        let mut starved = 0_usize;
        while let Some(slot) = self.schedule.ring(class).front().copied() {
            if starved >= self.schedule.ring(class).len() {
                return true;
            }
            let credit = self.session_credit(class);
            let low_water = self.limits.low_water;
            let Some(channel) = self.channels.get_mut(slot) else {
                self.schedule.ring_mut(class).pop_front();
                continue;
            };
            let Some(payload) = next_payload(channel, credit) else {
                starved = starved.saturating_add(1);
                self.schedule.rotate(class);
                continue;
            };
            if channel.allowance <= 0 {
                channel.allowance = channel.allowance.saturating_add(TURN);
                starved = 0;
                self.schedule.rotate(class);
                continue;
            }
            if channel.queue.is_empty() {
                // Only Close 0 is left.
                if out.room() < LARGEST_CONTROL {
                    return false;
                }
                channel.scheduled = false;
                self.schedule.ring_mut(class).pop_front();
                self.write_close(slot, out);
                continue;
            }
            let credit = credit.min(channel.credit.left());
            let spare = &mut self.spare;
            let written = write_frames(channel, credit, out, spare)
                .or_else(|| write_data(channel, payload, out, spare));
            let Some(written) = written else {
                return false;
            };
            channel.credit.spend(written.cost);
            channel.queued = channel.queued.saturating_sub(written.taken);
            if channel.answers {
                self.answers = self.answers.saturating_sub(written.taken);
            }
            channel.allowance = channel
                .allowance
                .saturating_sub(i32::try_from(written.cost).unwrap_or(i32::MAX));
            if channel.above_water && channel.queued <= low_water {
                channel.above_water = false;
                let channel = channel.id;
                self.events.push_back(Event::Writable { channel });
            }
            if !channel.is_sendable() {
                channel.scheduled = false;
                channel.allowance = channel.allowance.min(0);
                self.schedule.ring_mut(class).pop_front();
            } else if channel.allowance <= 0 {
                channel.allowance = channel.allowance.saturating_add(TURN);
                self.schedule.rotate(class);
            }
            self.credit.spend(written.cost);
            self.chatter
                .earn(CHATTER_PER_DATA.saturating_mul(written.frames));
            starved = 0;
            if !out.payload.is_empty() {
                return false;
            }
        }
        true
    }

    fn write_close(&mut self, slot: Slot, out: &mut Output<'_>) {
        let Some(channel) = self.channels.get_mut(slot) else {
            return;
        };
        let (code, extra, reset) = match core::mem::replace(&mut channel.local, Local::Open) {
            Local::Ending { extra } => (crate::frame::CloseCode::END, extra, false),
            Local::Resetting { code, extra } => (code, extra, true),
            other @ (Local::Open | Local::Closed { .. }) => {
                channel.local = other;
                return;
            }
        };
        channel.local = Local::Closed { reset };
        let frame = Frame::Close {
            channel: channel.id,
            code,
            extra: &extra,
        };
        frame.encode(out.record);
        self.remove_if_done(slot);
    }
}

/// What `channel` may put into its next frame; 0 for its Close, `None` if the session's credit does not pay for it.
fn next_payload(channel: &Channel, session_credit: u32) -> Option<usize> {
    let Some(head) = channel.queue.front() else {
        return Some(0);
    };
    let payload = head.affordable(channel.credit.left().min(session_credit));
    (payload > 0).then_some(payload)
}

/// Writes the small messages at the head of a channel's queue, as many as this credit, the record and the channel's turn have room for.
/// `None` if that is none.
fn write_frames(
    channel: &mut Channel,
    credit: u32,
    out: &mut Output<'_>,
    spare: &mut Spare,
) -> Option<Written> {
    let most = usize::try_from(credit)
        .unwrap_or(usize::MAX)
        .min(out.room());
    let turn = usize::try_from(channel.allowance).unwrap_or(0);
    let mut count = 0_usize;
    let mut bytes = 0_usize;
    while let Some(frame) = channel.queue.front().and_then(Queued::frame) {
        let with = bytes.saturating_add(frame);
        if with > most || bytes >= turn {
            break;
        }
        channel.queue.pop_front();
        bytes = with;
        count = count.saturating_add(1);
    }
    if count == 0 {
        return None;
    }
    channel.encoded.take(bytes, out.record, spare);
    Some(Written {
        cost: u32::try_from(bytes).unwrap_or(u32::MAX),
        // Headers were not in the queue.
        taken: bytes.saturating_sub(count.saturating_mul(HEADER)),
        frames: u32::try_from(count).unwrap_or(u32::MAX),
    })
}

/// Writes the head of a channel's queue. `None` if it belongs into the next record.
fn write_data(
    channel: &mut Channel,
    payload: usize,
    out: &mut Output<'_>,
    spare: &mut Spare,
) -> Option<Written> {
    let head = channel.queue.front_mut()?;
    let payload = payload.min(MAX_PAYLOAD);
    let room = out.room().saturating_sub(HEADER) & !7;
    let payload = if payload <= room {
        payload
    } else if head.rest() <= MAX_PAYLOAD || room < LEAST_PIECE {
        // In a record of its own the peer need not copy it.
        return None;
    } else {
        room
    };
    let cost = if let Some(apart) = head.take_apart(payload) {
        // At most MAX_PAYLOAD, which fits.
        let length = u16::try_from(payload).unwrap_or(u16::MAX);
        let frame = header(channel.id.to_u32(), Kind::Data, 0, length);
        out.record.extend_from_slice(&frame);
        *out.payload = apart;
        cost(payload)
    } else {
        let writer = FrameWriter::data(out.record, channel.id, head.starts());
        head.write(writer, payload, &mut channel.encoded, spare)
    };
    if head.rest() == 0 {
        channel.queue.pop_front();
    }
    Some(Written {
        cost,
        taken: payload,
        frames: 1,
    })
}

/// Frames that were written.
struct Written {
    cost: u32,
    /// Bytes that left the queue.
    taken: usize,
    frames: u32,
}

/// The record that is being filled.
struct Output<'a> {
    record: &'a mut Vec<u8>,
    /// What follows it and ends it.
    payload: &'a mut Bytes,
    base: usize,
    limit: usize,
}

impl Output<'_> {
    fn is_started(&self) -> bool {
        self.record.len() > self.base
    }

    fn room(&self) -> usize {
        self.limit.saturating_sub(self.record.len())
    }
}

/// Bytes of the longest frame that is not data: an Open.
const LARGEST_CONTROL: usize = HEADER + 8 + MAX_OPEN_EXTRA;
/// Least piece of a long message or stream that is put into the rest of a record, in bytes.
const LEAST_PIECE: usize = 1_024;
