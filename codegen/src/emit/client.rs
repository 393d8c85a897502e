//! The calling side: a client whose methods give calls.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::server::params_ident;
use super::values::{struct_size, unless_read};
use super::{Emitter, docs, method_ident};
use crate::model::{Interface, Method, Shape, Type};
use crate::names;

impl Emitter<'_> {
    pub(super) fn client(&self, body: &Interface) -> Vec<TokenStream> {
        let name = names::ident(&body.name.name);
        let client = format_ident!("{}Client", body.name.name);
        let skeleton = format_ident!("{}Skeleton", body.name.name);
        let module = self.interface_module(body);
        let channel = super::hex16(body.channels.first().copied().unwrap_or_default());
        let doc = docs::plain(&format!(
            "Calls a [`{0}`](trait@{0}), here or on another device. Cheap to clone.",
            body.name.name
        ));
        let methods = body
            .methods
            .iter()
            .map(|method| self.client_method(body, method));
        vec![
            quote! {
                #doc
                #[derive(Clone, Debug, Default, PartialEq)]
                pub struct #client { capability: ::dsoftbus::Capability }
            },
            quote! {
                impl #client {
                    /// A client of a service in this process: calls are encoded and decoded, but never on a wire.
                    #[must_use]
                    pub fn local(service: impl #name) -> Self {
                        let skeleton = #skeleton::new(::std::sync::Arc::new(service));
                        Self { capability: ::dsoftbus::Capability::local(::std::sync::Arc::new(skeleton)) }
                    }

                    #(#methods)*
                }
            },
            quote! {
                impl ::dsoftbus::Client for #client {
                    const DESCRIPTOR: &'static ::dsoftbus::ServiceDescriptor = &#module::DESCRIPTOR;

                    fn from_capability(capability: ::dsoftbus::Capability) -> Self { Self { capability } }

                    fn capability(&self) -> &::dsoftbus::Capability { &self.capability }
                }
            },
            quote! {
                impl ::dsoftbus::ServiceClient for #client {
                    const CHANNEL: u16 = #channel;
                }
            },
        ]
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
        let (arguments, size, words, fill) = self.encode_params(method);
        let (idents, types): (Vec<Ident>, Vec<TokenStream>) = arguments.into_iter().unzip();
        let read = self.decode_results(method);
        quote! {
            #doc
            pub fn #ident(&self, #(#idents: #types),*) -> ::dsoftbus::Call<#output> {
                ::dsoftbus::__private::call(
                    &self.capability,
                    &#module::#descriptor,
                    #size,
                    #words,
                    #fill,
                    |__incoming| ::dsoftbus::__private::results(__incoming, |__results| #read),
                )
            }
        }
    }

    /// Arguments, the size of the parameters, the words of the message, and the closure that writes them.
    fn encode_params(
        &self,
        method: &Method,
    ) -> (
        Vec<(Ident, TokenStream)>,
        TokenStream,
        TokenStream,
        TokenStream,
    ) {
        match &method.params {
            Shape::Inline(params) => {
                let builder = quote!(__params);
                let arguments: Vec<_> = params
                    .fields
                    .iter()
                    .map(|field| {
                        let ident = names::ident(&names::parameter(&field.rust));
                        (ident, self.borrowed(&field.ty))
                    })
                    .collect();
                let values: Vec<_> = params
                    .fields
                    .iter()
                    .zip(&arguments)
                    .map(|(field, (ident, _))| (field, quote!(#ident)))
                    .collect();
                let writes = values
                    .iter()
                    .map(|(field, value)| self.write(field, &builder, value, true));
                let unused = unless_read(&params.fields, &builder);
                let nothings = values
                    .iter()
                    .filter(|(field, _)| field.ty == Type::Void)
                    .map(|(_, value)| value);
                let fill = quote! {
                    |__params| {
                        #unused
                        #(let () = #nothings;)*
                        #(#writes)*
                        ::core::result::Result::Ok(())
                    }
                };
                let words = self.size(params.name.words, &values);
                (arguments, struct_size(params.size), words, fill)
            }
            Shape::Named(named) => {
                let native = self.owned(&Type::Struct(named.clone()));
                let ident = params_ident();
                let words = proc_macro2::Literal::u32_unsuffixed(self.name_of(named.id).words);
                let size = quote!(<#native as ::dsoftbus::__private::Struct>::SIZE);
                let fill = quote!(|__params| __params.group(#ident));
                (vec![(ident, quote!(&#native))], size, quote!(#words), fill)
            }
            Shape::Unknown(what) => unreachable!("{what} passed the checks"),
        }
    }

    /// An expression that reads the results.
    fn decode_results(&self, method: &Method) -> TokenStream {
        match &method.results {
            Shape::Named(_) => quote!(__results.group()),
            Shape::Inline(results) => match results.fields.as_slice() {
                [] => quote!({
                    let _ = __results;
                    ::core::result::Result::Ok(())
                }),
                [field] => {
                    let read = self.read_owned(field, &quote!(__results));
                    let unused = unless_read(&results.fields, &quote!(__results));
                    quote!({ #unused ::core::result::Result::Ok(#read) })
                }
                _ => quote!(__results.group()),
            },
            Shape::Unknown(what) => unreachable!("{what} passed the checks"),
        }
    }
}
