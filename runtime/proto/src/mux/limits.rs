//! What one peer may make us hold or do.

/// Limits of one session. All have safe defaults; 0 never means unlimited.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Channels that the peer may have open at once; further ones are refused with
    /// [`CloseCode::TOO_MANY_CHANNELS`](crate::frame::CloseCode::TOO_MANY_CHANNELS). Without it a peer makes us hold
    /// channel state and service tasks without end. Default 256.
    pub peer_channels: usize,
    /// Channels that we may have open at once. The peer's limit is likely the same. Default 256.
    pub own_channels: usize,
    /// Channels that we refused for being too many and that the peer has not closed yet; one more ends the session. Each
    /// holds a little state until then. Default 256.
    pub refused_channels: usize,
    /// Bytes of partly received messages in all channels; a channel that needs more is reset with
    /// [`CloseCode::RESOURCE_LIMIT`](crate::frame::CloseCode::RESOURCE_LIMIT). Credit does not bound them, since a
    /// message may be larger than a window: without this limit a peer that never completes a message makes us hold
    /// 1 MiB per channel. Default 16 MiB: 16 messages of the largest size at once.
    pub assembly_bytes: usize,
    /// Bytes queued on a channel under which it counts as writable. More gains no throughput, it only delays what is queued
    /// last. Default 128 KiB.
    pub low_water: usize,
    /// Opens that a peer may send in a burst, beyond those of channels that both sides ended orderly. Each makes work
    /// for a service; with no limit a peer that opens and resets pays nothing for it ("rapid reset"). Default 1,024.
    pub churn_burst: u32,
    /// Opens per second on top of the burst. Default 256.
    pub churn_per_second: u32,
    /// Credit and Ping frames in a burst, beyond two per Data frame in either direction. They cost us work while carrying
    /// nothing. Default 1,024.
    pub chatter_burst: u32,
    /// Credit and Ping frames per second on top of the burst. Default 256.
    pub chatter_per_second: u32,
    /// Bytes of records that undelivered small frames may keep alive. Data is handed out as slices of its record, so
    /// without a limit a peer could pin a record of 64 KiB with a frame that costs it 16 bytes of credit. Beyond the
    /// limit such frames are copied. Default 1 MiB.
    pub pinned_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            peer_channels: 256,
            own_channels: 256,
            refused_channels: 256,
            assembly_bytes: 16_777_216,
            low_water: 131_072,
            churn_burst: 1_024,
            churn_per_second: 256,
            chatter_burst: 1_024,
            chatter_per_second: 256,
            pinned_bytes: 1_048_576,
        }
    }
}

/// What a bulk channel's window grows to, in bytes: 2 MiB keep 1 Gbit/s busy over 16 ms, and no more fits beside the half
/// of the session's credit that bulk leaves to others.
pub const BULK_WINDOW: u32 = 2_097_152;
