//! The protocol of DSoftBus-lite without input and output: bytes and rules, nothing else.
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

pub mod buffer;
pub mod frame;
pub mod message;
pub mod mux;
pub mod side;
