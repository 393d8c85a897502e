//! Which engine an interface uses: the level of Cap'n Proto RPC that its messages need, and why.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Interface, Item, Named, Place, Schema, Shape, Struct, Type};

/// The engine of one interface.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Engine {
    /// 0: data only. 1: capabilities.
    pub(crate) level: u8,
    /// What makes it so.
    pub(crate) reason: String,
    /// Where the reason is, when it is in the schema.
    pub(crate) place: Option<Place>,
}

/// Finds out which engines the interfaces of a schema use.
pub(crate) struct Engines<'s> {
    schema: &'s Schema,
    /// Every struct of the schema, by ID.
    pub(crate) structs: BTreeMap<u64, &'s Struct>,
    /// Every interface of the schema, by ID.
    pub(crate) interfaces: BTreeMap<u64, &'s Interface>,
    /// Interfaces that are those of values, or extended by others.
    used: BTreeSet<u64>,
}

impl<'s> Engines<'s> {
    pub(crate) fn of(schema: &'s Schema) -> Self {
        let mut engines = Self {
            schema,
            structs: BTreeMap::new(),
            interfaces: BTreeMap::new(),
            used: BTreeSet::new(),
        };
        engines.collect(schema.all_items());
        engines
    }

    fn note(&mut self, ty: &Type) {
        match ty {
            Type::List(inner) | Type::Sink(inner) => self.note(inner),
            Type::Struct(named) => named.args.iter().for_each(|arg| self.note(arg)),
            Type::Interface(named) => {
                self.used.insert(named.id);
                named.args.iter().for_each(|arg| self.note(arg));
            }
            _ => {}
        }
    }

    fn note_fields(&mut self, body: &Struct) {
        for field in &body.fields {
            match &field.group {
                Some(group) => self.note_fields(group),
                None => self.note(&field.ty),
            }
        }
    }

    fn collect(&mut self, items: impl IntoIterator<Item = &'s Item>) {
        for item in items {
            match item {
                Item::Struct(body) => {
                    self.structs.insert(body.id, body);
                    self.note_fields(body);
                    self.collect(&body.items);
                }
                Item::Interface(body) => {
                    self.interfaces.insert(body.id, body);
                    self.used.extend(body.supers.iter().map(|parent| parent.id));
                    for method in &body.methods {
                        for shape in [&method.params, &method.results] {
                            if let Shape::Inline(made) = shape {
                                self.note_fields(made);
                            }
                        }
                    }
                    self.collect(&body.items);
                }
                Item::Enum(_) | Item::Const(_) => {}
            }
        }
    }

    /// The engine of an interface.
    pub(crate) fn engine(&self, body: &Interface) -> Engine {
        match self.needs(body, &mut BTreeSet::new()) {
            Some((place, reason)) => Engine {
                level: 1,
                reason,
                place: Some(place),
            },
            None if body.levels.contains(&1) => Engine {
                level: 1,
                reason: "$Bus.level(1) asks for it".to_owned(),
                place: None,
            },
            None => Engine {
                level: 0,
                reason: "its methods carry data only".to_owned(),
                place: None,
            },
        }
    }

    /// One line for each interface, for the output of the build.
    pub(crate) fn report(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let ours = self
            .interfaces
            .values()
            .filter(|body| body.name.root.is_none());
        for body in ours {
            let engine = self.engine(body);
            let channel = match body.channels.first() {
                Some(channel) => format!("channel {channel:#06x}"),
                None => "no channel".to_owned(),
            };
            let reason = match &engine.place {
                Some(place) => format!("{place}: {}", engine.reason),
                None => engine.reason,
            };
            lines.push(format!(
                "{} ({channel}): level {}, {reason}",
                body.name.place, engine.level
            ));
        }
        lines.sort();
        lines
    }

    /// Whether objects of an interface are handed out in calls: it is that of values, is extended by another, or extends one
    /// of which this is true.
    pub(crate) fn is_object(&self, body: &Interface) -> bool {
        let (mut seen, mut queue) = (BTreeSet::new(), vec![body]);
        while let Some(next) = queue.pop() {
            if self.used.contains(&next.id) {
                return true;
            }
            if seen.insert(next.id) {
                let parents = next.supers.iter();
                let parents = parents.filter_map(|parent| self.interfaces.get(&parent.id).copied());
                queue.extend(parents.filter(|parent| parent.channels.is_empty()));
            }
        }
        false
    }

