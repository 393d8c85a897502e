//! Channels over one session. Rules: WIRE.md, "Channels" and "Messages".
//!
//! [`Connection`] is a pure state machine: records go in, events and records come out. It knows no time and no socket.

mod assembly;
mod budget;
mod channel;
mod credit;
mod error;
mod event;
mod limits;
mod outbound;
mod receive;
mod schedule;
mod table;
mod transmit;

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use bytes::Bytes;

use crate::frame::{ChannelId, CloseCode, FrameError, GoodbyeCode, INSTANCES, Mode};
use crate::frame::{MAX_OPEN_EXTRA, MAX_REPLY_EXTRA};
use crate::message::{MAX_MESSAGE, Outgoing};
use crate::side::Side;

pub use credit::{BULK_RESERVE, CHANNEL_CREDIT, MAX_CREDIT, SESSION_CREDIT};
pub use error::{ChannelError, OpenError, SendError};
pub use event::Event;
pub use limits::{BULK_WINDOW, Limits};
pub use outbound::Outbound;
pub use schedule::Class;

use budget::{Budget, Elapsed};
use channel::{Channel, Local, Opener};
use credit::{ReceiveWindow, SendCredit};
use outbound::{Queued, Spare};
use schedule::Schedule;
use table::{Slot, Table};

/// All channels of one session.
///
/// Methods are of four kinds:
///
/// - input from the peer: [`handle_record`](Self::handle_record);
/// - the application: [`open`](Self::open), [`accept`](Self::accept), [`send`](Self::send),
///   [`consume`](Self::consume), [`close`](Self::close), [`discard`](Self::discard), [`ping`](Self::ping),
///   [`goodbye`](Self::goodbye);
/// - output: [`poll_event`](Self::poll_event), [`poll_transmit`](Self::poll_transmit);
/// - time: [`tick`](Self::tick).
///
/// After every input, drain `poll_event`; after that, while there is room on the socket, `poll_transmit`. Every `cost` of an
/// event must come back through [`consume`](Self::consume) exactly once, also when the channel is closed by then: it is
/// what bounds the memory that the peer can fill.
pub struct Connection {
    side: Side,
    limits: Limits,
    channels: Table,
    /// Channels opened by us, by the peer, and refused.
    counts: Counts,
    /// Next instance to try on a logical channel.
    instances: BTreeMap<u16, u16>,
    events: VecDeque<Event>,

    // Receiving
    window: ReceiveWindow,
    /// Bytes of incomplete messages.
    assembled: usize,
    /// Bytes of records that undelivered data may keep alive.
    pinned: usize,
    churn: Budget,
    chatter: Budget,
    elapsed: Elapsed,
    failed: Option<FrameError>,
    peer_goodbye: bool,

    // Sending
    credit: SendCredit,
    /// Bytes queued on channels that the peer opened and that carry messages.
    answers: usize,
    spare: Spare,
    schedule: Schedule,
    /// Open, Accept and resetting Close frames, in order; at most three for each channel.
    control: VecDeque<Control>,
    /// Channels that may owe the peer credit, each once.
    credits: Vec<Slot>,
    pong: Option<u64>,
    ping: Ping,
    goodbye: Goodbye,
}

