//! What is refused, and that the message names the construct, the place, and the way out.

#![allow(clippy::unwrap_used)] // clippy.toml allows it in tests, but not in what tests call

use std::path::Path;

const HEAD: &str = "using Bus = import \"/dsoftbus/bus.capnp\";\n";

/// Compiles files given as (name, text without file ID and imports) and returns the message.
#[track_caller]
fn refused(files: &[(&str, &str)]) -> String {
    let dir = tempfile::tempdir().unwrap();
    for (index, (name, text)) in files.iter().enumerate() {
        write(dir.path(), name, index, text);
    }
    let result = dsoftbus_codegen::configure()
        .schema_dir(dir.path())
        .out_dir(dir.path().join("out"))
        .compile(files.iter().map(|(name, _)| name));
    assert!(
        !dir.path().join("out/dsoftbus.rs").exists(),
        "code was written"
    );
    result.unwrap_err().to_string()
}

fn write(dir: &Path, name: &str, index: usize, text: &str) {
    let path = dir.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, format!("@0xb0a1b2c3d4e5f60{index};\n{HEAD}{text}\n")).unwrap();
}

#[track_caller]
fn refused_one(text: &str) -> String {
    refused(&[("x.capnp", text)])
}

#[test]
fn an_interface_without_a_channel() {
    assert_eq!(
        refused_one("interface X {}"),
        "x.capnp: X: has no channel: annotate it with $Bus.channel(n), n from 0x100 to 0xffff"
    );
}

#[test]
fn a_channel_of_the_fabric() {
    assert_eq!(
        refused_one("interface X $Bus.channel(2) {}"),
        "x.capnp: X: channel 0x0002 is reserved for the fabric itself: choose one from 0x100 to 0xffff"
    );
}

#[test]
fn a_channel_of_our_own_services_unless_allowed() {
    let text = "interface X $Bus.channel(0x20) {}";
    assert_eq!(
        refused_one(text),
        "x.capnp: X: channel 0x0020 is reserved for services of DSoftBus-lite: choose one from 0x100 to 0xffff"
    );
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "x.capnp", 0, text);
    let allowed = dsoftbus_codegen::configure()
        .schema_dir(dir.path())
        .out_dir(dir.path())
        .allow_reserved();
    assert_eq!(allowed.compile(["x.capnp"]), Ok(()));
}

#[test]
fn a_channel_of_two_interfaces() {
    assert_eq!(
        refused(&[
            ("a.capnp", "interface A $Bus.channel(0x100) {}"),
            ("b.capnp", "interface B $Bus.channel(0x100) {}"),
        ]),
        "b.capnp: B: channel 0x0100 is already that of a.capnp: A"
    );
}

#[test]
fn two_channels_or_levels_of_one_interface() {
    assert_eq!(
        refused_one("interface X $Bus.channel(0x100) $Bus.channel(0x101) {}"),
        "x.capnp: X: $Bus.channel is given more than once"
    );
    assert_eq!(
        refused_one("interface X $Bus.channel(0x100) $Bus.level(0) $Bus.level(0) {}"),
        "x.capnp: X: $Bus.level is given more than once"
    );
    assert_eq!(
        refused_one("interface X $Bus.channel(0x100) $Bus.level(1) {}"),
        "x.capnp: X: $Bus.level(1) is not supported yet: only level 0, data without capabilities, is"
    );
}

#[test]
fn unions_and_groups() {
    assert_eq!(
        refused_one("struct S { union { a @0 :Bool; b @1 :Bool; } }"),
        "x.capnp: S: unions are not supported yet: use an enum and one field for each case"
    );
    assert_eq!(
        refused_one("struct S { g :group { a @0 :Bool; } }"),
        "x.capnp: S.g: a group is not supported yet: make it a struct of its own"
    );
}

#[test]
fn generics() {
    assert_eq!(
        refused_one("struct S(T) { a @0 :List(U); struct U { t @0 :T; } }")
            .lines()
            .nth(1)
            .unwrap()
            .trim(),
        "x.capnp: S: generic structs are not supported yet: write one struct for each type"
    );
    let message = refused_one("struct S(T) { a @0 :T; } struct U { b @0 :S(Text); }");
    assert!(
        message.contains("\n  x.capnp: S.a: a generic parameter is not supported yet: write one struct for each type"),
        "{message}"
    );
    assert!(
        message.contains(
            "\n  x.capnp: U.b: a generic type is not supported yet: write one struct for each type"
        ),
        "{message}"
    );
    let message = refused_one("interface X(T) $Bus.channel(0x100) { m @0 (a :T); }");
    assert!(
        message.contains("x.capnp: X: generic interfaces are not supported yet"),
        "{message}"
    );
}

