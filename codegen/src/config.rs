//! The API of build scripts.

use std::env;
use std::path::{Path, PathBuf};

use capnp::schema_capnp::code_generator_request;

use crate::engine::Engines;
use crate::error::{Error, Result};
use crate::external::{Externals, ModulePath};
use crate::tool::Tool;
use crate::{check, deps, emit, lock, nodes, output, raw, request, tool};

/// Name of the file that is written, which `dsoftbus::include_schemas!()` includes.
const OUTPUT: &str = "dsoftbus.rs";

/// Starts a configuration with the defaults of a build script.
pub fn configure() -> Builder {
    Builder {
        schema_dir: PathBuf::from("schemas"),
        import_paths: Vec::new(),
        out_dir: None,
        executable: None,
        lock_file: None,
        lock_variable: None,
        parent_module: String::new(),
        extern_modules: Vec::new(),
        allow_reserved: false,
        raw: true,
        mocks: true,
        pairs: false,
    }
}

/// What to compile, and how.
#[derive(Clone, Debug)]
#[must_use = "nothing happens before `compile`"]
pub struct Builder {
    schema_dir: PathBuf,
    import_paths: Vec<PathBuf>,
    out_dir: Option<PathBuf>,
    executable: Option<PathBuf>,
    lock_file: Option<PathBuf>,
    lock_variable: Option<String>,
    parent_module: String,
    extern_modules: Vec<(u64, String)>,
    allow_reserved: bool,
    raw: bool,
    mocks: bool,
    pairs: bool,
}

