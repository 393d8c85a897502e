//! Values into messages.

use std::{
    collections::BTreeSet,
    fmt::{self, Write as _},
};

use capnp::{
    any_pointer,
    private::layout::{ElementSize, PointerBuilder, StructBuilder, StructSize},
};
use dsoftbus_proto::message::MAX_MESSAGE;
use thiserror::Error;

use super::{
    At, MAX_DEPTH, raw,
    scalar::{self, Width},
    schema::{DefaultValue, Enumeration, Field, FieldKind, Members, Schema, Slot, Struct, Type},
    value::{Enumerant, Value},
};

/// Bytes of a word.
const WORD: usize = 8;

/// Most words that one value may take in a message: as many as the largest message has. A schema may call for structs of a
/// megabyte each, so that a short list could otherwise take any amount of memory.
pub const MAX_ENCODED_WORDS: usize = MAX_MESSAGE / WORD;

/// Most characters of a value in an error, so that it stays readable.
const MAX_SHOWN: usize = 60;

/// Most names that an error lists. A schema may have tens of thousands.
const MAX_KNOWN: usize = 16;

/// Writes `value` as the struct with this ID, and makes `target` point to it.
///
/// Fields that `value` does not have, and pointers that are [`Value::Null`] in it, stay at their defaults. Whole numbers are
/// taken for every numeric type that they fit, numbers for enumerants, and text for `Data`. What was written before an error
/// stays in the message.
///
/// # Errors
///
/// [`EncodeError`], with the place in the value, if `value` is not one of this struct or goes over a limit.
pub fn encode(
    schema: &Schema,
    struct_id: u64,
    value: &Value,
    target: any_pointer::Builder<'_>,
) -> Result<(), At<EncodeError>> {
    let structure = schema
        .structure(struct_id)
        .ok_or(EncodeError::UnknownStruct { id: struct_id })?;
    let mut encoder = Encoder {
        schema,
        left: MAX_ENCODED_WORDS,
    };
    encoder.structure(structure, value, raw::pointer_builder(target), 0)
}

/// Why a value cannot be written. Who made the value must act.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Error)]
pub enum EncodeError {
    /// The schema has no such struct.
    #[error("the schema has no struct {id:#018x}")]
    UnknownStruct {
        /// What was asked for.
        id: u64,
    },
    /// The value is of another type, or does not fit the type.
    #[error("expected {expected}, got {got}")]
    Mismatch {
        /// The type of the schema.
        expected: String,
        /// The value, cut to 60 characters.
        got: String,
    },
    /// The struct has no such field.
    #[error("no such field, there {known}")]
    UnknownField {
        /// The fields there are.
        known: String,
    },
    /// The field is in the value twice.
    #[error("is there twice")]
    FieldTwice,
    /// Of a union only one member can be set.
    #[error("only one member of the union can be set, and {other} is")]
    UnionConflict {
        /// The member that was set before.
        other: String,
    },
    /// The enum has no such enumerant.
    #[error("{name} is no {enumeration}, there {known}")]
    UnknownEnumerant {
        /// What was asked for.
        name: String,
        /// The enum.
        enumeration: String,
        /// The enumerants there are.
        known: String,
    },
    /// There is no way to write an object or a pointer of unknown type.
    #[error("{ty} cannot be written without generated code")]
    Opaque {
        /// The type.
        ty: String,
    },
    /// The value nests more than [`MAX_DEPTH`] levels.
    #[error("more than {MAX_DEPTH} levels")]
    TooDeep,
    /// The value takes more than [`MAX_ENCODED_WORDS`].
    #[error("takes more than {MAX_MESSAGE} bytes, the most of a message")]
    TooLarge,
}

type Result<T, E = At<EncodeError>> = core::result::Result<T, E>;

struct Encoder<'s> {
    schema: &'s Schema,
    /// Words the value may still take.
    left: usize,
}

impl<'s> Encoder<'s> {
    fn structure(
        &mut self,
        structure: &'s Struct,
        value: &Value,
        pointer: PointerBuilder<'_>,
        depth: usize,
    ) -> Result<()> {
        let Value::Struct(fields) = value else {
            return Err(mismatch(structure.name(), value));
        };
        let size = size(structure);
        self.charge(words(size))?;
        let mut builder = pointer.init_struct(size);
        self.members(&structure.members, fields, &mut builder, depth)
    }

    fn members(
        &mut self,
        members: &'s Members,
        values: &[(String, Value)],
        builder: &mut StructBuilder<'_>,
        depth: usize,
    ) -> Result<()> {
        let depth = deeper(depth)?;
        let mut seen = BTreeSet::new();
        let mut chosen: Option<&str> = None;
        for (name, value) in values {
            let written = pick(members, name, &mut seen, &mut chosen)
                .map_err(At::from)
                .and_then(|field| {
                    if let (Some(discriminant), Some(offset)) =
                        (field.discriminant, members.discriminant)
                    {
                        scalar::write_field(builder, Width::Two, offset, discriminant.into());
                    }
                    self.field(field, value, builder, depth)
                });
            written.map_err(|error| error.under(name))?;
        }
        Ok(())
    }

