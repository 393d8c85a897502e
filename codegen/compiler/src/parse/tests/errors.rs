//! What is wrong is said once, and the rest is read.

use super::*;

#[test]
fn all_errors_of_a_file_are_reported_in_order() {
    let text = "struct S {
  a @0 :T = ;
  b @1 T;
  c :T;
  d @ :T;
}
enum E { a @0; B; c @2 :T; }
strut T {}
const x = 5;
interface I { m (a :T); n @1 (T); o @2 () -> ; }";
    assert_eq!(
        errors_below(text),
        [
            "3:13 expected a value, found `;`",
            "4:8 expected `:`, found `T`",
            "5:3 the field has no number",
            "6:7 expected a number after `@`, found `:`",
            "8:17 expected `@` and a number, found `;`",
            "8:24 expected `$` or `;`, found `:`",
            "9:1 expected a declaration, found `strut`",
            "10:9 expected `:`, found `=`",
            "11:15 expected a method or declaration, found `m`",
            "11:32 expected `:`, found `)`",
            "11:46 expected results, found `;`",
        ]
    );
}

#[test]
fn a_missing_semicolon_costs_one_error_and_nothing_else() {
    let (file, diagnostics) = parse(
        "@0x8000000000000001\nstruct S {\n  a @0 :T\n  b @1 :U = 1\n  c @2 :V\n}\nconst d :T = 1\n",
    );
    let messages: Vec<_> = diagnostics.iter().map(|d| d.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "expected `;`, found `struct`",
            "expected `;`, found `b`",
            "expected `;`, found `c`",
            "expected `;`, found `}`",
            "expected `;`, found the end of the file",
        ]
    );
    assert_eq!(names(&file), ["S", "d"]);
    assert_eq!(names(&file.nested[0]), ["a", "b", "c"]);
}

#[test]
fn an_unclosed_bracket_costs_one_error_and_its_statement() {
    let text = "struct S {\n  a @0 :List(T;\n  b @1 :T = [1, (2;\n  c @2 :List(T\n  d @3 :T;\n}";
    assert_eq!(
        errors_below(text),
        [
            "3:15 expected `)`, found `;`",
            "4:19 expected `)`, found `;`",
            "5:15 expected `,` or `)`, found `d`",
        ]
    );
}

#[test]
fn a_bracket_of_the_wrong_kind_is_taken_for_the_right_one() {
    assert_eq!(
        errors_below("const a :T = [1, 2);\nconst b :T = 1;"),
        ["2:19 expected `,` or `]`, found `)`"]
    );
}

#[test]
fn empty_items_of_lists_are_errors() {
    assert_eq!(
        errors_below("const a :T = [1, , 2];"),
        ["2:18 expected an item before `,`"]
    );
    assert_eq!(
        errors_below("const a :T = (,);"),
        ["2:15 expected an item before `,`"]
    );
}

#[test]
fn every_item_of_a_list_is_checked() {
    assert_eq!(
        errors_below("const a :T = [1 2, @, (b = [=]), 3];").len(),
        3
    );
}

#[test]
fn braces_that_do_not_match_are_errors() {
    assert_eq!(
        errors_below("struct S { a @0 :T;"),
        ["2:10 this `{` is never closed"]
    );
    let (file, _) = parse("@0x8000000000000001; struct S {} } struct T {}");
    assert_eq!(names(&file), ["S", "T"]);
    assert_eq!(
        errors_below("} struct T {}"),
        ["2:1 this `}` closes nothing"]
    );
}

#[test]
fn a_block_where_none_belongs_and_none_where_one_does_are_errors() {
    let no_block = "2:1 this declaration ends in a semicolon, not a block";
    let block = "2:1 this declaration needs a block `{ … }`, not a semicolon";
    assert_eq!(
        errors_below("const a :T = 1 { b @0 :T; } struct S {}"),
        [no_block]
    );
    assert_eq!(errors_below("@0x8000000000000002 {}").len(), 2);
    for text in ["struct S;", "enum E;", "interface I;"] {
        assert_eq!(errors_below(text), [block], "{text}");
    }
}

