use std::rc::Rc;

use capnp::message::{Builder, ReaderOptions};
use capnp::schema_capnp::{field, node, type_, value};
use proptest::prelude::*;

use super::{Encoding, ListValue, MAX_DEPTH, StructValue, Value, embed, encode};
use crate::{Compiler, Diagnostics, MemoryFiles, Request};

const PRELUDE: &str = "@0xc3d8b7a6f5e4d3c2;
using Schema = import \"/capnp/schema.capnp\";
enum Colour { red @0; green @1; true @2; }
struct Wrapped { text @0 :Text; number @1 :Int8; }
struct Defaults { a @0 :Int32 = 7; b @1 :Bool = true; c @2 :Float32 = 1.5; d @3 :Colour = green; e @4 :Text = \"x\"; f @5 :Int16 = -1; }
struct Grouped { g :group { first @0 :UInt16; second @1 :Text; } n :union { none @2 :Void; some :group { x @3 :Int32 = 4; } } }
const five :Int32 = 5;
const green :Colour = green;
const name :Text = \"n\";
const point :Defaults = (a = 1);
const list :List(Int8) = [1, -2];
";

fn compile(declarations: &str) -> Result<Request, Diagnostics> {
    let mut files = MemoryFiles::new();
    files.insert("test.capnp", format!("{PRELUDE}{declarations}"));
    files.insert("bytes", *b"\x00\x01\xfftext");
    files.insert("text", "two\nlines");
    files.insert(
        "message",
        framed(&Value::Struct(Some(Rc::new(StructValue::new(
            vec![6; 8],
            Vec::new(),
        ))))),
    );
    Compiler::new().file_system(files).compile(["test.capnp"])
}

/// What `read` makes of the constant `k` of type `ty`.
fn constant<T>(ty: &str, expression: &str, read: impl FnOnce(value::Reader<'_>) -> T) -> T {
    let request = compile(&format!("const k :{ty} = {expression};"))
        .unwrap_or_else(|error| panic!("{ty} = {expression}: {error}"));
    let request = request.reader().unwrap();
    let constant = request
        .get_nodes()
        .unwrap()
        .iter()
        .find(|node| node.get_display_name().unwrap() == "test.capnp:k")
        .unwrap();
    let Ok(node::Const(constant)) = constant.which() else {
        panic!("a constant")
    };
    read(constant.get_value().unwrap())
}

fn shown(ty: &str, expression: &str) -> String {
    constant(ty, expression, |value| format!("{value:?}"))
}

fn error(ty: &str, expression: &str) -> String {
    compile(&format!("const k :{ty} = {expression};"))
        .expect_err(expression)
        .to_string()
}

/// The data section and the pointers of a struct constant, as text.
fn structure(ty: &str, expression: &str) -> (Vec<u8>, usize) {
    constant(ty, expression, |value| {
        let Ok(value::Struct(pointer)) = value.which() else {
            panic!("a struct")
        };
        let mut message = Builder::new_default();
        message
            .set_root::<capnp::any_pointer::Owned>(pointer)
            .unwrap();
        let bytes = capnp::serialize::write_message_to_words(&message);
        let value = embed::root(&bytes, 1000).unwrap();
        let pointers = value
            .pointers()
            .iter()
            .filter(|pointer| **pointer != Value::AnyPointer(None))
            .count();
        (value.data().to_vec(), pointers)
    })
}

#[test]
fn numbers_are_checked_against_their_range() {
    for (ty, least, most) in [
        ("Int8", "-128", "127"),
        ("UInt8", "0", "255"),
        ("Int16", "-32768", "32767"),
        ("UInt16", "0", "65535"),
        ("Int32", "-2147483648", "2147483647"),
        ("UInt32", "0", "4294967295"),
        ("Int64", "-9223372036854775808", "9223372036854775807"),
        ("UInt64", "0", "18446744073709551615"),
    ] {
        let member = ty.to_lowercase();
        assert_eq!(shown(ty, least), format!("({member} = {least})"));
        assert_eq!(shown(ty, most), format!("({member} = {most})"));
        if ty != "UInt64" {
            let above = (most.parse::<u128>().unwrap() + 1).to_string();
            assert!(error(ty, &above).contains("integer out of range"), "{ty}");
        }
        if ty != "Int64" {
            let below = (least.parse::<i128>().unwrap() - 1).to_string();
            assert!(error(ty, &below).contains("integer out of range"), "{ty}");
        }
    }
    assert!(error("Int64", "-9223372036854775809").contains("less than that of any integer type"));
}

#[test]
fn floats_take_integers_and_integers_take_no_floats() {
    assert_eq!(shown("Float32", "1"), "(float32 = 1)");
    assert_eq!(shown("Float64", "-3"), "(float64 = -3)");
    assert_eq!(shown("Float64", "1e400"), "(float64 = inf)");
    assert_eq!(shown("Float32", "-inf"), "(float32 = -inf)");
    assert_eq!(shown("Float32", "nan"), "(float32 = NaN)");
    assert!(error("Int8", "1.0").contains("expected `Int8`, found a floating point number"));
}

#[test]
fn text_and_data_keep_apart() {
    assert_eq!(shown("Text", "\"a\" \"b\""), "(text = \"ab\")");
    assert_eq!(shown("Data", "\"a\""), "(data = 0x\"61\")");
    assert_eq!(shown("Data", "\"\\xff\""), "(data = 0x\"ff\")");
    assert_eq!(shown("Data", "0x\"00 ff\""), "(data = 0x\"00ff\")");
    assert!(error("Text", "0x\"00\"").contains("expected `Text`"));
    assert!(error("Data", ".name").contains("expected `Data`, found text"));
}

#[test]
fn words_mean_enumerants_where_an_enum_is_wanted() {
    assert_eq!(shown("Bool", "true"), "(bool = true)");
    assert_eq!(shown("Void", "void"), "(void = ())");
    assert_eq!(shown("Colour", "true"), "(enum = 2)");
    let message = error("Colour", "gren");
    assert!(
        message.contains("`gren` is not an enumerant of `Colour`"),
        "{message}"
    );
    assert!(message.contains("did you mean `green`?"), "{message}");
}

#[test]
fn constants_convert_as_literals_do() {
    assert_eq!(shown("UInt8", ".five"), "(uint8 = 5)");
    assert_eq!(shown("Float64", ".five"), "(float64 = 5)");
    assert_eq!(shown("UInt16", ".green"), "(uint16 = 1)");
    assert!(
        error("Colour", ".green").contains("expected `Colour`"),
        "as in the reference"
    );
    assert!(error("List(Int16)", ".list").contains("expected `List(Int16)`, found a `List(Int8)`"));
    assert_eq!(
        structure("Defaults", ".point"),
        structure("Defaults", "(a = 1)")
    );
    assert!(
        error("Int32", ".k").contains("k"),
        "a constant that is its own value"
    );
}

#[test]
fn fields_are_stored_as_differences_to_their_defaults() {
    assert_eq!(structure("Defaults", "()"), (vec![0; 16], 0));
    assert_eq!(
        structure("Defaults", "(a = 7, b = true, c = 1.5, d = green, f = -1)"),
        (vec![0; 16], 0)
    );
    let (data, pointers) = structure("Defaults", "(a = 5, b = false, d = red, e = \"\", f = 0)");
    assert_eq!(
        data,
        [7 ^ 5, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0]
    );
    assert_eq!(pointers, 1, "an empty text is not the default");
}

#[test]
fn tuples_name_their_fields() {
    let message = error("Defaults", "(a = 1, colour = red)");
    assert!(
        message.contains("`Defaults` has no field `colour`"),
        "{message}"
    );
    assert!(error("Wrapped", "(\"a\", number = 5)").contains("missing field name"));
    assert!(error("Int8", "(a = 5)").contains("expected `Int8`"));
    assert!(error("Wrapped", "[1]").contains("expected `Wrapped`"));
}

#[test]
fn a_bare_value_stands_for_the_first_field() {
    assert_eq!(
        structure("Wrapped", "\"t\""),
        structure("Wrapped", "(text = \"t\")")
    );
    assert_eq!(
        structure("Grouped", "(g = 3)"),
        structure("Grouped", "(g = (first = 3))")
    );
    assert!(error("Wrapped", "5").contains("expected `Wrapped`, found an integer"));
    assert!(error("Grouped", "(g = \"x\")").contains("expected the group"));
    assert!(error("Grouped", "(g = 65536)").contains("out of range"));
    assert!(
        error("Grouped", "5").contains("expected `Grouped`"),
        "the first field is a group"
    );
}

#[test]
fn the_last_member_of_a_union_wins_and_groups_start_clean() {
    let (data, _) = structure("Grouped", "(n = (none = void, some = (x = 1)))");
    assert_eq!(&data[2..8], [1, 0, 1 ^ 4, 0, 0, 0]);
    // The member that is no longer active keeps its space, as in the reference.
    let (data, _) = structure("Grouped", "(n = (some = (x = 1)), n = ())");
    assert_eq!(data, [0, 0, 0, 0, 1 ^ 4, 0, 0, 0]);
}

#[test]
fn files_are_embedded_as_what_is_wanted() {
    assert_eq!(
        shown("Data", "embed \"bytes\""),
        "(data = 0x\"0001ff74657874\")"
    );
    assert_eq!(shown("Text", "embed \"text\""), "(text = \"two\\nlines\")");
    assert_eq!(
        structure("Defaults", "embed \"message\""),
        ([[6; 8], [0; 8]].concat(), 0)
    );
    assert!(error("Defaults", "embed \"bytes\"").contains("not a Cap'n Proto message"));
    assert!(error("List(Int8)", "embed \"bytes\"").contains("only where Text, Data or a struct"));
    assert!(error("Data", "embed \"none\"").contains("none"));
}

#[test]
fn structs_of_structs_are_read_by_generated_code() {
    let expression = "(id = 5, displayName = \"d\", isGeneric = true, parameters = [(name = \"p\"), ()], \
        struct = (dataWordCount = 3, preferredListEncoding = inlineComposite, fields = [(name = \"f\", discriminantValue = 2, \
        slot = (offset = 4, type = (list = (elementType = (float64 = void))), defaultValue = (int64 = -9))), (group = (typeId = 8))]))";
    constant("Schema.Node", expression, |value| {
        let Ok(value::Struct(pointer)) = value.which() else {
            panic!("a struct")
        };
        let read: node::Reader<'_> = pointer.get_as().unwrap();
        assert_eq!(
            (
                read.get_id(),
                read.get_is_generic(),
                read.get_parameters().unwrap().len()
            ),
            (5, true, 2)
        );
        let Ok(node::Struct(body)) = read.which() else {
            panic!("a struct")
        };
        assert_eq!(body.get_data_word_count(), 3);
        let fields = body.get_fields().unwrap();
        assert_eq!(
            (
                fields.get(0).get_discriminant_value(),
                fields.get(1).get_discriminant_value()
            ),
            (2, 65535)
        );
        let Ok(field::Slot(slot)) = fields.get(0).which() else {
            panic!("a slot")
        };
        assert_eq!(
            format!("{:?}", slot.get_default_value().unwrap()),
            "(int64 = -9)"
        );
        let Ok(type_::List(element)) = slot.get_type().unwrap().which() else {
            panic!("a list")
        };
        assert!(matches!(
            element.get_element_type().unwrap().which(),
            Ok(type_::Float64(()))
        ));
        let Ok(field::Group(group)) = fields.get(1).which() else {
            panic!("a group")
        };
        assert_eq!(group.get_type_id(), 8);
    });
}

#[test]
fn values_that_double_end_in_one_error() {
    let mut text = "const k0 :List(Text) = [\"0123456789\"];".to_owned();
    let mut ty = "List(Text)".to_owned();
    for level in 1..40 {
        ty = format!("List({ty})");
        text += &format!(
            "const k{level} :{ty} = [.k{0}, .k{0}, .k{0}, .k{0}];",
            level - 1
        );
    }
    let message = compile(&text).expect_err("too large").to_string();
    assert_eq!(
        message.matches("take more memory than is allowed").count(),
        1,
        "{message}"
    );
}

#[test]
fn nesting_ends_in_an_error() {
    let mut text = "struct Deep { next @0 :Deep; } const k0 :Deep = ();".to_owned();
    for level in 1..=MAX_DEPTH {
        text += &format!("const k{level} :Deep = (next = .k{});", level - 1);
    }
    let message = compile(&text).expect_err("too deep").to_string();
    assert!(
        message.contains("nests deeper than 200 levels"),
        "{message}"
    );
}

/// A value as a message in stream framing.
fn framed(value: &Value) -> Vec<u8> {
    let words = encode::segment(value);
    let mut bytes = [
        0_u32.to_le_bytes(),
        u32::try_from(words.len()).unwrap().to_le_bytes(),
    ]
    .concat();
    bytes.extend(capnp::Word::words_to_bytes(&words));
    bytes
}

#[test]
fn hostile_messages_are_refused() {
    use embed::EmbedError;

    let message = |words: &[u64]| {
        let mut bytes = [
            0_u32.to_le_bytes(),
            u32::try_from(words.len()).unwrap().to_le_bytes(),
        ]
        .concat();
        bytes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        bytes
    };
    let refused = |words: &[u64]| embed::root(&message(words), 1 << 16).unwrap_err();
    assert_eq!(
        refused(&[0x0001_0000_ffff_fffc]),
        EmbedError::Depth,
        "a struct that points to itself"
    );
    assert_eq!(
        refused(&[0x0000_0001_0000_0000]),
        EmbedError::Bounds,
        "data behind the end"
    );
    assert_eq!(refused(&[0x0000_0000_0000_0003]), EmbedError::Capability);
    assert_eq!(
        refused(&[0x0001_0000_0000_0000, 0xffff_fff8_0000_0001]),
        EmbedError::Limit,
        "half a milliard of void"
    );
    assert_eq!(
        refused(&[0x0000_0000_0000_0001]),
        EmbedError::Root,
        "a list"
    );
    assert_eq!(
        refused(&[0x0000_0000_0000_0002]),
        EmbedError::Pointer,
        "a far pointer to itself"
    );
    assert_eq!(
        refused(&[
            0x0001_0000_0000_0000,
            0x0000_0007_0000_0001,
            0x0000_0001_0000_0004
        ]),
        EmbedError::Pointer,
        "more elements than words"
    );
    assert_eq!(embed::root(&[], 10).unwrap_err(), EmbedError::Size);
    assert_eq!(embed::root(&[0xff; 16], 10).unwrap_err(), EmbedError::Size);
    assert_eq!(
        embed::root(&message(&[0]), 10).unwrap(),
        StructValue::new(Vec::new(), Vec::new())
    );
}

#[test]
fn messages_of_many_segments_are_read_like_those_of_one() {
    use capnp::message::{AllocationStrategy, HeapAllocator};

    let fill = |mut node: node::Builder<'_>| {
        node.set_display_name("a name that takes more words than a segment has");
        let mut nested = node.reborrow().init_nested_nodes(3);
        for index in 0..3 {
            nested
                .reborrow()
                .get(index)
                .set_name(format!("nested {index}"));
        }
        node.init_annotations(2)
            .get(1)
            .init_value()
            .set_data(&[7; 50]);
    };
    let mut one = Builder::new_default();
    fill(one.init_root());
    let small = HeapAllocator::new()
        .first_segment_words(1)
        .allocation_strategy(AllocationStrategy::FixedSize);
    let mut many = Builder::new(small);
    fill(many.init_root());
    assert!(many.get_segments_for_output().len() > 4);
    let read = |bytes: &[u8]| embed::root(bytes, 1000).unwrap();
    assert_eq!(
        read(&capnp::serialize::write_message_to_words(&many)),
        read(&capnp::serialize::write_message_to_words(&one))
    );
}

/// Values of pointer type, as they come out of a message: text is data there.
fn pointers() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::AnyPointer(None)),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(|bytes| Value::Data(Some(bytes.into()))),
        (0..70_usize).prop_map(|count| list(Encoding::Void, vec![Value::Void; count])),
        prop::collection::vec(any::<bool>().prop_map(Value::Bool), 0..70)
            .prop_map(|bits| list(Encoding::Data { lg: 0 }, bits)),
        prop::collection::vec(any::<u16>().prop_map(Value::UInt16), 0..9)
            .prop_map(|items| list(Encoding::Data { lg: 4 }, items)),
        prop::collection::vec(any::<u32>().prop_map(Value::UInt32), 0..9)
            .prop_map(|items| list(Encoding::Data { lg: 5 }, items)),
        prop::collection::vec(any::<u64>().prop_map(Value::UInt64), 0..9)
            .prop_map(|items| list(Encoding::Data { lg: 6 }, items)),
    ];
    leaf.prop_recursive(4, 60, 6, |inner| {
        let children = prop::collection::vec(inner, 0..6);
        prop_oneof![
            children
                .clone()
                .prop_map(|items| list(Encoding::Pointer, items)),
            (0..4_u8, children.clone()).prop_map(|(words, pointers)| structure_of(words, pointers)),
            (1..4_u8, children).prop_map(|(words, pointers)| {
                // Elements of two pointers each, and of one word: missing pointers are null.
                let encoding = Encoding::Struct {
                    data_words: 1,
                    pointers: 2,
                };
                let elements = pointers
                    .chunks_exact(2)
                    .map(|pair| structure_of(1, pair.to_vec()));
                list(encoding, elements.take(usize::from(words)).collect())
            }),
        ]
    })
}

