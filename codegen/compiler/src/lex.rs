//! Text to tokens.
//!
//! The stream is flat: brackets are tokens like any other. Doc comments travel with the `;`, `{` or
//! `}` they follow.

mod comment;
mod literal;
mod number;
mod token;

pub(crate) use self::comment::Doc;
pub(crate) use self::token::{Token, TokenKind};
use crate::ast::Span;
use crate::diagnostic::Sink;

/// Largest file, in bytes.
///
/// Positions are 32 bits wide and a token takes several times the space of its text; the largest
/// public schemas have about one megabyte.
pub(crate) const MAX_FILE: usize = 64 << 20;

/// Cuts `text` into tokens, the last of which is [`TokenKind::End`].
///
/// What is no token is reported and becomes [`TokenKind::Bad`].
pub(crate) fn lex<'a>(text: &'a [u8], sink: &mut Sink<'_>) -> Vec<Token<'a>> {
    if text.len() > MAX_FILE {
        sink.error(
            Span::default(),
            format!("the file is larger than {} MiB", MAX_FILE >> 20),
        );
        return vec![Token::end(0)];
    }
    if text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff") {
        sink.hint(
            Span::default(),
            "the file is UTF-16, not UTF-8",
            "save it as UTF-8",
        );
        return vec![Token::end(0)];
    }
    let mut lexer = Lexer { text, at: 0, sink };
    let mut tokens = Vec::with_capacity(text.len() / 5 + 1);
    loop {
        let line_start = lexer.skip_blank();
        let first = tokens.len();
        if !lexer.token(&mut tokens) {
            break;
        }
        if let Some(token) = tokens.get_mut(first) {
            token.first_on_line = line_start;
        }
    }
    tokens.push(Token::end(text.len()));
    tokens
}

/// Operators of the language; whatever else the operator characters spell is a mistake.
const OPERATORS: [&str; 9] = ["->", "@", ":", "=", "$", ".", "-", "!", "*"];

/// The operators that were meant by a run of them, where two may follow each other.
fn glued(run: &str) -> Option<Vec<&str>> {
    let parts = match run {
        "=-" | "=." | ":." | "$." | "!:" | "*:" => vec![&run[..1], &run[1..]],
        "!:." => vec![&run[..1], &run[1..2], &run[2..]],
        "->." => vec![&run[..2], &run[2..]],
        _ => return None,
    };
    Some(parts)
}

/// Bytes of operators; a run of them is one token.
fn is_operator(byte: u8) -> bool {
    b"!$%&*+-./:<=>?@^|~".contains(&byte)
}

/// First byte of an identifier.
fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

/// Further bytes of an identifier.
fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Where we are in a file.
struct Lexer<'a, 's, 'd> {
    text: &'a [u8],
    at: usize,
    sink: &'s mut Sink<'d>,
}

impl<'a> Lexer<'a, '_, '_> {
    /// Reads one token, or several when operators run together; `false` at the end of the file.
    fn token(&mut self, tokens: &mut Vec<Token<'a>>) -> bool {
        let start = self.at;
        let Some(byte) = self.peek() else {
            return false;
        };
        let kind = match byte {
            b'"' => self.text_literal(),
            b'`' => self.block_line(),
            b'0'..=b'9' => self.number_or_binary(),
            _ if is_name_start(byte) => self.identifier(),
            _ if is_operator(byte) => {
                self.operators(tokens);
                return true;
            }
            b'(' => self.single(TokenKind::OpenParen),
            b')' => self.single(TokenKind::CloseParen),
            b'[' => self.single(TokenKind::OpenBracket),
            b']' => self.single(TokenKind::CloseBracket),
            b',' => self.single(TokenKind::Comma),
            b';' => {
                self.at += 1;
                TokenKind::Semicolon(self.doc_comment())
            }
            b'{' => {
                self.at += 1;
                TokenKind::OpenBrace(self.doc_comment())
            }
            b'}' => {
                self.at += 1;
                TokenKind::CloseBrace(self.doc_comment())
            }
            _ => self.junk(),
        };
        let end = match kind {
            TokenKind::Semicolon(_) | TokenKind::OpenBrace(_) | TokenKind::CloseBrace(_) => {
                start + 1
            }
            _ => self.at,
        };
        tokens.push(Token::new(kind, span(start, end)));
        true
    }

    /// Passes over blanks, byte order marks and comments; says whether a line ended among them.
    fn skip_blank(&mut self) -> bool {
        // A doc comment has taken the end of its last line with it.
        let mut line_start = self
            .text
            .get(..self.at)
            .is_none_or(|read| read.is_empty() || read.ends_with(b"\n"));
        loop {
            match self.peek() {
                Some(b'\n') => {
                    line_start = true;
                    self.at += 1;
                }
                Some(b' ' | b'\t' | b'\r' | 0x0b | 0x0c) => self.at += 1,
                Some(0xef) if self.rest().starts_with(b"\xef\xbb\xbf") => self.at += 3,
                Some(b'#') => {
                    while self.peek().is_some_and(|byte| byte != b'\n') {
                        self.at += 1;
                    }
                }
                _ => return line_start,
            }
        }
    }

