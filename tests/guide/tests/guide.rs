//! What the guide shows besides schemas and examples: generated code, refusals, the lock, what the build prints.

#![allow(clippy::unwrap_used)] // clippy.toml allows it in tests, but not in what tests call

use std::{fs, path::Path, process::Command};

use dsoftbus_codegen::{Builder, Error};
use dsoftbus_guide::{
    GENERATED, SCHEMA,
    markdown::{Block, blocks},
};

const GUIDE: &str = include_str!("../../../codegen/GUIDE.md");
const README: &str = include_str!("../../../codegen/README.md");

/// The blocks of the guide with these tags. There is at least one.
#[track_caller]
fn tagged(tags: &[&str]) -> Vec<Block<'static>> {
    let mut blocks = blocks(GUIDE);
    blocks.retain(|block| block.is(tags));
    assert!(!blocks.is_empty(), "no block is tagged {tags:?}");
    blocks
}

/// Where a block begins, as editors count.
fn at(block: &Block<'_>) -> String {
    format!("GUIDE.md:{}", block.line + 1)
}

/// The generator, for schemas in this directory.
fn builder(dir: &Path) -> Builder {
    dsoftbus_codegen::configure()
        .schema_dir(dir)
        .out_dir(dir.join("out"))
}

/// Code without whitespace, with only the last name of paths from the root, and without the commas that a line break adds.
fn plain(code: &str) -> String {
    let mut out = String::new();
    let (mut rest, mut before) = (code, ' ');
    while let Some(next) = rest.chars().next() {
        let in_path = before.is_alphanumeric() || matches!(before, '_' | '>');
        rest = match rest.strip_prefix("::").filter(|_| !in_path) {
            Some(path) => last_name(path),
            None => {
                if !next.is_whitespace() {
                    out.push(next);
                }
                &rest[next.len_utf8()..]
            }
        };
        before = next;
    }
    for close in [")", "]", "}", ">"] {
        out = out.replace(&format!(",{close}"), close);
    }
    out
}

/// What is left of a path, and of what follows, from its last name on.
fn last_name(path: &str) -> &str {
    let end = path.find(|c: char| !c.is_alphanumeric() && c != '_');
    let (_, after) = path.split_at(end.unwrap_or(path.len()));
    match after.strip_prefix("::") {
        Some(next) if next.starts_with(char::is_alphabetic) => last_name(next),
        _ => path,
    }
}

#[test]
fn every_excerpt_is_what_is_generated() {
    // Where code is compiled is no concern of who reads it.
    let generated = plain(&GENERATED.replace("#[inline]", ""));
    for block in tagged(&["rust", "ignore", "excerpt"]) {
        let mut rest = generated.as_str();
        for part in block.lines.join("\n").split("/* … */") {
            let Some(found) = rest.find(&plain(part)) else {
                panic!("{}: not generated, or not in this order:{part}", at(&block));
            };
            rest = &rest[found + plain(part).len()..];
        }
    }
}

/// Each schema of one or more lines is followed by the problems it has, marked with an arrow. A line that starts with the name of
/// another file is in that file, which is imported and not compiled.
#[test]
fn every_refusal_is_what_the_guide_says() {
    for block in tagged(&["text", "refused"]) {
        let lines = block.lines.iter().filter(|line| !line.is_empty());
        let (mut schema, mut other) = (String::new(), String::new());
        let mut cases: Vec<(String, String, Vec<&str>)> = Vec::new();
        for line in lines {
            if let Some(problem) = line.strip_prefix("→ ") {
                if !schema.is_empty() {
                    cases.push((
                        std::mem::take(&mut schema),
                        std::mem::take(&mut other),
                        vec![],
                    ));
                }
                cases.last_mut().unwrap().2.push(problem);
            } else if let Some(line) = line.strip_prefix("b.capnp: ") {
                other.push_str(line);
            } else {
                schema.push_str(line);
                schema.push('\n');
            }
        }
        for (schema, other, problems) in cases {
            let dir = tempfile::tempdir().unwrap();
            let head = "using Bus = import \"/dsoftbus/bus.capnp\"; using Rust = import \"/capnp/rust.capnp\";";
            let import = "using B = import \"b.capnp\";";
            let text = format!("@0xb0a1b2c3d4e5f600; {head} {import}\n{schema}");
            fs::write(dir.path().join("x.capnp"), text).unwrap();
            let text = format!("@0xb0a1b2c3d4e5f601; {head}\n{other}");
            fs::write(dir.path().join("b.capnp"), text).unwrap();
            let refused = builder(dir.path()).compile(["x.capnp"]);
            let expected = problems.iter().map(|problem| format!("x.capnp: {problem}"));
            assert_eq!(
                refused,
                Err(Error::Rules(expected.collect())),
                "{}: {schema}",
                at(&block)
            );
        }
    }
}

