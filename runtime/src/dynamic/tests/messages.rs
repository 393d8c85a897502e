//! Messages against readers and writers that are not ours, and of other versions of a schema.

use capnp::{
    any_pointer,
    message::Builder,
    private::layout::StructSize,
    schema_capnp::{code_generator_request, field, node, type_, value},
};
use capnp_compiler::{Compiler, MemoryFiles, standard};

use super::support::{
    EVERYTHING_ID, everything, fields, id, nothing, parsed, read, schema, through, written,
};
use crate::dynamic::{
    Enumerant, Schema, Value, decode, encode,
    raw::{init_structs, pointer_builder},
};

/// IDs in `/capnp/schema.capnp`.
const REQUEST: u64 = 0xbfc5_46f6_210a_d7ce;
const FIELD: u64 = 0x9aad_50a4_1f4a_f45f;

/// The compiled `/capnp/schema.capnp`.
fn schema_of_schemas() -> Vec<u8> {
    let mut files = MemoryFiles::new();
    files.insert(
        "schema.capnp",
        standard::lookup("/capnp/schema.capnp").unwrap(),
    );
    let request = Compiler::new().file_system(files).compile(["schema.capnp"]);
    request.unwrap().bytes()
}

/// Compares a value with what generated code reads.
#[track_caller]
fn same(value: Option<&Value>, expected: impl Into<Value>) {
    assert_eq!(value, Some(&expected.into()));
}

#[test]
fn a_compiled_schema_reads_as_generated_code_reads_it() {
    let bytes = schema_of_schemas();
    let schema = Schema::parse(&bytes).unwrap();
    let value = read(&schema, REQUEST, &bytes).unwrap();
    let message = capnp::serialize::read_message(&mut &*bytes, Default::default()).unwrap();
    let request: code_generator_request::Reader<'_> = message.get_root().unwrap();

    let Some(Value::List(nodes)) = value.field("nodes") else {
        panic!("nodes: {value}");
    };
    let typed = request.get_nodes().unwrap();
    assert_eq!(nodes.len(), usize::try_from(typed.len()).unwrap());
    let mut slots = 0;
    for (value, typed) in nodes.iter().zip(typed) {
        same(value.field("id"), typed.get_id());
        same(
            value.field("displayName"),
            typed.get_display_name().unwrap().to_str().unwrap(),
        );
        same(value.field("isGeneric"), typed.get_is_generic());
        let prefix = u64::from(typed.get_display_name_prefix_length());
        same(value.field("displayNamePrefixLength"), prefix);
        match typed.which().unwrap() {
            node::Struct(typed) => slots += compare_struct(value.field("struct").unwrap(), typed),
            node::Enum(typed) => {
                let Some(Value::List(names)) = value.field("enum").unwrap().field("enumerants")
                else {
                    panic!("{value}");
                };
                for (value, typed) in names.iter().zip(typed.get_enumerants().unwrap()) {
                    same(
                        value.field("name"),
                        typed.get_name().unwrap().to_str().unwrap(),
                    );
                }
            }
            node::File(()) => same(value.field("file"), Value::Void),
            node::Const(_) => assert!(value.field("const").is_some()),
            node::Annotation(_) => assert!(value.field("annotation").is_some()),
            node::Interface(_) => assert!(value.field("interface").is_some()),
        }
    }
    assert!(slots > 100, "{slots} fields compared");
}

/// Returns how many fields it compared.
fn compare_struct(value: &Value, typed: node::struct_::Reader<'_>) -> usize {
    same(
        value.field("dataWordCount"),
        u64::from(typed.get_data_word_count()),
    );
    same(
        value.field("discriminantOffset"),
        u64::from(typed.get_discriminant_offset()),
    );
    let encoding = format!("{:?}", typed.get_preferred_list_encoding().unwrap());
    let Some(Value::Enum(Enumerant::Name(name))) = value.field("preferredListEncoding") else {
        panic!("{value}");
    };
    assert_eq!(name.to_lowercase(), encoding.to_lowercase());
    let Some(Value::List(fields)) = value.field("fields") else {
        panic!("{value}");
    };
    let typed = typed.get_fields().unwrap();
    assert_eq!(fields.len(), usize::try_from(typed.len()).unwrap());
    for (value, typed) in fields.iter().zip(typed) {
        same(
            value.field("name"),
            typed.get_name().unwrap().to_str().unwrap(),
        );
        same(value.field("codeOrder"), u64::from(typed.get_code_order()));
        // Its default is 0xffff.
        same(
            value.field("discriminantValue"),
            u64::from(typed.get_discriminant_value()),
        );
        match typed.which().unwrap() {
            field::Group(group) => {
                same(
                    value.field("group").unwrap().field("typeId"),
                    group.get_type_id(),
                );
            }
            field::Slot(slot) => {
                let value = value.field("slot").unwrap();
                same(value.field("offset"), u64::from(slot.get_offset()));
                let ty = value.field("type").unwrap();
                match slot.get_type().unwrap().which().unwrap() {
                    type_::Struct(typed) => {
                        same(
                            ty.field("struct").unwrap().field("typeId"),
                            typed.get_type_id(),
                        );
                    }
                    type_::Text(()) => assert_eq!(*ty, fields_of("text", Value::Void)),
                    type_::Uint64(()) => assert_eq!(*ty, fields_of("uint64", Value::Void)),
                    _ => {}
                }
                if let value::Uint16(number) = slot.get_default_value().unwrap().which().unwrap() {
                    let default = value.field("defaultValue").unwrap();
                    assert_eq!(*default, fields_of("uint16", u64::from(number).into()));
                }
            }
        }
    }
    fields.len()
}

