//! Nearest names, for hints.

use super::{Builtin, NodeRef, Scopes};
use crate::diagnostic::nearest;

/// Most names that are compared for one hint.
const MAX_CANDIDATES: usize = 10_000;

impl Scopes<'_> {
    /// A name visible from `node` that is much like `name`.
    pub(super) fn similar_visible(&self, node: NodeRef, name: &str) -> Option<String> {
        let mut candidates: Vec<&str> = Vec::new();
        let mut scope = Some(node);
        while let Some(here) = scope {
            let this = self.node(here);
            candidates.extend(this.members.keys().copied());
            candidates.extend(
                this.declaration
                    .parameters
                    .iter()
                    .map(|parameter| parameter.value.as_str()),
            );
            scope = this.parent;
        }
        candidates.truncate(MAX_CANDIDATES);
        for builtin in Builtin::names() {
            candidates.push(builtin);
        }
        candidates.sort_unstable();
        hint(nearest(name, candidates))
    }

    /// A member of `node` that is much like `name`.
    pub(super) fn similar_member(&self, node: NodeRef, name: &str) -> Option<String> {
        let mut candidates: Vec<&str> = self
            .node(node)
            .members
            .keys()
            .copied()
            .take(MAX_CANDIDATES)
            .collect();
        candidates.sort_unstable();
        hint(nearest(name, candidates))
    }
}

fn hint(name: Option<&str>) -> Option<String> {
    name.map(|name| format!("did you mean '{name}'?"))
}
