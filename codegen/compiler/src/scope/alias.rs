//! `using`: names that stand for something declared elsewhere, resolved at first use.

use std::rc::Rc;

use super::expression::Implicit;
use super::{ALIAS_STEPS, Body, BrandScope, Lookup, NodeRef, Resolved, Scopes};
use crate::ast::{Expression, Span};

/// Which alias.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AliasRef(usize);

/// A `using` declaration.
#[derive(Debug)]
pub(super) struct Alias<'a> {
    /// The scope it is in.
    scope: NodeRef,
    target: &'a Expression,
    name: Span,
    state: AliasState,
}

#[derive(Clone, Debug)]
enum AliasState {
    New,
    Busy,
    Known(Resolved),
    Broken,
}

impl<'a> Scopes<'a> {
    pub(super) fn add_alias(
        &mut self,
        scope: NodeRef,
        target: &'a Expression,
        name: Span,
    ) -> AliasRef {
        self.aliases.push(Alias {
            scope,
            target,
            name,
            state: AliasState::New,
        });
        AliasRef(self.aliases.len() - 1)
    }

    /// What an alias stands for.
    pub(super) fn follow(&mut self, alias: AliasRef) -> Lookup {
        let this = &mut self.aliases[alias.0];
        let (scope, target) = (this.scope, this.target);
        match &this.state {
            AliasState::Known(target) => return Lookup::Found(target.clone()),
            AliasState::Broken => return Lookup::Broken,
            AliasState::Busy => return Lookup::Circle(alias),
            AliasState::New => {}
        }
        this.state = AliasState::Busy;
        self.followed.push(alias);
        let found = self.deeper(ALIAS_STEPS, scope, target.span, |scopes| {
            scopes.resolve_alias(scope, target)
        });
        self.followed.pop();
        let (state, lookup) = match found {
            Some(target) => (AliasState::Known(target.clone()), Lookup::Found(target)),
            None => (AliasState::Broken, Lookup::Broken),
        };
        self.aliases[alias.0].state = state;
        lookup
    }

    /// Reports every alias on the way from `first` back to itself.
    pub(super) fn report_circle(&mut self, first: AliasRef) {
        let start = self
            .followed
            .iter()
            .rposition(|alias| *alias == first)
            .unwrap_or(0);
        for alias in self.followed.split_off(start) {
            let Alias { scope, name, .. } = self.aliases[alias.0];
            self.error(scope, name, "alias stands for itself");
            self.followed.push(alias);
        }
    }

    /// Resolves every alias of a scope, so that mistakes in unused ones are found.
    pub(crate) fn follow_all(&mut self, node: NodeRef) {
        self.expand(node);
        for alias in self.node(node).aliases.clone() {
            self.follow(alias);
        }
    }

    fn resolve_alias(&mut self, scope: NodeRef, target: &'a Expression) -> Option<Resolved> {
        let brand = BrandScope::around(self, scope);
        let found = self.named(&brand, target, scope, Implicit::none())?;
        Some(match found.body {
            Body::Parameter { scope_id, index } => Resolved::Parameter { scope_id, index },
            Body::Decl(mut decl, brand) => {
                let compiled = self.brand(scope, &brand, target.span);
                decl.scope_id = self.node(scope).id;
                decl.brand = (!compiled.scopes.is_empty()).then(|| Rc::new(compiled));
                Resolved::Decl(decl)
            }
        })
    }
}
