//! Numbers. A leading `0` means octal, as in C.

use super::{Lexer, ascii, is_name, span};
use crate::lex::TokenKind;

impl<'a> Lexer<'a, '_, '_> {
    pub(super) fn number_or_binary(&mut self) -> TokenKind<'a> {
        if self.rest().starts_with(b"0x\"") {
            return self.binary_literal();
        }
        let start = self.at;
        if let Some((digits, radix)) = self.integer_digits() {
            return self.integer(start, digits, radix);
        }
        if let Some(value) = self.float() {
            return TokenKind::Float(value);
        }
        self.at = start;
        self.take_while(|byte| is_name(byte) || byte == b'.');
        let place = span(start, self.at);
        let run = self.text.get(start..self.at).unwrap_or_default();
        if run.starts_with(b"0") && run.iter().all(u8::is_ascii_digit) {
            self.sink.hint(
                place,
                "a number with a leading zero is octal and has no digit 8 or 9",
                "drop the zero",
            );
        } else {
            let shown: String = ascii(run).chars().take(40).collect();
            self.sink.error(place, format!("`{shown}` is not a number"));
        }
        TokenKind::Bad
    }

    /// Digits of an integer and their radix, if the number here is one.
    fn integer_digits(&mut self) -> Option<(&'a [u8], u32)> {
        let start = self.at;
        let (digits, radix) = if self.rest().starts_with(b"0x") {
            self.at += 2;
            (self.take_while(|byte| byte.is_ascii_hexdigit()), 16)
        } else if self.peek() == Some(b'0') {
            (self.take_while(|byte| matches!(byte, b'0'..=b'7')), 8)
        } else {
            (self.take_while(|byte| byte.is_ascii_digit()), 10)
        };
        if digits.is_empty()
            || self
                .peek()
                .is_some_and(|byte| is_name(byte) || byte == b'.')
        {
            self.at = start;
            return None;
        }
        Some((digits, radix))
    }

    /// Value of an integer; too large a one is an error, where the reference lets it wrap.
    fn integer(&mut self, start: usize, digits: &[u8], radix: u32) -> TokenKind<'a> {
        if let Ok(value) = u64::from_str_radix(ascii(digits), radix) {
            return TokenKind::Integer(value);
        }
        let place = span(start, self.at);
        if radix == 10 {
            self.sink.hint(
                place,
                "the number does not fit 64 bits",
                "a floating-point number has a point: `1.0`",
            );
        } else {
            self.sink.error(place, "the number does not fit 64 bits");
        }
        TokenKind::Bad
    }

    /// A number with a point or an exponent; `1.` is one, `.5` is not.
    fn float(&mut self) -> Option<f64> {
        let start = self.at;
        // The reference takes the digits up to an 8 or 9 for an octal integer and then fails.
        let octal = self.take_while(|byte| matches!(byte, b'0'..=b'7'));
        if octal.starts_with(b"0") && self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return None;
        }
        self.take_while(|byte| byte.is_ascii_digit());
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.take_while(|byte| byte.is_ascii_digit());
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.take_while(|byte| byte.is_ascii_digit()).is_empty() {
                return None;
            }
        }
        if self
            .peek()
            .is_some_and(|byte| is_name(byte) || byte == b'.')
        {
            return None;
        }
        ascii(self.text.get(start..self.at)?).parse().ok()
    }
}
