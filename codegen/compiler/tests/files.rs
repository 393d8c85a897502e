//! Which file an import means, which files are read, and what they are called.

#![allow(clippy::unwrap_used)] // clippy.toml allows it in tests, but not in what tests call

use std::cell::RefCell;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use capnp_compiler::{Compiler, FileSystem, MemoryFiles, Request};

const MAIN: &str = "@0xe1a3b5a1a1c00001;\n";

fn files(list: &[(&str, String)]) -> MemoryFiles {
    let mut files = MemoryFiles::new();
    for (path, text) in list {
        files.insert(path, text.as_str());
    }
    files
}

/// A file with one struct, whose fields tell files apart.
fn with_field(id: u8, field: &str) -> String {
    format!("@0xe1a3b5a1a1c001{id:02x}; struct S {{ {field} @0 :Void; }}")
}

fn using(path: &str) -> String {
    format!("{MAIN}struct Main {{ s @0 :import \"{path}\".S; }}")
}

/// Names of the nodes of a request, sorted.
fn names(request: &Request) -> Vec<String> {
    let nodes = request.reader().unwrap().get_nodes().unwrap();
    let mut names: Vec<String> = nodes
        .iter()
        .map(|node| node.get_display_name().unwrap().to_string().unwrap())
        .collect();
    names.sort();
    names
}

fn errors(result: Result<Request, capnp_compiler::Diagnostics>) -> Vec<String> {
    result
        .unwrap_err()
        .iter()
        .map(|error| format!("{}: {}", error.file, error.message))
        .collect()
}

#[test]
fn relative_imports_start_at_the_directory_of_the_importing_file() {
    let files = files(&[
        ("a/main.capnp", using("b/x.capnp")),
        (
            "a/b/x.capnp",
            using("../y.capnp")
                .replace("00001;", "00002;")
                .replace("Main", "S"),
        ),
        ("a/y.capnp", with_field(3, "right")),
        ("y.capnp", with_field(4, "wrong")),
    ]);
    let request = Compiler::new()
        .file_system(files)
        .compile(["a/main.capnp"])
        .unwrap();
    assert_eq!(
        names(&request),
        [
            "a/b/x.capnp",
            "a/b/x.capnp:S",
            "a/main.capnp",
            "a/main.capnp:Main",
            "a/y.capnp",
            "a/y.capnp:S"
        ]
    );
}

#[test]
fn absolute_imports_take_the_first_import_path_that_has_the_file() {
    let files = files(&[
        ("main.capnp", using("/x.capnp")),
        ("x.capnp", with_field(2, "beside")),
        ("second/x.capnp", with_field(3, "second")),
        ("third/x.capnp", with_field(4, "third")),
    ]);
    let compiler = Compiler::new()
        .file_system(files)
        .import_path("first")
        .import_path("second")
        .import_path("third");
    let request = compiler.compile(["main.capnp"]).unwrap();
    assert_eq!(
        names(&request),
        ["main.capnp", "main.capnp:Main", "x.capnp", "x.capnp:S"]
    );
    let ids: Vec<u64> = request
        .reader()
        .unwrap()
        .get_nodes()
        .unwrap()
        .iter()
        .map(|node| node.get_id())
        .collect();
    assert!(ids.contains(&0xe1a3_b5a1_a1c0_0103), "{ids:x?}");
}

#[test]
fn an_import_without_its_file_is_refused_where_it_stands() {
    for (path, message) in [
        (
            "x.capnp",
            "main.capnp: import failed: there is no 'x.capnp'",
        ),
        (
            "/x.capnp",
            "main.capnp: import failed: there is no '/x.capnp'",
        ),
        ("", "main.capnp: import failed: there is no ''"),
        (
            "../x.capnp",
            "main.capnp: import of '../x.capnp' failed: path leads out of the directory that names are relative to",
        ),
    ] {
        let files = files(&[("main.capnp", using(path))]);
        assert_eq!(
            errors(Compiler::new().file_system(files).compile(["main.capnp"])),
            [message]
        );
    }
}

#[test]
fn a_file_that_is_not_there_is_an_error() {
    assert_eq!(
        errors(
            Compiler::new()
                .file_system(MemoryFiles::new())
                .compile(["no.capnp"])
        ),
        ["no.capnp: no such file"]
    );
}

#[test]
fn standard_schemas_are_there_unless_they_are_not_wanted() {
    let text = format!("{MAIN}using Cxx = import \"/capnp/c++.capnp\"; $Cxx.namespace(\"a\");");
    let compiler = Compiler::new().file_system(files(&[("main.capnp", text)]));
    assert!(
        names(&compiler.compile(["main.capnp"]).unwrap())
            .contains(&"capnp/c++.capnp:namespace".to_owned())
    );
    assert_eq!(
        errors(compiler.standard_imports(false).compile(["main.capnp"])),
        ["main.capnp: import failed: there is no '/capnp/c++.capnp'"]
    );
}

