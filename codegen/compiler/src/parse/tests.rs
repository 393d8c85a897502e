use super::*;
use crate::ast::{AnnotationApplication, Expression, ExpressionKind, ParamList, Targets};

mod errors;

fn parse(text: &str) -> (Declaration, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let file = parse_file("test.capnp", text, &mut diagnostics);
    (file, diagnostics)
}

/// A file that is in order; an ID is put in front.
fn file(text: &str) -> Declaration {
    let (file, diagnostics) = parse(&format!("@0x8000000000000001; {text}"));
    assert_eq!(diagnostics, [], "{text}");
    file
}

/// The one declaration of a text.
fn one(text: &str) -> Declaration {
    let mut nested = file(text).nested;
    assert_eq!(nested.len(), 1, "{text}: {nested:?}");
    nested.remove(0)
}

/// The one declaration inside of a struct.
fn member(text: &str) -> Declaration {
    let mut nested = one(&format!("struct S {{ {text} }}")).nested;
    assert_eq!(nested.len(), 1, "{text}: {nested:?}");
    nested.remove(0)
}

/// The one method of an interface.
fn method(text: &str) -> Declaration {
    let mut nested = one(&format!("interface I {{ {text} }}")).nested;
    assert_eq!(nested.len(), 1, "{text}: {nested:?}");
    nested.remove(0)
}

fn value(text: &str) -> Expression {
    match one(&format!("const c :T = {text};")).kind {
        DeclKind::Const { value, .. } => value,
        kind => panic!("{text}: {kind:?}"),
    }
}

/// `line:column: message` of every error.
fn errors(text: &str) -> Vec<String> {
    let (_, diagnostics) = parse(text);
    let shown =
        crate::diagnostic::Diagnostics::new(diagnostics, [("test.capnp", text)]).to_string();
    let lines = shown
        .lines()
        .filter_map(|line| line.strip_prefix("test.capnp:"));
    lines.map(|line| line.replace(": error: ", " ")).collect()
}

/// Errors of a file that is otherwise in order, without the first line.
fn errors_below(text: &str) -> Vec<String> {
    errors(&format!("@0x8000000000000001;\n{text}"))
}

/// An expression as the language writes it, fully bracketed.
fn show(expression: &Expression) -> String {
    let params = |params: &[crate::ast::Param]| {
        let shown: Vec<_> = params
            .iter()
            .map(|param| match &param.name {
                Some(name) => format!("{} = {}", name.value, show(&param.value)),
                None => show(&param.value),
            })
            .collect();
        shown.join(", ")
    };
    match &expression.kind {
        ExpressionKind::Unknown => "?".to_owned(),
        ExpressionKind::PositiveInt(value) => value.to_string(),
        ExpressionKind::NegativeInt(value) => format!("-{value}"),
        ExpressionKind::Float(value) => format!("{value:?}"),
        ExpressionKind::String(value) => format!("\"{}\"", value.escape_ascii()),
        ExpressionKind::Binary(value) => format!("0x{value:02x?}"),
        ExpressionKind::RelativeName(name) => name.value.clone(),
        ExpressionKind::AbsoluteName(name) => format!(".{}", name.value),
        ExpressionKind::Import(path) => format!("import {:?}", path.value),
        ExpressionKind::Embed(path) => format!("embed {:?}", path.value),
        ExpressionKind::List(list) => {
            format!("[{}]", list.iter().map(show).collect::<Vec<_>>().join(", "))
        }
        ExpressionKind::Tuple(tuple) => format!("<{}>", params(tuple)),
        ExpressionKind::Application {
            function,
            params: list,
        } => {
            format!("{}({})", show(function), params(list))
        }
        ExpressionKind::Member { parent, name } => format!("{{{}}}.{}", show(parent), name.value),
    }
}

fn annotation(application: &AnnotationApplication) -> String {
    match &application.value {
        Some(value) => format!("${} {}", show(&application.name), show(value)),
        None => format!("${}", show(&application.name)),
    }
}

fn names(declaration: &Declaration) -> Vec<&str> {
    declaration
        .nested
        .iter()
        .map(|nested| nested.name.value.as_str())
        .collect()
}

