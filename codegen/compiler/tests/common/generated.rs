//! What `capnpc` writes when it is fed a request.

use std::collections::BTreeMap;
use std::path::Path;

/// The files that `capnpc` writes for a request, by name; its error where it refuses.
pub fn rust(request: &[u8]) -> Result<BTreeMap<String, String>, String> {
    let dir = tempfile::tempdir().unwrap();
    // capnpc panics where a schema refers to a file that it did not ask for; from either request it should.
    let run = || {
        capnpc::codegen::CodeGenerationCommand::new()
            .output_directory(dir.path())
            .run(request)
    };
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run))
        .map_err(|_| "a panic".to_owned())?
        .map_err(|error| error.to_string())?;
    let mut files = BTreeMap::new();
    for path in super::files_below(dir.path(), ".rs") {
        let name = path
            .strip_prefix(dir.path())
            .unwrap_or_else(|_| Path::new("?"));
        let text = std::fs::read_to_string(&path).unwrap();
        files.insert(
            name.display().to_string(),
            text.lines()
                .filter(|line| !is_version(line))
                .map(ordered)
                .collect(),
        );
    }
    Ok(files)
}

/// The header names the release that made the request.
fn is_version(line: &str) -> bool {
    line.starts_with("// capnp binary version: ")
}

/// A line with the type parameters sorted that `capnpc` takes from a hash set: it ends those lists in a comma.
fn ordered(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(end) = rest.find(",>") {
        let (head, tail) = rest.split_at(end);
        let start = head.rfind('<').map_or(0, |start| start + 1);
        let mut params = head[start..].split(',').collect::<Vec<_>>();
        params.sort_unstable();
        out.push_str(&head[..start]);
        out.push_str(&params.join(","));
        out.push_str(",>");
        rest = &tail[2..];
    }
    out + rest + "\n"
}

/// What is different between the code generated from two requests; empty when nothing is.
pub fn differences(expected: &[u8], actual: &[u8]) -> Vec<String> {
    let (expected, actual) = (rust(expected), rust(actual));
    if expected == actual {
        return Vec::new();
    }
    let (expected, actual) = match (expected, actual) {
        (Ok(expected), Ok(actual)) => (expected, actual),
        (expected, actual) => {
            return vec![format!(
                "capnpc: expected {:?}, got {:?}",
                expected.map(|_| "code"),
                actual.map(|_| "code")
            )];
        }
    };
    let mut out = Vec::new();
    for (name, text) in &expected {
        match actual.get(name) {
            None => out.push(format!("capnpc does not write {name}")),
            Some(other) if other != text => {
                out.push(format!(
                    "{name}: {}",
                    super::canonical::first_difference(text, other)
                ));
            }
            Some(_) => {}
        }
    }
    out.extend(
        actual
            .keys()
            .filter(|name| !expected.contains_key(*name))
            .map(|name| format!("capnpc writes {name} too")),
    );
    out
}
