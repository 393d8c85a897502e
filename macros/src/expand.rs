//! The code. When there are errors the type still becomes a `Service`, so that one mistake is one message.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, Path, PathArguments};

use crate::ast::Derive;

/// The implementation, after the errors.
pub(crate) fn expand(derive: &Derive<'_>, errors: Vec<Error>) -> TokenStream {
    let name = &derive.input.ident;
    let mut generics = derive.input.generics.clone();
    if !generics.params.is_empty() {
        // What the parameters are bound to need not say it; without parameters rustc would call the clause trivial.
        generics
            .make_where_clause()
            .predicates
            .push(syn::parse_quote!(
                Self: ::core::marker::Send + ::core::marker::Sync + 'static
            ));
    }
    let (parameters, arguments, clause) = generics.split_for_impl();
    let messages = errors.iter().map(Error::to_compile_error);
    let skeletons = derive
        .services
        .iter()
        .filter(|_| errors.is_empty())
        .map(skeleton);
    quote! {
        #(#messages)*
        #[automatically_derived]
        impl #parameters ::dsoftbus::Service for #name #arguments #clause {
            fn skeletons(
                self: ::std::sync::Arc<Self>,
            ) -> ::std::vec::Vec<::std::sync::Arc<dyn ::dsoftbus::Skeleton>> {
                ::std::vec![#(#skeletons),*]
            }
        }
    }
}

/// Every token has the span of the name in the attribute: that is where rustc says that the trait is not implemented.
fn skeleton(service: &Path) -> TokenStream {
    let span = service.span();
    let mut path = service.clone();
    if let Some(last) = path.segments.last_mut() {
        last.ident = format_ident!("{}Skeleton", last.ident, span = last.ident.span());
        // The skeleton of `Store<String>` is a `StoreSkeleton<Self, String>`.
        if let PathArguments::AngleBracketed(arguments) = &mut last.arguments {
            arguments.colon2_token.get_or_insert_default();
            arguments
                .args
                .insert(0, syn::parse_quote_spanned!(span=> Self));
        }
    }
    let new = quote_spanned!(span=> #path::new(::std::sync::Arc::clone(&self)));
    quote_spanned!(span=> ::std::sync::Arc::new(#new))
}
