//! Interfaces with their methods.

use super::enumeration::by_ordinal;
use super::{Content, MethodRecord, NodeRecord, OrdinalCheck, Reference, Translator};
use crate::ast::{DeclKind, Declaration, Expression, ParamList};
use crate::scope::{Body, Implicit, Kind, Target};

impl<'a> Translator<'_, 'a> {
    pub(super) fn interface(
        &mut self,
        superclasses: &'a [Expression],
        members: &'a [Declaration],
        node: &mut NodeRecord<'a>,
    ) {
        let superclasses = superclasses
            .iter()
            .map(|one| self.superclass(one).unwrap_or_default())
            .collect();
        let mut methods = Vec::new();
        let mut check = OrdinalCheck::default();
        let is_method = |kind: &DeclKind| matches!(kind, DeclKind::Method { .. });
        for (code_order, ordinal, member) in by_ordinal(members, is_method) {
            check.check(self, ordinal);
            let DeclKind::Method { params, results } = &member.kind else {
                continue;
            };
            if let ParamList::Stream(span) = params {
                self.error(*span, "'stream' can only stand after '->'");
            }
            let implicit = member.parameters.as_slice();
            let number = u16::try_from(ordinal.value).unwrap_or(u16::MAX);
            let name = member.name.value.as_str();
            methods.push(MethodRecord {
                name,
                code_order,
                implicit,
                params: self.param_list(name, number, false, Some(params), implicit, node),
                results: self.param_list(name, number, true, results.as_ref(), implicit, node),
                annotations: self.annotations(&member.annotations, |targets| targets.method),
            });
            node.member_docs.push(member.doc.as_deref());
        }
        node.content = Content::Interface {
            superclasses,
            methods,
        };
    }

    fn superclass(&mut self, source: &'a Expression) -> Option<Reference> {
        let branded = self.named(source, Implicit::none())?;
        let text = self.scopes.text(self.node, source.span);
        match &branded.body {
            Body::Decl(decl, brand) if matches!(decl.target, Target::Node(_, Kind::Interface)) => {
                Some(Reference {
                    id: decl.id,
                    brand: self.scopes.brand(self.node, brand, source.span),
                })
            }
            Body::Decl(..) => {
                self.error(source.span, format!("'{text}' is not an interface"));
                None
            }
            Body::Parameter { .. } => {
                self.error(
                    source.span,
                    format!("'{text}' is a generic parameter, which cannot be extended"),
                );
                None
            }
        }
    }
}
