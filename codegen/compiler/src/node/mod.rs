//! Declarations to nodes of the schema.
//!
//! A node is made in two steps, as it is in the reference. The outline is everything but values of pointer
//! type; evaluating those takes the outlines of the types they are of, which may need this one. Each step
//! notices when it needs itself.

mod annotation;
mod checks;
mod constant;
mod enumeration;
mod interface;
mod members;
mod params;
mod record;
mod shape;
mod structure;

pub(crate) use record::{
    AnnotationRecord, Content, EnumerantRecord, FieldContent, FieldRecord, MethodRecord,
    NodeRecord, NodeSet, Reference, StructRecord, ValueRef,
};
pub(crate) use shape::Shapes;

use std::rc::Rc;

use self::record::Unfinished;
use crate::ast::{DeclKind, Expression, ExpressionKind, Located, Param, Span, Targets};
use crate::scope::{BrandScope, Branded, Implicit, NODE_STEPS, NodeRef, Scopes, State};
use crate::types::Type;
use crate::value::{self, Value};

impl<'a> Scopes<'a> {
    /// Compiles a node up to a state; `false` if that needs the node itself, which is reported.
    pub(crate) fn advance(&mut self, node: NodeRef, wanted: State) -> bool {
        let this = self.node(node);
        if this.state >= wanted {
            return true;
        }
        let span = this.span();
        if this.busy {
            self.error(node, span, "declaration depends on itself");
            return false;
        }
        self.node_mut(node).busy = true;
        let done = self.deeper(NODE_STEPS, node, span, |scopes| {
            scopes.expand(node);
            if wanted >= State::Outlined && scopes.node(node).state < State::Outlined {
                let set = Translator::new(scopes, node).outline();
                scopes.put_set(node, set);
                scopes.node_mut(node).state = State::Outlined;
            }
            if wanted >= State::Finished {
                scopes.finish(node);
                scopes.node_mut(node).state = State::Finished;
            }
            Some(())
        });
        self.node_mut(node).busy = false;
        done.is_some()
    }

    /// Evaluates the values of pointer type.
    fn finish(&mut self, node: NodeRef) {
        let Some(set) = self.set_mut(node) else {
            return;
        };
        let unfinished = std::mem::take(&mut set.unfinished);
        for Unfinished { value, source, ty } in unfinished {
            if let Some(result) = self.evaluate(node, source, &ty, false)
                && let Some(slot) = self
                    .set_mut(node)
                    .and_then(|set| set.values.get_mut(value.0))
            {
                *slot = result;
            }
        }
    }

    fn evaluate(
        &mut self,
        node: NodeRef,
        source: &Expression,
        ty: &Type,
        primitive_only: bool,
    ) -> Option<Value> {
        let steps = expression_steps(source);
        self.deeper(steps, node, source.span, |scopes| {
            scopes.evaluate_here(node, source, ty, primitive_only)
        })
    }

    fn evaluate_here(
        &mut self,
        node: NodeRef,
        source: &Expression,
        ty: &Type,
        primitive_only: bool,
    ) -> Option<Value> {
        // Other nodes may be finished meanwhile, and take from the same budget.
        let before = self.budget.clone();
        let mut budget = before.clone();
        let mut names = constant::NamesIn::new(self, node);
        let value = value::compile(&mut names, &mut budget, source, ty, primitive_only);
        self.budget.charge(&before, &budget);
        value
    }
}

/// How deep an expression is; the parser limits it.
fn expression_steps(source: &Expression) -> usize {
    let deepest = |params: &[Param]| {
        params
            .iter()
            .map(|param| expression_steps(&param.value))
            .max()
            .unwrap_or(0)
    };
    match &source.kind {
        ExpressionKind::List(elements) => {
            1 + elements.iter().map(expression_steps).max().unwrap_or(0)
        }
        ExpressionKind::Tuple(params) => 1 + deepest(params),
        ExpressionKind::Application { function, params } => {
            1 + expression_steps(function).max(deepest(params))
        }
        ExpressionKind::Member { parent, .. } => 1 + expression_steps(parent),
        _ => 1,
    }
}

/// Makes the outline of one node.
struct Translator<'s, 'a> {
    scopes: &'s mut Scopes<'a>,
    node: NodeRef,
    brand: Rc<BrandScope>,
    aux: Vec<NodeRecord<'a>>,
    values: Vec<Value>,
    unfinished: Vec<Unfinished<'a>>,
}

impl<'s, 'a> Translator<'s, 'a> {
    fn new(scopes: &'s mut Scopes<'a>, node: NodeRef) -> Self {
        let brand = BrandScope::around(scopes, node);
        Self {
            scopes,
            node,
            brand,
            aux: Vec::new(),
            values: Vec::new(),
            unfinished: Vec::new(),
        }
    }

