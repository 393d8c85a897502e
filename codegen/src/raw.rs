//! Has capnpc write its own readers and builders, rooted at the `capnp` that the runtime re-exports.

mod names;
mod repair;
mod request;

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use capnp::message::{Builder, HeapAllocator};
use capnpc::codegen::CodeGenerationCommand;

use crate::error::{Error, Result};
use crate::external::{Externals, ModulePath};
use crate::model::Schema;
pub(crate) use names::{RawNames, file_module, method_name, module};
pub(crate) use request::for_capnpc;

/// Where capnpc finds the runtime's `capnp`: users need no dependency on it.
const CAPNP_ROOT: &str = "::dsoftbus::__private::capnp";

/// Directory, below the output directory, that capnpc writes to.
const SCRATCH: &str = "dsoftbus-capnpc";

/// The ID of `/dsoftbus/bus.capnp`, whose `Sink` the runtime has.
pub(crate) const BUS_FILE: u64 = 0xe9f1_c6b5_4d0a_7231;

/// Where the runtime has capnpc's module of it.
const BUS_PARENT: &str = "dsoftbus::__private";

/// Stands for `crate` in what capnpc is told.
const OWN_CRATE: &str = "dsoftbus_own_crate";

/// One module of capnpc's.
pub(crate) struct RawModule {
    pub(crate) name: String,
    pub(crate) text: String,
}

/// Runs capnpc over a request.
pub(crate) fn generate(
    request: &Builder<HeapAllocator>,
    schema: &Schema,
    parent: &[String],
    externals: &Externals,
    out_dir: &Path,
) -> Result<Vec<RawModule>> {
    let dir = out_dir.join(SCRATCH);
    let bytes = capnp::serialize::write_message_to_words(request);
    CodeGenerationCommand::new()
        .output_directory(&dir)
        .default_parent_module(parent.to_vec())
        .capnp_root(CAPNP_ROOT)
        .crates_provide_map(provided(schema, externals))
        .run(bytes.as_slice())?;
    schema
        .files
        .iter()
        .map(|file| {
            let name = file_module(&file.name);
            let path = dir
                .join(names::file(&file.name))
                .with_file_name(format!("{name}.rs"));
            match fs::read_to_string(&path) {
                Ok(text) => Ok(RawModule {
                    name,
                    text: repair::repair(&text).replace(&format!("::{OWN_CRATE}::"), "crate::"),
                }),
                Err(error) => Err(Error::File {
                    path,
                    reason: error.to_string(),
                }),
            }
        })
        .collect()
}

/// Modules that others have, by the ID of the file.
fn provided(schema: &Schema, externals: &Externals) -> HashMap<u64, String> {
    let compiled = dsoftbus_schemas::BUS.path.strip_prefix('/');
    let compiled = schema
        .files
        .iter()
        .any(|file| Some(file.name.as_str()) == compiled);
    let mut provided = HashMap::new();
    if !compiled {
        provided.insert(BUS_FILE, BUS_PARENT.to_owned());
    }
    for (id, ModulePath(path)) in &externals.0 {
        let path = match path.as_slice() {
            // capnpc puts colons in front of every path.
            [first, rest @ ..] if first == "crate" => [&[OWN_CRATE.to_owned()], rest].concat(),
            path => path.to_vec(),
        };
        provided.insert(*id, path.join("::"));
    }
    provided
}
