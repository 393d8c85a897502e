//! Generates the code of `probe.capnp`, and capnpc's part alone of `caps.capnp`.

use std::{env, error::Error};

fn main() -> Result<(), Box<dyn Error>> {
    dsoftbus_codegen::configure().compile(["probe.capnp", "objects.capnp", "contexts.capnp"])?;

    println!("cargo::rerun-if-changed=schemas/caps.capnp");
    let request = capnp_compiler::Compiler::new()
        .src_prefix("schemas")
        .compile(["schemas/caps.capnp"])?;
    capnpc::codegen::CodeGenerationCommand::new()
        .output_directory(env::var("OUT_DIR")?)
        .capnp_root("::dsoftbus::__private::capnp")
        .run(request.bytes().as_slice())?;
    Ok(())
}
