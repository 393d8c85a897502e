//! Text to [`Value`]: the literals of Cap'n Proto schemas.

use std::{collections::BTreeSet, fmt, str::FromStr};

use super::{MAX_DEPTH, value::Value};

/// Reads a literal: `(name = "x", list = [1, 2], color = red)`.
///
/// Without a schema a bare word other than `true`, `false`, `void`, `null`, `nan` and `inf` is an enumerant.
impl FromStr for Value {
    type Err = LiteralError;

    fn from_str(text: &str) -> Result<Self, LiteralError> {
        let mut parser = Parser { text, at: 0 };
        let value = parser.value(0)?;
        parser.skip_space();
        if parser.peek().is_some() {
            return Err(parser.expected("the end"));
        }
        Ok(value)
    }
}

/// Why text is no literal. Who wrote it must act.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LiteralError {
    /// Bytes before the mistake.
    pub at: usize,
    /// What is wrong.
    pub problem: LiteralProblem,
}

/// What is wrong with a literal.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LiteralProblem {
    /// Something else belongs here.
    Expected(&'static str),
    /// A number is malformed or has more than 64 bits.
    BadNumber,
    /// A `\` is not followed by what can follow it.
    BadEscape,
    /// The escapes of a text do not amount to UTF-8.
    NotUtf8,
    /// A field is there twice.
    FieldTwice(String),
    /// More than [`MAX_DEPTH`] levels.
    TooDeep,
}

impl fmt::Display for LiteralError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.problem {
            LiteralProblem::Expected(what) => write!(f, "expected {what}")?,
            LiteralProblem::BadNumber => f.write_str("not a number of at most 64 bits")?,
            LiteralProblem::BadEscape => f.write_str("unknown escape")?,
            LiteralProblem::NotUtf8 => f.write_str("text is not UTF-8")?,
            LiteralProblem::FieldTwice(name) => write!(f, "{name} is there twice")?,
            LiteralProblem::TooDeep => write!(f, "more than {MAX_DEPTH} levels")?,
        }
        write!(f, " (byte {})", self.at)
    }
}

impl std::error::Error for LiteralError {}

type Result<T, E = LiteralError> = core::result::Result<T, E>;

struct Parser<'a> {
    text: &'a str,
    /// Bytes that were read; always a boundary of characters.
    at: usize,
}

impl<'a> Parser<'a> {
    fn value(&mut self, depth: usize) -> Result<Value> {
        self.skip_space();
        match self.peek() {
            Some('(' | '[') if depth >= MAX_DEPTH => Err(self.error(LiteralProblem::TooDeep)),
            Some('(') => self.structure(depth + 1),
            Some('[') => self.list(depth + 1),
            Some('"') => self.text(),
            Some('0') if self.rest().starts_with("0x\"") => self.data(),
            Some('-' | '0'..='9') => self.number(),
            _ => self.word("a value").map(Value::from_word),
        }
    }

    fn structure(&mut self, depth: usize) -> Result<Value> {
        self.next();
        let mut fields: Vec<(String, Value)> = Vec::new();
        let mut names = BTreeSet::new();
        while !self.take(')') {
            let start = self.at;
            let name = self.word("a field or `)`")?;
            if !names.insert(name) {
                return Err(LiteralError {
                    at: start,
                    problem: LiteralProblem::FieldTwice(name.to_owned()),
                });
            }
            if !self.take('=') {
                return Err(self.expected("`=`"));
            }
            let value = self.value(depth)?;
            fields.push((name.to_owned(), value));
            if !self.take(',') && self.peek() != Some(')') {
                return Err(self.expected("`,` or `)`"));
            }
        }
        Ok(Value::Struct(fields))
    }

    fn list(&mut self, depth: usize) -> Result<Value> {
        self.next();
        let mut elements = Vec::new();
        while !self.take(']') {
            elements.push(self.value(depth)?);
            if !self.take(',') && self.peek() != Some(']') {
                return Err(self.expected("`,` or `]`"));
            }
        }
        Ok(Value::List(elements))
    }

    fn text(&mut self) -> Result<Value> {
        let start = self.at;
        self.next();
        let mut bytes = Vec::new();
        loop {
            match self.next() {
                None => return Err(self.expected("`\"`")),
                Some('"') => break,
                Some('\\') => bytes.push(self.escape()?),
                Some(character) => {
                    bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                }
            }
        }
        String::from_utf8(bytes)
            .map(Value::Text)
            .map_err(|_| LiteralError {
                at: start,
                problem: LiteralProblem::NotUtf8,
            })
    }

