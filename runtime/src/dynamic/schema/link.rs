//! Nodes to a schema: whether what nodes say about each other holds.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Field, FieldKind, Group, Interface, MAX_GROUP_DEPTH, Members, Schema, SchemaError, Slot,
    Struct, Type,
    read::{FieldNode, FieldNodeKind, Nodes, StructNode},
};
use crate::dynamic::{decode::Decoder, scalar::Width};

/// Bits of a word of a data section.
const WORD_BITS: u64 = 64;

/// Checks all references between nodes and puts groups where they belong.
pub(super) fn link(nodes: Nodes) -> Result<Schema, SchemaError> {
    let kinds = Kinds::new(&nodes);
    let (groups, structs) = nodes
        .structs
        .into_iter()
        .partition::<BTreeMap<_, _>, _>(|(_, node)| node.is_group);
    let mut linker = Linker { kinds, groups };
    let mut schema = Schema {
        enums: nodes.enums,
        ..Schema::default()
    };
    for (id, node) in structs {
        schema.structs.insert(id, linker.structure(id, node)?);
    }
    for (id, interface) in &nodes.interfaces {
        linker.kinds.check_interface(*id, interface)?;
    }
    check_superclasses(&nodes.interfaces)?;
    schema.interfaces = nodes.interfaces;
    check_defaults(&schema)?;
    Ok(schema)
}

/// What each ID names.
struct Kinds(BTreeMap<u64, Kind>);

#[derive(Clone, Copy, Eq, PartialEq)]
enum Kind {
    Struct,
    Group,
    Enum,
    Interface,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Struct => "struct",
            Self::Group => "group",
            Self::Enum => "enum",
            Self::Interface => "interface",
        }
    }
}

impl Kinds {
    fn new(nodes: &Nodes) -> Self {
        let structs = nodes.structs.iter().map(|(id, node)| {
            let kind = if node.is_group {
                Kind::Group
            } else {
                Kind::Struct
            };
            (*id, kind)
        });
        let enums = nodes.enums.keys().map(|id| (*id, Kind::Enum));
        let interfaces = nodes.interfaces.keys().map(|id| (*id, Kind::Interface));
        Self(structs.chain(enums).chain(interfaces).collect())
    }

    /// `target`, named by `node`, must be of this kind.
    fn check(&self, node: u64, target: u64, kind: Kind) -> Result<(), SchemaError> {
        match self.0.get(&target) {
            None => Err(SchemaError::Missing { node, target }),
            Some(found) if *found != kind => Err(SchemaError::WrongKind {
                node,
                target,
                expected: kind.name(),
            }),
            Some(_) => Ok(()),
        }
    }

    fn check_type(&self, node: u64, mut ty: &Type) -> Result<(), SchemaError> {
        while let Type::List(element) = ty {
            ty = element;
        }
        match ty {
            Type::Struct(id) => self.check(node, *id, Kind::Struct),
            Type::Enum(id) => self.check(node, *id, Kind::Enum),
            Type::Interface(id) => self.check(node, *id, Kind::Interface),
            _ => Ok(()),
        }
    }

    fn check_interface(&self, id: u64, interface: &Interface) -> Result<(), SchemaError> {
        for method in &interface.methods {
            self.check(id, method.params, Kind::Struct)?;
            self.check(id, method.results, Kind::Struct)?;
        }
        for superclass in &interface.superclasses {
            self.check(id, *superclass, Kind::Interface)?;
        }
        Ok(())
    }
}

struct Linker {
    kinds: Kinds,
    /// Groups that no field has claimed yet. Each can be claimed once, so the groups of a struct are a tree.
    groups: BTreeMap<u64, StructNode>,
}

/// The struct around the members being linked.
struct Around {
    data: u16,
    pointers: u16,
    /// The groups inside each other that the members are in.
    groups: Vec<u64>,
}

impl Linker {
    fn structure(&mut self, id: u64, node: StructNode) -> Result<Struct, SchemaError> {
        let mut around = Around {
            data: node.data,
            pointers: node.pointers,
            groups: Vec::new(),
        };
        Ok(Struct {
            id,
            name: node.name,
            data: node.data,
            pointers: node.pointers,
            members: self.members(id, node.union, node.fields, &mut around)?,
        })
    }

