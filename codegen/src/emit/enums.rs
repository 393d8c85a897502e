//! Enums that travel as data. A newer peer may send values this schema does not have yet.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::{Emitter, docs};
use crate::model::Enum;
use crate::names;

impl Emitter<'_> {
    pub(super) fn enumeration(&self, body: &Enum) -> Vec<TokenStream> {
        let name = names::ident(&body.name.name);
        let doc = docs::comment(
            &body.doc,
            &format!("`{}` of the schema.", body.name.place.path),
        );
        let variants: Vec<_> = body
            .enumerants
            .iter()
            .map(|e| names::ident(&names::type_name(&e.rust)))
            .collect();
        let docs = body
            .enumerants
            .iter()
            .map(|e| docs::comment(&e.doc, &format!("`{}`.", e.name)));
        let numbers: Vec<_> = (0..body.enumerants.len())
            .map(Literal::usize_unsuffixed)
            .collect();
        let unknown = names::ident(names::unknown_variant(
            body.enumerants.iter().map(|e| e.rust.as_str()),
        ));
        vec![
            quote! {
                #doc
                #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
                pub enum #name {
                    #(#docs #variants,)*
                    /// A value that this version of the schema does not have.
                    #unknown(u16),
                }
            },
            quote! {
                impl ::core::default::Default for #name {
                    fn default() -> Self { <Self as ::core::convert::From<u16>>::from(0) }
                }
            },
            quote! {
                impl ::core::convert::From<u16> for #name {
                    fn from(value: u16) -> Self {
                        match value {
                            #(#numbers => Self::#variants,)*
                            other => Self::#unknown(other),
                        }
                    }
                }
            },
            quote! {
                impl ::core::convert::From<#name> for u16 {
                    fn from(value: #name) -> Self {
                        match value {
                            #(#name::#variants => #numbers,)*
                            #name::#unknown(other) => other,
                        }
                    }
                }
            },
            quote! {
                impl ::dsoftbus::__private::Element for #name {
                    type Encoding = ::dsoftbus::__private::Enumerants;
                }
            },
        ]
    }
}
