use super::*;
use crate::diagnostic::Diagnostic;

/// Kinds of the tokens of a text that is in order.
fn kinds(text: &str) -> Vec<TokenKind<'_>> {
    let (kinds, errors) = all(text.as_bytes());
    assert_eq!(errors, [] as [Diagnostic; 0], "{text}");
    kinds
}

fn all(text: &[u8]) -> (Vec<TokenKind<'_>>, Vec<Diagnostic>) {
    let mut errors = Vec::new();
    let mut tokens = lex(text, &mut Sink::new("test", &mut errors));
    assert_eq!(tokens.pop().map(|token| token.kind), Some(TokenKind::End));
    (tokens.into_iter().map(|token| token.kind).collect(), errors)
}

/// The one token of a text.
fn one(text: &str) -> TokenKind<'_> {
    let mut kinds = kinds(text);
    assert_eq!(kinds.len(), 1, "{text}: {kinds:?}");
    kinds.remove(0)
}

/// Messages about a text, each with where it points.
fn errors(text: &[u8]) -> Vec<(u32, u32, String)> {
    let (_, errors) = all(text);
    errors
        .into_iter()
        .map(|e| (e.span.start, e.span.end, e.message))
        .collect()
}

fn error(text: &[u8]) -> (u32, u32, String) {
    let mut errors = errors(text);
    assert_eq!(errors.len(), 1, "{}: {errors:?}", text.escape_ascii());
    errors.remove(0)
}

/// Doc comment of the first `;`, `{` or `}`.
fn doc(text: &str) -> Option<String> {
    docs(text).remove(0)
}

/// Doc comments of every `;`, `{` and `}`.
fn docs(text: &str) -> Vec<Option<String>> {
    kinds(text)
        .into_iter()
        .filter_map(|kind| match kind {
            TokenKind::Semicolon(doc) | TokenKind::OpenBrace(doc) | TokenKind::CloseBrace(doc) => {
                Some(doc.map(|doc| doc.text))
            }
            _ => None,
        })
        .collect()
}

#[test]
fn identifiers_have_letters_digits_and_underscores() {
    for name in ["foo", "Foo12", "_x_", "in", "e5", "x0"] {
        assert_eq!(one(name), TokenKind::Identifier(name));
    }
}

#[test]
fn integers_are_decimal_octal_or_hexadecimal() {
    let cases = [
        ("0", 0),
        ("1", 1),
        ("12345", 12345),
        ("0123", 0o123),
        ("00", 0),
        ("0x0", 0),
        ("0xdeadBEEF", 0xdead_beef),
        ("18446744073709551615", u64::MAX),
        ("0xffffffffffffffff", u64::MAX),
        ("01777777777777777777777", u64::MAX),
        ("0x00000000000000000000001", 1),
    ];
    for (text, value) in cases {
        assert_eq!(one(text), TokenKind::Integer(value), "{text}");
    }
}

#[test]
fn an_integer_beyond_64_bits_is_an_error() {
    for text in [
        "18446744073709551616",
        "0x10000000000000000",
        "02000000000000000000000",
    ] {
        let (start, end, message) = error(text.as_bytes());
        assert_eq!((start, end as usize), (0, text.len()));
        assert_eq!(message, "the number does not fit 64 bits");
    }
}

#[test]
fn floats_have_a_point_or_an_exponent() {
    let cases = [
        ("1.5", 1.5),
        ("1.", 1.0),
        ("1e10", 1e10),
        ("1E+3", 1e3),
        ("2.5e-3", 2.5e-3),
        ("1.e2", 1e2),
        ("0.5", 0.5),
        ("0e1", 0.0),
        ("010.5", 10.5),
        ("1e400", f64::INFINITY),
        (
            "123456789012345678901234567890.0",
            123_456_789_012_345_678_901_234_567_890.0,
        ),
    ];
    for (text, value) in cases {
        assert_eq!(one(text), TokenKind::Float(value), "{text}");
    }
}

#[test]
fn what_is_no_number_is_reported_whole() {
    for text in [
        "0x", "0xg", "1a", "1_000", "0X10", "1.5.5", "1.x", "1e", "0b1", "1.5f", "08", "019",
        "08.5",
    ] {
        let (start, end, message) = error(text.as_bytes());
        assert_eq!(
            (start, message.contains("number")),
            (0, true),
            "{text}: {message}"
        );
        assert!(end as usize == text.len() || text == "{text}: {end}");
    }
}

#[test]
fn text_knows_every_escape_of_c() {
    let text = r#""\a\b\f\n\r\t\v\'\"\\\?\x41\xfF\0\7\101\1014\777""#;
    let expected = b"\x07\x08\x0c\n\r\t\x0b'\"\\?A\xff\0\x07AA4\xff".to_vec();
    assert_eq!(one(text), TokenKind::Text(expected));
}

