//! The files a compile depends on: the schemas and, through their imports, everything they read.
//!
//! A `CodeGeneratorRequest` lists only the imports of the named files, so the imports of imports are looked up here. A path
//! in a comment that happens to look like an import costs one needless `rerun-if-changed` at most.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::tool::Tool;

/// Every file that `files` consist of, in a fixed order.
pub(crate) fn of(files: &[PathBuf], tool: &Tool<'_>) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut queue: Vec<PathBuf> = files.iter().map(|file| tool.locate(file)).collect();
    while let Some(path) = queue.pop() {
        // The embedded schemas change only with this crate, and writing them must not trigger the next build.
        if path.starts_with(tool.embedded) || !found.insert(path.clone()) {
            continue;
        }
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        queue.extend(
            imports(&text)
                .into_iter()
                .filter_map(|import| resolve(import, &path, tool)),
        );
    }
    found
}

/// The strings after `import` and `embed`.
fn imports(text: &str) -> Vec<&str> {
    ["import", "embed"]
        .iter()
        .flat_map(|keyword| text.split(keyword).skip(1))
        .filter_map(|rest| rest.trim_start().strip_prefix('"'))
        .filter_map(|rest| rest.split('"').next())
        .collect()
}

/// The file that an import of a compiled file names. The importer is called what the request calls it.
pub(crate) fn import(import: &str, importer: &str, tool: &Tool<'_>) -> Option<PathBuf> {
    let importer = [
        tool.schema_dir.join(importer),
        tool.embedded.join(importer),
        Path::new("/").join(importer),
        PathBuf::from(importer),
    ];
    let importer = importer.into_iter().find(|path| path.is_file())?;
    // Names that are not absolute are looked up in the schema directory.
    std::path::absolute(resolve(import, &importer, tool)?).ok()
}

fn resolve(import: &str, importer: &Path, tool: &Tool<'_>) -> Option<PathBuf> {
    let path = match import.strip_prefix('/') {
        Some(absolute) => tool
            .import_paths
            .iter()
            .map(|dir| dir.join(absolute))
            .find(|path| path.is_file())?,
        None => importer.parent()?.join(import),
    };
    path.is_file().then_some(path)
}

#[cfg(test)]
mod tests {
    use super::imports;

    #[test]
    fn every_import_and_embed_is_found() {
        assert_eq!(
            imports(
                "using A = import \"a.capnp\"; using import\"/b.capnp\".X; const d :Data = embed \"d.bin\";"
            ),
            ["a.capnp", "/b.capnp", "d.bin"]
        );
    }
}
