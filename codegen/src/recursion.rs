//! Structs that contain themselves other than through a list: Rust needs a box there.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Field, Item, Named, Schema, Struct, Type};

/// Marks the fields that need a box: those whose type contains the struct that they are in.
pub(crate) fn mark(schema: &mut Schema) {
    let mut graph = Graph::default();
    let mut owners: Vec<(u64, Vec<Type>)> = Vec::new();
    for file in schema.files.iter().chain(&schema.external) {
        collect(&file.items, &mut |body| {
            let types = slots(body).map(|field| field.ty.clone()).collect();
            owners.push((body.id, types));
        });
    }
    graph.params = schema
        .names
        .iter()
        .map(|(id, name)| {
            let params = name.params.iter().map(|param| (param.scope, param.index));
            (*id, params.collect())
        })
        .collect();
    graph.fill(&owners);
    for file in schema.files.iter_mut().chain(&mut schema.external) {
        change(&mut file.items, &graph);
    }
}

/// A parameter: the declaration it belongs to, and its index.
type Key = (u64, u16);

/// What each struct contains, not counting what is in lists.
#[derive(Default)]
struct Graph {
    /// The parameters of each type, in the order of its arguments.
    params: BTreeMap<u64, Vec<Key>>,
    /// The structs that a struct contains.
    structs: BTreeMap<u64, BTreeSet<u64>>,
    /// The parameters whose types it contains.
    uses: BTreeMap<u64, BTreeSet<Key>>,
}

impl Graph {
    /// Types refer to each other in circles: goes on until nothing is added.
    fn fill(&mut self, owners: &[(u64, Vec<Type>)]) {
        loop {
            let mut grown = false;
            for (id, types) in owners {
                let (mut structs, mut uses) = (BTreeSet::new(), BTreeSet::new());
                for ty in types {
                    self.of(ty, &mut structs, &mut uses);
                }
                let known = self.structs.entry(*id).or_default();
                grown |= !structs.is_subset(known);
                known.extend(structs);
                let known = self.uses.entry(*id).or_default();
                grown |= !uses.is_subset(known);
                known.extend(uses);
            }
            if !grown {
                return;
            }
        }
    }

    /// Adds what a value of a type contains, as far as is known.
    fn of(&self, ty: &Type, structs: &mut BTreeSet<u64>, uses: &mut BTreeSet<Key>) {
        match ty {
            Type::Struct(Named { id, args }) => {
                structs.insert(*id);
                structs.extend(self.structs.get(id).into_iter().flatten());
                let (Some(params), Some(used)) = (self.params.get(id), self.uses.get(id)) else {
                    return;
                };
                for (param, arg) in params.iter().zip(args) {
                    if used.contains(param) {
                        self.of(arg, structs, uses);
                    }
                }
            }
            Type::Parameter(param) => {
                uses.insert((param.scope, param.index));
            }
            _ => {}
        }
    }

    fn contains(&self, ty: &Type, id: u64) -> bool {
        let mut structs = BTreeSet::new();
        self.of(ty, &mut structs, &mut BTreeSet::new());
        structs.contains(&id)
    }
}

/// The fields of a struct, those of its groups among them.
fn slots(body: &Struct) -> impl Iterator<Item = &Field> {
    let mut queue: Vec<&Field> = body.fields.iter().collect();
    std::iter::from_fn(move || {
        loop {
            let field = queue.pop()?;
            match &field.group {
                Some(group) => queue.extend(&group.fields),
                None => return Some(field),
            }
        }
    })
}

fn collect<'a>(items: &'a [Item], visit: &mut dyn FnMut(&'a Struct)) {
    for item in items {
        match item {
            Item::Struct(body) => {
                visit(body);
                collect(&body.items, visit);
            }
            Item::Interface(body) => collect(&body.items, visit),
            Item::Enum(_) | Item::Const(_) => {}
        }
    }
}

fn change(items: &mut [Item], graph: &Graph) {
    for item in items {
        match item {
            Item::Struct(body) => {
                let id = body.id;
                change_fields(&mut body.fields, id, graph);
                change(&mut body.items, graph);
            }
            Item::Interface(body) => change(&mut body.items, graph),
            Item::Enum(_) | Item::Const(_) => {}
        }
    }
}

fn change_fields(fields: &mut [Field], owner: u64, graph: &Graph) {
    for field in fields {
        match &mut field.group {
            Some(group) => change_fields(&mut group.fields, owner, graph),
            None => field.boxed = graph.contains(&field.ty, owner),
        }
    }
}
