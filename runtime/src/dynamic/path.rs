//! Where in a value something is wrong.

use std::fmt;

/// An error with the place in the value it is about: `params.items[2].name: expected Text, got 3`.
#[derive(Clone, Debug, PartialEq)]
pub struct At<E> {
    /// Innermost first: an error collects its path on its way out.
    path: Vec<Step>,
    error: E,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Step {
    Field(String),
    Index(usize),
}

impl<E> At<E> {
    /// What is wrong.
    pub fn error(&self) -> &E {
        &self.error
    }

    /// Where, from the outside in: `items[2].name`. Empty for the value as a whole.
    pub fn path(&self) -> String {
        let mut text = String::new();
        for step in self.path.iter().rev() {
            match step {
                Step::Field(name) => {
                    if !text.is_empty() {
                        text.push('.');
                    }
                    text.push_str(name);
                }
                Step::Index(index) => text.push_str(&format!("[{index}]")),
            }
        }
        text
    }

    /// The same, seen from around the value: it is the field `name` of something.
    #[must_use]
    pub fn under(mut self, name: &str) -> Self {
        self.path.push(Step::Field(name.to_owned()));
        self
    }

    /// The same, seen from the list whose element `index` the value is.
    pub(super) fn element(mut self, index: usize) -> Self {
        self.path.push(Step::Index(index));
        self
    }
}

impl<E> From<E> for At<E> {
    fn from(error: E) -> Self {
        Self {
            path: Vec::new(),
            error,
        }
    }
}

impl<E: fmt::Display> fmt::Display for At<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            write!(f, "{}", self.error)
        } else {
            write!(f, "{}: {}", self.path(), self.error)
        }
    }
}

impl<E: std::error::Error> std::error::Error for At<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error.source()
    }
}
