//! Level 0 of the Cap'n Proto RPC protocol: calls that carry data, no capabilities. WIRE.md, "Rpc".
//!
//! One [`Client`] or [`Server`] per channel. Both are state machines without I/O: [`handle`](Server::handle) takes a message,
//! [`poll_outgoing`](Server::poll_outgoing) gives what has to be sent besides calls and replies. Where `rpc.capnp` leaves a
//! choice, a call that cannot be served fails alone, and what breaks the protocol ends the channel with an Abort.

mod answers;
mod client;
mod error;
mod outbox;
mod server;

pub use client::{Client, Completion, MAX_QUESTIONS, QuestionId};
pub use error::{BeginError, RemoteError, RpcError};
pub use server::{AnswerId, Inbound, MAX_BOOTSTRAPS, MAX_IN_FLIGHT, Server};

pub use self::outbox::{MAX_OUTBOX, MAX_UNIMPLEMENTED};

/// Most descriptors in the capability table of a message. Level 0 keeps no capability, but each costs a Release; without a
/// bound one message could ask for a hundred thousand.
pub const MAX_CAPABILITIES: u32 = 16;
