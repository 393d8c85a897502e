//! [`Case`]: the configurations that columns are measured in.

use crate::columns::{
    AEAD, BLAKE3, CAPNP_RPC, Column, DSOFTBUS, FLOOR, NO_DIGEST, OBJECTS, RUSTLS, TARPC, TCP, TONIC,
};

/// A configuration that some columns are measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    /// Calls of 64 bytes on one connection, so many in flight.
    Calls(u32),
    /// Calls on so many connections, [`IN_FLIGHT_EACH`] in flight on each.
    ManyConnections(u32),
    /// One payload of [`BULK_BYTES`].
    Bulk,
    /// Connections, each for one call; so many at once.
    Connections(u32),
    /// Memory of [`IDLE_SESSIONS`].
    Memory,
    /// One call at a time, beside a payload of [`BULK_BYTES`] in the same session.
    Beside,
}

/// Calls in flight on each of many connections.
const IN_FLIGHT_EACH: u32 = 16;

/// Length of the bulk payload: a second or so of it.
const BULK_BYTES: u32 = 1 << 30;

/// Idle sessions that memory is measured with.
const IDLE_SESSIONS: u32 = 1_000;

pub(crate) const CASES: &[Case] = &[
    Case::Calls(1),
    Case::Calls(16),
    Case::Calls(64),
    Case::Calls(256),
    Case::ManyConnections(8),
    Case::ManyConnections(64),
    Case::Bulk,
    Case::Connections(1),
    Case::Connections(16),
    Case::Memory,
    Case::Beside,
];

pub(crate) const SCENARIOS: &[&str] = &[
    "calls",
    "many-connections",
    "bulk",
    "connections",
    "memory",
    "beside",
];

/// A figure that a load prints.
#[derive(Debug)]
pub(crate) struct Metric {
    /// As the load prints it.
    pub(crate) name: &'static str,
    /// As the head of a table.
    pub(crate) head: &'static str,
}

const fn metric(name: &'static str, head: &'static str) -> Metric {
    Metric { name, head }
}

/// The metrics whose sum is the CPU time of an operation.
pub(crate) const CPU: [&str; 2] = ["client_cpu", "server_cpu"];

const CPU_LOAD: Metric = metric(CPU[0], "CPU µs, load");
const CPU_SERVER: Metric = metric(CPU[1], "CPU µs, server");

const CALLS: &[Metric] = &[
    metric("calls_per_s", "calls/s"),
    metric("p50", "p50 µs"),
    metric("p99", "p99 µs"),
    CPU_LOAD,
    CPU_SERVER,
];

/// The metric that bulk is about.
pub(crate) const BULK_RATE: &str = "throughput";

const BULK: &[Metric] = &[
    metric(BULK_RATE, "MB/s"),
    metric(CPU[0], "CPU s/GiB, load"),
    metric(CPU[1], "CPU s/GiB, server"),
];

const CONNECTIONS: &[Metric] = &[
    metric("handshakes_per_s", "connections/s"),
    metric("p50", "p50 µs"),
    metric("p99", "p99 µs"),
    CPU_LOAD,
    CPU_SERVER,
];

const MEMORY: &[Metric] = &[
    metric("server_rss_per_1000", "MiB per 1000"),
    metric("server_rss_total", "MiB in all"),
];

const BESIDE: &[Metric] = &[
    metric("p99_ratio", "p99, times alone"),
    metric("p99_alone", "p99 µs alone"),
    metric("p99_beside", "p99 µs beside"),
    metric("p50_ratio", "p50, times alone"),
    metric("throughput_ratio", "MB/s, times alone"),
    metric("throughput_beside", "MB/s beside"),
];

impl Case {
    /// Which scenario of the command line it belongs to.
    pub(crate) fn scenario(self) -> &'static str {
        match self {
            Self::Calls(_) => "calls",
            Self::ManyConnections(_) => "many-connections",
            Self::Bulk => "bulk",
            Self::Connections(_) => "connections",
            Self::Memory => "memory",
            Self::Beside => "beside",
        }
    }

    /// Which case of its scenario it is.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Calls(calls) => format!("{calls} in flight"),
            Self::ManyConnections(conns) => format!("{conns} x {IN_FLIGHT_EACH} in flight"),
            Self::Bulk => format!("{} MiB", BULK_BYTES >> 20),
            Self::Connections(connections) => format!("{connections} at once"),
            Self::Memory => format!("{IDLE_SESSIONS} idle sessions"),
            Self::Beside => format!("a call each ms beside {} MiB", BULK_BYTES >> 20),
        }
    }

    /// What the adapter calls its scenario.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Calls(_) => "s1",
            Self::ManyConnections(_) => "s6",
            Self::Bulk => "s2",
            Self::Connections(_) => "s3",
            Self::Memory => "s5",
            Self::Beside => "s7",
        }
    }

    /// What the load is told.
    pub(crate) fn load(self) -> Vec<String> {
        let options = match self {
            Self::Calls(concurrency) | Self::Connections(concurrency) => {
                vec![("--concurrency", concurrency)]
            }
            Self::ManyConnections(conns) => {
                vec![("--conns", conns), ("--concurrency", IN_FLIGHT_EACH)]
            }
            Self::Bulk | Self::Beside => vec![("--bytes", BULK_BYTES)],
            Self::Memory => vec![("--conns", IDLE_SESSIONS)],
        };
        let words = |(key, value): (&str, u32)| [key.to_owned(), value.to_string()];
        options.into_iter().flat_map(words).collect()
    }

    /// Who is measured, ours first: the others are ratios to the first.
    pub(crate) fn columns(self) -> &'static [Column] {
        match self {
            Self::Calls(_) => &[DSOFTBUS, OBJECTS, FLOOR, TONIC, TARPC, CAPNP_RPC],
            Self::ManyConnections(_) => &[DSOFTBUS, TONIC, TARPC],
            Self::Bulk => &[
                DSOFTBUS, NO_DIGEST, TCP, RUSTLS, TONIC, CAPNP_RPC, AEAD, BLAKE3,
            ],
            Self::Connections(_) | Self::Memory => &[DSOFTBUS, RUSTLS],
            Self::Beside => &[DSOFTBUS],
        }
    }

    /// What is printed, the most important first.
    pub(crate) fn metrics(self) -> &'static [Metric] {
        match self {
            Self::Calls(_) | Self::ManyConnections(_) => CALLS,
            Self::Bulk => BULK,
            Self::Connections(_) => CONNECTIONS,
            Self::Memory => MEMORY,
            Self::Beside => BESIDE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_belongs_to_a_scenario_that_can_be_asked_for() {
        for case in CASES {
            assert!(SCENARIOS.contains(&case.scenario()), "{case:?}");
        }
    }

    #[test]
    fn ours_is_what_the_others_are_ratios_to() {
        for case in CASES {
            assert_eq!(case.columns().first(), Some(&DSOFTBUS), "{case:?}");
        }
    }
}
