//! Literals between quotes, and backtick lines.

use super::{Lexer, span};
use crate::lex::TokenKind;

impl<'a> Lexer<'a, '_, '_> {
    /// `"…"` with the escapes of C. It may not contain the end of a line.
    pub(super) fn text_literal(&mut self) -> TokenKind<'a> {
        let start = self.at;
        self.at += 1;
        let mut value = Vec::new();
        loop {
            value.extend_from_slice(self.take_while(|byte| !matches!(byte, b'\\' | b'\n' | b'"')));
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return TokenKind::Text(value);
                }
                Some(b'\\') => value.extend(self.escape()),
                _ => {
                    // Most likely only the quote is missing before the end of the statement.
                    if value.last() == Some(&b';') {
                        value.pop();
                        self.at -= 1;
                    }
                    let hint = "long text may be several literals in a row, or lines that begin with a backtick";
                    self.sink.hint(
                        span(start, self.at),
                        "the text has no closing quote on its line",
                        hint,
                    );
                    return TokenKind::Text(value);
                }
            }
        }
    }

    /// The byte that an escape stands for; `None` was reported.
    fn escape(&mut self) -> Option<u8> {
        let start = self.at;
        self.at += 1;
        let byte = self.peek();
        if matches!(byte, None | Some(b'\n')) {
            // The missing quote will be reported.
            return None;
        }
        self.at += 1;
        let value = match byte {
            Some(b'a') => 0x07,
            Some(b'b') => 0x08,
            Some(b'f') => 0x0c,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'v') => 0x0b,
            Some(same @ (b'\'' | b'"' | b'\\' | b'?')) => same,
            Some(b'x') => match (hex(self.peek()), hex(self.peek_at(1))) {
                (Some(high), Some(low)) => {
                    self.at += 2;
                    high << 4 | low
                }
                _ => {
                    self.sink
                        .error(span(start, self.at), "`\\x` needs two hexadecimal digits");
                    return None;
                }
            },
            Some(digit @ b'0'..=b'7') => {
                let mut value = digit - b'0';
                for _ in 0..2 {
                    let Some(digit @ b'0'..=b'7') = self.peek() else {
                        break;
                    };
                    // `\777` loses its ninth bit, as in the reference.
                    value = value << 3 | (digit - b'0');
                    self.at += 1;
                }
                value
            }
            _ => {
                // A character of several bytes is shown whole.
                self.take_while(|byte| byte & 0xc0 == 0x80);
                self.sink.hint(
                    span(start, self.at),
                    "unknown escape",
                    r#"known are \a \b \f \n \r \t \v \' \" \\ \? \x41 and \101"#,
                );
                return None;
            }
        };
        Some(value)
    }

    /// A backtick and the rest of its line, ended by `\n` whatever ends the line in the file.
    pub(super) fn block_line(&mut self) -> TokenKind<'a> {
        self.at += 1;
        let mut value = self
            .take_while(|byte| !matches!(byte, b'\r' | b'\n'))
            .to_vec();
        value.push(b'\n');
        TokenKind::Text(value)
    }

    /// `0x"ab cd"`: pairs of digits, blanks between pairs.
    pub(super) fn binary_literal(&mut self) -> TokenKind<'a> {
        let start = self.at;
        self.at += 3;
        let mut value = Vec::new();
        loop {
            self.take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c));
            match (hex(self.peek()), hex(self.peek_at(1))) {
                (Some(high), Some(low)) => {
                    self.at += 2;
                    value.push(high << 4 | low);
                }
                _ => break,
            }
        }
        if self.peek() == Some(b'"') {
            self.at += 1;
            if value.is_empty() {
                // The reference wants at least one byte.
                self.sink.hint(
                    span(start, self.at),
                    "the binary literal is empty",
                    "write `\"\"`",
                );
                return TokenKind::Bad;
            }
            return TokenKind::Binary(value);
        }
        let place = span(self.at, (self.at + 1).min(self.text.len()));
        self.sink.error(
            place,
            "a binary literal consists of pairs of hexadecimal digits and a closing quote",
        );
        // The literal is given up at its quote, or at the end of the line if there is none.
        self.take_while(|byte| !matches!(byte, b'"' | b'\n'));
        if self.peek() == Some(b'"') {
            self.at += 1;
        }
        TokenKind::Bad
    }
}

fn hex(byte: Option<u8>) -> Option<u8> {
    match byte? {
        digit @ b'0'..=b'9' => Some(digit - b'0'),
        digit @ b'a'..=b'f' => Some(digit - b'a' + 10),
        digit @ b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}
