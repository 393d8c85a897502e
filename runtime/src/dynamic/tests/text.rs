//! Values from text.

use super::support::{EVERYTHING_ID, everything, fields, id, parsed, schema, written};
use crate::dynamic::{
    ArgumentError, Enumerant, LiteralError, LiteralProblem, MAX_DEPTH, Value, parse_arguments,
};

fn refused(text: &str) -> LiteralError {
    text.parse::<Value>().unwrap_err()
}

fn arguments(arguments: &[&str]) -> Result<Value, ArgumentError> {
    parse_arguments(everything(), EVERYTHING_ID, arguments)
}

#[test]
fn literals_are_read_as_schemas_write_them() {
    assert_eq!(parsed("true"), Value::Bool(true));
    assert_eq!(parsed(" false "), Value::Bool(false));
    assert_eq!(parsed("void"), Value::Void);
    assert_eq!(parsed("null"), Value::Null);
    assert_eq!(
        parsed("red"),
        Value::Enum(Enumerant::Name("red".to_owned()))
    );
    assert_eq!(parsed("0"), Value::Int(0));
    assert_eq!(parsed("-7"), Value::Int(-7));
    assert_eq!(parsed("0x1F"), Value::Int(31));
    assert_eq!(parsed("-0x80"), Value::Int(-128));
    assert_eq!(parsed("0755"), Value::Int(493));
    assert_eq!(parsed("-9223372036854775808"), Value::Int(i64::MIN));
    assert_eq!(parsed("9223372036854775808"), Value::UInt(1 << 63));
    assert_eq!(parsed("18446744073709551615"), Value::UInt(u64::MAX));
    assert_eq!(parsed("1.5"), Value::Float(1.5));
    assert_eq!(parsed("-1e-3"), Value::Float(-0.001));
    assert_eq!(parsed("1E+3"), Value::Float(1000.0));
    assert_eq!(parsed("inf"), Value::Float(f64::INFINITY));
    assert_eq!(parsed("-inf"), Value::Float(f64::NEG_INFINITY));
    assert!(matches!(parsed("nan"), Value::Float(value) if value.is_nan()));
    assert_eq!(parsed(r#""""#), "".into());
    assert_eq!(
        parsed(r#""a\n\t\"\\\'\x41\101\0é\xc3\xa9""#),
        "a\n\t\"\\'AA\0éé".into()
    );
    assert_eq!(parsed(r#"0x"""#), Value::Data(vec![]));
    assert_eq!(parsed(r#"0x" 01 a2Ff ""#), Value::Data(vec![1, 0xa2, 0xff]));
    assert_eq!(parsed("[]"), Value::List(vec![]));
    assert_eq!(
        parsed("[1,[ 2 ],]"),
        Value::List(vec![Value::Int(1), Value::List(vec![Value::Int(2)]),])
    );
    assert_eq!(parsed("()"), fields([]));
    assert_eq!(
        parsed(r#"( a=1 , b = (c = "x"), )"#),
        fields([("a", Value::Int(1)), ("b", fields([("c", "x".into())]))])
    );
}

#[test]
fn what_is_no_literal_is_refused_at_the_place() {
    let expected = |at, what| LiteralError {
        at,
        problem: LiteralProblem::Expected(what),
    };
    assert_eq!(refused(""), expected(0, "a value"));
    assert_eq!(refused("<any pointer>"), expected(0, "a value"));
    assert_eq!(refused("é"), expected(0, "a value"));
    assert_eq!(refused("1 2"), expected(2, "the end"));
    assert_eq!(refused("(a 1)"), expected(3, "`=`"));
    assert_eq!(refused("(a = 1 b = 2)"), expected(7, "`,` or `)`"));
    assert_eq!(refused("(1)"), expected(1, "a field or `)`"));
    assert_eq!(refused("(a = 1"), expected(6, "`,` or `)`"));
    assert_eq!(refused("[1"), expected(2, "`,` or `]`"));
    assert_eq!(refused("[,]"), expected(1, "a value"));
    assert_eq!(refused("\"x"), expected(2, "`\"`"));
    assert_eq!(
        refused("0x\"0"),
        expected(3, "two hexadecimal digits or `\"`")
    );
    assert_eq!(
        refused("0x\"+1\""),
        expected(3, "two hexadecimal digits or `\"`")
    );
    let problem = |text: &str| refused(text).problem;
    for number in [
        "1x",
        "0x",
        "0xg",
        "09",
        "1e",
        "1e999",
        "--1",
        "-",
        "-a",
        "1.2.3",
        "-nan",
        "0x-1",
        "18446744073709551616",
        "-9223372036854775809",
    ] {
        assert_eq!(problem(number), LiteralProblem::BadNumber, "{number}");
    }
    for escape in [r#""\q""#, r#""\x4""#, r#""\xgg""#, r#""\400""#, r#""\"#] {
        assert_eq!(problem(escape), LiteralProblem::BadEscape, "{escape}");
    }
    assert_eq!(problem(r#""\xff""#), LiteralProblem::NotUtf8);
    let twice = LiteralProblem::FieldTwice("a".to_owned());
    assert_eq!(problem("(a = 1, a = 2)"), twice);
    assert_eq!(
        refused("(a = 1, a = 2)").to_string(),
        "a is there twice (byte 8)"
    );
}

#[test]
fn literals_nest_to_a_limit() {
    let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    parsed(&nested(MAX_DEPTH));
    assert_eq!(
        refused(&nested(MAX_DEPTH + 1)).problem,
        LiteralProblem::TooDeep
    );
    assert_eq!(
        refused(&"(a=".repeat(100_000)).problem,
        LiteralProblem::TooDeep
    );
}

#[test]
fn arguments_set_fields() {
    let value = arguments(&[
        "text=bus",
        "u8=3",
        "flag=true",
        "color=blue",
        "f64=2",
        "inners=[(name = bus, tags = [a, true, \"b c\"])]",
        "place=(name = home, street = (name = main))",
    ])
    .unwrap();
    assert_eq!(
        value.to_string(),
        r#"(text = "bus", u8 = 3, flag = true, color = blue, f64 = 2, inners = [(name = "bus", tags = ["a", "true", "b c"])], place = (name = "home", street = (name = "main")))"#
    );
    written(everything(), EVERYTHING_ID, &value).unwrap();
    assert_eq!(arguments(&[]).unwrap(), fields([]));
}

#[test]
fn an_argument_for_a_text_is_the_text_itself() {
    for (argument, text) in [
        ("text=42", "42"),
        ("text=/data/a b=c", "/data/a b=c"),
        ("text= true", " true"),
        ("text=null", "null"),
        ("text=", ""),
        (r#"text="a\nb""#, "a\nb"),
        ("text=(", "("),
    ] {
        let value = arguments(&[argument]).unwrap();
        assert_eq!(value.field("text"), Some(&text.into()), "{argument}");
    }
    let value = arguments(&["inner=(name = null)"]).unwrap();
    assert_eq!(value.to_string(), "(inner = (name = null))");
}

#[test]
fn arguments_that_set_nothing_are_refused() {
    assert_eq!(
        arguments(&["bus"]),
        Err(ArgumentError::NoField {
            argument: "bus".to_owned()
        })
    );
    assert_eq!(
        arguments(&["u8=1", "u8=1"]),
        Err(ArgumentError::FieldTwice {
            field: "u8".to_owned()
        })
    );
    let inner = schema("struct Inner { name @0 :Text; count @1 :UInt8; }");
    let error = parse_arguments(&inner, id(&inner, "Inner"), ["nam=x"]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "nam: no such field, there are name, count"
    );
    let error = arguments(&["u8=1x"]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "u8: not a number of at most 64 bits (byte 0)"
    );
    let error = arguments(&[r#"text="x"#]).unwrap_err();
    assert!(matches!(error, ArgumentError::Literal { .. }), "{error}");
    assert_eq!(
        parse_arguments(&inner, 7, ["a=1"]),
        Err(ArgumentError::UnknownStruct { id: 7 })
    );
}
