//! What the reference compiler refuses is refused, with a place and a message for every mistake.
//!
//! `UPDATE_EXPECTED=1` writes the expected messages anew; read the diff.

#![allow(clippy::unwrap_used)] // clippy.toml allows it in tests, but not in what tests call

mod common;

use common::{Failures, Question, corpus, files_below, reference_is_here, tests_dir};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn error_schemas() -> Vec<PathBuf> {
    files_below(&tests_dir().join("errors"), ".capnp")
}

fn question(schema: &Path) -> Question {
    let mut question = Question::own(schema);
    question.src_prefixes = vec![tests_dir().join("errors")];
    question
}

/// The first lines of our errors, `line:col: message`, with the file in front where it is another one.
fn messages(schema: &Path, errors: &str) -> String {
    let own = format!("{}:", schema.file_name().unwrap().to_string_lossy());
    let directory = format!("{}/", schema.parent().unwrap().display());
    let mut out = String::new();
    for line in errors.lines().filter(|line| line.contains(": error: ")) {
        let line = line.rsplit_once(&own).map_or(line, |(_, rest)| rest);
        out.push_str(&line.replacen(": error: ", ": ", 1).replace(&directory, ""));
        out.push('\n');
    }
    out
}

/// The numbers of the lines that errors point at.
fn lines(messages: &str) -> BTreeSet<usize> {
    messages
        .lines()
        .filter_map(|line| line.split(':').next()?.parse().ok())
        .collect()
}

#[test]
fn every_mistake_has_its_message_and_its_place() {
    let mut failures = Failures::default();
    for schema in error_schemas() {
        let expected_path = schema.with_extension("expected");
        let wrong = match question(&schema).ours() {
            Ok(_) => vec!["accepted".to_owned()],
            Err(errors) => {
                let actual = messages(&schema, &errors);
                if std::env::var_os("UPDATE_EXPECTED").is_some() {
                    std::fs::write(&expected_path, &actual).unwrap();
                }
                let expected = std::fs::read_to_string(&expected_path).unwrap_or_default();
                if actual == expected && !actual.is_empty() {
                    Vec::new()
                } else {
                    vec![format!("expected:\n{expected}    got:\n{actual}")]
                }
            }
        };
        failures.note(&schema.file_name().unwrap().display(), wrong);
    }
    failures.finish("schemas with mistakes");
}

/// Mistakes that the reference reports at another line than we do, and why.
const ELSEWHERE: [(&str, usize, &str); 10] = [
    ("annotation-value", 1, "an empty tuple has no place there"),
    (
        "brace-unclosed",
        3,
        "the end of the file; we show the brace",
    ),
    ("method-type", 1, "a parameter has no place there"),
    ("using-cycle", 3, "another member of the circle"),
    ("using-cycle", 4, "a user of the circle"),
    ("using-self", 3, "a user of the circle"),
    ("using-cycle-unused", 3, "another member of the circle"),
    ("using-cycle-unused", 4, "another member of the circle"),
    ("using-without-name", 1, "two names that are both missing"),
    (
        "value-struct",
        4,
        "releases since 1.1 accept a value for the first field",
    ),
];

#[test]
fn no_line_that_the_reference_complains_of_is_left_out() {
    let mut failures = Failures::default();
    for schema in error_schemas() {
        let name = schema.file_stem().unwrap().to_string_lossy().into_owned();
        let stored = tests_dir().join(format!("fixtures/errors/{name}.lines"));
        let expected = lines(
            &std::fs::read_to_string(&stored)
                .unwrap()
                .replace('\n', ":\n"),
        );
        let expected = expected.into_iter().filter(|line| {
            !ELSEWHERE
                .iter()
                .any(|(file, at, _)| *file == name && at == line)
        });
        let actual = question(&schema)
            .ours()
            .err()
            .map(|errors| lines(&messages(&schema, &errors)))
            .unwrap_or_default();
        let missing = expected
            .filter(|line| !actual.contains(line))
            .map(|line| format!("nothing is said of line {line}"));
        failures.note(&name, missing.collect());
    }
    failures.finish("schemas with mistakes");
}

#[test]
fn the_installed_reference_refuses_them_too() {
    if !reference_is_here("schemas with mistakes") {
        return;
    }
    for schema in error_schemas() {
        let answer = question(&schema).reference().unwrap();
        assert!(
            answer.is_err(),
            "the reference accepts {}",
            schema.display()
        );
    }
}

#[test]
fn public_schemas_with_mistakes_are_refused() {
    let Some(corpus) = corpus("public schemas with mistakes") else {
        return;
    };
    let source = corpus.join("capnproto/c++/src");
    let mut failures = Failures::default();
    for schema in files_below(&corpus, ".capnp.nobuild") {
        let question = Question {
            import_paths: Vec::new(),
            src_prefixes: vec![source.clone()],
            files: vec![schema.clone()],
        };
        let wrong = match question.ours() {
            Ok(_) => vec!["accepted".to_owned()],
            Err(errors) => {
                let reference = schema.with_extension("").with_extension("txt");
                let reference = std::fs::read_to_string(reference)
                    .unwrap()
                    .replace("file:", "");
                let actual = lines(&messages(&schema, &errors));
                let missing = lines(&reference)
                    .into_iter()
                    .filter(|line| !actual.contains(line));
                missing
                    .map(|line| format!("nothing is said of line {line}"))
                    .collect()
            }
        };
        failures.note(&schema.file_name().unwrap().display(), wrong);
    }
    failures.finish("public schemas with mistakes");
}
