//! Files: which file an import means, and each read and parsed once.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use crate::ast::Declaration;
use crate::diagnostic::Diagnostic;
use crate::file_system::{FileSystem, MAX_FILE_BYTES, normalized};

/// Most files of one compilation.
///
/// Imports are followed only where they are used, so this is far above what a schema reaches; it
/// bounds a directory full of files that import each other.
pub(crate) const MAX_FILES: usize = 4096;

/// Which file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FileRef(usize);

/// Where imports and sources are looked for.
#[derive(Debug)]
struct Root {
    /// The directory; `None` for the schemas inside this crate.
    dir: Option<PathBuf>,
    /// What to put before paths below it in messages.
    shown: String,
    /// Whether names of source files are relative to it.
    is_source_prefix: bool,
}

/// A file that was read.
#[derive(Debug)]
pub(crate) struct SourceFile {
    /// Its name for the request: relative to the source prefix or import path.
    pub(crate) name: String,
    /// Its name for messages.
    pub(crate) shown: String,
    /// Its text.
    pub(crate) text: Vec<u8>,
    /// What it declares.
    pub(crate) root: Declaration,
    in_root: usize,
}

/// Every file of a compilation. Files stay where they are, so that the scope tree can point into them.
#[derive(Debug)]
pub(crate) struct Files {
    slots: Box<[OnceCell<Box<SourceFile>>]>,
}

impl Files {
    pub(crate) fn new() -> Self {
        Self {
            slots: (0..MAX_FILES).map(|_| OnceCell::new()).collect(),
        }
    }

    /// A file that was loaded.
    pub(crate) fn get(&self, file: FileRef) -> Option<&SourceFile> {
        self.slots.get(file.0)?.get().map(AsRef::as_ref)
    }

    /// All files that were loaded.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &SourceFile> {
        self.slots
            .iter()
            .map_while(|slot| slot.get().map(AsRef::as_ref))
    }
}

/// Finds and reads files.
pub(crate) struct Loader<'a> {
    files: &'a Files,
    system: &'a dyn FileSystem,
    current_dir: PathBuf,
    roots: Vec<Root>,
    import_path: Vec<usize>,
    loaded: usize,
    by_place: HashMap<(usize, String), FileRef>,
    by_identity: HashMap<PathBuf, FileRef>,
}

/// Why a file was not loaded.
#[derive(Debug)]
pub(crate) enum LoadError {
    /// There is none.
    NotFound,
    /// It is there, but cannot be used.
    Refused(String),
}

impl<'a> Loader<'a> {
    pub(crate) fn new(files: &'a Files, system: &'a dyn FileSystem) -> Self {
        let current_dir = system.current_dir();
        let roots = vec![Root {
            dir: Some(current_dir.clone()),
            shown: String::new(),
            is_source_prefix: false,
        }];
        Self {
            files,
            system,
            current_dir,
            roots,
            import_path: Vec::new(),
            loaded: 0,
            by_place: HashMap::new(),
            by_identity: HashMap::new(),
        }
    }

    /// Adds a directory that absolute imports are looked for in.
    pub(crate) fn add_import_path(&mut self, dir: &Path) {
        let root = self.root(dir, false);
        self.import_path.push(root);
    }

    /// Adds a directory that names of source files are relative to.
    pub(crate) fn add_source_prefix(&mut self, dir: &Path) {
        self.root(dir, true);
    }

    /// Adds the schemas that are part of this crate to the import path.
    pub(crate) fn add_standard_schemas(&mut self) {
        self.roots.push(Root {
            dir: None,
            shown: "/".to_owned(),
            is_source_prefix: false,
        });
        self.import_path.push(self.roots.len() - 1);
    }

    fn root(&mut self, dir: &Path, is_source_prefix: bool) -> usize {
        let path = normalized(&self.current_dir, dir);
        if let Some(known) = self
            .roots
            .iter()
            .position(|root| root.dir.as_ref() == Some(&path))
        {
            self.roots[known].is_source_prefix |= is_source_prefix;
            return known;
        }
        let mut shown = dir.to_string_lossy().into_owned();
        if !shown.ends_with('/') {
            shown.push('/');
        }
        self.roots.push(Root {
            dir: Some(path),
            shown,
            is_source_prefix,
        });
        self.roots.len() - 1
    }

