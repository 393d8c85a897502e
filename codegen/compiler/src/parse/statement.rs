//! Statements: a header, then `;` or a block.

use super::cursor::{Cursor, Parsed, Reported};
use crate::ast::{DeclId, DeclKind, Declaration, Located, Span};
use crate::lex::{Doc, TokenKind};

/// What a block may contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    /// The file itself.
    File,
    /// Of an enum.
    Enum,
    /// Of a struct, union or group.
    Struct,
    /// Of an interface.
    Interface,
}

impl Level {
    /// What the block of a declaration contains, if it has one.
    fn inside(kind: &DeclKind) -> Option<Self> {
        match kind {
            DeclKind::Enum => Some(Self::Enum),
            DeclKind::Struct | DeclKind::Union | DeclKind::Group => Some(Self::Struct),
            DeclKind::Interface { .. } => Some(Self::Interface),
            _ => None,
        }
    }
}

impl Cursor<'_, '_, '_> {
    /// A whole file: its statements, its ID and its annotations.
    pub(super) fn file(&mut self, file: &mut Declaration) {
        loop {
            for mut statement in self.statements(Level::File) {
                match statement.kind {
                    DeclKind::NakedId if matches!(file.id, DeclId::Uid(_)) => {
                        self.sink
                            .error(statement.name.span, "the file has an ID already");
                    }
                    DeclKind::NakedId => {
                        file.id = statement.id;
                        file.doc = statement.doc;
                    }
                    DeclKind::NakedAnnotation => {
                        file.annotations.append(&mut statement.annotations)
                    }
                    _ => file.nested.push(statement),
                }
            }
            if *self.kind() == TokenKind::End {
                return;
            }
            // Only an unmatched brace ends the statements of a file early.
            let span = self.next().span;
            self.sink.error(span, "this `}` closes nothing");
        }
    }

    /// Statements to the end of the block or file.
    fn statements(&mut self, level: Level) -> Vec<Declaration> {
        let mut statements = Vec::new();
        while !matches!(self.kind(), TokenKind::CloseBrace(_) | TokenKind::End) {
            statements.extend(self.statement(level));
        }
        statements
    }

    /// One statement; `None` if not even a name could be made out. Reads at least one token.
    fn statement(&mut self, level: Level) -> Option<Declaration> {
        let start = self.token().span;
        let mut declaration = Declaration {
            name: Located {
                value: String::new(),
                span: start,
            },
            id: DeclId::Unspecified,
            parameters: Vec::new(),
            nested: Vec::new(),
            annotations: Vec::new(),
            span: start,
            doc: None,
            kind: DeclKind::NakedId,
        };
        let position = self.position();
        let header = self.header(level, &mut declaration);
        let known = header.is_ok() || !declaration.name.value.is_empty();
        let end = self.statement_end(header, start, position, &mut declaration);
        declaration.span = Span {
            start: start.start,
            end,
        };
        known.then_some(declaration)
    }

    /// The end of a statement whose header was read, and the block if it has one. Returns where it
    /// ends.
    fn statement_end(
        &mut self,
        header: Parsed<()>,
        start: Span,
        position: usize,
        declaration: &mut Declaration,
    ) -> u32 {
        let mut failed = header.is_err();
        if failed || !self.ends_statement() {
            if !failed {
                if self.begins_statement() {
                    self.missing_semicolon(declaration);
                    return self.previous().end;
                }
                let expected = Self::continuations(&declaration.kind);
                self.unexpected(expected);
                failed = true;
            }
            self.skip_to_end(position);
        }
        let inside = Level::inside(&declaration.kind);
        let header_span = self.since(start);
        match self.kind() {
            TokenKind::Semicolon(doc) => {
                let end = self.next().span.end;
                if inside.is_some() && !failed {
                    self.sink.error(
                        header_span,
                        "this declaration needs a block `{ … }`, not a semicolon",
                    );
                }
                attach(declaration, doc.as_ref(), end)
            }
            TokenKind::OpenBrace(doc) => {
                if inside.is_none() && !failed {
                    self.sink.error(
                        header_span,
                        "this declaration ends in a semicolon, not a block",
                    );
                }
                let (end, late) = self.block(inside, declaration);
                attach(declaration, doc.as_ref().or(late), end)
            }
            _ => {
                if !failed {
                    self.missing_semicolon(declaration);
                }
                self.previous().end
            }
        }
    }

    /// A block, the brace of which is here. Returns where it ends and the doc comment after it.
    fn block(
        &mut self,
        inside: Option<Level>,
        declaration: &mut Declaration,
    ) -> (u32, Option<&Doc>) {
        let open = self.token().span;
        match inside {
            Some(level) if self.depth < super::MAX_DEPTH => {
                self.next();
                self.depth += 1;
                declaration.nested = self.statements(level);
                self.depth -= 1;
            }
            Some(_) => {
                self.too_deep();
                self.skip_block();
            }
            None => self.skip_block(),
        }
        if let TokenKind::CloseBrace(late) = self.kind() {
            let close = self.next().span;
            let end = late.as_ref().map_or(close.end, |doc| doc.end);
            return (end, late.as_ref());
        }
        self.sink.error(open, "this `{` is never closed");
        (self.previous().end, None)
    }

    /// Passes over a block's brace and all but the last token of it.
    fn skip_block(&mut self) {
        let mut open = 0_usize;
        loop {
            match self.kind() {
                TokenKind::OpenBrace(_) => open += 1,
                TokenKind::CloseBrace(_) if open <= 1 => return,
                TokenKind::CloseBrace(_) => open -= 1,
                TokenKind::End => return,
                _ => {}
            }
            self.next();
        }
    }

    /// Goes to the end of a statement that failed, or to the next one if it plainly begins.
    fn skip_to_end(&mut self, position: usize) {
        while !self.ends_statement() {
            if self.position() > position && self.begins_statement() {
                return;
            }
            self.next();
        }
    }

    fn missing_semicolon(&mut self, declaration: &Declaration) {
        let (expected, hint) = if Level::inside(&declaration.kind).is_some() {
            ("`{`", "this declaration has a block")
        } else {
            ("`;`", "a statement ends in a semicolon")
        };
        let _: Reported = self.unexpected_hint(expected, Some(hint.to_owned()));
    }

    /// What may follow a complete header.
    fn continuations(kind: &DeclKind) -> &'static str {
        match kind {
            DeclKind::Field { default: None, .. } => "`=`, `$` or `;`",
            DeclKind::Method { results: None, .. } => "`->`, `$` or `;`",
            DeclKind::Using { .. } | DeclKind::NakedId => "`;`",
            kind if Level::inside(kind).is_some() => "`$` or `{`",
            _ => "`$` or `;`",
        }
    }
}

/// Gives the declaration its doc comment; returns where the statement ends, comment included.
fn attach(declaration: &mut Declaration, doc: Option<&Doc>, end: u32) -> u32 {
    declaration.doc = doc.map(|doc| doc.text.clone());
    doc.map_or(end, |doc| doc.end.max(end))
}
