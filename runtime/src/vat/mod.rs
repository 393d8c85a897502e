//! The engine of level 1: interfaces that pass capabilities ride on `capnp-rpc`.
//!
//! `capnp-rpc` may not leave its thread, so a node has one thread for all of its channels of level 1 ([`thread`]). Handles of
//! users send it commands; what comes in from peers waits in the session until the thread takes it. On the thread, a channel
//! ([`channel`]) is one two-party connection of `capnp-rpc` whose network ([`network`]) is the multiplexer of the session. An
//! object of this process is a hook of our own there ([`served`]); an object of a peer is an entry of the [`registry`], which
//! handles name by number ([`import`]).
//!
//! Between the wire and `capnp-rpc` stands the [`gate`]: it bounds what `capnp-rpc` does not.
//!
//! # How long a channel lives
//!
//! As a two-party connection does: the side that opened it closes it when nothing goes over it any more. It holds no capability
//! of the peer, waits for no answer, answers no call, and the peer holds no object of it. So a client may be dropped while an
//! object that it passed to the peer goes on being called, and the peer's Release of that object ends the channel.

mod backlog;
mod carrier;
mod channel;
mod clock;
mod convert;
mod early;
mod gate;
mod handlers;
mod import;
mod invoke;
mod lane;
mod limits;
mod link;
mod names;
mod network;
mod question;
mod registry;
mod returned;
mod served;
mod task;
mod thread;
mod traffic;

#[cfg(test)]
mod tests;

pub(crate) use self::{
    early::Early,
    import::Import,
    link::{Inbound, Link},
    question::{Question, VatCall},
    thread::Vats,
};