#[test]
fn a_file_has_an_id_annotations_a_doc_comment_and_declarations() {
    let (file, diagnostics) =
        parse("# licence\n@0x8000000000000001;\n# About\n\n$a;\n$b(1);\nconst x :T = 1;\n$c.d;");
    assert_eq!(diagnostics, []);
    assert_eq!(file.kind, DeclKind::File);
    assert!(matches!(&file.id, DeclId::Uid(id) if id.value == 1 << 63 | 1));
    assert_eq!(file.doc.as_deref(), Some("About\n"));
    let annotations: Vec<_> = file.annotations.iter().map(annotation).collect();
    assert_eq!(annotations, ["$a", "$b 1", "${c}.d"]);
    assert_eq!(names(&file), ["x"]);
}

#[test]
fn a_file_without_an_id_is_offered_one() {
    let (file, diagnostics) = parse("struct S {}");
    let DeclId::Uid(id) = &file.id else {
        panic!("{file:?}")
    };
    assert_eq!(diagnostics.len(), 1);
    assert_eq!(diagnostics[0].message, "the file has no ID");
    let hint = format!("add this line: @{:#018x};", id.value);
    assert_eq!(diagnostics[0].hint, Some(hint));
}

#[test]
fn a_missing_id_is_not_reported_beside_other_errors() {
    assert_eq!(errors("@x;"), ["1:2 expected an ID after `@`, found `x`"]);
}

#[test]
fn a_second_id_and_a_small_one_are_errors() {
    assert_eq!(
        errors_below("@0x8000000000000002;"),
        ["2:2 the file has an ID already"]
    );
    assert_eq!(
        errors("@0x7fffffffffffffff;"),
        ["1:1 an ID has 64 bits and the top bit is set"]
    );
    assert_eq!(
        errors_below("struct S @1 {}"),
        ["2:10 an ID has 64 bits and the top bit is set"]
    );
}

#[test]
fn using_names_an_expression() {
    for (text, name, target) in [
        ("using A = B;", "A", "B"),
        ("using A = .B.C;", "A", "{.B}.C"),
        ("using A = import \"f.capnp\";", "A", "import \"f.capnp\""),
        (
            "using A = import \"f.capnp\".B.C;",
            "A",
            "{{import \"f.capnp\"}.B}.C",
        ),
        ("using import \"f.capnp\".B;", "B", "{import \"f.capnp\"}.B"),
        ("using A.B;", "B", "{A}.B"),
        ("using A = List(B);", "A", "List(B)"),
    ] {
        let using = one(text);
        assert_eq!(using.name.value, name);
        let DeclKind::Using { target: found } = using.kind else {
            panic!("{text}")
        };
        assert_eq!(show(&found), target, "{text}");
    }
}

#[test]
fn using_without_a_name_needs_a_member() {
    for text in [
        "using A;",
        "using .A;",
        "using import \"f\";",
        "using A(B);",
    ] {
        let expected = "2:7 a `using` without `=` must name a member of another scope";
        assert_eq!(errors_below(text), [expected], "{text}");
    }
}

#[test]
fn a_constant_has_a_type_a_value_and_perhaps_an_id_and_annotations() {
    let constant = one("const c @0x8000000000000002 :List(Int8) = [1, -2] $a $b(3);");
    assert_eq!(constant.name.value, "c");
    assert!(matches!(
        constant.id,
        DeclId::Uid(Located {
            value: 0x8000_0000_0000_0002,
            ..
        })
    ));
    assert_eq!(constant.annotations.len(), 2);
    let DeclKind::Const { ty, value } = &constant.kind else {
        panic!()
    };
    assert_eq!(
        (show(ty), show(value)),
        ("List(Int8)".to_owned(), "[1, -2]".to_owned())
    );
}

#[test]
fn an_enum_has_enumerants() {
    let declared = one("enum E @0x8000000000000002 $a { b @0; c @1 $d; }");
    assert_eq!(declared.kind, DeclKind::Enum);
    assert_eq!(names(&declared), ["b", "c"]);
    let c = &declared.nested[1];
    assert_eq!(c.kind, DeclKind::Enumerant);
    assert!(matches!(c.id, DeclId::Ordinal(Located { value: 1, .. })));
    assert_eq!(c.annotations.len(), 1);
}

