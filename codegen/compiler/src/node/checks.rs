//! Rules about the names and places of declarations.

use std::collections::HashMap;

use super::Translator;
use crate::ast::{DeclKind, Declaration, Expression, ExpressionKind, Located};

impl<'a> Translator<'_, 'a> {
    /// Checks the declarations inside one of kind `parent`, and those inside its groups and unions.
    pub(super) fn check_names(&mut self, declarations: &'a [Declaration], parent: &DeclKind) {
        let mut seen = HashMap::new();
        self.check_scope(declarations, parent, &mut seen);
    }

    fn check_scope(
        &mut self,
        declarations: &'a [Declaration],
        parent: &DeclKind,
        seen: &mut HashMap<&'a str, &'a Located<String>>,
    ) {
        for declaration in declarations {
            self.check_unique(declaration, seen);
            self.check_spelling(declaration);
            self.check_place(declaration, parent);
            if is_field(&declaration.kind) {
                if declaration.name.value.is_empty() {
                    // The members of an unnamed union are those of the struct around it.
                    self.check_scope(&declaration.nested, &declaration.kind, seen);
                } else {
                    self.check_names(&declaration.nested, &declaration.kind);
                }
            }
        }
    }

    fn check_unique(
        &mut self,
        declaration: &'a Declaration,
        seen: &mut HashMap<&'a str, &'a Located<String>>,
    ) {
        let name = &declaration.name;
        let is_union = matches!(declaration.kind, DeclKind::Union);
        if name.value.is_empty() && !is_union {
            // The parser reported it.
            return;
        }
        let Some(first) = seen.insert(&name.value, name) else {
            return;
        };
        seen.insert(&name.value, first);
        if name.value.is_empty() {
            self.error(
                declaration.span,
                "an unnamed union is already defined in this scope",
            );
            self.error(first.span, "the first unnamed union is here");
        } else {
            self.error(
                name.span,
                format!("'{}' is already defined in this scope", name.value),
            );
            self.error(
                first.span,
                format!("'{}' is first defined here", name.value),
            );
        }
    }

    fn check_spelling(&mut self, declaration: &Declaration) {
        let name = &declaration.name;
        let Some(first) = name.value.bytes().next() else {
            return;
        };
        let wants_lower = match &declaration.kind {
            DeclKind::Using { target } => target_name(target)
                .is_some_and(|name| name.starts_with(|c: char| c.is_ascii_lowercase())),
            DeclKind::Enum | DeclKind::Struct | DeclKind::Interface { .. } => false,
            _ => true,
        };
        if wants_lower && !first.is_ascii_lowercase() {
            self.error(
                name.span,
                "names of anything but types must begin with a lower-case letter",
            );
        } else if !wants_lower && !first.is_ascii_uppercase() {
            self.error(name.span, "names of types must begin with a capital letter");
        }
        if name.value.contains('_') {
            let hint = camel_case(&name.value);
            self.scopes.error_with_hint(
                self.node,
                name.span,
                "names must be written in camelCase, without underscores",
                Some(format!(
                    "write '{hint}'; generators change it to the style of their language"
                )),
            );
        }
    }

    fn check_place(&mut self, declaration: &Declaration, parent: &DeclKind) {
        let problem = match &declaration.kind {
            DeclKind::Using { .. }
            | DeclKind::Const { .. }
            | DeclKind::Enum
            | DeclKind::Struct
            | DeclKind::Interface { .. }
            | DeclKind::Annotation { .. } => {
                let fits = matches!(
                    parent,
                    DeclKind::File | DeclKind::Struct | DeclKind::Interface { .. }
                );
                (!fits).then_some("this kind of declaration does not belong here")
            }
            DeclKind::Enumerant => {
                (!matches!(parent, DeclKind::Enum)).then_some("enumerants can only appear in enums")
            }
            DeclKind::Method { .. } => (!matches!(parent, DeclKind::Interface { .. }))
                .then_some("methods can only appear in interfaces"),
            kind if is_field(kind) => {
                let fits = matches!(parent, DeclKind::Struct | DeclKind::Union | DeclKind::Group);
                (!fits).then_some("this declaration can only appear in structs")
            }
            _ => Some("this kind of declaration does not belong here"),
        };
        if let Some(problem) = problem {
            self.error(declaration.span, problem);
        }
    }
}

fn is_field(kind: &DeclKind) -> bool {
    matches!(
        kind,
        DeclKind::Field { .. } | DeclKind::Union | DeclKind::Group
    )
}

/// The name at the end of an expression, by which an alias of it is spelt.
fn target_name(target: &Expression) -> Option<&str> {
    let mut target = target;
    loop {
        match &target.kind {
            ExpressionKind::RelativeName(name) | ExpressionKind::AbsoluteName(name) => {
                return Some(&name.value);
            }
            ExpressionKind::Member { name, .. } => return Some(&name.value),
            ExpressionKind::Application { function, .. } => target = function,
            _ => return None,
        }
    }
}

fn camel_case(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for (index, part) in name.split('_').filter(|part| !part.is_empty()).enumerate() {
        let mut letters = part.chars();
        match letters.next() {
            Some(first) if index > 0 => out.push(first.to_ascii_uppercase()),
            Some(first) => out.push(first),
            None => {}
        }
        out.push_str(letters.as_str());
    }
    out
}
