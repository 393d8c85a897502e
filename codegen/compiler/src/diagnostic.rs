//! What is wrong with a schema, and where.

use crate::ast::Span;

/// One thing that is wrong with a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// The candidate that is spelt most like `name`, if one is close enough to have been meant.
///
/// Case does not count; of equally close candidates the first in the alphabet wins.
pub fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let wanted: Vec<char> = name
        .chars()
        .take(MAX_NAME)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let limit = (wanted.len() / 3).max(1);
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let given: Vec<char> = candidate
                .chars()
                .take(MAX_NAME)
                .map(|c| c.to_ascii_lowercase())
                .collect();
            if given.len().abs_diff(wanted.len()) > limit {
                return None;
            }
            let distance = distance(&wanted, &given);
            (distance <= limit).then_some((distance, candidate))
        })
        .min()
        .map(|(_, candidate)| candidate)
}

/// Characters of a name that are compared: keeps the quadratic distance cheap.
const MAX_NAME: usize = 64;

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut cost = (last[j] + usize::from(x != y))
                .min(last[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                cost = cost.min(before[j - 1] + 1);
            }
            row.push(cost);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}
