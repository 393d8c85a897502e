//! `wire.lock`: fails a build that changes what peers already rely on.
//!
//! The file lies beside the schemas and records, one fact a line, what the wire depends on:
//!
//! ```text
//! greeter.capnp@0xb0a1b2c3d4e5f601 file
//! greeter.capnp:Greeter@0x8df1… interface
//! greeter.capnp:Greeter@0x8df1… channel 0x0101
//! greeter.capnp:Greeter@0x8df1… extends Base@0x90c4…
//! greeter.capnp:Greeter@0x8df1… method @0 hello: Greeter.hello$Params@0xa57b… -> Greeter.hello$Results@0xc1d8…
//! greeter.capnp:Greeter.hello$Params@0xa57b… struct
//! greeter.capnp:Greeter.hello$Params@0xa57b… field @0 name: Text at pointer 0
//! greeter.capnp:Mood@0xd3e2… enum
//! greeter.capnp:Mood@0xd3e2… enumerant @0 calm
//! greeter.capnp:Shape@0xe70c… field @2 circle.radius: Float64 at bits 64..128, default 1.0, when bits 0..16 = 1
//! ```
//!
//! Names of types and files are there for the reader: a type or file *is* its ID, so one that is renamed and keeps its ID still
//! fits. An ID that is not written in the schema follows from the name of the type and of what it is declared in; renaming
//! such a type changes the ID and breaks the line. Names of methods, fields and enumerants count: a member under a new name
//! cannot be told from another member that took its number.
//!
//! A new line breaks nothing. One change of a line breaks nothing either: a field that becomes the first member of a new union,
//! or a member of a new group, and keeps its place; what was written before reads as it did. Size of a struct, comments,
//! order of declarations, constants, annotations other than the channel, and the number of parameters of a generic type
//! are not recorded.
//!
//! The message counts, instead of showing them, the lines of a type that is gone: those that went with it, or that say of the
//! type in its place what they said of it.
//!
//! Only the files that are named to the build are covered. `request` reads the lines off the schemas, `line` and `types`
//! write and read their text, `file` the whole file; `compare` judges, `renames` pairs what is gone with what is new, and
//! `report` says it.

mod compare;
mod file;
mod line;
mod renames;
mod report;
mod request;
mod types;
mod value;

#[cfg(test)]
mod tests;

use std::path::Path;

use capnp::schema_capnp::code_generator_request;

use crate::error::{Error, Result};
use crate::output;
use compare::compare;

/// The environment variable that accepts changes.
pub(crate) const VARIABLE: &str = "DSOFTBUS_WIRE_LOCK";

/// Name of the file, beside the schemas.
pub(crate) const FILE: &str = "wire.lock";

/// What to do about differences.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Mode {
    /// Fail the build for a broken line.
    Check,
    /// Write the file.
    Accept,
}

impl Mode {
    /// What the value of [`VARIABLE`] asks for; empty is as good as unset.
    pub(crate) fn of(value: &str) -> Result<Self> {
        match value {
            "" => Ok(Self::Check),
            "accept" => Ok(Self::Accept),
            other => Err(Error::LockVariable(other.to_owned())),
        }
    }
}

/// Compares the schemas of a request with the file at `path`, or writes the file. Returns what cargo is to be told.
///
/// `package` is the one whose build script this is.
pub(crate) fn guard(
    request: code_generator_request::Reader<'_>,
    path: &Path,
    mode: Mode,
    package: Option<&str>,
) -> Result<Vec<String>> {
    let mut told = vec![format!("cargo::rerun-if-env-changed={VARIABLE}")];
    let watch = format!("cargo::rerun-if-changed={}", path.display());
    if mode == Mode::Accept {
        let now = request::lines(request)?;
        let text = file::text(&now);
        if std::fs::read(path).is_ok_and(|old| old == text.as_bytes()) {
            told.push(watch);
            return Ok(told);
        }
        output::write(path, &text)?;
        told.push(watch);
        told.push(report::written(path, now.len()));
        return Ok(told);
    }
    let Some(locked) = file::read(path)? else {
        return Ok(told);
    };
    told.push(watch);
    let now = request::lines(request)?;
    let outcome = compare(&locked, &now);
    if !outcome.broken.is_empty() {
        return Err(Error::Lock(report::broken(path, &outcome.broken, package)));
    }
    if outcome.lacking > 0 {
        told.push(report::lacking(path, outcome.lacking, package));
    }
    Ok(told)
}