/// A frame that goes before all data.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Control {
    Open(Slot),
    Accept(Slot),
    Reset(Slot),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Ping {
    None,
    Queued(u64),
    Sent(u64),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Goodbye {
    None,
    Queued(GoodbyeCode),
    Sent,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    local: usize,
    remote: usize,
    refused: usize,
}

impl Connection {
    /// The channels of a new session: none.
    #[must_use]
    pub fn new(side: Side, limits: Limits) -> Self {
        Self {
            side,
            limits,
            channels: Table::default(),
            counts: Counts::default(),
            instances: BTreeMap::new(),
            events: VecDeque::new(),
            window: ReceiveWindow::session(),
            assembled: 0,
            pinned: 0,
            churn: Budget::new(limits.churn_burst),
            chatter: Budget::new(limits.chatter_burst),
            elapsed: Elapsed::default(),
            failed: None,
            peer_goodbye: false,
            credit: SendCredit::new(SESSION_CREDIT),
            answers: 0,
            spare: Spare::default(),
            schedule: Schedule::default(),
            control: VecDeque::new(),
            credits: Vec::new(),
            pong: None,
            ping: Ping::None,
            goodbye: Goodbye::None,
        }
    }

    /// What happened, in order. Drain it after [`handle_record`](Self::handle_record), and after
    /// [`poll_transmit`](Self::poll_transmit), which makes channels writable.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Opens a channel. Data may be sent at once.
    ///
    /// # Errors
    ///
    /// [`OpenError`]; nothing has changed in that case.
    pub fn open(
        &mut self,
        logical: u16,
        interface_id: u64,
        mode: Mode,
        extra: &[u8],
    ) -> Result<ChannelId, OpenError> {
        if self.is_closing() {
            return Err(OpenError::SessionClosed);
        }
        if logical == 0 {
            return Err(OpenError::Reserved);
        }
        if extra.len() > MAX_OPEN_EXTRA {
            return Err(OpenError::ExtraTooLong {
                length: extra.len(),
            });
        }
        if self.counts.local >= self.limits.own_channels {
            return Err(OpenError::TooManyChannels);
        }
        let id = self.free_number(logical)?;
        let channel = Channel::new(id, mode, interface_id, Opener::Local, copy(extra));
        let slot = self.channels.insert(channel);
        self.counts.local = self.counts.local.saturating_add(1);
        self.control.push_back(Control::Open(slot));
        Ok(id)
    }

    /// Accepts a channel that the peer opened. `extra`, at most 64 bytes, goes to the opener; more is cut.
    ///
    /// Ignored if the channel is closed, accepted already, or ours.
    pub fn accept(&mut self, channel: ChannelId, extra: &[u8]) {
        let Some((slot, state)) = self.channel_mut(channel) else {
            return;
        };
        let fresh = state.opener == Opener::Remote && !state.accepted;
        if !fresh || !matches!(state.local, Local::Open) {
            return;
        }
        state.accepted = true;
        state.greeting = copy(cut(extra));
        self.control.push_back(Control::Accept(slot));
        self.list_credit(slot);
    }

    /// Sends our Close, with at most 64 bytes for the peer's application; more is cut.
    ///
    /// [`CloseCode::END`] goes after what is queued and leaves the other direction open. Any other code resets: what
    /// is queued is dropped, the Close goes before everybody's data, and what still arrives is thrown away. On a
    /// channel that was not accepted it refuses. A channel has one Close from each side: a second one is ignored.
    pub fn close(&mut self, channel: ChannelId, code: CloseCode, extra: &[u8]) {
        let Some((slot, state)) = self.channel_mut(channel) else {
            return;
        };
        if !matches!(state.local, Local::Open) {
            return;
        }
        let extra = copy(cut(extra));
        if code.is_end() {
            state.local = Local::Ending { extra };
            self.refresh(slot);
        } else {
            self.reset(slot, code, extra);
        }
    }

    /// Queues data on a channel, without a bound: look at [`queued`](Self::queued) or
    /// [`is_writable`](Self::is_writable) first, and wait for [`Event::Writable`]. Empty bytes are ignored.
    ///
    /// # Errors
    ///
    /// [`SendError`]; the data is dropped.
    pub fn send(&mut self, channel: ChannelId, out: Outbound) -> Result<(), SendError> {
        let length = out.len();
        let is_message = matches!(out, Outbound::Message(..));
        let slot = self.sendable(channel, is_message, length)?;
        if length > 0
            && let Some(to) = self.channels.get_mut(slot)
        {
            let queued = Queued::new(out, length, to, &mut self.spare);
            self.enqueue(slot, queued, is_message);
        }
        Ok(())
    }

    /// As [`send`](Self::send), for a message that stays where it is: a small one is copied when it is queued, anyhow. `false`, and
    /// nothing is queued, if it is not small.
    ///
    /// # Errors
    ///
    /// [`SendError`].
    pub fn send_small(
        &mut self,
        channel: ChannelId,
        message: &Outgoing,
        deadline_ms: u32,
    ) -> Result<bool, SendError> {
        let length = message.len_bytes();
        if length > outbound::SMALL {
            return Ok(false);
        }
        let slot = self.sendable(channel, true, length)?;
        if let Some(to) = self.channels.get_mut(slot) {
            let queued = Queued::small(message, length, deadline_ms, to, &mut self.spare);
            self.enqueue(slot, queued, true);
        }
        Ok(true)
    }

    /// A channel on which so much may be queued.
    fn sendable(
        &mut self,
        channel: ChannelId,
        is_message: bool,
        length: usize,
    ) -> Result<Slot, SendError> {
        if self.is_closing() {
            return Err(SendError::Closed);
        }
        let (slot, state) = self.channel_mut(channel).ok_or(SendError::Closed)?;
        if !matches!(state.local, Local::Open) {
            return Err(SendError::Closed);
        }
        if state.opener != Opener::Local && !state.accepted {
            return Err(SendError::NotAccepted);
        }
        if !is_message && state.mode == Mode::Messages {
            return Err(SendError::WrongMode);
        }
        if is_message && length > MAX_MESSAGE {
            return Err(SendError::TooLong { length });
        }
        Ok(slot)
    }

    fn enqueue(&mut self, slot: Slot, queued: Queued, is_message: bool) {
        let low_water = self.limits.low_water;
        let Some(state) = self.channels.get_mut(slot) else {
            return;
        };
        let before = if state.answers { state.queued } else { 0 };
        state.answers |= is_message && state.opener == Opener::Remote;
        state.queued = state.queued.saturating_add(queued.rest());
        state.above_water |= state.queued > low_water;
        state.queue.push_back(queued);
        let more = if state.answers {
            state.queued.saturating_sub(before)
        } else {
            0
        };
        if !state.scheduled {
            self.refresh(slot);
        }
        self.answers = self.answers.saturating_add(more);
    }

    /// Bytes queued on a channel and not yet in a record; 0 if there is no such channel.
    #[must_use]
    pub fn queued(&self, channel: ChannelId) -> usize {
        let slot = self.channels.peek(channel);
        let state = slot.and_then(|slot| self.channels.get(slot));
        state.map_or(0, |state| state.queued)
    }

    /// Bytes queued on all channels that the peer opened for messages: answers that it does not read.
    #[must_use]
    pub const fn answers(&self) -> usize {
        self.answers
    }

    /// Whether a channel's queue is at most at its low-water mark. If not, [`Event::Writable`] will follow.
    #[must_use]
    pub fn is_writable(&self, channel: ChannelId) -> bool {
        self.queued(channel) <= self.limits.low_water
    }

    /// Gives back the cost of an event whose data the application has used or dropped, whole or in pieces.
    ///
    /// Credit for the peer goes out with the next record once it is worth a frame.
    pub fn consume(&mut self, channel: ChannelId, cost: u32) {
        self.refund(cost);
        let Some((slot, state)) = self.channel_mut(channel) else {
            return;
        };
        state.window.release(cost);
        self.list_credit(slot);
    }

    /// As [`consume`](Self::consume), for data of a channel whose number may belong to another one by now: only the session
    /// gets its credit back.
    pub fn refund(&mut self, cost: u32) {
        self.window.release(cost);
        if self.window.held() == 0 {
            self.pinned = 0;
        }
    }

    /// Throws away what the peer still sends on a channel and grants credit for it, so that the peer can come to its
    /// end of data. For a channel whose reader is gone while its own data goes on; otherwise reset it.
    pub fn discard(&mut self, channel: ChannelId) {
        let Some((slot, state)) = self.channel_mut(channel) else {
            return;
        };
        state.discarding = true;
        self.drop_partial(slot);
    }

    /// Sends a Ping; [`Event::Pong`] answers. Ignored while another one is under way.
    pub fn ping(&mut self, nonce: u64) {
        if self.ping == Ping::None {
            self.ping = Ping::Queued(nonce);
        }
    }

    /// Ends the session. What is queued is dropped; the next record is the last and holds nothing but Goodbye.
    ///
    /// For an orderly end close the channels and wait until the connection [`is_idle`](Self::is_idle).
    pub fn goodbye(&mut self, code: GoodbyeCode) {
        if self.goodbye != Goodbye::None {
            return;
        }
        self.goodbye = Goodbye::Queued(code);
        self.drop_queues();
        self.schedule.clear();
        self.control.clear();
        self.credits.clear();
        self.pong = None;
        self.ping = Ping::None;
    }

    /// Drops what is queued on all channels: for a session that is over, whose handles may live on.
    pub fn drop_queues(&mut self) {
        for channel in self.channels.iter_mut() {
            channel.drop_queue();
        }
        self.spare.shrink();
        self.answers = 0;
    }

    /// Tells how much time went by since the last call; call it about once a second while the peer sends.
    ///
    /// Time refills the budgets of [`Limits`] for frames that no data explains, and takes away memory that is not used.
    pub fn tick(&mut self, elapsed: Duration) {
        self.spare.trim();
        let millis = self.elapsed.add(elapsed);
        self.churn
            .earn(budget::tokens(millis, self.limits.churn_per_second));
        self.chatter
            .earn(budget::tokens(millis, self.limits.chatter_per_second));
    }

    /// Gives up memory that is kept for what will be sent: for a session that has gone quiet.
    pub fn shrink(&mut self) {
        self.spare.shrink();
    }

    /// Our side of the session.
    #[must_use]
    pub const fn side(&self) -> Side {
        self.side
    }

    /// Number of channels that are not closed both ways.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.channels.len()
    }

    /// Whether no channel is open and nothing waits to be sent.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.channels.len() == 0 && !self.wants_transmit()
    }

    /// Whether the session is over: a Goodbye was sent or received.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.goodbye == Goodbye::Sent || self.peer_goodbye
    }

    /// Whether the session is over or about to be: a Goodbye was queued, sent or received, or the peer broke the rules.
    #[must_use]
    pub fn is_closing(&self) -> bool {
        self.goodbye != Goodbye::None || self.peer_goodbye || self.failed.is_some()
    }

    fn channel_mut(&mut self, id: ChannelId) -> Option<(Slot, &mut Channel)> {
        let slot = self.channels.find(id)?;
        Some((slot, self.channels.get_mut(slot)?))
    }

    /// The next free number on a logical channel. Goes round, so that a number comes back as late as possible.
    fn free_number(&mut self, logical: u16) -> Result<ChannelId, OpenError> {
        let next = self.instances.entry(logical).or_insert(0);
        for _ in 0..INSTANCES {
            let instance = *next;
            *next = instance.wrapping_add(1) % INSTANCES;
            if let Some(id) = ChannelId::new(self.side, instance, logical)
                && self.channels.peek(id).is_none()
            {
                return Ok(id);
            }
        }
        Err(OpenError::NumbersExhausted { logical })
    }

    /// Puts a channel into the schedule if it has something to send, or takes it out.
    fn refresh(&mut self, slot: Slot) {
        let Some(channel) = self.channels.get_mut(slot) else {
            return;
        };
        let sendable = channel.is_sendable();
        if sendable == channel.scheduled {
            return;
        }
        channel.scheduled = sendable;
        if sendable {
            self.schedule.push(channel.class, slot);
        } else {
            self.schedule.remove(channel.class, slot);
        }
    }

    /// Notes that a channel may owe credit.
    fn list_credit(&mut self, slot: Slot) {
        if let Some(channel) = self.channels.get_mut(slot)
            && !channel.credit_listed
            && channel.can_grant()
            && channel.window.is_due()
        {
            channel.credit_listed = true;
            self.credits.push(slot);
        }
    }

    /// Resets a channel that has not sent its Close.
    fn reset(&mut self, slot: Slot, code: CloseCode, extra: Bytes) {
        self.drop_partial(slot);
        let Some(channel) = self.channels.get_mut(slot) else {
            return;
        };
        if channel.answers {
            self.answers = self.answers.saturating_sub(channel.queued);
        }
        channel.drop_queue();
        channel.local = Local::Resetting { code, extra };
        self.control.push_back(Control::Reset(slot));
        self.refresh(slot);
    }

    /// Drops an incomplete message. Its credit went back when it was copied.
    fn drop_partial(&mut self, slot: Slot) {
        if let Some(channel) = self.channels.get_mut(slot)
            && let Some(partial) = channel.partial.take()
        {
            self.assembled = self.assembled.saturating_sub(partial.len());
        }
    }

    /// Removes a channel when Close went both ways.
    fn remove_if_done(&mut self, slot: Slot) {
        let Some(channel) = self.channels.get(slot) else {
            return;
        };
        let (Local::Closed { reset }, Some(code)) = (&channel.local, channel.remote) else {
            return;
        };
        let orderly = !reset && code.is_end();
        if channel.credit_listed {
            self.credits.retain(|other| *other != slot);
        }
        self.drop_partial(slot);
        let Some(channel) = self.channels.remove(slot) else {
            return;
        };
        let count = match channel.opener {
            Opener::Local => &mut self.counts.local,
            Opener::Remote => &mut self.counts.remote,
            Opener::Refused => &mut self.counts.refused,
        };
        *count = count.saturating_sub(1);
        if orderly && channel.opener == Opener::Remote {
            self.churn.earn(1);
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("side", &self.side)
            .field("channels", &self.channels.len())
            .field("credit", &self.credit)
            .field("window", &self.window)
            .field("goodbye", &self.goodbye)
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}

fn copy(bytes: &[u8]) -> Bytes {
    match bytes {
        [] => Bytes::new(),
        _ => Bytes::copy_from_slice(bytes),
    }
}

fn cut(extra: &[u8]) -> &[u8] {
    extra.get(..MAX_REPLY_EXTRA).unwrap_or(extra)
}

#[cfg(test)]
mod tests;
