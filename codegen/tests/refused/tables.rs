//! Refusals as tables: a schema, and exactly what is said of it.

use super::{refused, refused_one, write};

/// Compiles each schema alone, and compares what is said of it.
#[track_caller]
fn each(table: &[(&str, &str)]) {
    for (schema, expected) in table {
        assert_eq!(
            refused_one(schema),
            format!("x.capnp: {expected}"),
            "{schema}"
        );
    }
}

#[test]
fn items_of_sinks_that_are_neither_struct_nor_list_nor_text_nor_data() {
    for (item, what) in [
        ("Bus.Sink(X)", "an interface"),
        ("Bus.Sink(AnyPointer)", "AnyPointer"),
    ] {
        let why = format!(
            "{what} cannot be the item of a Sink, which is a struct, a list, Text or Data: wrap it in a struct"
        );
        assert_eq!(
            refused_one(&format!(
                "interface X $Bus.channel(0x100) {{ m @0 (sink :{item}) -> (); }}"
            )),
            format!("x.capnp: X.m.sink: {why}")
        );
        assert_eq!(
            refused_one(&format!(
                "interface X $Bus.channel(0x100) {{ m @0 () -> (sink :{item}); }}"
            )),
            format!("x.capnp: X.m.sink: {why}")
        );
    }
    each(&[
        (
            "interface X $Bus.channel(0x100) { m @0 [T] (sink :Bus.Sink(T)) -> (); }",
            "X.m.sink: AnyPointer cannot be the item of a Sink, which is a struct, a list, Text or Data: wrap it in a struct",
        ),
        (
            "interface X $Bus.channel(0x100) { m @0 (sink :Bus.Sink) -> (); }",
            "X.m.sink: is a Sink of nothing in particular: say what it takes, as in `Bus.Sink(Text)`",
        ),
        (
            "interface X $Bus.channel(0x100) { m @0 (sink :Bus.Sink(Bus.Sink(Text))) -> (); }",
            "X.m.sink: a Sink cannot be part of a value: make it a parameter or result of its own",
        ),
    ]);
}

#[test]
fn items_that_are_no_pointers_are_to_be_wrapped() {
    let head = "enum Color { red @0; } interface X $Bus.channel(0x100) { m @0 (sink :Bus.Sink(";
    for item in ["UInt32", "Bool", "Color", "Capability"] {
        let message = refused_one(&format!("{head}{item})) -> (); }}"));
        let (start, said) = message.split_once("x.capnp:").unwrap();
        assert!(
            start.starts_with("the schemas do not compile:\n"),
            "{message}"
        );
        let column = head.len() + 1;
        let (indent, marks) = (" ".repeat(head.len()), "^".repeat(item.len()));
        assert_eq!(
            said,
            format!(
                "3:{column}: error: only pointer types can be used as generic parameters\n  |\n\
                 3 | {head}{item})) -> (); }}\n  | {indent}{marks}\n\
                 wrap what is none in a struct, also as the item of a Sink"
            )
        );
    }
}

#[test]
fn sinks_that_stand_for_a_type_parameter() {
    let why = "a Sink cannot be part of a value: make it a parameter or result of its own";
    each(&[
        (
            "struct Box(T) { value @0 :T; } interface X $Bus.channel(0x100) { m @0 Box(Bus.Sink(Text)) -> (); }",
            &format!("X.m: {why}"),
        ),
        (
            "struct Box(T) { value @0 :T; } interface X $Bus.channel(0x100) { m @0 () -> Box(Bus.Sink(Text)); }",
            &format!("X.m: {why}"),
        ),
        (
            "interface Base(T) { m @0 (value :T) -> (); } interface X extends(Base(Bus.Sink(Text))) $Bus.channel(0x100) {}",
            &format!("X: {why}"),
        ),
    ]);
}