#[test]
fn a_struct_has_an_id_parameters_annotations_and_members() {
    let declared =
        one("struct S @0x8000000000000002 (T, U,) $a { b @0 :T; struct C {} using D = E; }");
    assert_eq!(declared.kind, DeclKind::Struct);
    let parameters: Vec<_> = declared
        .parameters
        .iter()
        .map(|p| p.value.as_str())
        .collect();
    assert_eq!(parameters, ["T", "U"]);
    assert_eq!(declared.annotations.len(), 1);
    assert_eq!(names(&declared), ["b", "C", "D"]);
    assert_eq!(one("struct S() {}").parameters, []);
}

#[test]
fn a_field_has_a_number_a_type_and_perhaps_a_default() {
    let field = member("f @3 :Int8 = -1 $a;");
    assert!(matches!(
        field.id,
        DeclId::Ordinal(Located { value: 3, .. })
    ));
    let DeclKind::Field {
        ty,
        default: Some(default),
    } = &field.kind
    else {
        panic!()
    };
    assert_eq!(
        (show(ty), show(default)),
        ("Int8".to_owned(), "-1".to_owned())
    );
    assert_eq!(field.annotations.len(), 1);
    assert!(matches!(
        member("f@0:T;").kind,
        DeclKind::Field { default: None, .. }
    ));
}

#[test]
fn a_field_may_be_called_like_a_keyword() {
    for name in [
        "union",
        "group",
        "struct",
        "enum",
        "using",
        "const",
        "annotation",
        "interface",
        "import",
    ] {
        let field = member(&format!("{name} @0 :T;"));
        assert_eq!(field.name.value, name);
        assert!(matches!(field.kind, DeclKind::Field { .. }), "{name}");
    }
}

#[test]
fn a_union_has_a_name_or_none_and_perhaps_a_number() {
    let union = member("union { a @0 :T; b @1 :T; }");
    assert_eq!(
        (union.kind, union.name.value.as_str()),
        (DeclKind::Union, "")
    );
    assert_eq!(union.name.span.end - union.name.span.start, 5);
    assert_eq!(union.nested.len(), 2);
    let union = member("u :union $a { a @0 :T; b @1 :T; }");
    assert_eq!(
        (union.kind, union.name.value.as_str()),
        (DeclKind::Union, "u")
    );
    assert_eq!(
        (union.id, union.annotations.len()),
        (DeclId::Unspecified, 1)
    );
    let union = member("u @2! :union { a @0 :T; }");
    assert!(matches!(
        union.id,
        DeclId::Ordinal(Located { value: 2, .. })
    ));
    assert_eq!(member("union :union {}").name.value, "union");
}

#[test]
fn old_spellings_of_unions_are_explained() {
    let no_number = "3:4 a union needs no number";
    let colon = "3:4 `union` is written like a type, after a colon";
    assert_eq!(errors_below("struct S {\nu @2 :union {} }"), [no_number]);
    assert_eq!(errors_below("struct S {\nu @2! union {} }"), [colon]);
    assert_eq!(
        errors_below("struct S {\nu @2 union {} }"),
        [no_number, colon]
    );
}

#[test]
fn a_group_has_a_name_and_no_number() {
    let group = member("g :group $a { b @0 :T; }");
    assert_eq!(
        (group.kind, group.name.value.as_str()),
        (DeclKind::Group, "g")
    );
    assert_eq!((group.nested.len(), group.annotations.len()), (1, 1));
    assert_eq!(
        errors_below("struct S { g @1 :group {} }"),
        ["2:12 a group has no number"]
    );
}

#[test]
fn an_interface_has_superclasses_and_methods() {
    let declared =
        one("interface I @0x8000000000000002 (T) extends(A, B(T).C,) $a { m @0 (); struct S {} }");
    let DeclKind::Interface { superclasses } = &declared.kind else {
        panic!()
    };
    assert_eq!(
        superclasses.iter().map(show).collect::<Vec<_>>(),
        ["A", "{B(T)}.C"]
    );
    assert_eq!(
        (declared.parameters.len(), declared.annotations.len()),
        (1, 1)
    );
    assert_eq!(names(&declared), ["m", "S"]);
}

