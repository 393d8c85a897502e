//! The code. When there are errors the type still becomes a `Service`, so that one mistake is one message.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, Path};

use crate::ast::Derive;

/// The implementation, after the errors.
pub(crate) fn expand(derive: &Derive<'_>, errors: Vec<Error>) -> TokenStream {
    let name = &derive.input.ident;
    let mut generics = derive.input.generics.clone();
    let clause = generics.make_where_clause();
    clause.predicates.push(syn::parse_quote!(
        Self: ::core::marker::Send + ::core::marker::Sync + 'static
    ));
    let (parameters, arguments, clause) = generics.split_for_impl();
    let messages = errors.iter().map(Error::to_compile_error);
    let (skeletons, assertions) = if errors.is_empty() {
        let skeletons = derive
            .services
            .iter()
            .map(|service| skeleton(service))
            .collect();
        let assertions = derive
            .services
            .iter()
            .map(|service| assertion(derive, service))
            .collect();
        (skeletons, assertions)
    } else {
        (Vec::new(), Vec::new())
    };
    quote! {
        #(#messages)*
        #(#assertions)*
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

fn skeleton(service: &Path) -> TokenStream {
    let mut path = service.clone();
    if let Some(last) = path.segments.last_mut() {
        last.ident = format_ident!("{}Skeleton", last.ident, span = last.ident.span());
    }
    quote!(::std::sync::Arc::new(#path::new(::std::sync::Arc::clone(&self))))
}

/// Says `the trait bound is not satisfied` at the name in the attribute.
fn assertion(derive: &Derive<'_>, service: &Path) -> TokenStream {
    let name = &derive.input.ident;
    let (parameters, arguments, clause) = derive.input.generics.split_for_impl();
    let span = service.span();
    // With the attribute's span throughout, rustc points at the attribute.
    let bound = quote_spanned!(span=> fn implements<T: ?::core::marker::Sized + #service>() {});
    let call = quote_spanned!(span=> implements::<#name #arguments>());
    quote! {
        const _: () = {
            #[allow(dead_code)]
            fn check #parameters () #clause {
                #bound
                #call;
            }
        };
    }
}
