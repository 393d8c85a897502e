//! `capnp-compiler`: Cap'n Proto schemas to a request for code generators, and from there to code.

mod cli;

fn main() -> std::process::ExitCode {
    cli::run()
}
