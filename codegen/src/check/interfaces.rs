//! Rules for interfaces: channels, methods.

use std::collections::{BTreeMap, BTreeSet};

use super::types::side;
use super::{Problems, RUST_ANNOTATION, each_item};
use crate::model::{Field, Interface, Item, Method, Schema, Shape, Type};
use crate::names;

/// First channel ID that is not the fabric's own: session control, introspection, bulk.
const FIRST_SERVICE: u16 = 0x10;
/// First channel ID that is not one of DSoftBus-lite's own services.
const FIRST_FREE: u16 = 0x100;

pub(super) fn interface(body: &Interface, services: bool, problems: &mut Problems) {
    let place = &body.name.place;
    if body.rust_annotations {
        problems.add(place, RUST_ANNOTATION);
    }
    for problem in &body.unknown_supers {
        problems.add(place, problem);
    }
    if services {
        not_served_yet(body, problems);
    }
    let mut seen: BTreeMap<String, &Method> = BTreeMap::new();
    for method in &body.methods {
        signature(method, problems);
        let name = names::ident(&names::method(&method.rust)).to_string();
        if let Some(first) = seen.insert(name.clone(), method) {
            problems.add(
                &method.place,
                &format!(
                    "is called `{name}` in Rust, as {} is: rename one of them",
                    first.place
                ),
            );
        }
    }
}

fn not_served_yet(body: &Interface, problems: &mut Problems) {
    let place = &body.name.place;
    if !body.name.params.is_empty() {
        problems.add(place, "generic interfaces are not supported yet");
    }
    if !body.supers.is_empty() {
        problems.add(place, "`extends` is not supported yet: repeat the methods");
    }
    match body.levels.as_slice() {
        [] | [0] => {}
        [level] => problems.add(
            place,
            &format!("$Bus.level({level}) is not supported yet: only level 0, data without capabilities, is"),
        ),
        _ => problems.add(place, "$Bus.level is given more than once"),
    }
    for method in &body.methods {
        if method.streaming {
            problems.add(
                &method.place,
                "`-> stream` is not supported yet: answer each call",
            );
        }
        for shape in [&method.params, &method.results] {
            let Shape::Inline(made) = shape else { continue };
            for field in &made.fields {
                let mut ty = &field.ty;
                while let Type::List(element) = ty {
                    ty = element;
                }
                if matches!(ty, Type::Interface(_) | Type::Capability | Type::Sink(_)) {
                    problems.add(
                        &field.place,
                        "an interface as a value is not supported yet: pass the name of a service and let the caller open it",
                    );
                }
            }
        }
    }
}

fn signature(method: &Method, problems: &mut Problems) {
    if method.rust_annotations {
        problems.add(&method.place, RUST_ANNOTATION);
    }
    for (shape, what, spell) in [
        (
            &method.params,
            "parameters",
            names::parameter as fn(&str) -> String,
        ),
        (&method.results, "results", names::snake),
    ] {
        match shape {
            Shape::Inline(body) => side(&body.fields, spell, problems),
            Shape::Named(_) => {}
            Shape::Unknown(_) if method.streaming => {}
            Shape::Unknown(name) => problems.add(
                &method.place,
                &format!("its {what} are `{name}`, whose file is imported but not compiled: add that file to `compile`"),
            ),
        }
    }
}

/// Every interface has exactly one channel, from the right range and of its own.
pub(super) fn channels(schema: &Schema, allow_reserved: bool, problems: &mut Problems) {
    let mut taken: BTreeMap<u16, &Interface> = BTreeMap::new();
    let values = values(schema);
    let services: BTreeSet<&str> = schema
        .files
        .iter()
        .filter(|file| file.bus)
        .map(|file| file.name.as_str())
        .collect();
    each_item(schema.items(), &mut |item| {
        let Item::Interface(body) = item else { return };
        let place = &body.name.place;
        let channel = match body.channels.as_slice() {
            [channel] => *channel,
            // What is never called a service is reached through capabilities.
            [] if values.contains(&body.id) || !services.contains(place.file.as_str()) => return,
            [] => {
                return problems.add(
                    place,
                    "has no channel: annotate it with $Bus.channel(n), n from 0x100 to 0xffff, or pass it as a capability",
                );
            }
            _ => return problems.add(place, "$Bus.channel is given more than once"),
        };
        if channel < FIRST_SERVICE {
            problems.add(
                place,
                &format!("channel {channel:#06x} is reserved for the fabric itself: choose one from 0x100 to 0xffff"),
            );
        } else if channel < FIRST_FREE && !allow_reserved && !is_ours(&place.file) {
            problems.add(
                place,
                &format!("channel {channel:#06x} is reserved for services of DSoftBus-lite: choose one from 0x100 to 0xffff"),
            );
        }
        if let Some(first) = taken.insert(channel, body) {
            problems.add(
                place,
                &format!(
                    "channel {channel:#06x} is already that of {}",
                    first.name.place
                ),
            );
        }
    });
}

/// The interfaces that are passed as values, or extended.
fn values(schema: &Schema) -> BTreeSet<u64> {
    let mut found = BTreeSet::new();
    each_item(schema.items(), &mut |item| match item {
        Item::Struct(body) => of_fields(&body.fields, &mut found),
        Item::Const(body) => of_type(&body.ty, &mut found),
        Item::Enum(_) => {}
        Item::Interface(body) => {
            for parent in &body.supers {
                of_type(&Type::Interface(parent.clone()), &mut found);
            }
            for method in &body.methods {
                for shape in [&method.params, &method.results] {
                    match shape {
                        Shape::Inline(made) => of_fields(&made.fields, &mut found),
                        Shape::Named(named) => of_type(&Type::Struct(named.clone()), &mut found),
                        Shape::Unknown(_) => {}
                    }
                }
            }
        }
    });
    found
}

fn of_fields(fields: &[Field], found: &mut BTreeSet<u64>) {
    for field in fields {
        of_type(&field.ty, found);
        if let Some(group) = &field.group {
            of_fields(&group.fields, found);
        }
    }
}

fn of_type(ty: &Type, found: &mut BTreeSet<u64>) {
    match ty {
        Type::Interface(named) => {
            found.insert(named.id);
            named.args.iter().for_each(|arg| of_type(arg, found));
        }
        Type::Struct(named) => named.args.iter().for_each(|arg| of_type(arg, found)),
        Type::List(element) | Type::Sink(element) => of_type(element, found),
        _ => {}
    }
}

/// Whether a file is one of the embedded schemas, which live in the reserved range.
fn is_ours(file: &str) -> bool {
    dsoftbus_schemas::FILES
        .iter()
        .any(|ours| ours.path.strip_prefix('/') == Some(file))
}