#[test]
fn a_semicolon_after_a_block_is_an_error() {
    assert_eq!(
        errors_below("struct S {};"),
        ["2:12 expected a declaration, found `;`"]
    );
    assert_eq!(errors_below(";"), ["2:1 expected a declaration, found `;`"]);
}

#[test]
fn declarations_stand_only_where_they_belong() {
    assert_eq!(errors_below("a @0 :T;").len(), 1);
    assert_eq!(errors_below("union {}").len(), 1);
    assert_eq!(errors_below("struct S { @0x8000000000000002; }").len(), 1);
    assert_eq!(errors_below("struct S { $a; }").len(), 1);
    assert_eq!(errors_below("interface I { a @0 :T; }").len(), 1);
    assert_eq!(errors_below("enum E { struct S {} }").len(), 1);
    assert_eq!(errors_below("enum E { a; }").len(), 1);
    assert_eq!(errors_below("struct S { union $a { b @0 :T; } }").len(), 1);
}

#[test]
fn numbers_of_members_have_16_bits() {
    assert!(matches!(member("a @65535 :T;").id, DeclId::Ordinal(_)));
    let expected = ["2:14 numbers of members end at 65535"];
    assert_eq!(errors_below("struct S { a @65536 :T; }"), expected);
    let expected = ["2:15 the number does not fit 64 bits"];
    assert_eq!(
        errors_below("struct S { a @99999999999999999999 :T; }"),
        expected
    );
}

#[test]
fn what_was_read_before_an_error_is_kept() {
    let (file, _) =
        parse("@0x8000000000000001; struct S (T { a @0 :T; b @1 :; } struct { c @0 :T; }");
    assert_eq!(names(&file), ["S"]);
    assert_eq!(names(&file.nested[0]), ["a", "b"]);
    let DeclKind::Field { ty, .. } = &file.nested[0].nested[1].kind else {
        panic!()
    };
    assert_eq!(ty.kind, ExpressionKind::Unknown);
}

#[test]
fn a_misspelt_keyword_is_corrected() {
    let (_, diagnostics) = parse("@0x8000000000000001; interace I {}");
    assert_eq!(
        diagnostics[0].hint.as_deref(),
        Some("did you mean `interface`?")
    );
}

#[test]
fn nesting_has_a_limit_and_ends_in_one_error() {
    let brackets = |open: &str, close: &str, n: usize| {
        errors_below(&format!(
            "const a :T = {}x{};",
            open.repeat(n),
            close.repeat(n)
        ))
    };
    for (open, close) in [("[", "]"), ("(a = ", ")"), ("[a(", ")]"), ("(", ")")] {
        let levels = open.matches(['[', '(']).count();
        assert_eq!(
            brackets(open, close, MAX_DEPTH / levels / 2),
            [] as [&str; 0],
            "{open}"
        );
        for n in [MAX_DEPTH + 1, 100_000] {
            let errors = brackets(open, close, n);
            assert_eq!(errors.len(), 1, "{open}: {errors:?}");
            assert!(
                errors[0].ends_with("nested deeper than 64 levels"),
                "{errors:?}"
            );
        }
    }
    for suffix in [".a", "(1)"] {
        assert_eq!(brackets("", suffix, MAX_DEPTH), [] as [&str; 0]);
        assert_eq!(brackets("", suffix, 100_000).len(), 1);
    }
    let blocks = |n: usize| errors_below(&format!("{}{}", "struct S {".repeat(n), "}".repeat(n)));
    assert_eq!(blocks(MAX_DEPTH), [] as [&str; 0]);
    assert_eq!(blocks(100_000).len(), 1);
}

#[test]
fn suffixes_inside_of_brackets_count_as_depth() {
    // 8 levels of brackets with 60 suffixes each would be 480 deep.
    let mut text = "1".to_owned();
    for _ in 0..8 {
        text = format!("[x{}({text})]", ".a".repeat(60));
    }
    assert!(!errors_below(&format!("const a :T = {text};")).is_empty());
}
