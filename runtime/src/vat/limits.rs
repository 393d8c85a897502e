//! What one channel, and all of them together, may hold.

/// Calls of this side that may wait for their answer on a channel; one more fails with `resource_exhausted`.
///
/// As many as [`MAX_ANSWERS`], since the peer is likely a node like this one and refuses what goes beyond it.
pub(super) const MAX_CALLS: usize = 4_096;

/// Bytes of calls that may wait on a channel for a peer that grants no credit; above it a call fails with
/// `resource_exhausted`. The same as at level 0, for the same reason.
pub(super) const MAX_CALLS_WAITING: usize = 2 << 20;

/// Calls and Bootstraps of the peer on a channel that run or were not finished; one more call is refused with
/// `resource_exhausted`.
///
/// `capnp-rpc` keeps each of them. More than level 0 allows, because calls on streams are answered late: ten streams of small
/// items have a few hundred under way each.
pub(super) const MAX_ANSWERS: usize = 4_096;

/// Bytes of parameters of calls that run and of results that the peer has not finished, on one channel. Above it a call is
/// refused with `resource_exhausted`: without it 4,096 calls could hold a MiB each.
pub(super) const MAX_ANSWER_BYTES: usize = 16 << 20;

/// Bytes of answers that may wait on a channel for a peer that does not read them; above it further calls are refused with
/// `resource_exhausted`. The same as at level 0.
///
/// At level 0 such calls wait. Here both ends are clients and servers on one channel: if both stopped reading, none could go on.
pub(super) const MAX_ANSWERS_WAITING: usize = 1 << 20;

/// Bytes of answers that may wait on a channel, above which results become `resource_exhausted`: calls that run already may all
/// end at once.
pub(super) const MAX_RESULTS_WAITING: usize = 8 << 20;

/// Bytes of everything that may wait on a channel; above it the channel is reset.
///
/// Honest peers stay below: calls, results and refusals have bounds of their own. What is left are answers that cost the peer
/// little and that it never reads.
pub(super) const MAX_BACKLOG: usize = 16 << 20;

/// Bytes of answers that may wait in all channels of a session; above it a level 1 channel that is looked at is reset.
///
/// At level 0 results become errors long before. Without it each of 256 channels could hold [`MAX_BACKLOG`].
pub(super) const MAX_SESSION_BACKLOG: usize = 32 << 20;

/// Most descriptors in the capability table of a message. Each becomes a few hundred bytes here; without a bound one message of
/// a MiB could name sixty thousand.
pub(super) const MAX_CAPABILITIES: u32 = 1_024;

/// Questions that a channel keeps open for calls of data, as many as were in flight at once. Each costs about a KiB for as long as the channel
/// lives: 256 KiB. A call beyond costs what one with capabilities does, and nobody but our own callers can make them more.
pub(super) const MAX_CARRIERS: usize = 256;

/// Objects of the peer that handles may refer to, on one channel; what goes beyond fails the call that brought it with
/// `resource_exhausted`. Each costs a few hundred bytes.
pub(super) const MAX_IMPORTS: usize = 16_384;

/// Objects of this side that the peer may hold, on one channel; what goes beyond fails the call that would hand it out with
/// `resource_exhausted`. Without it a peer that asks for new objects and releases none makes us keep them all.
pub(super) const MAX_EXPORTS: usize = 16_384;

/// Objects of all peers that handles may refer to. A node with many sessions stays below 256 MiB for them.
pub(super) const MAX_REGISTRY: usize = 262_144;

/// Calls of the peer that may wait for one another, each addressed to the result of the one before. `capnp-rpc` follows such a
/// chain by recursion: without a bound a peer could exhaust the stack, and with it the process.
pub(super) const MAX_DEPTH: u32 = 64;

/// Steps that are followed from a promise to what it became. More are only made by a peer that resolves promises in circles.
pub(super) const MAX_RESOLVED: usize = 64;

/// First segment of a message whose length is not known, in words. `capnp-rpc` asks for 1,024, which it zeroes; most messages
/// fit these.
pub(super) const FIRST_SEGMENT: u32 = 48;

/// Largest first segment in words: that of the largest message.
pub(super) const MAX_FIRST_SEGMENT: u32 = 131_072;

/// Words of a Call or Return around its content: Message, Call, MessageTarget, PromisedAnswer with a short path, Payload.
pub(super) const ENVELOPE: u32 = 32;

/// Words of a descriptor in the capability table, with a short path.
pub(super) const DESCRIPTOR: u32 = 8;

/// Rounds that one channel takes before the others get their turn: each handles one message.
pub(super) const MAX_ROUNDS: usize = 64;

/// Stack of the vat thread in bytes. Dropping what a peer has chained recurses; see [`MAX_DEPTH`].
pub(super) const STACK: usize = 8 << 20;
