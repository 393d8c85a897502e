//! The names in capnpc's modules: as it spells them, and with an underscore where that would not compile.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use capnp::schema_capnp::{field, node};

use crate::names::PRIMITIVES;

/// What declarations and fields are called in the request that capnpc sees.
#[derive(Default)]
pub(crate) struct RawNames {
    declarations: BTreeMap<u64, String>,
    fields: BTreeMap<(u64, u32), String>,
    parameters: BTreeMap<(u64, u32), String>,
    /// The last part of the path to a declaration or group.
    paths: BTreeMap<u64, String>,
}

impl RawNames {
    pub(crate) fn of(nodes: &BTreeMap<u64, node::Reader<'_>>) -> capnp::Result<Self> {
        let mut names = Self::default();
        for (&id, &node) in nodes {
            names.parameters_of(id, node, nodes)?;
            names.scope(id, node, nodes)?;
        }
        Ok(names)
    }

    /// The name of a declaration.
    pub(crate) fn declaration(&self, id: u64) -> Option<&str> {
        self.declarations.get(&id).map(String::as_str)
    }

    /// The name of a field.
    pub(crate) fn field(&self, id: u64, index: u32) -> Option<&str> {
        self.fields.get(&(id, index)).map(String::as_str)
    }

    /// The name of a type parameter.
    pub(crate) fn parameter(&self, id: u64, index: u32) -> Option<&str> {
        self.parameters.get(&(id, index)).map(String::as_str)
    }

    /// The module of a struct, group or interface, or the type of an enum.
    pub(crate) fn path(&self, id: u64) -> String {
        self.paths.get(&id).cloned().unwrap_or_default()
    }

    /// Names what lies in one scope.
    fn scope(
        &mut self,
        id: u64,
        node: node::Reader<'_>,
        nodes: &BTreeMap<u64, node::Reader<'_>>,
    ) -> capnp::Result<()> {
        let mut taken = BTreeSet::new();
        match node.which()? {
            node::Struct(body) => {
                for (index, field) in (0..).zip(body.get_fields()?) {
                    let mut name = field.get_name()?.to_string()?;
                    // Members of unions become variants.
                    if name == "self" {
                        name.push('_');
                    }
                    if let field::Group(group) = field.which()? {
                        while module_is_broken(&name) || taken.contains(&module(&name)) {
                            name.push('_');
                        }
                        taken.insert(module(&name));
                        self.paths.insert(group.get_type_id(), module(&name));
                    }
                    self.fields.insert((id, index), name);
                }
            }
            node::Interface(body) => {
                for method in body.get_methods()? {
                    let name = method_name(&method.get_name()?.to_string()?);
                    for suffix in ["Params", "Results"] {
                        // A module, and a type.
                        let name = format!("{name}{suffix}");
                        taken.insert(module(&name));
                        taken.insert(capitalised(&name));
                    }
                }
            }
            _ => {}
        }
        for nested in node.get_nested_nodes()? {
            let Some(child) = nodes.get(&nested.get_id()) else {
                continue;
            };
            let mut name = nested.get_name()?.to_string()?;
            let path = match child.which()? {
                node::Enum(_) => {
                    while TAKEN_TYPES.contains(&name.as_str())
                        || module_is_broken(&name)
                        || taken.contains(&name)
                    {
                        name.push('_');
                    }
                    name.clone()
                }
                // capnpc makes a module `code` of `annotation code`, and one of `enum Code`.
                node::Annotation(_) => {
                    name.push_str("Annotation");
                    module(&name)
                }
                node::Const(_) => {
                    while module_is_broken(&name) {
                        name.push('_');
                    }
                    String::new()
                }
                _ => {
                    while module_is_broken(&name) || taken.contains(&module(&name)) {
                        name.push('_');
                    }
                    module(&name)
                }
            };
            taken.insert(path.clone());
            self.paths.insert(nested.get_id(), path);
            self.declarations.insert(nested.get_id(), name);
        }
        Ok(())
    }

