//! Brands: what the generic parameters around a declaration are bound to while a type expression is read.

use std::rc::Rc;

use super::types::{MAX_TYPE_DEPTH, MAX_TYPE_WEIGHT};
use super::{Builtin, NodeRef, Resolved, ResolvedDecl, Scopes, Target};
use crate::ast::Span;
use crate::types::{AnyPointer, Bindings, Type};

/// A declaration or parameter with what the scopes around it are bound to.
#[derive(Clone, Debug)]
pub(crate) struct Branded {
    pub(crate) body: Body,
    /// Where it is written, if that is in the file that is being compiled.
    pub(crate) span: Option<Span>,
}

/// What a [`Branded`] is.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    /// A declaration.
    Decl(ResolvedDecl, Rc<BrandScope>),
    /// A parameter that is not bound here; that of a method, if `scope_id` is zero.
    Parameter { scope_id: u64, index: u16 },
}

/// The bindings around one scope.
#[derive(Debug)]
pub(crate) struct BrandScope {
    pub(super) parent: Option<Rc<Self>>,
    pub(super) id: u64,
    /// Number of parameters it has.
    pub(super) arity: usize,
    /// Whether we are inside of it, so that its parameters stay what they are.
    pub(super) inherited: bool,
    /// What they are bound to, if they are.
    pub(super) bound: Rc<[Branded]>,
    pub(super) weight: usize,
    pub(super) depth: usize,
}

impl Branded {
    /// The kind of declaration it is; `None` for a parameter.
    pub(crate) fn target(&self) -> Option<Target> {
        match &self.body {
            Body::Decl(decl, _) => Some(decl.target),
            Body::Parameter { .. } => None,
        }
    }

    fn weight(&self) -> usize {
        match &self.body {
            Body::Decl(_, brand) => brand.weight.saturating_add(1),
            Body::Parameter { .. } => 1,
        }
    }

    fn depth(&self) -> usize {
        match &self.body {
            Body::Decl(_, brand) => brand.depth,
            Body::Parameter { .. } => 0,
        }
    }

    /// Why a type like this is refused, if it is.
    pub(super) fn excess(&self) -> Option<String> {
        if self.weight() > MAX_TYPE_WEIGHT {
            Some(format!("type is made of more than {MAX_TYPE_WEIGHT} names"))
        } else if self.depth() > MAX_TYPE_DEPTH {
            Some(format!(
                "type has parameters more than {MAX_TYPE_DEPTH} levels deep"
            ))
        } else {
            None
        }
    }

    fn builtin(builtin: Builtin, bound: Rc<[Self]>) -> Self {
        let decl = ResolvedDecl {
            id: builtin.id(),
            params: builtin.params(),
            scope_id: 0,
            target: Target::Builtin(builtin),
            brand: None,
        };
        let brand = BrandScope::new(None, builtin.id(), builtin.params(), false, bound);
        Self {
            body: Body::Decl(decl, brand),
            span: None,
        }
    }
}

impl BrandScope {
    pub(super) fn new(
        parent: Option<Rc<Self>>,
        id: u64,
        arity: usize,
        inherited: bool,
        bound: Rc<[Branded]>,
    ) -> Rc<Self> {
        let outer = parent.as_ref().map_or(0, |parent| parent.weight);
        let weight = bound
            .iter()
            .fold(outer, |sum, one| sum.saturating_add(one.weight()));
        let outer = parent.as_ref().map_or(0, |parent| parent.depth);
        let depth = bound
            .iter()
            .map(|one| one.depth() + 1)
            .max()
            .unwrap_or(0)
            .max(outer);
        Rc::new(Self {
            parent,
            id,
            arity,
            inherited,
            bound,
            weight,
            depth,
        })
    }

    /// The scopes around `node` and itself, all inherited: what a type written there sees.
    pub(crate) fn around(scopes: &Scopes<'_>, node: NodeRef) -> Rc<Self> {
        let this = scopes.node(node);
        let parent = this.parent.map(|parent| Self::around(scopes, parent));
        Self::new(parent, this.id, this.params(), true, Rc::new([]))
    }

    /// Whether this scope or one around it has parameters.
    pub(crate) fn is_generic(&self) -> bool {
        self.arity > 0
            || self
                .parent
                .as_ref()
                .is_some_and(|parent| parent.is_generic())
    }

    /// A scope inside this one, not bound.
    pub(crate) fn push(self: &Rc<Self>, id: u64, arity: usize) -> Rc<Self> {
        Self::new(Some(Rc::clone(self)), id, arity, false, Rc::new([]))
    }

    /// This scope or one around it; an empty one, if `id` is elsewhere.
    fn pop(self: &Rc<Self>, id: u64) -> Rc<Self> {
        let mut scope = Some(self);
        while let Some(here) = scope {
            if here.id == id {
                return Rc::clone(here);
            }
            scope = here.parent.as_ref();
        }
        Self::new(None, id, 0, false, Rc::new([]))
    }