    /// Loads a file that was named by the user.
    pub(crate) fn load_source(
        &mut self,
        path: &Path,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Result<FileRef, LoadError> {
        let path = normalized(&self.current_dir, path);
        let (root, rest) = self.place_of_source(&path);
        self.load(root, rest, diagnostics)
    }

    /// The longest source prefix of a path, else the current directory, else the root.
    fn place_of_source(&mut self, path: &Path) -> (usize, String) {
        for prefix in path.ancestors().skip(1) {
            let known = self
                .roots
                .iter()
                .position(|root| root.is_source_prefix && root.dir.as_deref() == Some(prefix));
            if let (Some(root), Ok(rest)) = (known, path.strip_prefix(prefix)) {
                return (root, slashed(rest));
            }
        }
        if let Ok(rest) = path.strip_prefix(&self.current_dir) {
            return (0, slashed(rest));
        }
        let top: PathBuf = path
            .components()
            .take_while(|part| !matches!(part, Component::Normal(_)))
            .collect();
        let root = self.root(&top, false);
        (root, slashed(path.strip_prefix(&top).unwrap_or(path)))
    }

    /// Loads what `import "path"` in file `from` means.
    pub(crate) fn load_import(
        &mut self,
        from: FileRef,
        path: &str,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Result<FileRef, LoadError> {
        for (root, rest) in self.candidates(from, path)? {
            match self.load(root, rest, diagnostics) {
                Err(LoadError::NotFound) => {}
                found => return found,
            }
        }
        Err(LoadError::NotFound)
    }

    /// Reads what `embed "path"` in file `from` means.
    pub(crate) fn read_embed(&self, from: FileRef, path: &str) -> Result<Vec<u8>, LoadError> {
        for (root, rest) in self.candidates(from, path)? {
            match self.read(root, &rest) {
                Err(LoadError::NotFound) => {}
                found => return found,
            }
        }
        Err(LoadError::NotFound)
    }

    /// The places a path in file `from` may mean, best first.
    fn candidates(&self, from: FileRef, path: &str) -> Result<Vec<(usize, String)>, LoadError> {
        if let Some(absolute) = path.strip_prefix('/') {
            let rest = joined("", absolute)?;
            return Ok(self
                .import_path
                .iter()
                .map(|root| (*root, rest.clone()))
                .collect());
        }
        let file = self.files.get(from).ok_or(LoadError::NotFound)?;
        let parent = file.name.rsplit_once('/').map_or("", |(parent, _)| parent);
        Ok(vec![(file.in_root, joined(parent, path)?)])
    }

    fn read(&self, root: usize, rest: &str) -> Result<Vec<u8>, LoadError> {
        let Some(dir) = &self.roots[root].dir else {
            return crate::standard::lookup(&format!("/{rest}"))
                .map(|text| text.as_bytes().to_vec())
                .ok_or(LoadError::NotFound);
        };
        match self.system.read(&dir.join(rest)) {
            Ok(bytes) if bytes.len() as u64 > MAX_FILE_BYTES => Err(LoadError::Refused(format!(
                "file is larger than {} MiB",
                MAX_FILE_BYTES >> 20
            ))),
            Ok(bytes) => Ok(bytes),
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                Err(LoadError::NotFound)
            }
            Err(error) => Err(LoadError::Refused(format!("cannot be read: {error}"))),
        }
    }

    fn load(
        &mut self,
        root: usize,
        rest: String,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Result<FileRef, LoadError> {
        let place = (root, rest);
        if let Some(known) = self.by_place.get(&place) {
            return Ok(*known);
        }
        let identity = self.identity(place.0, &place.1);
        if let Some(known) = identity
            .as_ref()
            .and_then(|identity| self.by_identity.get(identity))
            .copied()
        {
            self.by_place.insert(place, known);
            return Ok(known);
        }
        let bytes = self.read(place.0, &place.1)?;
        let shown = format!("{}{}", self.roots[place.0].shown, place.1);
        if self.loaded == MAX_FILES {
            return Err(LoadError::Refused(format!("more than {MAX_FILES} files")));
        }
        let file = FileRef(self.loaded);
        self.loaded += 1;
        let root_declaration = crate::parse::parse_file(&shown, &bytes, diagnostics);
        let source = SourceFile {
            name: place.1.clone(),
            shown,
            text: bytes,
            root: root_declaration,
            in_root: place.0,
        };
        self.files.slots[file.0].get_or_init(|| Box::new(source));
        self.by_place.insert(place, file);
        if let Some(identity) = identity {
            self.by_identity.insert(identity, file);
        }
        Ok(file)
    }

    /// What tells that two places hold one file.
    ///
    /// A link of another name is another file, as it is for the reference.
    fn identity(&self, root: usize, rest: &str) -> Option<PathBuf> {
        let name = rest.rsplit('/').next()?;
        let dir = self.roots[root].dir.as_ref()?;
        Some(self.system.identity(&dir.join(rest))?.join(name))
    }
}

/// `path` below directory `base`, both with slashes and below one root.
fn joined(base: &str, path: &str) -> Result<String, LoadError> {
    let mut parts: Vec<&str> = base.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                if parts.pop().is_none() {
                    return Err(LoadError::Refused(
                        "path leads out of the directory that names are relative to".to_owned(),
                    ));
                }
            }
            part if part.contains('\0') => return Err(LoadError::NotFound),
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}

fn slashed(path: &Path) -> String {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}