fn fields_of(name: &str, value: Value) -> Value {
    fields([(name, value)])
}

#[test]
fn generated_code_reads_what_is_written() {
    let schema = Schema::parse(&schema_of_schemas()).unwrap();
    let value = parsed(
        r#"(name = "x", codeOrder = 3,
            slot = (offset = 70000, type = (list = (elementType = (text = void))),
                    defaultValue = (int16 = -2), hadExplicitDefault = true),
            ordinal = (explicit = 9))"#,
    );
    let bytes = written(&schema, FIELD, &value).unwrap();
    let message = capnp::serialize::read_message(&mut &*bytes, Default::default()).unwrap();
    let field: field::Reader<'_> = message.get_root().unwrap();
    assert_eq!(field.get_name().unwrap(), "x");
    assert_eq!(field.get_code_order(), 3);
    assert_eq!(field.get_discriminant_value(), 0xffff, "the default");
    let field::Slot(slot) = field.which().unwrap() else {
        panic!("a slot");
    };
    assert_eq!(slot.get_offset(), 70_000);
    assert!(slot.get_had_explicit_default());
    let type_::List(list) = slot.get_type().unwrap().which().unwrap() else {
        panic!("a list");
    };
    let element = list.get_element_type().unwrap().which().unwrap();
    assert!(matches!(element, type_::Text(())));
    let default = slot.get_default_value().unwrap().which().unwrap();
    assert!(matches!(default, value::Int16(-2)));
    let field::ordinal::Explicit(ordinal) = field.get_ordinal().which().unwrap() else {
        panic!("explicit");
    };
    assert_eq!(ordinal, 9);
}

