//! A place in the token stream, and reading from it.

use crate::ast::{Located, Span};
use crate::diagnostic::Sink;
use crate::lex::{Token, TokenKind};

/// What could not be parsed was reported already.
pub(super) struct Reported;

/// A result whose error was reported already.
pub(super) type Parsed<T> = Result<T, Reported>;

/// A place in the token stream.
pub(super) struct Cursor<'t, 's, 'd> {
    tokens: &'t [Token<'t>],
    at: usize,
    /// Blocks and brackets open here.
    pub(super) depth: usize,
    pub(super) sink: &'s mut Sink<'d>,
}

/// Read past the end, which [`crate::lex::lex`] marks by a token of its own.
const END: Token<'static> = Token {
    kind: TokenKind::End,
    span: Span { start: 0, end: 0 },
    first_on_line: true,
};

impl<'t, 's, 'd> Cursor<'t, 's, 'd> {
    pub(super) fn new(tokens: &'t [Token<'t>], sink: &'s mut Sink<'d>) -> Self {
        Self {
            tokens,
            at: 0,
            depth: 0,
            sink,
        }
    }

    /// The whole file.
    pub(super) fn whole(&self) -> Span {
        Span {
            start: 0,
            end: self.tokens.last().map_or(0, |token| token.span.end),
        }
    }

    /// The token here.
    pub(super) fn token(&self) -> &'t Token<'t> {
        self.ahead(0)
    }

    /// The token `offset` places on.
    pub(super) fn ahead(&self, offset: usize) -> &'t Token<'t> {
        self.tokens
            .get(self.at + offset)
            .or_else(|| self.tokens.last())
            .unwrap_or(&END)
    }

    pub(super) fn kind(&self) -> &'t TokenKind<'t> {
        &self.token().kind
    }

    /// Passes over the token here, which it returns; stays at the end of the file.
    pub(super) fn next(&mut self) -> &'t Token<'t> {
        let token = self.token();
        if token.kind != TokenKind::End {
            self.at += 1;
        }
        token
    }

    /// Place in the stream, to see whether anything was read.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// From the first byte at `start` to the last of the token before this one.
    pub(super) fn since(&self, start: Span) -> Span {
        Span {
            start: start.start,
            end: self.previous().end.max(start.start),
        }
    }

    /// Place of the token before this one.
    pub(super) fn previous(&self) -> Span {
        let before = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        before.map_or_else(Span::default, |token| token.span)
    }

    pub(super) fn at_operator(&self, operator: &str) -> bool {
        matches!(self.kind(), TokenKind::Operator(here) if *here == operator)
    }

    pub(super) fn at_keyword(&self, keyword: &str) -> bool {
        matches!(self.kind(), TokenKind::Identifier(here) if *here == keyword)
    }

    /// Passes over `operator` if it is here.
    pub(super) fn take_operator(&mut self, operator: &str) -> bool {
        let here = self.at_operator(operator);
        if here {
            self.next();
        }
        here
    }

    /// Passes over `keyword` if it is here.
    pub(super) fn take_keyword(&mut self, keyword: &str) -> bool {
        let here = self.at_keyword(keyword);
        if here {
            self.next();
        }
        here
    }

    /// An identifier, called `what` if it is missing.
    pub(super) fn identifier(&mut self, what: &str) -> Parsed<Located<String>> {
        let token = self.token();
        let TokenKind::Identifier(name) = token.kind else {
            return Err(self.unexpected(what));
        };
        self.next();
        Ok(Located {
            value: name.to_owned(),
            span: token.span,
        })
    }

    pub(super) fn expect_operator(&mut self, operator: &str) -> Parsed<()> {
        if self.take_operator(operator) {
            return Ok(());
        }
        Err(self.unexpected(&format!("`{operator}`")))
    }

    /// Reports that `expected` is not here.
    pub(super) fn unexpected(&mut self, expected: &str) -> Reported {
        self.unexpected_hint(expected, None)
    }

    /// Reports that `expected` is not here, and how to mend it.
    pub(super) fn unexpected_hint(&mut self, expected: &str, hint: Option<String>) -> Reported {
        let token = self.token();
        let before = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        if [Some(token), before]
            .into_iter()
            .flatten()
            .any(|token| token.kind == TokenKind::Bad)
        {
            return Reported;
        }
        let message = format!("expected {expected}, found {}", token.kind.describe());
        // What is missing at the end of a line is missing there, not at the beginning of the next
        // one.
        let span = if token.first_on_line && self.at > 0 {
            let end = self.previous().end;
            Span { start: end, end }
        } else {
            token.span
        };
        match hint {
            Some(hint) => self.sink.hint(span, message, hint),
            None => self.sink.error(span, message),
        }
        Reported
    }

    /// Reports text that nests deeper than [`super::MAX_DEPTH`].
    pub(super) fn too_deep(&mut self) -> Reported {
        let span = self.token().span;
        self.sink.error(
            span,
            format!("nested deeper than {} levels", super::MAX_DEPTH),
        );
        Reported
    }

    /// The items between two brackets, the first of which is here. Commas part them; one may follow
    /// the last.
    ///
    /// An item that fails is `None`; the others are read.
    pub(super) fn list<T>(
        &mut self,
        close: &TokenKind<'_>,
        mut item: impl FnMut(&mut Self) -> Parsed<T>,
    ) -> Parsed<Located<Vec<Option<T>>>> {
        if self.depth >= super::MAX_DEPTH {
            let reported = self.too_deep();
            self.skip_brackets();
            return Err(reported);
        }
        let open = self.next().span;
        self.depth += 1;
        let mut items = Vec::new();
        while self.kind() != close {
            if *self.kind() == TokenKind::Comma {
                let span = self.next().span;
                self.sink.error(span, "expected an item before `,`");
                items.push(None);
                continue;
            }
            let read = item(self);
            let failed = read.is_err();
            items.push(read.ok());
            if *self.kind() != TokenKind::Comma && self.kind() != close {
                if !failed {
                    self.unclosed(close);
                }
                self.skip_item();
            }
            if *self.kind() != TokenKind::Comma {
                break;
            }
            self.next();
        }
        self.depth -= 1;
        // A bracket of the wrong kind was reported and closes the list all the same.
        if !matches!(self.kind(), TokenKind::CloseParen | TokenKind::CloseBracket) {
            return Err(Reported);
        }
        self.next();
        Ok(Located {
            value: items,
            span: self.since(open),
        })
    }

    /// Reports that an item is followed by neither a comma nor `close`.
    fn unclosed(&mut self, close: &TokenKind<'_>) {
        let closing = close.describe();
        if self.ends_statement() {
            let open = if *close == TokenKind::CloseParen {
                '('
            } else {
                '['
            };
            self.unexpected_hint(
                &closing,
                Some(format!("a `{open}` before it is not closed")),
            );
        } else {
            self.unexpected(&format!("`,` or {closing}"));
        }
    }

    /// Passes over a bracket and all that it holds.
    fn skip_brackets(&mut self) {
        let mut open = 0_usize;
        while !self.ends_statement() {
            match self.next().kind {
                TokenKind::OpenParen | TokenKind::OpenBracket => open += 1,
                TokenKind::CloseParen | TokenKind::CloseBracket if open <= 1 => return,
                TokenKind::CloseParen | TokenKind::CloseBracket => open -= 1,
                _ => {}
            }
        }
    }

    /// Goes to the next comma or closing bracket of the list we are in, or to the end of the
    /// statement.
    fn skip_item(&mut self) {
        let mut open = 0_usize;
        loop {
            match self.kind() {
                TokenKind::OpenParen | TokenKind::OpenBracket => open += 1,
                TokenKind::CloseParen | TokenKind::CloseBracket => match open.checked_sub(1) {
                    Some(left) => open = left,
                    None => return,
                },
                TokenKind::Comma if open == 0 => return,
                _ if self.ends_statement() || self.begins_statement() => return,
                _ => {}
            }
            self.next();
        }
    }

    /// Whether a statement ends here, well or badly.
    pub(super) fn ends_statement(&self) -> bool {
        matches!(
            self.kind(),
            TokenKind::Semicolon(_)
                | TokenKind::OpenBrace(_)
                | TokenKind::CloseBrace(_)
                | TokenKind::End
        )
    }

    /// Whether a declaration plainly begins here, on a line of its own. Used to recover from a
    /// missing `;` only.
    pub(super) fn begins_statement(&self) -> bool {
        let TokenKind::Identifier(name) = self.kind() else {
            return false;
        };
        if !self.token().first_on_line {
            return false;
        }
        match self.ahead(1).kind {
            TokenKind::Operator("@") => true,
            TokenKind::Operator(":") => {
                matches!(self.ahead(2).kind, TokenKind::Identifier("union" | "group"))
            }
            TokenKind::Identifier(_) => {
                matches!(
                    *name,
                    "using" | "const" | "enum" | "struct" | "interface" | "annotation"
                )
            }
            _ => *name == "union" && matches!(self.ahead(1).kind, TokenKind::OpenBrace(_)),
        }
    }
}
