//! Names: the tree of scopes, and what an expression that names something means.
//!
//! The tree grows where it is looked at: the members of a scope become nodes at the first lookup in
//! it, an alias is resolved when its name is used, and an import is read when something in it is.

mod alias;
mod brand;
mod builtin;
mod expression;
mod lookup;
mod suggest;
mod tree;
mod types;

pub(crate) use alias::AliasRef;
pub(crate) use brand::{Body, BrandScope, Branded};
pub(crate) use builtin::Builtin;
pub(crate) use expression::Implicit;
pub(crate) use tree::{Kind, Node, NodeRef, State};

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

use crate::ast::Span;
use crate::diagnostic::Diagnostic;
use crate::module::{FileRef, Files, LoadError, Loader};
use crate::node::NodeSet;
use crate::value::Budget;

/// How deep the compiler follows one thing into the next: an alias of an alias, a constant that is made of a constant,
/// an expression in an expression. Each is worth a few steps, by the stack that it takes.
///
/// The limit is what keeps a schema from exhausting the stack: a step is 2 KiB of it without optimisation, and threads
/// have 2 MiB or more. Real schemas stay below fifty steps.
pub(crate) const MAX_STEPS: usize = 500;

/// Steps of an expression in an expression.
const EXPRESSION_STEPS: usize = 2;

/// Steps of an alias.
const ALIAS_STEPS: usize = 2;

/// Steps of a node that another needs.
pub(crate) const NODE_STEPS: usize = 4;

/// Most errors of a compilation; the work ends with the last. Nobody reads more.
const MAX_ERRORS: usize = 1000;

/// Most bytes of the full names of all nodes, 64 MiB.
///
/// The full name of a node holds those of all scopes around it, so that long names on the outside would make a request
/// that is larger than the file squared. Readers of a request stop at 64 MiB by default.
const MAX_NAME_BYTES: usize = 64 << 20;

/// Everything that is known during one compilation.
pub(crate) struct Scopes<'a> {
    pub(crate) files: &'a Files,
    pub(crate) loader: Loader<'a>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    nodes: Vec<Node<'a>>,
    by_id: HashMap<u64, NodeRef>,
    roots: HashMap<FileRef, NodeRef>,
    aliases: Vec<alias::Alias<'a>>,
    /// Aliases that are being resolved, each for the one before.
    followed: Vec<AliasRef>,
    next_bogus_id: u64,
    depth: usize,
    /// What the second pass of the evaluation still has to do is in the sets themselves.
    sets: HashMap<NodeRef, NodeSet<'a>>,
    pub(crate) shapes: crate::node::Shapes,
    pub(crate) budget: Budget,
    type_weight: usize,
    name_bytes: usize,
}

impl<'a> Scopes<'a> {
    pub(crate) fn new(files: &'a Files, loader: Loader<'a>) -> Self {
        Self {
            files,
            loader,
            diagnostics: Vec::new(),
            nodes: Vec::new(),
            by_id: HashMap::new(),
            roots: HashMap::new(),
            aliases: Vec::new(),
            followed: Vec::new(),
            next_bogus_id: 1000,
            depth: 0,
            sets: HashMap::new(),
            shapes: crate::node::Shapes::default(),
            budget: Budget::default(),
            type_weight: 0,
            name_bytes: 0,
        }
    }

    /// The root node of a file.
    pub(crate) fn root_of(&mut self, file: FileRef) -> Option<NodeRef> {
        if let Some(known) = self.roots.get(&file) {
            return Some(*known);
        }
        let source = self.files.get(file)?;
        let node = self.add_root(file, &source.root, &source.name);
        self.roots.insert(file, node);
        Some(node)
    }

    /// The root node of the file that `path` means in file `from`.
    pub(crate) fn import(&mut self, from: FileRef, path: &str) -> Result<NodeRef, LoadError> {
        let file = self.loader.load_import(from, path, &mut self.diagnostics)?;
        self.root_of(file).ok_or(LoadError::NotFound)
    }

    /// Reports an error in the file of a node.
    pub(crate) fn error(&mut self, node: NodeRef, span: Span, message: impl Into<String>) {
        self.error_with_hint(node, span, message, None);
    }

