//! The tree of scopes.

use std::collections::HashMap;
use std::rc::Rc;

use super::alias::AliasRef;
use super::{ResolvedDecl, Scopes, Target};
use crate::ast::{DeclId, DeclKind, Declaration, Span};
use crate::module::FileRef;
use crate::type_id;

/// Which node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NodeRef(u32);

/// Kinds of nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Const,
    Annotation,
    Enum,
    Struct,
    Interface,
}

impl Kind {
    /// The kind of node that a declaration makes; `None` if it makes none.
    pub(crate) fn of(kind: &DeclKind) -> Option<Self> {
        Some(match kind {
            DeclKind::File => Self::File,
            DeclKind::Const { .. } => Self::Const,
            DeclKind::Annotation { .. } => Self::Annotation,
            DeclKind::Enum => Self::Enum,
            DeclKind::Struct => Self::Struct,
            DeclKind::Interface { .. } => Self::Interface,
            _ => return None,
        })
    }
}

/// How far a node is compiled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    /// It has an ID.
    #[default]
    Stub,
    /// Its members have nodes.
    Expanded,
    /// All of it is known but the values of pointer type.
    Outlined,
    /// All of it is known.
    Finished,
}

/// Something with an ID.
#[derive(Debug)]
pub(crate) struct Node<'a> {
    pub(crate) file: FileRef,
    pub(crate) parent: Option<NodeRef>,
    pub(crate) declaration: &'a Declaration,
    pub(crate) id: u64,
    /// `file:Path.To.It`
    pub(crate) display_name: Rc<str>,
    pub(crate) kind: Kind,
    pub(crate) state: State,
    /// Whether it is being compiled: who needs more of it now has found a cycle.
    pub(crate) busy: bool,
    /// Declarations inside that are nodes, in the order of the text.
    pub(crate) nested: Vec<NodeRef>,
    pub(super) members: HashMap<&'a str, Member>,
    /// All aliases inside, in the order of their names.
    pub(super) aliases: Vec<AliasRef>,
}

/// What a name inside a scope stands for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Member {
    Node(NodeRef),
    Alias(AliasRef),
}

impl Node<'_> {
    /// Where to report errors about it.
    pub(crate) fn span(&self) -> Span {
        let name = &self.declaration.name;
        if name.value.is_empty() {
            self.declaration.span
        } else {
            name.span
        }
    }

    /// Number of its generic parameters.
    pub(crate) fn params(&self) -> usize {
        self.declaration.parameters.len()
    }
}

impl<'a> Scopes<'a> {
    pub(crate) fn node(&self, node: NodeRef) -> &Node<'a> {
        &self.nodes[node.0 as usize]
    }

    pub(crate) fn node_mut(&mut self, node: NodeRef) -> &mut Node<'a> {
        &mut self.nodes[node.0 as usize]
    }

    /// The node with an ID.
    pub(crate) fn find(&self, id: u64) -> Option<NodeRef> {
        self.by_id.get(&id).copied()
    }

    pub(super) fn add_root(
        &mut self,
        file: FileRef,
        declaration: &'a Declaration,
        name: &str,
    ) -> NodeRef {
        self.add(file, None, declaration, name.into(), Kind::File)
    }

    fn add(
        &mut self,
        file: FileRef,
        parent: Option<NodeRef>,
        declaration: &'a Declaration,
        display_name: Rc<str>,
        kind: Kind,
    ) -> NodeRef {
        let wanted = match &declaration.id {
            DeclId::Uid(uid) => uid.value,
            _ => type_id::child(
                parent.map_or(0, |parent| self.node(parent).id),
                &declaration.name.value,
            ),
        };
        let node = NodeRef(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(Node {
            file,
            parent,
            declaration,
            id: wanted,
            display_name,
            kind,
            state: State::Stub,
            busy: false,
            nested: Vec::new(),
            members: HashMap::new(),
            aliases: Vec::new(),
        });
        let id = self.claim_id(wanted, node);
        self.node_mut(node).id = id;
        node
    }

    /// Gives `node` the ID it wants, or reports who has it and makes one up.
    fn claim_id(&mut self, wanted: u64, node: NodeRef) -> u64 {
        let mut id = wanted;
        while let Some(owner) = self.find(id) {
            // Without the top bit it was made up already.
            if id & type_id::TOP_BIT != 0 {
                let (own, other) = (self.node(node).span(), self.node(owner).span());
                let hint = format!(
                    "{} has this ID too; are both the same file, found by two paths?",
                    self.node(owner).display_name
                );
                self.error_with_hint(node, own, format!("duplicate ID @0x{id:x}"), Some(hint));
                self.error(owner, other, format!("ID @0x{id:x} is first used here"));
            }
            id = self.next_bogus_id;
            self.next_bogus_id += 1;
        }
        self.by_id.insert(id, node);
        id
    }

    /// Makes nodes of the members of a scope.
    pub(crate) fn expand(&mut self, node: NodeRef) {
        let this = self.node(node);
        if this.state >= State::Expanded {
            return;
        }
        let (file, declaration, display_name) =
            (this.file, this.declaration, Rc::clone(&this.display_name));
        let separator = if this.parent.is_none() { ':' } else { '.' };
        let mut nested = Vec::new();
        let mut members: HashMap<&'a str, Member> = HashMap::new();
        let mut aliases = Vec::new();
        for inner in &declaration.nested {
            let name = inner.name.value.as_str();
            if let DeclKind::Using { target } = &inner.kind {
                let alias = self.add_alias(node, target, inner.name.span);
                aliases.push((name, alias));
                members.entry(name).or_insert(Member::Alias(alias));
            } else if let Some(kind) = Kind::of(&inner.kind) {
                let full_name = self.full_name(node, &display_name, separator, name);
                let child = self.add(file, Some(node), inner, full_name, kind);
                nested.push(child);
                let entry = members.entry(name).or_insert(Member::Node(child));
                if matches!(entry, Member::Alias(_)) {
                    *entry = Member::Node(child);
                }
            }
        }
        aliases.sort_by_key(|(name, _)| *name);
        let this = self.node_mut(node);
        this.nested = nested;
        this.members = members;
        this.aliases = aliases.into_iter().map(|(_, alias)| alias).collect();
        this.state = State::Expanded;
    }

    /// A node as if its name had been found in its own scope.
    pub(crate) fn declaration_of(&self, node: NodeRef) -> ResolvedDecl {
        let this = self.node(node);
        ResolvedDecl {
            id: this.id,
            params: this.params(),
            scope_id: this.parent.map_or(0, |parent| self.node(parent).id),
            target: Target::Node(node, this.kind),
            brand: None,
        }
    }

    /// The file scope around a node.
    pub(crate) fn top_of(&self, node: NodeRef) -> NodeRef {
        let mut top = node;
        while let Some(parent) = self.node(top).parent {
            top = parent;
        }
        top
    }
}
