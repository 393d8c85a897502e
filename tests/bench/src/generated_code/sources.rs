//! What is measured: the output of capnpc alone, of our typed layer alone, and both together.

use std::{
    fs,
    path::{Path, PathBuf},
};

use capnp::{
    message::{Builder, HeapAllocator},
    schema_capnp::{code_generator_request, node},
};
use capnp_compiler::{Compiler, MemoryFiles, Request};
use capnpc::codegen::CodeGenerationCommand;

use crate::{Result, synthetic};

/// Where the embedded schemas lie in memory.
const IMPORTS: &str = "imports";

/// The file that `dsoftbus-codegen` writes.
pub(crate) const OUTPUT: &str = "dsoftbus.rs";

/// Writes the schemas that are not embedded into a directory.
pub(crate) fn write_schemas(dir: &Path) -> Result<()> {
    fs::create_dir_all(dir)?;
    Ok(fs::write(dir.join(synthetic::FILE), synthetic::schema())?)
}

/// Has `dsoftbus-codegen` write the code of a schema. Prints what cargo reads of build scripts.
pub(crate) fn ours(schemas: &Path, file: &str, typed_only: bool, out_dir: &Path) -> Result<()> {
    let mut generator = dsoftbus_codegen::configure()
        .schema_dir(schemas)
        .out_dir(out_dir);
    if typed_only {
        generator = generator.raw(false);
    }
    Ok(generator.compile([file])?)
}

/// Has capnpc write the code of a schema as its own users would, and returns where it is.
pub(crate) fn capnpc(file: &str, out_dir: &Path) -> Result<PathBuf> {
    let request = request(file)?;
    let bytes = capnp::serialize::write_message_to_words(&without_annotations(request.reader()?)?);
    CodeGenerationCommand::new()
        .output_directory(out_dir)
        .run(bytes.as_slice())?;
    let stem = Path::new(file).with_extension("");
    let written = out_dir.join(stem.strip_prefix("/").unwrap_or(&stem));
    Ok(written.with_file_name(format!("{}_capnp.rs", module(file))))
}

/// A name for a schema, as in the module that capnpc expects its code in: `<name>_capnp`.
pub(crate) fn module(file: &str) -> String {
    let stem = Path::new(file).file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

/// The request for a schema.
pub(crate) fn request(file: &str) -> Result<Request> {
    let mut files = MemoryFiles::new();
    for embedded in dsoftbus_schemas::FILES {
        files.insert(format!("{IMPORTS}{}", embedded.path), embedded.text);
    }
    files.insert(synthetic::FILE, synthetic::schema());
    let path = match file.strip_prefix('/') {
        Some(embedded) => Path::new(IMPORTS).join(embedded),
        None => PathBuf::from(file),
    };
    Ok(Compiler::new()
        .file_system(files)
        .import_path(IMPORTS)
        .src_prefix(IMPORTS)
        .compile([path])?)
}

/// The same request without annotations: capnpc would refer to code for the file that declares them.
fn without_annotations(
    request: code_generator_request::Reader<'_>,
) -> capnp::Result<Builder<HeapAllocator>> {
    let mut message = Builder::new_default();
    message.set_root(request)?;
    let root: code_generator_request::Builder<'_> = message.get_root()?;
    let mut nodes = root.get_nodes()?;
    for index in 0..nodes.len() {
        let mut node = nodes.reborrow().get(index);
        node.reborrow().init_annotations(0);
        match node.which()? {
            node::Interface(body) => {
                let mut methods = body.get_methods()?;
                for index in 0..methods.len() {
                    methods.reborrow().get(index).init_annotations(0);
                }
            }
            node::Enum(body) => {
                let mut enumerants = body.get_enumerants()?;
                for index in 0..enumerants.len() {
                    enumerants.reborrow().get(index).init_annotations(0);
                }
            }
            node::Struct(body) => {
                let mut fields = body.get_fields()?;
                for index in 0..fields.len() {
                    fields.reborrow().get(index).init_annotations(0);
                }
            }
            _ => {}
        }
    }
    Ok(message)
}

/// How much code there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    /// Lines that are neither blank nor a comment.
    pub(crate) lines: usize,
    /// Of these, the ones outside the tables in which capnpc keeps the schema, a word on a line.
    pub(crate) lines_without_tables: usize,
    /// Bytes of those outside tables, without indentation: the two are not broken into lines alike.
    pub(crate) bytes_without_tables: usize,
}

impl Size {
    /// Of a Rust file.
    pub(crate) fn of(code: &str) -> Self {
        let mut size = Self {
            lines: 0,
            lines_without_tables: 0,
            bytes_without_tables: 0,
        };
        for line in code.lines().map(str::trim) {
            if line.is_empty() || line.starts_with("//") {
                continue;
            }
            size.lines += 1;
            if !line.starts_with("::capnp::word(") {
                size.lines_without_tables += 1;
                size.bytes_without_tables += line.len();
            }
        }
        size
    }
}

#[cfg(test)]
mod tests {
    use super::{Size, request, without_annotations};

    #[test]
    fn comments_and_blank_lines_are_no_code() {
        let code =
            "// made\n\n/// doc\nfn f() {\n    g(); // called\n    ::capnp::word(0, 1),\n}\n";
        let size = Size {
            lines: 4,
            lines_without_tables: 3,
            bytes_without_tables: "fn f() {g(); // called}".len(),
        };
        assert_eq!(Size::of(code), size);
    }

    #[test]
    fn capnpc_is_told_of_no_annotation() {
        let message =
            without_annotations(request("/dsoftbus/samgr.capnp").unwrap().reader().unwrap())
                .unwrap();
        let bytes = capnp::serialize::write_message_to_words(&message);
        let code = capnp::serialize::read_message(bytes.as_slice(), Default::default()).unwrap();
        let root = code
            .get_root::<capnp::schema_capnp::code_generator_request::Reader<'_>>()
            .unwrap();
        for node in root.get_nodes().unwrap() {
            assert!(node.get_annotations().unwrap().is_empty());
        }
    }
}