    /// Reports an error in the file of a node, and how to mend it.
    pub(crate) fn error_with_hint(
        &mut self,
        node: NodeRef,
        span: Span,
        message: impl Into<String>,
        hint: Option<String>,
    ) {
        if self.is_hopeless() {
            return;
        }
        let file = self
            .files
            .get(self.node(node).file)
            .map_or_else(String::new, |source| source.shown.clone());
        self.diagnostics.push(Diagnostic {
            file,
            span,
            message: message.into(),
            hint,
        });
    }

    /// Runs `work` some steps deeper, unless that is too deep: then reports it at `span`.
    pub(crate) fn deeper<T>(
        &mut self,
        steps: usize,
        node: NodeRef,
        span: Span,
        work: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        if self.is_hopeless() {
            return None;
        }
        if self.depth + steps > MAX_STEPS {
            self.error(node, span, "definitions depend on each other too deeply");
            return None;
        }
        self.depth += steps;
        let result = work(self);
        self.depth -= steps;
        result
    }

    /// Whether so much is wrong that looking for more is of no use.
    pub(crate) fn is_hopeless(&self) -> bool {
        self.diagnostics.len() >= MAX_ERRORS
    }

    /// The name of something inside what is called `outer`; counts it towards [`MAX_NAME_BYTES`].
    pub(crate) fn full_name(
        &mut self,
        node: NodeRef,
        outer: &str,
        separator: char,
        name: &str,
    ) -> Rc<str> {
        let length = outer.len() + name.len() + 1;
        if self.name_bytes < MAX_NAME_BYTES && self.name_bytes + length >= MAX_NAME_BYTES {
            let span = self.node(node).span();
            self.error(
                node,
                span,
                "the names of all declarations, with those around them, are too long",
            );
        }
        self.name_bytes = self.name_bytes.saturating_add(length);
        if self.name_bytes >= MAX_NAME_BYTES {
            return name.into();
        }
        format!("{outer}{separator}{name}").into()
    }

    /// The text of an expression or declaration, for messages.
    pub(crate) fn text(&self, node: NodeRef, span: Span) -> Cow<'a, str> {
        let source = self.files.get(self.node(node).file);
        let text =
            source.and_then(|source| source.text.get(span.start as usize..span.end as usize));
        String::from_utf8_lossy(text.unwrap_or_default())
    }

    /// What was made of a node.
    pub(crate) fn set(&self, node: NodeRef) -> Option<&NodeSet<'a>> {
        self.sets.get(&node)
    }

    pub(crate) fn set_mut(&mut self, node: NodeRef) -> Option<&mut NodeSet<'a>> {
        self.sets.get_mut(&node)
    }

    pub(crate) fn put_set(&mut self, node: NodeRef, set: NodeSet<'a>) {
        self.sets.insert(node, set);
    }
}

/// What a name was found to be.
#[derive(Clone, Debug)]
pub(crate) enum Resolved {
    /// A declaration.
    Decl(ResolvedDecl),
    /// A parameter of a generic declaration.
    Parameter { scope_id: u64, index: u16 },
}

/// A declaration that a name was found to be.
#[derive(Clone, Debug)]
pub(crate) struct ResolvedDecl {
    pub(crate) id: u64,
    /// Number of its generic parameters.
    pub(crate) params: usize,
    /// ID of the scope it was found in: that of the alias, if there was one.
    pub(crate) scope_id: u64,
    pub(crate) target: Target,
    /// What the scopes around it are bound to, if an alias says so.
    pub(crate) brand: Option<Rc<crate::types::Brand>>,
}

/// What kind of thing a declaration is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// Declared in a file.
    Node(NodeRef, Kind),
    /// Declared by the language.
    Builtin(Builtin),
}

/// What came of looking a name up.
#[derive(Clone, Debug)]
pub(crate) enum Lookup {
    Found(Resolved),
    /// There is nothing of that name.
    Missing,
    /// There is, but it is broken, and that was reported.
    Broken,
    /// There is, but it is an alias that is being resolved; not reported, since [`Scopes::lookup`] looks further out.
    Circle(AliasRef),
}
