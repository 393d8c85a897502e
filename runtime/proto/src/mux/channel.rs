//! The state of one channel. Rules: WIRE.md, "Channels".

use alloc::collections::VecDeque;

use bytes::Bytes;

use super::assembly::Partial;
use super::credit::{CHANNEL_CREDIT, ReceiveWindow, SendCredit};
use super::outbound::{Encoded, Queued};
use super::schedule::Class;
use crate::frame::{ChannelId, CloseCode, Mode};

/// One channel, from Open until Close went both ways.
#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) id: ChannelId,
    pub(crate) class: Class,
    pub(crate) mode: Mode,
    pub(crate) interface_id: u64,
    pub(crate) opener: Opener,
    /// Accept went over it.
    pub(crate) accepted: bool,
    pub(crate) local: Local,
    /// The peer's Close, once it came.
    pub(crate) remote: Option<CloseCode>,
    /// The application wants no more data.
    pub(crate) discarding: bool,
    /// What our Open or Accept says to the other application.
    pub(crate) greeting: Bytes,

    // Receiving
    pub(crate) window: ReceiveWindow,
    /// Whether the connection's list of due credits names this channel.
    pub(crate) credit_listed: bool,
    pub(crate) partial: Option<Partial>,

    // Sending
    pub(crate) credit: SendCredit,
    pub(crate) queue: VecDeque<Queued>,
    /// The small messages of the queue.
    pub(crate) encoded: Encoded,
    /// Bytes in the queue.
    pub(crate) queued: usize,
    /// The queue counts as answers: the peer opened the channel, and it carries messages.
    pub(crate) answers: bool,
    /// The queue was over the low-water mark.
    pub(crate) above_water: bool,
    /// Whether the schedule names this channel.
    pub(crate) scheduled: bool,
    /// Bytes this channel may send before its turn is over; negative when it had more.
    pub(crate) allowance: i32,
}

/// Who opened a channel.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Opener {
    /// We.
    Local,
    /// The peer.
    Remote,
    /// The peer, but it was one too many: only its Close is awaited.
    Refused,
}

/// Our half of a channel.
#[derive(Debug)]
pub(crate) enum Local {
    /// May send.
    Open,
    /// Sends what is queued, then Close 0.
    Ending { extra: Bytes },
    /// Sends nothing but the Close.
    Resetting { code: CloseCode, extra: Bytes },
    /// The Close is sent.
    Closed { reset: bool },
}

impl Channel {
    pub(crate) fn new(
        id: ChannelId,
        mode: Mode,
        interface_id: u64,
        opener: Opener,
        greeting: Bytes,
    ) -> Self {
        Self {
            id,
            class: id.class(),
            mode,
            interface_id,
            opener,
            accepted: false,
            local: Local::Open,
            remote: None,
            discarding: false,
            greeting,
            window: ReceiveWindow::channel(),
            credit_listed: false,
            partial: None,
            credit: SendCredit::new(CHANNEL_CREDIT),
            queue: VecDeque::new(),
            encoded: Encoded::default(),
            queued: 0,
            answers: false,
            above_water: false,
            scheduled: false,
            allowance: 0,
        }
    }

    /// Whether we are between Open and Accept and discard all other frames.
    pub(crate) fn awaits_accept(&self) -> bool {
        self.opener == Opener::Local && !self.accepted
    }

    /// Whether we reset the channel, so that the application hears nothing more of it.
    pub(crate) const fn is_reset(&self) -> bool {
        matches!(
            self.local,
            Local::Resetting { .. } | Local::Closed { reset: true }
        )
    }

    /// Whether data that arrives is thrown away.
    pub(crate) const fn drops_data(&self) -> bool {
        self.discarding || self.is_reset()
    }

    /// Whether the peer can use credit, and knows the channel already.
    pub(crate) fn can_grant(&self) -> bool {
        let known = self.accepted || self.opener == Opener::Local;
        known && self.remote.is_none() && !self.is_reset()
    }

    /// Whether there is something to write and credit of the channel for it.
    pub(crate) fn is_sendable(&self) -> bool {
        match (&self.local, self.queue.front()) {
            (Local::Open | Local::Ending { .. }, Some(head)) => {
                head.affordable(self.credit.left()) > 0
            }
            (Local::Ending { .. }, None) => true,
            _ => false,
        }
    }

    /// Drops what is queued.
    pub(crate) fn drop_queue(&mut self) {
        self.queue = VecDeque::new();
        self.encoded = Encoded::default();
        self.queued = 0;
        self.above_water = false;
    }
}
