//! [`ChannelKey`]: what handles of channels hold.

use dsoftbus_proto::frame::ChannelId;

/// Names a channel for good: a number may come back once its channel has ended, a key does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChannelKey {
    id: ChannelId,
    epoch: u64,
}

impl ChannelKey {
    pub(super) fn new(id: ChannelId, epoch: u64) -> Self {
        Self { id, epoch }
    }

    pub(crate) fn id(self) -> ChannelId {
        self.id
    }

    /// Which of all channels of the session it is.
    pub(super) fn epoch(self) -> u64 {
        self.epoch
    }

    pub(crate) fn logical(self) -> u16 {
        self.id.logical()
    }
}
