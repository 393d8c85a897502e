//! Rules for structs, enums and constants.

use std::collections::{BTreeMap, BTreeSet};

use super::{Problems, RUST_ANNOTATION, each_item};
use crate::emit::Code;
use crate::model::{Const, Enum, Field, Item, Schema, Struct, Type, Value};
use crate::names;

pub(super) fn structure(body: &Struct, problems: &mut Problems) {
    let place = &body.name.place;
    if !body.name.params.is_empty() {
        problems.add(
            place,
            "generic structs are not supported yet: write one struct for each type",
        );
    }
    if body.discriminant.is_some() {
        problems.add(
            place,
            "unions are not supported yet: use an enum and one field for each case",
        );
    }
    if body.rust_annotations {
        problems.add(place, RUST_ANNOTATION);
    }
    fields(&body.fields, names::snake, problems);
}

/// The rules for a list of fields, parameters or results.
pub(super) fn fields(fields: &[Field], spell: fn(&str) -> String, problems: &mut Problems) {
    let mut seen: BTreeMap<String, &Field> = BTreeMap::new();
    for field in fields {
        if let Some(what) = not_yet(field) {
            problems.add(&field.place, &unsupported(what));
        }
        if field.rust_annotations {
            problems.add(&field.place, RUST_ANNOTATION);
        }
        let name = names::ident(&spell(&field.rust)).to_string();
        if let Some(first) = seen.insert(name.clone(), field) {
            problems.add(
                &field.place,
                &format!(
                    "is called `{name}` in Rust, as {} is: rename one of them",
                    first.place
                ),
            );
        }
    }
}

fn not_yet(field: &Field) -> Option<&str> {
    if field.group.is_some() {
        return Some("a group");
    }
    let mut ty = &field.ty;
    while let Type::List(element) = ty {
        ty = element;
    }
    match ty {
        Type::Struct(named) if !named.args.is_empty() => Some("a generic type"),
        Type::Interface(_) | Type::Sink(_) => Some("an interface as a value"),
        Type::Capability => Some("Capability"),
        Type::AnyPointer => Some("AnyPointer"),
        Type::Parameter(_) => Some("a generic parameter"),
        Type::Unsupported(what) => Some(what),
        _ => None,
    }
}

fn unsupported(what: &str) -> String {
    if what.starts_with("is ") {
        return what.to_owned();
    }
    format!("{what} is not supported{}", advice(what))
}

fn advice(what: &str) -> &'static str {
    match what {
        "a group" => " yet: make it a struct of its own",
        "AnyPointer" => ": use Data, or a struct",
        "Capability" | "an interface as a value" => {
            " yet: pass the name of a service and let the caller open it"
        }
        "a generic type" | "a generic parameter" => " yet: write one struct for each type",
        _ => "",
    }
}

pub(super) fn enumeration(body: &Enum, problems: &mut Problems) {
    if body.rust_annotations {
        problems.add(&body.name.place, RUST_ANNOTATION);
    }
    if body.enumerants.is_empty() {
        problems.add(
            &body.name.place,
            "an enum without values is not supported: give it one",
        );
    }
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for enumerant in &body.enumerants {
        if enumerant.rust_annotations {
            problems.add(&enumerant.place, RUST_ANNOTATION);
        }
        match enumerant.code {
            Some(_) if !body.errors => problems.add(
                &enumerant.place,
                "$Bus.code has a meaning only in an enum with $Bus.errors",
            ),
            Some(code) if Code::from_ordinal(code).is_none() => problems.add(
                &enumerant.place,
                &format!("$Bus.code is {code}, which is no status code"),
            ),
            _ => {}
        }
        let name = names::type_name(&enumerant.rust);
        if let Some(first) = seen.insert(name.clone(), &enumerant.name) {
            problems.add(
                &enumerant.place,
                &format!("is called `{name}` in Rust, as `{first}` is: rename one of them"),
            );
        }
    }
    if !body.errors && seen.contains_key("Unknown") && seen.contains_key("UnknownValue") {
        problems.add(
            &body.name.place,
            "`unknown` and `unknownValue` leave no name for values that are not in the schema: rename one of them",
        );
    }
}

pub(super) fn constant(body: &Const, problems: &mut Problems) {
    if let Type::Unsupported(what) = &body.ty {
        problems.add(&body.place, &unsupported(what));
    } else if matches!(body.value, Value::Pointer(_)) {
        problems.add(
            &body.place,
            "constants of struct and list types are not supported yet: use a number, Text or Data",
        );
    }
}

/// A struct that contains itself other than through a list would be infinitely large in Rust.
pub(super) fn recursion(schema: &Schema, problems: &mut Problems) {
    let mut structs: BTreeMap<u64, &Struct> = BTreeMap::new();
    each_item(schema.items(), &mut |item| {
        if let Item::Struct(body) = item {
            structs.insert(body.id, body);
        }
    });
    for body in structs.values() {
        for field in &body.fields {
            if let Type::Struct(named) = &field.ty
                && reaches(named.id, body.id, &structs, &mut BTreeSet::new())
            {
                problems.add(
                    &field.place,
                    "makes the struct contain itself: use a List, which may be empty",
                );
            }
        }
    }
}

fn reaches(
    from: u64,
    target: u64,
    structs: &BTreeMap<u64, &Struct>,
    seen: &mut BTreeSet<u64>,
) -> bool {
    if from == target {
        return true;
    }
    if !seen.insert(from) {
        return false;
    }
    structs.get(&from).is_some_and(|body| {
        body.fields
            .iter()
            .any(|field| matches!(&field.ty, Type::Struct(named) if reaches(named.id, target, structs, seen)))
    })
}
