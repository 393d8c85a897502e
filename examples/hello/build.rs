fn main() -> dsoftbus_codegen::Result<()> {
    dsoftbus_codegen::configure().compile(["greeter.capnp"])
}
