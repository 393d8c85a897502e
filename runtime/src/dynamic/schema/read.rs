//! Bytes to nodes. What one node says about itself is checked here; what nodes say about each other, in `link`.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use capnp::any_pointer;
use capnp::message::Builder;
use capnp::schema_capnp::{code_generator_request, field, node, type_, value};
use capnp::serialize::write_message_to_words;
use dsoftbus_proto::message::Message;

use super::{
    DefaultValue, Enumeration, Interface, MAX_LIST_DEPTH, MAX_MEMBERS, MAX_NAME, MAX_NODES,
    MAX_SCHEMA_BYTES, Method, SchemaError, Slot, Type,
};
use crate::dynamic::{
    scalar::{self, Width},
    value::{Value, is_hidden},
};

/// A `discriminantValue` that says that the field is in no union.
const NO_DISCRIMINANT: u16 = 0xffff;

/// The nodes of a schema, not yet linked.
#[derive(Default)]
pub(super) struct Nodes {
    pub(super) structs: BTreeMap<u64, StructNode>,
    pub(super) enums: BTreeMap<u64, Enumeration>,
    pub(super) interfaces: BTreeMap<u64, Interface>,
    members: usize,
}

/// A struct or group.
pub(super) struct StructNode {
    pub(super) name: String,
    pub(super) is_group: bool,
    pub(super) data: u16,
    pub(super) pointers: u16,
    /// How many members the union has, and where in units of 16 bits it says which is active.
    pub(super) union: Option<(u16, usize)>,
    pub(super) fields: Vec<FieldNode>,
}

pub(super) struct FieldNode {
    pub(super) name: String,
    pub(super) discriminant: Option<u16>,
    pub(super) kind: FieldNodeKind,
}

pub(super) enum FieldNodeKind {
    Slot(Slot),
    /// The ID of the group.
    Group(u64),
}

/// Reads the nodes out of a message in stream framing.
pub(super) fn read(bytes: &[u8]) -> Result<Nodes, SchemaError> {
    if bytes.len() > MAX_SCHEMA_BYTES {
        return Err(SchemaError::TooLong { bytes: bytes.len() });
    }
    let message = Message::parse(Bytes::copy_from_slice(bytes))?;
    let reader = message.reader();
    let request: code_generator_request::Reader<'_> = reader.get_root()?;
    let list = request.get_nodes()?;
    if usize::try_from(list.len()).map_or(true, |nodes| nodes > MAX_NODES) {
        return Err(SchemaError::TooManyNodes { nodes: list.len() });
    }
    let mut nodes = Nodes::default();
    let mut seen = BTreeSet::new();
    for node in list {
        let id = node.get_id();
        if !seen.insert(id) {
            return Err(SchemaError::DuplicateNode { node: id });
        }
        match node.which()? {
            node::Struct(body) => {
                let node = nodes.structure(id, node_name(node)?, body)?;
                nodes.structs.insert(id, node);
            }
            node::Enum(body) => {
                let node = nodes.enumeration(id, node_name(node)?, body)?;
                nodes.enums.insert(id, node);
            }
            node::Interface(body) => {
                let node = nodes.interface(id, node_name(node)?, body)?;
                nodes.interfaces.insert(id, node);
            }
            node::File(()) | node::Const(_) | node::Annotation(_) => {}
        }
    }
    Ok(nodes)
}

impl Nodes {
    /// Counts `more` members before they are read.
    fn count(&mut self, more: u32) -> Result<(), SchemaError> {
        let more = usize::try_from(more).unwrap_or(usize::MAX);
        self.members = self.members.saturating_add(more);
        if self.members > MAX_MEMBERS {
            return Err(SchemaError::TooManyMembers);
        }
        Ok(())
    }

