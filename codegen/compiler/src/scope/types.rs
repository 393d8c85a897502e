//! From bound declarations to types.

use std::rc::Rc;

use super::{Body, BrandScope, Branded, Builtin, Kind, NodeRef, Scopes, Target};
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
pub(crate) const MAX_TYPE_DEPTH: usize = 64;

/// Most names of all the types of a compilation, counted in the same way.
///
/// One of them is less than 100 bytes of a request, whose size is limited by its own format.
pub(crate) const MAX_TOTAL_WEIGHT: usize = 4_000_000;

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

    /// Takes from [`MAX_TOTAL_WEIGHT`]; reports when that is used up.
    pub(crate) fn charge_types(&mut self, node: NodeRef, span: Span, weight: usize) -> bool {
        if self.type_weight >= MAX_TOTAL_WEIGHT {
            return false;
        }
        self.type_weight = self.type_weight.saturating_add(weight);
        let is_left = self.type_weight < MAX_TOTAL_WEIGHT;
        if !is_left {
            self.error(
                node,
                span,
                "the types of this schema are too large all together",
            );
        }
        is_left
    }

    /// The type that a declaration is; reports if it is none.
    pub(crate) fn type_of(&mut self, node: NodeRef, branded: &Branded, span: Span) -> Option<Type> {
        let span = branded.span.unwrap_or(span);
        if !self.charge_types(node, span, 1) {
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
