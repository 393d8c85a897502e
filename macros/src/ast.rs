//! What the user wrote.

use syn::punctuated::Punctuated;
use syn::{Attribute, DeriveInput, Error, Path, Token};

/// A type with `#[derive(Service)]`.
pub(crate) struct Derive<'a> {
    pub(crate) input: &'a DeriveInput,
    /// The traits named in all `#[service(..)]`.
    pub(crate) services: Vec<Path>,
    /// Whether an attribute was there but could not be read: then nothing more is said about missing services.
    pub(crate) unreadable: bool,
}

/// Reads the attributes. What cannot be read is returned beside what can.
pub(crate) fn read(input: &DeriveInput) -> (Derive<'_>, Vec<Error>) {
    let mut errors = Vec::new();
    let mut services = Vec::new();
    let attributes = input
        .attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("service"));
    for attribute in attributes {
        match paths(attribute) {
            Ok(paths) => services.extend(paths),
            Err(error) => errors.push(error),
        }
    }
    let derive = Derive {
        input,
        services,
        unreadable: !errors.is_empty(),
    };
    (derive, errors)
}

fn paths(attribute: &Attribute) -> syn::Result<Punctuated<Path, Token![,]>> {
    attribute.parse_args_with(|tokens: syn::parse::ParseStream<'_>| {
        if tokens.is_empty() {
            return Err(Error::new_spanned(
                attribute,
                "name at least one service: #[service(Greeter)]",
            ));
        }
        Punctuated::parse_terminated_with(tokens, |tokens| {
            if tokens.peek(syn::Lit) {
                return Err(tokens.error("expected the name of a generated trait, without quotes"));
            }
            tokens.parse()
        })
    })
}