#[test]
fn a_method_has_named_parameters_and_results() {
    let declared = method("m @0 (a :T = 1 $x, b :List(U)) -> (c :V,) $y;");
    assert_eq!(declared.annotations.len(), 1);
    let DeclKind::Method {
        params: ParamList::Named(params, _),
        results,
    } = declared.kind
    else {
        panic!()
    };
    let shown: Vec<_> = params
        .iter()
        .map(|param| (param.name.value.as_str(), show(&param.ty)))
        .collect();
    assert_eq!(shown, [("a", "T".to_owned()), ("b", "List(U)".to_owned())]);
    assert_eq!(params[0].default.as_ref().map(show).as_deref(), Some("1"));
    assert_eq!(params[0].annotations.len(), 1);
    assert!(matches!(results, Some(ParamList::Named(results, _)) if results.len() == 1));
}

#[test]
fn a_method_may_name_types_stream_or_have_no_results() {
    let DeclKind::Method {
        params: ParamList::Type(params),
        results: Some(ParamList::Type(results)),
    } = method("m @0 A.B -> C(D);").kind
    else {
        panic!()
    };
    assert_eq!(
        (show(&params), show(&results)),
        ("{A}.B".to_owned(), "C(D)".to_owned())
    );
    assert!(matches!(
        method("m @0 () -> stream;").kind,
        DeclKind::Method {
            results: Some(ParamList::Stream(_)),
            ..
        }
    ));
    assert!(matches!(
        method("m @0 stream;").kind,
        DeclKind::Method {
            params: ParamList::Stream(_),
            ..
        }
    ));
    assert!(matches!(
        method("m @0 ();").kind,
        DeclKind::Method { results: None, .. }
    ));
}

#[test]
fn a_method_may_have_type_parameters_and_the_name_of_a_keyword() {
    let declared = method("using @0 [T, U] (a :T) -> (b :U);");
    assert_eq!(declared.name.value, "using");
    assert_eq!(declared.parameters.len(), 2);
}

#[test]
fn an_annotation_names_its_targets() {
    let targets = |text: &str| match one(text).kind {
        DeclKind::Annotation { targets, .. } => targets,
        kind => panic!("{kind:?}"),
    };
    assert_eq!(targets("annotation a(*) :T;"), Targets::ALL);
    assert_eq!(targets("annotation a() :T;"), Targets::default());
    for name in Targets::NAMES {
        let found = targets(&format!("annotation a @0x8000000000000002 ({name}) :T $b;"));
        let mut expected = Targets::default();
        *expected.by_name(name).unwrap() = true;
        assert_eq!(found, expected);
    }
    let all = Targets::NAMES.join(", ");
    assert_eq!(targets(&format!("annotation a({all}) :T;")), Targets::ALL);
}

#[test]
fn wrong_targets_are_errors() {
    assert_eq!(
        errors_below("annotation a(strct) :T;"),
        ["2:14 `strct` is no annotation target"]
    );
    assert_eq!(
        errors_below("annotation a(file, file) :T;"),
        ["2:20 this target is named twice"]
    );
    assert_eq!(
        errors_below("annotation a(file, *) :T;"),
        ["2:20 `*` means all targets and stands alone"]
    );
}

