//! Generates the echo service.

fn main() -> dsoftbus_codegen::Result<()> {
    dsoftbus_codegen::configure().compile(["echo.capnp"])
}
