//! Measures DSoftBus-lite.
//!
//! `adapter` is one side of a measurement, server or load, as a separate process; a harness, or the benchmark in `peers/`, runs
//! two of them and reads one JSON object per line. What each scenario does stands at [`Scenario`]. The benchmark makes the
//! sides of its peers from the same parts: [`side`], [`Meter`].
//! `generated-code` measures no bus, but what the code of its generator costs whoever compiles it.

mod adapter;
mod beside;
mod cpu;
mod floor;
mod generated_code;
mod identities;
mod load;
mod meter;
mod options;
mod serve;
mod sink;
mod synthetic;

pub use self::{
    adapter::{adapter, side},
    cpu::resident_kib,
    generated_code::generated_code,
    load::payload,
    meter::{Laps, Meter, Snapshot, WARM_UP_BYTES, report_bulk, report_memory},
    options::{Options, Role, Scenario, Wire},
};

dsoftbus::include_schemas!();

/// Why a measurement failed. Only ever printed.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// What can fail while measuring.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What every call carries there and back: 64 bytes of text.
pub const TEXT: &str = "the quick brown fox jumps over the lazy dog, then does so again.";

/// Tells whoever started the server that it can be dialled.
///
/// # Errors
///
/// When nobody reads what this process prints.
pub fn ready(address: std::net::SocketAddr) -> Result<()> {
    use std::io::Write;

    let mut out = std::io::stdout().lock();
    writeln!(out, "READY {address}")?;
    out.flush()?;
    Ok(())
}

const _: () = assert!(TEXT.len() == 64);
