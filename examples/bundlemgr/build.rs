//! Generates `dsoftbus.rs` from the schema that is embedded in dsoftbus-schemas.

fn main() -> dsoftbus_codegen::Result<()> {
    dsoftbus_codegen::configure()
        .schema_dir(".")
        .compile(["/dsoftbus/bundlemgr.capnp"])
}
