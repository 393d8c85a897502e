//! What generated code costs: how much there is, and how long rustc takes for it.
//!
//! capnpc's output alone is the yardstick. The crates of both columns are compiled in turn, because a machine that is busy
//! with something else slows down whoever is compiled at that moment: compare the columns of one run.

mod crates;
mod report;
mod rustc;
pub(crate) mod sources;

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    time::Duration,
};

use self::{
    crates::{Action, Crates},
    report::Row,
    rustc::Took,
    sources::Size,
};
use crate::{Result, synthetic};

/// What is generated.
const SCHEMAS: [&str; 2] = ["/dsoftbus/samgr.capnp", synthetic::FILE];

/// What the first argument is when the program started itself to generate code.
const GENERATE: &str = "generate";

/// What is generated then: the typed layer alone, or everything.
const TYPED: &str = "typed";
const WHOLE: &str = "whole";

/// Whose code is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    /// capnpc's output alone; needs `capnp`.
    Capnpc,
    /// Our whole output, the typed layer and capnpc's; needs `dsoftbus`.
    Whole,
}

impl Column {
    fn name(self) -> &'static str {
        match self {
            Self::Capnpc => "capnpc",
            Self::Whole => WHOLE,
        }
    }
}

/// Runs the program: `[--schema NAME] [--action check|build] [--reps N] [--dir DIR]`, without its name.
pub fn generated_code(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = arguments.into_iter();
    let done = match rustc::wrapper() {
        Some(times) => rustc::wrap(arguments, Path::new(&times)),
        None => run(arguments).map(|()| ExitCode::SUCCESS),
    };
    done.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::FAILURE
    })
}

fn run(arguments: impl Iterator<Item = OsString>) -> Result<()> {
    let arguments: Vec<String> = arguments
        .map(|argument| argument.into_string().map_err(|_| "not UTF-8"))
        .collect::<Result<_, _>>()?;
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let [GENERATE, schemas, file, layers, out_dir] = arguments[..] {
        let typed_only = layers == TYPED;
        return sources::ours(Path::new(schemas), file, typed_only, Path::new(out_dir));
    }
    let mut wanted = Wanted {
        schemas: SCHEMAS.to_vec(),
        actions: vec![Action::Check, Action::Build],
        repetitions: 5,
    };
    let mut dir = default_dir()?;
    for pair in arguments.chunks(2) {
        match *pair {
            ["--schema", value] => wanted.schemas.retain(|file| sources::module(file) == value),
            ["--action", value] => wanted.actions.retain(|action| action.name() == value),
            ["--reps", value] => wanted.repetitions = value.parse()?,
            ["--dir", value] => dir = PathBuf::from(value),
            _ => return Err(format!("not understood: {}", pair.join(" ")).into()),
        }
    }
    if wanted.schemas.is_empty() || wanted.actions.is_empty() || wanted.repetitions == 0 {
        return Err("nothing to measure".into());
    }
    fs::create_dir_all(&dir)?;
    bench(&fs::canonicalize(dir)?, &wanted)
}

/// Beside the program's own directory, so that dependencies are compiled once and `cargo clean` removes all of it.
fn default_dir() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target = program.parent().and_then(Path::parent);
    Ok(target.ok_or("no directory")?.join("generated-code"))
}

/// What of everything is measured.
struct Wanted {
    schemas: Vec<&'static str>,
    actions: Vec<Action>,
    repetitions: usize,
}

fn bench(dir: &Path, wanted: &Wanted) -> Result<()> {
    let schemas = dir.join("schemas");
    sources::write_schemas(&schemas)?;
    let columns = [
        Crates::new(dir, Column::Capnpc)?,
        Crates::new(dir, Column::Whole)?,
    ];
    let [capnpc, whole] = &columns;
    let mut rows = Vec::new();
    for schema in SCHEMAS {
        let module = sources::module(schema);
        let alone = sources::capnpc(schema, &capnpc.generated(schema))?;
        capnpc.write_root(
            schema,
            &format!("pub mod {module}_capnp {{ include!({alone:?}); }}"),
        )?;
        let typed = generate(&schemas, schema, TYPED, &dir.join(TYPED).join(&module))?;
        let both = generate(&schemas, schema, WHOLE, &whole.generated(schema))?;
        whole.write_root(schema, &format!("include!({both:?});"))?;
        let size = |file: &Path| -> Result<Size> { Ok(Size::of(&fs::read_to_string(file)?)) };
        let measured = sizes(&module, size(&alone)?, size(&typed)?);
        if wanted.schemas.contains(&schema) {
            rows.extend(measured.into_iter().inspect(report::print_line));
        }
    }
    for schema in &wanted.schemas {
        for crates in &columns {
            crates.prepare(schema, &wanted.actions)?;
        }
    }
    for schema in &wanted.schemas {
        for action in &wanted.actions {
            // A run takes minutes: what one that is cut short has measured is not lost.
            let measured = times(schema, *action, &columns, wanted.repetitions)?;
            rows.extend(measured.into_iter().inspect(report::print_line));
        }
    }
    // Stable: sizes stay before times.
    rows.sort_by(|one, other| one.schema.cmp(&other.schema));
    report::print_table(&rows);
    Ok(())
}

/// Has a process of its own generate our code: it prints what cargo reads of build scripts.
fn generate(schemas: &Path, schema: &str, layers: &str, out_dir: &Path) -> Result<PathBuf> {
    let status = Command::new(std::env::current_exe()?)
        .arg(GENERATE)
        .arg(schemas)
        .args([schema, layers])
        .arg(out_dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()?;
    if status.success() {
        Ok(out_dir.join(sources::OUTPUT))
    } else {
        Err(format!("{schema} could not be generated: {status}").into())
    }
}

/// The typed layer beside capnpc's output.
fn sizes(schema: &str, capnpc: Size, typed: Size) -> [Row; 3] {
    let row = |metric: &str, unit, of: fn(Size) -> usize| Row {
        schema: schema.to_owned(),
        metric: metric.to_owned(),
        unit,
        capnpc: vec![of(capnpc) as f64],
        what: "typed layer",
        ours: vec![of(typed) as f64],
    };
    [
        row("lines", "lines", |size| size.lines),
        row("lines_without_tables", "lines", |size| {
            size.lines_without_tables
        }),
        row("bytes_without_tables", "bytes", |size| {
            size.bytes_without_tables
        }),
    ]
}

/// Our whole output beside capnpc's.
fn times(
    schema: &str,
    action: Action,
    columns: &[Crates; 2],
    repetitions: usize,
) -> Result<[Row; 2]> {
    let name = sources::module(schema);
    let mut took: [Vec<Took>; 2] = Default::default();
    for repetition in 0..repetitions {
        for turn in 0..columns.len() {
            // None is always first.
            let column = (turn + repetition) % columns.len();
            took[column].push(columns[column].measure(schema, action)?);
        }
        eprintln!("{}/{repetitions} {} {name}", repetition + 1, action.name());
    }
    let row = |clock: &str, of: fn(&Took) -> Duration| {
        let [capnpc, ours] = took.each_ref().map(|runs| {
            let seconds = runs.iter().map(|run| of(run).as_secs_f64());
            seconds.map(report::rounded).collect()
        });
        Row {
            schema: name.clone(),
            metric: format!("{}_{clock}", action.name()),
            unit: "s",
            capnpc,
            what: "whole output",
            ours,
        }
    };
    Ok([row("wall", |took| took.wall), row("cpu", |took| took.cpu)])
}
