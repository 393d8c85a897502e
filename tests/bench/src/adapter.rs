//! One side of a measurement as a process.

use std::process::ExitCode;

use crate::{
    Options, Result, Role, floor, load,
    options::{Refused, Wire},
    serve,
};

/// Exit code that tells a harness that a scenario is not measured here.
const NOT_MEASURED: u8 = 3;

/// Runs one side of a measurement: `serve|load [OPTION VALUE]...`, without the name of the program.
pub fn adapter(arguments: impl IntoIterator<Item = String>) -> ExitCode {
    side(arguments, |options| run(Box::leak(Box::new(options))))
}

/// Runs one side of a measurement with the options of [`adapter`], but of what `run` makes of them.
pub fn side(
    arguments: impl IntoIterator<Item = String>,
    run: impl FnOnce(Options) -> Result<()>,
) -> ExitCode {
    let options = match Options::parse(arguments) {
        Ok(options) => options,
        Err(Refused::Scenario(name)) => {
            eprintln!("scenario {name} is not measured");
            return ExitCode::from(NOT_MEASURED);
        }
        Err(Refused::Usage(text)) => {
            eprintln!("{text}");
            return ExitCode::from(2);
        }
    };
    match run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &'static Options) -> Result<()> {
    match (options.wire, options.role) {
        (Wire::Floor, Role::Serve) => return floor::serve(options),
        (Wire::Floor, Role::Load) => return floor::load(options),
        (Wire::Bus | Wire::Objects, _) => {}
        (Wire::Other(name), _) => return Err(format!("{name} is not measured here").into()),
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    match options.role {
        Role::Serve => runtime.block_on(serve::serve(options)),
        Role::Load => runtime.block_on(load::load(options)),
    }
}