    /// Names the type parameters of a declaration. capnpc repeats those of the scopes around it in the same list.
    fn parameters_of(
        &mut self,
        id: u64,
        node: node::Reader<'_>,
        nodes: &BTreeMap<u64, node::Reader<'_>>,
    ) -> capnp::Result<()> {
        let mut outer = BTreeSet::new();
        let mut around = node.get_scope_id();
        let mut depth = 0;
        while let Some(scope) = nodes.get(&around) {
            for parameter in scope.get_parameters()? {
                outer.insert(parameter.get_name()?.to_string()?);
            }
            around = scope.get_scope_id();
            depth += 1;
        }
        for (index, parameter) in (0..).zip(node.get_parameters()?) {
            let mut name = parameter.get_name()?.to_string()?;
            if outer.contains(&name) {
                name = format!("{name}{depth}");
            }
            while TAKEN_TYPES.contains(&name.as_str()) {
                name.push('_');
            }
            self.parameters.insert((id, index), name);
        }
        Ok(())
    }
}

/// The module of a file.
pub(crate) fn file_module(file: &str) -> String {
    format!("{}_capnp", stem(file))
}

/// The name a file has in the request that capnpc sees, which makes a module of it.
pub(super) fn file(file: &str) -> String {
    let path = Path::new(file).with_file_name(format!("{}.capnp", stem(file)));
    path.to_string_lossy().into_owned()
}

fn stem(file: &str) -> String {
    let stem = Path::new(file).file_stem().unwrap_or_default();
    let mut stem = stem.to_string_lossy().replace(|c| !is_name(c), "_");
    if stem.starts_with(|c: char| c.is_ascii_digit()) {
        stem.insert(0, '_');
    }
    stem
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The name a method has in the request that capnpc sees. Its server trait calls `clone` on what a method of that name hides.
pub(crate) fn method_name(name: &str) -> String {
    if name == "clone" || module_is_broken(name) {
        format!("{name}_")
    } else {
        name.to_owned()
    }
}

/// The name an enumerant has in the request that capnpc sees.
pub(crate) fn enumerant_name(name: &str) -> String {
    if name == "self" {
        "self_".to_owned()
    } else {
        name.to_owned()
    }
}

/// capnpc's module names.
pub(crate) fn module(name: &str) -> String {
    let name = snake(name);
    if KEYWORDS.contains(&name.as_str()) {
        name + "_"
    } else {
        name
    }
}

/// capnpc's snake case: every capital gets an underscore.
fn snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for (index, c) in name.chars().enumerate() {
        if c.is_uppercase() && index > 0 {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

fn capitalised(name: &str) -> String {
    crate::names::camel(name)
}

/// Whether capnpc would emit this as a module or function that rustc refuses, or that hides what its code uses.
fn module_is_broken(name: &str) -> bool {
    let name = module(name);
    MISSED_KEYWORDS.contains(&name.as_str()) || PRIMITIVES.contains(&name.as_str())
}

/// Keywords that capnpc 0.27 escapes with an underscore.
const KEYWORDS: &[&str] = &[
    "abstract", "alignof", "as", "be", "become", "box", "break", "const", "continue", "crate",
    "do", "else", "enum", "extern", "false", "final", "fn", "for", "if", "impl", "in", "let",
    "loop", "macro", "match", "mod", "move", "mut", "offsetof", "once", "override", "priv", "proc",
    "pub", "pure", "ref", "return", "self", "sizeof", "static", "struct", "super", "trait", "true",
    "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Keywords that capnpc 0.27 does not know.
const MISSED_KEYWORDS: &[&str] = &["async", "await", "dyn", "gen", "try"];

/// Types that capnpc's code for a struct or interface declares or names without a path.
const TAKEN_TYPES: &[&str] = &[
    "Self",
    "Reader",
    "Builder",
    "Owned",
    "Pipeline",
    "Client",
    "Server",
    "ServerDispatch",
    "Which",
    "WhichReader",
    "WhichBuilder",
    "Result",
    "Option",
    "Box",
    "String",
    "Ok",
    "Err",
    "Some",
    "None",
    "From",
    "Into",
    "Clone",
    "Copy",
    "Send",
    "Sync",
    "Sized",
    "Default",
];
