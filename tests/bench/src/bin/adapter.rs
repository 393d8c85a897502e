//! One side of a measurement: `adapter serve|load [OPTION VALUE]...`.

use std::process::ExitCode;

use dsoftbus_bench::{Options, Refused, Result, Role, Wire};

/// Exit code that tells a harness that a scenario is not measured here.
const NOT_MEASURED: u8 = 3;

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
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
    match run(Box::leak(Box::new(options))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &'static Options) -> Result<()> {
    match (options.wire, options.role) {
        (Wire::Floor, Role::Serve) => return dsoftbus_bench::floor_serve(options),
        (Wire::Floor, Role::Load) => return dsoftbus_bench::floor_load(options),
        (Wire::Bus, _) => {}
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    match options.role {
        Role::Serve => runtime.block_on(dsoftbus_bench::serve(options)),
        Role::Load => runtime.block_on(dsoftbus_bench::load(options)),
    }
}
