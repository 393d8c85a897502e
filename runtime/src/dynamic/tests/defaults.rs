//! What reads where nothing was written.

use super::support::{EVERYTHING_ID, everything, id, nothing, parsed, schema, through};
use crate::dynamic::Value;

#[test]
fn a_field_that_is_absent_reads_as_its_default() {
    let value = through(everything(), EVERYTHING_ID, &nothing());
    let shown = |name: &str| value.field(name).unwrap().to_string();
    assert_eq!(shown("flagOn"), "true");
    assert_eq!(shown("minus"), "-5");
    assert_eq!(shown("less"), "-6000000000");
    assert_eq!(shown("more"), "4000000000");
    assert_eq!(shown("half"), "1.5");
    assert_eq!(shown("third"), "0.25");
    assert_eq!(shown("blue"), "blue");
    assert_eq!(shown("hello"), r#""hello""#);
    assert_eq!(shown("bytes"), r#"0x"01a2""#);
    assert_eq!(shown("numbers"), "[1, -2]");
    assert_eq!(shown("first"), r#"(name = "one", count = 0, tags = ["a"])"#);
    assert_eq!(shown("text"), r#""""#);
    assert_eq!(shown("texts"), "[]");
    assert_eq!(shown("inner"), "null");
    assert_eq!(shown("plain"), "void");
    assert_eq!(shown("shape"), "(point = void)");
    assert_eq!(shown("place"), r#"(x = 0, name = "", unknown = void)"#);
    assert_eq!(value.field("small"), None, "no active member of the union");
}

#[test]
fn what_equals_zero_or_nothing_is_kept_apart_from_the_default() {
    let schema = everything();
    let set = parsed(
        r#"(flagOn = false, minus = 0, less = 0, more = 0, half = 0.0, third = -0.0, blue = red,
            hello = "", bytes = 0x"", numbers = [], first = (), shape = (square = 0.0))"#,
    );
    let value = through(schema, EVERYTHING_ID, &set);
    let shown = |name: &str| value.field(name).unwrap().to_string();
    assert_eq!(shown("flagOn"), "false");
    assert_eq!(shown("minus"), "0");
    assert_eq!(shown("less"), "0");
    assert_eq!(shown("more"), "0");
    assert_eq!(shown("half"), "0.0");
    assert_eq!(shown("third"), "-0.0");
    assert_eq!(shown("blue"), "red");
    assert_eq!(shown("hello"), r#""""#);
    assert_eq!(shown("bytes"), r#"0x"""#);
    assert_eq!(shown("numbers"), "[]");
    assert_eq!(shown("first"), r#"(name = "", count = 0, tags = [])"#);
    assert_eq!(shown("shape"), "(square = 0.0)");
}

#[test]
fn null_leaves_a_pointer_at_its_default() {
    let schema = everything();
    let set = parsed("(hello = null, first = null, inner = null, any = null, watcher = null)");
    let value = through(schema, EVERYTHING_ID, &set);
    assert_eq!(value, through(schema, EVERYTHING_ID, &nothing()));
}

#[test]
fn a_default_inside_a_default_is_read_too() {
    let schema = schema(
        r#"struct A { b @0 :B = (n = 1); }
           struct B { n @0 :UInt8; c @1 :C = (t = ["x"]); }
           struct C { t @0 :List(Text) = ["y"]; d @1 :Text = "z"; }"#,
    );
    let value = through(&schema, id(&schema, "A"), &nothing());
    assert_eq!(
        value.to_string(),
        r#"(b = (n = 1, c = (t = ["x"], d = "z")))"#
    );
}

#[test]
fn a_default_that_holds_its_own_field_ends() {
    let schema = schema("struct Loop { n @0 :UInt8; next @1 :Loop = (n = 7); }");
    let value = through(&schema, id(&schema, "Loop"), &nothing());
    assert_eq!(value.to_string(), "(n = 0, next = (n = 7, next = null))");
    let value = parsed("(n = 1, next = (n = 2))");
    let value = through(&schema, id(&schema, "Loop"), &value);
    assert_eq!(
        value.to_string(),
        "(n = 1, next = (n = 2, next = (n = 7, next = null)))"
    );
    assert_eq!(
        value.field("next").unwrap().field("n"),
        Some(&Value::UInt(2))
    );
}
