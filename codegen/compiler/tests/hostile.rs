//! Nasty inputs end: with an answer, or with errors, without a panic, a deep stack, or memory without bound.

#![allow(clippy::unwrap_used)] // clippy.toml allows it in tests, but not in what tests call

mod common;

use capnp_compiler::{Compiler, Diagnostics, MemoryFiles, Request};
use common::{Question, files_below, reference_is_here, tests_dir};
use std::fmt::Write as _;

/// Inputs that double with every line. The reference never answers them; we stop at a limit.
const DOUBLING: [&str; 3] = [
    "generic-doubling.capnp",
    "value-doubling.capnp",
    "text-doubling.capnp",
];

fn question(schema: &std::path::Path) -> Question {
    let mut question = Question::own(schema);
    question.src_prefixes = vec![tests_dir().join("hostile")];
    question
}

#[test]
fn stored_inputs_end() {
    for schema in files_below(&tests_dir().join("hostile"), ".capnp") {
        let answer = question(&schema).ours();
        let doubling = DOUBLING.contains(&schema.file_name().unwrap().to_str().unwrap());
        assert!(
            !doubling || answer.is_err(),
            "{} should meet a limit",
            schema.display()
        );
    }
}

#[test]
fn stored_inputs_are_accepted_or_refused_as_by_the_installed_reference() {
    if !reference_is_here("nasty inputs") {
        return;
    }
    let mut failures = common::Failures::default();
    for schema in files_below(&tests_dir().join("hostile"), ".capnp") {
        let name = schema.file_name().unwrap().to_str().unwrap();
        if DOUBLING.contains(&name) {
            continue;
        }
        let question = question(&schema);
        let wrong = match (question.reference().unwrap(), question.ours()) {
            (Ok(expected), Ok(actual)) => common::canonical::differences(&expected, &actual),
            (Err(_), Err(_)) => Vec::new(),
            (Ok(_), Err(errors)) => vec![format!("only we refuse: {errors}")],
            (Err(errors), Ok(_)) => vec![format!("only the reference refuses: {errors}")],
        };
        failures.note(&name, wrong);
    }
    failures.finish("nasty inputs");
}

fn compile(text: impl Into<Vec<u8>>) -> Result<Request, Diagnostics> {
    let mut files = MemoryFiles::new();
    files.insert("f.capnp", text);
    Compiler::new().file_system(files).compile(["f.capnp"])
}

/// Asserts that `text` is refused, with a message that says `why`.
#[track_caller]
fn refused(text: impl Into<Vec<u8>>, why: &str) {
    let messages: Vec<_> = compile(text)
        .unwrap_err()
        .iter()
        .map(|wrong| wrong.message.clone())
        .collect();
    assert!(
        messages.iter().any(|message| message.contains(why)),
        "{:?}",
        messages.first()
    );
}

const ID: &str = "@0xe1a3b5a1a1c00001;\n";

/// `ID`, then `front` and `back` around `middle`, that many times.
fn nested(front: &str, middle: &str, back: &str, times: usize) -> String {
    format!("{ID}{}{middle}{}", front.repeat(times), back.repeat(times))
}

#[test]
fn depth_without_end_is_refused() {
    const DEEP: usize = 100_000;
    let inputs = [
        ("const a :Int32 = ", "(", "1", ")", ";"),
        ("const a :List(Int32) = ", "[", "1", "]", ";"),
        ("const a :Int32 = ", "(a = ", "1", ")", ";"),
        ("const a :", "List(", "Int32", ")", " = [];"),
        ("const a :", "X(", "Int32", "", " = [];"),
        ("const a :Int32 = ", "(", "", "", ""),
        ("const a :Int32 = ", "[", "", "", ""),
        ("const a :Int32 = ", "- ", "1", "", ";"),
        ("", "struct S { ", "", "} ", ""),
        ("", "struct S { ", "", "", ""),
        ("", "interface I { ", "", "} ", ""),
        ("struct S { ", "g :group { ", "a @0 :Int32; ", "} ", "}"),
        ("struct S { ", "u :union { ", "a @0 :Int32; ", "} ", "}"),
        ("struct S { ", "union { ", "a @0 :Int32; ", "} ", "}"),
        ("", "} ", "", "", ""),
        ("", ") ", "", "", ""),
        ("", "{", "", "}", ""),
        ("", "", "a", "{}", ""),
        ("struct S $a", "(b", "", ")", " {}"),
        ("struct S ", "$a", "", "(1)", " {}"),
        ("const a :Int32 = .a", ".b", "", "", ";"),
        ("const a :T", "(Text)", "", "", " = 1;"),
    ];
    for (before, front, middle, back, after) in inputs {
        let text = format!(
            "{ID}{before}{}{middle}{}{after}",
            front.repeat(DEEP),
            back.repeat(DEEP)
        );
        assert!(compile(text).is_err(), "{before}{front}… is accepted");
    }
}

