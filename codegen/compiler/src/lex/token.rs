//! What the text is cut into.

use super::{Doc, span};
use crate::ast::Span;

/// A token and its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token<'a> {
    pub(crate) kind: TokenKind<'a>,
    /// The token alone, without the doc comment that may follow it.
    pub(crate) span: Span,
    /// Nothing but blanks stands before it on its line.
    pub(crate) first_on_line: bool,
}

/// Kinds of [`Token`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TokenKind<'a> {
    Identifier(&'a str),
    /// `"…"` or a backtick line, unescaped. Escapes may spell bytes that are not UTF-8.
    Text(Vec<u8>),
    /// `0x"…"`.
    Binary(Vec<u8>),
    Integer(u64),
    Float(f64),
    Operator(&'a str),
    OpenParen,
    CloseParen,
    OpenBracket,
    CloseBracket,
    Comma,
    Semicolon(Option<Doc>),
    OpenBrace(Option<Doc>),
    CloseBrace(Option<Doc>),
    /// Not a token; reported already.
    Bad,
    /// End of the file.
    End,
}

impl<'a> Token<'a> {
    pub(super) fn new(kind: TokenKind<'a>, span: Span) -> Self {
        Self {
            kind,
            span,
            first_on_line: false,
        }
    }

    pub(super) fn end(at: usize) -> Self {
        Self {
            kind: TokenKind::End,
            span: span(at, at),
            first_on_line: true,
        }
    }
}

impl TokenKind<'_> {
    /// The token as a message names it.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Identifier(name) => format!("`{name}`"),
            Self::Operator(operator) => format!("`{operator}`"),
            Self::Text(_) => "a text literal".to_owned(),
            Self::Binary(_) => "a binary literal".to_owned(),
            Self::Integer(value) => format!("`{value}`"),
            Self::Float(_) => "a floating-point number".to_owned(),
            Self::OpenParen => "`(`".to_owned(),
            Self::CloseParen => "`)`".to_owned(),
            Self::OpenBracket => "`[`".to_owned(),
            Self::CloseBracket => "`]`".to_owned(),
            Self::Comma => "`,`".to_owned(),
            Self::Semicolon(_) => "`;`".to_owned(),
            Self::OpenBrace(_) => "`{`".to_owned(),
            Self::CloseBrace(_) => "`}`".to_owned(),
            Self::Bad => "something unreadable".to_owned(),
            Self::End => "the end of the file".to_owned(),
        }
    }
}
