//! Generates the code of `probe.capnp`.

fn main() -> dsoftbus_codegen::Result<()> {
    dsoftbus_codegen::configure().compile(["probe.capnp", "objects.capnp"])
}
