//! Values out of messages.

use std::ptr;

use capnp::{
    ErrorKind, any_pointer, any_pointer_list,
    private::layout::{ElementSize, PointerReader, PointerType, StructReader},
    traits::FromPointerReader,
};
use thiserror::Error;

use super::{
    At, MAX_DEPTH, raw,
    scalar::{self, Width},
    schema::{DefaultValue, Field, FieldKind, Members, Schema, Slot, Type},
    value::{Enumerant, Value},
};

/// Most bytes of memory that one decoded value may take, names of fields included. A message of a few bytes may hold a list of
/// a hundred thousand empty structs, each of which a schema gives a thousand fields.
pub const MAX_DECODED_BYTES: usize = 67_108_864;

/// Bytes of a field in a decoded struct, without its name and what its value points to. Twice its size, since vectors of unknown
/// length grow by doubling.
const FIELD: usize = 2 * size_of::<(String, Value)>();

/// Reads what `source` points to as the struct with this ID.
///
/// A struct or list that is absent reads as the default of its field; without one a struct is [`Value::Null`], and a list, text
/// or data is empty. Objects read as [`Value::Capability`], and what only its user knows the type of as
/// [`Value::AnyPointer`]. How much may be read at all is up to the options of the message's reader.
///
/// # Errors
///
/// [`DecodeError`], with the place in the value, if the message is malformed or the value goes over a limit.
pub fn decode(
    schema: &Schema,
    struct_id: u64,
    source: any_pointer::Reader<'_>,
) -> Result<Value, At<DecodeError>> {
    let structure = schema
        .structure(struct_id)
        .ok_or(DecodeError::UnknownStruct { id: struct_id })?;
    let reader = raw::pointer_reader(source)
        .and_then(|pointer| pointer.get_struct(None))
        .map_err(malformed)?;
    Decoder::new(schema).members(&structure.members, &reader, 0)
}

/// Why a message does not hold a value of the schema.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Error)]
pub enum DecodeError {
    /// The caller asked for a struct that is not in the schema.
    #[error("the schema has no struct {id:#018x}")]
    UnknownStruct {
        /// What was asked for.
        id: u64,
    },
    /// The peer's message is malformed, or may not be read any further.
    #[error("malformed message: {0}")]
    Malformed(ErrorKind),
    /// The peer sent a text that is not UTF-8.
    #[error("text is not UTF-8")]
    NotUtf8,
    /// The value nests more than [`MAX_DEPTH`] levels.
    #[error("more than {MAX_DEPTH} levels")]
    TooDeep,
    /// The value takes more than [`MAX_DECODED_BYTES`].
    #[error("takes more than {MAX_DECODED_BYTES} bytes of memory")]
    TooLarge,
}

type Result<T, E = At<DecodeError>> = core::result::Result<T, E>;

/// Decodes one value.
pub(super) struct Decoder<'s> {
    schema: &'s Schema,
    /// Bytes the value may still take.
    left: usize,
    /// Fields whose defaults are being read. One inside itself would not end.
    defaults: Vec<&'s Slot>,
}

impl<'s> Decoder<'s> {
    pub(super) fn new(schema: &'s Schema) -> Self {
        Self {
            schema,
            left: MAX_DECODED_BYTES,
            defaults: Vec::new(),
        }
    }

    /// What an absent pointer of this field reads as.
    pub(super) fn default_of(&mut self, slot: &'s Slot) -> Result<Value> {
        self.absent(slot, 0)
    }

    fn members(
        &mut self,
        members: &'s Members,
        reader: &StructReader<'_>,
        depth: usize,
    ) -> Result<Value> {
        let depth = deeper(depth)?;
        // Fields that are passed over take no memory, but a schema may have tens of thousands in every struct of a list.
        self.charge(members.fields.len())?;
        let active = members
            .discriminant
            .map(|offset| reader.get_data_field::<u16>(offset));
        let mut fields = Vec::new();
        for field in &members.fields {
            if field.discriminant.is_some() && field.discriminant != active {
                continue;
            }
            let value = self
                .field(field, reader, depth)
                .map_err(|error| error.under(&field.name))?;
            fields.push((field.name.clone(), value));
        }
        Ok(Value::Struct(fields))
    }

    fn field(
        &mut self,
        field: &'s Field,
        reader: &StructReader<'_>,
        depth: usize,
    ) -> Result<Value> {
        self.charge(FIELD.saturating_add(field.name.len()))?;
        let slot = match field.kind() {
            FieldKind::Group(group) => return self.members(&group.members, reader, depth),
            FieldKind::Slot(slot) => slot,
        };
        if slot.ty == Type::Void {
            return Ok(Value::Void);
        }
        if let Some(width) = Width::of(&slot.ty) {
            let mask = match slot.default {
                DefaultValue::Bits(bits) => bits,
                _ => 0,
            };
            let bits = scalar::read_field(reader, width, slot.offset) ^ mask;
            return self.scalar(&slot.ty, bits);
        }
        let pointer = reader.get_pointer_field(slot.offset);
        if pointer.is_null() {
            self.absent(slot, depth)
        } else {
            self.pointer(&slot.ty, pointer, depth)
        }
    }

    fn absent(&mut self, slot: &'s Slot, depth: usize) -> Result<Value> {
        match &slot.default {
            DefaultValue::Text(text) => {
                self.charge(text.len())?;
                Ok(Value::Text(text.clone()))
            }
            DefaultValue::Data(data) => {
                self.charge(data.len())?;
                Ok(Value::Data(data.clone()))
            }
            DefaultValue::Pointer(message)
                if !self.defaults.iter().any(|open| ptr::eq(*open, slot)) =>
            {
                let message = message.reader();
                let pointer = message.get_root().and_then(raw::pointer_reader);
                self.defaults.push(slot);
                let value = self.pointer(&slot.ty, pointer.map_err(malformed)?, depth)?;
                self.defaults.pop();
                Ok(value)
            }
            DefaultValue::Pointer(_) | DefaultValue::Bits(_) | DefaultValue::None => {
                Ok(empty(&slot.ty))
            }
        }
    }

