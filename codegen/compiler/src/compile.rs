//! The compiler as a whole: files in, request out.

use std::fmt;
use std::path::{Path, PathBuf};

use capnp::message::{Builder, HeapAllocator};
use capnp::schema_capnp::code_generator_request;

use crate::ast::Span;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::file_system::{Disk, FileSystem};
use crate::module::{FileRef, Files, LoadError, Loader};
use crate::request::{self, RequestedFile, Selection};
use crate::scope::{NodeRef, Scopes};

/// Directories that the reference looks into for absolute imports, after all others.
const STANDARD_DIRECTORIES: [&str; 2] = ["/usr/local/include", "/usr/include"];

/// Compiles schemas.
///
/// ```
/// use capnp_compiler::{Compiler, MemoryFiles};
///
/// let mut files = MemoryFiles::new();
/// files.insert("point.capnp", "@0xf3a5d9c2b1e07846; struct Point { x @0 :Int32; y @1 :Int32; }");
/// let request = Compiler::new().file_system(files).compile(["point.capnp"])?;
/// assert_eq!(request.reader()?.get_nodes()?.len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub struct Compiler {
    system: Box<dyn FileSystem>,
    import_paths: Vec<PathBuf>,
    source_prefixes: Vec<PathBuf>,
    standard_imports: bool,
}

impl fmt::Debug for Compiler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compiler")
            .field("import_paths", &self.import_paths)
            .field("source_prefixes", &self.source_prefixes)
            .field("standard_imports", &self.standard_imports)
            .finish_non_exhaustive()
    }
}

impl Default for Compiler {
    fn default() -> Self {
        Self::new()
    }
}

impl Compiler {
    /// A compiler that reads the disk and knows the standard schemas.
    pub fn new() -> Self {
        Self {
            system: Box::new(Disk),
            import_paths: Vec::new(),
            source_prefixes: Vec::new(),
            standard_imports: true,
        }
    }

    /// Adds a directory for imports that begin with a slash. The first directory that has the file wins.
    pub fn import_path(mut self, directory: impl Into<PathBuf>) -> Self {
        self.import_paths.push(directory.into());
        self
    }

    /// Adds a directory that the names of compiled files are relative to, instead of the current one.
    pub fn src_prefix(mut self, directory: impl Into<PathBuf>) -> Self {
        self.source_prefixes.push(directory.into());
        self
    }

    /// Reads files from somewhere else.
    pub fn file_system(mut self, system: impl FileSystem + 'static) -> Self {
        self.system = Box::new(system);
        self
    }

    /// Whether absolute imports are also looked for among the schemas that come with this crate (`/capnp/c++.capnp` and
    /// the like) and in `/usr/local/include` and `/usr/include`, after the directories that were added. They are,
    /// unless this says otherwise.
    pub fn standard_imports(mut self, wanted: bool) -> Self {
        self.standard_imports = wanted;
        self
    }

    /// Compiles files, and what they need of the files they import.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with them.
    pub fn compile<P: AsRef<Path>>(
        &self,
        files: impl IntoIterator<Item = P>,
    ) -> Result<Request, Diagnostics> {
        let sources = Files::new();
        let mut scopes = Scopes::new(&sources, self.loader(&sources));
        let mut selection = Selection::default();
        let mut requested = Vec::new();
        for path in files {
            match scopes
                .loader
                .load_source(path.as_ref(), &mut scopes.diagnostics)
            {
                Ok(file) => {
                    requested.push(file);
                    if let Some(root) = scopes.root_of(file) {
                        selection.add_file(&mut scopes, root);
                    }
                }
                Err(error) => scopes.diagnostics.push(not_loaded(path.as_ref(), error)),
            }
        }
        let requested: Vec<_> = requested
            .iter()
            .filter_map(|file| requested_file(&mut scopes, *file))
            .collect();
        if scopes.diagnostics.is_empty() {
            let sets_of = |nodes: &[NodeRef]| {
                nodes
                    .iter()
                    .filter_map(|node| scopes.set(*node))
                    .collect::<Vec<_>>()
            };
            let (nodes, documented) = (sets_of(selection.nodes()), sets_of(selection.documented()));
            let mut message = Builder::new_default();
            match request::write(&requested, &nodes, &documented, message.init_root()) {
                Ok(()) => return Ok(Request { message }),
                Err(error) => scopes.diagnostics.push(Diagnostic {
                    file: String::new(),
                    span: Span::default(),
                    message: format!("the request cannot be written: {error}"),
                    hint: None,
                }),
            }
        }
        let texts = sources
            .iter()
            .map(|source| (source.shown.as_str(), &source.text));
        Err(Diagnostics::new(scopes.diagnostics, texts))
    }

    fn loader<'a>(&'a self, files: &'a Files) -> Loader<'a> {
        let mut loader = Loader::new(files, &*self.system);
        for directory in &self.import_paths {
            loader.add_import_path(directory);
        }
        for directory in &self.source_prefixes {
            loader.add_source_prefix(directory);
        }
        if self.standard_imports {
            loader.add_standard_schemas();
            for directory in STANDARD_DIRECTORIES {
                loader.add_import_path(Path::new(directory));
            }
        }
        loader
    }
}

fn not_loaded(path: &Path, error: LoadError) -> Diagnostic {
    let message = match error {
        LoadError::NotFound => "no such file".to_owned(),
        LoadError::Refused(reason) => reason,
    };
    Diagnostic {
        file: path.to_string_lossy().into_owned(),
        span: Span::default(),
        message,
        hint: None,
    }
}

fn requested_file<'a>(scopes: &mut Scopes<'a>, file: FileRef) -> Option<RequestedFile<'a>> {
    let files = scopes.files;
    let source = files.get(file)?;
    let root = scopes.root_of(file)?;
    let mut imports = Vec::new();
    for path in request::imports(&source.root) {
        // They were loaded before, or that failed and was reported.
        if let Ok(root) = scopes.import(file, path) {
            imports.push((path, scopes.node(root).id));
        }
    }
    Some(RequestedFile {
        id: scopes.node(root).id,
        name: &source.name,
        imports,
    })
}

/// What a compiler plugin is given: a `CodeGeneratorRequest`.
pub struct Request {
    message: Builder<HeapAllocator>,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").finish_non_exhaustive()
    }
}

impl Request {
    /// The bytes that a plugin reads from its standard input, in stream framing: what
    /// `capnpc::codegen::CodeGenerationCommand::run` takes.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        capnp::serialize::write_message_to_words(&self.message)
    }

    /// The request itself.
    ///
    /// # Errors
    ///
    /// None, since it was written here.
    pub fn reader(&self) -> capnp::Result<code_generator_request::Reader<'_>> {
        self.message.get_root_as_reader()
    }
}
