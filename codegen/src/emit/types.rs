//! Structs and groups, and the module of what is nested in one.

use proc_macro2::TokenStream;
use quote::quote;

use super::values::{parameters, struct_size};
use super::{Emitter, docs};
use crate::model::{Struct, Value};
use crate::names;

impl Emitter<'_> {
    /// What a struct becomes: a type, and a module of the types nested in it.
    pub(super) fn structure(&self, body: &Struct) -> Vec<TokenStream> {
        let mut out = self.body(body);
        out.push(self.size_of(body));
        out.extend(self.inside(body));
        out
    }

    /// The type of a struct or group and how it is read and written.
    fn body(&self, body: &Struct) -> Vec<TokenStream> {
        let doc = docs::comment(
            &body.doc,
            &format!("`{}` of the schema.", body.name.place.path),
        );
        if body.is_union() {
            self.union(&body.name.name, &doc, body)
        } else {
            self.record(&doc, body)
        }
    }

    /// A struct of Rust's.
    fn record(&self, doc: &TokenStream, body: &Struct) -> Vec<TokenStream> {
        let name = names::ident(&body.name.name);
        let (bounded, args) = parameters(&body.name.params);
        let fields: Vec<_> = body.always().collect();
        let idents: Vec<_> = fields
            .iter()
            .map(|field| names::ident(&names::snake(&field.rust)))
            .collect();
        let types = fields.iter().map(|field| self.field_type(field));
        let docs = fields.iter().map(|field| docs::field(field));
        let reader = quote!(from);
        let reads = fields.iter().map(|field| self.read_owned(field, &reader));
        let builder = quote!(to);
        let writes: Vec<_> = fields
            .iter()
            .zip(&idents)
            .map(|(field, ident)| self.write(field, &builder, &quote!(self.#ident), false))
            .collect();

        let (_, which_args) = parameters(&body.member_params());
        let which = body.discriminant.map(|_| {
            let module = self.path_in(&body.name, &body.name.module);
            let union = names::ident(WHICH);
            quote! {
                /// Which member of the union is set.
                pub which: #module::#union #which_args
            }
        });
        let read_which = which.is_some().then(|| quote!(which: from.group()?));
        let write_which = which.is_some().then(|| quote!(to.group(&self.which)?;));

        // A derived `Default` of a generic type would ask for less than that of its fields does.
        let explicit =
            !body.name.params.is_empty() || fields.iter().any(|field| field.default != Value::Zero);
        let derive_default = (!explicit).then(|| quote!(, Default));
        let touched = which.is_some() || writes.iter().any(|write| !write.is_empty());
        let unused = (!touched).then(|| (quote!(let _ = from;), quote!(let _ = to;)));
        let (unused_reader, unused_builder) = unused.unzip();
        let mut out = vec![
            quote! {
                #doc
                #[derive(Clone, Debug, PartialEq #derive_default)]
                pub struct #name #args { #(#docs pub #idents: #types,)* #which }
            },
            quote! {
                impl #bounded ::dsoftbus::__private::Body for #name #args {
                    fn read_body(from: &::dsoftbus::__private::StructReader<'_>) -> ::dsoftbus::__private::Result<Self> {
                        #unused_reader
                        ::core::result::Result::Ok(Self { #(#idents: #reads,)* #read_which })
                    }

                    fn write_body(&self, to: &mut ::dsoftbus::__private::StructBuilder<'_>) -> ::dsoftbus::__private::Result<()> {
                        #unused_builder
                        #(#writes)*
                        #write_which
                        ::core::result::Result::Ok(())
                    }
                }
            },
        ];
        if explicit {
            let values = fields
                .iter()
                .map(|field| self.value(&field.ty, &field.default, field.boxed));
            let default_which = which
                .is_some()
                .then(|| quote!(which: ::core::default::Default::default()));
            out.push(quote! {
                impl #bounded ::core::default::Default for #name #args {
                    fn default() -> Self {
                        Self { #(#idents: #values,)* #default_which }
                    }
                }
            });
        }
        out
    }

    /// What makes it a struct of its own.
    fn size_of(&self, body: &Struct) -> TokenStream {
        let name = names::ident(&body.name.name);
        let (bounded, args) = parameters(&body.name.params);
        let size = struct_size(body.size);
        quote! {
            impl #bounded ::dsoftbus::__private::Struct for #name #args {
                const SIZE: ::dsoftbus::__private::StructSize = #size;
            }
        }
    }

    /// The module of groups, of the union without a name, and of nested declarations.
    fn inside(&self, body: &Struct) -> Option<TokenStream> {
        let mut items = Vec::new();
        if body.discriminant.is_some() && !body.is_union() {
            let doc = docs::plain(&format!(
                "Which member of the union in [`{0}`](super::{0}) is set.",
                body.name.name
            ));
            items.extend(self.union(WHICH, &doc, body));
        }
        for field in &body.fields {
            if let Some(group) = &field.group {
                items.extend(self.body(group));
                items.extend(self.pipeline(group));
                items.extend(self.inside(group));
            }
        }
        items.extend(body.items.iter().flat_map(|item| self.item(item)));
        if items.is_empty() {
            return None;
        }
        let module = names::ident(&body.name.module);
        let doc = docs::plain(&format!("Types nested in [`{}`].", body.name.name));
        Some(quote!(#doc pub mod #module { #(#items)* }))
    }
}

/// The enum of a union that has no name, in the module of its struct, and the field that holds it in lower case.
pub(crate) const WHICH: &str = "Which";
