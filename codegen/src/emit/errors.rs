//! Enums with `$Bus.errors`: domain errors that travel as a status.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::{Emitter, docs};
use crate::model::Enum;
use crate::names;

/// A status code of `bus.capnp`.
#[derive(Clone, Copy)]
pub(crate) struct Code(&'static str);

impl Code {
    /// The code that a domain error has without `$Bus.code`.
    const UNKNOWN: Self = Self("Unknown");

    /// The variants of `dsoftbus::Code`, in the order of `enum Code` in `bus.capnp`.
    const ALL: [&'static str; 16] = [
        "Cancelled",
        "Unknown",
        "InvalidArgument",
        "DeadlineExceeded",
        "NotFound",
        "AlreadyExists",
        "PermissionDenied",
        "ResourceExhausted",
        "FailedPrecondition",
        "Aborted",
        "OutOfRange",
        "Unimplemented",
        "Internal",
        "Unavailable",
        "DataLoss",
        "Unauthenticated",
    ];

    pub(crate) fn from_ordinal(ordinal: u16) -> Option<Self> {
        Self::ALL.get(usize::from(ordinal)).copied().map(Self)
    }
}

impl Emitter<'_> {
    pub(super) fn errors(&self, body: &Enum) -> Vec<TokenStream> {
        let name = names::ident(&body.name.name);
        let doc = docs::comment(&body.doc, "Domain errors of the service.");
        let enumerants: Vec<&str> = body.enumerants.iter().map(|e| e.name.as_str()).collect();
        let variants: Vec<_> = body
            .enumerants
            .iter()
            .map(|e| names::ident(&names::type_name(&e.rust)))
            .collect();
        let docs: Vec<_> = body
            .enumerants
            .iter()
            .map(|e| docs::comment(&e.doc, &format!("`{}`.", e.name)))
            .collect();
        let mut codes: Vec<(&str, Vec<&Ident>)> = Vec::new();
        for (enumerant, variant) in body.enumerants.iter().zip(&variants) {
            let code = enumerant.code.and_then(Code::from_ordinal);
            let code = code.unwrap_or(Code::UNKNOWN).0;
            match codes.iter_mut().find(|(other, _)| *other == code) {
                Some((_, variants)) => variants.push(variant),
                None => codes.push((code, vec![variant])),
            }
        }
        let codes = codes.into_iter().map(|(code, variants)| {
            let code = format_ident!("{code}");
            quote!(#(Self::#variants)|* => ::dsoftbus::Code::#code)
        });
        let messages = enumerants.iter().map(|enumerant| names::words(enumerant));
        let domain_name = quote!(Self::domain(self));
        vec![
            quote! {
                #doc
                #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
                #[non_exhaustive]
                pub enum #name { #(#docs #variants),* }
            },
            quote! {
                impl #name {
                    /// The status code this error is sent with.
                    #[must_use]
                    pub const fn code(self) -> ::dsoftbus::Code {
                        match self { #(#codes),* }
                    }

                    /// Its name in the schema, which is what travels.
                    #[must_use]
                    pub const fn domain(self) -> &'static str {
                        match self { #(Self::#variants => #enumerants),* }
                    }

                    /// The status with a message of your own.
                    #[must_use]
                    pub fn with_message(self, message: impl ::core::convert::Into<::std::string::String>) -> ::dsoftbus::Status {
                        let message: ::std::string::String = message.into();
                        ::dsoftbus::Status::with_domain(Self::code(self), #domain_name, message)
                    }

                    /// The error a failed call was answered with, if it is one of these.
                    #[must_use]
                    pub fn from_status(status: &::dsoftbus::Status) -> ::core::option::Option<Self> {
                        match status.domain() {
                            #(::core::option::Option::Some(#enumerants) => ::core::option::Option::Some(Self::#variants),)*
                            _ => ::core::option::Option::None,
                        }
                    }
                }
            },
            quote! {
                impl ::core::fmt::Display for #name {
                    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                        f.write_str(match *self { #(Self::#variants => #messages),* })
                    }
                }
            },
            quote!(impl ::core::error::Error for #name {}),
            quote! {
                impl ::core::convert::From<#name> for ::dsoftbus::Status {
                    fn from(error: #name) -> Self {
                        error.with_message(::std::string::ToString::to_string(&error))
                    }
                }
            },
        ]
    }
}
