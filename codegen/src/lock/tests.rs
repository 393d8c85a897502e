//! What cargo is told, and what only the schema language can say so far.

#![allow(clippy::unwrap_used)] // clippy.toml allows it in tests, but not in what tests call

mod fields;
mod renames;
mod text;

use std::path::Path;

use capnp_compiler::{Compiler, MemoryFiles, Request};

use super::line::Line;
use super::{FILE, Mode, guard, report, request};
use crate::Error;

const WATCH_VARIABLE: &str = "cargo::rerun-if-env-changed=DSOFTBUS_WIRE_LOCK";

/// Compiles a file, given without its ID.
#[track_caller]
fn compile(text: &str) -> Request {
    let mut files = MemoryFiles::new();
    files.insert("x.capnp", format!("@0xb0a1b2c3d4e5f600;\n{text}\n"));
    Compiler::new()
        .file_system(files)
        .compile(["x.capnp"])
        .unwrap_or_else(|wrong| panic!("{wrong}"))
}

#[track_caller]
fn told(text: &str, path: &Path, mode: Mode) -> Result<Vec<String>, Error> {
    guard(compile(text).reader().unwrap(), path, mode, Some("mine"))
}

/// Whether the schema after fits the lock of the one before: how many lines are new, or what is wrong.
#[track_caller]
fn judged(before: &str, after: &str) -> Result<usize, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(FILE);
    told(before, &path, Mode::Accept).unwrap();
    match told(after, &path, Mode::Check) {
        Ok(told) => {
            let warning = told.iter().find_map(|line| line.split_once(" lacks "));
            Ok(warning.map_or(0, |(_, count)| {
                count.split(' ').next().unwrap().parse().unwrap()
            }))
        }
        Err(Error::Lock(text)) => {
            let (_, broken) = text.split_once("\n\n").unwrap();
            let (broken, _) = broken.split_once("\n\nPeers").unwrap();
            Err(broken.to_owned())
        }
        Err(other) => panic!("not refused by the lock: {other}"),
    }
}

/// The lines of a schema, without its file.
#[track_caller]
fn lines(text: &str) -> Vec<String> {
    let request = compile(text);
    let lines = request::lines(request.reader().unwrap()).unwrap();
    lines.iter().skip(1).map(Line::to_string).collect()
}

#[test]
fn cargo_hears_of_the_lock_only_where_there_is_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(FILE);
    assert_eq!(
        told("struct A {}", &path, Mode::Check),
        Ok(vec![WATCH_VARIABLE.to_owned()])
    );
    let watch = format!("cargo::rerun-if-changed={}", path.display());
    let wrote = format!(
        "cargo::warning=wrote {} with 2 lines: read its diff and commit it",
        path.display()
    );
    assert_eq!(
        told("struct A {}", &path, Mode::Accept),
        Ok(vec![WATCH_VARIABLE.to_owned(), watch.clone(), wrote])
    );
    for mode in [Mode::Accept, Mode::Check] {
        assert_eq!(
            told("struct A {}", &path, mode),
            Ok(vec![WATCH_VARIABLE.to_owned(), watch.clone()])
        );
    }
}

#[test]
fn one_warning_says_how_many_lines_are_missing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(FILE);
    told("struct A {}", &path, Mode::Accept).unwrap();
    let told = told("struct A { a @0 :Text; b @1 :Text; }", &path, Mode::Check).unwrap();
    let warning = report::lacking(&path, 2, Some("mine"));
    assert_eq!(told.last(), Some(&warning));
    assert_eq!(told.len(), 3);
}

#[test]
fn the_warning_says_how_to_add_the_lines() {
    let path = Path::new("schemas/wire.lock");
    assert_eq!(
        report::lacking(path, 2, Some("mine")),
        "cargo::warning=schemas/wire.lock lacks 2 lines of these schemas: add them with `DSOFTBUS_WIRE_LOCK=accept cargo build -p mine`"
    );
    assert_eq!(
        report::lacking(path, 1, None),
        "cargo::warning=schemas/wire.lock lacks 1 line of these schemas: add it with `DSOFTBUS_WIRE_LOCK=accept cargo build`"
    );
}

#[test]
fn a_struct_that_goes_with_its_method_is_shown_if_it_was_declared() {
    let before = "struct P { a @0 :Text; } interface I { m @0 P -> P; }";
    assert_eq!(
        judged(before, "interface I { m @0 (b :Bool) -> (); }").unwrap_err(),
        "x.capnp:I: method `m` takes or returns other structs
  - x.capnp:I@0xb1065b0312564801 method @0 m: P@0x9fee0cff980b19f9 -> P@0x9fee0cff980b19f9
  + x.capnp:I@0xb1065b0312564801 method @0 m: I.m$Params@0xfd9fa4f7eff84201 -> I.m$Results@0xea1a401ccce2186a

x.capnp:P is gone
  - x.capnp:P@0x9fee0cff980b19f9 struct
  + nothing
    1 more line went with it"
    );
}

#[test]
fn what_an_interface_extends_may_grow_but_not_shrink() {
    let both = "interface A {} interface B {} interface C extends(A, B) {}";
    let one = "interface A {} interface B {} interface C extends(A) {}";
    assert_eq!(judged(one, both), Ok(1));
    assert_eq!(
        judged(both, one).unwrap_err(),
        "x.capnp:C: it no longer extends this\n  - x.capnp:C@0xe6d8cce2aa22bbf2 extends B@0xb5df2d4c08c280e3\n  + nothing"
    );
}

#[test]
fn a_node_that_contains_itself_is_refused() {
    use capnp::message::Builder;
    use capnp::schema_capnp::code_generator_request;

    let mut message = Builder::new_default();
    let mut root = message.init_root::<code_generator_request::Builder<'_>>();
    let mut nodes = root.reborrow().init_nodes(1);
    let mut node = nodes.reborrow().get(0);
    node.set_id(7);
    node.set_scope_id(7);
    node.set_file(());
    node.init_nested_nodes(1).get(0).set_id(7);
    let mut files = root.reborrow().init_requested_files(1);
    let mut file = files.reborrow().get(0);
    file.set_id(7);
    file.set_filename("x.capnp");
    assert_eq!(
        request::lines(root.into_reader()).unwrap_err().to_string(),
        "Failed: node 0x7 is listed twice"
    );
}
