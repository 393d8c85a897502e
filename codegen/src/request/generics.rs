//! Type parameters: which are in reach of a declaration, and which of them it really uses.
//!
//! Rust refuses a struct that does not use a parameter, so only those that are used are kept.

use std::collections::{BTreeMap, BTreeSet};

use capnp::schema_capnp::{brand, field, node, type_};
use dsoftbus_schemas::SINK;

use super::annotations::rename;
use super::text;
use crate::emit::WHICH;
use crate::model::Param;
use crate::names;

type Nodes<'a> = BTreeMap<u64, node::Reader<'a>>;

/// A parameter: the declaration it belongs to, and its index.
type Key = (u64, u16);

/// The parameters of every node.
#[derive(Default)]
pub(super) struct Generics {
    /// Those that are used, outermost first.
    used: BTreeMap<u64, Vec<Param>>,
    /// How many are in reach.
    in_reach: BTreeMap<u64, usize>,
    /// Those that the struct of a parameter or result list uses.
    sides: BTreeMap<u64, BTreeSet<Key>>,
}

impl Generics {
    pub(super) fn of(nodes: &Nodes<'_>) -> capnp::Result<Self> {
        let mut in_reach = BTreeMap::new();
        for &id in nodes.keys() {
            in_reach.insert(id, reach(id, nodes)?);
        }
        let mut usage = Usage {
            nodes,
            used: BTreeMap::from([(SINK, BTreeSet::from([(SINK, 0)]))]),
        };
        // Types refer to each other in circles: go on until nothing is added.
        loop {
            let mut grown = false;
            for (&id, &node) in nodes {
                let found = usage.of_node(node)?;
                let known = usage.used.entry(id).or_default();
                let before = known.len();
                known.extend(found);
                grown |= known.len() > before;
            }
            if !grown {
                break;
            }
        }
        let counts = in_reach
            .iter()
            .map(|(id, params)| (*id, params.len()))
            .collect();
        let used = in_reach
            .into_iter()
            .map(|(id, params)| {
                let used = usage.used.get(&id);
                let is_used = |param: &Param| {
                    used.is_some_and(|used| used.contains(&(param.scope, param.index)))
                };
                (id, params.into_iter().filter(is_used).collect())
            })
            .collect();
        Ok(Self {
            used,
            in_reach: counts,
            sides: usage.used,
        })
    }

    /// How many parameters are in reach of a declaration.
    pub(super) fn in_reach(&self, id: u64) -> usize {
        self.in_reach.get(&id).copied().unwrap_or_default()
    }

    /// The parameters that a declaration uses, outermost first.
    pub(super) fn params(&self, id: u64) -> Vec<Param> {
        self.used.get(&id).cloned().unwrap_or_default()
    }

    /// Those of an interface that the struct of a parameter or result list uses: it hangs in no scope.
    pub(super) fn params_of_side(&self, id: u64, interface: &[Param]) -> Vec<Param> {
        let used = self.sides.get(&id);
        interface
            .iter()
            .filter(|param| used.is_some_and(|used| used.contains(&(param.scope, param.index))))
            .cloned()
            .collect()
    }
}

/// The parameters of a declaration and of the scopes around it, outermost first, each with a name of its own. Inside a type
/// whose name it shares, a parameter would hide that type.
fn reach(id: u64, nodes: &Nodes<'_>) -> capnp::Result<Vec<Param>> {
    let mut scopes = Vec::new();
    let mut next = id;
    while let Some(node) = nodes.get(&next) {
        scopes.push(*node);
        next = node.get_scope_id();
    }
    let mut params: Vec<Param> = Vec::new();
    for node in scopes.into_iter().rev() {
        let mut types = BTreeSet::from([WHICH.to_owned()]);
        if !node.get_parameters()?.is_empty() {
            type_names(node, nodes, &mut types)?;
        }
        for (index, parameter) in (0_u16..).zip(node.get_parameters()?) {
            let plain = names::type_name(&text(parameter.get_name()?)?);
            let mut name = plain.clone();
            let mut suffix = 2;
            while types.contains(&name) || params.iter().any(|other| other.name == name) {
                name = format!("{plain}{suffix}");
                suffix += 1;
            }
            params.push(Param {
                scope: node.get_id(),
                index,
                name,
            });
        }
    }
    Ok(params)
}

