//! What the discovery table needs to know of a signed announcement.

use dsoftbus_proto::announcement::Announcement;

use super::{Announced, Device};

impl Announced for Announcement {
    fn device(&self) -> Device {
        *Self::device(self).as_bytes()
    }

    fn sequence(&self) -> u64 {
        self.content().sequence
    }

    fn issued_at(&self) -> u64 {
        self.content().issued_at
    }

    fn time_to_live(&self) -> u16 {
        self.content().time_to_live
    }
}
