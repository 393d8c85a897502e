//! What is wrong with a schema, and where.

mod excerpt;
mod nearest;
mod render;

use std::collections::BTreeMap;
use std::fmt;

use self::excerpt::Source;
pub use self::nearest::nearest;
use crate::ast::Span;

/// One thing that is wrong with a schema.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Diagnostic {
    /// Name of the file, as imports spell it.
    pub file: String,
    /// Where in it.
    pub span: Span,
    /// What is wrong, in lower case without a full stop.
    pub message: String,
    /// How to mend it, if that can be said.
    pub hint: Option<String>,
}

/// Everything that is wrong with a set of schemas.
///
/// `Display` shows each as `file:line:col: error: message`, then the line with carets, then a hint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    sources: BTreeMap<String, Source>,
}

impl Diagnostics {
    /// Diagnostics, and the files they are about by the names they use. Of equal ones the first is
    /// kept.
    pub fn new<N, T>(list: Vec<Diagnostic>, sources: impl IntoIterator<Item = (N, T)>) -> Self
    where
        N: Into<String>,
        T: AsRef<[u8]>,
    {
        let mut seen = std::collections::HashSet::new();
        let list: Vec<_> = list
            .into_iter()
            .filter(|item| seen.insert(item.clone()))
            .collect();
        let sources = sources
            .into_iter()
            .map(|(name, text)| (name.into(), text))
            .filter(|(name, _)| list.iter().any(|item| item.file == *name))
            .map(|(name, text)| (name, Source::new(text.as_ref())))
            .collect();
        Self { list, sources }
    }

    /// Each of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.list.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The text for a person, in colour for a terminal.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let mut out = String::new();
        for item in &self.list {
            render::render(&mut out, item, self.sources.get(&item.file), colour);
        }
        out
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.render(false).trim_end())
    }
}

impl std::error::Error for Diagnostics {}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Errors reported for one file by its lexer and parser.
///
/// More than a screenful helps nobody, and a file of a million semicolons must not cost gigabytes.
pub(crate) const MAX_SYNTAX_ERRORS: usize = 100;

/// Collects the errors of one file.
#[derive(Debug)]
pub(crate) struct Sink<'d> {
    file: &'d str,
    diagnostics: &'d mut Vec<Diagnostic>,
    first: usize,
}

impl<'d> Sink<'d> {
    pub(crate) fn new(file: &'d str, diagnostics: &'d mut Vec<Diagnostic>) -> Self {
        let first = diagnostics.len();
        Self {
            file,
            diagnostics,
            first,
        }
    }

    pub(crate) fn error(&mut self, span: Span, message: impl Into<String>) {
        self.push(span, message.into(), None);
    }

    pub(crate) fn hint(&mut self, span: Span, message: impl Into<String>, hint: impl Into<String>) {
        self.push(span, message.into(), Some(hint.into()));
    }

    /// Whether nothing was reported so far.
    pub(crate) fn is_clean(&self) -> bool {
        self.diagnostics.len() == self.first
    }

    /// Puts the errors of this file in the order of its text.
    pub(crate) fn sort(&mut self) {
        if let Some(own) = self.diagnostics.get_mut(self.first..) {
            own.sort_by_key(|diagnostic| diagnostic.span.start);
        }
    }

    fn push(&mut self, span: Span, message: String, hint: Option<String>) {
        let count = self.diagnostics.len() - self.first;
        if count > MAX_SYNTAX_ERRORS {
            return;
        }
        let (message, hint) = if count == MAX_SYNTAX_ERRORS {
            ("too many errors; the others are not shown".to_owned(), None)
        } else {
            (message, hint)
        };
        self.diagnostics.push(Diagnostic {
            file: self.file.to_owned(),
            span,
            message,
            hint,
        });
    }
}