    fn structure(
        &mut self,
        id: u64,
        name: String,
        body: node::struct_::Reader<'_>,
    ) -> Result<StructNode, SchemaError> {
        let list = body.get_fields()?;
        self.count(list.len())?;
        let count = body.get_discriminant_count();
        let union = if count == 0 {
            None
        } else {
            Some((count, index(body.get_discriminant_offset())))
        };
        let mut names = Names::new(id);
        let mut fields = Vec::new();
        for field in list {
            let name = names.add(field.get_name()?)?;
            let discriminant = Some(field.get_discriminant_value())
                .filter(|discriminant| *discriminant != NO_DISCRIMINANT);
            let kind = match field.which()? {
                field::Slot(slot) => FieldNodeKind::Slot(read_slot(id, &name, slot)?),
                field::Group(group) => FieldNodeKind::Group(group.get_type_id()),
            };
            fields.push(FieldNode {
                name,
                discriminant,
                kind,
            });
        }
        Ok(StructNode {
            name,
            is_group: body.get_is_group(),
            data: body.get_data_word_count(),
            pointers: body.get_pointer_count(),
            union,
            fields,
        })
    }

    fn enumeration(
        &mut self,
        id: u64,
        name: String,
        body: node::enum_::Reader<'_>,
    ) -> Result<Enumeration, SchemaError> {
        let list = body.get_enumerants()?;
        self.count(list.len())?;
        let mut names = Names::new(id);
        let mut enumerants = Vec::new();
        for enumerant in list {
            enumerants.push(names.add(enumerant.get_name()?)?);
        }
        // There are no more numbers than members.
        let numbers = enumerants.iter().cloned().zip(0..=u16::MAX).collect();
        Ok(Enumeration {
            name,
            enumerants,
            numbers,
        })
    }

    fn interface(
        &mut self,
        id: u64,
        name: String,
        body: node::interface::Reader<'_>,
    ) -> Result<Interface, SchemaError> {
        let (list, extends) = (body.get_methods()?, body.get_superclasses()?);
        self.count(list.len())?;
        self.count(extends.len())?;
        let mut names = Names::new(id);
        let mut methods = Vec::new();
        for (ordinal, method) in list.iter().enumerate() {
            methods.push(Method {
                name: names.add(method.get_name()?)?,
                ordinal: u16::try_from(ordinal).map_err(|_| SchemaError::TooManyMembers)?,
                params: method.get_param_struct_type(),
                results: method.get_result_struct_type(),
            });
        }
        Ok(Interface {
            id,
            name,
            methods,
            superclasses: extends
                .iter()
                .map(|superclass| superclass.get_id())
                .collect(),
        })
    }
}

fn read_slot(node: u64, field: &str, slot: field::slot::Reader<'_>) -> Result<Slot, SchemaError> {
    let ty = read_type(node, slot.get_type()?, 0)?;
    let default = if slot.has_default_value() {
        read_default(&ty, slot.get_default_value()?)?.ok_or_else(|| SchemaError::DefaultType {
            node,
            field: field.to_owned(),
        })?
    } else {
        DefaultValue::None
    };
    Ok(Slot {
        ty,
        offset: index(slot.get_offset()),
        default,
    })
}

fn read_type(node: u64, ty: type_::Reader<'_>, depth: usize) -> Result<Type, SchemaError> {
    if depth > MAX_LIST_DEPTH {
        return Err(SchemaError::ListTooDeep { node });
    }
    Ok(match ty.which()? {
        type_::Void(()) => Type::Void,
        type_::Bool(()) => Type::Bool,
        type_::Int8(()) => Type::Int8,
        type_::Int16(()) => Type::Int16,
        type_::Int32(()) => Type::Int32,
        type_::Int64(()) => Type::Int64,
        type_::Uint8(()) => Type::UInt8,
        type_::Uint16(()) => Type::UInt16,
        type_::Uint32(()) => Type::UInt32,
        type_::Uint64(()) => Type::UInt64,
        type_::Float32(()) => Type::Float32,
        type_::Float64(()) => Type::Float64,
        type_::Text(()) => Type::Text,
        type_::Data(()) => Type::Data,
        type_::List(list) => Type::List(Box::new(read_type(
            node,
            list.get_element_type()?,
            depth + 1,
        )?)),
        type_::Enum(named) => Type::Enum(named.get_type_id()),
        type_::Struct(named) => Type::Struct(named.get_type_id()),
        type_::Interface(named) => Type::Interface(named.get_type_id()),
        type_::AnyPointer(_) => Type::AnyPointer,
    })
}

