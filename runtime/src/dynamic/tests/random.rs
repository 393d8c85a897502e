//! Random values of a schema that has everything.

use proptest::{collection::vec, prelude::*, sample::select, strategy::BoxedStrategy};

use super::support::{EVERYTHING_ID, everything, through};
use crate::dynamic::{
    Enumerant, Schema, Value,
    scalar::{self, Width},
    schema::{DefaultValue, Field, FieldKind, Members, Slot, Type},
};

/// Levels to which structs and lists nest in a random value.
const LEVELS: usize = 3;

/// Values of a struct as they are decoded: every field, and of every union one member.
pub(super) fn values(schema: &Schema, struct_id: u64) -> BoxedStrategy<Value> {
    members(
        schema,
        &schema.structure(struct_id).unwrap().members,
        LEVELS,
    )
}

fn members(schema: &Schema, members: &Members, levels: usize) -> BoxedStrategy<Value> {
    let all: Vec<_> = members
        .fields
        .iter()
        .map(|field| (field.is_in_union(), named(schema, field, levels)))
        .collect();
    let union: Vec<_> = (0..all.len()).filter(|index| all[*index].0).collect();
    let chosen = if union.is_empty() {
        Just(usize::MAX).boxed()
    } else {
        select(union).boxed()
    };
    chosen
        .prop_flat_map(move |chosen| {
            all.iter()
                .enumerate()
                .filter(|(index, (in_union, _))| !in_union || *index == chosen)
                .map(|(_, (_, field))| field.clone())
                .collect::<Vec<_>>()
        })
        .prop_map(Value::Struct)
        .boxed()
}

fn named(schema: &Schema, field: &Field, levels: usize) -> BoxedStrategy<(String, Value)> {
    let name = field.name().to_owned();
    let value = match field.kind() {
        FieldKind::Group(group) => members(schema, &group.members, levels),
        FieldKind::Slot(slot) => slot_value(schema, slot, levels),
    };
    value.prop_map(move |value| (name.clone(), value)).boxed()
}

fn slot_value(schema: &Schema, slot: &Slot, levels: usize) -> BoxedStrategy<Value> {
    let has_default = matches!(slot.default, DefaultValue::Pointer(_));
    match &slot.ty {
        Type::Struct(_) if !has_default && levels == 0 => Just(Value::Null).boxed(),
        Type::Struct(_) if !has_default => {
            prop_oneof![Just(Value::Null), typed(schema, &slot.ty, levels - 1)].boxed()
        }
        ty => typed(schema, ty, levels),
    }
}

fn typed(schema: &Schema, ty: &Type, levels: usize) -> BoxedStrategy<Value> {
    match ty {
        Type::Void => Just(Value::Void).boxed(),
        Type::Text => ".{0,12}".prop_map(Value::Text).boxed(),
        Type::Data => vec(any::<u8>(), 0..12).prop_map(Value::Data).boxed(),
        Type::Interface(_) | Type::AnyPointer => Just(Value::Null).boxed(),
        Type::List(_) if levels == 0 => Just(Value::List(Vec::new())).boxed(),
        Type::List(element) => vec(typed(schema, element, levels - 1), 0..4)
            .prop_map(Value::List)
            .boxed(),
        Type::Struct(id) => members(
            schema,
            &schema.structure(*id).unwrap().members,
            levels.saturating_sub(1),
        ),
        Type::Enum(id) => {
            let names = schema.enumeration(*id).unwrap().enumerants().to_vec();
            let known = u16::try_from(names.len()).unwrap();
            prop_oneof![
                select(names).prop_map(Enumerant::Name),
                (known..).prop_map(Enumerant::Number),
            ]
            .prop_map(Value::Enum)
            .boxed()
        }
        scalar => {
            let ty = scalar.clone();
            let bits = Width::of(scalar).unwrap().bits();
            any::<u64>()
                .prop_map(move |random| scalar::to_value(&ty, random >> (64 - bits)).unwrap())
                // Which is not even equal to itself.
                .prop_filter("a number", |value| value.word() != Some("nan"))
                .boxed()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..Default::default() })]

    #[test]
    fn what_is_written_is_read(value in values(everything(), EVERYTHING_ID)) {
        prop_assert_eq!(through(everything(), EVERYTHING_ID, &value), value);
    }

    #[test]
    fn text_means_the_value_it_was_written_for(value in values(everything(), EVERYTHING_ID)) {
        let schema = everything();
        let text = value.to_string();
        let parsed: Value = text.parse().unwrap();
        prop_assert_eq!(through(schema, EVERYTHING_ID, &parsed), value);
        prop_assert_eq!(parsed.to_string(), text);
    }
}

#[test]
fn random_values_have_everything() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let strategy = values(everything(), EVERYTHING_ID);
    let mut text = String::new();
    for _ in 0..50 {
        text += &strategy
            .new_tree(&mut runner)
            .unwrap()
            .current()
            .to_string();
    }
    for part in [
        "circle = ",
        "street = ",
        "tables = [[(",
        "next = (",
        "inner = null",
    ] {
        assert!(text.contains(part), "{part}");
    }
}
