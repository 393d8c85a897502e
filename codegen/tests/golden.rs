//! Golden files: what the generator writes for each schema, byte for byte. `UPDATE_GOLDEN=1` rewrites them.

#![allow(clippy::unwrap_used)] // clippy.toml allows it in tests, but not in what tests call

use std::path::{Path, PathBuf};

fn golden_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn generate(schemas: &[&str], typed_only: bool) -> String {
    let dir = tempfile::tempdir().unwrap();
    let mut builder = dsoftbus_codegen::configure()
        .schema_dir(golden_dir())
        .out_dir(dir.path());
    if typed_only {
        builder = builder.raw(false);
    }
    builder.compile(schemas).unwrap();
    std::fs::read_to_string(dir.path().join("dsoftbus.rs")).unwrap()
}

#[track_caller]
fn assert_golden(name: &str, schemas: &[&str]) {
    assert_is_golden(name, &generate(schemas, true));
}

#[track_caller]
fn assert_is_golden(name: &str, generated: &str) {
    let path = golden_dir().join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, generated).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    if generated != stored {
        let line = generated
            .lines()
            .zip(stored.lines())
            .position(|(new, old)| new != old)
            .map_or_else(|| "the end".to_owned(), |line| format!("line {}", line + 1));
        panic!(
            "{name} differs from what is generated, first at {line}: UPDATE_GOLDEN=1 rewrites it"
        );
    }
}

#[test]
fn greeter_is_what_the_golden_file_says() {
    assert_golden("greeter.rs", &["greeter.capnp"]);
}

#[test]
fn samgr_is_what_the_golden_file_says() {
    assert_golden("samgr.rs", &["/dsoftbus/samgr.capnp"]);
}

#[test]
fn bundlemgr_is_what_the_golden_file_says() {
    assert_golden("bundlemgr.rs", &["/dsoftbus/bundlemgr.capnp"]);
}

#[test]
fn broad_is_what_the_golden_file_says() {
    assert_golden("broad.rs", &["broad.capnp", "shared.capnp"]);
}

#[test]
fn each_construct_is_what_its_golden_file_says() {
    for name in [
        "any_pointer",
        "capabilities",
        "constants",
        "generics",
        "groups",
        "inheritance",
        "lists",
        "recursion",
        "renames",
        "streams",
        "unions",
    ] {
        assert_golden(&format!("{name}.rs"), &[&format!("{name}.capnp")]);
    }
}

#[test]
fn types_of_another_crate_are_what_the_golden_file_says() {
    let dir = tempfile::tempdir().unwrap();
    let builder = dsoftbus_codegen::configure()
        .schema_dir(golden_dir())
        .out_dir(dir.path())
        .raw(false);
    [0x16, 0x15, 0x12, 0x03, 0x10]
        .into_iter()
        .fold(builder, |builder, last| {
            builder.extern_module(0xb0a1_b2c3_d4e5_f600 | last, "::base")
        })
        .compile(["external.capnp"])
        .unwrap();
    let generated = std::fs::read_to_string(dir.path().join("dsoftbus.rs")).unwrap();
    assert_is_golden("external.rs", &generated);
}

/// The stored request is what the reference's `capnp compile -o-` gave for `greeter.capnp`; updating it takes that executable.
#[test]
fn a_stored_request_gives_the_same_code_as_its_schema() {
    let path = golden_dir().join("greeter.cgr");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let out = tempfile::tempdir().unwrap();
        let import = out.path().join("dsoftbus");
        std::fs::create_dir(&import).unwrap();
        std::fs::write(import.join("bus.capnp"), dsoftbus_schemas::BUS.text).unwrap();
        let output = std::process::Command::new("capnp")
            .args(["compile", "-o-", "greeter.capnp"])
            .arg(format!("--import-path={}", out.path().display()))
            .current_dir(golden_dir())
            .output()
            .unwrap();
        assert!(output.status.success());
        std::fs::write(&path, output.stdout).unwrap();
    }
    let dir = tempfile::tempdir().unwrap();
    dsoftbus_codegen::configure()
        .out_dir(dir.path())
        .capnp_executable("not-needed")
        .compile_request(&std::fs::read(path).unwrap())
        .unwrap();
    // The reference compiler made the one, the compiler built in the other: only their versions may differ.
    let without_version = |code: String| -> Vec<String> {
        code.lines()
            .filter(|line| !line.starts_with("// capnp binary version: "))
            .map(str::to_owned)
            .collect()
    };
    let stored = std::fs::read_to_string(dir.path().join("dsoftbus.rs")).unwrap();
    assert!(without_version(stored) == without_version(generate(&["greeter.capnp"], false)));
}

