//! Tokens to a tree of declarations.
//!
//! One function per construct, one token of lookahead (two where a member may be named like a
//! keyword). Every error of a file is reported at once: a statement that fails is left half filled
//! where its name is known, and reading goes on behind it.

mod cursor;
mod declaration;
mod expression;
mod member;
mod statement;

use self::cursor::Cursor;
use crate::ast::{DeclId, DeclKind, Declaration, Located, Span};
use crate::diagnostic::{Diagnostic, Sink};
use crate::id::generate_id;

/// How deep blocks, brackets and suffixes may nest.
///
/// Every later stage walks the tree by recursion. 64 is also the depth to which readers follow
/// pointers by default, so a deeper value could not be read back.
pub const MAX_DEPTH: usize = 64;

/// Parses the file `name` with the content `text`, and appends what is wrong to `diagnostics`.
///
/// The result is as complete as the text allows; where something is missing after an error it holds
/// [`ExpressionKind::Unknown`](crate::ast::ExpressionKind::Unknown). It always has an ID: a file
/// without one is an error whose hint is a fresh ID, and then has that.
pub fn parse_file(
    name: &str,
    text: impl AsRef<[u8]>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Declaration {
    let mut sink = Sink::new(name, diagnostics);
    let tokens = crate::lex::lex(text.as_ref(), &mut sink);
    let mut cursor = Cursor::new(&tokens, &mut sink);
    let mut file = Declaration {
        name: Located {
            value: String::new(),
            span: Span::default(),
        },
        id: DeclId::Unspecified,
        parameters: Vec::new(),
        nested: Vec::new(),
        annotations: Vec::new(),
        span: cursor.whole(),
        doc: None,
        kind: DeclKind::File,
    };
    cursor.file(&mut file);
    if file.id == DeclId::Unspecified {
        let id = generate_id();
        // After an error the ID may be there but unread.
        if sink.is_clean() {
            let hint = format!("add this line: @{id:#018x};");
            sink.hint(Span::default(), "the file has no ID", hint);
        }
        file.id = DeclId::Uid(Located {
            value: id,
            span: Span::default(),
        });
    }
    sink.sort();
    file
}

#[cfg(test)]
mod tests;