/// What a build script may ask for in vain. In the order of the guide.
#[test]
fn every_error_of_a_build_script_is_what_the_guide_says() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("x.capnp"), "@0xb0a1b2c3d4e5f600;").unwrap();
    let builder = || builder(dir.path());
    let failed = [
        builder().compile([] as [&str; 0]),
        builder().extern_module(5, "::other").compile(["x.capnp"]),
        builder()
            .extern_module(0xb0a1_b2c3_d4e5_f600, "other")
            .compile(["x.capnp"]),
        builder().parent_module("api-v1").compile(["x.capnp"]),
        builder()
            .capnp_executable("no-such-capnp")
            .compile(["x.capnp"]),
        builder().lock_variable("yes").compile(["x.capnp"]),
    ];
    let failed = failed.map(|result| result.unwrap_err().to_string());
    let [block] = &tagged(&["text", "errors"])[..] else {
        panic!("one block");
    };
    assert_eq!(block.lines, failed);
}

#[test]
fn every_line_of_the_lock_is_one() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("guide.capnp"), SCHEMA).unwrap();
    let accept = builder(dir.path()).lock_variable("accept");
    assert_eq!(accept.compile(["guide.capnp"]), Ok(()));
    let lock = fs::read_to_string(dir.path().join("wire.lock")).unwrap();
    for block in tagged(&["text", "lock"]) {
        for line in &block.lines {
            assert!(
                lock.lines().any(|locked| locked == *line),
                "{}: not in the lock: {line}\n{lock}",
                at(&block)
            );
        }
    }
}

/// A build script can only print, so that this test prints, too, and is run by the next one.
#[test]
#[ignore = "run by `the_build_prints_which_engines_it_chose`"]
fn build() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("guide.capnp"), SCHEMA).unwrap();
    assert_eq!(builder(dir.path()).compile(["guide.capnp"]), Ok(()));
}

#[test]
fn the_build_prints_which_engines_it_chose() {
    let build = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "build", "--ignored", "--nocapture"])
        .output()
        .unwrap();
    let printed = String::from_utf8(build.stdout).unwrap();
    for block in tagged(&["text", "engines"]) {
        for line in &block.lines {
            assert!(
                printed.lines().any(|printed| printed == *line),
                "{}: not printed: {line}\n{printed}",
                at(&block)
            );
        }
    }
}

/// The README can hide nothing from its reader, so that its blocks are tested where they are repeated.
#[test]
fn the_readme_shows_what_the_guide_tests() {
    let code = |block: &Block<'_>| {
        let shown = block.lines.iter().filter(|line| !line.starts_with("# "));
        plain(&shown.copied().collect::<Vec<_>>().join("\n"))
    };
    let guide: String = blocks(GUIDE).iter().map(code).collect();
    let readme = blocks(README);
    assert!(!readme.is_empty());
    for block in readme {
        assert!(
            guide.contains(&code(&block)),
            "README.md:{}: not in the guide",
            block.line + 1
        );
    }
}

#[test]
fn paths_and_line_breaks_do_not_count() {
    assert_eq!(
        plain("fn f(\n    a: &::dsoftbus::Context,\n) -> ::std::vec::Vec<crate::x::Y>"),
        "fnf(a:&Context)->Vec<crate::x::Y>"
    );
    assert_eq!(plain("<S as ::core::A>::b(::c)"), "<SasA>::b(c)");
}
