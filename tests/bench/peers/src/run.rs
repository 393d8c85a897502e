//! Runs a [`Plan`]: two processes for each measurement, columns in turn.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use dsoftbus_bench::Result;

use crate::{
    cases::Case,
    columns::Column,
    plan::Plan,
    results::{Results, Row},
};

/// CPUs of server and load.
const CPUS: [&str; 2] = ["0", "1"];

/// Time that one load may take beyond the window. The longest case moves 1 GiB.
const LOAD_WITHIN: Duration = Duration::from_secs(120);

/// Measures everything that was asked for. Results are written as they come.
///
/// # Errors
///
/// When a process fails or does not end, or the file cannot be written.
pub(crate) fn run(plan: &Plan) -> Result<Results> {
    let machine = Machine {
        program: std::env::current_exe()?,
        pinned: can_pin(),
    };
    if !machine.pinned {
        eprintln!(
            "processes are not pinned (no taskset, or not both of CPUs 0 and 1): expect scatter"
        );
    }
    let mut file = create(&plan.json)?;
    let mut results = Results::default();
    for repetition in 1..=plan.repetitions {
        for (case, columns) in plan.cases() {
            for turn in 0..columns.len() {
                // Whoever is first finds another machine than the others: none is always first.
                let column = columns[(turn + repetition - 1) % columns.len()];
                for line in machine.measure(case, column, plan.seconds)?.lines() {
                    let row = Row::read(line, case, column.name, repetition)?;
                    writeln!(file, "{}", row.json())?;
                    results.0.push(row);
                }
            }
            eprintln!(
                "{repetition}/{} {}, {}",
                plan.repetitions,
                case.scenario(),
                case.name()
            );
        }
    }
    Ok(results)
}

/// A new file, in a directory that need not be there yet.
fn create(path: &Path) -> Result<File> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    File::create(path).map_err(|error| format!("{}: {error}", path.display()).into())
}

struct Machine {
    /// This program: it is every side of every measurement, too.
    program: PathBuf,
    pinned: bool,
}

impl Machine {
    /// What the load printed.
    fn measure(&self, case: Case, column: &Column, seconds: f64) -> Result<String> {
        let mut server = Killed(self.command(CPUS[0], "serve", case, column).spawn()?);
        let stdout = server.0.stdout.take().ok_or("the server has no output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line.trim().strip_prefix("READY ");
        let address = address.ok_or_else(|| format!("{}: no server", column.name))?;
        let mut load = self.command(CPUS[1], "load", case, column);
        load.args(case.load())
            .args(["--secs", &seconds.to_string(), "--addr", address])
            .args(["--server-pid", &server.0.id().to_string()]);
        let within = LOAD_WITHIN + Duration::try_from_secs_f64(seconds)?;
        finish(Killed(load.spawn()?), within).map_err(|error| {
            format!(
                "{}, {}, {}: {error}",
                column.name,
                case.scenario(),
                case.name()
            )
            .into()
        })
    }

    fn command(&self, cpu: &str, role: &str, case: Case, column: &Column) -> Command {
        let mut command = if self.pinned {
            // It becomes the program: the process is the one that is measured.
            let mut command = Command::new("taskset");
            command.args(["-c", cpu]).arg(&self.program);
            command
        } else {
            Command::new(&self.program)
        };
        command
            .args([role, "--peer", column.name, "--scenario", case.code()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        command
    }
}

/// A process that does not outlive this value.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What the process printed until it ended by itself.
fn finish(mut process: Killed, within: Duration) -> Result<String> {
    let started = Instant::now();
    let status = loop {
        if let Some(status) = process.0.try_wait()? {
            break status;
        }
        if started.elapsed() > within {
            return Err("the load did not end".into());
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let mut output = String::new();
    if let Some(stdout) = &mut process.0.stdout {
        // A few lines: they fit the pipe.
        stdout.read_to_string(&mut output)?;
    }
    if status.success() {
        Ok(output)
    } else {
        Err(format!("the load failed: {status}").into())
    }
}

/// Whether `taskset` can give server and load a CPU each.
fn can_pin() -> bool {
    CPUS.iter().all(|cpu| {
        Command::new("taskset")
            .args(["-c", cpu, "true"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    })
}
