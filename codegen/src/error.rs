//! Why a build failed.

use std::fmt;
use std::path::PathBuf;

/// The result of a compile.
pub type Result<T> = std::result::Result<T, Error>;

/// Why no code was generated.
///
/// `Debug` prints the same text as `Display`: a build script that returns this error shows it with `Debug`.
#[non_exhaustive]
#[derive(Clone, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// The `capnp` executable is not there.
    #[error(
        "`{executable}` was not found: leave `capnp_executable` out to use the compiler built in, or install this one (`apt-get install capnproto`, `brew install capnp`)"
    )]
    NotInstalled {
        /// What was to be run.
        executable: String,
    },
    /// The `capnp` executable could not be run for another reason.
    #[error("`{executable}` could not be run: {reason}")]
    NotRunnable {
        /// What was to be run.
        executable: String,
        /// Why not.
        reason: String,
    },
    /// The schema compiler refused the schemas.
    #[error("the schemas do not compile:\n{output}")]
    Schema {
        /// What `capnp compile` printed.
        output: String,
    },
    /// The schemas compile but cannot be translated. Every reason is listed.
    #[error("{}", list(.0))]
    Rules(Vec<String>),
    /// The request is not a valid `CodeGeneratorRequest`.
    #[error("the code generator request cannot be read: {0}")]
    Request(String),
    /// A file could not be read or written.
    #[error("{}: {reason}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What went wrong.
        reason: String,
    },
    /// The schemas change what peers rely on, as far as `wire.lock` records it. The text shows old and new lines.
    #[error("{0}")]
    Lock(String),
    /// `wire.lock` cannot be understood.
    #[error(
        "{}:{line}: {reason}; restore the file, or write it again with `DSOFTBUS_WIRE_LOCK=accept`",
        path.display()
    )]
    LockDamaged {
        /// The lock file.
        path: PathBuf,
        /// Its line that is wrong, counted from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// `DSOFTBUS_WIRE_LOCK` has a value that means nothing.
    #[error("DSOFTBUS_WIRE_LOCK is `{0}`: set it to `accept`, or not at all")]
    LockVariable(String),
    /// `OUT_DIR` is not set and `out_dir` was not called.
    #[error(
        "`OUT_DIR` is not set: call this from a build script, or name a directory with `out_dir`"
    )]
    NoOutDir,
    /// `parent_module` is not a path of Rust identifiers.
    #[error("`{0}` is not a module path: write it like `api::schemas`")]
    BadModule(String),
    /// No schema was named.
    #[error("no schema was named: pass their file names to `compile`")]
    NothingToDo,
    /// The generated code does not parse, which is a defect of this generator.
    #[error("defect in dsoftbus-codegen: the generated code does not parse: {0}")]
    Defect(String),
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<capnp::Error> for Error {
    fn from(error: capnp::Error) -> Self {
        Self::Request(error.to_string())
    }
}

fn list(problems: &[String]) -> String {
    match problems {
        [one] => one.clone(),
        many => {
            let mut out = format!("{} problems in the schemas:", many.len());
            for problem in many {
                out.push_str("\n  ");
                out.push_str(problem);
            }
            out
        }
    }
}
