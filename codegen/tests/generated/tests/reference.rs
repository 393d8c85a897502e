//! Cap'n Proto's own test schemas, where they lie beside the project: native types and services, as everywhere.

#![deny(warnings, clippy::pedantic)]
#![forbid(unsafe_code)]
#![allow(missing_docs, reason = "the schemas have no comments")]

#[allow(unreachable_pub, missing_docs, unused, clippy::pedantic)]
#[path = "common/mod.rs"]
mod common;

include!(concat!(env!("OUT_DIR"), "/reference/dsoftbus.rs"));
include!(concat!(env!("OUT_DIR"), "/reference/pairs.rs"));