    fn identifier(&mut self) -> TokenKind<'a> {
        let start = self.at;
        let name = self.take_while(is_name);
        if self.peek().is_some_and(|byte| byte >= 0x80) && !self.rest().starts_with(b"\xef\xbb\xbf")
        {
            self.take_while(|byte| is_name(byte) || byte >= 0x80);
            self.sink.error(
                span(start, self.at),
                "names consist of ASCII letters and digits",
            );
            return TokenKind::Bad;
        }
        TokenKind::Identifier(ascii(name))
    }

    /// A run of operator characters is one operator to the reference, so `=-1` is refused; we say
    /// why and go on with what was meant.
    fn operators(&mut self, tokens: &mut Vec<Token<'a>>) {
        let start = self.at;
        let run = ascii(self.take_while(is_operator));
        if OPERATORS.contains(&run) {
            tokens.push(Token::new(TokenKind::Operator(run), span(start, self.at)));
            return;
        }
        let Some(parts) = glued(run) else {
            self.unknown_operator(start, run, tokens);
            return;
        };
        self.sink.hint(
            span(start, self.at),
            format!("`{run}` is read as one operator"),
            format!("put blanks between: `{}`", parts.join(" ")),
        );
        let mut at = start;
        for part in parts {
            tokens.push(Token::new(
                TokenKind::Operator(part),
                span(at, at + part.len()),
            ));
            at += part.len();
        }
    }

    fn unknown_operator(&mut self, start: usize, run: &str, tokens: &mut Vec<Token<'a>>) {
        let place = span(start, self.at);
        if run.starts_with("//") {
            self.take_while(|byte| byte != b'\n');
            self.sink
                .hint(place, "unexpected `//`", "a comment begins with `#`");
            return;
        }
        let shown: String = run.chars().take(20).collect();
        let message = format!("unexpected `{shown}`");
        match run.as_bytes() {
            [b'<' | b'>', ..] => {
                self.sink.hint(
                    place,
                    message,
                    "parameters stand in parentheses: `List(Text)`",
                );
            }
            [b'+', ..] => self.sink.hint(place, message, "values are not computed"),
            _ => self.sink.error(place, message),
        }
        tokens.push(Token::new(TokenKind::Bad, place));
    }

    /// Bytes that begin nothing, reported once for the whole run.
    fn junk(&mut self) -> TokenKind<'a> {
        let start = self.at;
        if self.peek() == Some(b'\'') {
            return self.single_quotes();
        }
        while let Some(byte) = self.peek() {
            let known = byte.is_ascii_graphic() && byte != b'\'' && byte != b'\\';
            let bom = self.at > start && self.rest().starts_with(b"\xef\xbb\xbf");
            if known || byte.is_ascii_whitespace() || byte == 0x0b || bom {
                break;
            }
            self.at += 1;
        }
        let run = self.text.get(start..self.at).unwrap_or_default();
        let place = span(start, self.at);
        if run.contains(&0) || std::str::from_utf8(run).is_err() {
            self.sink
                .hint(place, "the file is not UTF-8 text", "save it as UTF-8");
        } else {
            let shown: String = String::from_utf8_lossy(run).chars().take(20).collect();
            self.sink
                .error(place, format!("unexpected `{}`", shown.escape_debug()));
        }
        TokenKind::Bad
    }

    /// Text between single quotes, or one such quote.
    fn single_quotes(&mut self) -> TokenKind<'a> {
        let start = self.at;
        self.at += 1;
        let content = self.take_while(|byte| !matches!(byte, b'\'' | b'\n' | b';'));
        if self.peek() == Some(b'\'') {
            self.at += 1;
        } else {
            self.at -= content.len();
        }
        let hint = "text stands between double quotes";
        self.sink.hint(span(start, self.at), "unexpected `'`", hint);
        TokenKind::Bad
    }

    fn single(&mut self, kind: TokenKind<'a>) -> TokenKind<'a> {
        self.at += 1;
        kind
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn peek_at(&self, offset: usize) -> Option<u8> {
        self.text.get(self.at + offset).copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = self.rest();
        let len = rest
            .iter()
            .position(|&byte| !wanted(byte))
            .unwrap_or(rest.len());
        self.at += len;
        rest.get(..len).unwrap_or_default()
    }
}

/// A span of usize positions; [`MAX_FILE`] keeps them in 32 bits.
fn span(start: usize, end: usize) -> Span {
    Span {
        start: u32::try_from(start).unwrap_or(u32::MAX),
        end: u32::try_from(end).unwrap_or(u32::MAX),
    }
}

/// Bytes already known to be ASCII.
fn ascii(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests;