#[test]
fn a_schema_may_use_types_of_an_embedded_one_that_is_compiled_too() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(
        dir.path().join("x.capnp"),
        "@0xb0a1b2c3d4e5f609; using Samgr = import \"/dsoftbus/samgr.capnp\"; struct X { info @0 :Samgr.ServiceInfo; }",
    )
    .unwrap();
    dsoftbus_codegen::configure()
        .schema_dir(dir.path())
        .out_dir(dir.path())
        .compile(["x.capnp", "/dsoftbus/samgr.capnp"])
        .unwrap();
    let code = std::fs::read_to_string(dir.path().join("dsoftbus.rs")).unwrap();
    assert!(code.contains("pub info: crate::ServiceInfo"));
}

#[test]
fn absolute_imports_are_looked_up_in_the_directories_that_were_added() {
    let dir = tempfile::tempdir().unwrap();
    let (schemas, added) = (dir.path().join("schemas"), dir.path().join("added"));
    std::fs::create_dir_all(added.join("deep")).unwrap();
    std::fs::create_dir(&schemas).unwrap();
    let text = "@0xb0a1b2c3d4e5f609; using Key = import \"/deep/key.capnp\"; struct Door { size @0 :UInt8 = Key.size; }";
    std::fs::write(schemas.join("door.capnp"), text).unwrap();
    let text = "@0xb0a1b2c3d4e5f60a; const size :UInt8 = 7;";
    std::fs::write(added.join("deep/key.capnp"), text).unwrap();
    let builder = dsoftbus_codegen::configure()
        .schema_dir(&schemas)
        .out_dir(dir.path());
    assert!(matches!(
        builder.compile(["door.capnp"]),
        Err(dsoftbus_codegen::Error::Schema { .. })
    ));
    let nowhere = builder.clone().import_path(dir.path());
    assert_eq!(nowhere.import_path(&added).compile(["door.capnp"]), Ok(()));
    let code = std::fs::read_to_string(dir.path().join("dsoftbus.rs")).unwrap();
    assert!(code.contains("size: 7"));
}

#[test]
fn two_runs_give_the_same_bytes() {
    let schemas = ["broad.capnp", "shared.capnp", "/dsoftbus/samgr.capnp"];
    assert_eq!(generate(&schemas, false), generate(&schemas, false));
}

#[test]
fn generated_code_has_no_unsafe_and_no_use() {
    let typed = generate(&["broad.capnp", "shared.capnp"], true);
    assert!(typed.starts_with("// @generated by dsoftbus-codegen "));
    for line in typed.lines().map(str::trim_start) {
        assert!(
            !line.starts_with("use ") && !line.starts_with("pub use "),
            "{line}"
        );
        assert!(
            line.starts_with("///") || !line.contains("unsafe"),
            "{line}"
        );
    }
}

#[test]
fn relative_paths_work_as_a_build_script_writes_them() {
    // Tests, as build scripts, run in the root of the package.
    for (schema_dir, file) in [
        (".", "tests/golden/greeter.capnp"),
        ("tests/golden", "greeter.capnp"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        dsoftbus_codegen::configure()
            .out_dir(dir.path())
            .schema_dir(schema_dir)
            .compile([file])
            .unwrap();
        let code = std::fs::read_to_string(dir.path().join("dsoftbus.rs")).unwrap();
        assert!(code.contains(&format!(" from {file}. Do not edit.")));
        assert!(code.contains("pub mod greeter_capnp {"));
    }
}

/// The tests of the derive run on a copy made by hand.
#[test]
fn the_derive_is_tested_with_the_message_that_is_generated() {
    let attribute = |code: &str| -> String {
        let (_, rest) = code.split_once("#[diagnostic::on_unimplemented(").unwrap();
        let (arguments, rest) = rest.split_once(")]").unwrap();
        assert!(rest.trim_start().starts_with("pub trait Greeter: "));
        arguments.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let copy = include_str!("../../macros/tests/support/mock.rs");
    let generated = std::fs::read_to_string(golden_dir().join("greeter.rs")).unwrap();
    assert_eq!(attribute(copy), attribute(&generated));
}
