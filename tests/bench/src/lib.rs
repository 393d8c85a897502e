//! Measures DSoftBus-lite.
//!
//! `adapter` is one side of a measurement, server or load, as a separate process; a harness, or our own command `bench`, runs
//! two of them and reads one JSON object per line. What each scenario does stands at `Scenario` in `src/options.rs`.
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

use self::options::{Options, Role, Scenario};
pub use self::{adapter::adapter, generated_code::generated_code};

dsoftbus::include_schemas!();

/// Why a measurement failed. Only ever printed.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// What can fail while measuring.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What every call carries there and back: 64 bytes of text.
const TEXT: &str = "the quick brown fox jumps over the lazy dog, then does so again.";

/// Tells whoever started the server that it can be dialled.
fn ready(address: std::net::SocketAddr) -> Result<()> {
    use std::io::Write;

    let mut out = std::io::stdout().lock();
    writeln!(out, "READY {address}")?;
    out.flush()?;
    Ok(())
}

const _: () = assert!(TEXT.len() == 64);