#[test]
fn capabilities_and_any_pointer() {
    let message = refused_one(
        "interface X $Bus.channel(0x100) { m @0 (cb :X, list :List(X)) -> (any :AnyPointer, cap :Capability); }",
    );
    for line in [
        "x.capnp: X.m.cb: an interface as a value is not supported yet: pass the name of a service and let the caller open it",
        "x.capnp: X.m.list: an interface as a value is not supported yet: pass the name of a service and let the caller open it",
        "x.capnp: X.m.any: AnyPointer is not supported: use Data, or a struct",
        "x.capnp: X.m.cap: Capability is not supported yet: pass the name of a service and let the caller open it",
    ] {
        assert!(
            message.lines().any(|found| found.trim() == line),
            "{line}\nnot in\n{message}"
        );
    }
    assert!(
        message.starts_with("4 problems in the schemas:\n"),
        "{message}"
    );
}

#[test]
fn extends() {
    assert_eq!(
        refused_one(
            "interface A $Bus.channel(0x100) {} interface B extends(A) $Bus.channel(0x101) {}"
        ),
        "x.capnp: B: `extends` is not supported yet: repeat the methods"
    );
}

#[test]
fn streaming_methods() {
    let dir = tempfile::tempdir().unwrap();
    write(
        dir.path(),
        "x.capnp",
        0,
        "interface X $Bus.channel(0x100) { m @0 (a :Bool) -> stream; }",
    );
    // The compiler looks this up by itself; it is not installed everywhere.
    let standard = dir.path().join("capnp");
    std::fs::create_dir(&standard).unwrap();
    std::fs::write(
        standard.join("stream.capnp"),
        "@0x86c366a91393f3f8; struct StreamResult @0x995f9a3377c0b16e {}",
    )
    .unwrap();
    let result = dsoftbus_codegen::configure()
        .schema_dir(dir.path())
        .import_path(dir.path())
        .out_dir(dir.path())
        .compile(["x.capnp"]);
    assert_eq!(
        result.unwrap_err().to_string(),
        "x.capnp: X.m: `-> stream` is not supported yet: answer each call"
    );
}

#[test]
fn constants_of_struct_and_list_types() {
    let why =
        "constants of struct and list types are not supported yet: use a number, Text or Data";
    assert_eq!(
        refused_one("struct S { a @0 :Bool; } const s :S = (a = true);"),
        format!("x.capnp: s: {why}")
    );
    assert_eq!(
        refused_one("const l :List(UInt8) = [1];"),
        format!("x.capnp: l: {why}")
    );
}

#[test]
fn structs_that_contain_themselves() {
    assert_eq!(
        refused_one("struct A { b @0 :B; } struct B { list @0 :List(A); a @1 :A; }"),
        "2 problems in the schemas:\n  \
         x.capnp: A.b: makes the struct contain itself: use a List, which may be empty\n  \
         x.capnp: B.a: makes the struct contain itself: use a List, which may be empty"
    );
}

#[test]
fn names_that_meet_in_rust() {
    assert_eq!(
        refused_one("struct S { fooBar @0 :Bool; fooBAR @1 :Bool; }"),
        "x.capnp: S.fooBAR: is called `foo_bar` in Rust, as x.capnp: S.fooBar is: rename one of them"
    );
    assert_eq!(
        refused_one("interface X $Bus.channel(0x100) { getUrl @0 () -> (); getURL @1 () -> (); }"),
        "2 problems in the schemas:\n  \
         x.capnp: X.getURL: is called `get_url` in Rust, as x.capnp: X.getUrl is: rename one of them\n  \
         x.capnp: X.getURL: needs the Rust name `METHOD_GET_URL`, which x.capnp: X.getUrl has already: rename one of them"
    );
    assert_eq!(
        refused(&[("a.capnp", "struct S {}"), ("b.capnp", "struct S {}")]),
        "b.capnp: S: needs the Rust name `S`, which a.capnp: S has already: rename one of them"
    );
    assert_eq!(
        refused_one("struct XClient {} interface X $Bus.channel(0x100) {}"),
        "x.capnp: X: needs the Rust name `XClient`, which x.capnp: XClient has already: rename one of them"
    );
    let message = refused_one(
        "interface X $Bus.channel(0x100) { m @0 () -> (a :Bool, b :Bool); struct MResults { a @0 :Bool; } }",
    );
    assert!(
        message.contains(
            "x.capnp: X.MResults: meets the struct that x.capnp: X.m makes: rename one of them"
        ),
        "{message}"
    );
    assert_eq!(
        refused_one("interface X $Bus.channel(0x100) { const channel :UInt8 = 1; }"),
        "x.capnp: X.channel: needs the Rust name `CHANNEL`, which x.capnp: X has already: rename one of them"
    );
    assert_eq!(
        refused(&[("a/x.capnp", "struct A {}"), ("b/x.capnp", "struct B {}")]),
        "b/x.capnp: the file: needs the Rust name `x_capnp`, which a/x.capnp: the file has already: rename one of them"
    );
}