    /// The byte that what follows a `\` stands for.
    fn escape(&mut self) -> Result<u8> {
        let bad = self.error(LiteralProblem::BadEscape);
        let rest = self.rest();
        let digits = |from: &str, radix: u32, most: usize| {
            let is_digit = |character: &char| character.is_digit(radix);
            from.chars().take(most).take_while(is_digit).count()
        };
        // All digits are one byte long.
        let (skip, length, radix) = match rest.chars().next() {
            Some('x') if digits(rest.get(1..).unwrap_or_default(), 16, 2) == 2 => (1, 2, 16),
            Some('0'..='7') => (0, digits(rest, 8, 3), 8),
            Some(character) => {
                self.next();
                return match character {
                    'a' => Ok(7),
                    'b' => Ok(8),
                    'f' => Ok(12),
                    'n' => Ok(b'\n'),
                    'r' => Ok(b'\r'),
                    't' => Ok(b'\t'),
                    'v' => Ok(11),
                    '\'' | '"' | '\\' | '?' => u8::try_from(character).map_err(|_| bad),
                    _ => Err(bad),
                };
            }
            None => return Err(bad),
        };
        let digits = rest.get(skip..skip + length).unwrap_or_default();
        let byte = u8::from_str_radix(digits, radix).map_err(|_| bad)?;
        self.at += skip + length;
        Ok(byte)
    }

    /// `0x"01 a2"`.
    fn data(&mut self) -> Result<Value> {
        self.at += "0x\"".len();
        let mut bytes = Vec::new();
        loop {
            self.skip_space();
            if self.take('"') {
                return Ok(Value::Data(bytes));
            }
            let digits = self.rest().get(..2).unwrap_or_default();
            if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return Err(self.expected("two hexadecimal digits or `\"`"));
            }
            let byte = u8::from_str_radix(digits, 16)
                .map_err(|_| self.expected("two hexadecimal digits or `\"`"))?;
            bytes.push(byte);
            self.at += digits.len();
        }
    }

    fn number(&mut self) -> Result<Value> {
        let bad = self.error(LiteralProblem::BadNumber);
        let negative = self.peek() == Some('-');
        if negative {
            self.next();
            self.skip_space();
        }
        let digits = self.number_end();
        let value = if digits == "inf" && negative {
            Some(Value::Float(f64::NEG_INFINITY))
        } else if let Some(digits) = digits.strip_prefix("0x") {
            whole(digits, 16, negative)
        } else if digits.bytes().all(|digit| digit.is_ascii_digit()) {
            match digits.strip_prefix('0') {
                Some("") => whole("0", 10, negative),
                Some(digits) => whole(digits, 8, negative),
                None => whole(digits, 10, negative),
            }
        } else if digits.starts_with(|first: char| first.is_ascii_digit()) {
            let value = digits.parse().ok().map(|value: f64| match negative {
                true => -value,
                false => value,
            });
            value.filter(|value| value.is_finite()).map(Value::Float)
        } else {
            None
        };
        value.ok_or(bad)
    }

    /// Reads on to where a number ends.
    fn number_end(&mut self) -> &'a str {
        let rest = self.rest();
        let mut before = ' ';
        let is_hex = rest.starts_with("0x");
        let end = rest.find(|character: char| {
            let sign = matches!(character, '+' | '-') && matches!(before, 'e' | 'E') && !is_hex;
            before = character;
            !(character.is_ascii_alphanumeric() || matches!(character, '.' | '_') || sign)
        });
        let (number, _) = rest
            .split_at_checked(end.unwrap_or(rest.len()))
            .unwrap_or((rest, ""));
        self.at += number.len();
        number
    }

    fn word(&mut self, what: &'static str) -> Result<&'a str> {
        let rest = self.rest();
        let end =
            rest.find(|character: char| !(character.is_ascii_alphanumeric() || character == '_'));
        let word = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        if word.is_empty() || word.starts_with(|first: char| first.is_ascii_digit()) {
            return Err(self.expected(what));
        }
        self.at += word.len();
        Ok(word)
    }

    /// Whether `wanted` comes next. If so, reads it and the space behind it.
    fn take(&mut self, wanted: char) -> bool {
        self.skip_space();
        let found = self.peek() == Some(wanted);
        if found {
            self.next();
            self.skip_space();
        }
        found
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_ascii_start().len();
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn expected(&self, what: &'static str) -> LiteralError {
        self.error(LiteralProblem::Expected(what))
    }

    fn error(&self, problem: LiteralProblem) -> LiteralError {
        LiteralError {
            at: self.at,
            problem,
        }
    }
}

/// A whole number of at most 64 bits.
fn whole(digits: &str, radix: u32, negative: bool) -> Option<Value> {
    // Rust takes a sign here, and there was one before.
    if !digits.starts_with(|first: char| first.is_digit(radix)) {
        return None;
    }
    let value = i128::from(u64::from_str_radix(digits, radix).ok()?);
    let value = if negative { -value } else { value };
    i64::try_from(value)
        .map(Value::Int)
        .or_else(|_| u64::try_from(value).map(Value::UInt))
        .ok()
}