fn list(encoding: Encoding, elements: Vec<Value>) -> Value {
    Value::List(Some(Rc::new(ListValue::new(encoding, elements))))
}

fn structure_of(words: u8, pointers: Vec<Value>) -> Value {
    let data = (0..words).flat_map(|word| [word + 1; 8]).collect();
    Value::Struct(Some(Rc::new(StructValue::new(data, pointers))))
}

/// Types as the schema of schemas describes them, up to some depth: a recursive union with groups.
#[derive(Clone, Debug)]
enum Described {
    Void,
    List(Box<Self>),
    Enum(u64),
    Parameter(u64, u16),
}

impl Described {
    fn expression(&self) -> String {
        match self {
            Self::Void => "(void = void)".to_owned(),
            Self::List(element) => format!("(list = (elementType = {}))", element.expression()),
            Self::Enum(id) => format!("(enum = (typeId = {id}))"),
            Self::Parameter(scope, index) => {
                format!(
                    "(anyPointer = (parameter = (parameterIndex = {index}, scopeId = {scope:#x})))"
                )
            }
        }
    }

    fn check(&self, read: type_::Reader<'_>) {
        match (self, read.which()) {
            (Self::Void, Ok(type_::Void(()))) => {}
            (Self::List(element), Ok(type_::List(list))) => {
                element.check(list.get_element_type().unwrap())
            }
            (Self::Enum(id), Ok(type_::Enum(read))) => assert_eq!(read.get_type_id(), *id),
            (Self::Parameter(scope, index), Ok(type_::AnyPointer(pointer))) => {
                let Ok(type_::any_pointer::Parameter(read)) = pointer.which() else {
                    panic!("{self:?}")
                };
                assert_eq!(
                    (read.get_scope_id(), read.get_parameter_index()),
                    (*scope, *index)
                );
            }
            _ => panic!("{self:?}"),
        }
    }
}

