//! The crates that are compiled: one for each schema and column, in a workspace per column.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{
    Column, SCHEMAS,
    rustc::{self, Took},
    sources,
};
use crate::Result;

/// Root of the workspace that this program belongs to.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// What is done with a crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// `cargo check`.
    Check,
    /// `cargo build`.
    Build,
}

impl Action {
    /// As cargo calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Build => "build",
        }
    }
}

/// The crates of one column, and what cargo made of them.
pub(crate) struct Crates {
    dir: PathBuf,
    times: PathBuf,
    program: PathBuf,
}

impl Crates {
    /// Writes the manifests of a column below `dir`. The crates are still without code.
    pub(crate) fn new(dir: &Path, column: Column) -> Result<Self> {
        let crates = Self {
            dir: dir.join(column.name()),
            times: dir.join("times"),
            program: std::env::current_exe()?,
        };
        let dependency = match column {
            // The features that dsoftbus asks for. The lock file has one version only.
            Column::Capnpc => {
                r#"capnp = { version = "*", default-features = false, features = ["alloc", "std"] }"#
                    .to_owned()
            }
            Column::Whole => format!(
                "dsoftbus = {{ path = {:?} }}",
                fs::canonicalize(ROOT)?.join("runtime")
            ),
        };
        let members = SCHEMAS.map(sources::module);
        fs::create_dir_all(&crates.dir)?;
        fs::write(
            crates.dir.join("Cargo.toml"),
            format!("[workspace]\nresolver = \"3\"\nmembers = {members:?}\n"),
        )?;
        // So that cargo takes the versions that this workspace is tested with, and needs no network.
        fs::copy(
            Path::new(ROOT).join("Cargo.lock"),
            crates.dir.join("Cargo.lock"),
        )?;
        for member in members {
            let dir = crates.dir.join(&member);
            fs::create_dir_all(dir.join("src"))?;
            fs::write(
                dir.join("Cargo.toml"),
                format!(
                    "[package]\nname = \"{}{member}\"\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n\n\
                     [dependencies]\n{dependency}\n",
                    rustc::PREFIX
                ),
            )?;
        }
        Ok(crates)
    }

    /// Directory for the generated code of a schema.
    pub(crate) fn generated(&self, schema: &str) -> PathBuf {
        self.member(schema).join("generated")
    }

    /// Writes the only line of a crate.
    pub(crate) fn write_root(&self, schema: &str, line: &str) -> Result<()> {
        Ok(fs::write(
            self.member(schema).join("src/lib.rs"),
            format!("{line}\n"),
        )?)
    }

    /// Compiles a crate without measuring it: the dependencies stay, and what is wrong with its code is shown.
    pub(crate) fn prepare(&self, schema: &str, actions: &[Action]) -> Result<()> {
        for action in actions {
            let package = package(schema);
            let status = self.cargo(action.name()).args(["-p", &package]).status()?;
            if !status.success() {
                return Err(format!("cargo {}: {status}", action.name()).into());
            }
        }
        match fs::remove_file(&self.times) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Compiles one crate from scratch.
    pub(crate) fn measure(&self, schema: &str, action: Action) -> Result<Took> {
        let package = package(schema);
        for task in ["clean", action.name()] {
            let output = self.cargo(task).args(["-p", &package]).output()?;
            if !output.status.success() {
                let stderr = String::from_utf8_lossy(&output.stderr);
                let status = output.status;
                return Err(format!("cargo {task} -p {package}: {status}\n{stderr}").into());
            }
        }
        rustc::take(&self.times)
    }

    fn member(&self, schema: &str) -> PathBuf {
        self.dir.join(sources::module(schema))
    }

    fn cargo(&self, task: &str) -> Command {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command
            .current_dir(&self.dir)
            .arg(task)
            .arg("--offline")
            .arg("--target-dir")
            .arg(self.dir.join("target"))
            .env(rustc::TIMES, &self.times)
            .env("RUSTC_WORKSPACE_WRAPPER", &self.program)
            // A cache of compiled crates is none of our measurement.
            .env("RUSTC_WRAPPER", "")
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        command
    }
}

fn package(schema: &str) -> String {
    format!("{}{}", rustc::PREFIX, sources::module(schema))
}
