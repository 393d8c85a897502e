//! Rules for structs, unions, enums and constants.

use std::collections::BTreeMap;

use super::{Problems, RUST_ANNOTATION};
use crate::emit::{Code, WHICH};
use crate::model::{Const, Enum, Field, Place, Struct, Type};
use crate::names;

pub(super) fn structure(body: &Struct, problems: &mut Problems) {
    if body.rust_annotations {
        problems.add(&body.name.place, RUST_ANNOTATION);
    }
    let mut seen = Seen::default();
    for field in body.always() {
        seen.add(&field.place, &names::snake(&field.rust), problems);
    }
    if body.discriminant.is_some() && !body.is_union() {
        let name = names::snake(WHICH);
        if let Some(taken) = seen.0.get(&name) {
            problems.add(
                taken,
                &format!("is called `{name}` in Rust, as the union without a name is: rename it with $Bus.name, or name the union"),
            );
        }
    }
    let mut seen = Seen::default();
    for member in body.members() {
        seen.add(&member.place, &names::type_name(&member.rust), problems);
    }
    if body.discriminant.is_some() {
        unknown(&body.name.place, &seen, problems);
    }
    for field in &body.fields {
        field_type(field, false, problems);
        if let Some(group) = &field.group {
            structure(group, problems);
        }
    }
}

/// The rules for a list of parameters or results.
pub(super) fn side(fields: &[Field], spell: fn(&str) -> String, problems: &mut Problems) {
    let mut seen = Seen::default();
    for field in fields {
        field_type(field, true, problems);
        seen.add(&field.place, &spell(&field.rust), problems);
    }
}

/// The rules for one field. Sinks are parameters and results, never part of a value.
fn field_type(field: &Field, sink: bool, problems: &mut Problems) {
    if field.rust_annotations {
        problems.add(&field.place, RUST_ANNOTATION);
    }
    match &field.ty {
        Type::Sink(item) if sink => sink_item(&field.place, item, problems),
        ty => value_type(&field.place, ty, problems),
    }
}

/// The rules for what a Sink takes. A type parameter is one of a generic interface: whatever stands for it is a pointer.
fn sink_item(place: &Place, item: &Type, problems: &mut Problems) {
    let what = match item {
        Type::Interface(_) | Type::Capability => "an interface",
        Type::AnyPointer => "AnyPointer",
        _ => return value_type(place, item, problems),
    };
    problems.add(
        place,
        &format!("{what} cannot be the item of a Sink, which is a struct, a list, Text or Data: wrap it in a struct"),
    );
}

/// The rules for a type that is a value, or stands for a type parameter.
pub(super) fn value_type(place: &Place, ty: &Type, problems: &mut Problems) {
    match ty {
        Type::Unsupported(what) => problems.add(place, &unsupported(what)),
        Type::Sink(_) => problems.add(
            place,
            "a Sink cannot be part of a value: make it a parameter or result of its own",
        ),
        Type::List(element) => value_type(place, element, problems),
        Type::Struct(named) | Type::Interface(named) => {
            for arg in &named.args {
                value_type(place, arg, problems);
            }
        }
        _ => {}
    }
}

fn unsupported(what: &str) -> String {
    if what.starts_with("is ") {
        return what.to_owned();
    }
    format!("{what} is not supported")
}

pub(super) fn enumeration(body: &Enum, problems: &mut Problems) {
    let place = &body.name.place;
    if body.rust_annotations {
        problems.add(place, RUST_ANNOTATION);
    }
    if body.enumerants.is_empty() {
        problems.add(
            place,
            "an enum without values is not supported: give it one",
        );
    }
    let mut seen = Seen::default();
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
        seen.add(&enumerant.place, &name, problems);
    }
    if !body.errors {
        unknown(place, &seen, problems);
    }
}

pub(super) fn constant(body: &Const, problems: &mut Problems) {
    value_type(&body.place, &body.ty, problems);
}

/// Names that must differ, and where each is.
#[derive(Default)]
struct Seen(BTreeMap<String, Place>);

impl Seen {
    fn add(&mut self, place: &Place, name: &str, problems: &mut Problems) {
        let name = names::ident(name).to_string();
        match self.0.get(&name) {
            Some(first) => problems.add(
                place,
                &format!("is called `{name}` in Rust, as {first} is: rename one of them"),
            ),
            None => {
                self.0.insert(name, place.clone());
            }
        }
    }
}

/// What the schema does not have needs a variant, too.
fn unknown(place: &Place, seen: &Seen, problems: &mut Problems) {
    if let (Some(one), Some(two)) = (seen.0.get("Unknown"), seen.0.get("UnknownValue")) {
        problems.add(
            place,
            &format!(
                "{} and {} leave no name for values that are not in the schema: rename one of them",
                one.path, two.path
            ),
        );
    }
}
