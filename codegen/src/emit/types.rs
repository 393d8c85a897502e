//! Structs.

use proc_macro2::TokenStream;
use quote::quote;

use super::values::unless_read;
use super::{Emitter, docs};
use crate::model::{Struct, Value};
use crate::names;

impl Emitter<'_> {
    pub(super) fn structure(&self, body: &Struct) -> Vec<TokenStream> {
        let name = names::ident(&body.name.name);
        let doc = docs::comment(
            &body.doc,
            &format!("`{}` of the schema.", body.name.place.path),
        );
        let fields: Vec<_> = body
            .fields
            .iter()
            .map(|field| names::ident(&names::snake(&field.rust)))
            .collect();
        let types = body.fields.iter().map(|field| self.owned(&field.ty));
        let field_docs = body
            .fields
            .iter()
            .map(|field| docs::comment(&field.doc, &format!("`{}`.", field.name)));

        let explicit = body.fields.iter().any(|field| field.default != Value::Zero);
        let derive_default = (!explicit).then(|| quote!(, Default));
        let raw = self.raw(&body.name);
        let reader = quote!(__reader);
        let reads = body
            .fields
            .iter()
            .map(|field| self.read_owned(field, &reader));
        let builder = quote!(__builder);
        let writes: Vec<_> = body
            .fields
            .iter()
            .zip(&fields)
            .map(|(field, ident)| self.write(field, &builder, &quote!(self.#ident), false))
            .collect();
        let mutable = (!writes.iter().all(TokenStream::is_empty)).then(|| quote!(mut));

        let unused_reader = unless_read(&body.fields, &reader);
        let unused_builder = unless_read(&body.fields, &builder);
        let mut out = vec![
            quote! {
                #doc
                #[derive(Clone, Debug, PartialEq #derive_default)]
                pub struct #name { #(#field_docs pub #fields: #types),* }
            },
            quote! {
                impl #name {
                    /// Reads it out of a message. Fields that this schema does not have are dropped.
                    pub(crate) fn read_from(__reader: #raw::Reader<'_>) -> ::dsoftbus::__private::capnp::Result<Self> {
                        #unused_reader
                        ::core::result::Result::Ok(Self { #(#fields: #reads),* })
                    }

                    /// Writes it into a message.
                    pub(crate) fn write_to(&self, #mutable __builder: #raw::Builder<'_>) -> ::dsoftbus::__private::capnp::Result<()> {
                        #unused_builder
                        #(#writes)*
                        ::core::result::Result::Ok(())
                    }
                }
            },
        ];
        if explicit {
            out.push(self.default(body));
        }
        out
    }

    /// `Default` with the defaults of the schema.
    fn default(&self, body: &Struct) -> TokenStream {
        let name = names::ident(&body.name.name);
        // A struct or list as default exists only inside capnpc's readers: an absent struct reads as all defaults.
        let value = if body
            .fields
            .iter()
            .any(|field| matches!(field.default, Value::Pointer(_)))
        {
            let raw = self.raw(&body.name);
            quote!(::dsoftbus::__private::default_of::<#raw::Owned, Self>(Self::read_from))
        } else {
            let fields = body
                .fields
                .iter()
                .map(|field| names::ident(&names::snake(&field.rust)));
            let values = body
                .fields
                .iter()
                .map(|field| self.value(&field.ty, &field.default));
            quote!(Self { #(#fields: #values),* })
        };
        quote! {
            impl ::core::default::Default for #name {
                fn default() -> Self { #value }
            }
        }
    }
}