/// The default of a field. `None` if it is not of the type of the field.
fn read_default(ty: &Type, value: value::Reader<'_>) -> Result<Option<DefaultValue>, SchemaError> {
    let value = match (ty, value.which()?) {
        (Type::Void, value::Void(()))
        | (Type::Interface(_), value::Interface(()))
        // What an AnyPointer holds stays unread, so its default does too.
        | (Type::AnyPointer, value::AnyPointer(_)) => return Ok(Some(DefaultValue::None)),
        (Type::Enum(_), value::Enum(number)) => return Ok(Some(DefaultValue::Bits(number.into()))),
        (Type::Text, value::Text(text)) => {
            let text = text?.to_str().map_err(capnp::Error::from)?;
            return Ok(Some(DefaultValue::Text(text.to_owned())));
        }
        (Type::Data, value::Data(data)) => return Ok(Some(DefaultValue::Data(data?.to_vec()))),
        (Type::List(_), value::List(pointer)) | (Type::Struct(_), value::Struct(pointer)) => {
            return copy(pointer).map(Some);
        }
        (Type::Bool, value::Bool(value)) => Value::Bool(value),
        (Type::Int8, value::Int8(value)) => Value::Int(value.into()),
        (Type::Int16, value::Int16(value)) => Value::Int(value.into()),
        (Type::Int32, value::Int32(value)) => Value::Int(value.into()),
        (Type::Int64, value::Int64(value)) => Value::Int(value),
        (Type::UInt8, value::Uint8(value)) => Value::UInt(value.into()),
        (Type::UInt16, value::Uint16(value)) => Value::UInt(value.into()),
        (Type::UInt32, value::Uint32(value)) => Value::UInt(value.into()),
        (Type::UInt64, value::Uint64(value)) => Value::UInt(value),
        // As bits, since the way over f64 need not keep those of a NaN.
        (Type::Float32, value::Float32(value)) => {
            return Ok(Some(DefaultValue::Bits(value.to_bits().into())));
        }
        (Type::Float64, value::Float64(value)) => {
            return Ok(Some(DefaultValue::Bits(value.to_bits())));
        }
        _ => return Ok(None),
    };
    debug_assert!(Width::of(ty).is_some());
    Ok(scalar::from_value(ty, &value).map(DefaultValue::Bits))
}

/// Copies a default out of the schema's message into one of its own.
fn copy(pointer: any_pointer::Reader<'_>) -> Result<DefaultValue, SchemaError> {
    if pointer.is_null() {
        return Ok(DefaultValue::None);
    }
    let mut message = Builder::new_default();
    message.set_root(pointer)?;
    let bytes = Bytes::from(write_message_to_words(&message));
    Ok(DefaultValue::Pointer(Message::parse(bytes)?))
}

/// The name of a node without scopes.
fn node_name(node: node::Reader<'_>) -> Result<String, SchemaError> {
    let bad = SchemaError::BadName {
        node: node.get_id(),
    };
    let Ok(whole) = node.get_display_name()?.to_str() else {
        return Err(bad);
    };
    let name = whole
        .get(index(node.get_display_name_prefix_length())..)
        .unwrap_or(whole);
    if name.len() > MAX_NAME || name.chars().any(is_hidden) {
        return Err(bad);
    }
    Ok(name.to_owned())
}

/// The names of the members of one node.
struct Names {
    node: u64,
    seen: BTreeSet<String>,
}

impl Names {
    fn new(node: u64) -> Self {
        Self {
            node,
            seen: BTreeSet::new(),
        }
    }

    /// Takes a name that is one and is new.
    fn add(&mut self, name: capnp::text::Reader<'_>) -> Result<String, SchemaError> {
        let name = name
            .to_str()
            .ok()
            .filter(|name| is_identifier(name))
            .ok_or(SchemaError::BadName { node: self.node })?
            .to_owned();
        if !self.seen.insert(name.clone()) {
            return Err(SchemaError::DuplicateName {
                node: self.node,
                name,
            });
        }
        Ok(name)
    }
}

fn is_identifier(name: &str) -> bool {
    name.len() <= MAX_NAME
        && name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || character == '_')
}

/// An offset or length of the wire. On a machine where it does not fit, it is beyond every bound.
fn index(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}
