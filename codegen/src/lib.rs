//! [the guide]: crate::guide
#![doc = include_str!("../README.md")]
//!
//! # How it works
//!
//! A pipeline; each step is one file: `tool` compiles the schemas, `request` reads the outcome into `model`, `check` applies
//! every rule, `emit` writes the typed layer, `raw` has capnpc write its modules, `output` joins both. Native types read and
//! write themselves by slot, through a layer of the runtime that is made for it, and need nothing of capnpc's.

mod check;
mod config;
mod deps;
mod emit;
mod engine;
mod error;
mod external;
/// [The table]: crate#mapping
#[doc = include_str!("../GUIDE.md")]
pub mod guide {}
mod lock;
mod model;
mod names;
mod nodes;
mod output;
mod raw;
mod recursion;
mod request;
mod tool;

pub use config::{Builder, configure};
pub use error::{Error, Result};
