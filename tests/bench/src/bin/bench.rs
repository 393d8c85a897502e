//! Measures the bus beside bare TCP and prints a table: `bench [--scenario s1,s2,s3] [--reps N] [--secs S] [--json FILE]`.
//!
//! Server and load are processes of their own, on one CPU each. The columns of a case run one after the other and the whole
//! is repeated, because a machine that is busy with something else slows down whoever runs at that moment: compare the
//! columns of one run, not the numbers of two.

use std::{
    fs::OpenOptions,
    io::{BufRead, BufReader, Read, Write},
    path::PathBuf,
    process::{Child, Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use dsoftbus_bench::Result;

/// CPUs of server and load.
const CPUS: [&str; 2] = ["0", "1"];

/// Time that one load may take. The longest case moves 1 GiB.
const LOAD_WITHIN: Duration = Duration::from_secs(120);

/// A configuration that every column is measured in.
struct Case {
    scenario: &'static str,
    name: &'static str,
    load: &'static [&'static str],
    columns: &'static [Column],
    metrics: &'static [&'static str],
}

/// What is measured: a name, and what the adapter is told.
struct Column(&'static str, &'static [&'static str]);

const BUS: Column = Column("dsoftbus", &[]);
const OBJECTS: Column = Column("dsoftbus, level 1", &["--objects"]);
const FLOOR: Column = Column("floor", &["--floor"]);
const NO_DIGEST: Column = Column("dsoftbus, digest not checked", &["--no-digest"]);

const CALLS: &[&str] = &["calls_per_s", "p50", "p99", "client_cpu", "server_cpu"];
const BULK: &[&str] = &["throughput", "client_cpu", "server_cpu"];
const CONNECTIONS: &[&str] = &["handshakes_per_s", "p50", "p99", "client_cpu", "server_cpu"];

const fn calls(name: &'static str, load: &'static [&'static str]) -> Case {
    Case {
        scenario: "s1",
        name,
        load,
        columns: &[BUS, OBJECTS, FLOOR],
        metrics: CALLS,
    }
}

const CASES: &[Case] = &[
    calls("calls, 1 in flight", &["--concurrency", "1"]),
    calls("calls, 16 in flight", &["--concurrency", "16"]),
    calls("calls, 64 in flight", &["--concurrency", "64"]),
    calls("calls, 256 in flight", &["--concurrency", "256"]),
    Case {
        scenario: "s2",
        name: "bulk, 1 GiB",
        load: &["--bytes", "1073741824"],
        columns: &[BUS, NO_DIGEST],
        metrics: BULK,
    },
    Case {
        scenario: "s3",
        name: "connections, 1 at once",
        load: &["--concurrency", "1"],
        columns: &[BUS],
        metrics: CONNECTIONS,
    },
    Case {
        scenario: "s3",
        name: "connections, 16 at once",
        load: &["--concurrency", "16"],
        columns: &[BUS],
        metrics: CONNECTIONS,
    },
];

/// One value that a load printed.
struct Row {
    case: usize,
    column: usize,
    metric: String,
    value: f64,
    unit: String,
}

struct Bench {
    adapter: PathBuf,
    pinned: bool,
    scenarios: Vec<String>,
    repetitions: usize,
    seconds: String,
    json: Option<PathBuf>,
}

fn main() -> ExitCode {
    // Started again by itself, it is one side of a measurement.
    if matches!(std::env::args().nth(1).as_deref(), Some("serve" | "load")) {
        return dsoftbus_bench::adapter(std::env::args().skip(1));
    }
    match Bench::from_arguments().and_then(|bench| bench.run()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

impl Bench {
    fn from_arguments() -> Result<Self> {
        let mut bench = Self {
            adapter: std::env::current_exe()?,
            pinned: can_pin(),
            scenarios: ["s1", "s2", "s3"].map(str::to_owned).into(),
            repetitions: 5,
            seconds: "1".to_owned(),
            json: None,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(key) = arguments.next() {
            let value = arguments
                .next()
                .ok_or_else(|| format!("{key} needs a value"))?;
            match key.as_str() {
                "--scenario" => bench.scenarios = value.split(',').map(str::to_owned).collect(),
                "--reps" => bench.repetitions = value.parse()?,
                "--secs" => bench.seconds = value,
                "--json" => bench.json = Some(value.into()),
                _ => return Err(format!("unknown option {key}").into()),
            }
        }
        Ok(bench)
    }

    fn run(&self) -> Result<()> {
        if !self.pinned {
            eprintln!("no taskset or only one CPU: processes are not pinned, expect more scatter");
        }
        let mut rows = Vec::new();
        for repetition in 0..self.repetitions {
            for (index, case) in self.cases() {
                for turn in 0..case.columns.len() {
                    // None is always first.
                    let column = (turn + repetition) % case.columns.len();
                    self.measure(index, column, &mut rows)?;
                }
                eprintln!("{}/{} {}", repetition + 1, self.repetitions, case.name);
            }
        }
        for (index, case) in self.cases() {
            print_table(index, case, &rows);
        }
        Ok(())
    }

    fn cases(&self) -> impl Iterator<Item = (usize, &'static Case)> {
        let wanted = |case: &Case| self.scenarios.iter().any(|name| name == case.scenario);
        CASES
            .iter()
            .enumerate()
            .filter(move |(_, case)| wanted(case))
    }

    fn measure(&self, index: usize, column: usize, rows: &mut Vec<Row>) -> Result<()> {
        let case = &CASES[index];
        let Column(name, extra) = &case.columns[column];
        let mut server = self.command(0, "serve", case, extra).spawn().map(Killed)?;
        let stdout = server.0.stdout.take().ok_or("the server has no output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let addr = line
            .trim()
            .strip_prefix("READY ")
            .ok_or("the server did not start")?;
        let mut load = self.command(1, "load", case, extra);
        load.args(case.load)
            .args(["--secs", &self.seconds, "--addr", addr])
            .args(["--server-pid", &server.0.id().to_string()]);
        let output = finish(load.spawn().map(Killed)?)?;
        for line in output.lines() {
            let field =
                |name: &str| field(line, name).ok_or_else(|| format!("not a result: {line}"));
            rows.push(Row {
                case: index,
                column,
                metric: field("metric")?.to_owned(),
                value: field("value")?.parse()?,
                unit: field("unit")?.to_owned(),
            });
            if let Some(path) = &self.json {
                let mut file = OpenOptions::new().create(true).append(true).open(path)?;
                let rest = line.strip_prefix('{').unwrap_or(line);
                writeln!(file, r#"{{"column":"{name}",{rest}"#)?;
            }
        }
        Ok(())
    }

    fn command(&self, cpu: usize, role: &str, case: &Case, extra: &[&str]) -> Command {
        let mut command = if self.pinned {
            let mut command = Command::new("taskset");
            command.args(["-c", CPUS[cpu]]).arg(&self.adapter);
            command
        } else {
            Command::new(&self.adapter)
        };
        command
            .arg(role)
            .args(["--scenario", case.scenario])
            .args(extra)
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
fn finish(mut process: Killed) -> Result<String> {
    let started = Instant::now();
    let status = loop {
        if let Some(status) = process.0.try_wait()? {
            break status;
        }
        if started.elapsed() > LOAD_WITHIN {
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

/// The value of a field of a result: a text without its quotes, or a number.
fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(&format!(r#""{name}":"#))?;
    let end = rest.find([',', '}'])?;
    Some(rest[..end].trim_matches('"'))
}

/// Prints the medians of a case, and how many times the first column each of the others is.
fn print_table(index: usize, case: &Case, rows: &[Row]) {
    println!("\n{}", case.name);
    print!("  {:<18}", "");
    for (number, Column(name, _)) in case.columns.iter().enumerate() {
        print!("{name:>30}");
        if number > 0 {
            print!("{:>8}", "ratio");
        }
    }
    println!();
    for metric in case.metrics {
        let of = |column: usize| {
            let mut found: Vec<&Row> = rows
                .iter()
                .filter(|row| row.case == index && row.column == column && row.metric == *metric)
                .collect();
            found.sort_by(|one, other| one.value.total_cmp(&other.value));
            found.get(found.len() / 2).copied()
        };
        let Some(first) = of(0) else { continue };
        print!("  {metric:<18}");
        for column in 0..case.columns.len() {
            let Some(row) = of(column) else { continue };
            print!("{:>23.2} {:<6}", row.value, row.unit);
            if column > 0 {
                print!("{:>8.2}", row.value / first.value);
            }
        }
        println!();
    }
}
