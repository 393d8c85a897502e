//! Placeholder.
#![no_std]
#![deny(
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::arithmetic_side_effects
)]

extern crate alloc;

pub mod buffer;
pub mod message;
pub mod rpc;
pub mod stream;
