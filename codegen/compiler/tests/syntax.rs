//! The parser answers every input, in time that grows with its length only.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use capnp_compiler::ast::{DeclKind, Declaration, Expression, ExpressionKind, ParamList, Span};
use capnp_compiler::parse::{MAX_DEPTH, parse_file};
use capnp_compiler::{Diagnostic, Diagnostics};
use proptest::prelude::*;

fn parse(text: &[u8]) -> (Declaration, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let file = parse_file("test.capnp", text, &mut diagnostics);
    (file, diagnostics)
}

/// What holds for every input.
fn check(text: &[u8]) {
    let (file, diagnostics) = parse(text);
    let inside = |span: Span| {
        assert!(
            span.start <= span.end && span.end as usize <= text.len(),
            "{span:?}"
        );
    };
    declaration(&file, 0, &inside);
    for diagnostic in &diagnostics {
        inside(diagnostic.span);
    }
    let _ = Diagnostics::new(diagnostics, [("test.capnp", text)]).render(true);
}

fn declaration(declaration_: &Declaration, depth: usize, inside: &dyn Fn(Span)) {
    assert!(depth <= MAX_DEPTH + 1);
    inside(declaration_.span);
    inside(declaration_.name.span);
    for application in &declaration_.annotations {
        expression(&application.name, 0, inside);
        application
            .value
            .iter()
            .for_each(|value| expression(value, 0, inside));
    }
    match &declaration_.kind {
        DeclKind::Using { target: ty } | DeclKind::Annotation { ty, .. } => {
            expression(ty, 0, inside)
        }
        DeclKind::Const { ty, value } => {
            expression(ty, 0, inside);
            expression(value, 0, inside);
        }
        DeclKind::Field { ty, default } => {
            expression(ty, 0, inside);
            default
                .iter()
                .for_each(|value| expression(value, 0, inside));
        }
        DeclKind::Interface { superclasses } => {
            superclasses
                .iter()
                .for_each(|superclass| expression(superclass, 0, inside));
        }
        DeclKind::Method { params, results } => {
            for list in std::iter::once(params).chain(results) {
                match list {
                    ParamList::Named(params, span) => {
                        inside(*span);
                        params
                            .iter()
                            .for_each(|param| expression(&param.ty, 0, inside));
                    }
                    ParamList::Type(ty) => expression(ty, 0, inside),
                    ParamList::Stream(span) => inside(*span),
                }
            }
        }
        _ => {}
    }
    for nested in &declaration_.nested {
        declaration(nested, depth + 1, inside);
    }
}

fn expression(expression_: &Expression, depth: usize, inside: &dyn Fn(Span)) {
    assert!(depth <= MAX_DEPTH);
    inside(expression_.span);
    match &expression_.kind {
        ExpressionKind::List(list) => list
            .iter()
            .for_each(|item| expression(item, depth + 1, inside)),
        ExpressionKind::Tuple(params) => {
            params
                .iter()
                .for_each(|param| expression(&param.value, depth + 1, inside));
        }
        ExpressionKind::Application { function, params } => {
            expression(function, depth + 1, inside);
            params
                .iter()
                .for_each(|param| expression(&param.value, depth + 1, inside));
        }
        ExpressionKind::Member { parent, .. } => expression(parent, depth + 1, inside),
        _ => {}
    }
}

/// Pieces of schemas; runs of them come closer to a schema than runs of characters.
const PIECES: &[&str] = &[
    "struct",
    "union",
    "group",
    "enum",
    "interface",
    "annotation",
    "const",
    "using",
    "import",
    "embed",
    "extends",
    "stream",
    "S",
    "foo",
    "T",
    "@0",
    "@1!",
    "@0xd3f8c1a25b7e9046",
    "@",
    ":",
    "=",
    "->",
    "$",
    ".",
    "-",
    "*",
    "!",
    "=-",
    "//",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ";",
    ";\n",
    ",",
    "\n",
    "# c\n",
    "\"a\\n\"",
    "\"",
    "`b\n",
    "0x\"ab cd\"",
    "0x\"",
    "1",
    "017",
    "09",
    "1.5e3",
    "18446744073709551616",
    "inf",
    "\u{feff}",
    "é",
    "'",
    "\0",
    "\r\n",
    "struct S {\n",
    "a @0 :T;\n",
    "m @0 (a :T) -> (b :U);\n",
    "const c :T = (a = [1, -2]);\n",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        check(&bytes);
    }

    #[test]
    fn any_text_is_answered(text in "\\PC{0,200}") {
        check(text.as_bytes());
    }

    #[test]
    fn any_soup_of_tokens_is_answered(
        pieces in prop::collection::vec((prop::sample::select(PIECES), any::<bool>()), 0..80)
    ) {
        let text: String =
            pieces.iter().map(|(piece, blank)| if *blank { format!("{piece} ") } else { (*piece).to_owned() }).collect();
        check(text.as_bytes());
    }
}

#[test]
fn long_runs_of_anything_are_answered_in_time() {
    for piece in PIECES {
        let start = Instant::now();
        check(piece.repeat(60_000 / piece.len()).as_bytes());
        // Quadratic work would take minutes.
        assert!(
            start.elapsed() < Duration::from_secs(10),
            "{piece:?}: {:?}",
            start.elapsed()
        );
    }
}

#[test]
fn every_beginning_of_a_schema_is_answered() {
    let text = "@0xd3f8c1a25b7e9046; # doc\nusing import \"f\".X; struct S(T) { a @0 :List(T) = [1, -2] $b(c = 0x\"ab\");\n\
                union { d @1 :Text = \"\\x41\"; g :group { e @2 :A.B; } } }\n\
                interface I extends(J) { m @0 [U] (a :U) -> stream; }";
    for end in 0..text.len() {
        check(&text.as_bytes()[..end]);
    }
    assert_eq!(parse(text.as_bytes()).1, []);
}

/// Every schema below a directory.
fn schemas(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            schemas(&path, found);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "capnp")
        {
            found.push(path);
        }
    }
}

#[test]
fn public_schemas_parse() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let corpus = std::env::var_os("CAPNP_CORPUS").map_or(beside, PathBuf::from);
    if !corpus.is_dir() {
        println!("skipped: no corpus of public schemas (set CAPNP_CORPUS to its directory)");
        return;
    }
    let mut found = Vec::new();
    schemas(&corpus, &mut found);
    assert!(!found.is_empty());
    for path in found {
        let text = std::fs::read(&path).unwrap();
        if text.starts_with(b"../") {
            // A symbolic link of the repository, kept as a file.
            continue;
        }
        check(&text);
        assert_eq!(parse(&text).1, [], "{}", path.display());
    }
}
