//! How lines are written and read.

use capnp_compiler::{Compiler, MemoryFiles};

use super::super::line::Line;
use super::super::request;
use super::lines;

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
                struct In(U) { u @0 :U; self @1 :In(U); same @2 :Box(T).In(U); other @3 :Box(Text).In(List(Data)); bare @4 :Box.In; any @5 :Box(AnyPointer); }
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
            "Box.In@0xc09c040857834430 field @5 any: Box@0xe9bbf838a1dd6b89 at pointer 5",
            "Get@0xf92b81c80cd0517d interface",
            "Get@0xf92b81c80cd0517d method @0 get[2]: Get.get$Params@0xf4803c0d2dbfeaa3 -> Box@0xe9bbf838a1dd6b89(#1)",
            "Get.get$Params@0xf4803c0d2dbfeaa3 struct",
            "Get.get$Params@0xf4803c0d2dbfeaa3 field @0 key: Get.get$Params@0xf4803c0d2dbfeaa3#0 at pointer 0",
        ]
        .map(|fact| format!("x.capnp:{fact}"))
    );
}

#[test]
fn only_the_channel_is_read_of_annotations() {
    assert_eq!(
        lines("annotation port @0xe6b58d73c31504f4 (interface) :UInt16; interface I $port(5) {}"),
        ["x.capnp:I@0xb1065b0312564801 interface"]
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
        ("B@0xe6b58d73c31504f4", "@0xe6b58d73c31504f4"),
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
fn a_mangled_line_is_itself_or_none() {
    for good in [
        "x.capnp:S@0xe6b58d73c31504f3 field @1 g.b: List(B@0xe6b58d73c31504f4#1) at bits 0..64, default 5, when bits 0..16 = 1",
        "x.capnp:S@0xe6b58d73c31504f3 method @1 b[2]: A@0xe6b58d73c31504f4(#0)/B@0xe6b58d73c31504f4(A@0xe6b58d73c31504f4,Text) -> Text",
        "x.capnp:S@0xe6b58d73c31504f3 channel 0x0101",
        "x.capnp@0xe6b58d73c31504f3 file",
    ] {
        for (at, _) in good.char_indices() {
            for middle in ["", "@", "0", "(", ".", " ", ":", "é", ", ", "@0x"] {
                for end in [at, at + 1] {
                    let text = format!("{}{middle}{}", &good[..at], &good[end..]);
                    if let Some(line) = Line::parse(&text) {
                        assert_eq!(line.to_string(), text);
                    }
                }
            }
            if let Some(line) = Line::parse(&good[..at]) {
                assert_eq!(line.to_string(), &good[..at]);
            }
        }
    }
}

#[test]
fn only_declared_types_can_be_extended() {
    let good = "x.capnp:S@0xe6b58d73c31504f3 extends B@0xe6b58d73c31504f4";
    assert!(Line::parse(good).is_some());
    assert!(Line::parse("x.capnp:S@0xe6b58d73c31504f3 extends Text").is_none());
}
