//! Parameters as a command line gives them.

use std::collections::BTreeSet;

use thiserror::Error;

use super::{
    encode::known,
    literal::LiteralError,
    schema::{FieldKind, Members, Schema, Type},
    value::Value,
};

/// Reads `name=bus count=3 items=[(name = "x")]`: each argument sets one field of the struct with this ID.
///
/// What follows the `=` is a literal. For a `Text` it is the text itself, unless it begins with a quote; inside lists and
/// structs a bare word will do for a text.
///
/// Whether the values fit their types is for [`encode`](super::encode) to say.
///
/// # Errors
///
/// [`ArgumentError`] if an argument sets no field of the struct.
pub fn parse_arguments<A: AsRef<str>>(
    schema: &Schema,
    struct_id: u64,
    arguments: impl IntoIterator<Item = A>,
) -> Result<Value, ArgumentError> {
    let structure = schema
        .structure(struct_id)
        .ok_or(ArgumentError::UnknownStruct { id: struct_id })?;
    let mut seen = BTreeSet::new();
    let mut fields = Vec::new();
    for argument in arguments {
        let argument = argument.as_ref();
        let (name, text) = argument
            .split_once('=')
            .ok_or_else(|| ArgumentError::NoField {
                argument: argument.to_owned(),
            })?;
        let name = name.trim();
        let field = structure
            .members
            .field(name)
            .ok_or_else(|| ArgumentError::UnknownField {
                field: name.to_owned(),
                known: known(structure.members.fields.iter().map(|field| field.name())),
            })?;
        if !seen.insert(name.to_owned()) {
            return Err(ArgumentError::FieldTwice {
                field: name.to_owned(),
            });
        }
        let value = match field.kind() {
            FieldKind::Slot(slot) if slot.ty == Type::Text && !text.starts_with('"') => {
                Value::Text(text.to_owned())
            }
            kind => {
                let value = text.parse().map_err(|error| ArgumentError::Literal {
                    field: name.to_owned(),
                    error,
                })?;
                settle_field(schema, kind, value)
            }
        };
        fields.push((name.to_owned(), value));
    }
    Ok(Value::Struct(fields))
}

/// Why arguments do not set the fields of a struct. Who wrote them must act.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, Error)]
pub enum ArgumentError {
    /// The schema has no such struct.
    #[error("the schema has no struct {id:#018x}")]
    UnknownStruct {
        /// What was asked for.
        id: u64,
    },
    /// An argument has no `=`.
    #[error("`{argument}`: expected field=value")]
    NoField {
        /// The argument.
        argument: String,
    },
    /// The struct has no such field.
    #[error("{field}: no such field, there {known}")]
    UnknownField {
        /// What was asked for.
        field: String,
        /// The fields there are.
        known: String,
    },
    /// Two arguments set the same field.
    #[error("{field} is there twice")]
    FieldTwice {
        /// The field.
        field: String,
    },
    /// What follows the `=` is no literal.
    #[error("{field}: {error}")]
    Literal {
        /// The field.
        field: String,
        /// What is wrong.
        error: LiteralError,
    },
}

/// Makes texts of the bare words where the schema wants texts.
///
/// As deep as the literal at most, whose levels are limited.
fn settle(schema: &Schema, ty: &Type, value: Value) -> Value {
    match (ty, value) {
        (Type::Text, value) => match value.word() {
            // The pointer to nothing, which a text may be.
            Some("null") | None => value,
            Some(word) => Value::Text(word.to_owned()),
        },
        (Type::List(element), Value::List(values)) => {
            let values = values.into_iter();
            Value::List(values.map(|value| settle(schema, element, value)).collect())
        }
        (Type::Struct(id), value) => match schema.structure(*id) {
            Some(structure) => settle_members(schema, &structure.members, value),
            None => value,
        },
        (_, value) => value,
    }
}

fn settle_members(schema: &Schema, members: &Members, value: Value) -> Value {
    let Value::Struct(fields) = value else {
        return value;
    };
    let fields = fields.into_iter().map(|(name, value)| {
        let value = match members.field(&name) {
            Some(field) => settle_field(schema, field.kind(), value),
            None => value,
        };
        (name, value)
    });
    Value::Struct(fields.collect())
}

fn settle_field(schema: &Schema, kind: &FieldKind, value: Value) -> Value {
    match kind {
        FieldKind::Slot(slot) => settle(schema, &slot.ty, value),
        FieldKind::Group(group) => settle_members(schema, &group.members, value),
    }
}