#[test]
fn a_struct_of_another_version_is_read_as_far_as_both_know_it() {
    let old = schema("struct S { a @0 :UInt8; list @1 :List(S); }");
    let new = schema(
        r#"struct S { a @0 :UInt8; list @1 :List(S); b @2 :UInt64 = 5; c @3 :Text = "c"; d @4 :Bool; }"#,
    );
    let (old_id, new_id) = (id(&old, "S"), id(&new, "S"));
    let value = parsed(r#"(a = 1, list = [(a = 2, b = 3, c = "x", d = true)], b = 4)"#);
    let bytes = written(&new, new_id, &value).unwrap();
    assert_eq!(
        read(&old, old_id, &bytes).unwrap().to_string(),
        "(a = 1, list = [(a = 2, list = [])])"
    );
    let bytes = written(&old, old_id, &parsed("(a = 1, list = [(a = 2)])")).unwrap();
    assert_eq!(
        read(&new, new_id, &bytes).unwrap().to_string(),
        r#"(a = 1, list = [(a = 2, list = [], b = 5, c = "c", d = false)], b = 5, c = "c", d = false)"#
    );
}

#[test]
fn a_list_that_became_one_of_structs_is_read_by_both_versions() {
    let old = schema("struct S { a @0 :List(UInt16); b @1 :List(Text); }");
    let new = schema(
        "struct S { a @0 :List(A); b @1 :List(B); }
         struct A { n @0 :UInt16; more @1 :UInt32; }
         struct B { t @0 :Text; more @1 :UInt8; }",
    );
    let (old_id, new_id) = (id(&old, "S"), id(&new, "S"));
    let bytes = written(&old, old_id, &parsed(r#"(a = [1, 2], b = ["x"])"#)).unwrap();
    assert_eq!(
        read(&new, new_id, &bytes).unwrap().to_string(),
        r#"(a = [(n = 1, more = 0), (n = 2, more = 0)], b = [(t = "x", more = 0)])"#
    );
    let value = parsed(r#"(a = [(n = 1, more = 9)], b = [(t = "x", more = 9)])"#);
    let bytes = written(&new, new_id, &value).unwrap();
    assert_eq!(
        read(&old, old_id, &bytes).unwrap().to_string(),
        r#"(a = [1], b = ["x"])"#
    );
}

#[test]
fn what_a_newer_schema_added_reads_as_a_number_or_as_no_member() {
    let old = schema("enum E { a @0; } struct S { e @0 :E; u :union { x @1 :Void; y @2 :Void; } }");
    let new = schema(
        "enum E { a @0; b @1; }
         struct S { e @0 :E; u :union { x @1 :Void; y @2 :Void; z @3 :Void; } }",
    );
    let bytes = written(&new, id(&new, "S"), &parsed("(e = b, u = (z = void))")).unwrap();
    let value = read(&old, id(&old, "S"), &bytes).unwrap();
    assert_eq!(value.to_string(), "(e = 1, u = ())");
    assert_eq!(value.field("e"), Some(&Value::Enum(Enumerant::Number(1))));
    let bytes = written(&old, id(&old, "S"), &value).unwrap();
    let value = read(&new, id(&new, "S"), &bytes).unwrap();
    assert_eq!(value.field("e").unwrap().to_string(), "b");
}

#[test]
fn numbers_and_words_are_taken_where_they_fit() {
    let schema = everything();
    let value = parsed(
        r#"(u8 = 200, i8 = -1, f64 = 3, f32 = -inf, color = 9, colors = [true, 1, red], data = "ab")"#,
    );
    let value = through(schema, EVERYTHING_ID, &value);
    let shown = |name: &str| value.field(name).unwrap().to_string();
    assert_eq!(shown("u8"), "200");
    assert_eq!(shown("f64"), "3.0");
    assert_eq!(shown("f32"), "-inf");
    assert_eq!(shown("color"), "9");
    assert_eq!(shown("colors"), "[true, green, red]");
    assert_eq!(shown("data"), r#"0x"6162""#);
}

#[test]
fn objects_and_unknown_pointers_are_marked() {
    let schema = schema(
        "interface W {} struct S { w @0 :W; list @1 :List(W); any @2 :AnyPointer; other @3 :AnyPointer; }",
    );
    let message: &[[u8; 8]] = &[
        *b"\0\0\0\0\x07\0\0\0",
        // A struct of four pointers.
        *b"\0\0\0\0\0\0\x04\0",
        *b"\x03\0\0\0\0\0\0\0",
        // A list of two pointers, behind the next two.
        *b"\x09\0\0\0\x16\0\0\0",
        *b"\x03\0\0\0\x01\0\0\0",
        // An empty struct.
        *b"\xfc\xff\xff\xff\0\0\0\0",
        *b"\0\0\0\0\0\0\0\0",
        *b"\x03\0\0\0\x02\0\0\0",
    ];
    let value = read(&schema, id(&schema, "S"), &message.concat()).unwrap();
    assert_eq!(value.field("w"), Some(&Value::Capability));
    let list = Value::List(vec![Value::Null, Value::Capability]);
    assert_eq!(value.field("list"), Some(&list));
    assert_eq!(value.field("any"), Some(&Value::Capability));
    assert_eq!(value.field("other"), Some(&Value::AnyPointer));
}

#[test]
fn content_that_is_absent_reads_as_all_defaults() {
    let schema = everything();
    let mut message = Builder::new_default();
    message.init_root::<any_pointer::Builder<'_>>();
    let absent = decode(schema, EVERYTHING_ID, message.get_root_as_reader().unwrap()).unwrap();
    assert_eq!(absent, through(schema, EVERYTHING_ID, &nothing()));
}

#[test]
fn a_second_value_replaces_the_first() {
    let schema = everything();
    let mut message = Builder::new_default();
    encode(
        schema,
        EVERYTHING_ID,
        &parsed("(u8 = 1)"),
        message.init_root(),
    )
    .unwrap();
    let root = message.get_root().unwrap();
    encode(schema, EVERYTHING_ID, &parsed(r#"(text = "x")"#), root).unwrap();
    let value = decode(schema, EVERYTHING_ID, message.get_root_as_reader().unwrap()).unwrap();
    assert_eq!(
        value,
        through(schema, EVERYTHING_ID, &parsed(r#"(text = "x")"#))
    );
    let root = message.get_root().unwrap();
    encode(schema, EVERYTHING_ID, &Value::Void, root).unwrap_err();
    let value = decode(schema, EVERYTHING_ID, message.get_root_as_reader().unwrap()).unwrap();
    assert_eq!(value, through(schema, EVERYTHING_ID, &nothing()));
}

#[test]
fn generic_parameters_read_as_pointers_to_anything() {
    let schema = schema("struct Box(T) { value @0 :T; } struct S { box @0 :Box(Text); }");
    let mut message = Builder::new_default();
    let size = |data, pointers| StructSize { data, pointers };
    let outer = pointer_builder(message.init_root()).init_struct(size(0, 1));
    let inner = outer.get_pointer_field(0).init_struct(size(0, 1));
    init_structs(inner.get_pointer_field(0), 1, size(1, 0)).unwrap();
    let value = decode(
        &schema,
        id(&schema, "S"),
        message.get_root_as_reader().unwrap(),
    )
    .unwrap();
    assert_eq!(value.to_string(), "(box = (value = <any pointer>))");
}
