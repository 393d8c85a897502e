//! What the tests share: our compiler and the reference's behind one interface, and comparisons of what they answer.

#![allow(clippy::unwrap_used)] // clippy.toml allows it in tests, but not in what tests call
#![allow(dead_code)] // each test program uses a part
#![allow(unreachable_pub)]

pub mod canonical;
pub mod generated;
pub mod mutate;
pub mod random;

use std::path::{Path, PathBuf};
use std::process::Command;

/// What a compiler is asked: the same question for ours and for the reference.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// Directories searched for imports with a leading slash.
    pub import_paths: Vec<PathBuf>,
    /// Cut off in front of the names of files.
    pub src_prefixes: Vec<PathBuf>,
    /// What to compile.
    pub files: Vec<PathBuf>,
}

impl Question {
    /// A question about one file of ours below `tests/schemas`.
    pub fn own(file: &Path) -> Self {
        Self {
            import_paths: vec![tests_dir().join("include"), crate_dir().join("std")],
            src_prefixes: vec![tests_dir().join("schemas")],
            files: vec![file.to_owned()],
        }
    }

    /// Our answer: the bytes of the request, or the errors as text.
    pub fn ours(&self) -> Result<Vec<u8>, String> {
        let mut compiler = capnp_compiler::Compiler::new().standard_imports(false);
        for path in &self.import_paths {
            compiler = compiler.import_path(path);
        }
        for prefix in &self.src_prefixes {
            compiler = compiler.src_prefix(prefix);
        }
        match compiler.compile(&self.files) {
            Ok(request) => Ok(request.bytes()),
            Err(diagnostics) => Err(diagnostics.to_string()),
        }
    }

    /// The reference's answer; `None` where the tool is not installed.
    pub fn reference(&self) -> Option<Result<Vec<u8>, String>> {
        let mut command = Command::new("capnp");
        command.args(["compile", "-o-", "--no-standard-import"]);
        for path in &self.import_paths {
            command.arg(format!("-I{}", path.display()));
        }
        for prefix in &self.src_prefixes {
            command.arg(format!("--src-prefix={}", prefix.display()));
        }
        let output = command.args(&self.files).output().ok()?;
        Some(if output.status.success() {
            Ok(output.stdout)
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        })
    }
}

/// The directory of this crate.
pub fn crate_dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The directory of the tests.
pub fn tests_dir() -> PathBuf {
    crate_dir().join("tests")
}

/// Whether the reference compiler is on `PATH`; says so when it is not.
pub fn reference_is_here(test: &str) -> bool {
    let here = Command::new("capnp").arg("--version").output().is_ok();
    if !here {
        println!("{test}: skipped, no `capnp` on PATH to compare with");
    }
    here
}

/// The corpus of public schemas, where it is present; says so when it is not.
///
/// `CAPNP_CORPUS` names it; otherwise it is looked for beside the checkout.
pub fn corpus(test: &str) -> Option<PathBuf> {
    let found = std::env::var_os("CAPNP_CORPUS").map_or_else(
        || {
            ["../../../shared/corpus", "../../../../shared/corpus"]
                .iter()
                .map(|path| crate_dir().join(path))
                .find(|path| path.is_dir())
        },
        |path| Some(PathBuf::from(path)).filter(|path| path.is_dir()),
    );
    if found.is_none() {
        println!(
            "{test}: skipped, no corpus of public schemas (set CAPNP_CORPUS to its directory)"
        );
    }
    found.map(|path| path.canonicalize().unwrap())
}

/// Every file below `dir` whose name ends in `suffix`, sorted.
pub fn files_below(dir: &Path, suffix: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_string_lossy().ends_with(suffix) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Whether the reference refuses only what it is too old for, or breaks: it has no text blocks before 1.0, and before
/// 1.1 a bare value does not stand for a struct's first field.
pub fn is_newer(errors: &str) -> bool {
    let mut lines = errors
        .lines()
        .filter(|line| line.contains(": error: "))
        .peekable();
    let points_at_backtick = |line: &str| {
        let mut parts = line.split(':');
        let (path, number) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        let text = std::fs::read(path).map(|text| String::from_utf8_lossy(&text).into_owned());
        number.parse::<usize>().is_ok_and(|number| {
            text.is_ok_and(|text| {
                text.lines()
                    .nth(number.saturating_sub(1))
                    .is_some_and(|line| line.contains('`'))
            })
        })
    };
    errors.contains("Received signal")
        || lines.clone().any(points_at_backtick)
        || (lines.peek().is_some() && lines.all(|line| line.contains("Type mismatch; expected")))
}

/// Failures of many cases, shown together at the end.
#[derive(Debug, Default)]
pub struct Failures {
    cases: usize,
    failed: Vec<String>,
}

impl Failures {
    /// Notes one case and what is wrong with it, if anything.
    pub fn note(&mut self, case: &dyn std::fmt::Display, wrong: Vec<String>) {
        self.cases += 1;
        if !wrong.is_empty() {
            self.failed
                .push(format!("{case}\n    {}", wrong.join("\n    ")));
        }
    }

    /// Fails the test if any case failed, or if there was none.
    #[track_caller]
    pub fn finish(self, what: &str) {
        assert!(self.cases > 0, "no {what} to compare");
        println!(
            "{what}: {} compared, {} differ",
            self.cases,
            self.failed.len()
        );
        assert!(
            self.failed.is_empty(),
            "{} of {} {what} differ:\n{}",
            self.failed.len(),
            self.cases,
            self.failed.join("\n")
        );
    }
}
