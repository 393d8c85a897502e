//! Nodes to a `CodeGeneratorRequest`.

mod imports;
mod traverse;
mod types;
mod write;

pub(crate) use imports::of as imports;
pub(crate) use traverse::Selection;
pub(crate) use write::{RequestedFile, write};
