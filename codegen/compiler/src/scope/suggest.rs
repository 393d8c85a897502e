//! Nearest names, for hints.

use super::{Builtin, Kind, NodeRef, Scopes};
use crate::ast::{DeclKind, Declaration};
use crate::diagnostic::nearest;

impl<'a> Scopes<'a> {
    /// A name visible from `node` that is much like `name`.
    pub(super) fn similar_visible(&self, node: NodeRef, name: &str) -> Option<String> {
        let mut candidates: Vec<&str> = Builtin::names().collect();
        let mut scope = Some(node);
        while let Some(here) = scope {
            let this = self.node(here);
            candidates.extend(
                this.declaration
                    .parameters
                    .iter()
                    .map(|parameter| parameter.value.as_str()),
            );
            candidates.extend(self.members(here));
            scope = this.parent;
        }
        hint(nearest(name, candidates))
    }

    /// A member of `node` that is much like `name`.
    pub(super) fn similar_member(&self, node: NodeRef, name: &str) -> Option<String> {
        hint(nearest(name, self.members(node)))
    }

    /// Names of the members of `node`, in an order that does not change.
    fn members(&self, node: NodeRef) -> impl Iterator<Item = &'a str> {
        let declaration = self.node(node).declaration;
        let named = |inner: &&'a Declaration| {
            Kind::of(&inner.kind).is_some() || matches!(inner.kind, DeclKind::Using { .. })
        };
        declaration
            .nested
            .iter()
            .filter(named)
            .map(|inner| inner.name.value.as_str())
    }
}

fn hint(name: Option<&str>) -> Option<String> {
    name.map(|name| format!("did you mean '{name}'?"))
}