#[test]
fn enumerants_without_a_name_for_the_unknown() {
    assert_eq!(
        refused_one("enum E { unknown @0; unknownValue @1; }"),
        "x.capnp: E: `unknown` and `unknownValue` leave no name for values that are not in the schema: rename one of them"
    );
}

#[test]
fn an_enum_without_values() {
    assert_eq!(
        refused_one("enum E {}"),
        "x.capnp: E: an enum without values is not supported: give it one"
    );
}

#[test]
fn codes_and_errors_out_of_place() {
    assert_eq!(
        refused_one("enum E { a @0 $Bus.code(notFound); }"),
        "x.capnp: E.a: $Bus.code has a meaning only in an enum with $Bus.errors"
    );
    assert_eq!(
        refused_one("enum E $Bus.errors { a @0; } struct S { e @0 :E; }"),
        "x.capnp: S.e: an enum with $Bus.errors as a value is not supported"
    );
}

#[test]
fn types_of_files_that_are_not_compiled() {
    let dir = tempfile::tempdir().unwrap();
    write(
        dir.path(),
        "a.capnp",
        0,
        "using B = import \"b.capnp\"; struct A { b @0 :B.B; }",
    );
    write(dir.path(), "b.capnp", 1, "struct B {}");
    write(
        dir.path(),
        "c.capnp",
        2,
        "using B = import \"b.capnp\"; interface C $Bus.channel(0x100) { m @0 B.B -> (); }",
    );
    let compile = |files: &[&str]| {
        dsoftbus_codegen::configure()
            .schema_dir(dir.path())
            .out_dir(dir.path().join("out"))
            .compile(files)
    };
    assert_eq!(
        compile(&["a.capnp"]).unwrap_err().to_string(),
        "a.capnp: A.b: is of `b.capnp`, which is imported but not compiled: add that file to `compile`"
    );
    assert_eq!(
        compile(&["c.capnp"]).unwrap_err().to_string(),
        "c.capnp: C.m: its parameters are `b.capnp:B`, whose file is imported but not compiled: add that file to `compile`"
    );
    assert_eq!(compile(&["a.capnp", "b.capnp", "c.capnp"]), Ok(()));
}

#[test]
fn annotations_of_rust_capnp() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(
        dir.path().join("rust.capnp"),
        "@0x83b3c14c3c8dd083; annotation option @0xabfef22c4ee1964e (field) :Void;",
    )
    .unwrap();
    write(
        dir.path(),
        "x.capnp",
        0,
        "using Rust = import \"rust.capnp\"; struct S { a @0 :Text $Rust.option; }",
    );
    let result = dsoftbus_codegen::configure()
        .schema_dir(dir.path())
        .out_dir(dir.path())
        .compile(["x.capnp"]);
    assert_eq!(
        result.unwrap_err().to_string(),
        "x.capnp: S.a: of the annotations of rust.capnp only `name` is supported"
    );
}

#[test]
fn an_absent_compiler_says_how_to_get_it() {
    let dir = tempfile::tempdir().unwrap();
    let result = dsoftbus_codegen::configure()
        .schema_dir(dir.path())
        .out_dir(dir.path())
        .capnp_executable("no-such-capnp")
        .compile(["x.capnp"]);
    let error = result.unwrap_err();
    assert!(matches!(
        error,
        dsoftbus_codegen::Error::NotInstalled { .. }
    ));
    // Build scripts print `Debug`.
    assert_eq!(
        format!("{error:?}"),
        "`no-such-capnp` was not found: leave `capnp_executable` out to use the compiler built in, or install this \
         one (`apt-get install capnproto`, `brew install capnp`)"
    );
}

#[test]
fn a_schema_that_does_not_compile_shows_what_the_compiler_said() {
    let message = refused_one("struct S { a @0 :Missing; }");
    assert!(
        message.starts_with("the schemas do not compile:\n"),
        "{message}"
    );
    assert!(message.contains("Missing"), "{message}");
}

#[test]
fn bytes_that_are_no_request() {
    let dir = tempfile::tempdir().unwrap();
    let builder = dsoftbus_codegen::configure().out_dir(dir.path());
    for bytes in [&b""[..], b"\0\0\0\0", b"not a message at all"] {
        let error = builder.compile_request(bytes).unwrap_err();
        assert!(
            matches!(error, dsoftbus_codegen::Error::Request(_)),
            "{error}"
        );
    }
}

#[test]
fn nothing_to_compile_and_a_module_that_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let builder = dsoftbus_codegen::configure()
        .schema_dir(dir.path())
        .out_dir(dir.path());
    assert_eq!(
        builder.compile(Vec::<&str>::new()),
        Err(dsoftbus_codegen::Error::NothingToDo)
    );
    assert_eq!(
        builder
            .parent_module("a::b-c")
            .compile(["/dsoftbus/samgr.capnp"]),
        Err(dsoftbus_codegen::Error::BadModule("a::b-c".to_owned()))
    );
}
