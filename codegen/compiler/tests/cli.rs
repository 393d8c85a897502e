//! The executable, as a user or a build script calls it.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn run(dir: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_capnp-compiler"));
    command.args(arguments).current_dir(dir).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// A directory with a schema in `src` that imports another from `include`.
fn project() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, schema) in [
        (
            "src/a.capnp",
            "@0xd3f8c1a25b7e9046; using B = import \"/b.capnp\".B; struct A { b @0 :B; }",
        ),
        (
            "include/b.capnp",
            "@0xd3f8c1a25b7e9047; struct B { x @0 :Int32; }",
        ),
        ("src/wrong.capnp", "struct A { b @0 :Txet }"),
    ] {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, schema).unwrap();
    }
    dir
}

fn file_names(request: &[u8]) -> Vec<String> {
    let message = capnp::serialize::read_message(request, Default::default()).unwrap();
    let request = message
        .get_root::<capnp::schema_capnp::code_generator_request::Reader<'_>>()
        .unwrap();
    let files = request.get_requested_files().unwrap();
    files
        .iter()
        .map(|file| file.get_filename().unwrap().to_string().unwrap())
        .collect()
}

#[test]
fn the_request_goes_to_the_standard_output() {
    let dir = project();
    let output = run(
        dir.path(),
        &[
            "compile",
            "-Iinclude",
            "--src-prefix=src",
            "-o-",
            "src/a.capnp",
        ],
    );
    assert_eq!((text(&output.stderr), output.status.success()), ("", true));
    assert_eq!(file_names(&output.stdout), ["a.capnp"]);
}

#[cfg(unix)]
#[test]
fn plugins_are_looked_up_in_the_path_and_run_in_their_directory() {
    let dir = project();
    let plugin = dir.path().join("capnpc-test");
    fs::write(&plugin, "#!/bin/sh\ncat > request\n").unwrap();
    fs::set_permissions(&plugin, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    fs::create_dir(dir.path().join("out")).unwrap();
    let path = format!(
        "{}:{}",
        dir.path().display(),
        std::env::var("PATH").unwrap()
    );
    let output = Command::new(env!("CARGO_BIN_EXE_capnp-compiler"))
        .args([
            "compile",
            "-I",
            "include",
            "-otest:out",
            "-o./capnpc-test",
            "src/a.capnp",
        ])
        .current_dir(dir.path())
        .env("PATH", path)
        .output()
        .unwrap();
    assert_eq!((text(&output.stderr), output.status.success()), ("", true));
    for request in ["out/request", "request"] {
        let request = fs::read(dir.path().join(request)).unwrap();
        assert_eq!(file_names(&request), ["src/a.capnp"]);
    }
}

#[test]
fn errors_are_shown_and_the_exit_code_says_so() {
    let dir = project();
    for command in [
        &["check", "src/wrong.capnp"][..],
        &["compile", "-o-", "src/wrong.capnp"],
    ] {
        let output = run(dir.path(), command);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), ""));
        let shown = text(&output.stderr);
        assert!(shown.starts_with("src/wrong.capnp:1:"), "{shown}");
        assert!(!shown.contains('\x1b'), "{shown}");
    }
}

#[test]
fn a_missing_import_or_file_is_an_error() {
    let dir = project();
    for file in ["src/a.capnp", "src/none.capnp"] {
        let output = run(dir.path(), &["check", file]);
        assert_eq!(output.status.code(), Some(1));
        assert!(
            text(&output.stderr).starts_with(file),
            "{}",
            text(&output.stderr)
        );
    }
}

#[test]
fn check_is_silent_when_all_is_well() {
    let dir = project();
    let output = run(
        dir.path(),
        &["check", "-Iinclude", "src/a.capnp", "include/b.capnp"],
    );
    assert_eq!(
        (
            output.status.code(),
            text(&output.stderr),
            text(&output.stdout)
        ),
        (Some(0), "", "")
    );
}

#[test]
fn id_prints_a_line_to_paste() {
    let output = run(Path::new("."), &["id"]);
    let id = text(&output.stdout).strip_prefix("@0x").unwrap().trim_end();
    assert!(u64::from_str_radix(id, 16).unwrap() >> 63 == 1 && id.len() == 16);
}

#[test]
fn a_wrong_command_line_is_explained() {
    let output = run(Path::new("."), &["compile", "x.capnp"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("there is no output"));
}