#[test]
fn names_of_sources_are_relative_to_the_longest_prefix() {
    let list = [("a/b/c/main.capnp", MAIN.to_owned())];
    let named = |prefixes: &[&str]| {
        let compiler = prefixes.iter().fold(
            Compiler::new().file_system(files(&list)),
            |compiler, prefix| compiler.src_prefix(prefix),
        );
        let request = compiler.compile(["a/./b/../b/c/main.capnp"]).unwrap();
        let requested = request.reader().unwrap().get_requested_files().unwrap();
        requested
            .get(0)
            .get_filename()
            .unwrap()
            .to_string()
            .unwrap()
    };
    assert_eq!(named(&[]), "a/b/c/main.capnp");
    assert_eq!(named(&["a"]), "b/c/main.capnp");
    assert_eq!(named(&["a/b/", "a"]), "c/main.capnp");
    assert_eq!(named(&["elsewhere"]), "a/b/c/main.capnp");
}

#[test]
fn a_copy_of_a_file_has_its_ids_twice_but_a_link_is_the_same_file() {
    let dir = tempfile::tempdir().unwrap();
    let main = format!(
        "{MAIN}struct Main {{ a @0 :import \"one/x.capnp\".S; b @1 :import \"two/x.capnp\".S; }}"
    );
    std::fs::write(dir.path().join("main.capnp"), main).unwrap();
    for sub in ["one", "two"] {
        std::fs::create_dir(dir.path().join(sub)).unwrap();
        std::fs::write(dir.path().join(sub).join("x.capnp"), with_field(2, "f")).unwrap();
    }
    let compile = || {
        Compiler::new()
            .src_prefix(dir.path())
            .compile([dir.path().join("main.capnp")])
    };
    let messages = errors(compile()).join("\n");
    assert!(
        messages.contains("duplicate ID @0xe1a3b5a1a1c00102"),
        "{messages}"
    );
    #[cfg(unix)]
    {
        let copy = dir.path().join("two/x.capnp");
        std::fs::remove_file(&copy).unwrap();
        std::os::unix::fs::symlink(dir.path().join("one/x.capnp"), &copy).unwrap();
        assert_eq!(
            names(&compile().unwrap()),
            [
                "main.capnp",
                "main.capnp:Main",
                "one/x.capnp",
                "one/x.capnp:S"
            ]
        );
    }
}

/// Files that note what is read.
struct Noted(MemoryFiles, Rc<RefCell<Vec<PathBuf>>>);

impl FileSystem for Noted {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let result = self.0.read(path);
        if result.is_ok() {
            self.1.borrow_mut().push(path.to_owned());
        }
        result
    }
}

#[test]
fn an_unused_import_of_an_imported_file_is_never_read() {
    let list = [
        ("main.capnp", using("x.capnp")),
        (
            "x.capnp",
            with_field(2, "f") + "using Y = import \"y.capnp\"; struct Other { y @0 :Y.S; }",
        ),
        ("y.capnp", "this is no schema".to_owned()),
    ];
    let read = Rc::new(RefCell::new(Vec::new()));
    let files = Noted(files(&list), Rc::clone(&read));
    Compiler::new()
        .file_system(files)
        .compile(["main.capnp"])
        .unwrap();
    assert_eq!(
        *read.borrow(),
        [Path::new("/main.capnp"), Path::new("/x.capnp")]
    );
}

#[test]
fn a_file_that_cannot_be_read_says_why() {
    struct Broken;
    impl FileSystem for Broken {
        fn read(&self, _: &Path) -> io::Result<Vec<u8>> {
            Err(io::Error::other("the disk is on fire"))
        }
    }
    assert_eq!(
        errors(Compiler::new().file_system(Broken).compile(["a.capnp"])),
        ["a.capnp: cannot be read: the disk is on fire"]
    );
}

#[test]
fn work_ends_when_too_much_is_wrong() {
    let many: String = (0..5_000)
        .map(|i| format!("struct A{i}x {{ a @0 :Nowhere{i}; }}"))
        .collect();
    let found = errors(
        Compiler::new()
            .file_system(files(&[("main.capnp", format!("{MAIN}{many}"))]))
            .compile(["main.capnp"]),
    );
    assert_eq!(found.len(), 1000);
}

#[test]
fn long_names_around_many_others_are_refused() {
    let inner: String = (0..5_000).map(|i| format!("struct A{i}x {{}}")).collect();
    let text = format!("{MAIN}struct A{} {{ {inner} }}", "a".repeat(100_000));
    let found = errors(
        Compiler::new()
            .file_system(files(&[("main.capnp", text)]))
            .compile(["main.capnp"]),
    );
    assert_eq!(
        found,
        ["main.capnp: the names of all declarations, with those around them, are too long"]
    );
}
