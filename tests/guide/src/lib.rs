//! What the schemas of the guide to `dsoftbus-codegen` become: its examples are tested against this.
//!
//! The build script takes the schema blocks out of `codegen/GUIDE.md`, so that neither a block nor an example beside it can be
//! changed without the other.

dsoftbus::include_schemas!();

#[doc(hidden)]
pub mod markdown;

/// What was generated.
pub const GENERATED: &str = include_str!(concat!(env!("OUT_DIR"), "/dsoftbus.rs"));

/// The schemas, each line where it is in the guide.
pub const SCHEMA: &str = include_str!(concat!(env!("OUT_DIR"), "/guide.capnp"));
