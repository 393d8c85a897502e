//! What cargo is told, how lines are written and read, and what only the schema language can say so far.

#![allow(clippy::unwrap_used)] // clippy.toml allows it in tests, but not in what tests call

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
fn every_line_that_is_written_can_be_read() {
    let mut files = MemoryFiles::new();
    let mut names = vec!["std/a name: 100%.capnp".to_owned()];
    files.insert(&names[0], "@0xb0a1b2c3d4e5f600; struct S {}");
    for path in capnp_compiler::standard::paths() {
        let name = format!("std{path}");
        files.insert(&name, capnp_compiler::standard::lookup(path).unwrap());
        names.push(name);
    }
    let request = Compiler::new()
        .file_system(files)
        .import_path("std")
        .src_prefix("std")
        .compile(&names)
        .unwrap_or_else(|wrong| panic!("{wrong}"));
    let lines = request::lines(request.reader().unwrap()).unwrap();
    assert!(lines.len() > 500, "{} lines", lines.len());
    for line in lines {
        let text = line.to_string();
        let read = Line::parse(&text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!((read.to_string(), read.key()), (text, line.key()));
    }
}

#[test]
fn places_and_defaults_are_those_of_the_message() {
    assert_eq!(
        lines(
            "struct S {
                yes @0 :Bool; no @1 :Bool = true; void @2 :Void; int @3 :Int16 = -7; float @4 :Float32 = 1.5;
                negativeZero @5 :Float64 = -0.0; nan @6 :Float32 = nan; data @7 :Data = 0x\"61\"; empty @8 :Text = \"\";
                list @9 :List(List(UInt8)) = [[1]]; any @10 :AnyPointer; cap @11 :Capability;
            }"
        ),
        [
            "struct",
            "field @0 yes: Bool at bits 0..1",
            "field @1 no: Bool at bits 1..2, default true",
            "field @2 void: Void",
            "field @3 int: Int16 at bits 16..32, default -7",
            "field @4 float: Float32 at bits 32..64, default 1.5",
            "field @5 negativeZero: Float64 at bits 64..128, default -0.0",
            "field @6 nan: Float32 at bits 128..160, default nan:7fc00000",
            "field @7 data: Data at pointer 0, default digest:af63dc4c8601ec8c",
            "field @8 empty: Text at pointer 1",
            "field @9 list: List(List(UInt8)) at pointer 2, default digest:43972863b036a4c0",
            "field @10 any: AnyPointer at pointer 3",
            "field @11 cap: Capability at pointer 4",
        ]
        .map(|fact| format!("x.capnp:S@0xe6b58d73c31504f3 {fact}"))
    );
}

#[test]
fn groups_and_unions_are_part_of_a_field() {
    assert_eq!(
        lines(
            "struct S {
                union { plain @0 :UInt8; both :group { a @1 :Text; which :union { b @2 :Void; c @3 :UInt32; } } }
                after :group { d @4 :Bool; }
            }"
        ),
        [
            "struct",
            "field @0 plain: UInt8 at bits 0..8, when bits 16..32 = 0",
            "field @1 both.a: Text at pointer 0, when bits 16..32 = 1",
            "field @2 both.which.b: Void, when bits 16..32 = 1, when bits 0..16 = 0",
            "field @3 both.which.c: UInt32 at bits 32..64, when bits 16..32 = 1, when bits 0..16 = 1",
            "field @4 after.d: Bool at bits 64..65",
        ]
        .map(|fact| format!("x.capnp:S@0xe6b58d73c31504f3 {fact}"))
    );
}

