//! `#[derive(Service)]`: connects a type to the services it implements.
//!
//! ```ignore
//! #[derive(dsoftbus::Service)]
//! #[service(Greeter, api::Other)]
//! struct Hello;
//! ```
//!
//! expands to an implementation of `dsoftbus::Service` whose skeletons are `GreeterSkeleton` and `api::OtherSkeleton`. Nothing
//! else: what a service does is in the runtime, as functions that can be read and tested.

mod ast;
mod check;
mod expand;

use proc_macro::TokenStream;

/// Implements `dsoftbus::Service` for a type.
///
/// `#[service(A, path::B)]` names the generated traits the type implements, one or more. Every mistake is reported at once,
/// where it is; a trait that the type does not implement is reported at its name in the attribute.
#[proc_macro_derive(Service, attributes(service))]
pub fn derive_service(input: TokenStream) -> TokenStream {
    let input = match syn::parse(input) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error().into(),
    };
    let (derive, mut errors) = ast::read(&input);
    errors.extend(check::check(&derive));
    expand::expand(&derive, errors).into()
}
