//! The text of types: `UInt64`, `List(Text)`, `Info@0x8df1…`, `Outer@0x…(Text)/Outer.Inner@0x…(Data)`, `Box@0x…#0`.
//!
//! A type that is declared is written as name and ID. Arguments of a generic type follow it; those of a type around it come
//! with that type in front. `Box@0x…#0` is the first parameter of `Box`, `#0` the first of the method itself.

use std::fmt;

/// A type, as text.
#[derive(Clone, Debug)]
pub(super) struct Type(Vec<Token>);

#[derive(Clone, Debug)]
enum Token {
    Named {
        name: String,
        id: u64,
    },
    /// What stands between names: words and brackets.
    Text(String),
}

/// Deepest nesting that is read. The nodes of a request nest no deeper: Cap'n Proto readers stop at 64 levels.
const MAX_DEPTH: u32 = 64;

/// Hexadecimal digits of an ID.
const ID_DIGITS: usize = 16;

const BUILT_IN: [&str; 18] = [
    "Void",
    "Bool",
    "Int8",
    "Int16",
    "Int32",
    "Int64",
    "UInt8",
    "UInt16",
    "UInt32",
    "UInt64",
    "Float32",
    "Float64",
    "Text",
    "Data",
    "AnyPointer",
    "AnyStruct",
    "AnyList",
    "Capability",
];

impl Type {
    /// Takes the text of a type apart.
    pub(super) fn new(text: &str) -> Self {
        let mut tokens = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("@0x") {
            let (Some(digits), Some(behind)) = (after.get(..ID_DIGITS), after.get(ID_DIGITS..))
            else {
                break;
            };
            let Ok(id) = u64::from_str_radix(digits, 16) else {
                break;
            };
            let name_length: usize = before
                .chars()
                .rev()
                .take_while(|&c| is_kept(c) || c == '.' || c == '%')
                .map(char::len_utf8)
                .sum();
            let (between, name) = before.split_at(before.len() - name_length);
            tokens.push(Token::Text(between.to_owned()));
            tokens.push(Token::Named {
                name: name.to_owned(),
                id,
            });
            rest = behind;
        }
        tokens.push(Token::Text(rest.to_owned()));
        Self(tokens)
    }

    /// Reads the text of a type. `None`: it is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        after_type(text, MAX_DEPTH)?
            .is_empty()
            .then(|| Self::new(text))
    }

    /// The ID of the type itself, if it is declared somewhere.
    pub(super) fn id(&self) -> Option<u64> {
        self.0.iter().rev().find_map(|token| match token {
            Token::Named { id, .. } => Some(*id),
            Token::Text(_) => None,
        })
    }

    /// Whether both are one type, whatever it is called. IDs for which `is_gone` here and `is_new` there may differ.
    pub(super) fn is(
        &self,
        other: &Self,
        is_gone: &dyn Fn(u64) -> bool,
        is_new: &dyn Fn(u64) -> bool,
    ) -> bool {
        self.0.len() == other.0.len()
            && self.0.iter().zip(&other.0).all(|pair| match pair {
                (Token::Text(a), Token::Text(b)) => a == b,
                (Token::Named { id: a, .. }, Token::Named { id: b, .. }) => {
                    a == b || (is_gone(*a) && is_new(*b))
                }
                _ => false,
            })
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|token| match token {
            Token::Named { name, id } => write!(f, "{name}@0x{id:016x}"),
            Token::Text(text) => f.write_str(text),
        })
    }
}

/// What follows the type that `text` begins with.
fn after_type(text: &str, depth: u32) -> Option<&str> {
    let depth = depth.checked_sub(1)?;
    if let Some(element) = text.strip_prefix("List(") {
        return after_type(element, depth)?.strip_prefix(')');
    }
    if let Some(index) = text.strip_prefix('#') {
        return after_number(index);
    }
    let length = text
        .find(|c: char| !is_kept(c) && c != '.' && c != '%')
        .unwrap_or(text.len());
    let (name, rest) = text.split_at(length);
    let Some(id) = rest.strip_prefix("@0x") else {
        return BUILT_IN.contains(&name).then_some(rest);
    };
    let (digits, rest) = (id.get(..ID_DIGITS)?, id.get(ID_DIGITS..)?);
    if name.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    if let Some(index) = rest.strip_prefix('#') {
        return after_number(index);
    }
    let rest = match rest.strip_prefix('(') {
        Some(arguments) => after_arguments(arguments, depth)?,
        None => rest,
    };
    match rest.strip_prefix('/') {
        Some(inner) => after_type(inner, depth),
        None => Some(rest),
    }
}

fn after_arguments(mut text: &str, depth: u32) -> Option<&str> {
    loop {
        let rest = after_type(text, depth)?;
        match rest.strip_prefix(',') {
            Some(next) => text = next,
            None => return rest.strip_prefix(')'),
        }
    }
}

fn after_number(text: &str) -> Option<&str> {
    let length = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    (length > 0).then(|| text.split_at(length).1)
}

/// Writes a name so that no other part of a line can be mistaken for part of it. Letters, digits and `besides` stay.
pub(super) fn escape(name: &str, besides: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if is_kept(c) || besides.contains(c) {
            out.push(c);
        } else {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                out.push_str(&format!("%{byte:02x}"));
            }
        }
    }
    out
}

/// Whether [`escape`] can have written this.
pub(super) fn is_escaped(name: &str, besides: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|c| is_kept(c) || c == '%' || besides.contains(c))
}

fn is_kept(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$' | '-')
}