    /// Reads what a pointer that is not null points to.
    fn pointer(&mut self, ty: &'s Type, pointer: PointerReader<'_>, depth: usize) -> Result<Value> {
        match ty {
            Type::Text => {
                let text = pointer.get_text(None).map_err(malformed)?;
                let text = text.to_str().map_err(|_| DecodeError::NotUtf8)?;
                self.charge(text.len())?;
                Ok(Value::Text(text.to_owned()))
            }
            Type::Data => {
                let data = pointer.get_data(None).map_err(malformed)?;
                self.charge(data.len())?;
                Ok(Value::Data(data.to_vec()))
            }
            Type::List(element) => self.list(element, pointer, depth),
            Type::Struct(id) => {
                let structure = self
                    .schema
                    .structure(*id)
                    .ok_or(DecodeError::UnknownStruct { id: *id })?;
                let reader = pointer.get_struct(None).map_err(malformed)?;
                self.members(&structure.members, &reader, depth)
            }
            Type::Interface(_) => match pointer.get_pointer_type().map_err(malformed)? {
                PointerType::Capability => Ok(Value::Capability),
                _ => Err(DecodeError::Malformed(
                    ErrorKind::MessageContainsNonCapabilityPointerWhereCapabilityPointerWasExpected,
                )
                .into()),
            },
            // An AnyPointer. Types without pointers do not get here.
            _ => match pointer.get_pointer_type().map_err(malformed)? {
                PointerType::Null => Ok(Value::Null),
                PointerType::Capability => Ok(Value::Capability),
                PointerType::Struct | PointerType::List => Ok(Value::AnyPointer),
            },
        }
    }

    fn list(
        &mut self,
        element: &'s Type,
        pointer: PointerReader<'_>,
        depth: usize,
    ) -> Result<Value> {
        let depth = deeper(depth)?;
        if let Type::Struct(id) = element {
            let structure = self
                .schema
                .structure(*id)
                .ok_or(DecodeError::UnknownStruct { id: *id })?;
            let list = raw::read_structs(pointer).map_err(malformed)?;
            return self.elements(list.len(), |this, index| {
                let Some(element) = list.try_get(index) else {
                    return Ok(Value::Null);
                };
                this.members(&structure.members, &element.0, depth)
            });
        }
        if let Some(width) = Width::of(element) {
            let list = pointer
                .get_list(width.element_size(), None)
                .map_err(malformed)?;
            return self.elements(list.len(), |this, index| {
                this.scalar(element, scalar::read_element(&list, width, index))
            });
        }
        if *element == Type::Void {
            let list = pointer
                .get_list(ElementSize::Void, None)
                .map_err(malformed)?;
            return self.elements(list.len(), |_, _| Ok(Value::Void));
        }
        let list = any_pointer_list::Reader::get_from_pointer(&pointer, None).map_err(malformed)?;
        self.elements(list.len(), |this, index| {
            let Some(pointer) = list.try_get(index) else {
                return Ok(Value::Null);
            };
            if pointer.is_null() {
                return Ok(empty(element));
            }
            let pointer = raw::pointer_reader(pointer).map_err(malformed)?;
            this.pointer(element, pointer, depth)
        })
    }

    /// A list of `count` elements, whose memory is accounted for before it is taken.
    fn elements(
        &mut self,
        count: u32,
        mut element: impl FnMut(&mut Self, u32) -> Result<Value>,
    ) -> Result<Value> {
        let length = usize::try_from(count).unwrap_or(usize::MAX);
        self.charge(length.saturating_mul(size_of::<Value>()))?;
        let mut elements = Vec::with_capacity(length);
        for index in 0..count {
            let value = element(self, index).map_err(|error| error.element(elements.len()))?;
            elements.push(value);
        }
        Ok(Value::List(elements))
    }

    fn scalar(&mut self, ty: &Type, bits: u64) -> Result<Value> {
        let Type::Enum(id) = ty else {
            return Ok(scalar::to_value(ty, bits).unwrap_or_default());
        };
        // Enumerants have 16 bits.
        let number = u16::try_from(bits).unwrap_or(u16::MAX);
        let name = self
            .schema
            .enumeration(*id)
            .and_then(|node| node.enumerants().get(usize::from(number)));
        Ok(Value::Enum(match name {
            Some(name) => {
                self.charge(name.len())?;
                Enumerant::Name(name.clone())
            }
            None => Enumerant::Number(number),
        }))
    }

    fn charge(&mut self, bytes: usize) -> Result<()> {
        self.left = self.left.checked_sub(bytes).ok_or(DecodeError::TooLarge)?;
        Ok(())
    }
}

/// What a pointer to nothing reads as.
fn empty(ty: &Type) -> Value {
    match ty {
        Type::Text => Value::Text(String::new()),
        Type::Data => Value::Data(Vec::new()),
        Type::List(_) => Value::List(Vec::new()),
        _ => Value::Null,
    }
}

fn deeper(depth: usize) -> Result<usize> {
    if depth >= MAX_DEPTH {
        return Err(DecodeError::TooDeep.into());
    }
    Ok(depth + 1)
}

fn malformed(error: capnp::Error) -> At<DecodeError> {
    DecodeError::Malformed(error.kind).into()
}
