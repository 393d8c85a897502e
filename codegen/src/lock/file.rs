//! The lock file as a whole.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::line::Line;
use crate::error::{Error, Result};

/// First line that is no comment. A later format has another number.
const VERSION: &str = "version 1";

const HEADER: &str = "\
# What peers that were built from these schemas rely on: one fact a line, written by dsoftbus-codegen.
# A build fails when the schemas no longer say what a line says. Names of files and types are for the reader,
# their IDs count; so do names of methods, fields and enumerants.
# To accept changes and add what is new, write this file again, and read its diff before it is committed:
#     DSOFTBUS_WIRE_LOCK=accept cargo build -p <the package that compiles these schemas>
";

/// A line as it stands in the file.
#[derive(Debug)]
pub(super) struct Locked {
    pub(super) line: Line,
    pub(super) text: String,
}

/// The text of a lock file.
pub(super) fn text(lines: &[Line]) -> String {
    let mut text = format!("{HEADER}{VERSION}\n");
    for line in lines {
        text.push_str(&format!("{line}\n"));
    }
    text
}

/// Reads a lock file. `None`: there is none.
pub(super) fn read(path: &Path) -> Result<Option<Vec<Locked>>> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(Error::File {
                path: path.to_owned(),
                reason: error.to_string(),
            });
        }
    };
    parse(&bytes)
        .map(Some)
        .map_err(|(line, reason)| Error::LockDamaged {
            path: path.to_owned(),
            line,
            reason,
        })
}

/// Takes a lock file apart, or says which line is wrong and why.
fn parse(bytes: &[u8]) -> std::result::Result<Vec<Locked>, (usize, String)> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = good.iter().filter(|&&byte| byte == b'\n').count() + 1;
        (line, "not UTF-8".to_owned())
    })?;
    let mut lines = (1..)
        .zip(text.lines())
        .filter(|(_, text)| !text.is_empty() && !text.starts_with('#'));
    match lines.next() {
        Some((_, VERSION)) => {}
        Some((number, text)) if text.starts_with("version ") => {
            let reason = format!(
                "`{text}` is not `{VERSION}`: another release of dsoftbus-codegen wrote this file"
            );
            return Err((number, reason));
        }
        Some((number, _)) => return Err((number, format!("`{VERSION}` is missing"))),
        None => {
            return Err((
                text.lines().count().max(1),
                format!("`{VERSION}` is missing"),
            ));
        }
    }
    let mut locked = Vec::new();
    let mut numbers = BTreeMap::new();
    for (number, text) in lines {
        let line = Line::parse(text)
            .ok_or_else(|| (number, format!("`{text}` is not a line of a lock file")))?;
        if let Some(first) = numbers.insert(line.key(), number) {
            let reason = format!("`{text}` is about the same as line {first}");
            return Err((number, reason));
        }
        locked.push(Locked {
            line,
            text: text.to_owned(),
        });
    }
    Ok(locked)
}
