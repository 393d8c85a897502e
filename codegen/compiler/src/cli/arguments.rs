//! What the command line asks for. Options are spelt as the reference's `capnp` tool spells them.

use std::ffi::OsString;
use std::path::PathBuf;

use super::plugin::Output;

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Print a text and succeed.
    Print(String),
    /// Print a fresh ID.
    Id,
    /// Compile files and hand the request on.
    Compile(Sources, Vec<Output>),
    /// Compile files and only say what is wrong with them.
    Check(Sources),
}

/// What to compile, and where to look for imports.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Sources {
    pub(crate) files: Vec<PathBuf>,
    pub(crate) import_paths: Vec<PathBuf>,
    pub(crate) source_prefixes: Vec<PathBuf>,
    pub(crate) no_standard_import: bool,
}

const HELP: &str = "\
Compiles Cap'n Proto schemas.

Usage: capnp-compiler compile [options] <source>...
       capnp-compiler check [options] <source>...
       capnp-compiler id

Commands:
  compile  generate code from schema files
  check    say what is wrong with schema files
  id       print a fresh 64-bit ID

Options:
  -I, --import-path=<dir>       look here for imports that start with `/`
      --no-standard-import      do not look for them among the schemas built into this
                                program, nor in /usr/local/include and /usr/include
      --src-prefix=<dir>        drop this directory from the names of files
  -o, --output=<lang>[:<dir>]   run the plugin `capnpc-<lang>` in <dir>; a <lang> with a
                                slash is the path of the plugin, and `-` writes the
                                CodeGeneratorRequest to the standard output
      --version                 print the version
      --help                    print this
";

/// The language this program knows, by the release of the reference that defines it.
const LANGUAGE: &str = "1.4.0";

/// Options that have an argument, by all their names.
#[derive(Clone, Copy)]
enum Valued {
    ImportPath,
    Output,
    SourcePrefix,
}

/// Reads the command line, program name excluded.
///
/// # Errors
///
/// What is wrong with it, for the user.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, String> {
    let mut arguments = arguments.into_iter().peekable();
    let mut command = None;
    let mut sources = Sources::default();
    let mut outputs = Vec::new();
    let mut only_files = false;
    while let Some(argument) = arguments.next() {
        let text = argument.to_str().unwrap_or_default();
        if only_files || text == "-" || !text.starts_with('-') {
            match command {
                None => command = Some(command_name(text)?),
                Some(_) => sources.files.push(PathBuf::from(argument)),
            }
            continue;
        }
        let (option, value) = match (text, text.strip_prefix("--")) {
            ("--", _) => {
                only_files = true;
                continue;
            }
            ("--help", _) | ("-h", _) => return Ok(Command::Print(HELP.to_owned())),
            ("--version", _) => return Ok(Command::Print(version())),
            ("--verbose" | "-v", _) => continue,
            ("--no-standard-import", _) => {
                sources.no_standard_import = true;
                continue;
            }
            (_, Some(long)) => {
                let (name, value) = match long.split_once('=') {
                    Some((name, value)) => (name, Some(value)),
                    None => (long, None),
                };
                let option = match name {
                    "import-path" => Valued::ImportPath,
                    "output" => Valued::Output,
                    "src-prefix" => Valued::SourcePrefix,
                    "no-standard-import" => {
                        return Err(format!("--{name}: this option has no argument"));
                    }
                    _ => return Err(format!("--{name}: unknown option")),
                };
                (option, value)
            }
            _ => {
                let option = match text.as_bytes().get(1) {
                    Some(b'I') => Valued::ImportPath,
                    Some(b'o') => Valued::Output,
                    _ => return Err(format!("{text}: unknown option")),
                };
                (option, text.get(2..).filter(|value| !value.is_empty()))
            }
        };
        let value = match value {
            Some(value) => OsString::from(value),
            None => arguments
                .next_if(|next| next == "-" || !next.to_string_lossy().starts_with('-'))
                .ok_or_else(|| format!("{text}: its argument is missing"))?,
        };
        match option {
            Valued::ImportPath => sources.import_paths.push(directory(value)?),
            Valued::SourcePrefix => sources.source_prefixes.push(directory(value)?),
            Valued::Output => outputs.push(Output::parse(&value)?),
        }
    }
    match command {
        None => Err("there is no command".to_owned()),
        Some(Name::Help) => Ok(Command::Print(HELP.to_owned())),
        Some(Name::Id) if sources.files.is_empty() => Ok(Command::Id),
        Some(Name::Id) => Err("`id` takes no files".to_owned()),
        Some(_) if sources.files.is_empty() => Err("there is no source file".to_owned()),
        Some(Name::Compile) if outputs.is_empty() => {
            Err("there is no output: use -o, or `check`".to_owned())
        }
        Some(Name::Compile) => Ok(Command::Compile(sources, outputs)),
        Some(Name::Check) if outputs.is_empty() => Ok(Command::Check(sources)),
        Some(Name::Check) => Err("`check` has no output: use `compile`".to_owned()),
    }
}