fn described() -> impl Strategy<Value = Described> {
    let leaf = prop_oneof![
        Just(Described::Void),
        any::<u64>().prop_map(Described::Enum),
        any::<(u64, u16)>().prop_map(|(scope, index)| Described::Parameter(scope, index)),
    ];
    leaf.prop_recursive(10, 20, 1, |inner| {
        inner.prop_map(|element| Described::List(Box::new(element)))
    })
}

proptest! {
    #[test]
    fn what_is_encoded_is_what_is_read(pointers in prop::collection::vec(pointers(), 0..4), words in 0..3_u8) {
        let value = structure_of(words, pointers);
        let read = embed::root(&framed(&value), 1 << 20).unwrap();
        prop_assert_eq!(&Value::Struct(Some(Rc::new(read))), &value);

        // Through a request, as readers of the capnp crate see it.
        let mut message = Builder::new_default();
        value.write(message.init_root::<value::Builder<'_>>()).unwrap();
        let bytes = capnp::serialize::write_message_to_words(&message);
        let copy = capnp::serialize::read_message(&bytes[..], ReaderOptions::new()).unwrap();
        let Ok(value::Struct(pointer)) = copy.get_root::<value::Reader<'_>>().unwrap().which() else { panic!("a struct") };
        let mut alone = Builder::new_default();
        alone.set_root::<capnp::any_pointer::Owned>(pointer).unwrap();
        let read = embed::root(&capnp::serialize::write_message_to_words(&alone), 1 << 20).unwrap();
        prop_assert_eq!(Value::Struct(Some(Rc::new(read))), value);
    }

    #[test]
    fn damaged_messages_never_panic(pointers in prop::collection::vec(pointers(), 1..4), damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut bytes = framed(&structure_of(1, pointers));
        for (place, byte) in damage {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        // Whatever is read can be written again.
        if let Ok(value) = embed::root(&bytes, 1 << 16) {
            framed(&Value::Struct(Some(Rc::new(value))));
        }
    }

    #[test]
    fn unions_and_groups_come_back_as_written(ty in described()) {
        constant("Schema.Type", &ty.expression(), |value| {
            let Ok(value::Struct(pointer)) = value.which() else { panic!("a struct") };
            ty.check(pointer.get_as().unwrap());
        });
    }
}
