//! Types that never end: generic types that need ever larger ones, and defaults that contain themselves.

use std::collections::{BTreeMap, BTreeSet};

use super::{Problems, each_item};
use crate::model::{Field, Item, Named, Param, Schema, Struct, Type, Value};

pub(super) fn growth(schema: &Schema, problems: &mut Problems) {
    let mut structs = Vec::new();
    each_item(schema.all_items(), &mut |item| {
        if let Item::Struct(body) = item {
            structs.push(body);
        }
    });
    instantiations(schema, &structs, problems);
    defaults(&structs, problems);
}

/// A parameter of a type.
type Node = (u64, u64, u16);

/// One use of a generic type whose argument is made of a parameter.
struct Edge<'a> {
    from: Node,
    to: Node,
    /// The argument is more than the parameter itself.
    grows: bool,
    field: &'a Field,
}

/// Rust makes code for every type that is used, so a type may not need itself with a larger argument.
fn instantiations(schema: &Schema, structs: &[&Struct], problems: &mut Problems) {
    let mut edges = Vec::new();
    for body in structs {
        each_field(body, &mut |field| {
            uses(&field.ty, &mut |named| {
                let Some(name) = schema.names.get(&named.id) else {
                    return;
                };
                for (param, arg) in name.params.iter().zip(&named.args) {
                    parameters(arg, &mut |inner| {
                        edges.push(Edge {
                            from: node(body.id, inner),
                            to: node(named.id, param),
                            grows: !matches!(arg, Type::Parameter(_)),
                            field,
                        });
                    });
                }
            });
        });
    }
    let mut next: BTreeMap<Node, BTreeSet<Node>> = BTreeMap::new();
    for edge in &edges {
        next.entry(edge.from).or_default().insert(edge.to);
    }
    for edge in edges.iter().filter(|edge| edge.grows) {
        if reaches(edge.to, edge.from, &next) {
            problems.add(
                &edge.field.place,
                "needs the same type again with a larger argument, and so without end: pass the type parameter on as it is, \
                 or make the field an AnyPointer",
            );
        }
    }
}

fn node(id: u64, param: &Param) -> Node {
    (id, param.scope, param.index)
}

/// An absent value reads as its default, which may not contain an absent value with the same default.
fn defaults(structs: &[&Struct], problems: &mut Problems) {
    let mut next: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
    for body in structs {
        let contained = next.entry(body.id).or_default();
        each_field(body, &mut |field| {
            uses(&field.ty, &mut |named| {
                contained.insert(named.id);
            });
        });
    }
    for body in structs {
        each_field(body, &mut |field| {
            if field.boxed || !matches!(field.default, Value::Pointer(_)) {
                return;
            }
            let mut again = false;
            uses(&field.ty, &mut |named| {
                again |= reaches(named.id, body.id, &next);
            });
            if again {
                problems.add(
                    &field.place,
                    "has a default that can contain the struct it is in, which reads as that default again: leave the \
                     default out",
                );
            }
        });
    }
}

fn reaches<T: Copy + Ord>(from: T, target: T, next: &BTreeMap<T, BTreeSet<T>>) -> bool {
    let mut seen = BTreeSet::from([from]);
    let mut queue = vec![from];
    while let Some(node) = queue.pop() {
        if node == target {
            return true;
        }
        let new = next.get(&node).into_iter().flatten();
        queue.extend(new.filter(|node| seen.insert(**node)));
    }
    false
}

/// Visits the fields of a struct, and those of its groups.
fn each_field<'a>(body: &'a Struct, visit: &mut dyn FnMut(&'a Field)) {
    for field in &body.fields {
        match &field.group {
            Some(group) => each_field(group, visit),
            None => visit(field),
        }
    }
}

/// Visits the structs and interfaces in a type.
fn uses(ty: &Type, visit: &mut dyn FnMut(&Named)) {
    match ty {
        Type::List(element) => uses(element, visit),
        Type::Struct(named) | Type::Interface(named) => {
            visit(named);
            for arg in &named.args {
                uses(arg, visit);
            }
        }
        _ => {}
    }
}

/// Visits the parameters in a type.
fn parameters(ty: &Type, visit: &mut dyn FnMut(&Param)) {
    match ty {
        Type::Parameter(param) => visit(param),
        Type::List(element) => parameters(element, visit),
        Type::Struct(named) | Type::Interface(named) => {
            for arg in &named.args {
                parameters(arg, visit);
            }
        }
        _ => {}
    }
}
