//! Messages of methods: parameters and results, written and read on either side.

use proc_macro2::{Ident, Literal, TokenStream, TokenTree};
use quote::quote;

use super::Emitter;
use super::server::params_ident;
use super::values::{struct_size, unless_read};
use crate::model::{Field, Method, Named, Shape, Struct, Type};
use crate::names;

impl Emitter<'_> {
    /// Statements that read the parameters into variables of the names of the handler's arguments.
    ///
    /// Text and bytes are borrowed from the message. Cap'n Proto's capabilities may not leave their thread, so that nothing can be
    /// borrowed from a message that is read with them: those parameters are read by themselves.
    pub(super) fn decode_params(&self, method: &Method) -> TokenStream {
        let params = match &method.params {
            Shape::Inline(params) => params,
            Shape::Named(named) => {
                let native = self.owned(&Type::Struct(named.clone()));
                let ident = params_ident();
                return quote! {
                    let #ident = ::dsoftbus::__private::params_with_capabilities(
                        &__params,
                        <#native as ::dsoftbus::__private::Body>::read_body,
                    )?;
                };
            }
            Shape::Unknown(what) => unreachable!("{what} passed the checks"),
        };
        let (with, without): (Vec<&Field>, Vec<&Field>) = params
            .fields
            .iter()
            .partition(|field| self.engines.holds_capabilities(&field.ty));
        let mut statements = TokenStream::new();
        if !without.is_empty() {
            let (pattern, values) = self.read_fields(&without);
            let reader = unless_read(&without, &quote!(__params));
            statements.extend(quote! {
                let __opened = ::dsoftbus::__private::open(&__params);
                let #pattern = ::dsoftbus::__private::params(&__opened, |__params| {
                    #reader
                    #values
                })?;
            });
        }
        if !with.is_empty() {
            let (pattern, values) = self.read_fields(&with);
            statements.extend(quote! {
                let #pattern = ::dsoftbus::__private::params_with_capabilities(&__params, |__params| {
                    #values
                })?;
            });
        }
        if params.fields.is_empty() {
            statements.extend(quote!(let _ = __params;));
        }
        statements
    }

    /// Names for fields, and an expression of a `capnp::Result` of their values: each one value or a tuple.
    fn read_fields(&self, fields: &[&Field]) -> (TokenStream, TokenStream) {
        let idents: Vec<Ident> = fields
            .iter()
            .map(|field| names::ident(&names::parameter(&field.rust)))
            .collect();
        let reads: Vec<TokenStream> = fields
            .iter()
            .map(|field| self.read_received(field, &quote!(__params)))
            .collect();
        match (idents.as_slice(), reads.as_slice()) {
            ([ident], [read]) => (quote!(#ident), result(read)),
            _ => (
                quote!((#(#idents),*)),
                quote!(::core::result::Result::Ok((#(#reads),*))),
            ),
        }
    }

    /// Size, hint of words, and the closure that writes the parameters: arguments of `call`.
    pub(super) fn encode_params(&self, method: &Method, arguments: &[&Ident]) -> TokenStream {
        match &method.params {
            Shape::Inline(params) => {
                let values: Vec<(&Field, TokenStream)> = params
                    .fields
                    .iter()
                    .zip(arguments)
                    .map(|(field, ident)| (field, quote!(#ident)))
                    .collect();
                self.write_fields(params, &values, true)
            }
            Shape::Named(named) => {
                let ident = params_ident();
                self.write_whole(named, &quote!(#ident))
            }
            Shape::Unknown(what) => unreachable!("{what} passed the checks"),
        }
    }

    /// Whether a method gives nothing.
    pub(super) fn gives_nothing(method: &Method) -> bool {
        method.streaming
            || matches!(&method.results, Shape::Inline(results)
                if results.fields.len() < 2 && results.fields.iter().all(|field| field.ty == Type::Void))
    }

    /// An expression for the answer, from what the handler gave: `__value`, unless it [gives nothing](Self::gives_nothing).
    pub(super) fn encode_results(&self, method: &Method) -> TokenStream {
        let arguments = match &method.results {
            _ if Self::gives_nothing(method) => nothing(),
            Shape::Named(named) => self.write_whole(named, &quote!(&__value)),
            Shape::Inline(results) => match results.fields.as_slice() {
                [field] => self.write_fields(results, &[(field, quote!(__value))], false),
                _ => {
                    let values: Vec<(&Field, TokenStream)> = results
                        .fields
                        .iter()
                        .map(|field| {
                            let ident = names::ident(&names::snake(&field.rust));
                            (field, quote!(__value.#ident))
                        })
                        .collect();
                    let size = struct_size(results.size);
                    let words = self.size(results.name.words, &values);
                    quote! {
                        #size, #words, |__message| ::dsoftbus::__private::Body::write_body(&__value, __message)
                    }
                }
            },
            Shape::Unknown(what) => unreachable!("{what} passed the checks"),
        };
        quote!(::dsoftbus::__private::reply(#arguments))
    }

    /// An expression that reads the results out of `__incoming`.
    pub(super) fn decode_results(&self, method: &Method) -> TokenStream {
        let read = match &method.results {
            _ if method.streaming => quote!(|_| ::core::result::Result::Ok(())),
            Shape::Named(named) => {
                let native = self.owned(&Type::Struct(named.clone()));
                quote!(<#native as ::dsoftbus::__private::Body>::read_body)
            }
            Shape::Inline(results) => match results.fields.as_slice() {
                [] => quote!(|_| ::core::result::Result::Ok(())),
                [field] => {
                    let reader = quote!(__results);
                    let read = self.read_owned(field, &reader);
                    let unused = unless_read(&[field], &reader);
                    let read = result(&read);
                    quote!(|__results| { #unused #read })
                }
                _ => {
                    let native = self.output(method);
                    quote!(<#native as ::dsoftbus::__private::Body>::read_body)
                }
            },
            Shape::Unknown(what) => unreachable!("{what} passed the checks"),
        };
        quote!(::dsoftbus::__private::results(__incoming, #read))
    }

    fn write_whole(&self, named: &Named, value: &TokenStream) -> TokenStream {
        let native = self.owned(&Type::Struct(named.clone()));
        let words = Literal::u32_unsuffixed(self.name_of(named.id).words);
        quote! {
            <#native as ::dsoftbus::__private::Struct>::SIZE,
            #words,
            |__message| ::dsoftbus::__private::Body::write_body(#value, __message)
        }
    }

    fn write_fields(
        &self,
        body: &Struct,
        values: &[(&Field, TokenStream)],
        borrowed: bool,
    ) -> TokenStream {
        let builder = quote!(__message);
        let writes = values
            .iter()
            .map(|(field, value)| self.write(field, &builder, value, borrowed));
        let voids = values
            .iter()
            .filter(|(field, _)| field.ty == Type::Void)
            .map(|(_, value)| value);
        let fields: Vec<&Field> = body.fields.iter().collect();
        let unused = unless_read(&fields, &builder);
        let size = struct_size(body.size);
        let words = self.size(body.name.words, values);
        quote! {
            #size,
            #words,
            |__message| {
                #unused
                #(let () = #voids;)*
                #(#writes)*
                ::core::result::Result::Ok(())
            }
        }
    }
}

/// A message without content.
fn nothing() -> TokenStream {
    quote!(::dsoftbus::__private::size(0, 0), 0, |_| {
        ::core::result::Result::Ok(())
    })
}

/// An expression that gives the value of `read`, which may fail by `?`, as a result.
fn result(read: &TokenStream) -> TokenStream {
    let mut tokens: Vec<TokenTree> = read.clone().into_iter().collect();
    match tokens.pop() {
        Some(TokenTree::Punct(last)) if last.as_char() == '?' => tokens.into_iter().collect(),
        _ => quote!(::core::result::Result::Ok(#read)),
    }
}
