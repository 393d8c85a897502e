//! What hostile schemas and messages cannot make us do.

use capnp::{message::Builder, private::layout::StructSize};

use super::{
    refused::edited,
    support::{compile, fields, id, nothing, parsed, read, schema, written},
};
use crate::dynamic::{
    DecodeError, EncodeError, MAX_DEPTH, MAX_ENCODED_WORDS, Schema, Value, decode,
    raw::pointer_builder,
};

const LIST: &str =
    "struct Node { next @0 :Node; list @1 :List(Node); group :group { next @2 :Node; } }";

#[test]
fn a_value_that_nests_too_deeply_is_not_written() {
    let schema = schema(LIST);
    let nested =
        |levels: usize, name: &str| (1..levels).fold(nothing(), |value, _| fields([(name, value)]));
    let node = id(&schema, "Node");
    written(&schema, node, &nested(MAX_DEPTH, "next")).unwrap();
    let error = written(&schema, node, &nested(MAX_DEPTH + 1, "next")).unwrap_err();
    assert_eq!(*error.error(), EncodeError::TooDeep);
    let list = (0..MAX_DEPTH).fold(nothing(), |value, _| {
        fields([("list", Value::List(vec![value]))])
    });
    let error = written(&schema, node, &list).unwrap_err();
    assert_eq!(*error.error(), EncodeError::TooDeep);
}

#[test]
fn a_message_that_nests_too_deeply_is_not_read() {
    let schema = schema(LIST);
    let size = StructSize {
        data: 0,
        pointers: 3,
    };
    let nested = |levels: usize, field: usize| {
        let mut message = Builder::new_default();
        let mut pointer = pointer_builder(message.init_root());
        for _ in 0..levels {
            pointer = pointer.init_struct(size).get_pointer_field(field);
        }
        // A reader of a message that was just built has no limit of its own.
        decode(
            &schema,
            id(&schema, "Node"),
            message.get_root_as_reader().unwrap(),
        )
    };
    // The last struct has a group, which is one level more.
    nested(MAX_DEPTH - 1, 0).unwrap();
    let error = nested(MAX_DEPTH, 0).unwrap_err();
    assert_eq!(*error.error(), DecodeError::TooDeep);
    let error = nested(MAX_DEPTH / 2 + 1, 2).unwrap_err();
    assert_eq!(
        *error.error(),
        DecodeError::TooDeep,
        "groups count as levels"
    );
}

#[test]
fn a_pointer_to_itself_is_not_followed_forever() {
    let schema = schema(LIST);
    // A struct of one pointer, which points at the struct.
    let mut bytes = vec![0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0];
    bytes.extend([0xf8, 0xff, 0xff, 0xff, 0, 0, 1, 0]);
    let error = read(&schema, id(&schema, "Node"), &bytes).unwrap_err();
    assert!(
        matches!(
            error.error(),
            DecodeError::TooDeep | DecodeError::Malformed(_)
        ),
        "{error}"
    );
}

#[test]
fn a_few_bytes_do_not_become_gigabytes() {
    let empty = schema("struct S { list @0 :List(E); } struct E {}");
    let value = fields([("list", Value::List(vec![nothing(); 100_000]))]);
    let bytes = written(&empty, id(&empty, "S"), &value).unwrap();
    assert!(bytes.len() < 100);
    let members: String = (0..30).map(|i| format!("f{i} @{i} :UInt8; ")).collect();
    let wide = schema(&format!(
        "struct S {{ list @0 :List(E); }} struct E {{ {members} }}"
    ));
    let error = read(&wide, id(&wide, "S"), &bytes).unwrap_err();
    assert_eq!(*error.error(), DecodeError::TooLarge);
    let voids = schema("struct S { list @0 :List(Void); }");
    read(&voids, id(&voids, "S"), &bytes).unwrap();
}

#[test]
fn members_of_a_union_that_are_not_active_count_too() {
    let empty = schema("struct S { list @0 :List(E); } struct E {}");
    let value = fields([("list", Value::List(vec![nothing(); 100_000]))]);
    let bytes = written(&empty, id(&empty, "S"), &value).unwrap();
    let members: String = (0..700).map(|i| format!("f{i} @{i} :Void; ")).collect();
    let wide = schema(&format!(
        "struct S {{ list @0 :List(E); }} struct E {{ union {{ {members} }} }}"
    ));
    let error = read(&wide, id(&wide, "S"), &bytes).unwrap_err();
    assert_eq!(*error.error(), DecodeError::TooLarge);
}

#[test]
fn defaults_count_for_what_they_amount_to() {
    let empty = schema("struct S { list @0 :List(E); } struct E {}");
    let value = fields([("list", Value::List(vec![nothing(); 50_000]))]);
    let bytes = written(&empty, id(&empty, "S"), &value).unwrap();
    let long = "x".repeat(2000);
    let wide = schema(&format!(
        "struct S {{ list @0 :List(E); }} struct E {{ t @0 :Text = \"{long}\"; }}"
    ));
    let error = read(&wide, id(&wide, "S"), &bytes).unwrap_err();
    assert_eq!(*error.error(), DecodeError::TooLarge);
}

#[test]
fn huge_structs_of_a_schema_take_no_memory() {
    let bytes =
        compile("struct S { list @0 :List(Huge); one @1 :Huge; } struct Huge { x @0 :UInt8; }");
    let bytes = edited(&bytes, "Huge", |node| {
        let mut body = node.init_struct();
        body.set_data_word_count(u16::MAX);
        body.set_pointer_count(u16::MAX);
    });
    let schema = Schema::parse(&bytes).unwrap();
    let id = id(&schema, "S");
    written(&schema, id, &parsed("(one = ())")).unwrap();
    let error = written(&schema, id, &parsed("(list = [(), ()])")).unwrap_err();
    assert_eq!(*error.error(), EncodeError::TooLarge);
    assert_eq!(error.path(), "list");
}

#[test]
fn a_value_larger_than_a_message_is_not_written() {
    let schema =
        schema("struct S { t @0 :Text; d @1 :Data; n @2 :List(UInt64); v @3 :List(Void); }");
    let id = id(&schema, "S");
    let text = |bytes: usize| fields([("t", Value::Text("x".repeat(bytes)))]);
    let room = (MAX_ENCODED_WORDS - 4) * 8;
    written(&schema, id, &text(room - 1)).unwrap();
    for value in [
        text(room),
        fields([("d", Value::Data(vec![0; room + 1]))]),
        fields([("n", Value::List(vec![Value::UInt(0); MAX_ENCODED_WORDS]))]),
        fields([("v", Value::List(vec![Value::Void; MAX_ENCODED_WORDS]))]),
    ] {
        let error = written(&schema, id, &value).unwrap_err();
        assert_eq!(*error.error(), EncodeError::TooLarge);
    }
}
