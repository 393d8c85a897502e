//! What values ask of names: constants, shapes of types, embedded files.

use std::rc::Rc;

use super::Content;
use crate::ast::{Expression, ExpressionKind, Located, Span};
use crate::module::LoadError;
use crate::scope::{Body, BrandScope, Implicit, Kind, NodeRef, Scopes, State, Target};
use crate::types::{Brand, Names, StructShape, Type};
use crate::value::Value;

/// Names as seen from a node.
pub(super) struct NamesIn<'s, 'a> {
    scopes: &'s mut Scopes<'a>,
    node: NodeRef,
}

impl<'s, 'a> NamesIn<'s, 'a> {
    pub(super) fn new(scopes: &'s mut Scopes<'a>, node: NodeRef) -> Self {
        Self { scopes, node }
    }
}

impl Names for NamesIn<'_, '_> {
    fn structure(&mut self, id: u64, brand: &Brand) -> Option<Rc<StructShape>> {
        self.scopes.struct_shape(id, brand)
    }

    fn enumerants(&mut self, id: u64) -> Option<Rc<[String]>> {
        self.scopes.enum_shape(id)
    }

    fn constant(&mut self, name: &Expression, primitive_only: bool) -> Option<(Type, Value)> {
        let around = BrandScope::around(self.scopes, self.node);
        let branded = self
            .scopes
            .named(&around, name, self.node, Implicit::none())?;
        let (Some(Target::Node(constant, Kind::Const)), Body::Decl(_, brand)) =
            (branded.target(), &branded.body)
        else {
            let text = self.scopes.text(self.node, name.span);
            self.scopes.error(
                self.node,
                name.span,
                format!("'{text}' does not refer to a constant"),
            );
            return None;
        };
        let brand = self.scopes.brand(self.node, brand, name.span);
        let wanted = if primitive_only {
            State::Outlined
        } else {
            State::Finished
        };
        if !self.scopes.advance(constant, wanted) {
            return None;
        }
        let set = self.scopes.set(constant)?;
        let Content::Const { ty, value } = &set.main.content else {
            return None;
        };
        let found = (ty.bound(&brand), set.value(*value).clone());
        if let ExpressionKind::RelativeName(unqualified) = &name.kind {
            self.must_be_qualified(constant, unqualified);
        }
        Some(found)
    }

    fn embed(&mut self, path: &Located<String>) -> Option<Rc<[u8]>> {
        let file = self.scopes.node(self.node).file;
        let problem = match self.scopes.loader.read_embed(file, &path.value) {
            Ok(bytes) => return Some(bytes.into()),
            Err(LoadError::NotFound) => format!("there is no '{}' to embed", path.value),
            Err(LoadError::Refused(reason)) => {
                format!("'{}' cannot be embedded: {reason}", path.value)
            }
        };
        self.scopes.error(self.node, path.span, problem);
        None
    }

    fn node_name(&mut self, id: u64) -> String {
        let node = self.scopes.find(id);
        node.map_or_else(String::new, |node| {
            self.scopes.node(node).declaration.name.value.clone()
        })
    }

    fn error(&mut self, span: Span, message: String, hint: Option<String>) {
        self.scopes.error_with_hint(self.node, span, message, hint);
    }
}

impl NamesIn<'_, '_> {
    /// A bare name in a value is an enumerant or `true`; a constant has to look different.
    fn must_be_qualified(&mut self, constant: NodeRef, name: &Located<String>) {
        let scope = self
            .scopes
            .node(constant)
            .parent
            .map(|parent| self.scopes.node(parent));
        let scope = scope.map_or("", |scope| scope.declaration.name.value.as_str());
        let hint = format!("write '{scope}.{}', if the constant is meant", name.value);
        self.scopes.error_with_hint(
            self.node,
            name.span,
            "names of constants must be qualified",
            Some(hint),
        );
    }
}