    fn field(
        &mut self,
        field: &'s Field,
        value: &Value,
        builder: &mut StructBuilder<'_>,
        depth: usize,
    ) -> Result<()> {
        let slot = match field.kind() {
            FieldKind::Slot(slot) => slot,
            FieldKind::Group(group) => {
                let Value::Struct(fields) = value else {
                    return Err(mismatch("a group", value));
                };
                return self.members(&group.members, fields, builder, depth);
            }
        };
        if slot.ty == Type::Void {
            return self.void(value);
        }
        let Some(width) = Width::of(&slot.ty) else {
            let pointer = builder.reborrow().get_pointer_field(slot.offset);
            self.pointer(&slot.ty, value, pointer, depth)?;
            // A reader checks the offset, which a builder does not.
            let is_null = builder.as_reader().is_pointer_field_null(slot.offset);
            debug_assert!(!is_null || *value == Value::Null, "offsets were checked");
            return Ok(());
        };
        let bits = self.scalar(&slot.ty, value)? ^ mask(slot);
        scalar::write_field(builder, width, slot.offset, bits);
        Ok(())
    }

    fn pointer(
        &mut self,
        ty: &'s Type,
        value: &Value,
        mut pointer: PointerBuilder<'_>,
        depth: usize,
    ) -> Result<()> {
        match (ty, value) {
            (_, Value::Null) => Ok(()),
            (Type::Text, Value::Text(text)) => {
                self.charge((text.len() / WORD).saturating_add(1))?;
                pointer.set_text(text.as_str().into());
                Ok(())
            }
            (Type::Data, Value::Data(data)) => self.data(data, &mut pointer),
            (Type::Data, Value::Text(text)) => self.data(text.as_bytes(), &mut pointer),
            (Type::List(element), Value::List(values)) => {
                self.list(element, values, pointer, depth)
            }
            (Type::Struct(id), _) => {
                let structure = self.named(*id)?;
                self.structure(structure, value, pointer, depth)
            }
            (Type::Interface(_) | Type::AnyPointer, _) => Err(EncodeError::Opaque {
                ty: self.schema.type_name(ty),
            }
            .into()),
            _ => Err(mismatch(&self.schema.type_name(ty), value)),
        }
    }

    fn data(&mut self, data: &[u8], pointer: &mut PointerBuilder<'_>) -> Result<()> {
        self.charge(data.len().div_ceil(WORD))?;
        pointer.set_data(data);
        Ok(())
    }

    fn list(
        &mut self,
        element: &'s Type,
        values: &[Value],
        pointer: PointerBuilder<'_>,
        depth: usize,
    ) -> Result<()> {
        let depth = deeper(depth)?;
        let count = u32::try_from(values.len()).map_err(|_| EncodeError::TooLarge)?;
        if let Type::Struct(id) = element {
            let structure = self.named(*id)?;
            let size = size(structure);
            // An empty struct takes no room, but a reader counts it as a word.
            let room = words(size).max(1);
            self.charge(room.saturating_mul(values.len()).saturating_add(1))?;
            let list = raw::init_structs(pointer, count, size);
            let mut list = list.map_err(|_| EncodeError::TooLarge)?;
            return each(values, |index, value| {
                let Value::Struct(fields) = value else {
                    return Err(mismatch(structure.name(), value));
                };
                match list.reborrow().try_get(index) {
                    Some(mut element) => {
                        self.members(&structure.members, fields, &mut element.0, depth)
                    }
                    None => Ok(()),
                }
            });
        }
        if *element == Type::Void {
            // Takes no room at all, but a reader counts every element as a word.
            self.charge(values.len())?;
            pointer.init_list(ElementSize::Void, count);
            return each(values, |_, value| self.void(value));
        }
        if let Some(width) = Width::of(element) {
            let bits = width.bits().saturating_mul(count.into());
            let bytes = usize::try_from(bits.div_ceil(8)).map_err(|_| EncodeError::TooLarge)?;
            self.charge(bytes.div_ceil(WORD))?;
            let list = pointer.init_list(width.element_size(), count);
            return each(values, |index, value| {
                let bits = self.scalar(element, value)?;
                scalar::write_element(&list, width, index, bits);
                Ok(())
            });
        }
        self.charge(values.len())?;
        let mut list = pointer.init_list(ElementSize::Pointer, count);
        each(values, |index, value| {
            let pointer = list.reborrow().get_pointer_element(index);
            self.pointer(element, value, pointer, depth)
        })
    }