    /// Whether values of a type hold capabilities, or may: an `AnyPointer` and a type parameter can be anything.
    pub(crate) fn holds_capabilities(&self, ty: &Type) -> bool {
        self.capability_in(ty, &mut BTreeSet::new()).is_some()
    }

    /// Whether capabilities in a struct can be called before the struct is there: those that do not lie in lists or unions.
    pub(crate) fn is_pipelined(&self, body: &Struct) -> bool {
        self.leads_somewhere(body, &mut Vec::new())
    }

    fn leads_somewhere(&self, body: &Struct, seen: &mut Vec<u64>) -> bool {
        if seen.contains(&body.id) {
            return false;
        }
        seen.push(body.id);
        body.always().any(|field| match (&field.group, &field.ty) {
            (Some(group), _) => self.leads_somewhere(group, seen),
            (None, Type::Interface(_) | Type::Capability | Type::Sink(_) | Type::AnyPointer) => {
                true
            }
            (None, Type::Struct(named)) => self
                .structs
                .get(&named.id)
                .is_some_and(|inner| self.leads_somewhere(inner, seen)),
            _ => false,
        })
    }

    /// The first thing in an interface that level 0 cannot carry.
    fn needs(&self, body: &'s Interface, seen: &mut BTreeSet<u64>) -> Option<(Place, String)> {
        if !seen.insert(body.id) {
            return None;
        }
        for method in &body.methods {
            if method.streaming {
                let reason = "`-> stream` is flow controlled by capnp-rpc".to_owned();
                return Some((method.place.clone(), reason));
            }
            for shape in [&method.params, &method.results] {
                let mut structs = BTreeSet::new();
                let found = match shape {
                    Shape::Inline(made) => self.capability_in_fields(made, &mut structs),
                    Shape::Named(named) => self.capability_in_named(named, &mut structs),
                    Shape::Unknown(_) => None,
                };
                if let Some(what) = found {
                    return Some((method.place.clone(), format!("carries {what}")));
                }
            }
        }
        body.supers.iter().find_map(|parent| {
            let parent = self.interfaces.get(&parent.id)?;
            self.needs(parent, seen)
        })
    }

    fn capability_in(&self, ty: &Type, seen: &mut BTreeSet<u64>) -> Option<String> {
        match ty {
            Type::Interface(named) => Some(format!("the capability {}", self.called(named))),
            Type::Capability => Some("a capability".to_owned()),
            Type::AnyPointer => Some("an AnyPointer, which may hold a capability".to_owned()),
            Type::Parameter(param) => Some(format!(
                "the type parameter {}, which may be a capability",
                param.name
            )),
            Type::Sink(_) => Some("a stream (Bus.Sink)".to_owned()),
            Type::List(element) => self.capability_in(element, seen),
            Type::Struct(named) => self.capability_in_named(named, seen),
            _ => None,
        }
    }

    fn capability_in_named(&self, named: &Named, seen: &mut BTreeSet<u64>) -> Option<String> {
        let in_arguments = named
            .args
            .iter()
            .find_map(|argument| self.capability_in(argument, seen));
        // A parameter that stands for data is no reason, so those of the struct itself do not count.
        in_arguments.or_else(|| {
            let body = self.structs.get(&named.id)?;
            if !seen.insert(body.id) {
                return None;
            }
            body.fields
                .iter()
                .find_map(|field| self.capability_in_field(field, seen, true))
        })
    }

    fn capability_in_fields(&self, body: &Struct, seen: &mut BTreeSet<u64>) -> Option<String> {
        body.fields
            .iter()
            .find_map(|field| self.capability_in_field(field, seen, false))
    }

    fn capability_in_field(
        &self,
        field: &crate::model::Field,
        seen: &mut BTreeSet<u64>,
        bound: bool,
    ) -> Option<String> {
        if let Some(group) = &field.group {
            return group
                .fields
                .iter()
                .find_map(|field| self.capability_in_field(field, seen, bound));
        }
        match &field.ty {
            Type::Parameter(_) if bound => None,
            ty => self.capability_in(ty, seen),
        }
    }

    fn called(&self, named: &Named) -> String {
        match self.schema.names.get(&named.id) {
            Some(name) => name.place.path.clone(),
            None => format!("{:#x}", named.id),
        }
    }
}
