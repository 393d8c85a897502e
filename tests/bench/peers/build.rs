//! Stubs of the peers that have a generator, without an executable of theirs.

use std::error::Error;

use tonic_build::manual::{Builder, Method, Service};

/// Where the messages of tonic's service are.
const MESSAGES: &str = "crate::peer::tonic";

fn main() -> Result<(), Box<dyn Error>> {
    const SCHEMA: &str = "schemas/mirror.capnp";
    println!("cargo::rerun-if-changed={SCHEMA}");
    println!("cargo::rerun-if-changed=build.rs");
    let request = capnp_compiler::Compiler::new().compile([SCHEMA])?;
    capnpc::codegen::CodeGenerationCommand::new()
        .output_directory(std::env::var("OUT_DIR")?)
        .default_parent_module(["peer", "capnp"].map(str::to_owned).into())
        .run(&*request.bytes())?;

    let method = |name: &str, route: &str, input: &str, output: &str| {
        Method::builder()
            .name(name)
            .route_name(route)
            .input_type(format!("{MESSAGES}::{input}"))
            .output_type(format!("{MESSAGES}::{output}"))
            .codec_path("::tonic_prost::ProstCodec")
    };
    let mirror = Service::builder()
        .package("bench")
        .name("Mirror")
        .method(method("echo", "Echo", "Text", "Text").build())
        .method(
            method("push", "Push", "Piece", "Length")
                .client_streaming()
                .build(),
        )
        .build();
    Builder::new().compile(&[mirror]);
    Ok(())
}
