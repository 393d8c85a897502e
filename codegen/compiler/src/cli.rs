//! The command line.

mod arguments;
mod plugin;

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use capnp_compiler::Compiler;

use self::arguments::{Command, Sources};

/// Does what the command line asks for. Errors go to the standard error stream.
pub(crate) fn run() -> ExitCode {
    let command = match arguments::parse(std::env::args_os().skip(1)) {
        Ok(command) => command,
        Err(error) => return failed(&format!("{error}\nTry `capnp-compiler --help`.")),
    };
    match command {
        Command::Print(text) => print(&text),
        Command::Id => print(&format!("@{:#018x}\n", capnp_compiler::id::generate_id())),
        Command::Check(sources) => match compile(&sources) {
            Some(_) => ExitCode::SUCCESS,
            None => ExitCode::FAILURE,
        },
        Command::Compile(sources, outputs) => {
            let Some(request) = compile(&sources) else {
                return ExitCode::FAILURE;
            };
            let mut code = ExitCode::SUCCESS;
            for output in outputs {
                if let Err(error) = output.write(&request) {
                    code = failed(&error);
                }
            }
            code
        }
    }
}

/// The request for `sources`; `None` after printing what is wrong with them.
fn compile(sources: &Sources) -> Option<Vec<u8>> {
    let mut compiler = Compiler::new();
    for dir in &sources.import_paths {
        compiler = compiler.import_path(dir);
    }
    for dir in &sources.source_prefixes {
        compiler = compiler.src_prefix(dir);
    }
    compiler = compiler.standard_imports(!sources.no_standard_import);
    match compiler.compile(&sources.files) {
        Ok(request) => Some(request.bytes()),
        Err(diagnostics) => {
            let mut stderr = std::io::stderr().lock();
            let colour = stderr.is_terminal() && std::env::var_os("NO_COLOR").is_none();
            // Nobody can be told that the error stream is closed.
            let _ = stderr.write_all(diagnostics.render(colour).as_bytes());
            None
        }
    }
}

fn print(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn failed(message: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "capnp-compiler: {message}");
    ExitCode::FAILURE
}
