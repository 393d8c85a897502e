//! Files whose code another crate has: they are read, so that everything about their types is known, and nothing is written for
//! them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use capnp::message::Builder;
use capnp::schema_capnp::code_generator_request;

use crate::deps;
use crate::error::{Error, Result};
use crate::request;
use crate::tool::Tool;

/// The module each such file's code is in, by the ID of the file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Externals(pub(crate) BTreeMap<u64, ModulePath>);

/// The path of a module, from a crate on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct ModulePath(pub(crate) Vec<String>);

impl ModulePath {
    /// Parses `::shared::api`, with or without the colons in front; `crate::api` is a module of the same crate.
    pub(crate) fn parse(path: &str) -> Result<Self> {
        let parts: Vec<String> = path
            .trim_start_matches("::")
            .split("::")
            .map(str::to_owned)
            .collect();
        let valid = parts.iter().enumerate().all(|(index, part)| {
            syn::parse_str::<syn::Ident>(part).is_ok() || (index == 0 && part == "crate")
        });
        if valid {
            Ok(Self(parts))
        } else {
            Err(Error::BadModule(path.to_owned()))
        }
    }
}

impl Externals {
    /// Compiles once more, with the external files that are imported, and with those that these import, so that the request has
    /// every node of theirs.
    pub(crate) fn complete(
        &self,
        tool: &Tool<'_>,
        files: &[PathBuf],
        mut bytes: Vec<u8>,
    ) -> Result<Vec<u8>> {
        if self.0.is_empty() {
            return Ok(bytes);
        }
        let mut all = files.to_vec();
        loop {
            let message = request::parse(&bytes)?;
            let root: code_generator_request::Reader<'_> = message.get_root()?;
            let mut known = BTreeSet::new();
            let mut wanted = Vec::new();
            for file in root.get_requested_files()? {
                known.insert(file.get_id());
                let importer = request::text(file.get_filename()?)?;
                for import in file.get_imports()? {
                    if self.0.contains_key(&import.get_id()) {
                        let name = request::text(import.get_name()?)?;
                        wanted.push((import.get_id(), importer.clone(), name));
                    }
                }
            }
            if all.len() == files.len() {
                self.judge(&known, &wanted)?;
            }
            let before = all.len();
            for (id, importer, import) in wanted {
                if known.insert(id)
                    && let Some(path) = deps::import(&import, &importer, tool)
                {
                    all.push(path);
                }
            }
            if all.len() == before {
                return Ok(bytes);
            }
            bytes = tool.run(&all)?;
        }
    }

    /// What `extern_module` was told has to be true of the files named to `compile`.
    fn judge(&self, named: &BTreeSet<u64>, imported: &[(u64, String, String)]) -> Result<()> {
        let mut problems = Vec::new();
        for (id, ModulePath(path)) in &self.0 {
            let path = path.join("::");
            if named.contains(id) {
                problems.push(format!(
                    "the file with ID {id:#x} is named to `compile`, and to `extern_module` as one that `{path}` has: name it \
                     to one of them"
                ));
            } else if !imported.iter().any(|(imported, ..)| imported == id) {
                problems.push(format!(
                    "no schema imports the file with ID {id:#x} that `extern_module` says `{path}` has: correct the ID, or \
                     leave it out"
                ));
            }
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(Error::Rules(problems))
        }
    }

    /// The request without the external files among those that code is asked for. Their nodes stay.
    pub(crate) fn leave_out(&self, bytes: Vec<u8>) -> Result<Vec<u8>> {
        if self.0.is_empty() {
            return Ok(bytes);
        }
        let message = request::parse(&bytes)?;
        let root: code_generator_request::Reader<'_> = message.get_root()?;
        let mut kept = Vec::new();
        for file in root.get_requested_files()? {
            if !self.0.contains_key(&file.get_id()) {
                kept.push(file);
            }
        }
        let mut message = Builder::new_default();
        message.set_root(root)?;
        let root: code_generator_request::Builder<'_> = message.get_root()?;
        let count = u32::try_from(kept.len()).unwrap_or(u32::MAX);
        let mut files = root.init_requested_files(count);
        for (index, file) in (0..).zip(kept) {
            files.set_with_caveats(index, file)?;
        }
        Ok(capnp::serialize::write_message_to_words(&message))
    }
}
