//! Channel numbers. Format: WIRE.md, "Frames".

use core::fmt;

use crate::side::Side;

/// The number of a channel: who opened it, which instance, on which logical channel.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ChannelId(u32);

impl ChannelId {
    /// A channel number from its parts. `None` if the instance has more than 15 bits or the logical channel is 0,
    /// which is the session itself.
    #[must_use]
    pub fn new(side: Side, instance: u16, logical: u16) -> Option<Self> {
        if instance > MAX_INSTANCE {
            return None;
        }
        let opener = match side {
            Side::Initiator => 0,
            Side::Responder => RESPONDER,
        };
        Self::from_u32(opener | u32::from(instance) << 16 | u32::from(logical))
    }

    /// A channel number from the wire. `None` if its logical channel is 0.
    #[must_use]
    pub const fn from_u32(number: u32) -> Option<Self> {
        match number & 0xffff {
            0 => None,
            _ => Some(Self(number)),
        }
    }

    /// The number on the wire.
    #[must_use]
    pub const fn to_u32(self) -> u32 {
        self.0
    }

    /// The side that opened the channel.
    #[must_use]
    pub const fn opener(self) -> Side {
        match self.0 & RESPONDER {
            0 => Side::Initiator,
            _ => Side::Responder,
        }
    }

    /// Which of the opener's channels on the logical channel this is.
    #[must_use]
    pub const fn instance(self) -> u16 {
        let [_, _, low, high] = self.0.to_le_bytes();
        u16::from_le_bytes([low, high]) & MAX_INSTANCE
    }

    /// The logical channel ID, fixed in the schema of the service.
    #[must_use]
    pub const fn logical(self) -> u16 {
        let [low, high, _, _] = self.0.to_le_bytes();
        u16::from_le_bytes([low, high])
    }
}

impl fmt::Display for ChannelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = match self.opener() {
            Side::Initiator => 'i',
            Side::Responder => 'r',
        };
        write!(f, "{:#06x}/{side}{}", self.logical(), self.instance())
    }
}

impl fmt::Debug for ChannelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChannelId({self})")
    }
}

/// Instance numbers that a side has on each logical channel.
pub const INSTANCES: u16 = 0x8000;
/// Largest instance number.
const MAX_INSTANCE: u16 = INSTANCES - 1;
/// Bit 31: the responder of the session opened the channel.
const RESPONDER: u32 = 0x8000_0000;
