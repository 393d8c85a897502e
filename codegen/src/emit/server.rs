//! The serving side: the trait a service implements, and the skeleton that decodes calls for it.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{ToTokens as _, format_ident, quote};

use super::values::{struct_size, unless_read};
use super::{Emitter, docs, method_ident, several_results};
use crate::model::{Interface, Method, Shape, Type};
use crate::names;

impl Emitter<'_> {
    pub(super) fn server(&self, body: &Interface) -> Vec<TokenStream> {
        let name = names::ident(&body.name.name);
        let skeleton = format_ident!("{}Skeleton", body.name.name);
        let module = self.interface_module(body);
        let doc = docs::comment(
            &body.doc,
            &format!("`{}` of the schema.", body.name.place.path),
        );
        let channel = format!(
            "{:#06x}",
            body.channels.first().copied().unwrap_or_default()
        );
        let unimplemented = format!(
            "`{{Self}}` does not implement the service `{}` (channel {channel})",
            body.name.name
        );
        let label = format!("`impl {} for {{Self}}` is missing", body.name.name);
        let methods = body
            .methods
            .iter()
            .map(|method| self.trait_method(body, method));
        let calls = body
            .methods
            .iter()
            .map(|method| self.dispatched(body, method));
        let arms = body.methods.iter().map(|method| {
            let ordinal = Literal::u16_unsuffixed(method.ordinal);
            let call = call_ident(method);
            quote! {
                (#module::INTERFACE_ID, #ordinal) => ::std::boxed::Box::pin(Self::#call(
                    ::std::sync::Arc::clone(&self.service), __cx, __params,
                )),
            }
        });
        let skeleton_doc = docs::plain(&format!(
            "Serves a [`{0}`](trait@{0}): decodes calls, encodes answers.",
            body.name.name
        ));
        let skeleton_name = skeleton.to_string();
        vec![
            quote! {
                #doc
                #[diagnostic::on_unimplemented(message = #unimplemented, label = #label)]
                pub trait #name: ::core::marker::Send + ::core::marker::Sync + 'static { #(#methods)* }
            },
            quote! {
                #skeleton_doc
                pub struct #skeleton<T> { service: ::std::sync::Arc<T> }
            },
            quote! {
                impl<T: #name> #skeleton<T> {
                    /// A skeleton for `service`.
                    #[must_use]
                    pub const fn new(service: ::std::sync::Arc<T>) -> Self { Self { service } }
                    #(#calls)*
                }
            },
            quote! {
                impl<T> ::core::clone::Clone for #skeleton<T> {
                    fn clone(&self) -> Self {
                        Self { service: ::std::sync::Arc::clone(&self.service) }
                    }
                }
            },
            quote! {
                impl<T> ::core::fmt::Debug for #skeleton<T> {
                    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                        f.debug_struct(#skeleton_name).finish_non_exhaustive()
                    }
                }
            },
            quote! {
                impl<T: #name> ::dsoftbus::Skeleton for #skeleton<T> {
                    fn descriptor(&self) -> &'static ::dsoftbus::ServiceDescriptor { &#module::DESCRIPTOR }

                    fn call(
                        &self,
                        __cx: ::dsoftbus::Context,
                        __interface_id: u64,
                        __method_id: u16,
                        __params: ::dsoftbus::__private::Incoming,
                    ) -> ::dsoftbus::CallFuture {
                        match (__interface_id, __method_id) {
                            #(#arms)*
                            _ => ::std::boxed::Box::pin(::core::future::ready(::core::result::Result::Err(
                                ::dsoftbus::__private::no_such_method(&#module::DESCRIPTOR, __interface_id, __method_id),
                            ))),
                        }
                    }
                }
            },
        ]
    }

    fn trait_method(&self, body: &Interface, method: &Method) -> TokenStream {
        let ident = names::ident(&names::method(&method.rust));
        let mut doc = docs::comment(
            &method.doc,
            &format!("`{}` of the schema.", method.place.path),
        );
        let (arguments, types): (Vec<Ident>, Vec<TokenStream>) =
            self.server_arguments(method).into_iter().unzip();
        let output = self.output(method);
        let future = quote! {
            impl ::core::future::Future<Output = ::dsoftbus::Result<#output>> + ::core::marker::Send
        };
        let default = method.since.map(|since| {
            let added = docs::plain(&format!(
                "\nAdded in version {since} of the service: without an implementation it answers `unimplemented`."
            ));
            doc.extend(added);
            let module = self.interface_module(body);
            let descriptor = method_ident(method);
            quote!({
                let _ = (cx, #(#arguments),*);
                ::core::future::ready(::core::result::Result::Err(
                    ::dsoftbus::__private::not_implemented(&#module::#descriptor),
                ))
            })
        });
        let end = default.unwrap_or_else(|| quote!(;));
        quote! {
            #doc
            fn #ident(&self, cx: &::dsoftbus::Context, #(#arguments: #types),*) -> #future #end
        }
    }

    /// One call: decode everything, run the handler, encode its answer.
    ///
    /// Only what a handler borrows (the message and its reader) lives across the await; open readers are not `Send`.
    fn dispatched(&self, body: &Interface, method: &Method) -> TokenStream {
        let name = names::ident(&body.name.name);
        let call = call_ident(method);
        let ident = names::ident(&names::method(&method.rust));
        let doc = docs::plain(&format!("Runs `{}`.", method.name));
        let decode = self.decode_params(method);
        let arguments = self
            .server_arguments(method)
            .into_iter()
            .map(|(ident, _)| ident);
        let reply = self.encode_results(method);
        quote! {
            #doc
            async fn #call(
                __service: ::std::sync::Arc<T>,
                __cx: ::dsoftbus::Context,
                __params: ::dsoftbus::__private::Incoming,
            ) -> ::dsoftbus::Result<::dsoftbus::__private::Outgoing> {
                let __opened = ::dsoftbus::__private::open(&__params);
                #decode
                let __value = <T as #name>::#ident(&__service, &__cx, #(#arguments),*).await?;
                #reply
            }
        }
    }

    fn decode_params(&self, method: &Method) -> TokenStream {
        match &method.params {
            Shape::Inline(params) => {
                let reader = quote!(__params);
                let idents: Vec<_> = params
                    .fields
                    .iter()
                    .map(|field| names::ident(&names::parameter(&field.rust)))
                    .collect();
                let reads: Vec<_> = params
                    .fields
                    .iter()
                    .map(|field| self.read_received(field, &reader))
                    .collect();
                let unused = unless_read(&params.fields, &quote!(__params));
                let (pattern, values) = match (idents.as_slice(), reads.as_slice()) {
                    ([ident], [read]) => (quote!(#ident), quote!(#read)),
                    _ => (quote!((#(#idents),*)), quote!((#(#reads),*))),
                };
                quote! {
                    let #pattern = ::dsoftbus::__private::params(&__opened, |__params| {
                        #unused
                        ::core::result::Result::Ok(#values)
                    })?;
                }
            }
            Shape::Named(_) => {
                let ident = params_ident();
                quote! {
                    let #ident = ::dsoftbus::__private::params(&__opened, |__params| __params.group())?;
                }
            }
            Shape::Unknown(what) => unreachable!("{what} passed the checks"),
        }
    }

    fn encode_results(&self, method: &Method) -> TokenStream {
        let whole = quote!(__results.group(&__value));
        let (size, words, body) = match &method.results {
            Shape::Named(named) => {
                let native = self.owned(&Type::Struct(named.clone()));
                (
                    quote!(<#native as ::dsoftbus::__private::Struct>::SIZE),
                    Literal::u32_unsuffixed(self.name_of(named.id).words).into_token_stream(),
                    whole,
                )
            }
            Shape::Inline(results) => {
                let size = struct_size(results.size);
                match results.fields.as_slice() {
                    [] => {
                        return quote! {
                            let () = __value;
                            ::dsoftbus::__private::reply(#size, 0, |_| ::core::result::Result::Ok(()))
                        };
                    }
                    [field] => {
                        let value = quote!(__value);
                        let write = self.write(field, &quote!(__results), &value, false);
                        let unused = unless_read(&results.fields, &quote!((__results, __value)));
                        let words = self.size(results.name.words, &[(field, value)]);
                        return quote! {
                            ::dsoftbus::__private::reply(#size, #words, |__results| {
                                #unused
                                #write
                                ::core::result::Result::Ok(())
                            })
                        };
                    }
                    _ => {
                        let values: Vec<_> = results
                            .fields
                            .iter()
                            .map(|field| {
                                let ident = names::ident(&names::snake(&field.rust));
                                (field, quote!(__value.#ident))
                            })
                            .collect();
                        (size, self.size(results.name.words, &values), whole)
                    }
                }
            }
            Shape::Unknown(what) => unreachable!("{what} passed the checks"),
        };
        quote!(::dsoftbus::__private::reply(#size, #words, |__results| #body))
    }

    /// The arguments of a handler, after the context.
    fn server_arguments(&self, method: &Method) -> Vec<(Ident, TokenStream)> {
        match &method.params {
            Shape::Inline(params) => params
                .fields
                .iter()
                .map(|field| {
                    let ident = names::ident(&names::parameter(&field.rust));
                    (ident, self.received(&field.ty))
                })
                .collect(),
            Shape::Named(named) => vec![(params_ident(), self.owned(&Type::Struct(named.clone())))],
            Shape::Unknown(what) => unreachable!("{what} passed the checks"),
        }
    }

    /// What a method gives: nothing, the one result, or a struct.
    pub(super) fn output(&self, method: &Method) -> TokenStream {
        match &method.results {
            Shape::Named(named) => self.owned(&Type::Struct(named.clone())),
            Shape::Inline(results) => match (results.fields.as_slice(), several_results(method)) {
                (_, Some(several)) => self.native(&several.name),
                ([field], None) => self.owned(&field.ty),
                _ => quote!(()),
            },
            Shape::Unknown(what) => unreachable!("{what} passed the checks"),
        }
    }
}

/// The one argument of a method whose parameters are a named struct.
pub(super) fn params_ident() -> Ident {
    format_ident!("params")
}

fn call_ident(method: &Method) -> Ident {
    format_ident!("call_{}", names::snake(&method.rust))
}
