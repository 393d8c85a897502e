//! Compiles and runs what the generator writes, against a mock of the runtime.

#![allow(clippy::unwrap_used)] // clippy.toml allows it in tests, but not in what tests call

use std::path::{Path, PathBuf};

/// What generated code must not trip over in the crate that includes it.
const LINTS: &str = "#![deny(warnings, missing_docs, missing_debug_implementations, unreachable_pub, unnameable_types, \
    elided_lifetimes_in_paths, unused_qualifications, single_use_lifetimes)]\n#![forbid(unsafe_code)]\n#![allow(unused_extern_crates)]\n//! Test.\n";

/// Writes a program that includes the generated code at `module` and runs `tests/compile/<name>.rs`.
fn program(name: &str, schemas: &[&str], module: &str) -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    dsoftbus_codegen::configure()
        .schema_dir(tests.join("golden"))
        .out_dir(&dir)
        .parent_module(module)
        .compile(schemas)
        .unwrap();
    let include = format!("include!({:?});", dir.join("dsoftbus.rs"));
    let include = module
        .rsplit("::")
        .filter(|part| !part.is_empty())
        .fold(include, |inner, part| {
            format!("/// Module.\npub mod {part} {{ {inner} }}")
        });
    let text = format!(
        "{LINTS}extern crate self as dsoftbus;\nextern crate self as dsoftbus_proto;\n\
         #[allow(missing_docs, clippy::all, missing_debug_implementations, unused)]\n#[path = {:?}]\npub mod mock;\npub use mock::*;\n\
         #[allow(unused_qualifications)]\n#[path = {:?}]\n#[doc(hidden)]\npub mod __private;\n{include}\n\
         #[allow(missing_docs, unused, unused_qualifications, unreachable_pub)]\n#[path = {:?}]\nmod cases;\nfn main() {{ cases::main() }}\n",
        tests.join("compile/mock.rs"),
        tests.join("../../runtime/src/private.rs"),
        tests.join(format!("compile/{name}.rs")),
    );
    let path = dir.join("main.rs");
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn generated_code_compiles_without_warnings_and_round_trips_every_type() {
    let cases = trybuild::TestCases::new();
    cases.pass(program("broad", &["broad.capnp", "shared.capnp"], ""));
    cases.pass(program("nested", &["greeter.capnp"], "api"));
    cases.pass(program(
        "bundled",
        &[
            "/dsoftbus/samgr.capnp",
            "/dsoftbus/bundlemgr.capnp",
            "/dsoftbus/bus.capnp",
        ],
        "api::schemas",
    ));
}
