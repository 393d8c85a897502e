//! Whose turn it is to send: classes, and within a class round robin by bytes.

use alloc::collections::VecDeque;

use super::table::Slot;
use crate::frame::ChannelId;

/// How urgent the data of a channel is. Follows from its logical channel ID.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Class {
    /// Introspection and health, and every frame that is not data.
    Control,
    /// Services.
    Rpc,
    /// Large payloads; leaves half of the session's credit to others.
    Bulk,
}

impl Class {
    /// The class of a logical channel.
    #[must_use]
    pub const fn of(logical: u16) -> Self {
        match logical {
            0 | 1 => Self::Control,
            2 => Self::Bulk,
            _ => Self::Rpc,
        }
    }

    pub(crate) const ALL: [Self; 3] = [Self::Control, Self::Rpc, Self::Bulk];
}

impl ChannelId {
    /// The class of the channel.
    #[must_use]
    pub const fn class(self) -> Class {
        Class::of(self.logical())
    }
}

/// The channels of each class that have something to send and credit for it.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    control: VecDeque<Slot>,
    rpc: VecDeque<Slot>,
    bulk: VecDeque<Slot>,
}

impl Schedule {
    pub(crate) const fn ring(&self, class: Class) -> &VecDeque<Slot> {
        match class {
            Class::Control => &self.control,
            Class::Rpc => &self.rpc,
            Class::Bulk => &self.bulk,
        }
    }

    pub(crate) const fn ring_mut(&mut self, class: Class) -> &mut VecDeque<Slot> {
        match class {
            Class::Control => &mut self.control,
            Class::Rpc => &mut self.rpc,
            Class::Bulk => &mut self.bulk,
        }
    }

    /// Whether no channel has anything to send.
    pub(crate) fn is_empty(&self) -> bool {
        self.control.is_empty() && self.rpc.is_empty() && self.bulk.is_empty()
    }

    pub(crate) fn push(&mut self, class: Class, slot: Slot) {
        self.ring_mut(class).push_back(slot);
    }

    /// The first channel of the class goes to the back.
    pub(crate) fn rotate(&mut self, class: Class) {
        let ring = self.ring_mut(class);
        if let Some(slot) = ring.pop_front() {
            ring.push_back(slot);
        }
    }

    pub(crate) fn remove(&mut self, class: Class, slot: Slot) {
        self.ring_mut(class).retain(|other| *other != slot);
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// Bytes by which a channel's turn is paid, so that channels with small and with large messages get the same share.
/// A quarter of a record: up to four channels share one.
pub(crate) const TURN: i32 = 16_384;
