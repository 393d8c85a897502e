//! The part of the Cap'n Proto RPC protocol that is spoken here. WIRE.md, "Rpc".

pub(crate) mod envelope;
pub mod level0;
pub mod reason;
