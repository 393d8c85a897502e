//! Schemas with a token changed, left out, doubled or moved: mistakes as people make them.

use super::random::Rng;

/// The text with one or two mutations.
pub fn mutate(text: &str, seed: u64) -> String {
    let mut rng = Rng::new(seed);
    let mut tokens = tokens(text);
    for _ in 0..=rng.below(2) {
        change(&mut tokens, &mut rng);
    }
    tokens.concat()
}

fn change(tokens: &mut Vec<String>, rng: &mut Rng) {
    const NUMBERS: [&str; 12] = [
        "0",
        "1",
        "2",
        "65535",
        "65536",
        "255",
        "-1",
        "0x10",
        "1.5",
        "1e3",
        "18446744073709551615",
        "08",
    ];
    const WORDS: [&str; 24] = [
        "union",
        "group",
        "struct",
        "stream",
        "void",
        "true",
        "null",
        "inf",
        "Text",
        "List",
        "AnyPointer",
        "Int8",
        "T",
        "extends",
        "using",
        "import",
        "embed",
        "const",
        "annotation",
        "enum",
        "interface",
        "Capability",
        "AnyList",
        "Void",
    ];
    const OPERATORS: [&str; 16] = [
        "(", ")", "[", "]", "{", "}", ";", ",", ":", "=", "@", "!", "$", ".", "->", "*",
    ];
    let places = tokens
        .iter()
        .enumerate()
        .filter(|(_, token)| !is_blank(token))
        .map(|(i, _)| i)
        .collect::<Vec<_>>();
    if places.is_empty() {
        return;
    }
    let at = *rng.pick(&places);
    let class = class(&tokens[at]);
    match rng.below(8) {
        0 => {
            tokens.remove(at);
        }
        1 => {
            let double = format!(" {} ", tokens[at]);
            tokens.insert(at, double);
        }
        2 => {
            let other = *rng.pick(&places);
            tokens.swap(at, other);
        }
        3 => {
            let inserted = match rng.below(3) {
                0 => rng.pick(&NUMBERS[..]),
                1 => rng.pick(&WORDS[..]),
                _ => rng.pick(&OPERATORS[..]),
            };
            tokens.insert(at, format!(" {inserted} "));
        }
        _ => {
            let same = places
                .iter()
                .copied()
                .filter(|&i| self::class(&tokens[i]) == class)
                .collect::<Vec<_>>();
            let replacement = match class {
                Class::Number if rng.chance(50) => (*rng.pick(&NUMBERS[..])).to_owned(),
                Class::Word if rng.chance(25) => (*rng.pick(&WORDS[..])).to_owned(),
                Class::Operator if rng.chance(50) => (*rng.pick(&OPERATORS[..])).to_owned(),
                _ => tokens[*rng.pick(&same)].clone(),
            };
            tokens[at] = replacement;
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Word,
    Number,
    Text,
    Operator,
}

fn class(token: &str) -> Class {
    match token.chars().next() {
        Some(c) if c.is_ascii_digit() => Class::Number,
        Some('"') => Class::Text,
        Some(c) if c.is_alphabetic() => Class::Word,
        _ => Class::Operator,
    }
}

fn is_blank(token: &str) -> bool {
    token.starts_with('#') || token.trim().is_empty()
}

fn tokens(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(first) = chars.next() {
        let mut token = String::from(first);
        let mut take = |more: &dyn Fn(char) -> bool| {
            while let Some(next) = chars.next_if(|&next| more(next)) {
                token.push(next);
            }
        };
        if first == '#' {
            take(&|c| c != '\n');
        } else if first == '"' {
            let mut escaped = false;
            for next in chars.by_ref() {
                token.push(next);
                if next == '"' && !escaped {
                    break;
                }
                escaped = next == '\\' && !escaped;
            }
        } else if first.is_alphanumeric() {
            take(&|c| c.is_alphanumeric() || c == '_');
        } else if first.is_whitespace() {
            take(&char::is_whitespace);
        }
        out.push(token);
    }
    out
}
