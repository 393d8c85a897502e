//! What is refused, and that the message names the construct, the place, and the way out.

#![allow(clippy::unwrap_used)] // clippy.toml allows it in tests, but not in what tests call

mod tables;

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
        "x.capnp: X: has no channel: annotate it with $Bus.channel(n), n from 0x100 to 0xffff, or pass it as a capability"
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
        refused_one("interface X $Bus.channel(0x100) $Bus.level(2) {}"),
        "x.capnp: X: $Bus.level(2) does not exist: 0 is data only, 1 is with capabilities"
    );
}

#[test]
fn an_interface_that_is_not_data_only_though_it_says_so() {
    assert_eq!(
        refused_one("interface X $Bus.channel(0x100) $Bus.level(0) { m @0 (cb :X) -> (); }"),
        "x.capnp: X.m: carries the capability X, but x.capnp: X has $Bus.level(0): data only. Take the annotation away, or \
         move this to an interface of its own"
    );
}

#[test]
fn sinks_inside_values() {
    let why = "a Sink cannot be part of a value: make it a parameter or result of its own";
    assert_eq!(
        refused_one("struct S { sink @0 :Bus.Sink(Text); }"),
        format!("x.capnp: S.sink: {why}")
    );
    assert_eq!(
        refused_one("interface X $Bus.channel(0x100) { m @0 (sinks :List(Bus.Sink(Text))); }"),
        format!("x.capnp: X.m.sinks: {why}")
    );
}

#[test]
fn members_of_unions_that_meet() {
    assert_eq!(
        refused_one(
            "struct S { union { fooBar @0 :Bool; group :group { FooBar @1 :Bool; } } }"
                .replace(
                    "group :group { FooBar @1 :Bool; }",
                    "fooBAR @1 :Bool $Bus.name(\"fooBar\");"
                )
                .as_str()
        ),
        "x.capnp: S.fooBAR: is called `FooBar` in Rust, as x.capnp: S.fooBar is: rename one of them"
    );
    assert_eq!(
        refused_one("struct S { union { unknown @0 :Void; unknownValue @1 :Void; } }"),
        "x.capnp: S: S.unknown and S.unknownValue leave no name for values that are not in the schema: rename one of them"
    );
    assert_eq!(
        refused_one("struct S { which @0 :Bool; union { a @1 :Void; b @2 :Void; } }"),
        "x.capnp: S.which: is called `which` in Rust, as the union without a name is: rename it with $Bus.name, or name the \
         union"
    );
}

#[test]
fn groups_that_meet_nested_types() {
    assert_eq!(
        refused_one("struct S { foo :group { a @0 :Bool; } struct Foo {} }"),
        "x.capnp: S.Foo: needs the Rust name `Foo`, which x.capnp: S.foo has already: rename one of them"
    );
    assert_eq!(
        refused_one(
            "struct S { union { a @0 :Void; b @1 :Void; } c @2 :Bool; enum Which { x @0; } }"
        ),
        "x.capnp: S.Which: needs the Rust name `Which`, which x.capnp: S has already: rename one of them"
    );
    // One of them is given another name.
    let dir = tempfile::tempdir().unwrap();
    write(
        dir.path(),
        "x.capnp",
        0,
        "struct S { foo :group $Bus.name(\"bar\") { a @0 :Bool; } struct Foo {} }",
    );
    let builder = dsoftbus_codegen::configure()
        .schema_dir(dir.path())
        .out_dir(dir.path());
    assert_eq!(builder.compile(["x.capnp"]), Ok(()));
}

#[test]
fn generic_types_that_never_end() {
    let why = "needs the same type again with a larger argument, and so without end: pass the type parameter on as it is, or \
               make the field an AnyPointer";
    assert_eq!(
        refused_one("struct A(T) { value @0 :T; next @1 :A(A(T)); }"),
        format!("x.capnp: A.next: {why}")
    );
    assert_eq!(
        refused_one(
            "struct A(T) { value @0 :T; b @1 :List(B(T)); } struct B(T) { a @0 :A(C(T)); } struct C(T) { value @0 :T; }"
        ),
        format!("x.capnp: B.a: {why}")
    );
}

