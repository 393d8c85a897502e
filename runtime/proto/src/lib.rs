//! The protocol of DSoftBus-lite without input and output: bytes and rules, nothing else.
//!
//! Every state machine here takes bytes, the time and randomness as arguments and gives bytes back. There is no clock,
//! socket, task or random source in this crate, so a whole session runs inside a unit test. What the bytes mean is
//! written in `schemas/WIRE.md`; the code names its sections.
//!
//! A session is built in this order: an [`announcement`] (or a ticket) says who is where, the [`handshake`] proves both
//! ends and yields a [`record`] sealer and opener.
//!
//! Bytes from a peer never panic, never index and never size an allocation before a limit was checked: the lints below
//! hold the crate to it.
#![no_std]
#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::as_conversions,
        clippy::arithmetic_side_effects
    )
)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod announcement;
pub mod buffer;
pub mod certificate;
pub mod crypto;
pub mod frame;
pub mod handshake;
pub mod identity;
pub mod message;
pub mod mux;
pub mod record;
pub mod rpc;
pub mod side;
pub mod statement;
pub mod stream;
pub mod trust;

mod bytes_in;