    fn void(&self, value: &Value) -> Result<()> {
        match value {
            Value::Void => Ok(()),
            _ => Err(mismatch("Void", value)),
        }
    }

    fn scalar(&self, ty: &Type, value: &Value) -> Result<u64> {
        let bits = match ty {
            Type::Enum(id) => match self.schema.enumeration(*id) {
                Some(node) => enumerant(node, value)?,
                None => None,
            },
            _ => scalar::from_value(ty, value),
        };
        bits.ok_or_else(|| mismatch(&self.schema.type_name(ty), value))
    }

    fn named(&self, id: u64) -> Result<&'s Struct> {
        let found = self.schema.structure(id);
        found.ok_or_else(|| EncodeError::UnknownStruct { id }.into())
    }

    fn charge(&mut self, words: usize) -> Result<()> {
        self.left = self.left.checked_sub(words).ok_or(EncodeError::TooLarge)?;
        Ok(())
    }
}

/// The field `name`, if it can be set along with those set before.
fn pick<'s, 'v>(
    members: &'s Members,
    name: &'v str,
    seen: &mut BTreeSet<&'v str>,
    chosen: &mut Option<&'v str>,
) -> Result<&'s Field, EncodeError> {
    let field = members
        .field(name)
        .ok_or_else(|| EncodeError::UnknownField {
            known: known(members.fields.iter().map(Field::name)),
        })?;
    if !seen.insert(name) {
        return Err(EncodeError::FieldTwice);
    }
    if field.is_in_union()
        && let Some(other) = chosen.replace(name)
    {
        return Err(EncodeError::UnionConflict {
            other: other.to_owned(),
        });
    }
    Ok(field)
}

/// The number of an enumerant. `None` if the value is none.
fn enumerant(node: &Enumeration, value: &Value) -> Result<Option<u64>> {
    if let Value::Enum(Enumerant::Number(number)) = value {
        return Ok(Some((*number).into()));
    }
    if let Some(number) = scalar::unsigned(value) {
        return Ok(u16::try_from(number).ok().map(u64::from));
    }
    let Some(word) = value.word() else {
        return Ok(None);
    };
    let number = node.number(word);
    let number = number.ok_or_else(|| EncodeError::UnknownEnumerant {
        name: word.to_owned(),
        enumeration: node.name().to_owned(),
        known: known(node.enumerants().iter().map(String::as_str)),
    })?;
    Ok(Some(number.into()))
}

/// Calls `set` for each element, and says which one an error is about.
fn each(values: &[Value], mut set: impl FnMut(u32, &Value) -> Result<()>) -> Result<()> {
    for (position, value) in values.iter().enumerate() {
        let index = u32::try_from(position).map_err(|_| EncodeError::TooLarge)?;
        set(index, value).map_err(|error| error.element(position))?;
    }
    Ok(())
}

fn mask(slot: &Slot) -> u64 {
    match slot.default {
        DefaultValue::Bits(bits) => bits,
        _ => 0,
    }
}

fn size(structure: &Struct) -> StructSize {
    StructSize {
        data: structure.data,
        pointers: structure.pointers,
    }
}

fn words(size: StructSize) -> usize {
    usize::from(size.data).saturating_add(usize::from(size.pointers))
}

fn deeper(depth: usize) -> Result<usize> {
    if depth >= MAX_DEPTH {
        return Err(EncodeError::TooDeep.into());
    }
    Ok(depth + 1)
}

fn mismatch(expected: &str, got: &Value) -> At<EncodeError> {
    EncodeError::Mismatch {
        expected: expected.to_owned(),
        got: shown(got),
    }
    .into()
}

/// The beginning of a value's text. The rest is not even written: it may be megabytes.
fn shown(value: &Value) -> String {
    struct Start {
        text: String,
        left: usize,
    }

    impl fmt::Write for Start {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            for character in text.chars() {
                self.left = self.left.checked_sub(1).ok_or(fmt::Error)?;
                self.text.push(character);
            }
            Ok(())
        }
    }

    let mut start = Start {
        text: String::new(),
        left: MAX_SHOWN,
    };
    if write!(start, "{value}").is_err() {
        start.text.push('…');
    }
    start.text
}

/// The names that could have been meant, as the end of a sentence.
pub(super) fn known<'a>(mut names: impl Iterator<Item = &'a str>) -> String {
    let first: Vec<_> = names.by_ref().take(MAX_KNOWN).collect();
    let more = if names.next().is_some() { ", …" } else { "" };
    match *first {
        [] => "are none".to_owned(),
        [one] => format!("is only {one}"),
        _ => format!("are {}{more}", first.join(", ")),
    }
}
