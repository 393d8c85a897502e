//! Stands between cargo and rustc and notes what rustc took: without what cargo adds, which grows with the dependencies.

use std::{
    env,
    ffi::OsString,
    fs,
    io::Write as _,
    path::Path,
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

use crate::{Result, cpu};

/// Environment variable that makes the program a wrapper of rustc: the file that the times go to.
pub(crate) const TIMES: &str = "GENERATED_CODE_TIMES";

/// How the crates that are measured begin: cargo also has rustc say what it can do.
pub(crate) const PREFIX: &str = "measured_";

/// What one run of rustc took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Took {
    /// From its start to its end.
    pub(crate) wall: Duration,
    /// On all CPUs: hardly changes when the machine is busy with something else.
    pub(crate) cpu: Duration,
}

/// Runs rustc and notes what it took in the file; `arguments` are its path and its arguments.
pub(crate) fn wrap(
    arguments: impl IntoIterator<Item = OsString>,
    times: &Path,
) -> Result<ExitCode> {
    let mut arguments = arguments.into_iter();
    let rustc = arguments.next().ok_or("cargo names no rustc")?;
    let arguments: Vec<OsString> = arguments.collect();
    let started = Instant::now();
    let status = Command::new(rustc).args(&arguments).status()?;
    let wall = started.elapsed();
    let measured = arguments.windows(2).any(|pair| {
        pair[0] == "--crate-name"
            && pair[1]
                .to_str()
                .is_some_and(|name| name.starts_with(PREFIX))
    });
    if measured && status.success() {
        let mut file = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(times)?;
        writeln!(
            file,
            "{} {}",
            wall.as_nanos(),
            cpu::of_children()?.as_nanos()
        )?;
    }
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.unwrap_or(1)))
}

/// The file that this process is to note times in, if it is a wrapper.
pub(crate) fn wrapper() -> Option<OsString> {
    env::var_os(TIMES)
}

/// Reads what the only run of rustc took, and forgets it.
pub(crate) fn take(times: &Path) -> Result<Took> {
    let text = fs::read_to_string(times)?;
    fs::remove_file(times)?;
    parse(&text).ok_or_else(|| format!("rustc did not run exactly once: {text:?}").into())
}

fn parse(text: &str) -> Option<Took> {
    let (wall, cpu) = text.trim_end().split_once(' ')?;
    Some(Took {
        wall: Duration::from_nanos(wall.parse().ok()?),
        cpu: Duration::from_nanos(cpu.parse().ok()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_two_runs_are_not_taken_for_one() {
        let took = parse("1500000000 2000000000\n").unwrap();
        assert_eq!((took.wall.as_millis(), took.cpu.as_millis()), (1500, 2000));
        assert!(parse("1 2\n3 4\n").is_none());
        assert!(parse("").is_none());
    }
}
