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
