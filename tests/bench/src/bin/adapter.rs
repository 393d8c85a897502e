//! One side of a measurement: `adapter serve|load [OPTION VALUE]...`.

fn main() -> std::process::ExitCode {
    dsoftbus_bench::adapter(std::env::args().skip(1))
}
