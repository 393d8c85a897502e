//! Pipelines: the capabilities in results that are not there yet.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

use super::interface::Generics;
use super::{Emitter, docs};
use crate::model::{Field, Struct, Type};
use crate::names;

impl Emitter<'_> {
    /// `ThingPipeline`, for a struct or group with capabilities that do not lie in lists or unions.
    pub(super) fn pipeline(&self, body: &Struct) -> Vec<TokenStream> {
        if !self.engines.is_pipelined(body) {
            return Vec::new();
        }
        let name = names::ident(&body.name.name);
        let pipeline = format_ident!("{}Pipeline", body.name.name);
        let generics = Generics::of(&body.name);
        let (declared, used) = (&generics.declared, &generics.used);
        let doc = docs::plain(&format!(
            "The capabilities in a [`{}`] that is not there yet.",
            body.name.name
        ));
        let accessors = body
            .always()
            .filter_map(|field| self.pipelined_field(field));
        let (marker, marked) = if generics.is_empty() {
            (None, None)
        } else {
            let types = &generics.names;
            (
                Some(quote!(marker: ::core::marker::PhantomData<fn() -> (#types,)>)),
                Some(quote!(marker: ::core::marker::PhantomData)),
            )
        };
        vec![
            quote! {
                #doc
                #[derive(Clone, Debug)]
                pub struct #pipeline #used { pipeline: ::dsoftbus::Pipeline, #marker }
            },
            quote!(impl #declared #pipeline #used { #(#accessors)* }),
            quote! {
                impl #declared ::core::convert::From<::dsoftbus::Pipeline> for #pipeline #used {
                    #[inline]
                    fn from(pipeline: ::dsoftbus::Pipeline) -> Self { Self { pipeline, #marked } }
                }
            },
            quote! {
                impl #declared ::dsoftbus::Pipelined for #name #used {
                    type Pipeline = #pipeline #used;
                }
            },
        ]
    }

    fn pipelined_field(&self, field: &Field) -> Option<TokenStream> {
        let ty = match &field.ty {
            Type::Interface(_) | Type::Capability | Type::Sink(_) => self.owned(&field.ty),
            Type::AnyPointer => quote!(::dsoftbus::Pipeline),
            Type::Struct(named) => {
                let inner = match &field.group {
                    Some(group) => group,
                    None => *self.engines.structs.get(&named.id)?,
                };
                if !self.engines.is_pipelined(inner) {
                    return None;
                }
                self.beside(named, "Pipeline")
            }
            _ => return None,
        };
        let ident = names::ident(&names::snake(&field.rust));
        let doc = docs::comment(&field.doc, &format!("`{}`.", field.name));
        let place = Literal::u32_unsuffixed(field.offset);
        // The fields of a group lie in the struct around it.
        let pipeline = match field.group {
            Some(_) => quote!(::core::clone::Clone::clone(&self.pipeline)),
            None => quote!(self.pipeline.field(#place)),
        };
        let value = match field.ty {
            Type::AnyPointer => pipeline,
            _ => quote!(::core::convert::From::from(#pipeline)),
        };
        Some(quote! {
            #doc
            #[inline]
            #[must_use]
            pub fn #ident(&self) -> #ty { #value }
        })
    }
}
