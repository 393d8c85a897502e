//! The lints that generated code cannot keep to in a crate that knows nothing of it. It has no warnings of rustc and of clippy's
//! `pedantic` otherwise, which `codegen/tests/generated` denies.

use syn::Item;

/// A kind of item at the top of the generated file. Modules hold every other kind.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Kind {
    /// A struct or an enum.
    Type,
    Trait,
    Const,
    /// An `impl` of a type alone.
    Inherent,
    /// An `impl` of `Default`.
    Default,
    /// An `impl` of another trait.
    Impl,
}

use Kind::{Const, Default, Impl, Inherent, Trait, Type};

/// Each lint, and on what it may strike.
const LINTS: &[(&str, &[Kind])] = &[
    // Nobody uses all of a module that is private, and the skeleton of an interface without methods reads nothing.
    ("dead_code", &[Type, Trait, Const, Inherent]),
    // The module may be private.
    ("unreachable_pub", &[Type, Trait, Const, Inherent]),
    // Paths are absolute, so that nothing in scope can change what they mean.
    (
        "unused_qualifications",
        &[Type, Trait, Const, Inherent, Default, Impl],
    ),
    // What a value is absent as is up to its type.
    ("clippy::default_trait_access", &[Default]),
    // The default of a union is spelled out, whatever its first member holds.
    ("clippy::derivable_impls", &[Default]),
    // Names and comments are those of the schema.
    ("clippy::disallowed_names", &[Inherent, Impl]),
    ("clippy::doc_markdown", &[Type, Trait, Const, Inherent]),
    // Methods, parameters and fields are as many as the schema says.
    ("clippy::struct_excessive_bools", &[Type]),
    ("clippy::too_many_arguments", &[Trait, Inherent]),
    ("clippy::too_many_lines", &[Inherent, Default, Impl]),
    ("clippy::type_complexity", &[Type, Trait, Inherent]),
    // Numbers are compared with the schema by whoever reads them.
    (
        "clippy::unreadable_literal",
        &[Const, Inherent, Default, Impl],
    ),
    // As for `unused_qualifications`.
    ("clippy::use_self", &[Type, Inherent, Default, Impl]),
];

/// The attribute of an item.
pub(crate) fn allow(item: &Item) -> String {
    let kind = match item {
        Item::Struct(_) | Item::Enum(_) => Some(Type),
        Item::Trait(_) => Some(Trait),
        Item::Const(_) => Some(Const),
        Item::Impl(item) => Some(match &item.trait_ {
            None => Inherent,
            Some((_, path, _))
                if path
                    .segments
                    .last()
                    .is_some_and(|last| last.ident == "Default") =>
            {
                Default
            }
            Some(_) => Impl,
        }),
        _ => None,
    };
    let lints: Vec<&str> = LINTS
        .iter()
        .filter(|(_, kinds)| kind.is_none_or(|kind| kinds.contains(&kind)))
        .map(|(lint, _)| *lint)
        .collect();
    format!("#[allow({})]", lints.join(", "))
}