#[test]
fn interfaces_that_are_not_data_only_though_they_say_so() {
    let head = "interface X $Bus.channel(0x100) $Bus.level(0)";
    for (schema, problem) in [
        (
            format!("{head} {{ m @0 () -> stream; }}"),
            "X.m: `-> stream` is flow controlled by capnp-rpc",
        ),
        (
            format!("{head} {{ m @0 (sink :Bus.Sink(Text)) -> (); }}"),
            "X.m: carries a stream (Bus.Sink)",
        ),
        (
            format!("{head} {{ m @0 () -> (any :AnyPointer); }}"),
            "X.m: carries an AnyPointer, which may hold a capability",
        ),
        (
            format!("{head} {{ m @0 [T] (value :T) -> (); }}"),
            "X.m: carries an AnyPointer, which may hold a capability",
        ),
        (
            format!("{head} {{ m @0 (object :Capability) -> (); }}"),
            "X.m: carries a capability",
        ),
        (
            "interface X(T) $Bus.channel(0x100) $Bus.level(0) { m @0 (value :T) -> (); }".to_owned(),
            "X.m: carries the type parameter T, which may be a capability",
        ),
        (
            "interface Door { open @0 (by :Door) -> (); } interface X extends(Door) $Bus.channel(0x100) $Bus.level(0) {}".to_owned(),
            "Door.open: carries the capability Door",
        ),
        (
            format!("struct House {{ rooms @0 :List(Room); }} struct Room {{ door :group {{ open @0 :X; }} }} {head} {{ m @0 (house :House) -> (); }}"),
            "X.m: carries the capability X",
        ),
        (
            format!("struct House {{ door @0 :X; }} {head} {{ m @0 () -> House; }}"),
            "X.m: carries the capability X",
        ),
        (
            format!("struct Box(T) {{ value @0 :T; }} {head} {{ m @0 (box :Box(X)) -> (); }}"),
            "X.m: carries the capability X",
        ),
    ] {
        assert_eq!(
            refused_one(&schema),
            format!(
                "x.capnp: {problem}, but x.capnp: X has $Bus.level(0): data only. Take the annotation away, or move this to an \
                 interface of its own"
            ),
            "{schema}"
        );
    }
}

#[test]
fn names_that_meet_inside_one_declaration() {
    each(&[
        (
            "enum E { fooBar @0; fooBAR @1 $Bus.name(\"fooBar\"); }",
            "E.fooBAR: is called `FooBar` in Rust, as x.capnp: E.fooBar is: rename one of them",
        ),
        (
            "interface X $Bus.channel(0x100) { m @0 (fooBar :Bool, fooBAR :Bool) -> (); }",
            "X.m.fooBAR: is called `foo_bar` in Rust, as x.capnp: X.m.fooBar is: rename one of them",
        ),
        // `cx` is the context's.
        (
            "interface X $Bus.channel(0x100) { m @0 (cx :Bool, other :Bool $Bus.name(\"cx\")) -> (); }",
            "X.m.other: is called `cx_` in Rust, as x.capnp: X.m.cx is: rename one of them",
        ),
        (
            "interface X $Bus.channel(0x100) { m @0 () -> (fooBar :Bool, fooBAR :Bool); }",
            "X.m.fooBAR: is called `foo_bar` in Rust, as x.capnp: X.m.fooBar is: rename one of them",
        ),
        (
            "const fooBar :UInt8 = 1; const fooBAR :UInt8 = 2;",
            "fooBAR: needs the Rust name `FOO_BAR`, which x.capnp: fooBar has already: rename one of them",
        ),
    ]);
}

#[test]
fn parameters_and_results_of_files_that_are_not_compiled() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "b.capnp", 1, "struct B {}");
    for (signature, what) in [("B.B -> ()", "parameters"), ("() -> B.B", "results")] {
        let schema = format!(
            "using B = import \"b.capnp\"; interface X $Bus.channel(0x100) {{ m @0 {signature}; }}"
        );
        write(dir.path(), "x.capnp", 0, &schema);
        let result = dsoftbus_codegen::configure()
            .schema_dir(dir.path())
            .out_dir(dir.path().join("out"))
            .compile(["x.capnp"]);
        assert_eq!(
            result.unwrap_err().to_string(),
            format!(
                "x.capnp: X.m: its {what} are `b.capnp:B`, whose file is imported but not compiled: add that file to \
                 `compile`, or say with `extern_module` which crate has it"
            )
        );
    }
}

