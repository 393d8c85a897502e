//! Emits the typed layer of a checked model. No rule is checked here.

mod client;
mod clients;
mod consts;
mod docs;
mod enums;
mod errors;
mod interface;
mod lints;
mod messages;
mod mock;
mod pairs;
mod pipeline;
mod server;
mod types;
mod unions;
mod values;

use std::collections::BTreeMap;

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

use crate::engine::Engines;
use crate::external::ModulePath;
use crate::model::{Enum, Item, Schema, TypeName};
use crate::names;

pub(crate) use errors::Code;
pub(crate) use interface::{INTERFACE_CONSTANTS, method_constant};
pub(crate) use lints::allow;
pub(crate) use pairs::pairs;
pub(crate) use types::WHICH;

/// What to emit besides what the schema says.
pub(crate) struct Options<'s> {
    /// The module of the user's crate that includes the code.
    pub(crate) parent: &'s [String],
    /// The compiled schema of each interface, by ID.
    pub(crate) schemas: &'s BTreeMap<u64, Vec<u8>>,
    /// Whether services get mocks.
    pub(crate) mocks: bool,
}

/// The typed layer as items of one module.
pub(crate) fn emit(schema: &Schema, engines: &Engines<'_>, options: &Options<'_>) -> TokenStream {
    let cx = Emitter::new(schema, engines, options);
    let items = schema.items().flat_map(|item| cx.item(item));
    quote!(#(#items)*)
}

/// What every part of the emitter needs to know.
struct Emitter<'s> {
    schema: &'s Schema,
    engines: &'s Engines<'s>,
    options: &'s Options<'s>,
    /// Every enum, by ID.
    enumerants: BTreeMap<u64, &'s Enum>,
}

fn collect_enums<'s>(
    items: impl IntoIterator<Item = &'s Item>,
    enums: &mut BTreeMap<u64, &'s Enum>,
) {
    for item in items {
        match item {
            Item::Enum(body) => {
                enums.insert(body.id, body);
            }
            Item::Struct(body) => collect_enums(&body.items, enums),
            Item::Interface(body) => collect_enums(&body.items, enums),
            Item::Const(_) => {}
        }
    }
}

impl<'s> Emitter<'s> {
    fn new(schema: &'s Schema, engines: &'s Engines<'s>, options: &'s Options<'s>) -> Self {
        let mut enumerants = BTreeMap::new();
        collect_enums(schema.all_items(), &mut enumerants);
        Self {
            schema,
            engines,
            options,
            enumerants,
        }
    }
}

impl Emitter<'_> {
    /// The Rust items that one schema item becomes.
    fn item(&self, item: &Item) -> Vec<TokenStream> {
        match item {
            Item::Struct(body) => {
                let mut out = self.structure(body);
                out.extend(self.pipeline(body));
                out
            }
            Item::Enum(body) if body.errors => self.errors(body),
            Item::Enum(body) => self.enumeration(body),
            Item::Const(body) => vec![self.constant(body)],
            Item::Interface(body) => {
                let mut out = self.server(body);
                out.extend(self.client(body));
                out.extend(self.client_as_value(body));
                if self.options.mocks {
                    out.extend(self.mock(body));
                }
                out.push(self.module(body));
                out
            }
        }
    }

    fn nested(&self, items: &[Item]) -> TokenStream {
        let items = items.iter().flat_map(|item| self.item(item));
        quote!(#(#items)*)
    }

    /// Path from the crate root to a module of the typed layer or of capnpc's output.
    fn path<'n>(&'n self, parts: impl IntoIterator<Item = &'n String>) -> TokenStream {
        let parts = self
            .options
            .parent
            .iter()
            .chain(parts)
            .map(|part| names::ident(part));
        quote!(crate #(::#parts)*)
    }

    /// The Rust type of a named type.
    fn native(&self, name: &TypeName) -> TokenStream {
        self.path_in(name, &name.name)
    }

    /// Path to what lies beside a named type.
    fn path_in(&self, name: &TypeName, last: &str) -> TokenStream {
        let last = last.to_owned();
        let parts = name.scope.iter().chain([&last]);
        let Some(ModulePath(root)) = &name.root else {
            return self.path(parts);
        };
        let root_colons = (root.first().map(String::as_str) != Some("crate")).then(|| quote!(::));
        let parts = root.iter().chain(parts).map(|part| match part.as_str() {
            "crate" => format_ident!("crate"),
            part => names::ident(part),
        });
        quote!(#root_colons #(#parts)::*)
    }

    /// The named type behind an ID. `check` made sure that there is one.
    fn name_of(&self, id: u64) -> &TypeName {
        match self.schema.names.get(&id) {
            Some(name) => name,
            None => unreachable!("type {id:#x} passed the checks but is not in the model"),
        }
    }
}

fn hex16(value: u16) -> TokenStream {
    literal(&format!("{value:#06x}"))
}

fn hex64(value: u64) -> TokenStream {
    let digits = format!("{value:016x}");
    let groups: Vec<&str> = [0, 4, 8, 12]
        .iter()
        .filter_map(|start| digits.get(*start..start + 4))
        .collect();
    literal(&format!("0x{}", groups.join("_")))
}

/// A number literal in a spelling of its own.
fn literal(text: &str) -> TokenStream {
    match text.parse::<Literal>() {
        Ok(literal) => quote!(#literal),
        Err(error) => unreachable!("{text} is a number literal: {error}"),
    }
}
