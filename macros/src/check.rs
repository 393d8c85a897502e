//! The rules. Each mistake is one error, at the smallest token that shows it.

use std::collections::BTreeSet;

use quote::ToTokens;
use syn::{Data, Error};

use crate::ast::Derive;

/// Every rule that is broken.
pub(crate) fn check(derive: &Derive<'_>) -> Vec<Error> {
    let mut errors = Vec::new();
    if let Data::Union(body) = &derive.input.data {
        errors.push(Error::new_spanned(
            body.union_token,
            "a union cannot be a service: use a struct or an enum",
        ));
    }
    if let Some(lifetime) = derive.input.generics.lifetimes().next() {
        errors.push(Error::new_spanned(
            lifetime,
            "a service outlives every borrow: own the data, or share it in an `Arc`",
        ));
    }
    if derive.services.is_empty() && !derive.unreadable {
        errors.push(Error::new_spanned(
            &derive.input.ident,
            "which services does it implement? Add #[service(Greeter)]",
        ));
    }
    let mut seen = BTreeSet::new();
    for path in &derive.services {
        if !seen.insert(path.to_token_stream().to_string()) {
            errors.push(Error::new_spanned(path, "this service is named twice"));
        }
    }
    errors
}