    fn members(
        &mut self,
        id: u64,
        union: Option<(u16, usize)>,
        nodes: Vec<FieldNode>,
        around: &mut Around,
    ) -> Result<Members, SchemaError> {
        if let Some((_, offset)) = union
            && !around.holds_data(Width::Two, offset)
        {
            return Err(SchemaError::OutOfBounds {
                node: id,
                field: "union".to_owned(),
            });
        }
        let count = union.map_or(0, |(count, _)| count);
        let mut seen = BTreeSet::new();
        let mut fields = Vec::new();
        for node in nodes {
            if let Some(discriminant) = node.discriminant
                && (discriminant >= count || !seen.insert(discriminant))
            {
                return Err(SchemaError::BadDiscriminant {
                    node: id,
                    field: node.name,
                });
            }
            let kind = match node.kind {
                FieldNodeKind::Slot(slot) => {
                    self.kinds.check_type(id, &slot.ty)?;
                    if !around.holds(&slot) {
                        return Err(SchemaError::OutOfBounds {
                            node: id,
                            field: node.name,
                        });
                    }
                    FieldKind::Slot(slot)
                }
                FieldNodeKind::Group(group) => FieldKind::Group(self.group(id, group, around)?),
            };
            fields.push(Field {
                name: node.name,
                discriminant: node.discriminant,
                kind,
            });
        }
        let names = fields.iter().map(|field: &Field| field.name.clone());
        Ok(Members {
            by_name: names.zip(0..).collect(),
            fields,
            discriminant: union.map(|(_, offset)| offset),
        })
    }

    fn group(&mut self, node: u64, id: u64, around: &mut Around) -> Result<Group, SchemaError> {
        self.kinds.check(node, id, Kind::Group)?;
        let Some(group) = self.groups.remove(&id) else {
            return Err(if around.groups.contains(&id) {
                SchemaError::CircularGroup { node: id }
            } else {
                SchemaError::SharedGroup { node: id }
            });
        };
        // Its fields are written into the struct, so their offsets must be checked against that and no other size.
        if group.data != around.data || group.pointers != around.pointers {
            return Err(SchemaError::GroupSize { node: id });
        }
        if around.groups.len() >= MAX_GROUP_DEPTH {
            return Err(SchemaError::GroupTooDeep { node: id });
        }
        around.groups.push(id);
        let members = self.members(id, group.union, group.fields, around)?;
        around.groups.pop();
        Ok(Group { members })
    }
}

impl Around {
    /// Whether a field lies inside the struct.
    fn holds(&self, slot: &Slot) -> bool {
        match Width::of(&slot.ty) {
            Some(width) => self.holds_data(width, slot.offset),
            None if slot.ty == Type::Void => true,
            None => slot.offset < usize::from(self.pointers),
        }
    }

    fn holds_data(&self, width: Width, offset: usize) -> bool {
        u64::try_from(offset)
            .ok()
            .and_then(|offset| offset.checked_add(1)?.checked_mul(width.bits()))
            .is_some_and(|end| end <= u64::from(self.data) * WORD_BITS)
    }
}

/// No interface may extend itself. Walks without recursion: a chain may be as long as there are nodes.
fn check_superclasses(interfaces: &BTreeMap<u64, Interface>) -> Result<(), SchemaError> {
    let mut done = BTreeSet::new();
    for start in interfaces.keys() {
        let mut open = BTreeSet::new();
        // Interfaces on the way, each with how many of its superclasses were seen to.
        let mut way = vec![(*start, 0)];
        while let Some((id, next)) = way.last_mut() {
            let superclass = interfaces
                .get(id)
                .and_then(|interface| interface.superclasses.get(*next));
            *next += 1;
            match superclass {
                Some(superclass) if done.contains(superclass) => {}
                Some(superclass) if superclass == id || open.contains(superclass) => {
                    return Err(SchemaError::CircularSuperclass { node: *superclass });
                }
                Some(superclass) => {
                    open.insert(*id);
                    way.push((*superclass, 0));
                }
                None => {
                    open.remove(id);
                    done.insert(*id);
                    way.pop();
                }
            }
        }
    }
    Ok(())
}

/// Every default must be readable, and all of them together within the limits of one value.
fn check_defaults(schema: &Schema) -> Result<(), SchemaError> {
    fn check<'s>(
        decoder: &mut Decoder<'s>,
        node: u64,
        fields: &'s [Field],
    ) -> Result<(), SchemaError> {
        for field in fields {
            match &field.kind {
                FieldKind::Slot(slot) => {
                    decoder
                        .default_of(slot)
                        .map_err(|error| SchemaError::BadDefault {
                            node,
                            field: field.name.clone(),
                            error,
                        })?;
                }
                FieldKind::Group(group) => check(decoder, node, group.fields())?,
            }
        }
        Ok(())
    }
    let mut decoder = Decoder::new(schema);
    for (id, structure) in &schema.structs {
        check(&mut decoder, *id, structure.fields())?;
    }
    Ok(())
}
