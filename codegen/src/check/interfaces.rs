//! Rules for interfaces: channels, methods.

use std::collections::BTreeMap;

use super::types::fields;
use super::{Problems, RUST_ANNOTATION, each_item};
use crate::model::{Interface, Item, Method, Schema, Shape};
use crate::names;

/// First channel ID that is not the fabric's own: session control, introspection, bulk.
const FIRST_SERVICE: u16 = 0x10;
/// First channel ID that is not one of DSoftBus-lite's own services.
const FIRST_FREE: u16 = 0x100;

pub(super) fn interface(body: &Interface, problems: &mut Problems) {
    let place = &body.name.place;
    if body.rust_annotations {
        problems.add(place, RUST_ANNOTATION);
    }
    if !body.name.params.is_empty() {
        problems.add(place, "generic interfaces are not supported yet");
    }
    for problem in &body.unknown_supers {
        problems.add(place, problem);
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
    if method.streaming {
        problems.add(
            &method.place,
            "`-> stream` is not supported yet: answer each call",
        );
    }
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
            Shape::Inline(body) => fields(&body.fields, spell, problems),
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
    each_item(schema.items(), &mut |item| {
        let Item::Interface(body) = item else { return };
        let place = &body.name.place;
        let channel = match body.channels.as_slice() {
            [channel] => *channel,
            [] => {
                return problems.add(
                    place,
                    "has no channel: annotate it with $Bus.channel(n), n from 0x100 to 0xffff",
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

/// Whether a file is one of the embedded schemas, which live in the reserved range.
fn is_ours(file: &str) -> bool {
    dsoftbus_schemas::FILES
        .iter()
        .any(|ours| ours.path.strip_prefix('/') == Some(file))
}
