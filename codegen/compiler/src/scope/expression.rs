//! Expressions that name a declaration: names, imports, members, applications of generics.

use std::rc::Rc;

use super::{
    Body, BrandScope, Branded, EXPRESSION_STEPS, Lookup, NodeRef, Resolved, ResolvedDecl, Scopes,
    Target,
};
use crate::ast::{Expression, ExpressionKind, Located, Param};
use crate::module::LoadError;

/// Generic parameters that a method brings along.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Implicit<'a> {
    /// ID of the struct whose parameters they are; zero in the signature of the method itself.
    pub(crate) scope_id: u64,
    pub(crate) parameters: &'a [Located<String>],
}

impl Implicit<'_> {
    pub(crate) fn none() -> Self {
        Self {
            scope_id: 0,
            parameters: &[],
        }
    }
}

impl Scopes<'_> {
    /// What `source`, written in `node`, names; `None` once an error is reported.
    pub(crate) fn named(
        &mut self,
        brand: &Rc<BrandScope>,
        source: &Expression,
        node: NodeRef,
        implicit: Implicit<'_>,
    ) -> Option<Branded> {
        let found = self.named_here(brand, source, node, implicit)?;
        if let Some(excess) = found.excess() {
            self.error(node, source.span, excess);
            return None;
        }
        Some(found)
    }

    fn named_here(
        &mut self,
        brand: &Rc<BrandScope>,
        source: &Expression,
        node: NodeRef,
        implicit: Implicit<'_>,
    ) -> Option<Branded> {
        match &source.kind {
            ExpressionKind::Unknown => None,
            ExpressionKind::RelativeName(name) => {
                if let Some(index) = implicit
                    .parameters
                    .iter()
                    .position(|known| known.value == name.value)
                {
                    let index = u16::try_from(index).unwrap_or(u16::MAX);
                    let body = Body::Parameter {
                        scope_id: implicit.scope_id,
                        index,
                    };
                    return Some(Branded {
                        body,
                        span: Some(source.span),
                    });
                }
                let found = self.lookup(node, &name.value);
                let found = self.found(found, node, name, |scopes| {
                    scopes.similar_visible(node, &name.value)
                })?;
                Some(brand.interpret(self, found, source.span))
            }
            ExpressionKind::AbsoluteName(name) => {
                let top = self.top_of(node);
                let found = self.member(top, &name.value);
                let found = self.found(found, node, name, |scopes| {
                    scopes.similar_member(top, &name.value)
                })?;
                Some(brand.interpret(self, found, source.span))
            }
            ExpressionKind::Import(path) => self.imported(path, source, node),
            ExpressionKind::Application { function, params } => {
                self.deeper(EXPRESSION_STEPS, node, source.span, |scopes| {
                    scopes.applied(brand, function, params, source, node, implicit)
                })
            }
            ExpressionKind::Member { parent, name } => {
                let parent = self.deeper(EXPRESSION_STEPS, node, source.span, |scopes| {
                    scopes.named(brand, parent, node, implicit)
                })?;
                self.member_of(&parent, name, source, node)
            }
            _ => {
                self.error(node, source.span, "expected a name");
                None
            }
        }
    }

    fn found(
        &mut self,
        found: Lookup,
        node: NodeRef,
        name: &Located<String>,
        hint: impl FnOnce(&Self) -> Option<String>,
    ) -> Option<Resolved> {
        match found {
            Lookup::Found(found) => Some(found),
            Lookup::Broken => None,
            Lookup::Circle(alias) => {
                self.report_circle(alias);
                None
            }
            Lookup::Missing => {
                let hint = hint(self);
                self.error_with_hint(
                    node,
                    name.span,
                    format!("'{}' is not defined", name.value),
                    hint,
                );
                None
            }
        }
    }

    fn imported(
        &mut self,
        path: &Located<String>,
        source: &Expression,
        node: NodeRef,
    ) -> Option<Branded> {
        match self.import(self.node(node).file, &path.value) {
            Ok(root) => {
                let decl = self.declaration_of(root);
                let brand = BrandScope::around(self, root);
                Some(Branded {
                    body: Body::Decl(decl, brand),
                    span: Some(source.span),
                })
            }
            Err(LoadError::NotFound) => {
                let hint = path
                    .value
                    .starts_with('/')
                    .then(|| "is its directory on the import path?".to_owned());
                self.error_with_hint(
                    node,
                    path.span,
                    format!("import failed: there is no '{}'", path.value),
                    hint,
                );
                None
            }
            Err(LoadError::Refused(reason)) => {
                self.error(
                    node,
                    path.span,
                    format!("import of '{}' failed: {reason}", path.value),
                );
                None
            }
        }
    }

    fn applied(
        &mut self,
        brand: &Rc<BrandScope>,
        function: &Expression,
        params: &[Param],
        source: &Expression,
        node: NodeRef,
        implicit: Implicit<'_>,
    ) -> Option<Branded> {
        let generic = self.named(brand, function, node, implicit)?;
        let mut bound = Vec::with_capacity(params.len());
        for param in params {
            if let Some(name) = &param.name {
                self.error(node, name.span, "a named parameter is not allowed here");
            }
            bound.extend(self.named(brand, &param.value, node, implicit));
        }
        if bound.len() < params.len() {
            // What is wrong was reported; the generic alone may still show more mistakes.
            return Some(generic);
        }
        Some(
            self.apply(node, &generic, bound, source.span)
                .unwrap_or(generic),
        )
    }

    fn member_of(
        &mut self,
        parent: &Branded,
        name: &Located<String>,
        source: &Expression,
        node: NodeRef,
    ) -> Option<Branded> {
        let (found, inside) = match &parent.body {
            Body::Decl(
                ResolvedDecl {
                    target: Target::Node(inside, _),
                    ..
                },
                brand,
            ) => (self.member(*inside, &name.value), Some((*inside, brand))),
            _ => (Lookup::Missing, None),
        };
        match (found, inside) {
            (Lookup::Found(found), Some((_, brand))) => {
                Some(brand.interpret(self, found, source.span))
            }
            (Lookup::Broken, _) => None,
            (Lookup::Circle(alias), _) => {
                self.report_circle(alias);
                None
            }
            (_, inside) => {
                let hint = inside.and_then(|(inside, _)| self.similar_member(inside, &name.value));
                let parent = self.text(node, parent.span.unwrap_or(source.span));
                self.error_with_hint(
                    node,
                    name.span,
                    format!("'{parent}' has no member named '{}'", name.value),
                    hint,
                );
                None
            }
        }
    }
}
