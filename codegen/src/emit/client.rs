//! The calling side: a client whose methods give calls.
//!
//! Its methods are `#[inline]`, as those of mocks and pipelines are: a crate of schemas then compiles none of them, and a crate that calls
//! compiles the ones it calls. That takes a third off a clean build of a schema's crate (`dsoftbus-bench --bin generated-code`).

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

use super::interface::{Generics, method_ident, several_results};
use super::server::server_arguments;
use super::{Emitter, docs, hex16};
use crate::model::{Interface, Method, Shape};
use crate::names;

impl Emitter<'_> {
    pub(super) fn client(&self, body: &Interface) -> Vec<TokenStream> {
        let name = names::ident(&body.name.name);
        let client = format_ident!("{}Client", body.name.name);
        let skeleton = format_ident!("{}Skeleton", body.name.name);
        let module = self.interface_module(body);
        let generics = Generics::of(&body.name);
        let (declared, used) = (&generics.declared, &generics.used);
        let (marker, marked) = if generics.is_empty() {
            (None, None)
        } else {
            let names = &generics.names;
            (
                Some(quote!(marker: ::core::marker::PhantomData<fn() -> (#names,)>)),
                Some(quote!(marker: ::core::marker::PhantomData)),
            )
        };
        let doc = docs::plain(&format!(
            "Calls a [`{0}`](trait@{0}), here or on another device. Cheap to clone; the default refers to nothing.",
            body.name.name
        ));
        let methods = body
            .methods
            .iter()
            .map(|method| self.client_method(body, method));
        let turbofish = if generics.is_empty() {
            TokenStream::new()
        } else {
            let names = &generics.names;
            quote!(::<_, #names>)
        };
        let mut items = vec![
            quote! {
                #doc
                #[derive(Clone, Debug, Default, PartialEq)]
                pub struct #client #used { capability: ::dsoftbus::Capability, #marker }
            },
            quote! {
                impl #declared #client #used {
                    /// A client of an object in this process, for tests and to hand it out in calls.
                    #[inline]
                    #[must_use]
                    pub fn local(service: impl #name #used) -> Self {
                        let skeleton = #skeleton #turbofish::new(::std::sync::Arc::new(service));
                        ::dsoftbus::Client::from_capability(
                            ::dsoftbus::Capability::local(::std::sync::Arc::new(skeleton)),
                        )
                    }

                    #(#methods)*
                }
            },
            quote! {
                impl #declared ::dsoftbus::Client for #client #used {
                    const DESCRIPTOR: &'static ::dsoftbus::ServiceDescriptor = &#module::DESCRIPTOR;

                    #[inline]
                    fn from_capability(capability: ::dsoftbus::Capability) -> Self { Self { capability, #marked } }

                    #[inline]
                    fn capability(&self) -> &::dsoftbus::Capability { &self.capability }
                }
            },
            quote! {
                impl #declared ::core::convert::From<::dsoftbus::Pipeline> for #client #used {
                    #[inline]
                    fn from(pipeline: ::dsoftbus::Pipeline) -> Self {
                        ::dsoftbus::Client::from_capability(pipeline.capability())
                    }
                }
            },
            quote! {
                impl #declared ::dsoftbus::Pipelined for #client #used { type Pipeline = Self; }
            },
        ];
        if let Some(&channel) = body.channels.first() {
            let channel = hex16(channel);
            items.push(quote! {
                impl #declared ::dsoftbus::ServiceClient for #client #used {
                    const CHANNEL: u16 = #channel;
                }
            });
        }
        for parent in self.ancestors(body) {
            let parent = self.beside(&parent, "Client");
            items.push(quote! {
                impl #declared ::core::convert::From<#client #used> for #parent {
                    #[inline]
                    fn from(client: #client #used) -> Self {
                        ::dsoftbus::Client::from_capability(client.capability)
                    }
                }
            });
        }
        items
    }

    fn client_method(&self, body: &Interface, method: &Method) -> TokenStream {
        let ident = names::ident(&names::method(&method.rust));
        let doc = docs::comment(
            &method.doc,
            &format!("`{}` of the schema.", method.place.path),
        );
        let module = self.interface_module(body);
        let descriptor = method_ident(method);
        let output = self.output(method);
        let arguments = server_arguments(method);
        let signature = arguments.iter().map(|(ident, ty)| {
            let ty = self.borrowed(ty);
            quote!(#ident: #ty)
        });
        let idents: Vec<&Ident> = arguments.iter().map(|(ident, _)| ident).collect();
        let encode = self.encode_params(method, &idents);
        let decode = self.decode_results(method);
        let path = result_path(method);
        quote! {
            #doc
            #[inline]
            pub fn #ident(&self, #(#signature),*) -> ::dsoftbus::Call<#output> {
                ::dsoftbus::__private::call(
                    &self.capability,
                    &#module::#descriptor,
                    #encode,
                    |__incoming| #decode,
                    &[#(#path),*],
                )
            }
        }
    }
}

/// Where the result is among the pointers of the results struct, so that calls are pipelined on what is in it.
fn result_path(method: &Method) -> Vec<Literal> {
    match &method.results {
        Shape::Inline(results) if several_results(method).is_none() => results
            .fields
            .iter()
            .filter(|field| field.ty.is_pointer())
            .map(|field| Literal::u32_unsuffixed(field.offset))
            .collect(),
        _ => Vec::new(),
    }
}
