//! The code of some schemas, which tests of this package use as that of another crate.

#![deny(clippy::pedantic)]

include!(concat!(env!("OUT_DIR"), "/base/dsoftbus.rs"));
