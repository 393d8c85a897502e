//! Constants and defaults.

#![deny(
    warnings,
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    unnameable_types,
    elided_lifetimes_in_paths,
    unused_qualifications,
    single_use_lifetimes
)]
#![forbid(unsafe_code)]

#[allow(unreachable_pub, missing_docs, unused)]
#[path = "common/mod.rs"]
mod common;

include!(concat!(env!("OUT_DIR"), "/constants/dsoftbus.rs"));
include!(concat!(env!("OUT_DIR"), "/constants/pairs.rs"));
