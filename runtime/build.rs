//! Generates the code of the schemas that the runtime itself uses.

fn main() -> dsoftbus_codegen::Result<()> {
    dsoftbus_codegen::configure()
        .schema_dir(".")
        .parent_module("generated")
        .mocks(false)
        .compile(["/dsoftbus/bus.capnp", "/dsoftbus/introspection.capnp"])
}