impl Builder {
    /// The directory the schemas are in. Default: `schemas`, beside the build script.
    pub fn schema_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.schema_dir = dir.into();
        self
    }

    /// Adds a directory in which absolute imports are looked up. `/dsoftbus/*.capnp` is always there.
    pub fn import_path(mut self, dir: impl Into<PathBuf>) -> Self {
        self.import_paths.push(dir.into());
        self
    }

    /// Where `dsoftbus.rs` goes. Default: `$OUT_DIR`.
    pub fn out_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.out_dir = Some(dir.into());
        self
    }

    /// Compiles the schemas with this executable instead of the compiler built in: `capnp`, looked up in `PATH`, or the path of
    /// one.
    pub fn capnp_executable(mut self, path: impl Into<PathBuf>) -> Self {
        self.executable = Some(path.into());
        self
    }

    /// Where the record of the wire is that a build is checked against. Default: `wire.lock` in the schema directory.
    ///
    /// Builds that compile different files need different ones. See [the guide](crate::guide#8-what-must-not-change).
    pub fn lock_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.lock_file = Some(path.into());
        self
    }

    /// Stands in for the value of `DSOFTBUS_WIRE_LOCK`, which tests cannot set.
    #[doc(hidden)]
    pub fn lock_variable(mut self, value: impl Into<String>) -> Self {
        self.lock_variable = Some(value.into());
        self
    }

    /// The module that includes the code, as in `"api::schemas"`. Default: the root of the crate.
    ///
    /// Generated paths start at `crate`, so the code works only where this says.
    pub fn parent_module(mut self, path: impl Into<String>) -> Self {
        self.parent_module = path.into();
        self
    }

    /// Says that another crate, or another module of this one, has the code of an imported file: `path` is where that code is
    /// included, as in `"::shared"` for the root of the crate `shared`, or `"crate::shared"`. `file_id` is the `@0x…` at the top
    /// of the file.
    ///
    /// Types of the file are taken from there, capnpc's modules, too: both sides leave them out with [`raw(false)`](Self::raw),
    /// or neither does.
    pub fn extern_module(mut self, file_id: u64, path: impl Into<String>) -> Self {
        self.extern_modules.push((file_id, path.into()));
        self
    }

    /// Allows channel IDs 0x10 to 0xff, which are kept for services of DSoftBus-lite itself.
    ///
    /// The embedded schemas (`/dsoftbus/samgr.capnp` and so on) need no permission. Below 0x10 lies the fabric: never allowed.
    pub fn allow_reserved(mut self) -> Self {
        self.allow_reserved = true;
        self
    }

    /// Whether each service gets an `XMock`, which records calls and answers what a test told it to. Default: yes.
    pub fn mocks(mut self, mocks: bool) -> Self {
        self.mocks = mocks;
        self
    }

    /// Whether to generate capnpc's own readers and builders too: modules `<file>_capnp`, the door to reading and writing
    /// messages without a copy. Default: `true`. The typed layer does not need them.
    pub fn raw(mut self, raw: bool) -> Self {
        self.raw = raw;
        self
    }

    /// Writes `pairs.rs` too: which native type is which type of capnpc's, for tests that compare them.
    #[doc(hidden)]
    pub fn pairs(mut self) -> Self {
        self.pairs = true;
        self
    }

    /// Compiles schemas, named relative to the schema directory, and writes `dsoftbus.rs`.
    ///
    /// A name that starts with `/dsoftbus/` is one of the embedded schemas. Everything the schemas import is compiled
    /// only if it is named here too; importing annotations needs no naming. Tells cargo to run again when a schema,
    /// or a file it imports, changes.
    ///
    /// # Errors
    ///
    /// [`Error`]; its text is made to be read in cargo's output.
    pub fn compile(&self, files: impl IntoIterator<Item = impl AsRef<Path>>) -> Result<()> {
        let files: Vec<PathBuf> = files
            .into_iter()
            .map(|file| file.as_ref().to_owned())
            .collect();
        if files.is_empty() {
            return Err(Error::NothingToDo);
        }
        let out_dir = self.target_dir()?;
        let embedded = tool::write_embedded(&out_dir)?;
        let tool = Tool {
            executable: self.executable.as_deref(),
            schema_dir: &self.schema_dir,
            embedded: &embedded,
            import_paths: &self.import_paths,
        };
        for path in deps::of(&files, &tool) {
            println!("cargo::rerun-if-changed={}", path.display());
        }
        let bytes = self
            .externals()?
            .complete(&tool, &files, tool.run(&files)?)?;
        self.generate(bytes, &out_dir)
    }

    /// Generates code from a stored `CodeGeneratorRequest`, the output of `capnp compile -o-`: no compiler is needed.
    ///
    /// Tells cargo to run again when `wire.lock` changes, and so no longer for every file of the package: name the file the
    /// request comes from with `cargo::rerun-if-changed`.
    ///
    /// # Errors
    ///
    /// [`Error`], as for [`compile`](Self::compile).
    pub fn compile_request(&self, request: &[u8]) -> Result<()> {
        self.generate(request.to_vec(), &self.target_dir()?)
    }

    fn generate(&self, bytes: Vec<u8>, out_dir: &Path) -> Result<()> {
        let parent = self.parent()?;
        let externals = self.externals()?;
        let message = request::parse(&externals.leave_out(bytes)?)?;
        let root = message.get_root()?;
        let schema = request::model(root, &externals)?;
        let engines = Engines::of(&schema);
        let rules = check::Options {
            allow_reserved: self.allow_reserved,
            mocks: self.mocks,
        };
        check::check(&schema, &engines, rules).map_err(Error::Rules)?;
        self.guard(root)?;
        for line in engines.report() {
            println!("dsoftbus: {line}");
        }
        let options = emit::Options {
            parent: &parent,
            schemas: &nodes::of_interfaces(root)?,
            mocks: self.mocks,
        };
        let typed = emit::emit(&schema, &engines, &options);
        let raw = if self.raw {
            raw::generate(
                &raw::for_capnpc(root)?,
                &schema,
                &parent,
                &externals,
                out_dir,
            )?
        } else {
            Vec::new()
        };
        if self.pairs {
            let pairs = emit::pairs(&schema, &engines, &options).to_string();
            output::write(&out_dir.join("pairs.rs"), &pairs)?;
        }
        let text = output::join(&schema, typed, &raw)?;
        output::write(&out_dir.join(OUTPUT), &text)
    }

    fn guard(&self, request: code_generator_request::Reader<'_>) -> Result<()> {
        let variable = match &self.lock_variable {
            Some(value) => value.clone(),
            None => env::var_os(lock::VARIABLE)
                .map_or_else(String::new, |value| value.to_string_lossy().into_owned()),
        };
        let path = match &self.lock_file {
            Some(path) => path.clone(),
            None => self.schema_dir.join(lock::FILE),
        };
        let package = env::var("CARGO_PKG_NAME").ok();
        let mode = lock::Mode::of(&variable)?;
        for line in lock::guard(request, &path, mode, package.as_deref())? {
            println!("{line}");
        }
        Ok(())
    }

    fn target_dir(&self) -> Result<PathBuf> {
        match &self.out_dir {
            Some(dir) => Ok(dir.clone()),
            None => env::var_os("OUT_DIR")
                .map(PathBuf::from)
                .ok_or(Error::NoOutDir),
        }
    }

    fn externals(&self) -> Result<Externals> {
        let mut externals = Externals::default();
        for (id, path) in &self.extern_modules {
            externals.0.insert(*id, ModulePath::parse(path)?);
        }
        Ok(externals)
    }

    fn parent(&self) -> Result<Vec<String>> {
        if self.parent_module.is_empty() {
            return Ok(Vec::new());
        }
        let parts: Vec<String> = self.parent_module.split("::").map(str::to_owned).collect();
        if parts
            .iter()
            .all(|part| syn::parse_str::<syn::Ident>(part).is_ok())
        {
            Ok(parts)
        } else {
            Err(Error::BadModule(self.parent_module.clone()))
        }
    }
}
