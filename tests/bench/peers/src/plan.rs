//! [`Plan`]: the command line.

use std::{
    path::{Path, PathBuf},
    str::FromStr,
};

use dsoftbus_bench::Result;

use crate::{
    cases::{CASES, Case, SCENARIOS},
    columns::{COLUMNS, Column},
};

/// What `--help` prints.
pub(crate) const HELP: &str = "\
Measures DSoftBus-lite beside plain TCP, rustls, tonic, tarpc and capnp-rpc (mutual TLS 1.3) and prints medians and ratios.
Server and load are processes, pinned to CPUs 0 and 1; all columns take turns within each repetition: compare within one run.

  --scenario A,B   calls, many-connections, bulk, connections, memory, beside [all]
  --columns A,B    dsoftbus, dsoftbus-level1, dsoftbus-no-digest, floor, tcp, rustls, tonic, tarpc, capnp-rpc,
                   aead, blake3 [all]
  --reps N         repetitions, of which medians are taken [5]
  --secs S         seconds that a rate is measured [1]
  --json FILE      one JSON object per value [target/bench/results.jsonl]; FILE is replaced
  --plot DIR       where calls.svg and bulk.svg go [target/bench]
  --help           this text";

/// What is measured, and where results go.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) scenarios: Vec<&'static str>,
    pub(crate) columns: Vec<&'static str>,
    pub(crate) repetitions: usize,
    /// Seconds that a rate is measured.
    pub(crate) seconds: f64,
    pub(crate) json: PathBuf,
    pub(crate) plots: PathBuf,
}

impl Plan {
    /// Reads a command line, without the name of the program; results go to `directory` unless it says otherwise. `None` when
    /// it asks for help.
    ///
    /// # Errors
    ///
    /// For anything that is not understood: an option that is ignored makes a measurement of something else.
    pub(crate) fn parse(
        arguments: impl IntoIterator<Item = String>,
        directory: &Path,
    ) -> Result<Option<Self>> {
        let mut plan = Self {
            scenarios: SCENARIOS.into(),
            columns: COLUMNS.iter().map(|column| column.name).collect(),
            repetitions: 5,
            seconds: 1.0,
            json: directory.join("results.jsonl"),
            plots: directory.to_owned(),
        };
        let mut arguments = arguments.into_iter();
        while let Some(key) = arguments.next() {
            if key == "--help" {
                return Ok(None);
            }
            if !["scenario", "columns", "reps", "secs", "json", "plot"]
                .iter()
                .any(|known| key.strip_prefix("--") == Some(known))
            {
                return Err(format!("unknown option {key}; --help lists all").into());
            }
            let value = arguments
                .next()
                .ok_or_else(|| format!("{key} needs a value"))?;
            match key.as_str() {
                "--scenario" => plan.scenarios = list(&key, &value, &plan.scenarios)?,
                "--columns" => plan.columns = list(&key, &value, &plan.columns)?,
                "--reps" => plan.repetitions = number(&key, &value, 1)?,
                "--secs" => plan.seconds = number(&key, &value, SHORTEST)?,
                "--json" => plan.json = value.into(),
                _ => plan.plots = value.into(),
            }
        }
        if plan.cases().next().is_none() {
            return Err("none of these columns is measured in these scenarios".into());
        }
        Ok(Some(plan))
    }

    /// The cases that were asked for, each with its columns.
    pub(crate) fn cases(&self) -> impl Iterator<Item = (Case, Vec<&'static Column>)> {
        CASES
            .iter()
            .filter(|case| self.scenarios.contains(&case.scenario()))
            .map(|case| {
                let wanted = |column: &&Column| self.columns.contains(&column.name);
                (*case, case.columns().iter().filter(wanted).collect())
            })
            .filter(|(_, columns): &(_, Vec<_>)| !columns.is_empty())
    }
}

/// Seconds that a measurement takes at least: in less, nothing but noise is measured.
const SHORTEST: f64 = 0.05;

fn list(key: &str, value: &str, known: &[&'static str]) -> Result<Vec<&'static str>> {
    let one = |name| {
        let found = known.iter().find(|known| **known == name).copied();
        found.ok_or_else(|| format!("{key} cannot be {name}; known: {}", known.join(", ")).into())
    };
    value.split(',').map(one).collect()
}

fn number<T: FromStr + PartialOrd>(key: &str, value: &str, least: T) -> Result<T> {
    let number = value.parse().ok().filter(|number| *number >= least);
    number.ok_or_else(|| format!("{key} cannot be {value}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Option<Plan>> {
        Plan::parse(line.split_whitespace().map(str::to_owned), Path::new("out"))
    }

    fn refusal(line: &str) -> String {
        parse(line).unwrap_err().to_string()
    }

    #[test]
    fn without_options_everything_is_measured() {
        let plan = parse("").unwrap().unwrap();
        assert_eq!(plan.cases().count(), CASES.len());
        for (case, columns) in plan.cases() {
            assert_eq!(columns.len(), case.columns().len());
        }
        assert_eq!(plan.json, Path::new("out/results.jsonl"));
        assert_eq!(plan.plots, Path::new("out"));
    }

    #[test]
    fn what_was_not_asked_for_is_not_measured() {
        let plan = parse("--scenario calls,bulk --columns tcp,tonic --reps 3 --secs 0.5");
        let plan = plan.unwrap().unwrap();
        assert_eq!((plan.repetitions, plan.seconds), (3, 0.5));
        let names = |case| -> Vec<_> {
            let mut cases = plan.cases();
            let (_, columns) = cases.find(|(found, _)| *found == case).unwrap();
            columns.iter().map(|column| column.name).collect()
        };
        assert_eq!(names(Case::Calls(16)), ["tonic"]);
        assert_eq!(names(Case::Bulk), ["tcp", "tonic"]);
        assert!(plan.cases().all(|(case, _)| case != Case::Memory));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        assert_eq!(refusal("--rep 3"), "unknown option --rep; --help lists all");
        assert_eq!(refusal("--reps"), "--reps needs a value");
        assert_eq!(refusal("--reps 0"), "--reps cannot be 0");
        assert_eq!(refusal("--secs NaN"), "--secs cannot be NaN");
        assert!(
            refusal("--columns grpc").starts_with("--columns cannot be grpc; known: dsoftbus,")
        );
        assert_eq!(
            refusal("--scenario memory --columns tonic"),
            "none of these columns is measured in these scenarios"
        );
    }

    #[test]
    fn the_help_names_every_scenario_and_column() {
        let columns = COLUMNS.iter().map(|column| column.name);
        for name in SCENARIOS.iter().copied().chain(columns) {
            assert!(HELP.contains(name), "{name}");
        }
        assert!(parse("--help").unwrap().is_none());
    }
}