#[test]
fn generic_types_are_written_with_their_arguments() {
    assert_eq!(
        lines(
            "struct Box(T) {
                value @0 :T;
                struct In(U) { u @0 :U; self @1 :In(U); same @2 :Box(T).In(U); other @3 :Box(Text).In(List(Data)); bare @4 :Box.In; }
            }
            interface Get { get @0 [T, U] (key :T) -> Box(U); } interface All extends(Get) {}"
        ),
        [
            "All@0xba38fbba4c4edc64 interface",
            "All@0xba38fbba4c4edc64 extends Get@0xf92b81c80cd0517d",
            "Box@0xe9bbf838a1dd6b89 struct",
            "Box@0xe9bbf838a1dd6b89 field @0 value: Box@0xe9bbf838a1dd6b89#0 at pointer 0",
            "Box.In@0xc09c040857834430 struct",
            "Box.In@0xc09c040857834430 field @0 u: Box.In@0xc09c040857834430#0 at pointer 0",
            "Box.In@0xc09c040857834430 field @1 self: Box@0xe9bbf838a1dd6b89(Box@0xe9bbf838a1dd6b89#0)/Box.In@0xc09c040857834430(Box.In@0xc09c040857834430#0) at pointer 1",
            "Box.In@0xc09c040857834430 field @2 same: Box@0xe9bbf838a1dd6b89(Box@0xe9bbf838a1dd6b89#0)/Box.In@0xc09c040857834430(Box.In@0xc09c040857834430#0) at pointer 2",
            "Box.In@0xc09c040857834430 field @3 other: Box@0xe9bbf838a1dd6b89(Text)/Box.In@0xc09c040857834430(List(Data)) at pointer 3",
            "Box.In@0xc09c040857834430 field @4 bare: Box.In@0xc09c040857834430 at pointer 4",
            "Get@0xf92b81c80cd0517d interface",
            "Get@0xf92b81c80cd0517d method @0 get[2]: Get.get$Params@0xf4803c0d2dbfeaa3 -> Box@0xe9bbf838a1dd6b89(#1)",
            "Get.get$Params@0xf4803c0d2dbfeaa3 struct",
            "Get.get$Params@0xf4803c0d2dbfeaa3 field @0 key: Get.get$Params@0xf4803c0d2dbfeaa3#0 at pointer 0",
        ]
        .map(|fact| format!("x.capnp:{fact}"))
    );
}

/// Bytes written before read as they did: the discriminant was zero in them.
#[test]
fn a_field_may_become_the_first_member_of_a_new_union() {
    let before = "struct S { a @0 :Int32; b @1 :Text; }";
    for (after, lacking) in [
        (
            "struct S { union { a @0 :Int32; c @2 :Text; } b @1 :Text; }",
            2,
        ),
        (
            "struct S { u :union { a @0 :Int32; c @2 :Text; } b @1 :Text; }",
            2,
        ),
        (
            "struct S { u :union { old :group { a @0 :Int32; b @1 :Text; } c @2 :Text; } }",
            3,
        ),
        (
            "struct S { g :group { a @0 :Int32; c @2 :Text; } b @1 :Text; }",
            2,
        ),
        ("struct S { a :group { a @0 :Int32; } b @1 :Text; }", 1),
    ] {
        assert_eq!(judged(before, after), Ok(lacking), "{after}");
    }
}

#[test]
fn a_field_may_not_become_another_member_of_a_union() {
    assert_eq!(
        judged(
            "struct S { a @0 :Int32; b @1 :Text; }",
            "struct S { union { a @0 :Int32; b @1 :Text; } }"
        )
        .unwrap_err(),
        "x.capnp:S: field `b` changed its place in a union
  - x.capnp:S@0xe6b58d73c31504f3 field @1 b: Text at pointer 0
  + x.capnp:S@0xe6b58d73c31504f3 field @1 b: Text at pointer 0, when bits 32..48 = 1"
    );
}

#[test]
fn a_field_may_not_join_a_union_that_is_there() {
    assert_eq!(
        judged(
            "struct S { union { a @0 :Int32; c @1 :Text; } b @2 :Int16; }",
            "struct S { union { g :group { a @0 :Int32; b @2 :Int16; } c @1 :Text; } }",
        )
        .unwrap_err(),
        "x.capnp:S: field `b` changed its place in a union
  - x.capnp:S@0xe6b58d73c31504f3 field @2 b: Int16 at bits 48..64
  + x.capnp:S@0xe6b58d73c31504f3 field @2 g.b: Int16 at bits 48..64, when bits 32..48 = 0"
    );
}

#[test]
fn a_field_may_not_leave_its_union() {
    assert_eq!(
        judged(
            "struct S { union { c @0 :Text; d @1 :Void; a @2 :Int32; } }",
            "struct S { union { c @0 :Text; d @1 :Void; } a @2 :Int32; }",
        )
        .unwrap_err(),
        "x.capnp:S: field `a` changed its place in a union
  - x.capnp:S@0xe6b58d73c31504f3 field @2 a: Int32 at bits 32..64, when bits 0..16 = 2
  + x.capnp:S@0xe6b58d73c31504f3 field @2 a: Int32 at bits 32..64"
    );
}

