//! Schemas that are refused, and what each is told.

use capnp::{
    message::Builder,
    schema_capnp::{code_generator_request, field, node},
};

use super::support::compile;
use crate::dynamic::{
    DecodeError, MAX_GROUP_DEPTH, MAX_LIST_DEPTH, MAX_MEMBERS, MAX_NODES, MAX_SCHEMA_BYTES, Schema,
    SchemaError,
};

/// A schema after `edit` of one node, which is found by the end of its name.
pub(super) fn edited(bytes: &[u8], name: &str, edit: impl FnOnce(node::Builder<'_>)) -> Vec<u8> {
    changed(bytes, |request| {
        let mut nodes = request.get_nodes().unwrap();
        let index = (0..nodes.len()).find(|index| {
            let node = nodes.reborrow().into_reader().get(*index);
            let found = node.get_display_name().unwrap().to_str().unwrap();
            found.ends_with(&format!(":{name}")) || found.ends_with(&format!(".{name}"))
        });
        edit(nodes.get(index.expect("the node is in the schema")));
    })
}

fn changed(mut bytes: &[u8], change: impl FnOnce(code_generator_request::Builder<'_>)) -> Vec<u8> {
    let message = capnp::serialize::read_message(&mut bytes, Default::default()).unwrap();
    let mut builder = Builder::new_default();
    let request: code_generator_request::Reader<'_> = message.get_root().unwrap();
    builder.set_root(request).unwrap();
    change(builder.get_root().unwrap());
    capnp::serialize::write_message_to_words(&builder)
}

/// A field of a struct.
fn field<'a>(node: node::Builder<'a>, name: &str) -> field::Builder<'a> {
    let node::Struct(body) = node.which().unwrap() else {
        panic!("a struct");
    };
    let mut fields = body.get_fields().unwrap();
    let index = (0..fields.len()).find(|index| {
        let field = fields.reborrow().into_reader().get(*index);
        field.get_name().unwrap() == name
    });
    fields.get(index.expect("the field is in the struct"))
}

fn slot(field: field::Builder<'_>) -> field::slot::Builder<'_> {
    let field::Slot(slot) = field.which().unwrap() else {
        panic!("a slot");
    };
    slot
}

fn refused(bytes: &[u8]) -> SchemaError {
    Schema::parse(bytes).unwrap_err()
}

const GROUPS: &str = "struct S @0xa000000000000001 {
    a @0 :UInt16;
    t @1 :Text;
    g :group { b @2 :UInt16; h :group { c @3 :UInt8; } }
    k :group { d @4 :UInt8; }
    union { x @5 :Void; y @6 :UInt8; }
}";
const S: u64 = 0xa000_0000_0000_0001;

/// The ID of the node of this name.
fn id(bytes: &[u8], name: &str) -> u64 {
    let mut found = 0;
    edited(bytes, name, |node| found = node.get_id());
    found
}

