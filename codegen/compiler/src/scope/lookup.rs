//! Lookup of names: members, then generic parameters, then outwards, then the language's own.

use super::tree::Member;
use super::{Builtin, Lookup, NodeRef, Resolved, ResolvedDecl, Scopes, Target};

impl Scopes<'_> {
    /// What `name` means inside `node`.
    pub(crate) fn lookup(&mut self, node: NodeRef, name: &str) -> Lookup {
        let mut scope = Some(node);
        let mut circle = None;
        while let Some(here) = scope {
            match self.member(here, name) {
                Lookup::Missing => {}
                // `using Text = Text` means the outer one.
                Lookup::Circle(alias) => circle = circle.or(Some(alias)),
                found => return found,
            }
            let this = self.node(here);
            if let Some(index) = this
                .declaration
                .parameters
                .iter()
                .position(|parameter| parameter.value == name)
            {
                let index = u16::try_from(index).unwrap_or(u16::MAX);
                return Lookup::Found(Resolved::Parameter {
                    scope_id: this.id,
                    index,
                });
            }
            scope = this.parent;
        }
        let missing = circle.map_or(Lookup::Missing, Lookup::Circle);
        Builtin::named(name).map_or(missing, |builtin| {
            Lookup::Found(Resolved::Decl(ResolvedDecl {
                id: builtin.id(),
                params: builtin.params(),
                scope_id: 0,
                target: Target::Builtin(builtin),
                brand: None,
            }))
        })
    }

    /// What `name` means as a member of `node`.
    pub(crate) fn member(&mut self, node: NodeRef, name: &str) -> Lookup {
        self.expand(node);
        match self.node(node).members.get(name).copied() {
            None => Lookup::Missing,
            Some(Member::Node(member)) => {
                Lookup::Found(Resolved::Decl(self.declaration_of(member)))
            }
            Some(Member::Alias(alias)) => self.follow(alias),
        }
    }
}
