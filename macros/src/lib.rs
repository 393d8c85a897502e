//! Placeholder.
/// stand-in
#[proc_macro_derive(Service, attributes(service))]
pub fn derive_service(_input: proc_macro::TokenStream) -> proc_macro::TokenStream { proc_macro::TokenStream::new() }
