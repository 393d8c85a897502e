//! Names: from the schema's spelling to Rust's.

use proc_macro2::{Ident, Span};

/// `getURLOf2Things` → `get_url_of2_things`: a run of capitals is one word.
pub(crate) fn snake(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut out = String::with_capacity(name.len() + 4);
    for (index, &c) in chars.iter().enumerate() {
        if c.is_ascii_uppercase() && index > 0 {
            let after_lower = chars
                .get(index - 1)
                .is_some_and(|before| !before.is_ascii_uppercase() && *before != '_');
            let ends_a_run = chars
                .get(index + 1)
                .is_some_and(|next| next.is_ascii_lowercase())
                && chars.get(index - 1) != Some(&'_');
            if after_lower || ends_a_run {
                out.push('_');
            }
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// `maxNameLen` → `MAX_NAME_LEN`.
pub(crate) fn screaming(name: &str) -> String {
    snake(name).to_ascii_uppercase()
}

/// `alreadyExists` → `AlreadyExists`.
pub(crate) fn camel(name: &str) -> String {
    let mut chars = name.chars();
    match chars.next() {
        Some(first) => first.to_ascii_uppercase().to_string() + chars.as_str(),
        None => String::new(),
    }
}

/// `alreadyExists` → `already exists`.
pub(crate) fn words(name: &str) -> String {
    snake(name).replace('_', " ")
}

/// The name of a Rust type or variant.
pub(crate) fn type_name(name: &str) -> String {
    match camel(name).as_str() {
        // The one type-like keyword, which has no raw form.
        "Self" => "SelfType".to_owned(),
        other => other.to_owned(),
    }
}

/// Whether a schema could spell a name so.
pub(crate) fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric())
}

/// The variant for what the schema does not have: `Unknown`, unless one of these is called so.
pub(crate) fn unknown_variant<'n>(mut others: impl Iterator<Item = &'n str>) -> &'static str {
    if others.any(|name| type_name(name) == "Unknown") {
        "UnknownValue"
    } else {
        "Unknown"
    }
}

/// The name of a module in the typed layer. A module called `str` would hide the primitive type inside it.
pub(crate) fn module(name: &str) -> String {
    let name = snake(name);
    if PRIMITIVES.contains(&name.as_str()) {
        name + "_"
    } else {
        name
    }
}

/// The name of a parameter. `cx` is the context's.
pub(crate) fn parameter(name: &str) -> String {
    match snake(name).as_str() {
        "cx" => "cx_".to_owned(),
        other => other.to_owned(),
    }
}

/// The name of a method. Clients have `local` and `clone` already.
pub(crate) fn method(name: &str) -> String {
    match snake(name).as_str() {
        taken @ ("local" | "clone") => format!("{taken}_"),
        other => other.to_owned(),
    }
}

/// An identifier that is valid whatever the name: keywords become raw, those without a raw form get an underscore.
pub(crate) fn ident(name: &str) -> Ident {
    match name {
        "self" | "Self" | "super" | "crate" => Ident::new(&format!("{name}_"), Span::call_site()),
        _ if syn::parse_str::<Ident>(name).is_err() => Ident::new_raw(name, Span::call_site()),
        // `gen` is a keyword of edition 2024 that syn does not count as one.
        "gen" => Ident::new_raw(name, Span::call_site()),
        _ => Ident::new(name, Span::call_site()),
    }
}

/// Primitive types: a module of such a name hides the type.
pub(crate) const PRIMITIVES: &[&str] = &[
    "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "isize", "str", "u8", "u16", "u32",
    "u64", "usize",
];

#[cfg(test)]
mod tests {
    use super::{ident, snake};

    #[test]
    fn a_run_of_capitals_is_one_word() {
        for (camel, expected) in [
            ("hello", "hello"),
            ("bytesLen", "bytes_len"),
            ("getURL", "get_url"),
            ("URLMap", "url_map"),
            ("getURLOf2Things", "get_url_of2_things"),
            ("uint32Id", "uint32_id"),
            ("a", "a"),
            ("aB", "a_b"),
        ] {
            assert_eq!(snake(camel), expected, "{camel}");
        }
    }

    #[test]
    fn every_keyword_becomes_an_identifier() {
        for (name, expected) in [
            ("type", "r#type"),
            ("async", "r#async"),
            ("gen", "r#gen"),
            ("try", "r#try"),
            ("self", "self_"),
            ("name", "name"),
        ] {
            assert_eq!(ident(name).to_string(), expected);
        }
    }
}
