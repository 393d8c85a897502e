//! Measures DSoftBus-lite beside what others could pick instead. `--help` tells how, the README of `tests/bench` how to read it.
//!
//! One program: it starts itself for every side of every measurement.

mod cases;
mod columns;
mod peer;
mod plan;
mod plot;
mod results;
mod run;
mod table;

use std::{path::Path, process::ExitCode};

use dsoftbus_bench::Result;

use self::{
    cases::Case,
    plan::{HELP, Plan},
};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if matches!(
        arguments.first().map(String::as_str),
        Some("serve" | "load")
    ) {
        return columns::run_side(arguments);
    }
    match bench(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn bench(arguments: Vec<String>) -> Result<()> {
    // The program is in target/release, or wherever cargo was told to build.
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(2).unwrap_or_else(|| Path::new("."));
    let Some(plan) = Plan::parse(arguments, &target.join("bench"))? else {
        println!("{HELP}");
        return Ok(());
    };
    let results = run::run(&plan)?;
    for (case, columns) in plan.cases() {
        print!("{}", table::table(&results, case, &columns));
        if case == Case::Bulk {
            print!("{}", table::bounds(&results));
        }
    }
    println!();
    for path in std::iter::once(plan.json.clone()).chain(plot::write(&plan, &results)?) {
        println!("{}", path.display());
    }
    Ok(())
}
