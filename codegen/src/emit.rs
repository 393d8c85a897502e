//! Emits the typed layer of a checked model. No rule is checked here.

mod client;
mod clients;
mod consts;
mod docs;
mod enums;
mod errors;
mod server;
mod types;
mod unions;
mod values;

use std::collections::BTreeMap;

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

use crate::model::{Enum, Interface, Item, Method, Schema, Shape, Struct, TypeName};
use crate::names;

pub(crate) use errors::Code;
pub(crate) use types::WHICH;

/// The constants in the module of an interface.
pub(crate) const INTERFACE_CONSTANTS: [&str; 5] =
    ["CHANNEL", "INTERFACE_ID", "NAME", "METHODS", "DESCRIPTOR"];

/// The constant that describes a method.
pub(crate) fn method_constant(name: &str) -> String {
    format!("METHOD_{}", names::screaming(name))
}

/// Marks each item of the typed layer; `output` spells it out as [`ALLOW`].
pub(crate) const MARK: &str = "#[dsoftbus_generated]";

/// Lints of the user's crate do not apply to code the user cannot change. `dead_code`: a client uses no skeleton.
pub(crate) const ALLOW: &str = "#[allow(dead_code, unreachable_pub, unused_qualifications, clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]";

/// The typed layer as items of one module.
pub(crate) fn emit(schema: &Schema, parent: &[String], services: bool) -> TokenStream {
    let mut enumerants = BTreeMap::new();
    collect_enums(schema.items(), &mut enumerants);
    let cx = Emitter {
        schema,
        parent,
        services,
        enumerants,
    };
    let items = schema.items().flat_map(|item| cx.item(item));
    let items = items.map(|item| quote!(#[dsoftbus_generated] #item));
    quote!(#(#items)*)
}

/// What every part of the emitter needs to know.
struct Emitter<'s> {
    schema: &'s Schema,
    /// The module of the user's crate that includes the code.
    parent: &'s [String],
    services: bool,
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

impl Emitter<'_> {
    /// The Rust items that one schema item becomes.
    fn item(&self, item: &Item) -> Vec<TokenStream> {
        match item {
            Item::Struct(body) => self.structure(body),
            Item::Enum(body) if body.errors => self.errors(body),
            Item::Enum(body) => self.enumeration(body),
            Item::Const(body) => vec![self.constant(body)],
            Item::Interface(body) if !self.services => {
                let mut out = self.bare_client(body);
                out.extend(self.client_as_value(body));
                let module = names::ident(&body.name.module);
                let items = self.nested(&body.items);
                out.push(quote!(pub mod #module { #items }));
                out
            }
            Item::Interface(body) => {
                let mut out = self.server(body);
                out.extend(self.client(body));
                out.extend(self.client_as_value(body));
                out.push(self.module(body));
                out
            }
        }
    }

    fn nested(&self, items: &[Item]) -> TokenStream {
        let items = items.iter().flat_map(|item| self.item(item));
        quote!(#(#items)*)
    }

    /// `mod greeter`: constants, descriptors, nested types, structs of several results.
    fn module(&self, body: &Interface) -> TokenStream {
        let module = names::ident(&body.name.module);
        let name = &body.name.name;
        let schema_name = body.name.place.path.as_str();
        let channel = hex16(body.channels.first().copied().unwrap_or_default());
        let id = hex64(body.id);
        let doc = docs::plain(&format!(
            "Constants and nested types of [`{name}`](trait@{name})."
        ));
        let methods: Vec<Ident> = body.methods.iter().map(method_ident).collect();
        let descriptors = body.methods.iter().map(|method| {
            let ident = method_ident(method);
            let doc = docs::plain(&format!("Describes `{}`.", method.name));
            let (name, ordinal) = (&method.name, Literal::u16_unsuffixed(method.ordinal));
            quote! {
                #doc
                pub const #ident: ::dsoftbus::MethodDescriptor = ::dsoftbus::MethodDescriptor {
                    name: #name,
                    service: NAME,
                    interface_id: INTERFACE_ID,
                    ordinal: #ordinal,
                    streaming: false,
                };
            }
        });
        let results = body
            .methods
            .iter()
            .filter_map(several_results)
            .flat_map(|results| self.structure(results));
        let nested = self.nested(&body.items);
        quote! {
            #doc
            pub mod #module {
                /// Logical channel ID of the service.
                pub const CHANNEL: u16 = #channel;
                /// ID of the Cap'n Proto interface.
                pub const INTERFACE_ID: u64 = #id;
                /// Name of the interface in its schema.
                pub const NAME: &str = #schema_name;
                #(#descriptors)*
                /// Every method, by ordinal.
                pub const METHODS: &[::dsoftbus::MethodDescriptor] = &[#(#methods),*];
                /// Describes the service.
                pub const DESCRIPTOR: ::dsoftbus::ServiceDescriptor = ::dsoftbus::ServiceDescriptor {
                    name: NAME,
                    channel: ::core::option::Option::Some(CHANNEL),
                    interface_id: INTERFACE_ID,
                    level: 0,
                    methods: METHODS,
                    extends: &[],
                    schema: &[],
                };
                #(#results)*
                #nested
            }
        }
    }

    /// Path from the crate root to a module of the typed layer or of capnpc's output.
    fn path<'n>(&'n self, parts: impl IntoIterator<Item = &'n String>) -> TokenStream {
        let parts = self
            .parent
            .iter()
            .chain(parts)
            .map(|part| names::ident(part));
        quote!(crate #(::#parts)*)
    }

    /// The Rust type of a named type.
    fn native(&self, name: &TypeName) -> TokenStream {
        self.path(name.scope.iter().chain([&name.name]))
    }

    /// capnpc's module of a struct, or its type of an enum.
    fn raw(&self, name: &TypeName) -> TokenStream {
        self.path(&name.raw)
    }

    /// The named type behind an ID. `check` made sure that there is one.
    fn name_of(&self, id: u64) -> &TypeName {
        match self.schema.names.get(&id) {
            Some(name) => name,
            None => unreachable!("type {id:#x} passed the checks but is not in the model"),
        }
    }

    /// Path to the module of an interface.
    fn interface_module(&self, body: &Interface) -> TokenStream {
        self.path(body.name.scope.iter().chain([&body.name.module]))
    }
}

/// The struct of several inline results.
fn several_results(method: &Method) -> Option<&Struct> {
    match &method.results {
        Shape::Inline(body) if body.fields.len() > 1 => Some(body),
        _ => None,
    }
}

fn method_ident(method: &Method) -> Ident {
    format_ident!("{}", method_constant(&method.rust))
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