    fn find(&self, id: u64) -> Option<&Self> {
        let mut scope = Some(self);
        while let Some(here) = scope {
            if here.id == id {
                return Some(here);
            }
            scope = here.parent.as_deref();
        }
        None
    }

    /// What a parameter is bound to; `None` if it stays a parameter.
    fn parameter(&self, scope_id: u64, index: u16) -> Option<Branded> {
        let scope = self.find(scope_id);
        match scope.and_then(|scope| scope.bound.get(usize::from(index))) {
            Some(bound) => Some(bound.clone()),
            None if scope.is_some_and(|scope| scope.inherited) => None,
            None => Some(Branded::builtin(Builtin::AnyPointer, Rc::new([]))),
        }
    }

    /// What a name means here: with the bindings around it, and a bound parameter replaced.
    pub(super) fn interpret(
        self: &Rc<Self>,
        scopes: &Scopes<'_>,
        found: Resolved,
        span: Span,
    ) -> Branded {
        match found {
            Resolved::Decl(decl) => {
                let around = self.pop(decl.scope_id);
                let brand = match &decl.brand {
                    Some(brand) => around.evaluate(scopes, &decl, &brand.scopes),
                    None => around.push(decl.id, decl.params),
                };
                Branded {
                    body: Body::Decl(decl, brand),
                    span: Some(span),
                }
            }
            Resolved::Parameter { scope_id, index } => {
                self.parameter(scope_id, index).unwrap_or(Branded {
                    body: Body::Parameter { scope_id, index },
                    span: Some(span),
                })
            }
        }
    }

    /// The opposite of [`Scopes::brand`], seen from here.
    fn evaluate(
        &self,
        scopes: &Scopes<'_>,
        decl: &ResolvedDecl,
        brand: &[crate::types::BrandScope],
    ) -> Rc<Self> {
        let (bound, inherited, rest) = match brand.split_first() {
            Some((first, rest)) if first.scope_id == decl.id => match &first.bindings {
                Bindings::Bind(types) => (
                    types.iter().map(|ty| self.decompile(scopes, ty)).collect(),
                    false,
                    rest,
                ),
                Bindings::Inherit => match self.find(decl.id) {
                    Some(scope) => (Rc::clone(&scope.bound), scope.inherited, rest),
                    None => (Rc::new([]) as Rc<[Branded]>, false, rest),
                },
            },
            _ => (Rc::new([]) as Rc<[Branded]>, false, brand),
        };
        let parent = match decl.target {
            Target::Node(node, _) => scopes.node(node).parent,
            Target::Builtin(_) => None,
        };
        let parent =
            parent.map(|parent| self.evaluate(scopes, &scopes.declaration_of(parent), rest));
        Self::new(parent, decl.id, decl.params, inherited, bound)
    }

    /// The opposite of [`Scopes::type_of`], seen from here.
    fn decompile(&self, scopes: &Scopes<'_>, ty: &Type) -> Branded {
        let plain = |builtin| Branded::builtin(builtin, Rc::new([]));
        match ty {
            Type::Void => plain(Builtin::Void),
            Type::Bool => plain(Builtin::Bool),
            Type::Int8 => plain(Builtin::Int8),
            Type::Int16 => plain(Builtin::Int16),
            Type::Int32 => plain(Builtin::Int32),
            Type::Int64 => plain(Builtin::Int64),
            Type::UInt8 => plain(Builtin::UInt8),
            Type::UInt16 => plain(Builtin::UInt16),
            Type::UInt32 => plain(Builtin::UInt32),
            Type::UInt64 => plain(Builtin::UInt64),
            Type::Float32 => plain(Builtin::Float32),
            Type::Float64 => plain(Builtin::Float64),
            Type::Text => plain(Builtin::Text),
            Type::Data => plain(Builtin::Data),
            Type::List(element) => {
                Branded::builtin(Builtin::List, Rc::new([self.decompile(scopes, element)]))
            }
            Type::Enum { id, brand }
            | Type::Struct { id, brand }
            | Type::Interface { id, brand } => {
                let Some(node) = scopes.find(*id) else {
                    return plain(Builtin::AnyPointer);
                };
                let decl = scopes.declaration_of(node);
                let brand = self.evaluate(scopes, &decl, &brand.scopes);
                Branded {
                    body: Body::Decl(decl, brand),
                    span: None,
                }
            }
            Type::AnyPointer(AnyPointer::Parameter { scope_id, index }) => {
                self.parameter(*scope_id, *index).unwrap_or(Branded {
                    body: Body::Parameter {
                        scope_id: *scope_id,
                        index: *index,
                    },
                    span: None,
                })
            }
            // The reference makes the same of all of these.
            Type::AnyPointer(_) => plain(Builtin::AnyPointer),
        }
    }
}
