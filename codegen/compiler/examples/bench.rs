//! Whole-process wall time of our executable beside the reference's, in one run: prints a ratio, judges nothing.
//!
//! `cargo run --release -p capnp-compiler --example bench -- [-I dir]… schema.capnp [runs]`

use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

/// Runs of each, alternating, so that both meet the same noise.
const RUNS: usize = 40;

fn main() -> ExitCode {
    let mut options = Vec::new();
    let mut schema = None;
    let mut runs = RUNS;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "-I" {
            options.extend(arguments.next().map(|dir| format!("-I{dir}")));
        } else if let Ok(number) = argument.parse() {
            runs = number;
        } else {
            schema = Some(argument);
        }
    }
    let Some(schema) = schema else {
        eprintln!("usage: bench [-I dir]… schema.capnp [runs]");
        return ExitCode::FAILURE;
    };
    let Some(ours) = executable() else {
        eprintln!("build the executable first: cargo build --release -p capnp-compiler");
        return ExitCode::FAILURE;
    };
    let commands = [ours, PathBuf::from("capnp")];
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..=runs {
        for (command, times) in commands.iter().zip(&mut times) {
            match time(command, &options, &schema) {
                Ok(time) => times.push(time),
                Err(error) => {
                    eprintln!("{}: {error}", command.display());
                    return ExitCode::FAILURE;
                }
            }
        }
    }
    let [ours, reference] = times.map(|mut times| {
        times.remove(0); // the first run fills caches
        times.sort_unstable();
        (times[0], times[times.len() / 2])
    });
    println!("{schema}, {runs} runs each: fastest, median");
    println!(
        "capnp-compiler  {:8.2} ms  {:8.2} ms",
        millis(ours.0),
        millis(ours.1)
    );
    println!(
        "capnp           {:8.2} ms  {:8.2} ms",
        millis(reference.0),
        millis(reference.1)
    );
    println!(
        "ratio           {:8.2}     {:8.2}",
        millis(ours.0) / millis(reference.0),
        millis(ours.1) / millis(reference.1)
    );
    ExitCode::SUCCESS
}

/// The executable of this crate, which cargo puts one directory above its examples.
fn executable() -> Option<PathBuf> {
    let here = std::env::current_exe().ok()?;
    let path = here.parent()?.parent()?.join("capnp-compiler");
    path.is_file().then_some(path)
}

fn time(command: &PathBuf, options: &[String], schema: &str) -> Result<Duration, String> {
    let start = Instant::now();
    let status = Command::new(command)
        .args(["compile", "-o-", "--no-standard-import"])
        .args(options)
        .arg(schema)
        .stdout(Stdio::null())
        .status()
        .map_err(|error| error.to_string())?;
    let time = start.elapsed();
    if status.success() {
        Ok(time)
    } else {
        Err("refuses the schema".to_owned())
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
