//! Outlines of types as the evaluation of values sees them.

use std::collections::HashMap;
use std::rc::Rc;

use super::{Content, FieldContent, NodeRecord, NodeSet};
use crate::scope::{NodeRef, Scopes, State};
use crate::types::{Brand, FieldShape, FieldShapeKind, StructShape};

/// Shapes that were made: a list of structs asks for the same one again and again.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    structs: HashMap<u64, Vec<(Brand, Rc<StructShape>)>>,
    enums: HashMap<u64, Rc<[String]>>,
}

/// Brands of one struct whose shapes are kept.
const MAX_BRANDS: usize = 16;

impl Scopes<'_> {
    /// The shape of a struct with its brand applied.
    pub(super) fn struct_shape(&mut self, id: u64, brand: &Brand) -> Option<Rc<StructShape>> {
        let known = self
            .shapes
            .structs
            .get(&id)
            .and_then(|brands| brands.iter().find(|(known, _)| known == brand));
        if let Some((_, shape)) = known {
            return Some(Rc::clone(shape));
        }
        let node = self.find(id)?;
        if !self.advance(node, State::Outlined) {
            return None;
        }
        // Each field may repeat the whole brand.
        if !self.charge_types(
            node,
            self.node(node).span(),
            self.field_count(node).saturating_mul(brand.weight()),
        ) {
            return None;
        }
        let set = self.set(node)?;
        let groups: HashMap<_, _> = set.aux.iter().map(|group| (group.id, group)).collect();
        let shape = Rc::new(shape_of(set, &groups, &set.main, brand)?);
        let brands = self.shapes.structs.entry(id).or_default();
        if brands.len() == MAX_BRANDS {
            brands.clear();
        }
        brands.push((brand.clone(), Rc::clone(&shape)));
        Some(shape)
    }

    fn field_count(&self, node: NodeRef) -> usize {
        self.set(node).map_or(0, |set| {
            let records = std::iter::once(&set.main).chain(&set.aux);
            records.map(|record| record.member_docs.len()).sum()
        })
    }

    /// The names of the enumerants of an enum.
    pub(super) fn enum_shape(&mut self, id: u64) -> Option<Rc<[String]>> {
        if let Some(known) = self.shapes.enums.get(&id) {
            return Some(Rc::clone(known));
        }
        let node = self.find(id)?;
        if !self.advance(node, State::Outlined) {
            return None;
        }
        let Content::Enum(enumerants) = &self.set(node)?.main.content else {
            return None;
        };
        let names: Rc<[String]> = enumerants
            .iter()
            .map(|enumerant| enumerant.name.to_owned())
            .collect();
        self.shapes.enums.insert(id, Rc::clone(&names));
        Some(names)
    }
}

fn shape_of(
    set: &NodeSet<'_>,
    groups: &HashMap<u64, &NodeRecord<'_>>,
    node: &NodeRecord<'_>,
    brand: &Brand,
) -> Option<StructShape> {
    let Content::Struct(structure) = &node.content else {
        return None;
    };
    let fields = structure.fields.iter().filter_map(|field| {
        let kind = match &field.content {
            FieldContent::Open => return None,
            FieldContent::Slot {
                offset,
                ty,
                default,
                ..
            } => FieldShapeKind::Slot {
                offset: *offset,
                ty: ty.bound(brand),
                default: set.value(*default).clone(),
            },
            FieldContent::Group { id } => {
                let group = groups.get(id)?;
                FieldShapeKind::Group {
                    shape: Rc::new(shape_of(set, groups, group, brand)?),
                }
            }
        };
        Some(FieldShape {
            name: field.name.to_owned(),
            discriminant: field.discriminant,
            kind,
        })
    });
    Some(StructShape {
        name: node.display_name[node.prefix_length..].to_owned(),
        data_words: structure.data_words,
        pointers: structure.pointers,
        discriminant_offset: (structure.discriminant_count > 0)
            .then_some(structure.discriminant_offset),
        fields: fields.collect(),
    })
}
