//! What mistakes in values are answered with.

use super::support::{EVERYTHING_ID, everything, id, parsed, read, schema, written};
use crate::dynamic::{At, DecodeError, EncodeError, Value};

fn refused(text: &str) -> At<EncodeError> {
    written(everything(), EVERYTHING_ID, &parsed(text)).unwrap_err()
}

#[test]
fn an_error_names_the_place() {
    let error = refused(r#"(inners = [(), (), (name = 3)])"#).under("params");
    assert_eq!(error.path(), "params.inners[2].name");
    assert_eq!(
        error.to_string(),
        "params.inners[2].name: expected Text, got 3"
    );
    let error = refused("(place = (street = (number = 70000)))");
    assert_eq!(
        error.to_string(),
        "place.street.number: expected UInt16, got 70000"
    );
    let error = refused("(matrix = [[], [1, x]])");
    assert_eq!(error.to_string(), "matrix[1][1]: expected Int32, got x");
    let error = written(everything(), EVERYTHING_ID, &Value::Void).unwrap_err();
    assert_eq!(error.to_string(), "expected Everything, got void");
}

#[test]
fn a_value_of_another_type_is_refused() {
    let mismatch = |expected: &str, got: &str| EncodeError::Mismatch {
        expected: expected.to_owned(),
        got: got.to_owned(),
    };
    for (text, expected, got) in [
        ("(flag = 1)", "Bool", "1"),
        ("(u8 = -1)", "UInt8", "-1"),
        ("(u8 = null)", "UInt8", "null"),
        (
            "(i64 = 18446744073709551615)",
            "Int64",
            "18446744073709551615",
        ),
        ("(f32 = 1e300)", "Float32", "1e300"),
        ("(text = bus)", "Text", "bus"),
        ("(data = [1])", "Data", "[1]"),
        ("(inner = [])", "Inner", "[]"),
        ("(inners = ())", "List(Inner)", "()"),
        ("(inners = [null])", "Inner", "null"),
        ("(matrix = [3])", "List(Int32)", "3"),
        ("(color = \"red\")", "Color", "\"red\""),
        ("(color = 65536)", "Color", "65536"),
        ("(nothing = 0)", "Void", "0"),
        ("(voids = [0])", "Void", "0"),
        ("(place = 0)", "a group", "0"),
    ] {
        assert_eq!(*refused(text).error(), mismatch(expected, got), "{text}");
    }
    let long = format!("(flag = [{}])", "1, ".repeat(1000));
    let EncodeError::Mismatch { got, .. } = refused(&long).error().clone() else {
        panic!("a mismatch");
    };
    assert_eq!(got.chars().count(), 61);
    assert!(got.starts_with("[1, 1, ") && got.ends_with('…'), "{got}");
}

#[test]
fn an_unknown_name_is_answered_with_those_there_are() {
    let error = refused("(color = yellow)");
    assert_eq!(
        error.to_string(),
        "color: yellow is no Color, there are red, green, blue, true"
    );
    assert!(matches!(
        error.error(),
        EncodeError::UnknownEnumerant { .. }
    ));
    let error = refused("(inner = (nam = \"x\"))");
    assert_eq!(
        error.to_string(),
        "inner.nam: no such field, there are name, count, tags"
    );
    assert!(matches!(error.error(), EncodeError::UnknownField { .. }));
    let error = refused("(box = (x = 1))");
    assert_eq!(
        error.to_string(),
        "box.x: no such field, there is only value"
    );
    let error = refused("(nope = 1)").to_string();
    assert!(
        error.ends_with("flagOn, …") || error.ends_with(", …"),
        "{error}"
    );
    let empty = schema("struct S {}");
    let error = written(&empty, id(&empty, "S"), &parsed("(x = 1)")).unwrap_err();
    assert_eq!(error.to_string(), "x: no such field, there are none");
}

#[test]
fn a_field_is_set_once_and_one_member_of_a_union() {
    let twice = Value::Struct(vec![
        ("u8".to_owned(), Value::UInt(1)),
        ("u8".to_owned(), Value::UInt(1)),
    ]);
    let error = written(everything(), EVERYTHING_ID, &twice).unwrap_err();
    assert_eq!(*error.error(), EncodeError::FieldTwice);
    assert_eq!(error.path(), "u8");
    let error = refused(r#"(small = 1, u8 = 3, long = "x")"#);
    assert_eq!(
        *error.error(),
        EncodeError::UnionConflict {
            other: "small".to_owned()
        }
    );
    assert_eq!(error.path(), "long");
    refused("(shape = (point = void, circle = 1))");
}

#[test]
fn objects_and_unknown_pointers_cannot_be_written() {
    let opaque = |ty: &str| EncodeError::Opaque { ty: ty.to_owned() };
    assert_eq!(*refused("(watcher = 1)").error(), opaque("Watcher"));
    assert_eq!(*refused("(any = \"x\")").error(), opaque("AnyPointer"));
    let error = refused("(box = (value = \"x\"))");
    assert_eq!(
        error.to_string(),
        "box.value: AnyPointer cannot be written without generated code"
    );
    assert_eq!(
        *refused("(watchers = [null, 1])").error(),
        opaque("Watcher")
    );
}

#[test]
fn a_struct_that_is_not_in_the_schema_is_refused() {
    let schema = everything();
    let error = written(schema, 7, &parsed("()")).unwrap_err();
    assert_eq!(*error.error(), EncodeError::UnknownStruct { id: 7 });
    let bytes = written(schema, EVERYTHING_ID, &parsed("()")).unwrap();
    let error = read(schema, 7, &bytes).unwrap_err();
    assert_eq!(*error.error(), DecodeError::UnknownStruct { id: 7 });
}

#[test]
fn a_message_of_another_schema_is_refused_at_the_place() {
    let (ours, theirs) = (
        schema("struct S { a @0 :List(T); } struct T { t @0 :Text; }"),
        schema("struct S { a @0 :List(T); } struct T { t @0 :Data; }"),
    );
    let value = parsed("(a = [(t = 0x\"00\"), (t = 0x\"ff00\"), (t = 0x\"41\")])");
    let bytes = written(&theirs, id(&theirs, "S"), &value).unwrap();
    let error = read(&ours, id(&ours, "S"), &bytes).unwrap_err();
    assert_eq!(error.path(), "a[1].t");
    assert_eq!(*error.error(), DecodeError::NotUtf8);

    let theirs = schema("struct S { a @0 :S; }");
    let bytes = written(&theirs, id(&theirs, "S"), &parsed("(a = ())")).unwrap();
    let error = read(&ours, id(&ours, "S"), &bytes).unwrap_err();
    assert_eq!(error.path(), "a");
    assert!(
        matches!(error.error(), DecodeError::Malformed(_)),
        "{error}"
    );

    let theirs = schema("struct S { a @0 :List(Bool); }");
    let bytes = written(&theirs, id(&theirs, "S"), &parsed("(a = [true])")).unwrap();
    let error = read(&ours, id(&ours, "S"), &bytes).unwrap_err();
    assert_eq!(
        *error.error(),
        DecodeError::Malformed(capnp::ErrorKind::FoundBitListWhereStructListWasExpected)
    );
}