#[test]
fn defaults_that_never_end() {
    assert_eq!(
        refused_one("struct A { list @0 :List(A) = [()]; }"),
        "x.capnp: A.list: has a default that can contain the struct it is in, which reads as that default again: leave the \
         default out"
    );
}

#[test]
fn names_that_are_none() {
    assert_eq!(
        refused_one("struct S { a @0 :Bool $Bus.name(\"foo-bar\"); b @1 :Bool $Bus.name(\"\"); }"),
        "2 problems in the schemas:\n  \
         x.capnp: S.a: `foo-bar` cannot be a name: use letters and digits, with a letter in front\n  \
         x.capnp: S.b: `` cannot be a name: use letters and digits, with a letter in front"
    );
    assert_eq!(
        refused_one("struct S $Bus.name(\"1st\") {}"),
        "x.capnp: S: `1st` cannot be a name: use letters and digits, with a letter in front"
    );
}

#[test]
fn files_of_another_crate_that_are_not_imported_or_named_here() {
    let dir = tempfile::tempdir().unwrap();
    write(
        dir.path(),
        "a.capnp",
        0,
        "using B = import \"b.capnp\"; struct A { b @0 :B.B; }",
    );
    write(dir.path(), "b.capnp", 1, "struct B {}");
    let builder = |id, path| {
        dsoftbus_codegen::configure()
            .schema_dir(dir.path())
            .out_dir(dir.path().join("out"))
            .extern_module(id, path)
    };
    let b = 0xb0a1_b2c3_d4e5_f601;
    assert_eq!(
        builder(5, "::other")
            .compile(["a.capnp", "b.capnp"])
            .unwrap_err()
            .to_string(),
        "no schema imports the file with ID 0x5 that `extern_module` says `other` has: correct the ID, or leave it out"
    );
    assert_eq!(
        builder(b, "::other")
            .compile(["a.capnp", "b.capnp"])
            .unwrap_err()
            .to_string(),
        "the file with ID 0xb0a1b2c3d4e5f601 is named to `compile`, and to `extern_module` as one that `other` has: name it to \
         one of them"
    );
    assert_eq!(
        builder(b, "other-crate").compile(["a.capnp"]),
        Err(dsoftbus_codegen::Error::BadModule("other-crate".to_owned()))
    );
    assert_eq!(builder(b, "::other").compile(["a.capnp"]), Ok(()));
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
    assert_eq!(
        refused_one("struct XMock {} interface X $Bus.channel(0x100) {}"),
        "x.capnp: X: needs the Rust name `XMock`, which x.capnp: XMock has already: rename one of them"
    );
    assert_eq!(
        refused_one("struct S { any @0 :AnyPointer; } struct SPipeline {}"),
        "x.capnp: SPipeline: needs the Rust name `SPipeline`, which x.capnp: S has already: rename one of them"
    );
    assert_eq!(
        refused_one(
            "interface X $Bus.channel(0x100) { m @0 () -> (a :Bool, b :Bool); struct MResults { a @0 :Bool; } }"
        ),
        "x.capnp: X.MResults: needs the Rust name `MResults`, which x.capnp: X.m has already: rename one of them"
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
        "x.capnp: E: E.unknown and E.unknownValue leave no name for values that are not in the schema: rename one of them"
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
        "a.capnp: A.b: is of `b.capnp`, which is imported but not compiled: add that file to `compile`, or say with `extern_module` which crate has it"
    );
    assert_eq!(
        compile(&["c.capnp"]).unwrap_err().to_string(),
        "c.capnp: C.m: its parameters are `b.capnp:B`, whose file is imported but not compiled: add that file to `compile`, or say with `extern_module` which crate has it"
    );
    assert_eq!(compile(&["a.capnp", "b.capnp", "c.capnp"]), Ok(()));
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