/// The real file keeps these to fields and files; one of the same IDs need not.
#[test]
fn annotations_of_rust_capnp_anywhere() {
    let rust = "annotation parentModule @0xabee386cd1450364 (*) :Text; annotation option @0xabfef22c4ee1964e (*) :Void;";
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(
        dir.path().join("rust.capnp"),
        format!("@0x83b3c14c3c8dd083; {rust}"),
    )
    .unwrap();
    for (schema, place) in [
        ("$Rust.parentModule(\"a\"); struct S {}", "x.capnp"),
        ("struct S $Rust.option {}", "x.capnp: S"),
        ("struct S { a @0 :Text $Rust.option; }", "x.capnp: S.a"),
        (
            "struct S { a :group $Rust.option { b @0 :Text; } }",
            "x.capnp: S.a",
        ),
        (
            "struct S { a :group { b @0 :Text $Rust.option; } }",
            "x.capnp: S.a.b",
        ),
        ("enum E $Rust.option { a @0; }", "x.capnp: E"),
        ("enum E { a @0 $Rust.option; }", "x.capnp: E.a"),
        (
            "interface X $Bus.channel(0x100) $Rust.option {}",
            "x.capnp: X",
        ),
        (
            "interface X $Bus.channel(0x100) { m @0 () -> () $Rust.option; }",
            "x.capnp: X.m",
        ),
        (
            "interface X $Bus.channel(0x100) { m @0 (a :Text $Rust.option) -> (); }",
            "x.capnp: X.m.a",
        ),
    ] {
        let text = format!("using Rust = import \"rust.capnp\"; {schema}");
        write(dir.path(), "x.capnp", 0, &text);
        let result = dsoftbus_codegen::configure()
            .schema_dir(dir.path())
            .out_dir(dir.path().join("out"))
            .compile(["x.capnp"]);
        assert_eq!(
            result.unwrap_err().to_string(),
            format!("{place}: of the annotations of rust.capnp only `name` is supported"),
            "{schema}"
        );
    }
}

/// A schema with a `bus.capnp` that is newer than the generator.
#[test]
fn a_code_that_is_no_status_code() {
    let dir = tempfile::tempdir().unwrap();
    let known = dsoftbus_schemas::BUS.text;
    let newer = known.replace(
        "unauthenticated @15;",
        "unauthenticated @15; unheardOf @16;",
    );
    assert_ne!(newer, known);
    std::fs::write(dir.path().join("bus.capnp"), newer).unwrap();
    let schema = "@0xb0a1b2c3d4e5f600; using Bus = import \"bus.capnp\"; enum E $Bus.errors { a @0 $Bus.code(unheardOf); }";
    std::fs::write(dir.path().join("x.capnp"), schema).unwrap();
    let result = dsoftbus_codegen::configure()
        .schema_dir(dir.path())
        .out_dir(dir.path().join("out"))
        .compile(["x.capnp"]);
    assert_eq!(
        result.unwrap_err().to_string(),
        "x.capnp: E.a: $Bus.code is 16, which is no status code"
    );
}

/// Problems of several files, and of several kinds, come together.
#[test]
fn every_problem_is_reported_at_once() {
    assert_eq!(
        refused(&[
            ("a.capnp", "enum E {}"),
            ("b.capnp", "struct S { sink @0 :Bus.Sink(Text); }"),
        ]),
        "2 problems in the schemas:\n  \
         a.capnp: E: an enum without values is not supported: give it one\n  \
         b.capnp: S.sink: a Sink cannot be part of a value: make it a parameter or result of its own"
    );
}
