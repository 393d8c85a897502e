//! The channels of a connection, found by number.

use alloc::vec::Vec;

use super::channel::Channel;
use crate::frame::ChannelId;

/// Where a channel is in the table. Good until the channel is removed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Slot(usize);

/// A slab of channels and a sorted index over it; the channel that was looked up last is found without a search.
#[derive(Debug, Default)]
pub(crate) struct Table {
    slots: Vec<Option<Channel>>,
    free: Vec<Slot>,
    index: Vec<(ChannelId, Slot)>,
    last: Option<(ChannelId, Slot)>,
}

impl Table {
    pub(crate) fn find(&mut self, id: ChannelId) -> Option<Slot> {
        if let Some((last, slot)) = self.last
            && last == id
        {
            return Some(slot);
        }
        let slot = self.peek(id)?;
        self.last = Some((id, slot));
        Some(slot)
    }

    /// Like [`find`](Self::find) without remembering.
    pub(crate) fn peek(&self, id: ChannelId) -> Option<Slot> {
        let at = self.index.binary_search_by_key(&id, |entry| entry.0).ok()?;
        self.index.get(at).map(|entry| entry.1)
    }

    pub(crate) fn get(&self, slot: Slot) -> Option<&Channel> {
        self.slots.get(slot.0)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, slot: Slot) -> Option<&mut Channel> {
        self.slots.get_mut(slot.0)?.as_mut()
    }

    /// Adds a channel whose number is not in the table.
    pub(crate) fn insert(&mut self, channel: Channel) -> Slot {
        let id = channel.id;
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                // Most sessions have one channel, and a vector that grows by itself starts with room for four.
                if self.slots.is_empty() {
                    self.slots.reserve_exact(1);
                }
                self.slots.push(None);
                Slot(self.slots.len().saturating_sub(1))
            }
        };
        if let Some(place) = self.slots.get_mut(slot.0) {
            *place = Some(channel);
        }
        let at = self.index.partition_point(|entry| entry.0 < id);
        self.index.insert(at, (id, slot));
        slot
    }

    pub(crate) fn remove(&mut self, slot: Slot) -> Option<Channel> {
        let channel = self.slots.get_mut(slot.0)?.take()?;
        self.free.push(slot);
        self.last = None;
        if let Ok(at) = self
            .index
            .binary_search_by_key(&channel.id, |entry| entry.0)
        {
            self.index.remove(at);
        }
        Some(channel)
    }

    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    #[cfg(test)]
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Channel> {
        self.slots.iter().flatten()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Channel> {
        self.slots.iter_mut().flatten()
    }
}
