//! Every rule of translation. All problems are collected; each names the construct and its place.
//!
//! What passes here can be emitted: `emit` checks nothing.

mod growth;
mod interfaces;
mod scopes;
mod spelling;
mod types;

use crate::engine::Engines;
use crate::model::{Item, Schema};

/// What the rules depend on besides the schemas.
#[derive(Clone, Copy)]
pub(crate) struct Options {
    /// Whether channels may be in the range of our own services.
    pub(crate) allow_reserved: bool,
    /// Whether services get mocks, which need names.
    pub(crate) mocks: bool,
}

/// Checks the whole model.
pub(crate) fn check(
    schema: &Schema,
    engines: &Engines<'_>,
    options: Options,
) -> Result<(), Vec<String>> {
    let mut problems = Problems::default();
    spelling::spelling(schema, &mut problems);
    // The other rules compare names as Rust spells them.
    if !problems.0.is_empty() {
        return Err(problems.0);
    }
    for file in &schema.files {
        if file.rust_annotations {
            problems.add(&file.name, RUST_ANNOTATION);
        }
    }
    each_item(schema.items(), &mut |item| match item {
        Item::Struct(body) => types::structure(body, &mut problems),
        Item::Enum(body) => types::enumeration(body, &mut problems),
        Item::Interface(body) => interfaces::interface(body, engines, &mut problems),
        Item::Const(body) => types::constant(body, &mut problems),
    });
    growth::growth(schema, &mut problems);
    interfaces::channels(schema, engines, options.allow_reserved, &mut problems);
    scopes::names(schema, engines, options.mocks, &mut problems);
    if problems.0.is_empty() {
        Ok(())
    } else {
        Err(problems.0)
    }
}

/// Why the other annotations of `rust.capnp` are refused.
const RUST_ANNOTATION: &str = "of the annotations of rust.capnp only `name` is supported";

/// The problems found so far, in the order of the schemas.
#[derive(Default)]
struct Problems(Vec<String>);

impl Problems {
    fn add(&mut self, place: &dyn std::fmt::Display, problem: &str) {
        let line = format!("{place}: {problem}");
        // A group or union shows up in the struct and in each of its users.
        if !self.0.contains(&line) {
            self.0.push(line);
        }
    }
}

/// Visits every item, nested ones after the item they are nested in.
fn each_item<'a>(items: impl IntoIterator<Item = &'a Item>, visit: &mut dyn FnMut(&'a Item)) {
    for item in items {
        visit(item);
        match item {
            Item::Struct(body) => each_item(&body.items, visit),
            Item::Interface(body) => each_item(&body.items, visit),
            Item::Enum(_) | Item::Const(_) => {}
        }
    }
}