#[test]
fn reasonable_depth_is_accepted() {
    assert!(compile(nested("struct S { ", "", "} ", 30)).is_ok());
    let inputs = [
        ("const a :Int32 = ", "(", "1", ")", ";"),
        ("const a :", "List(", "Int32", ")", " = [];"),
    ];
    for (before, front, middle, back, after) in inputs {
        let text = format!(
            "{ID}{before}{}{middle}{}{after}",
            front.repeat(30),
            back.repeat(30)
        );
        assert!(compile(text).is_ok(), "{before}{front}…");
    }
    let groups = format!(
        "{ID}struct S {{ {} a @0 :Int32; {} }}",
        "g :group { ".repeat(30),
        "} ".repeat(30)
    );
    assert!(compile(groups).is_ok());
}

#[test]
fn long_chains_end() {
    const LONG: usize = 4_000;
    let chain = |first: &str, link: &dyn Fn(usize) -> String| {
        let mut text = format!("{ID}{first}\n");
        for i in 1..LONG {
            text.push_str(&link(i));
            text.push('\n');
        }
        text
    };
    let inputs = [
        chain("using A0 = Text;", &|i| format!("using A{i} = A{};", i - 1)),
        chain(
            &format!("struct S {{ a @0 :A{}; }} using A0 = Text;", LONG - 1),
            &|i| format!("using A{i} = .A{};", i - 1),
        ),
        chain("const a0 :Int32 = 1;", &|i| {
            format!("const a{i} :Int32 = .a{};", i - 1)
        }),
        chain("const a0 :List(Int32) = [1];", &|i| {
            format!("const a{i} :List(Int32) = .a{};", i - 1)
        }),
        chain(&format!("const a0 :Int32 = .a{};", LONG - 1), &|i| {
            format!("const a{i} :Int32 = .a{};", i - 1)
        }),
        chain("interface I0 {}", &|i| {
            format!("interface I{i} extends(I{}) {{}}", i - 1)
        }),
        chain("struct S0 {}", &|i| {
            format!("struct S{i} {{ a @0 :S{}; }}", i - 1)
        }),
        chain(&format!("struct S0 {{ a @0 :S{}; }}", LONG - 1), &|i| {
            format!("struct S{i} {{ a @0 :S{}; }}", i - 1)
        }),
        chain("annotation a0(*) :Void;", &|i| {
            format!("annotation a{i}(*) :Void $a{};", i - 1)
        }),
        chain("struct G(T) { g @0 :T; }\nusing A0 = G(Text);", &|i| {
            format!("using A{i} = G(A{});", i - 1)
        }),
        chain("struct G0(T) { g @0 :T; }", &|i| {
            format!("struct G{i}(T) {{ g @0 :G{}(T); }}", i - 1)
        }),
    ];
    for text in inputs {
        // Accepted or stopped at a limit: both are answers.
        let _ = compile(text);
    }
}

#[test]
fn deep_types_end() {
    let deep = |front: &str, count: usize, back: &str| {
        format!("{}{}{}", front.repeat(count), "T", back.repeat(count))
    };
    for (depth, members) in [(1, 1), (20, 3), (50, 60), (60, 60)] {
        let next = deep("G(", depth, ")");
        let text = format!(
            "{ID}struct G(T) {{ using N = {next}; a @0 :T; }}\n\
             struct S {{ a @0 :G(Text){n}; b @1 :A{n}; c @2 :B{n}; }}\n\
             using A = G(Data){n}; using B = A{n}; using C = B{n};",
            n = ".N".repeat(members)
        );
        let small = depth * members < 100;
        assert_eq!(
            compile(text).is_ok(),
            small && depth == 1,
            "depth {depth}, {members} members"
        );
    }
    let pair = format!(
        "{ID}struct J(A, B) {{ using K = J(J(A, B), J(B, A)); a @0 :A; }}\nstruct S {{ a @0 :J(Text, Data){}; }}",
        ".K".repeat(60)
    );
    refused(pair, "type is made of more than 2000 names");
}