/// The names that a declaration and all that is nested in it have in Rust.
fn type_names(
    node: node::Reader<'_>,
    nodes: &Nodes<'_>,
    names: &mut BTreeSet<String>,
) -> capnp::Result<()> {
    let display = text(node.get_display_name()?)?;
    let own = display.rsplit(['.', ':']).next().unwrap_or_default();
    let name = rename(node.get_annotations()?)?;
    names.insert(names::type_name(name.as_deref().unwrap_or(own)));
    for nested in node.get_nested_nodes()? {
        if let Some(&nested) = nodes.get(&nested.get_id()) {
            type_names(nested, nodes, names)?;
        }
    }
    let node::Struct(body) = node.which()? else {
        return Ok(());
    };
    for field in body.get_fields()? {
        let field::Group(group) = field.which()? else {
            continue;
        };
        let own = text(field.get_name()?)?;
        let name = rename(field.get_annotations()?)?.unwrap_or(own);
        names.insert(names::type_name(&name));
        if let Some(&group) = nodes.get(&group.get_type_id()) {
            type_names(group, nodes, names)?;
        }
    }
    Ok(())
}

/// What is known of the use of parameters so far.
struct Usage<'n, 'a> {
    nodes: &'n Nodes<'a>,
    used: BTreeMap<u64, BTreeSet<Key>>,
}

impl<'a> Usage<'_, 'a> {
    fn of_node(&self, node: node::Reader<'a>) -> capnp::Result<BTreeSet<Key>> {
        let mut found = BTreeSet::new();
        match node.which()? {
            node::Struct(body) => {
                for field in body.get_fields()? {
                    match field.which()? {
                        field::Slot(slot) => self.of_type(slot.get_type()?, &mut found)?,
                        field::Group(group) => self.add_all(group.get_type_id(), &mut found),
                    }
                }
            }
            node::Interface(body) => {
                for superclass in body.get_superclasses()? {
                    self.of_named(superclass.get_id(), superclass.get_brand()?, &mut found)?;
                }
                for method in body.get_methods()? {
                    for (id, brand) in [
                        (method.get_param_struct_type(), method.get_param_brand()?),
                        (method.get_result_struct_type(), method.get_result_brand()?),
                    ] {
                        let inline = self
                            .nodes
                            .get(&id)
                            .is_some_and(|node| node.get_scope_id() == 0);
                        if inline {
                            self.add_all(id, &mut found);
                        } else {
                            self.of_named(id, brand, &mut found)?;
                        }
                    }
                }
            }
            _ => {}
        }
        Ok(found)
    }

    fn add_all(&self, id: u64, found: &mut BTreeSet<Key>) {
        found.extend(self.used.get(&id).into_iter().flatten());
    }

    fn of_type(&self, ty: type_::Reader<'a>, found: &mut BTreeSet<Key>) -> capnp::Result<()> {
        match ty.which()? {
            type_::List(list) => self.of_type(list.get_element_type()?, found),
            type_::Struct(named) => self.of_named(named.get_type_id(), named.get_brand()?, found),
            type_::Interface(named) => {
                self.of_named(named.get_type_id(), named.get_brand()?, found)
            }
            type_::AnyPointer(pointer) => {
                if let type_::any_pointer::Parameter(parameter) = pointer.which()? {
                    found.insert((parameter.get_scope_id(), parameter.get_parameter_index()));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The parameters in what is bound to those that the type `id` uses.
    fn of_named(
        &self,
        id: u64,
        brand: brand::Reader<'a>,
        found: &mut BTreeSet<Key>,
    ) -> capnp::Result<()> {
        for &(scope, index) in self.used.get(&id).into_iter().flatten() {
            for bound in brand.get_scopes()? {
                if bound.get_scope_id() != scope {
                    continue;
                }
                match bound.which()? {
                    brand::scope::Inherit(()) => {
                        found.insert((scope, index));
                    }
                    brand::scope::Bind(bindings) => {
                        let binding = bindings?.try_get(u32::from(index));
                        if let Some(Ok(brand::binding::Type(ty))) = binding.map(|b| b.which()) {
                            self.of_type(ty?, found)?;
                        }
                    }
                }
            }
        }
        Ok(())
    }
}
