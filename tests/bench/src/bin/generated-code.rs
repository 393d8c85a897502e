//! Measures what generated code costs and prints JSON lines and a table:
//! `generated-code [--schema samgr|synthetic] [--action check|build] [--reps N] [--dir DIR]`.

fn main() -> std::process::ExitCode {
    dsoftbus_bench::generated_code(std::env::args_os().skip(1))
}