#[test]
fn text_may_hold_anything_but_a_line_end() {
    assert_eq!(
        one("\"ä#;{\t\r'\""),
        TokenKind::Text("ä#;{\t\r'".as_bytes().to_vec())
    );
    assert_eq!(one("\"\""), TokenKind::Text(Vec::new()));
    assert_eq!(
        error(b"\"abc\nx"),
        (0, 4, "the text has no closing quote on its line".to_owned())
    );
    assert_eq!(error(b"\"abc\\").1, 5);
}

#[test]
fn an_unknown_escape_is_pointed_at() {
    assert_eq!(error(br#"  "a\qb""#), (4, 6, "unknown escape".to_owned()));
    assert_eq!(
        error(br#""\xg0""#),
        (1, 3, "`\\x` needs two hexadecimal digits".to_owned())
    );
    assert_eq!(
        error("\"\\ä\"".as_bytes()),
        (1, 4, "unknown escape".to_owned())
    );
}

#[test]
fn a_quote_missing_before_a_semicolon_costs_one_error() {
    let (kinds, errors) = all(b"a \"b;\nc;");
    assert_eq!(errors.len(), 1);
    assert_eq!(kinds.len(), 5, "{kinds:?}");
}

#[test]
fn binary_literals_are_pairs_of_digits() {
    let bytes = |bytes: &[u8]| TokenKind::Binary(bytes.to_vec());
    assert_eq!(one("0x\"ab cd\""), bytes(b"\xab\xcd"));
    assert_eq!(one("0x\"ABcd0123\""), bytes(b"\xab\xcd\x01\x23"));
    assert_eq!(one("0x\" ab\n\tcd \""), bytes(b"\xab\xcd"));
    for text in [
        "0x\"\"",
        "0x\" \"",
        "0x\"a\"",
        "0x\"a b\"",
        "0x\"abc\"",
        "0x\"xy\"",
        "0x\"ab",
        "0x\"",
    ] {
        error(text.as_bytes());
    }
}

#[test]
fn a_backtick_line_ends_with_its_line_and_a_newline() {
    let text = |text: &str| TokenKind::Text(text.as_bytes().to_vec());
    assert_eq!(one("`a \"b\" \\n # c"), text("a \"b\" \\n # c\n"));
    assert_eq!(
        kinds("`one\r\n  `two\n`\n;"),
        [
            text("one\n"),
            text("two\n"),
            text("\n"),
            TokenKind::Semicolon(None)
        ]
    );
}

#[test]
fn operators_are_maximal_runs() {
    assert_eq!(kinds("@ -> $ . : = - ! *").len(), 9);
    assert_eq!(
        kinds("a@0:B"),
        [
            TokenKind::Identifier("a"),
            TokenKind::Operator("@"),
            TokenKind::Integer(0),
            TokenKind::Operator(":"),
            TokenKind::Identifier("B"),
        ]
    );
}

#[test]
fn operators_run_together_are_an_error_and_read_apart() {
    let (kinds, errors) = all(b"a =-5");
    assert_eq!(errors[0].hint.as_deref(), Some("put blanks between: `= -`"));
    assert_eq!(
        kinds[1..],
        [
            TokenKind::Operator("="),
            TokenKind::Operator("-"),
            TokenKind::Integer(5)
        ]
    );
    assert_eq!(error(b":.Foo").2, "`:.` is read as one operator");
    assert_eq!(error(b"<=>").2, "unexpected `<=>`");
}

#[test]
fn operators_of_other_languages_are_explained() {
    let hint = |text: &'static [u8]| all(text).1.remove(0).hint;
    assert_eq!(
        hint(b"List<T>").as_deref(),
        Some("parameters stand in parentheses: `List(Text)`")
    );
    assert_eq!(hint(b"+5").as_deref(), Some("values are not computed"));
    assert_eq!(error(b":=").2, "unexpected `:=`");
}

#[test]
fn single_quotes_are_one_error() {
    let (kinds, errors) = all(b"= 'a b'; 'c;");
    assert_eq!(errors.len(), 2);
    assert!(errors.iter().all(|error| error.message == "unexpected `'`"));
    assert_eq!(kinds.len(), 6, "{kinds:?}");
}

#[test]
fn a_comment_of_another_language_is_explained() {
    let (kinds, errors) = all(b"// a b\nc");
    assert_eq!(kinds, [TokenKind::Identifier("c")]);
    assert_eq!(errors[0].hint.as_deref(), Some("a comment begins with `#`"));
}

#[test]
fn byte_order_marks_are_blank_space() {
    assert_eq!(
        kinds("\u{feff}a \u{feff}\u{feff} # c\n\u{feff}b\u{feff};\u{feff}").len(),
        3
    );
}

#[test]
fn blanks_are_the_six_of_c() {
    assert_eq!(kinds("a b\tc\nd\re\x0bf\x0cg").len(), 7);
}

#[test]
fn bytes_that_are_no_text_are_explained() {
    assert_eq!(
        error(b"a \0 b"),
        (2, 3, "the file is not UTF-8 text".to_owned())
    );
    assert_eq!(
        error(b"a \xfe\xff b"),
        (2, 4, "the file is not UTF-8 text".to_owned())
    );
    assert_eq!(error(b"\xff\xfea\0b\0").2, "the file is UTF-16, not UTF-8");
    assert_eq!(error(b"\xfe\xff\0a\0b").2, "the file is UTF-16, not UTF-8");
    assert_eq!(error(b"'a").2, "unexpected `'`");
    assert_eq!(
        error("a € b".as_bytes()),
        (2, 5, "unexpected `€`".to_owned())
    );
}

#[test]
fn bytes_that_are_no_text_are_allowed_in_comments_and_literals() {
    let (kinds, errors) = all(b"# \xe4\n\"\xe4\"; # \xe4");
    assert_eq!(errors, []);
    assert_eq!(kinds[0], TokenKind::Text(vec![0xe4]));
    let TokenKind::Semicolon(Some(doc)) = &kinds[1] else {
        panic!("{kinds:?}")
    };
    assert_eq!(doc.text, "\u{fffd}\n");
}

#[test]
fn a_name_with_letters_beyond_ascii_is_one_error() {
    assert_eq!(
        error("naïve@0".as_bytes()),
        (0, 6, "names consist of ASCII letters and digits".to_owned())
    );
}

#[test]
fn a_doc_comment_follows_on_the_same_line_or_the_next() {
    assert_eq!(doc("a; # one"), Some("one\n".to_owned()));
    assert_eq!(
        doc("a; # one\n  # two\n# three\n"),
        Some("one\ntwo\nthree\n".to_owned())
    );
    assert_eq!(doc("a;\n\t# one\n\n# two\n"), Some("one\n".to_owned()));
    assert_eq!(doc("a;\n\n# one\n"), None);
    assert_eq!(doc("a;\r\n# one\n"), Some("one\n".to_owned()));
    assert_eq!(doc("a;\r# one\n"), Some("one\n".to_owned()));
    assert_eq!(doc("a;\n\u{feff}# one\n"), None);
    assert_eq!(doc("# one\na;"), None);
    assert_eq!(doc("a # one\n;"), None);
}

#[test]
fn one_blank_after_the_sign_is_cut() {
    assert_eq!(
        doc("a;#x\n#  y\n#\n#\tz\n"),
        Some("x\n y\n\n\tz\n".to_owned())
    );
}

#[test]
fn a_carriage_return_stays_in_a_doc_comment() {
    assert_eq!(
        doc("a; # one\r\n# two\r\n"),
        Some("one\r\ntwo\r\n".to_owned())
    );
}

#[test]
fn a_block_has_a_doc_comment_at_either_brace() {
    let early_and_late = docs("a { # early\n  b; # inner\n} # late\n");
    assert_eq!(
        early_and_late,
        [
            Some("early\n".into()),
            Some("inner\n".into()),
            Some("late\n".into())
        ]
    );
    assert_eq!(
        docs("a {\n\n# none\nb; }\n# late\n"),
        [None, None, Some("late\n".into())]
    );
}

#[test]
fn the_doc_comment_is_not_part_of_the_tokens_place() {
    let mut errors = Vec::new();
    let tokens = lex(b"a; # doc\n  b", &mut Sink::new("test", &mut errors));
    let places: Vec<_> = tokens
        .iter()
        .map(|t| (t.span.start, t.span.end, t.first_on_line))
        .collect();
    assert_eq!(
        places,
        [(0, 1, true), (1, 2, false), (11, 12, true), (12, 12, true)]
    );
    assert!(matches!(
        &tokens[1].kind,
        TokenKind::Semicolon(Some(Doc { end: 9, .. }))
    ));
}

#[test]
fn errors_stop_at_their_limit() {
    let (_, errors) = all("' ".repeat(10_000).as_bytes());
    assert_eq!(errors.len(), crate::diagnostic::MAX_SYNTAX_ERRORS + 1);
    assert!(
        errors
            .last()
            .is_some_and(|error| error.message.starts_with("too many"))
    );
}
