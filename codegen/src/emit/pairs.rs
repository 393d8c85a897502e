//! For tests: every struct as a native type, and as the type of capnpc's that it is compared with.

use proc_macro2::TokenStream;
use quote::quote;

use super::values::angled;
use super::{Emitter, Options};
use crate::engine::Engines;
use crate::model::{Item, Schema, Struct};

/// `pairs! { Native => Raw, .. }`. Parameters are bound to `AnyPointer`.
pub(crate) fn pairs(schema: &Schema, engines: &Engines<'_>, options: &Options<'_>) -> TokenStream {
    let cx = Emitter::new(schema, engines, options);
    let mut found = Vec::new();
    collect(schema.items(), &mut found);
    let pairs = found.into_iter().map(|body| {
        let native = cx.native(&body.name);
        let args = angled(
            body.name
                .params
                .iter()
                .map(|_| quote!(::dsoftbus::AnyPointer)),
        );
        let raw = cx.path(&body.name.raw);
        let raw_args = (0..body.name.raw_params)
            .map(|_| quote!(::dsoftbus::__private::capnp::any_pointer::Owned));
        let raw_args = angled(raw_args);
        quote!(#native #args => #raw::Owned #raw_args,)
    });
    quote!(pairs! { #(#pairs)* })
}

fn collect<'s>(items: impl IntoIterator<Item = &'s Item>, found: &mut Vec<&'s Struct>) {
    for item in items {
        match item {
            Item::Struct(body) => {
                found.push(body);
                collect(&body.items, found);
            }
            Item::Interface(body) => collect(&body.items, found),
            Item::Enum(_) | Item::Const(_) => {}
        }
    }
}
