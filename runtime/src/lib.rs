//! Placeholder.

pub mod discovery;
mod disk;
pub mod index;
pub mod keyfile;
pub mod store;
