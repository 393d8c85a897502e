//! The serving side: the trait a service implements, and the skeleton that decodes calls for it.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

use super::interface::{Generics, method_ident, several_results, substituted};
use super::values::angled;
use super::{Emitter, docs};
use crate::model::{Interface, Method, Named, Param, Shape, Struct, Type};
use crate::names;

impl Emitter<'_> {
    pub(super) fn server(&self, body: &Interface) -> Vec<TokenStream> {
        vec![
            self.service_trait(body),
            self.skeleton(body),
            self.runners(body),
            self.dispatch(body),
        ]
    }

    /// The trait that a service implements.
    fn service_trait(&self, body: &Interface) -> TokenStream {
        let name = names::ident(&body.name.name);
        let declared = Generics::of(&body.name).declared;
        let doc = docs::comment(
            &body.doc,
            &format!("`{}` of the schema.", body.name.place.path),
        );
        let what = match body.channels.first() {
            Some(channel) => format!("the service `{}` (channel {channel:#06x})", body.name.name),
            None => format!("the interface `{}`", body.name.name),
        };
        let message = format!("`{{Self}}` does not implement {what}");
        let label = format!("`impl {} for {{Self}}` is missing", body.name.name);
        let methods = body
            .methods
            .iter()
            .map(|method| self.trait_method(body, method));
        let bounds = if body.supers.is_empty() {
            quote!(::core::marker::Send + ::core::marker::Sync + 'static)
        } else {
            let supers = body.supers.iter().map(|parent| self.beside(parent, ""));
            quote!(#(#supers)+*)
        };
        quote! {
            #doc
            #[diagnostic::on_unimplemented(message = #message, label = #label)]
            pub trait #name #declared: #bounds { #(#methods)* }
        }
    }

    fn trait_method(&self, body: &Interface, method: &Method) -> TokenStream {
        let ident = names::ident(&names::method(&method.rust));
        let mut doc = docs::comment(
            &method.doc,
            &format!("`{}` of the schema.", method.place.path),
        );
        let (arguments, types): (Vec<Ident>, Vec<Type>) =
            server_arguments(method).into_iter().unzip();
        let types = types.iter().map(|ty| self.received(ty));
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

    fn skeleton(&self, body: &Interface) -> TokenStream {
        let skeleton = format_ident!("{}Skeleton", body.name.name);
        let generics = Generics::of(&body.name);
        let doc = docs::plain(&format!(
            "Serves a [`{0}`](trait@{0}): decodes calls, encodes answers.",
            body.name.name
        ));
        if generics.is_empty() {
            return quote! {
                #doc
                #[derive(Debug)]
                pub struct #skeleton<S> { service: ::std::sync::Arc<S> }
            };
        }
        let (bounds, names) = (&generics.bounds, &generics.names);
        quote! {
            #doc
            #[derive(Debug)]
            pub struct #skeleton<S, #bounds> {
                service: ::std::sync::Arc<S>,
                marker: ::core::marker::PhantomData<fn() -> (#names,)>,
            }
        }
    }

    /// What runs each call, as functions of the skeleton.
    fn runners(&self, body: &Interface) -> TokenStream {
        let (header, _) = self.skeleton_impl(body);
        let marker =
            (!body.name.params.is_empty()).then(|| quote!(, marker: ::core::marker::PhantomData));
        let calls = body
            .methods
            .iter()
            .map(|method| self.dispatched(body, method));
        quote! {
            impl #header {
                /// A skeleton for `service`.
                #[must_use]
                pub const fn new(service: ::std::sync::Arc<S>) -> Self { Self { service #marker } }
                #(#calls)*
            }
        }
    }

    /// `<S: Greeter> GreeterSkeleton<S>`, and the same for a trait, as a function of its path.
    fn skeleton_impl(
        &self,
        body: &Interface,
    ) -> (TokenStream, impl Fn(TokenStream) -> TokenStream) {
        let name = names::ident(&body.name.name);
        let skeleton = format_ident!("{}Skeleton", body.name.name);
        let generics = Generics::of(&body.name);
        let used = &generics.used;
        let (parameters, arguments) = if generics.is_empty() {
            (quote!(<S: #name>), quote!(<S>))
        } else {
            let (bounds, names) = (&generics.bounds, &generics.names);
            (quote!(<S: #name #used, #bounds>), quote!(<S, #names>))
        };
        let inherent = quote!(#parameters #skeleton #arguments);
        let of = move |path: TokenStream| quote!(#parameters #path for #skeleton #arguments);
        (inherent, of)
    }

    fn dispatch(&self, body: &Interface) -> TokenStream {
        let module = self.interface_module(body);
        let (_, implemented) = self.skeleton_impl(body);
        let header = implemented(quote!(::dsoftbus::Skeleton));
        let arms = body.methods.iter().map(|method| {
            let ordinal = Literal::u16_unsuffixed(method.ordinal);
            let call = call_ident(method);
            quote! {
                (#module::INTERFACE_ID, #ordinal) => ::std::boxed::Box::pin(Self::#call(
                    ::std::sync::Arc::clone(&self.service), __cx, __params,
                )),
            }
        });
        let parents = body.supers.iter().map(|parent| {
            let module = self.module_of(parent);
            let skeleton = self.skeleton_of(parent);
            quote! {
                (__id, _) if #module::DESCRIPTOR.is(__id) => ::dsoftbus::Skeleton::call(
                    &#skeleton::new(::std::sync::Arc::clone(&self.service)),
                    __cx, __interface_id, __method_id, __params,
                ),
            }
        });
        let unknown = quote! {
            ::dsoftbus::__private::no_such_method(&#module::DESCRIPTOR, __interface_id, __method_id)
        };
        let empty = body.methods.is_empty() && body.supers.is_empty();
        let (cx, params, chosen) = if empty {
            (quote!(_), quote!(_), unknown)
        } else {
            let chosen = quote! {
                match (__interface_id, __method_id) {
                    #(#arms)*
                    #(#parents)*
                    _ => #unknown,
                }
            };
            (quote!(__cx), quote!(__params), chosen)
        };
        quote! {
            impl #header {
                fn descriptor(&self) -> &'static ::dsoftbus::ServiceDescriptor { &#module::DESCRIPTOR }

                fn call(
                    &self,
                    #cx: ::dsoftbus::Context,
                    __interface_id: u64,
                    __method_id: u16,
                    #params: ::dsoftbus::Incoming,
                ) -> ::dsoftbus::CallFuture {
                    #chosen
                }
            }
        }
    }

    /// The skeleton of an interface that this one extends.
    fn skeleton_of(&self, parent: &Named) -> TokenStream {
        let name = self.name_of(parent.id);
        let skeleton = format!("{}Skeleton", name.name);
        let path = self.path_in(name, &skeleton);
        let arguments = parent.args.iter().map(|ty| self.owned(ty));
        quote!(#path::<S, #(#arguments),*>)
    }

    /// One call: decode everything, run the handler, encode its answer.
    ///
    /// Only what a handler borrows (the message and its reader) lives across the await; capnpc's readers are not `Send`.
    fn dispatched(&self, body: &Interface, method: &Method) -> TokenStream {
        let name = names::ident(&body.name.name);
        let used = Generics::of(&body.name).used;
        let call = call_ident(method);
        let ident = names::ident(&names::method(&method.rust));
        let doc = docs::plain(&format!("Runs `{}`.", method.name));
        let decode = self.decode_params(method);
        let arguments = server_arguments(method).into_iter().map(|(ident, _)| ident);
        let reply = self.encode_results(method);
        let value = (!Self::gives_nothing(method)).then(|| quote!(let __value =));
        quote! {
            #doc
            async fn #call(
                __service: ::std::sync::Arc<S>,
                __cx: ::dsoftbus::Context,
                __params: ::dsoftbus::Incoming,
            ) -> ::dsoftbus::Result<::dsoftbus::Outgoing> {
                #decode
                #value <S as #name #used>::#ident(&__service, &__cx, #(#arguments),*).await?;
                #reply
            }
        }
    }

    /// What a method gives: nothing, the one result, or a struct.
    pub(super) fn output(&self, method: &Method) -> TokenStream {
        self.output_with(method, &[], &[])
    }

    /// As [`output`](Self::output), where `args` stand for `params`.
    pub(super) fn output_with(
        &self,
        method: &Method,
        params: &[Param],
        args: &[Type],
    ) -> TokenStream {
        if method.streaming {
            return quote!(());
        }
        match &method.results {
            Shape::Named(named) => {
                self.owned(&substituted(&Type::Struct(named.clone()), params, args))
            }
            Shape::Inline(results) => match (results.fields.as_slice(), several_results(method)) {
                (_, Some(several)) => {
                    let parameters = several.name.params.iter().cloned();
                    let ty = Type::Struct(Named {
                        id: several.id,
                        args: parameters.map(Type::Parameter).collect(),
                    });
                    self.results_type(several, &substituted(&ty, params, args))
                }
                ([field], None) => self.owned(&substituted(&field.ty, params, args)),
                _ => quote!(()),
            },
            Shape::Unknown(what) => unreachable!("{what} passed the checks"),
        }
    }

    /// The struct of several results, which has no name that types refer to.
    fn results_type(&self, several: &Struct, ty: &Type) -> TokenStream {
        let path = self.native(&several.name);
        let args = match ty {
            Type::Struct(named) => named.args.as_slice(),
            _ => &[],
        };
        let args = angled(args.iter().map(|ty| self.owned(ty)));
        quote!(#path #args)
    }
}

/// The arguments of a handler, after the context.
pub(super) fn server_arguments(method: &Method) -> Vec<(Ident, Type)> {
    match &method.params {
        Shape::Inline(params) => params
            .fields
            .iter()
            .map(|field| {
                let ident = names::ident(&names::parameter(&field.rust));
                (ident, field.ty.clone())
            })
            .collect(),
        Shape::Named(named) => vec![(params_ident(), Type::Struct(named.clone()))],
        Shape::Unknown(what) => unreachable!("{what} passed the checks"),
    }
}

/// The one argument of a method whose parameters are a named struct.
pub(super) fn params_ident() -> Ident {
    format_ident!("params")
}

fn call_ident(method: &Method) -> Ident {
    format_ident!("run_{}", names::snake(&method.rust))
}
