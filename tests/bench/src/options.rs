//! [`Options`]: the command line of `adapter`.

use std::{net::SocketAddr, str::FromStr, time::Duration};

use dsoftbus::Limits;

use crate::Result;

/// Which half of a measurement a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Waits for connections until it is killed.
    Serve,
    /// Connects, measures, prints.
    Load,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// `s1`: calls of 64 bytes on one connection, a fixed number in flight.
    Calls,
    /// `s2`: one bulk payload, until the receiver has said that it has it.
    Bulk,
    /// `s3`: connections: handshake, one call, close.
    Connections,
    /// `s5`: what an idle session costs the server in memory.
    Memory,
    /// `s6`: as `s1`, on several connections.
    ManyCalls,
    /// `s7`: calls beside a bulk payload in the same session.
    Beside,
}

impl Scenario {
    /// As on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Calls => "s1",
            Self::Bulk => "s2",
            Self::Connections => "s3",
            Self::Memory => "s5",
            Self::ManyCalls => "s6",
            Self::Beside => "s7",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        [
            Self::Calls,
            Self::Bulk,
            Self::Connections,
            Self::Memory,
            Self::ManyCalls,
            Self::Beside,
        ]
        .into_iter()
        .find(|scenario| scenario.name() == name)
    }
}

/// What carries the calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// DSoftBus-lite.
    Bus,
    /// DSoftBus-lite, on the engine that carries objects.
    Objects,
    /// Bare frames on blocking sockets: the least that a call can cost.
    Floor,
    /// Something of this name, which whoever runs the side measures.
    Other(&'static str),
}

/// One side of one measurement.
#[derive(Clone, Debug)]
pub struct Options {
    /// Server or load.
    pub role: Role,
    /// What is measured.
    pub scenario: Scenario,
    /// What carries it.
    pub wire: Wire,
    /// Where to listen, or whom to connect to.
    pub addr: SocketAddr,
    /// Time measured, after the warm-up.
    pub window: Duration,
    /// Calls or connections in flight (on each connection).
    pub concurrency: usize,
    /// Connections.
    pub conns: usize,
    /// Length of the bulk payload.
    pub bytes: u64,
    /// Whether the receiver of a bulk payload checks its digest.
    pub digest: bool,
    /// Whether nodes verify every certificate in every handshake, as if no two devices had met before.
    pub cold: bool,
    /// Process of the server: the load reads its CPU time and memory.
    pub server_pid: Option<i32>,
}

/// Why a command line is refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// No measurement of this name.
    Scenario(String),
    /// Anything else.
    Usage(String),
}

impl Options {
    /// Reads a command line, without the name of the program.
    ///
    /// # Errors
    ///
    /// [`Refused`] for anything that is not understood: an option that is ignored makes a measurement of something else.
    pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, Refused> {
        let mut role = None;
        let mut scenario = "s1".to_owned();
        let mut options = Self {
            role: Role::Serve,
            scenario: Scenario::Calls,
            wire: Wire::Bus,
            addr: SocketAddr::from(([127, 0, 0, 1], 0)),
            window: Duration::from_secs(1),
            concurrency: 1,
            conns: 1,
            bytes: 1 << 30,
            digest: true,
            cold: false,
            server_pid: None,
        };
        let mut arguments = arguments.into_iter();
        while let Some(key) = arguments.next() {
            match key.as_str() {
                "serve" => role = Some(Role::Serve),
                "load" => role = Some(Role::Load),
                "--floor" => options.wire = Wire::Floor,
                "--objects" => options.wire = Wire::Objects,
                "--no-digest" => options.digest = false,
                "--cold" => options.cold = true,
                _ => {
                    let Some(value) = arguments.next() else {
                        return Err(Refused::Usage(format!("{key} needs a value")));
                    };
                    match key.as_str() {
                        "--addr" => options.addr = read(&key, &value)?,
                        "--scenario" => scenario = value,
                        "--secs" => {
                            options.window = Duration::try_from_secs_f64(read(&key, &value)?)
                                .map_err(|_| unreadable(&key, &value))?;
                        }
                        "--concurrency" => options.concurrency = read(&key, &value)?,
                        "--conns" => options.conns = read(&key, &value)?,
                        "--bytes" => options.bytes = read(&key, &value)?,
                        "--server-pid" => options.server_pid = Some(read(&key, &value)?),
                        // Keys of the harness: our identities are constants.
                        "--keys" => {}
                        _ => return Err(Refused::Usage(format!("unknown option {key}"))),
                    }
                }
            }
        }
        options.role = role.ok_or_else(|| Refused::Usage("say `serve` or `load`".to_owned()))?;
        options.scenario = Scenario::parse(&scenario).ok_or(Refused::Scenario(scenario))?;
        if options.concurrency == 0 || options.conns == 0 || options.bytes == 0 {
            return Err(Refused::Usage("nothing to measure".to_owned()));
        }
        Ok(options)
    }

    /// What the nodes of a measurement allow: any number of sessions, and memory for certificates unless it is cold.
    pub(crate) fn limits(&self) -> Limits {
        let limits = Limits::default().sessions(1 << 20);
        if self.cold {
            limits.verified_certificates(0)
        } else {
            limits
        }
    }

    /// Prints one result.
    pub fn emit(&self, metric: &str, value: f64, unit: &str) {
        let params = match self.scenario {
            Scenario::Calls | Scenario::Connections => {
                format!(r#"{{"concurrency":{}}}"#, self.concurrency)
            }
            Scenario::Bulk => format!(r#"{{"bytes":{}}}"#, self.bytes),
            Scenario::Beside => format!(
                r#"{{"bytes":{},"concurrency":{}}}"#,
                self.bytes, self.concurrency
            ),
            Scenario::Memory => format!(r#"{{"conns":{}}}"#, self.conns),
            Scenario::ManyCalls => format!(
                r#"{{"conns":{},"concurrency":{}}}"#,
                self.conns, self.concurrency
            ),
        };
        let peer = match self.wire {
            Wire::Bus => "dsoftbus",
            Wire::Objects => "dsoftbus-objects",
            Wire::Floor => "floor",
            Wire::Other(name) => name,
        };
        let scenario = self.scenario.name();
        println!(
            r#"{{"peer":"{peer}","scenario":"{scenario}","metric":"{metric}","value":{value},"unit":"{unit}","params":{params}}}"#
        );
    }
}

fn read<T: FromStr>(key: &str, value: &str) -> Result<T, Refused> {
    value.parse().map_err(|_| unreadable(key, value))
}

fn unreadable(key: &str, value: &str) -> Refused {
    Refused::Usage(format!("{key} cannot be {value}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, Refused> {
        Options::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn the_line_of_a_harness_is_understood() {
        let options = parse(
            "load --addr 127.0.0.1:7 --scenario s6 --server-pid 5 --keys k --conns 8 --concurrency 16 --secs 0.5",
        )
        .unwrap();
        assert_eq!(options.role, Role::Load);
        assert_eq!(options.scenario, Scenario::ManyCalls);
        assert_eq!((options.conns, options.concurrency), (8, 16));
        assert_eq!(options.window, Duration::from_millis(500));
        assert_eq!(options.server_pid, Some(5));
    }

    #[test]
    fn an_unknown_scenario_is_told_apart_from_an_unknown_option() {
        assert_eq!(
            parse("serve --scenario s4").unwrap_err(),
            Refused::Scenario("s4".to_owned())
        );
        assert_eq!(
            parse("serve --scenarios s1").unwrap_err(),
            Refused::Usage("unknown option --scenarios".to_owned())
        );
    }
}