/// A struct after `edit` of one field.
fn with(bytes: &[u8], node: &str, name: &str, edit: impl FnOnce(field::Builder<'_>)) -> Vec<u8> {
    edited(bytes, node, |node| edit(field(node, name)))
}

#[test]
fn bytes_that_are_no_message_are_refused() {
    assert!(matches!(refused(&[]), SchemaError::Message(_)));
    assert!(matches!(refused(&[1, 2, 3]), SchemaError::Message(_)));
    let long = vec![0; MAX_SCHEMA_BYTES + 1];
    assert_eq!(refused(&long), SchemaError::TooLong { bytes: long.len() });
    // A root that is a list.
    let list = [0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0];
    assert!(matches!(refused(&list), SchemaError::Malformed(_)));
}

#[test]
fn too_many_nodes_and_members_are_refused() {
    let nodes = u32::try_from(MAX_NODES).unwrap() + 1;
    let many = changed(&compile("struct S {}"), |mut request| {
        request.reborrow().init_nodes(nodes);
    });
    assert_eq!(refused(&many), SchemaError::TooManyNodes { nodes });

    // A list of structs without any bytes may claim any length. The tag of this one comes last in the message.
    let mut builder = Builder::new_default();
    let request: code_generator_request::Builder<'_> = builder.init_root();
    request.init_nodes(1).get(0).init_enum().init_enumerants(0);
    let mut bytes = capnp::serialize::write_message_to_words(&builder);
    let tag = bytes.len() - 8;
    let count = u32::try_from(MAX_MEMBERS).unwrap() + 1;
    bytes[tag..tag + 4].copy_from_slice(&(count << 2).to_le_bytes());
    bytes[tag + 4..].copy_from_slice(&[0; 4]);
    assert_eq!(refused(&bytes), SchemaError::TooManyMembers);
}

#[test]
fn what_is_no_name_is_refused() {
    let schema = compile("struct S @0xa000000000000001 { a @0 :UInt8; b @1 :UInt8; }");
    let long = "x".repeat(256);
    for name in ["", "1", "a-b", "a b", "\x1b[31m", "é", &long] {
        let bytes = with(&schema, "S", "a", |mut field| field.set_name(name));
        assert_eq!(refused(&bytes), SchemaError::BadName { node: S }, "{name}");
    }
    let bytes = with(&schema, "S", "a", |mut field| field.set_name(&long[..255]));
    Schema::parse(&bytes).unwrap();
    for name in ["\x1b[31m", &long] {
        let bytes = edited(&schema, "S", |mut node| {
            node.set_display_name(name);
            node.set_display_name_prefix_length(0);
        });
        assert_eq!(refused(&bytes), SchemaError::BadName { node: S }, "{name}");
    }
    let bytes = with(&schema, "S", "a", |field| {
        field
            .init_name(2)
            .as_bytes_mut()
            .copy_from_slice(&[0xff, 0xfe]);
    });
    assert_eq!(refused(&bytes), SchemaError::BadName { node: S });
    let bytes = with(&schema, "S", "b", |mut field| field.set_name("a"));
    assert_eq!(
        refused(&bytes),
        SchemaError::DuplicateName {
            node: S,
            name: "a".to_owned()
        }
    );
}

#[test]
fn ids_that_dangle_or_name_something_else_are_refused() {
    let schema = compile(
        "enum E @0xa000000000000002 { a @0; }
         interface I @0xa000000000000003 { m @0 (); }
         struct S @0xa000000000000001 { s @0 :S; e @1 :E; i @2 :I; l @3 :List(List(S)); g :group { x @4 :Void; } }",
    );
    let (e, i) = (0xa000_0000_0000_0002, 0xa000_0000_0000_0003);
    let missing = |node| SchemaError::Missing { node, target: 7 };
    let wrong = |node, target, expected| SchemaError::WrongKind {
        node,
        target,
        expected,
    };
    let typed = |name: &str, kind: &str, target: u64| {
        with(&schema, "S", name, |field| {
            let ty = slot(field).get_type().unwrap();
            match kind {
                "struct" => ty.init_struct().set_type_id(target),
                "enum" => ty.init_enum().set_type_id(target),
                _ => ty.init_interface().set_type_id(target),
            }
        })
    };
    assert_eq!(refused(&typed("s", "struct", 7)), missing(S));
    assert_eq!(refused(&typed("e", "enum", 7)), missing(S));
    assert_eq!(refused(&typed("i", "interface", 7)), missing(S));
    assert_eq!(refused(&typed("s", "struct", e)), wrong(S, e, "struct"));
    assert_eq!(refused(&typed("e", "enum", S)), wrong(S, S, "enum"));
    assert_eq!(
        refused(&typed("i", "interface", S)),
        wrong(S, S, "interface")
    );
    let list = with(&schema, "S", "l", |field| {
        let ty = slot(field)
            .get_type()
            .unwrap()
            .init_list()
            .init_element_type();
        ty.init_list()
            .init_element_type()
            .init_struct()
            .set_type_id(7);
    });
    assert_eq!(refused(&list), missing(S));
    let group = id(&schema, "S.g");
    assert_eq!(
        refused(&typed("s", "struct", group)),
        wrong(S, group, "struct"),
        "a group is no struct of its own"
    );
    let bytes = with(&schema, "S", "g", |field| field.init_group().set_type_id(S));
    assert_eq!(refused(&bytes), wrong(S, S, "group"));

    let method = |params: u64, results: u64| {
        edited(&schema, "I", |node| {
            let node::Interface(body) = node.which().unwrap() else {
                panic!("an interface");
            };
            let mut method = body.get_methods().unwrap().get(0);
            method.set_param_struct_type(params);
            method.set_result_struct_type(results);
        })
    };
    assert_eq!(refused(&method(7, S)), missing(i));
    assert_eq!(refused(&method(S, 7)), missing(i));
    assert_eq!(refused(&method(S, group)), wrong(i, group, "struct"));
    Schema::parse(&method(S, S)).unwrap();
    let bytes = edited(&schema, "I", |node| {
        node.init_interface().init_superclasses(1).get(0).set_id(S);
    });
    assert_eq!(refused(&bytes), wrong(i, S, "interface"));
    let bytes = edited(&schema, "E", |mut node| node.set_id(S));
    assert_eq!(refused(&bytes), SchemaError::DuplicateNode { node: S });
}

#[test]
fn fields_outside_their_struct_are_refused() {
    let schema = compile(
        "struct S @0xa000000000000001 {
           flag @0 :Bool; a @1 :UInt8; b @2 :Int16; c @3 :Float32; d @4 :UInt64; v @5 :Void;
           t @6 :Text; any @7 :AnyPointer;
           union { x @8 :UInt8; y @9 :UInt8; }
           g :group { z @10 :UInt8; }
         }",
    );
    // Three words of data, two pointers.
    for (name, first) in [
        ("flag", 192),
        ("a", 24),
        ("b", 12),
        ("c", 6),
        ("d", 3),
        ("t", 2),
        ("any", 2),
    ] {
        let outside = SchemaError::OutOfBounds {
            node: S,
            field: name.to_owned(),
        };
        let at = |offset: u32| with(&schema, "S", name, |field| slot(field).set_offset(offset));
        Schema::parse(&at(first - 1)).unwrap();
        assert_eq!(refused(&at(first)), outside);
        assert_eq!(refused(&at(u32::MAX)), outside);
    }
    let bytes = with(&schema, "S", "v", |field| slot(field).set_offset(u32::MAX));
    Schema::parse(&bytes).unwrap();
    let bytes = with(&schema, "S.g", "z", |field| slot(field).set_offset(24));
    assert_eq!(
        refused(&bytes),
        SchemaError::OutOfBounds {
            node: id(&schema, "S.g"),
            field: "z".to_owned()
        }
    );
    let bytes = edited(&schema, "S", |node| {
        let node::Struct(mut body) = node.which().unwrap() else {
            panic!("a struct");
        };
        body.set_discriminant_offset(12);
    });
    assert_eq!(
        refused(&bytes),
        SchemaError::OutOfBounds {
            node: S,
            field: "union".to_owned()
        }
    );
}

