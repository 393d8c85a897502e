//! Which files a file imports for its types: generated code has to include what was made of them.
//!
//! Files that only values need are left out, since the values are in the request.

use std::collections::BTreeSet;

use crate::ast::{
    AnnotationApplication, DeclKind, Declaration, Expression, ExpressionKind, ParamList,
};

/// Paths as the file spells them, in the order of their bytes.
pub(crate) fn of(declaration: &Declaration) -> BTreeSet<&str> {
    let mut paths = BTreeSet::new();
    of_declaration(declaration, &mut paths);
    paths
}

fn of_declaration<'a>(declaration: &'a Declaration, paths: &mut BTreeSet<&'a str>) {
    match &declaration.kind {
        DeclKind::Using { target } => of_expression(target, paths),
        DeclKind::Const { ty, .. } | DeclKind::Field { ty, .. } => of_expression(ty, paths),
        DeclKind::Interface { superclasses } => {
            for superclass in superclasses {
                of_expression(superclass, paths);
            }
        }
        DeclKind::Method { params, results } => {
            of_params(params, paths);
            if let Some(results) = results {
                of_params(results, paths);
            }
        }
        _ => {}
    }
    of_annotations(&declaration.annotations, paths);
    for nested in &declaration.nested {
        of_declaration(nested, paths);
    }
}

fn of_params<'a>(list: &'a ParamList, paths: &mut BTreeSet<&'a str>) {
    match list {
        ParamList::Named(params, _) => {
            for param in params {
                of_expression(&param.ty, paths);
                of_annotations(&param.annotations, paths);
            }
        }
        ParamList::Type(ty) => of_expression(ty, paths),
        ParamList::Stream(_) => {
            paths.insert("/capnp/stream.capnp");
        }
    }
}

fn of_annotations<'a>(annotations: &'a [AnnotationApplication], paths: &mut BTreeSet<&'a str>) {
    for annotation in annotations {
        of_expression(&annotation.name, paths);
    }
}

fn of_expression<'a>(expression: &'a Expression, paths: &mut BTreeSet<&'a str>) {
    match &expression.kind {
        ExpressionKind::Import(path) => {
            paths.insert(&path.value);
        }
        ExpressionKind::List(elements) => {
            for element in elements {
                of_expression(element, paths);
            }
        }
        ExpressionKind::Tuple(members) => {
            for member in members {
                of_expression(&member.value, paths);
            }
        }
        ExpressionKind::Application { function, params } => {
            of_expression(function, paths);
            for param in params {
                of_expression(&param.value, paths);
            }
        }
        ExpressionKind::Member { parent, .. } => of_expression(parent, paths),
        _ => {}
    }
}
