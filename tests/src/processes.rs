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
    /// Runs `program` in the directory `dir`.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    pub fn start(program: &str, dir: &Path, arguments: &[&str]) -> Self {
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