#[test]
fn a_group_of_another_size_than_its_struct_is_refused() {
    let schema = compile(GROUPS);
    // The struct has two words of data and one pointer.
    for (data, pointers) in [(3, 1), (1, 1), (2, 2), (2, 0), (u16::MAX, u16::MAX)] {
        let bytes = edited(&schema, "S.g.h", |node| {
            let node::Struct(mut body) = node.which().unwrap() else {
                panic!("a group");
            };
            body.set_data_word_count(data);
            body.set_pointer_count(pointers);
        });
        assert_eq!(
            refused(&bytes),
            SchemaError::GroupSize {
                node: id(&schema, "S.g.h")
            }
        );
    }
}

#[test]
fn groups_that_are_no_tree_are_refused() {
    let schema = compile(GROUPS);
    let (g, h) = (id(&schema, "S.g"), id(&schema, "S.g.h"));
    let point = |node: &str, name: &str, target: u64| {
        with(&schema, node, name, |field| {
            field.init_group().set_type_id(target);
        })
    };
    assert_eq!(
        refused(&point("S.g", "h", g)),
        SchemaError::CircularGroup { node: g }
    );
    let longer = with(&schema, "S.g.h", "c", |field| {
        field.init_group().set_type_id(g);
    });
    assert_eq!(refused(&longer), SchemaError::CircularGroup { node: g });
    assert_eq!(
        refused(&point("S", "k", g)),
        SchemaError::SharedGroup { node: g }
    );
    assert_eq!(
        refused(&point("S", "k", h)),
        SchemaError::SharedGroup { node: h }
    );
    // A ring that no struct reaches is no part of anything.
    let ring = with(
        &point("S", "g", id(&schema, "S.k")),
        "S.g.h",
        "c",
        |field| {
            field.init_group().set_type_id(g);
        },
    );
    let ring = with(&ring, "S", "k", |field| {
        let mut slot = field.init_slot();
        slot.reborrow().init_type().set_void(());
    });
    Schema::parse(&ring).unwrap();

    let nested = |levels: usize| {
        let mut body = "x @0 :UInt8;".to_owned();
        for level in 0..levels {
            body = format!("g{level} :group {{ {body} }}");
        }
        compile(&format!("struct S {{ {body} }}"))
    };
    Schema::parse(&nested(MAX_GROUP_DEPTH)).unwrap();
    let error = refused(&nested(MAX_GROUP_DEPTH + 1));
    assert!(matches!(error, SchemaError::GroupTooDeep { .. }), "{error}");
}

