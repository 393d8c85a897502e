//! Why a channel or a session ends. Numbers: WIRE.md, "Channels".

use core::fmt;

/// Why a side closes a channel.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct CloseCode(u16);

impl CloseCode {
    /// No more data from this side; the other direction goes on.
    pub const END: Self = Self(0);
    /// No longer wanted.
    pub const CANCELLED: Self = Self(1);
    /// Nobody serves the logical channel.
    pub const NO_SUCH_SERVICE: Self = Self(2);
    /// The peer may not use the service.
    pub const NOT_ALLOWED: Self = Self(3);
    /// The other side broke the rules of the channel.
    pub const PROTOCOL_ERROR: Self = Self(4);
    /// Too many channels are open.
    pub const TOO_MANY_CHANNELS: Self = Self(5);
    /// Out of memory, storage or quota.
    pub const RESOURCE_LIMIT: Self = Self(6);
    /// A payload is not what its digest says.
    pub const DIGEST_MISMATCH: Self = Self(7);
    /// The handle is unknown, used, expired or somebody else's.
    pub const NO_SUCH_HANDLE: Self = Self(8);
    /// The side that closes has failed.
    pub const INTERNAL_ERROR: Self = Self(9);
    /// The service on the logical channel has another interface.
    pub const WRONG_INTERFACE: Self = Self(10);

    /// A code from its number; every number is legal.
    #[must_use]
    pub const fn new(code: u16) -> Self {
        Self(code)
    }

    /// The number on the wire.
    #[must_use]
    pub const fn to_u16(self) -> u16 {
        self.0
    }

    /// Whether the code only ends the sender's data instead of resetting the channel.
    #[must_use]
    pub const fn is_end(self) -> bool {
        self.0 == Self::END.0
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match *self {
            Self::END => "end of data",
            Self::CANCELLED => "cancelled",
            Self::NO_SUCH_SERVICE => "no such service",
            Self::NOT_ALLOWED => "not allowed",
            Self::PROTOCOL_ERROR => "protocol error",
            Self::TOO_MANY_CHANNELS => "too many channels",
            Self::RESOURCE_LIMIT => "resource limit",
            Self::DIGEST_MISMATCH => "digest mismatch",
            Self::NO_SUCH_HANDLE => "no such handle",
            Self::INTERNAL_ERROR => "internal error",
            Self::WRONG_INTERFACE => "wrong interface",
            Self(code) => return write!(f, "close code {code}"),
        };
        f.write_str(name)
    }
}

impl fmt::Debug for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CloseCode({}: {self})", self.0)
    }
}

/// Why a side ends the session.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct GoodbyeCode(u16);

impl GoodbyeCode {
    /// The node shuts down.
    pub const SHUTTING_DOWN: Self = Self(0);
    /// The other side broke the protocol.
    pub const PROTOCOL_ERROR: Self = Self(1);
    /// Nothing happened for too long.
    pub const IDLE: Self = Self(2);
    /// The other device is not trusted any more.
    pub const NO_LONGER_ALLOWED: Self = Self(3);

    /// A code from its number; every number is legal.
    #[must_use]
    pub const fn new(code: u16) -> Self {
        Self(code)
    }

    /// The number on the wire.
    #[must_use]
    pub const fn to_u16(self) -> u16 {
        self.0
    }
}

impl fmt::Display for GoodbyeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match *self {
            Self::SHUTTING_DOWN => "shutting down",
            Self::PROTOCOL_ERROR => "protocol error",
            Self::IDLE => "idle",
            Self::NO_LONGER_ALLOWED => "no longer allowed",
            Self(code) => return write!(f, "goodbye code {code}"),
        };
        f.write_str(name)
    }
}

impl fmt::Debug for GoodbyeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GoodbyeCode({}: {self})", self.0)
    }
}