#[test]
fn long_imports_end() {
    const FILES: usize = 2_000;
    let mut files = MemoryFiles::new();
    for i in 0..FILES {
        let text = format!(
            "@0x{:x}; using N = import \"f{}.capnp\"; struct S {{ n @0 :N.S; }}",
            (1u64 << 63) + i as u64,
            (i + 1) % FILES
        );
        files.insert(format!("f{i}.capnp"), text);
    }
    let _ = Compiler::new().file_system(files).compile(["f0.capnp"]);
}

#[test]
fn width_is_no_problem_up_to_the_limits_of_the_format() {
    let fields = |count: usize, ty: &str| {
        let mut text = format!("{ID}struct S {{");
        for i in 0..count {
            let _ = write!(text, "f{i}x @{i} :{ty};");
        }
        text + "}"
    };
    assert!(compile(fields(20_000, "Bool")).is_ok());
    assert!(compile(fields(65_536, "Void")).is_ok());
    assert!(compile(fields(65_535, "Text")).is_ok());
    refused(fields(65_537, "Void"), "numbers of members end at 65535");
    assert!(
        compile(fields(65_536, "Text")).is_err(),
        "a struct has at most 65535 pointers"
    );
    assert!(
        compile(fields(65_536, "Int64")).is_err(),
        "a struct has at most 65535 words"
    );
    let mut members = format!("{ID}enum E {{");
    for i in 0..65_536 {
        let _ = write!(members, "e{i}x @{i};");
    }
    assert!(compile(members.clone() + "}").is_ok());
    refused(
        members + "e65536x @65536; }",
        "numbers of members end at 65535",
    );
    assert!(
        compile(format!(
            "{ID}interface I {{ m @0 ({}); }}",
            (0..65_537)
                .map(|i| format!("p{i}x :Void,"))
                .collect::<String>()
        ))
        .is_err()
    );
    let mut union = format!("{ID}struct S {{ union {{");
    for i in 0..10_000 {
        let _ = write!(union, "f{i}x @{i} :Int32;");
    }
    assert!(compile(union + "} }").is_ok());
    let mut methods = format!("{ID}interface I {{");
    for i in 0..5_000 {
        let _ = write!(methods, "m{i}x @{i} (a :Int32) -> (b :Text);");
    }
    assert!(compile(methods + "}").is_ok());
    assert!(
        compile(format!(
            "{ID}const a :List(Int32) = [{}1];",
            "1, ".repeat(200_000)
        ))
        .is_ok()
    );
    assert!(
        compile(format!(
            "{ID}const a :Text = {};",
            "\"0123456789\" ".repeat(50_000)
        ))
        .is_ok()
    );
    refused(
        format!("{ID}struct S {{}}{}", ";".repeat(1_000_000)),
        "expected a declaration, found `;`",
    );
    assert!(
        compile(format!(
            "{ID}struct S {{}}\n{}",
            "# comment\n".repeat(100_000)
        ))
        .is_ok()
    );
    assert!(compile(format!("{ID}struct S {{}} {}", " ".repeat(1_000_000))).is_ok());
    assert!(
        compile(format!(
            "{ID}using A = import \"{}\";",
            "x/".repeat(100_000)
        ))
        .is_err()
    );
}

/// Cuts and changes of schemas: anything may come out but a panic.
#[test]
fn damaged_schemas_end() {
    let mut state = 1u64;
    let mut random = move |limit: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((state >> 33) % limit.max(1) as u64).unwrap()
    };
    for schema in files_below(&tests_dir().join("schemas"), ".capnp") {
        let text = std::fs::read(&schema).unwrap();
        for _ in 0..30 {
            let mut damaged = text.clone();
            for _ in 0..=random(4) {
                let at = random(damaged.len());
                match random(5) {
                    0 => damaged.truncate(at),
                    1 => {
                        let end = (at + random(20)).min(damaged.len());
                        damaged.drain(at..end);
                    }
                    2 => damaged.insert(at, b"(){}[]\"@$:=;.,#-\0\xff"[random(18)]),
                    3 if !damaged.is_empty() => damaged[at] = u8::try_from(random(256)).unwrap(),
                    _ => {
                        let end = (at + random(200)).min(damaged.len());
                        let piece = damaged[at..end].to_vec();
                        let to = random(damaged.len());
                        damaged.splice(to..to, piece);
                    }
                }
            }
            if let Err(errors) = compile(damaged) {
                assert!(!errors.to_string().is_empty());
            }
        }
    }
}