#[test]
fn a_type_of_too_many_lists_is_refused() {
    let nested = |levels: usize| {
        let ty = format!("{}UInt8{}", "List(".repeat(levels), ")".repeat(levels));
        compile(&format!("struct S @0xa000000000000001 {{ x @0 :{ty}; }}"))
    };
    Schema::parse(&nested(MAX_LIST_DEPTH)).unwrap();
    assert_eq!(
        refused(&nested(MAX_LIST_DEPTH + 1)),
        SchemaError::ListTooDeep { node: S }
    );
}

#[test]
fn discriminants_that_fit_no_union_are_refused() {
    let schema = compile(GROUPS);
    let bad = |field: &str| SchemaError::BadDiscriminant {
        node: S,
        field: field.to_owned(),
    };
    let bytes = with(&schema, "S", "y", |mut field| {
        field.set_discriminant_value(2)
    });
    assert_eq!(refused(&bytes), bad("y"));
    let bytes = with(&schema, "S", "y", |mut field| {
        field.set_discriminant_value(0)
    });
    assert_eq!(refused(&bytes), bad("y"), "x has it");
    let bytes = edited(&schema, "S", |node| {
        let node::Struct(mut body) = node.which().unwrap() else {
            panic!("a struct");
        };
        body.set_discriminant_count(0);
    });
    assert_eq!(refused(&bytes), bad("x"));
}

#[test]
fn defaults_that_are_no_values_of_their_types_are_refused() {
    let schema = compile(
        r#"struct S @0xa000000000000001 { a @0 :UInt8 = 3; t @1 :Text = "x"; l @2 :List(Text) = ["a", "b"]; s @3 :S = (a = 1); }"#,
    );
    let other = |field: &str| SchemaError::DefaultType {
        node: S,
        field: field.to_owned(),
    };
    for name in ["a", "t", "l", "s"] {
        let bytes = with(&schema, "S", name, |field| {
            slot(field).get_default_value().unwrap().set_uint16(3);
        });
        assert_eq!(refused(&bytes), other(name));
        let bytes = with(&schema, "S", name, |field| {
            slot(field).init_default_value();
        });
        assert_eq!(refused(&bytes), other(name), "the default is that of Void");
    }
    // Numbers where texts belong.
    let bytes = with(&schema, "S", "l", |field| {
        let list = slot(field).get_default_value().unwrap().init_list();
        let mut list: capnp::primitive_list::Builder<'_, u8> = list.initn_as(3);
        list.set(0, 1);
    });
    let SchemaError::BadDefault { node, field, error } = refused(&bytes) else {
        panic!("a bad default");
    };
    assert_eq!((node, field.as_str()), (S, "l"));
    assert!(
        matches!(error.error(), DecodeError::Malformed(_)),
        "{error}"
    );
    let bytes = with(&schema, "S", "l", |field| {
        let list = slot(field).get_default_value().unwrap().init_list();
        let mut list: capnp::data_list::Builder<'_> = list.initn_as(2);
        list.reborrow().set(0, b"x\0");
        list.set(1, &[0xff, 0]);
    });
    let SchemaError::BadDefault { error, .. } = refused(&bytes) else {
        panic!("a bad default");
    };
    assert_eq!(*error.error(), DecodeError::NotUtf8);
    assert_eq!(error.path(), "[1]");
}

#[test]
fn defaults_that_amount_to_too_much_are_refused() {
    // Each holds twice what the one before it holds.
    let mut text = String::new();
    for level in 0..24 {
        text += &format!(
            "struct S{level} {{ a @0 :S{0} = (x = 1); b @1 :S{0} = (x = 1); x @2 :UInt8; }}
",
            level + 1
        );
    }
    text += "struct S24 { x @0 :UInt8; }";
    let error = refused(&compile(&text));
    let SchemaError::BadDefault { error, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(*error.error(), DecodeError::TooLarge);
}

#[test]
fn an_interface_that_extends_itself_is_refused() {
    let schema = compile(
        "interface A @0xa000000000000001 {}
         interface B @0xa000000000000002 extends (A) {}
         interface C @0xa000000000000003 extends (B, A) {}",
    );
    let extend = |name: &str, target: u64| {
        edited(&schema, name, |node| {
            node.init_interface()
                .init_superclasses(1)
                .get(0)
                .set_id(target);
        })
    };
    let c = 0xa000_0000_0000_0003;
    assert!(matches!(
        refused(&extend("A", c)),
        SchemaError::CircularSuperclass { .. }
    ));
    assert_eq!(
        refused(&extend("C", c)),
        SchemaError::CircularSuperclass { node: c }
    );
}
