//! Programs of this workspace as processes.

use std::{path::Path, process::Stdio};

use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use crate::within;

/// A program that runs, and is killed when this is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    /// Runs the binary `name` of `package` in the directory `dir`. Cargo builds it first if it is not there or out of date.
    ///
    /// # Panics
    ///
    /// When it cannot be built or started.
    pub async fn start(package: &str, name: &str, dir: &Path, arguments: &[&str]) -> Self {
        let program = build(package, name).await;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(dir)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn().expect("the program starts");
        let stdout = child.stdout.take().expect("its output is piped");
        Self {
            child,
            lines: BufReader::new(stdout).lines(),
        }
    }

    /// The next line it prints; `None` when it prints nothing more.
    ///
    /// # Panics
    ///
    /// When that takes too long.
    pub async fn line(&mut self) -> Option<String> {
        let line = within(self.lines.next_line()).await;
        line.expect("programs print UTF-8")
    }

    /// Whether it runs still.
    ///
    /// # Panics
    ///
    /// When the system does not say.
    pub fn is_running(&mut self) -> bool {
        let status = self.child.try_wait();
        status.expect("a child can be asked").is_none()
    }

    /// Waits for its end; returns whether it says that all went well.
    ///
    /// # Panics
    ///
    /// When that takes too long.
    pub async fn succeeds(&mut self) -> bool {
        let status = within(self.child.wait()).await;
        status.expect("a child can be waited for").success()
    }
}

/// Where the binary `name` of `package` is, once cargo has looked whether it is up to date.
async fn build(package: &str, name: &str) -> String {
    // Not the cargo in the path: a toolchain of another version would build everything again.
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = Command::new(cargo);
    command
        .args([
            "build",
            "--quiet",
            "--message-format=json",
            "--package",
            package,
            "--bin",
            name,
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stderr(Stdio::inherit());
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    let output = command.output().await.expect("cargo runs");
    assert!(
        output.status.success(),
        "cargo cannot build {name} of {package}"
    );
    let output = String::from_utf8_lossy(&output.stdout);
    // One JSON object a line; only that of a binary names an executable.
    let program = output
        .lines()
        .filter_map(|line| line.split_once(r#""executable":""#)?.1.split('"').next())
        .next_back();
    program.expect("cargo names what it built").to_owned()
}
