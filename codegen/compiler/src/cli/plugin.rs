//! Where a request goes: to a plugin, or to the standard output.

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// One `-o`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Output {
    /// Language, path of the plugin, or `-`.
    pub(crate) plugin: String,
    /// Where the plugin runs; `None` is here.
    pub(crate) dir: Option<PathBuf>,
}

impl Output {
    /// Reads `lang`, `lang:dir`, `path` or `path:dir`.
    ///
    /// # Errors
    ///
    /// There is no such directory.
    pub(crate) fn parse(spec: &OsStr) -> Result<Self, String> {
        let Some(spec) = spec.to_str() else {
            return Err(format!("{}: not UTF-8", spec.to_string_lossy()));
        };
        let (plugin, dir) = split(spec);
        let dir = dir.map(PathBuf::from);
        if let Some(dir) = &dir
            && !dir.is_dir()
        {
            return Err(format!("{}: no such directory", dir.display()));
        }
        Ok(Self {
            plugin: plugin.to_owned(),
            dir,
        })
    }

    /// Hands the request over and waits for the plugin.
    ///
    /// # Errors
    ///
    /// The plugin could not be started, or failed.
    pub(crate) fn write(&self, request: &[u8]) -> Result<(), String> {
        if self.plugin == "-" {
            let mut out = io::stdout().lock();
            return out
                .write_all(request)
                .and_then(|()| out.flush())
                .map_err(|error| format!("standard output: {error}"));
        }
        self.run(request)
            .map_err(|error| format!("{}: {error}", self.plugin))
    }

    fn run(&self, request: &[u8]) -> Result<(), String> {
        let program = self.program()?;
        let mut command = Command::new(&program);
        command.stdin(Stdio::piped());
        if let Some(dir) = &self.dir {
            let dir = absolute(dir)?;
            command.current_dir(&dir).env("PWD", &dir);
        }
        let mut child = command.spawn().map_err(|error| match error.kind() {
            ErrorKind::NotFound => {
                format!(
                    "no such plugin: the executable would be `{}`",
                    program.to_string_lossy()
                )
            }
            _ => format!("cannot start the plugin: {error}"),
        })?;
        let written = child
            .stdin
            .take()
            .map_or(Ok(()), |mut input| input.write_all(request));
        let status = child.wait().map_err(|error| error.to_string())?;
        if !status.success() {
            return Err(format!("the plugin failed: {status}"));
        }
        match written {
            // A plugin may stop reading before the end.
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(format!("cannot write to the plugin: {error}"))
            }
            _ => Ok(()),
        }
    }

    /// The executable: a name to be looked up in the PATH, or an absolute path.
    fn program(&self) -> Result<OsString, String> {
        let is_path = self.plugin.contains('/') || cfg!(windows) && self.plugin.contains('\\');
        if !is_path {
            return Ok(format!("capnpc-{}", self.plugin).into());
        }
        Ok(absolute(Path::new(&self.plugin))?.into_os_string())
    }
}

/// Plugins run elsewhere, so that paths must not depend on where we are.
fn absolute(path: &Path) -> Result<PathBuf, String> {
    std::path::absolute(path).map_err(|error| error.to_string())
}

/// Splits at the colon between plugin and directory. The colon of `c:/plugin.exe` is a drive's if
/// another follows, and on Windows in any case.
fn split(spec: &str) -> (&str, Option<&str>) {
    let drive = spec
        .get(1..3)
        .is_some_and(|text| text == ":/" || text == ":\\");
    let from = if drive && (cfg!(windows) || spec.matches(':').count() > 1) {
        2
    } else {
        0
    };
    match spec.get(from..).and_then(|rest| rest.find(':')) {
        Some(colon) => (&spec[..from + colon], Some(&spec[from + colon + 1..])),
        None => (spec, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(plugin: &str, dir: Option<&Path>) -> Output {
        Output {
            plugin: plugin.to_owned(),
            dir: dir.map(Path::to_path_buf),
        }
    }

    #[test]
    fn a_colon_parts_plugin_and_directory() {
        assert_eq!(split("rust"), ("rust", None));
        assert_eq!(split("rust:out"), ("rust", Some("out")));
        assert_eq!(split("./plugin:out/x"), ("./plugin", Some("out/x")));
        assert_eq!(split("c:/plugin.exe:out"), ("c:/plugin.exe", Some("out")));
        assert_eq!(split(""), ("", None));
    }

    #[cfg(unix)]
    #[test]
    fn a_plugin_gets_the_request_in_its_directory() {
        let dir = tempfile::tempdir().unwrap();
        let plugin = dir.path().join("plugin");
        std::fs::write(&plugin, "#!/bin/sh\ncat > request; echo \"$PWD\" > pwd\n").unwrap();
        std::fs::set_permissions(&plugin, std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .unwrap();
        let out = dir.path().join("out");
        std::fs::create_dir(&out).unwrap();
        output(plugin.to_str().unwrap(), Some(&out))
            .write(b"request")
            .unwrap();
        assert_eq!(std::fs::read(out.join("request")).unwrap(), b"request");
        assert_eq!(
            std::fs::read_to_string(out.join("pwd")).unwrap().trim_end(),
            out.to_str().unwrap()
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_plugin_that_fails_is_an_error_and_one_that_stops_reading_is_not() {
        let large = vec![0; 1 << 20];
        let error = output("/bin/false", None).write(&large).unwrap_err();
        assert_eq!(error, "/bin/false: the plugin failed: exit status: 1");
        output("/bin/true", None).write(&large).unwrap();
    }

    #[test]
    fn a_missing_plugin_is_named() {
        let error = output("no-such-language", None).write(b"").unwrap_err();
        let expected =
            "no-such-language: no such plugin: the executable would be `capnpc-no-such-language`";
        assert_eq!(error, expected);
    }
}
