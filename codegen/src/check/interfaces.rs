//! Rules for interfaces: channels, methods.

use std::collections::{BTreeMap, BTreeSet};

use super::types::{side, value_type};
use super::{Problems, RUST_ANNOTATION, each_item};
use crate::engine::Engines;
use crate::model::{Interface, Item, Method, Schema, Shape};
use crate::names;

/// First channel ID that is not the fabric's own: session control, introspection, bulk.
const FIRST_SERVICE: u16 = 0x10;
/// First channel ID that is not one of DSoftBus-lite's own services.
const FIRST_FREE: u16 = 0x100;

pub(super) fn interface(body: &Interface, engines: &Engines<'_>, problems: &mut Problems) {
    let place = &body.name.place;
    if body.rust_annotations {
        problems.add(place, RUST_ANNOTATION);
    }
    for problem in &body.unknown_supers {
        problems.add(place, problem);
    }
    for arg in body.supers.iter().flat_map(|parent| &parent.args) {
        value_type(place, arg, problems);
    }
    match body.levels.as_slice() {
        [] | [1] => {}
        [0] => {
            let engine = engines.engine(body);
            if let (1, Some(reason)) = (engine.level, engine.place) {
                problems.add(
                    &reason,
                    &format!(
                        "{}, but {place} has $Bus.level(0): data only. Take the annotation away, or move this to an interface of its own",
                        engine.reason
                    ),
                );
            }
        }
        [level] => problems.add(
            place,
            &format!("$Bus.level({level}) does not exist: 0 is data only, 1 is with capabilities"),
        ),
        _ => problems.add(place, "$Bus.level is given more than once"),
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
            Shape::Named(named) => {
                for arg in &named.args {
                    value_type(&method.place, arg, problems);
                }
            }
            Shape::Unknown(_) if method.streaming => {}
            Shape::Unknown(name) => problems.add(
                &method.place,
                &format!("its {what} are `{name}`, whose file is imported but not compiled: add that file to `compile`, or say with `extern_module` which crate has it"),
            ),
        }
    }
}

/// Every interface has exactly one channel, from the right range and of its own.
///
/// One without a channel is reached through capabilities, which has to be what was meant.
pub(super) fn channels(
    schema: &Schema,
    engines: &Engines<'_>,
    allow_reserved: bool,
    problems: &mut Problems,
) {
    let mut taken: BTreeMap<u16, &Interface> = BTreeMap::new();
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
            [] if engines.is_object(body) || !services.contains(place.file.as_str()) => return,
            [] => {
                return problems.add(
                    place,
                    "has no channel: annotate it with $Bus.channel(n), n from 0x100 to 0xffff, or pass it as a capability",
                );
            }
            _ => return problems.add(place, "$Bus.channel is given more than once"),
        };
        if channel < FIRST_SERVICE && !is_ours(&place.file) {
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

/// Whether a file is one of the embedded schemas, which live in the reserved range.
fn is_ours(file: &str) -> bool {
    dsoftbus_schemas::FILES
        .iter()
        .any(|ours| ours.path.strip_prefix('/') == Some(file))
}
