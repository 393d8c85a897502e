//! The demo keeps its promises, and says so in its exit code.

#![allow(
    clippy::unwrap_used,
    reason = "a helper of tests fails by panicking, too"
)]

use std::process::{Command, Output};

fn demo(file: &std::path::Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_demo"))
        .arg(file)
        .output()
        .unwrap()
}

#[test]
fn every_step_goes_as_promised() {
    let file = tempfile::NamedTempFile::new().unwrap();
    // Several frames, and not a whole number of them.
    std::fs::write(file.path(), vec![7; 1_000_003]).unwrap();
    let output = demo(file.path());
    let printed = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}{complained}");
    assert!(printed.ends_with("everything went as promised\n"));
    for promise in [
        "no session with a device that is not the one dialled",
        "no session, and the stranger is told why",
        "nothing of it was installed or kept",
    ] {
        assert!(printed.contains(promise), "{promise}");
    }
}

#[test]
fn an_empty_file_is_a_file() {
    let file = tempfile::NamedTempFile::new().unwrap();
    assert!(demo(file.path()).status.success());
}

#[test]
fn a_step_that_fails_shows_in_the_exit_code() {
    let dir = tempfile::tempdir().unwrap();
    let output = demo(&dir.path().join("absent"));
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot read"));
}
