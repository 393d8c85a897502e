//! Which nodes a request holds.
//!
//! All of the requested files; what they depend on; what that depends on in turn, and all scopes around it. What is
//! declared beside a dependency, unused, stays out.

use std::collections::HashMap;

use crate::node::{AnnotationRecord, Content, FieldContent, NodeRecord};
use crate::scope::{NodeRef, Scopes, State};
use crate::types::{Bindings, Brand, Type};

/// What to include beside a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Reach {
    parents: bool,
    children: bool,
}

impl Reach {
    /// Of a requested file and everything in it.
    const REQUESTED: Self = Self {
        parents: false,
        children: true,
    };
    /// Of a dependency.
    const DEPENDENCY: Self = Self {
        parents: true,
        children: false,
    };

    fn covers(self, other: Self) -> bool {
        (self.parents || !other.parents) && (self.children || !other.children)
    }

    fn and(self, other: Self) -> Self {
        Self {
            parents: self.parents || other.parents,
            children: self.children || other.children,
        }
    }
}

/// The nodes of a request.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    nodes: Vec<NodeRef>,
    documented: Vec<NodeRef>,
    seen: HashMap<NodeRef, Reach>,
}

/// What is still to do. A list instead of recursion: chains of dependencies are as long as files.
enum Step {
    Visit(NodeRef, Reach),
    /// Everything the node depends on was visited.
    Leave(NodeRef),
}

impl Selection {
    /// The nodes, each before what it depends on.
    pub(crate) fn nodes(&self) -> &[NodeRef] {
        &self.nodes
    }

    /// The nodes, each after what it depends on: the order of the source info.
    pub(crate) fn documented(&self) -> &[NodeRef] {
        &self.documented
    }

    /// Compiles and includes a file and what it needs.
    pub(crate) fn add_file(&mut self, scopes: &mut Scopes<'_>, root: NodeRef) {
        let mut steps = vec![Step::Visit(root, Reach::REQUESTED)];
        while let Some(step) = steps.pop() {
            match step {
                Step::Visit(node, reach) => {
                    let next = self.visit(scopes, node, reach);
                    steps.extend(next.into_iter().rev());
                }
                Step::Leave(node) => self.documented.push(node),
            }
        }
    }

    fn visit(&mut self, scopes: &mut Scopes<'_>, node: NodeRef, reach: Reach) -> Vec<Step> {
        let known = self.seen.get(&node).copied();
        if known.is_some_and(|known| known.covers(reach)) {
            return Vec::new();
        }
        self.seen.insert(node, known.unwrap_or_default().and(reach));
        let mut next = Vec::new();
        if known.is_none() && scopes.advance(node, State::Finished) {
            self.nodes.push(node);
            let found = dependencies(scopes, node);
            let found = found.into_iter().filter_map(|id| scopes.find(id));
            next.extend(found.map(|dependency| Step::Visit(dependency, Reach::DEPENDENCY)));
            next.push(Step::Leave(node));
        }
        if reach.parents {
            next.extend(
                scopes
                    .node(node)
                    .parent
                    .map(|parent| Step::Visit(parent, reach)),
            );
        }
        if reach.children {
            scopes.expand(node);
            next.extend(
                scopes
                    .node(node)
                    .nested
                    .iter()
                    .map(|child| Step::Visit(*child, reach)),
            );
            scopes.follow_all(node);
        }
        next
    }
}

/// IDs of what a node and its groups depend on.
fn dependencies(scopes: &Scopes<'_>, node: NodeRef) -> Vec<u64> {
    let mut found = Vec::new();
    if let Some(set) = scopes.set(node) {
        of_node(&set.main, &mut found);
        for aux in &set.aux {
            of_node(aux, &mut found);
        }
    }
    found
}

fn of_node(node: &NodeRecord<'_>, found: &mut Vec<u64>) {
    match &node.content {
        Content::File => {}
        Content::Struct(structure) => {
            for field in &structure.fields {
                if let FieldContent::Slot { ty, .. } = &field.content {
                    of_type(ty, found);
                }
                of_annotations(&field.annotations, found);
            }
        }
        Content::Enum(enumerants) => {
            for enumerant in enumerants {
                of_annotations(&enumerant.annotations, found);
            }
        }
        Content::Interface {
            superclasses,
            methods,
        } => {
            for superclass in superclasses {
                found.push(superclass.id);
                of_brand(&superclass.brand, found);
            }
            for method in methods {
                for list in [&method.params, &method.results] {
                    found.push(list.id);
                    of_brand(&list.brand, found);
                }
                of_annotations(&method.annotations, found);
            }
        }
        Content::Const { ty, .. } | Content::Annotation { ty, .. } => of_type(ty, found),
    }
    of_annotations(&node.annotations, found);
}

fn of_annotations(annotations: &[AnnotationRecord], found: &mut Vec<u64>) {
    found.extend(annotations.iter().map(|annotation| annotation.id));
}

fn of_type(ty: &Type, found: &mut Vec<u64>) {
    match ty {
        Type::List(element) => of_type(element, found),
        Type::Enum { id, brand } | Type::Struct { id, brand } | Type::Interface { id, brand } => {
            found.push(*id);
            of_brand(brand, found);
        }
        _ => {}
    }
}

fn of_brand(brand: &Brand, found: &mut Vec<u64>) {
    for scope in &brand.scopes {
        if let Bindings::Bind(types) = &scope.bindings {
            for ty in types {
                of_type(ty, found);
            }
        }
    }
}
