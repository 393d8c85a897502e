//! Brands: what the generic parameters around a declaration are bound to while a type expression is read.

use std::rc::Rc;

use super::{Builtin, Kind, NodeRef, Resolved, ResolvedDecl, Scopes, Target};
use crate::ast::Span;
use crate::types::{AnyPointer, Bindings, Brand, Type};

/// Largest type, in names that it is made of once every alias in it is written out.
///
/// Aliases double a type with each line (`using B = Pair(A, A)`), so a short file could ask for more
/// memory than there is. Types that people write stay below a hundred.
pub(crate) const MAX_TYPE_WEIGHT: usize = 2_000;

/// Most type arguments inside of type arguments: `Box(Box(Text))` has two.
///
/// Readers follow 64 pointers into each other unless told otherwise, and a level takes four of them. The limit is what
/// keeps a chain of aliases from exhausting the stack.
pub(crate) const MAX_TYPE_DEPTH: usize = 100;

/// Most names of all the types of a compilation, counted in the same way.
///
/// One of them is less than 100 bytes of a request, whose size is limited by its own format.
pub(crate) const MAX_TOTAL_WEIGHT: usize = 4_000_000;

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
    parent: Option<Rc<Self>>,
    id: u64,
    /// Number of parameters it has.
    arity: usize,
    /// Whether we are inside of it, so that its parameters stay what they are.
    inherited: bool,
    /// What they are bound to, if they are.
    bound: Rc<[Branded]>,
    weight: usize,
    depth: usize,
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
    fn new(
        parent: Option<Rc<Self>>,
        id: u64,
        arity: usize,
        inherited: bool,
        bound: Rc<[Branded]>,
    ) -> Rc<Self> {
        let (weight, depth) = parent
            .as_ref()
            .map_or((0, 0), |parent| (parent.weight, parent.depth));
        let weight = bound
            .iter()
            .fold(weight, |sum, one| sum.saturating_add(one.weight()));
        let depth = bound
            .iter()
            .fold(depth, |most, one| most.max(one.depth() + 1));
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

impl Scopes<'_> {
    /// Applies a declaration to parameters; reports at `span` why that is not possible.
    pub(super) fn apply(
        &mut self,
        node: NodeRef,
        generic: &Branded,
        bound: Vec<Branded>,
        span: Span,
    ) -> Option<Branded> {
        let Body::Decl(decl, brand) = &generic.body else {
            self.error(node, span, "a generic parameter takes no parameters itself");
            return None;
        };
        let problem = if !brand.bound.is_empty() {
            Some("generic parameters are given twice".to_owned())
        } else if brand.arity == 0 && !bound.is_empty() {
            Some("declaration does not accept generic parameters".to_owned())
        } else if bound.len() != brand.arity {
            let many = if bound.len() > brand.arity {
                "many"
            } else {
                "few"
            };
            Some(format!(
                "too {many} generic parameters: {} instead of {}",
                bound.len(),
                brand.arity
            ))
        } else {
            None
        };
        if let Some(problem) = problem {
            self.error(node, span, problem);
            return None;
        }
        if decl.target != Target::Builtin(Builtin::List) {
            for one in &bound {
                let is_pointer = match one.target() {
                    None => true,
                    Some(Target::Builtin(builtin)) => builtin.can_be_parameter(),
                    Some(Target::Node(_, kind)) => matches!(kind, Kind::Struct | Kind::Interface),
                };
                if !is_pointer {
                    self.error(
                        node,
                        one.span.unwrap_or(span),
                        "only pointer types can be used as generic parameters",
                    );
                }
            }
        }
        let brand = BrandScope::new(
            brand.parent.clone(),
            brand.id,
            brand.arity,
            false,
            bound.into(),
        );
        Some(Branded {
            body: Body::Decl(decl.clone(), brand),
            span: Some(span),
        })
    }

    /// What the scopes of `brand` are bound to, innermost first; errors go to `node` at `span`.
    pub(crate) fn brand(&mut self, node: NodeRef, brand: &Rc<BrandScope>, span: Span) -> Brand {
        let mut scopes = Vec::new();
        let mut scope = Some(brand);
        while let Some(here) = scope {
            if !here.bound.is_empty() || (here.inherited && here.arity > 0) {
                let bindings = if here.inherited {
                    Bindings::Inherit
                } else {
                    Bindings::Bind(
                        here.bound
                            .iter()
                            .map(|one| self.type_of(node, one, span).unwrap_or_default())
                            .collect(),
                    )
                };
                scopes.push(crate::types::BrandScope {
                    scope_id: here.id,
                    bindings,
                });
            }
            scope = here.parent.as_ref();
        }
        Brand { scopes }
    }

    /// The type that a declaration is; reports if it is none.
    pub(crate) fn type_of(&mut self, node: NodeRef, branded: &Branded, span: Span) -> Option<Type> {
        let span = branded.span.unwrap_or(span);
        self.type_weight += 1;
        if self.type_weight >= MAX_TOTAL_WEIGHT {
            if self.type_weight == MAX_TOTAL_WEIGHT {
                self.error(
                    node,
                    span,
                    "the types of this schema are too large all together",
                );
            }
            return None;
        }
        let (decl, brand) = match &branded.body {
            Body::Parameter { scope_id: 0, index } => {
                return Some(Type::AnyPointer(AnyPointer::ImplicitMethodParameter {
                    index: *index,
                }));
            }
            Body::Parameter { scope_id, index } => {
                return Some(Type::AnyPointer(AnyPointer::Parameter {
                    scope_id: *scope_id,
                    index: *index,
                }));
            }
            Body::Decl(decl, brand) => (decl, brand),
        };
        match decl.target {
            Target::Node(_, Kind::Enum) => Some(Type::Enum {
                id: decl.id,
                brand: self.brand(node, brand, span),
            }),
            Target::Node(_, Kind::Struct) => Some(Type::Struct {
                id: decl.id,
                brand: self.brand(node, brand, span),
            }),
            Target::Node(_, Kind::Interface) => Some(Type::Interface {
                id: decl.id,
                brand: self.brand(node, brand, span),
            }),
            Target::Node(..) => {
                let name = self.text(node, span);
                self.error(node, span, format!("'{name}' is not a type"));
                None
            }
            Target::Builtin(Builtin::List) => self.list_type(node, brand, span),
            Target::Builtin(builtin) => {
                if builtin == Builtin::Object {
                    let hint = Some("write 'AnyPointer'".to_owned());
                    self.error_with_hint(node, span, "'Object' was renamed in version 0.4", hint);
                }
                builtin.as_type()
            }
        }
    }

    fn list_type(&mut self, node: NodeRef, brand: &BrandScope, span: Span) -> Option<Type> {
        let [element] = &*brand.bound else {
            self.error(node, span, "'List' requires exactly one parameter");
            return None;
        };
        let element = self.type_of(node, element, span)?;
        // A parameter may be bound to any pointer, which has no list. The reference notices only the first two of a
        // declaration, and schemas may rely on that.
        let refused = match element {
            Type::AnyPointer(AnyPointer::Any) => Some("AnyPointer"),
            Type::AnyPointer(AnyPointer::Struct) => Some("AnyStruct"),
            Type::AnyPointer(
                AnyPointer::Parameter { index: 0 | 1, .. }
                | AnyPointer::ImplicitMethodParameter { index: 0 | 1 },
            ) => Some("AnyPointer"),
            _ => None,
        };
        if let Some(name) = refused {
            self.error(node, span, format!("'List({name})' is not supported"));
            return None;
        }
        Some(Type::List(Box::new(element)))
    }
}