#[test]
fn a_field_may_not_join_a_group_that_is_there() {
    assert_eq!(
        judged(
            "struct S { g :group { a @0 :Int32; } b @1 :Text; }",
            "struct S { g :group { a @0 :Int32; b @1 :Text; } }"
        )
        .unwrap_err(),
        "x.capnp:S: field `b` changed its group
  - x.capnp:S@0xe6b58d73c31504f3 field @1 b: Text at pointer 0
  + x.capnp:S@0xe6b58d73c31504f3 field @1 g.b: Text at pointer 0"
    );
}

#[test]
fn a_union_may_get_members() {
    let before = "struct S { union { a @0 :Int32; b @1 :Text; } }";
    let after = "struct S { union { a @0 :Int32; b @1 :Text; c @2 :Void; } }";
    assert_eq!(judged(before, after), Ok(1));
}

#[test]
fn a_default_does_not_change_with_the_struct_it_is_of() {
    let before =
        "struct P { x @0 :Int32; } struct S { p @0 :P = (x = 5); l @1 :List(P) = [(x = 1)]; }";
    let after = before.replace("x @0 :Int32;", "x @0 :Int32; y @1 :Text; z @2 :Int64;");
    assert_eq!(judged(before, &after), Ok(2));
    let other = before.replace("x = 1", "x = 2");
    assert!(
        judged(before, &other)
            .unwrap_err()
            .starts_with("x.capnp:S: field `l` has another default")
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
fn a_renamed_scope_takes_everything_in_it_along() {
    let before = "struct Outer { a @0 :Inner; struct Inner { b @0 :Outer; } interface I { c @0 (d :Inner) -> (); } }";
    assert_eq!(
        judged(before, &before.replace("Outer", "Around")).unwrap_err(),
        "x.capnp:Outer is gone, x.capnp:Around is new and like it
  - x.capnp:Outer@0xeafd2bed30ba92a4 struct
  + x.capnp:Around@0x907a50061b6bfaf3 struct
    8 more lines changed only as this one did
    an ID that is not written follows from the name: to keep this one, write `Around @0xeafd2bed30ba92a4`"
    );
}

#[test]
fn the_id_that_the_message_proposes_keeps_everything() {
    let before = "struct Outer { a @0 :Inner; struct Inner { b @0 :Outer; } interface I { c @0 (d :Inner) -> (); } }";
    let after = before
        .replace("Outer", "Around")
        .replace("struct Around", "struct Around @0xeafd2bed30ba92a4");
    // All lines but that of the file have the new name in them.
    assert_eq!(judged(before, &after), Ok(9));
}

#[test]
fn a_type_that_nothing_replaced_is_paired_with_nothing() {
    assert_eq!(
        judged("struct A { a @0 :Text; }", "struct B { b @0 :Text; }").unwrap_err(),
        "x.capnp:A is gone
  - x.capnp:A@0x9add9b44c7cd9ef2 struct
  + nothing
    1 more line went with it"
    );
}

#[test]
fn a_line_has_one_spelling() {
    let good = "x.capnp:S@0xe6b58d73c31504f3 field @1 g.b: List(B@0xe6b58d73c31504f4) at bits 0..64, default 5, when bits 0..16 = 1";
    assert_eq!(Line::parse(good).unwrap().to_string(), good);
    for (from, to) in [
        ("x.capnp:S@", "S@"),
        ("x.capnp", ""),
        (":S@", ":@"),
        ("x.capnp", "x y.capnp"),
        ("0xe6b58d73c31504f3 ", "0xE6B58D73C31504F3 "),
        ("0xe6b58d73c31504f3 ", "0xe6b58d73c31504f "),
        ("f3 field", "f3  field"),
        ("field", "fields"),
        ("@1", "@01"),
        ("@1", "@65536"),
        ("g.b", "g..b"),
        ("List(", "Lost("),
        ("List(", "List(("),
        ("f4)", "f4"),
        ("B@0xe6b58d73c31504f4", "B"),
        ("B@0xe6b58d73c31504f4", "B@0xe6b58d73c3150"),
        ("bits 0..64", "bits 64..0"),
        ("bits 0..64", "bits 0..18446744073709551616"),
        ("0..16", "18446744073709551615..18446744073709551615"),
        ("= 1", "= one"),
        ("default 5", "default 5 6"),
        ("default 5", "default"),
        ("when", "if"),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good);
        assert!(Line::parse(&bad).is_none(), "{bad}");
    }
    let deep = format!(
        "x.capnp:S@0xe6b58d73c31504f3 field @1 b: {}Text{} at pointer 0",
        "List(".repeat(100_000),
        ")".repeat(100_000)
    );
    assert!(Line::parse(&deep).is_none());
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
