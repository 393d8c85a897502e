//! Placeholder.
/// stand-in
#[proc_macro_derive(Service, attributes(service))]
pub fn derive_service(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input: syn::DeriveInput = syn::parse(input).expect("x");
    let name = &input.ident;
    let mut out = proc_macro2::TokenStream::new();
    for attr in &input.attrs {
        if attr.path().is_ident("service") {
            let p: syn::Path = attr.parse_args().expect("path");
            let mut p = p;
            let l = p.segments.last_mut().expect("seg");
            l.ident = quote::format_ident!("{}Skeleton", l.ident);
            out.extend(
                quote::quote!( ::std::sync::Arc::new(#p::new(::std::sync::Arc::clone(&self))), ),
            );
        }
    }
    quote::quote!(impl ::dsoftbus::Service for #name { fn skeletons(self: ::std::sync::Arc<Self>) -> ::std::vec::Vec<::std::sync::Arc<dyn ::dsoftbus::Skeleton>> { vec![ #out ] } }).into()
}
