//! Compiles schemas: with the compiler built in, or with an executable.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use capnp_compiler::Compiler;

use crate::error::{Error, Result};

/// Directory, below the output directory, that the embedded schemas are written to.
const EMBEDDED: &str = "dsoftbus-schemas";

/// Writes the embedded schemas and returns the directory that makes `/dsoftbus/bus.capnp` resolve.
pub(crate) fn write_embedded(out_dir: &Path) -> Result<PathBuf> {
    let root = out_dir.join(EMBEDDED);
    for file in dsoftbus_schemas::FILES {
        let path = root.join(file.path.trim_start_matches('/'));
        if fs::read(&path).is_ok_and(|old| old == file.text.as_bytes()) {
            continue;
        }
        let failed = |error: std::io::Error| Error::File {
            path: path.clone(),
            reason: error.to_string(),
        };
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir).map_err(failed)?;
        }
        fs::write(&path, file.text).map_err(failed)?;
    }
    Ok(root)
}

/// The compiler and where it looks for files.
#[derive(Clone, Copy)]
pub(crate) struct Tool<'a> {
    /// `None`: the compiler built in.
    pub(crate) executable: Option<&'a Path>,
    pub(crate) schema_dir: &'a Path,
    pub(crate) embedded: &'a Path,
    pub(crate) import_paths: &'a [PathBuf],
}

impl Tool<'_> {
    /// Where a schema named to `compile` is.
    pub(crate) fn locate(&self, file: &Path) -> PathBuf {
        match file.strip_prefix("/dsoftbus") {
            Ok(inside) => self.embedded.join("dsoftbus").join(inside),
            Err(_) => self.schema_dir.join(file),
        }
    }

    /// Compiles schemas into the bytes of a `CodeGeneratorRequest`.
    pub(crate) fn run(&self, files: &[PathBuf]) -> Result<Vec<u8>> {
        match self.executable {
            Some(executable) => self.run_executable(executable, files),
            None => self.run_built_in(files),
        }
    }

    fn run_built_in(&self, files: &[PathBuf]) -> Result<Vec<u8>> {
        let mut compiler = Compiler::new().import_path(self.embedded);
        for path in self.import_paths {
            compiler = compiler.import_path(path);
        }
        compiler
            .src_prefix(self.embedded)
            .src_prefix(self.schema_dir)
            .compile(files.iter().map(|file| self.locate(file)))
            .map(|request| request.bytes())
            .map_err(|wrong| refused(wrong.to_string().trim_end()))
    }

    fn run_executable(&self, executable: &Path, files: &[PathBuf]) -> Result<Vec<u8>> {
        let mut command = Command::new(executable);
        // cargo leaves PWD at the workspace root, and the compiler warns when it is not the working directory.
        command.env_remove("PWD");
        command.args(["compile", "-o-"]);
        command.arg(prefixed("--import-path=", self.embedded));
        for path in self.import_paths {
            command.arg(prefixed("--import-path=", path));
        }
        command.arg(prefixed("--src-prefix=", self.embedded));
        command.arg(prefixed("--src-prefix=", self.schema_dir));
        command.args(files.iter().map(|file| self.locate(file)));

        let executable = executable.display().to_string();
        let output = command.output().map_err(|error| match error.kind() {
            ErrorKind::NotFound => Error::NotInstalled {
                executable: executable.clone(),
            },
            _ => Error::NotRunnable {
                executable: executable.clone(),
                reason: error.to_string(),
            },
        })?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let printed = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(if printed.is_empty() {
            Error::NotRunnable {
                executable,
                reason: output.status.to_string(),
            }
        } else {
            refused(&printed)
        })
    }
}

/// What a compiler says of a type argument that is no pointer: it knows nothing of what our types are for.
const NO_POINTER: &str = "only pointer types can be used as generic parameters";

/// What the compiler printed, and what to do where it does not say so.
fn refused(printed: &str) -> Error {
    let hint = if printed.contains(NO_POINTER) {
        "\nwrap what is none in a struct, also as the item of a Sink"
    } else {
        ""
    };
    Error::Schema {
        output: format!("{printed}{hint}"),
    }
}

fn prefixed(flag: &str, path: &Path) -> std::ffi::OsString {
    let mut argument = std::ffi::OsString::from(flag);
    argument.push(path);
    argument
}
