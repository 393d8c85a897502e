//! [`Column`]: what is measured beside what.

use std::process::ExitCode;

use dsoftbus_bench::{adapter, side};

use crate::peer::Peer;

/// Something that is measured. As a process it is `serve|load --peer NAME`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Column {
    /// As on the command line, in results and in plots.
    pub(crate) name: &'static str,
    side: Side,
}

#[derive(Debug, PartialEq, Eq)]
enum Side {
    /// The adapter of this repository, with these options.
    Ours(&'static [&'static str]),
    Peer(Peer),
}

const fn ours(name: &'static str, options: &'static [&'static str]) -> Column {
    let side = Side::Ours(options);
    Column { name, side }
}

const fn peer(name: &'static str, peer: Peer) -> Column {
    let side = Side::Peer(peer);
    Column { name, side }
}

pub(crate) const DSOFTBUS: Column = ours("dsoftbus", &[]);
pub(crate) const OBJECTS: Column = ours("dsoftbus-level1", &["--objects"]);
pub(crate) const NO_DIGEST: Column = ours("dsoftbus-no-digest", &["--no-digest"]);
pub(crate) const FLOOR: Column = ours("floor", &["--floor"]);
pub(crate) const TCP: Column = peer("tcp", Peer::Tcp);
pub(crate) const RUSTLS: Column = peer("rustls", Peer::Rustls);
pub(crate) const TONIC: Column = peer("tonic", Peer::Tonic);
pub(crate) const TARPC: Column = peer("tarpc", Peer::Tarpc);
pub(crate) const CAPNP_RPC: Column = peer("capnp-rpc", Peer::CapnpRpc);
pub(crate) const AEAD: Column = peer("aead", Peer::Aead);
pub(crate) const BLAKE3: Column = peer("blake3", Peer::Blake3);

/// All columns; the place of one is its colour in plots.
pub(crate) const COLUMNS: &[Column] = &[
    DSOFTBUS, OBJECTS, NO_DIGEST, FLOOR, TCP, RUSTLS, TONIC, TARPC, CAPNP_RPC, AEAD, BLAKE3,
];

/// Runs this process as one side of a measurement: `serve|load --peer NAME [OPTION VALUE]...`.
pub(crate) fn run_side(mut arguments: Vec<String>) -> ExitCode {
    let column = arguments
        .iter()
        .position(|argument| argument == "--peer")
        .filter(|at| at + 1 < arguments.len())
        .and_then(|at| arguments.drain(at..at + 2).nth(1))
        .and_then(|name| COLUMNS.iter().find(|column| column.name == name));
    let Some(column) = column else {
        eprintln!("say which with --peer NAME");
        return ExitCode::from(2);
    };
    match column.side {
        Side::Ours(options) => {
            arguments.extend(options.iter().copied().map(str::to_owned));
            adapter(arguments)
        }
        Side::Peer(peer) => side(arguments, |options| peer.side(column.name, options)),
    }
}
