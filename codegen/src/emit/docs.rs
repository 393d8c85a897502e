//! Rustdoc from schema comments.

use proc_macro2::TokenStream;
use quote::quote;

use crate::model::{Field, Value};

/// The comment of a schema, or `fallback` when there is none, as a doc attribute.
pub(super) fn comment(doc: &str, fallback: &str) -> TokenStream {
    if doc.trim().is_empty() {
        plain(fallback)
    } else {
        plain(&markdown(doc))
    }
}

/// The comment of a field.
pub(super) fn field(field: &Field) -> TokenStream {
    let mut doc = comment(&field.doc, &format!("`{}`.", field.name));
    if field.boxed && field.default != Value::Zero {
        doc.extend(plain(
            "\n`None` stands for the default that the schema gives.",
        ));
    }
    doc
}

/// Text of ours as doc attributes, one for each line.
pub(super) fn plain(text: &str) -> TokenStream {
    let lines = text.lines().map(|line| {
        if line.is_empty() {
            String::new()
        } else {
            format!(" {line}")
        }
    });
    quote!(#(#[doc = #lines])*)
}

/// Comments were not written for rustdoc: nothing in them may run as a test, become a link or open a tag.
fn markdown(doc: &str) -> String {
    let mut out = Vec::new();
    let mut fence: Option<&str> = None;
    for line in doc.trim_end().lines() {
        let line = line.trim_end();
        let trimmed = line.trim_start();
        let marker = ["```", "~~~"]
            .into_iter()
            .find(|marker| trimmed.starts_with(marker));
        match (fence, marker) {
            (None, Some(marker)) => {
                fence = Some(marker);
                out.push(format!("{marker}text"));
            }
            (Some(open), Some(marker)) if open == marker => {
                fence = None;
                out.push(marker.to_owned());
            }
            (Some(_), _) => out.push(line.to_owned()),
            // Four spaces would make it a code block, and code blocks are doctests.
            (None, None) => {
                let indent = (line.len() - trimmed.len()).min(3);
                out.push(format!("{}{}", " ".repeat(indent), escape(trimmed)));
            }
        }
    }
    if let Some(open) = fence {
        out.push(open.to_owned());
    }
    out.join("\n")
}

/// Escapes brackets outside code spans, and makes addresses links.
fn escape(line: &str) -> String {
    // An odd number of backticks opens a span that may go on in the next line: then nothing here is certain to be code.
    let balanced = line.matches('`').count().is_multiple_of(2);
    let mut code = false;
    let mut out = String::with_capacity(line.len());
    for (index, word) in line.split([' ', '\t']).enumerate() {
        if index > 0 {
            out.push(' ');
        }
        if !code && (word.starts_with("https://") || word.starts_with("http://")) {
            let address = word.trim_end_matches(['.', ',', ';', ':', ')', '>', ']', '`']);
            let rest = word.get(address.len()..).unwrap_or_default();
            out.push_str(&format!("<{address}>"));
            escape_word(rest, balanced, &mut code, &mut out);
        } else {
            escape_word(word, balanced, &mut code, &mut out);
        }
    }
    out
}

fn escape_word(word: &str, balanced: bool, code: &mut bool, out: &mut String) {
    for c in word.chars() {
        match c {
            '`' if balanced => *code = !*code,
            '[' | ']' | '<' | '>' if !*code => out.push('\\'),
            _ => {}
        }
        out.push(c);
    }
}

#[cfg(test)]
mod tests {
    use super::{escape, markdown};

    #[test]
    fn code_in_a_comment_never_becomes_a_doctest() {
        assert_eq!(
            markdown("See:\n```\npanic!()\n```\n    panic!()\n```rust\nopen"),
            "See:\n```text\npanic!()\n```\n   panic!()\n```text\nopen\n```"
        );
    }

    #[test]
    fn brackets_become_neither_links_nor_tags() {
        assert_eq!(escape("see [x] and <T>"), "see \\[x\\] and \\<T\\>");
        assert_eq!(escape("`List<T>` of [x]"), "`List<T>` of \\[x\\]");
        assert_eq!(
            escape("See https://example.com/a, or `https://b`."),
            "See <https://example.com/a>, or `https://b`."
        );
    }
}