#[test]
fn values_are_numbers_text_and_bytes() {
    for (text, expected) in [
        ("5", "5"),
        ("-5", "-5"),
        ("- 5", "-5"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("1.5", "1.5"),
        ("-1.5", "-1.5"),
        ("-0.0", "-0.0"),
        ("-inf", "-inf"),
        ("inf", "inf"),
        ("nan", "nan"),
        ("\"a\"", "\"a\""),
        ("\"a\" \"b\"\n\"c\"", "\"abc\""),
        ("`a\n`b\n", "\"a\\nb\\n\""),
        ("\"\\xff\"", "\"\\xff\""),
        ("0x\"01 02\"", "0x[01, 02]"),
        ("import", "import"),
        ("embed \"f\"", "embed \"f\""),
    ] {
        assert_eq!(show(&value(text)), expected, "{text}");
    }
}

#[test]
fn parentheses_group_one_value_and_make_tuples_of_others() {
    for (text, expected) in [
        ("(5)", "5"),
        ("((5))", "5"),
        ("(5,)", "5"),
        ("()", "<>"),
        ("(1, 2)", "<1, 2>"),
        ("(a = 1)", "<a = 1>"),
        (
            "(a = 1, b = (c = [(d = 2)]),)",
            "<a = 1, b = <c = [<d = 2>]>>",
        ),
        ("[]", "[]"),
        ("[1, [2], (3),]", "[1, [2], 3]"),
    ] {
        assert_eq!(show(&value(text)), expected, "{text}");
    }
}

#[test]
fn suffixes_apply_from_left_to_right() {
    for (text, expected) in [
        ("a.b.c", "{{a}.b}.c"),
        (".a.b", "{.a}.b"),
        ("a(b).c(d = e)", "{a(b)}.c(d = e)"),
        ("a(b)(c)", "a(b)(c)"),
        ("(a.b)(c)", "{a}.b(c)"),
        ("import \"f\".a", "{import \"f\"}.a"),
    ] {
        assert_eq!(show(&value(text)), expected, "{text}");
    }
}

#[test]
fn the_last_application_of_an_annotation_is_its_value() {
    let constant = one("const c :T = 1 $a $b(1) $c(x = 1) $d() $e(T).f(2) $g(T)(3) $h(1, 2);");
    let shown: Vec<_> = constant.annotations.iter().map(annotation).collect();
    assert_eq!(
        shown,
        [
            "$a",
            "$b 1",
            "$c <x = 1>",
            "$d <>",
            "${e(T)}.f 2",
            "$g(T) 3",
            "$h <1, 2>"
        ]
    );
}

#[test]
fn doc_comments_belong_to_what_they_follow() {
    let file = file(
        "\n\n# not a doc comment of S\n\nstruct S { # S\n  a @0 :T; # a\n  b @1 :T;\n  # b\n  # more\n\n  # nothing\n  \
         union {\n    c @2 :T;\n  }\n  # the union\n}\n# not S: it had one\n",
    );
    let declared = &file.nested[0];
    assert_eq!(declared.doc.as_deref(), Some("S\n"));
    let docs: Vec<_> = declared
        .nested
        .iter()
        .map(|nested| nested.doc.as_deref())
        .collect();
    assert_eq!(docs, [Some("a\n"), Some("b\nmore\n"), Some("the union\n")]);
    assert_eq!(file.doc, None);
}

#[test]
fn a_statement_reaches_from_its_first_token_to_its_end_and_doc_comment() {
    let text = "@0x8000000000000001;\n  const a :T = 1; # doc\n struct S {\n}  ";
    let (file, _) = parse(text);
    let places: Vec<_> = file
        .nested
        .iter()
        .map(|nested| &text[nested.span.start as usize..nested.span.end as usize])
        .collect();
    assert_eq!(places, ["const a :T = 1; # doc\n", "struct S {\n}"]);
}

#[test]
fn names_numbers_and_expressions_know_their_places() {
    let text = "@0x8000000000000001; struct S { name @12 :A.B(C) = -5; }";
    let (file, _) = parse(text);
    let field = &file.nested[0].nested[0];
    let at = |span: Span| &text[span.start as usize..span.end as usize];
    assert_eq!(at(field.name.span), "name");
    let DeclId::Ordinal(ordinal) = &field.id else {
        panic!()
    };
    assert_eq!(at(ordinal.span), "12");
    let DeclKind::Field {
        ty,
        default: Some(default),
    } = &field.kind
    else {
        panic!()
    };
    assert_eq!((at(ty.span), at(default.span)), ("A.B(C)", "-5"));
    let ExpressionKind::Application { function, params } = &ty.kind else {
        panic!()
    };
    assert_eq!((at(function.span), at(params[0].value.span)), ("A.B", "C"));
}
