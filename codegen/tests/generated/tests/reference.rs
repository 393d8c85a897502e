//! Cap'n Proto's own test schemas, where they lie beside the project.

#![allow(clippy::all, clippy::pedantic, missing_docs, unreachable_pub)] // types only: what services become is not generated

#[path = "common/mod.rs"]
mod common;

include!(concat!(env!("OUT_DIR"), "/reference/dsoftbus.rs"));
include!(concat!(env!("OUT_DIR"), "/reference/pairs.rs"));