    fn outline(mut self) -> NodeSet<'a> {
        let this = self.scopes.node(self.node);
        let declaration = this.declaration;
        let nested = this.nested.iter().map(|nested| {
            let nested = self.scopes.node(*nested);
            (nested.declaration.name.value.as_str(), nested.id)
        });
        let mut main = NodeRecord {
            id: this.id,
            display_name: Rc::clone(&this.display_name),
            prefix_length: prefix_length(&this.display_name),
            scope_id: this.parent.map_or(0, |parent| self.scopes.node(parent).id),
            parameters: &declaration.parameters,
            is_generic: self.brand.is_generic(),
            nested: Some(nested.collect()),
            annotations: Vec::new(),
            content: Content::File,
            source_id: this.id,
            doc: declaration.doc.as_deref(),
            member_docs: Vec::new(),
        };
        self.check_names(&declaration.nested, &declaration.kind);
        let target: fn(&Targets) -> bool = match &declaration.kind {
            DeclKind::Const { ty, value } => {
                main.content = self.constant(ty, value);
                |targets| targets.constant
            }
            DeclKind::Annotation { ty, targets } => {
                let ty = self.type_of(ty, Implicit::none()).unwrap_or_default();
                main.content = Content::Annotation {
                    ty,
                    targets: *targets,
                };
                |targets| targets.annotation
            }
            DeclKind::Enum => {
                self.enumeration(&declaration.nested, &mut main);
                |targets| targets.enumeration
            }
            DeclKind::Struct => {
                self.structure(&declaration.nested, &mut main);
                |targets| targets.structure
            }
            DeclKind::Interface { superclasses } => {
                self.interface(superclasses, &declaration.nested, &mut main);
                |targets| targets.interface
            }
            _ => |targets| targets.file,
        };
        main.annotations = self.annotations(&declaration.annotations, target);
        NodeSet {
            main,
            aux: self.aux,
            values: self.values,
            unfinished: self.unfinished,
        }
    }

    fn constant(&mut self, ty: &'a Expression, value: &'a Expression) -> Content<'a> {
        let ty = self.type_of(ty, Implicit::none());
        let reference = match &ty {
            Some(ty) => self.value(value, ty),
            None => self.store(Value::Void),
        };
        Content::Const {
            ty: ty.unwrap_or_default(),
            value: reference,
        }
    }

    fn named(&mut self, source: &'a Expression, implicit: Implicit<'_>) -> Option<Branded> {
        let brand = Rc::clone(&self.brand);
        self.scopes.named(&brand, source, self.node, implicit)
    }

    fn type_of(&mut self, source: &'a Expression, implicit: Implicit<'_>) -> Option<Type> {
        let branded = self.named(source, implicit)?;
        self.scopes.type_of(self.node, &branded, source.span)
    }

    /// Evaluates a value now, if it is not of pointer type; notes it for later otherwise.
    fn value(&mut self, source: &'a Expression, ty: &Type) -> ValueRef {
        let reference = self.store(Value::default_of(ty));
        if is_evaluated_later(ty) {
            self.unfinished.push(Unfinished {
                value: reference,
                source,
                ty: ty.clone(),
            });
        } else {
            if let Some(value) = self.scopes.evaluate(self.node, source, ty, true) {
                self.values[reference.0] = value;
            }
        }
        reference
    }

    fn store(&mut self, value: Value) -> ValueRef {
        self.values.push(value);
        ValueRef(self.values.len() - 1)
    }

    fn error(&mut self, span: Span, message: impl Into<String>) {
        self.scopes.error(self.node, span, message);
    }
}

fn is_evaluated_later(ty: &Type) -> bool {
    ty.is_pointer() && !matches!(ty, Type::Text | Type::Data)
}

/// Bytes of a display name before the last part of it.
fn prefix_length(display_name: &str) -> usize {
    let dot = display_name.rfind('.').map_or(0, |at| at + 1);
    match display_name.rfind(':') {
        Some(colon) if colon > dot => colon + 1,
        _ => dot,
    }
}

/// Checks that ordinals, which come in rising order, are 0, 1, 2 and so on.
#[derive(Default)]
struct OrdinalCheck<'a> {
    expected: u64,
    last: Option<&'a Located<u64>>,
}

impl<'a> OrdinalCheck<'a> {
    fn check(&mut self, translator: &mut Translator<'_, 'a>, ordinal: &'a Located<u64>) {
        if ordinal.value < self.expected {
            translator.error(
                ordinal.span,
                format!("ordinal @{} is used twice", ordinal.value),
            );
            if let Some(last) = self.last.take() {
                translator.error(
                    last.span,
                    format!("ordinal @{} is first used here", last.value),
                );
            }
        } else if ordinal.value > self.expected {
            let message = format!(
                "ordinal @{} is skipped; ordinals must be 0, 1, 2 and so on",
                self.expected
            );
            translator.error(ordinal.span, message);
            self.expected = ordinal.value.saturating_add(1);
        } else {
            self.expected += 1;
            self.last = Some(ordinal);
        }
    }
}
