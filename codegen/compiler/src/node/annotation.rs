//! Annotations where they are applied.

use super::{AnnotationRecord, Content, Translator, ValueRef};
use crate::ast::{AnnotationApplication, Span, Targets};
use crate::scope::{Body, Implicit, Kind, NodeRef, State, Target};
use crate::types::Type;
use crate::value::Value;

impl<'a> Translator<'_, 'a> {
    /// Annotations of a declaration of the kind that `target` picks.
    pub(super) fn annotations(
        &mut self,
        applications: &'a [AnnotationApplication],
        target: fn(&Targets) -> bool,
    ) -> Vec<AnnotationRecord> {
        applications
            .iter()
            .map(|application| self.annotation(application, target))
            .collect()
    }

    fn annotation(
        &mut self,
        application: &'a AnnotationApplication,
        target: fn(&Targets) -> bool,
    ) -> AnnotationRecord {
        self.applied_annotation(application, target)
            .unwrap_or_else(|| AnnotationRecord {
                id: 0,
                brand: crate::types::Brand::default(),
                value: self.store(Value::Void),
            })
    }

    fn applied_annotation(
        &mut self,
        application: &'a AnnotationApplication,
        target: fn(&Targets) -> bool,
    ) -> Option<AnnotationRecord> {
        let span = application.name.span;
        let branded = self.named(&application.name, Implicit::none())?;
        let Body::Decl(decl, brand) = &branded.body else {
            return self.refuse(span, "is not an annotation");
        };
        let Target::Node(declared, Kind::Annotation) = decl.target else {
            return self.refuse(span, "is not an annotation");
        };
        let brand = self.scopes.brand(self.node, brand, span);
        if !self.scopes.advance(declared, State::Outlined) {
            return None;
        }
        let (ty, targets) = self.declared_annotation(declared)?;
        if !target(&targets) {
            self.refuse::<()>(span, "cannot be applied to this kind of declaration");
        }
        let ty = ty.bound(&brand);
        let value = self.annotation_value(application, &ty);
        Some(AnnotationRecord {
            id: decl.id,
            brand,
            value,
        })
    }

    fn annotation_value(&mut self, application: &'a AnnotationApplication, ty: &Type) -> ValueRef {
        match &application.value {
            Some(value) => self.value(value, ty),
            None => {
                if *ty != Type::Void {
                    self.refuse::<()>(application.name.span, "requires a value");
                }
                self.store(Value::default_of(ty))
            }
        }
    }

    fn declared_annotation(&self, declared: NodeRef) -> Option<(Type, Targets)> {
        match &self.scopes.set(declared)?.main.content {
            Content::Annotation { ty, targets } => Some((ty.clone(), *targets)),
            _ => None,
        }
    }

    fn refuse<T>(&mut self, span: Span, what: &str) -> Option<T> {
        let name = self.scopes.text(self.node, span);
        self.error(span, format!("'{name}' {what}"));
        None
    }
}