#[derive(Clone, Copy)]
enum Name {
    Compile,
    Check,
    Id,
    Help,
}

fn command_name(text: &str) -> Result<Name, String> {
    match text {
        "compile" => Ok(Name::Compile),
        "check" => Ok(Name::Check),
        "id" => Ok(Name::Id),
        "help" => Ok(Name::Help),
        _ => Err(format!("{text}: unknown command")),
    }
}

fn directory(value: OsString) -> Result<PathBuf, String> {
    let path = PathBuf::from(value);
    if path.is_dir() {
        Ok(path)
    } else {
        Err(format!("{}: no such directory", path.display()))
    }
}

fn version() -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!("capnp-compiler {version} (Cap'n Proto language {LANGUAGE})\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Command, String> {
        parse(line.split_whitespace().map(OsString::from))
    }

    fn sources(line: &str) -> (Sources, Vec<Output>) {
        match read(line) {
            Ok(Command::Compile(sources, outputs)) => (sources, outputs),
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn an_import_path_may_stand_in_the_option_or_behind_it() {
        for line in ["-I /", "-I/", "--import-path=/", "--import-path /"] {
            let (sources, _) = sources(&format!("compile {line} -o- a.capnp"));
            assert_eq!(sources.import_paths, [PathBuf::from("/")], "{line}");
            assert_eq!(sources.files, [PathBuf::from("a.capnp")], "{line}");
        }
    }

    #[test]
    fn options_may_stand_before_the_command_and_after_files() {
        let (sources, outputs) = sources("-I/ compile a.capnp -orust --no-standard-import b.capnp");
        assert_eq!(
            sources.files,
            [PathBuf::from("a.capnp"), PathBuf::from("b.capnp")]
        );
        assert!(sources.no_standard_import);
        assert_eq!(
            outputs,
            [Output {
                plugin: "rust".into(),
                dir: None
            }]
        );
    }

    #[test]
    fn the_dash_is_an_output() {
        for line in ["-o-", "-o -", "--output=-", "--output -"] {
            let (_, outputs) = sources(&format!("compile {line} a.capnp"));
            assert_eq!(
                outputs,
                [Output {
                    plugin: "-".into(),
                    dir: None
                }],
                "{line}"
            );
        }
    }

    #[test]
    fn several_outputs_and_prefixes_are_kept_in_order() {
        let (sources, outputs) = sources("compile --src-prefix=/ --src-prefix . -oa -ob:/ x.capnp");
        assert_eq!(
            sources.source_prefixes,
            [PathBuf::from("/"), PathBuf::from(".")]
        );
        let expected = [
            Output {
                plugin: "a".into(),
                dir: None,
            },
            Output {
                plugin: "b".into(),
                dir: Some("/".into()),
            },
        ];
        assert_eq!(outputs, expected);
    }

    #[test]
    fn after_two_dashes_come_files_only() {
        let (sources, _) = sources("compile -o- -- -I");
        assert_eq!(sources.files, [PathBuf::from("-I")]);
    }

    #[test]
    fn mistakes_are_named() {
        let cases = [
            ("", "there is no command"),
            ("frobnicate", "frobnicate: unknown command"),
            ("compile", "there is no source file"),
            ("compile a.capnp", "there is no output: use -o, or `check`"),
            ("compile -o", "-o: its argument is missing"),
            ("compile -o -I/ a.capnp", "-o: its argument is missing"),
            ("compile -x a.capnp", "-x: unknown option"),
            ("compile --frob a.capnp", "--frob: unknown option"),
            (
                "compile --no-standard-import=1",
                "--no-standard-import: this option has no argument",
            ),
            ("compile -I/no/such a.capnp", "/no/such: no such directory"),
            (
                "compile -orust:/no/such a.capnp",
                "/no/such: no such directory",
            ),
            (
                "check -orust a.capnp",
                "`check` has no output: use `compile`",
            ),
            ("id x", "`id` takes no files"),
        ];
        for (line, expected) in cases {
            assert_eq!(read(line), Err(expected.to_owned()), "{line}");
        }
    }

    #[test]
    fn help_and_version_are_printed() {
        for line in ["--help", "help", "compile --help", "id -h"] {
            assert_eq!(read(line), Ok(Command::Print(HELP.to_owned())), "{line}");
        }
        assert_eq!(read("--version"), Ok(Command::Print(version())));
    }
}
