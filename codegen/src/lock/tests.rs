//! What only the schema language can say so far, and what is said to cargo.

#![allow(clippy::unwrap_used)] // clippy.toml allows it in tests, but not in what tests call

use std::path::Path;

use capnp_compiler::{Compiler, MemoryFiles, Request};

use super::{FILE, Mode, guard, request};

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

/// What cargo is told about the schema after, with the lock of the one before.
#[track_caller]
fn guarded(before: &str, after: &str) -> Result<Vec<String>, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(FILE);
    let told = |text: &str, mode| {
        let request = compile(text);
        guard(request.reader().unwrap(), &path, mode, Some("mine"))
    };
    told(before, Mode::Accept).unwrap();
    told(after, Mode::Check)
        .map_err(|error| error.to_string().replace(&path.display().to_string(), FILE))
}
#[test]
fn scratch() {
    for (a, b) in [
        (
            "struct S { a @0 :Int32; b @1 :Text; }",
            "struct S { union { a @0 :Int32; c @2 :Text; } b @1 :Text; }",
        ),
        (
            "struct S { a @0 :Int32; b @1 :Text; }",
            "struct S { union { a @0 :Int32;  b @1 :Text; } }",
        ),
        (
            "struct S { union { a @0 :Int32;  b @1 :Text; } }",
            "struct S { union { b @0 :Int32;  a @1 :Text; } }",
        ),
        (
            "struct S { union { a @1 :Int32;  b @0 :Text; } g :group { x @2 :Void; y @3 :Float32 = -0.0; } enum E { a @0; } }",
            "struct S { union { a @1 :Int32; c @4 :Void; b @0 :Text; } struct E{} }",
        ),
        (
            "struct S { struct T {a @0 :T; } interface J { a @0 [T](x :T) -> S; } b @0 :T; } interface I extends(S.J) { a @0 (x :UInt8) -> (); }",
            "struct U { struct T {a @0 :T; } interface J { a @0 [T](x :T) -> U; }  b @0 :T; } interface I2 extends(U.J) { a @0 (x :UInt8) -> (); }",
        ),
        (
            "struct Box(T) { a @0 :T; struct In(U) { t @0 :T; u @1 :U; self @2 :In(U); o @3 :Box(Text).In(List(Data)); q @4 :Box(T).In(U); } } struct B { i @0 :Box(Text).In(B) = (u = (i = ())); }",
            "struct Box(T) { a @0 :T; }",
        ),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE);
        let request = compile(a);
        guard(request.reader().unwrap(), &path, Mode::Accept, Some("mine")).unwrap();
        println!("=====\n{}", std::fs::read_to_string(path).unwrap());
        match guarded(a, b) {
            Ok(a) => println!("{a:?}"),
            Err(a) => println!("{a}"),
        }
    }
}
