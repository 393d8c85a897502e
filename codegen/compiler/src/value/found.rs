//! What an expression is by itself, before it is fitted to the type that is wanted.

use std::rc::Rc;

use crate::types::{AnyPointer, Bindings, BrandScope, Names, Type};

use super::Value;

/// A value with the type it has by itself.
#[derive(Clone, Debug)]
pub(super) enum Found {
    Void,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Float(f64),
    Text(Rc<[u8]>),
    Data(Rc<[u8]>),
    /// An enum, struct or list.
    Typed(Type, Value),
    /// A pointer of no known type, or a capability: fits nothing.
    Untyped,
}

/// Outcome of fitting a value to a type.
pub(super) enum Fit {
    Value(Value),
    Mismatch,
    OutOfRange,
}

impl Found {
    /// The value of a constant.
    pub(super) fn constant(ty: Type, value: Value) -> Self {
        match value {
            Value::Void => Self::Void,
            Value::Bool(value) => Self::Bool(value),
            Value::Int8(value) => Self::Int(value.into()),
            Value::Int16(value) => Self::Int(value.into()),
            Value::Int32(value) => Self::Int(value.into()),
            Value::Int64(value) => Self::Int(value),
            Value::UInt8(value) => Self::UInt(value.into()),
            Value::UInt16(value) => Self::UInt(value.into()),
            Value::UInt32(value) => Self::UInt(value.into()),
            Value::UInt64(value) => Self::UInt(value),
            Value::Float32(value) => Self::Float(value.into()),
            Value::Float64(value) => Self::Float(value),
            Value::Text(text) => Self::Text(text.unwrap_or_default()),
            Value::Data(data) => Self::Data(data.unwrap_or_default()),
            // The reference takes the value of an enum constant for a number: it fits integers, and no enum.
            Value::Enum(ordinal) => Self::UInt(ordinal.into()),
            Value::List(_) | Value::Struct(_) => Self::Typed(ty, value),
            Value::Interface | Value::AnyPointer(_) => Self::Untyped,
        }
    }

    /// This value as one of type `ty`.
    pub(super) fn fit(&self, ty: &Type) -> Fit {
        let value = match (self, ty) {
            (Self::Void, Type::Void) => Value::Void,
            (Self::Bool(value), Type::Bool) => Value::Bool(*value),
            (Self::Int(value), _) => return integer(i128::from(*value), ty),
            (Self::UInt(value), _) => return integer(i128::from(*value), ty),
            #[allow(
                clippy::cast_possible_truncation,
                reason = "rounding is what the conversion is for"
            )]
            (Self::Float(value), Type::Float32) => Value::Float32(*value as f32),
            (Self::Float(value), Type::Float64) => Value::Float64(*value),
            (Self::Text(text), Type::Text) => Value::Text(Some(Rc::clone(text))),
            (Self::Data(data), Type::Data) => Value::Data(Some(Rc::clone(data))),
            (
                Self::Typed(own @ (Type::List(_) | Type::Struct { .. }), value),
                Type::AnyPointer(kind),
            ) if points_to(*kind, own) => Value::AnyPointer(Some(Rc::new(value.clone()))),
            (Self::Typed(own, value), _) if same(own, ty) => value.clone(),
            _ => return Fit::Mismatch,
        };
        Fit::Value(value)
    }

    /// What this is, for messages.
    pub(super) fn describe(&self, names: &mut dyn Names) -> String {
        match self {
            Self::Void => "void".to_owned(),
            Self::Bool(_) => "a truth value".to_owned(),
            Self::Int(_) | Self::UInt(_) => "an integer".to_owned(),
            Self::Float(_) => "a floating point number".to_owned(),
            Self::Text(_) => "text".to_owned(),
            Self::Data(_) => "data".to_owned(),
            Self::Typed(ty, _) => format!("a `{}`", type_name(ty, names)),
            Self::Untyped => "a pointer of unknown type".to_owned(),
        }
    }
}

#[allow(
    clippy::cast_precision_loss,
    reason = "rounding is what the conversion is for"
)]
fn integer(value: i128, ty: &Type) -> Fit {
    let fitted = match ty {
        Type::Int8 => value.try_into().map(Value::Int8),
        Type::Int16 => value.try_into().map(Value::Int16),
        Type::Int32 => value.try_into().map(Value::Int32),
        Type::Int64 => value.try_into().map(Value::Int64),
        Type::UInt8 => value.try_into().map(Value::UInt8),
        Type::UInt16 => value.try_into().map(Value::UInt16),
        Type::UInt32 => value.try_into().map(Value::UInt32),
        Type::UInt64 => value.try_into().map(Value::UInt64),
        Type::Float32 => Ok(Value::Float32(value as f32)),
        Type::Float64 => Ok(Value::Float64(value as f64)),
        _ => return Fit::Mismatch,
    };
    fitted.map_or(Fit::OutOfRange, Fit::Value)
}

fn points_to(kind: AnyPointer, target: &Type) -> bool {
    match kind {
        AnyPointer::Any => true,
        AnyPointer::Struct => matches!(target, Type::Struct { .. }),
        AnyPointer::List => matches!(target, Type::List(_)),
        _ => false,
    }
}

/// Whether two types are the same. A scope without bindings equals one whose parameters are all `AnyPointer`.
fn same(one: &Type, other: &Type) -> bool {
    // A struct reached through an alias inside itself has its scope twice, which the comparison below does not know.
    if one == other {
        return true;
    }
    match (one, other) {
        (Type::List(one), Type::List(other)) => same(one, other),
        (Type::Enum { id: one, .. }, Type::Enum { id: other, .. }) => one == other,
        (
            Type::Struct { id: a, brand: one },
            Type::Struct {
                id: b,
                brand: other,
            },
        )
        | (
            Type::Interface { id: a, brand: one },
            Type::Interface {
                id: b,
                brand: other,
            },
        ) => {
            a == b
                && covers(&one.scopes, &other.scopes)
                && only_adds_defaults(&other.scopes, &one.scopes)
        }
        _ => one == other,
    }
}

/// Whether `other` has the bindings of every scope in `scopes`.
fn covers(scopes: &[BrandScope], other: &[BrandScope]) -> bool {
    let any = Type::AnyPointer(AnyPointer::Any);
    scopes.iter().all(|scope| {
        let counterpart = other
            .iter()
            .find(|candidate| candidate.scope_id == scope.scope_id)
            .map(|found| &found.bindings);
        match (&scope.bindings, counterpart) {
            (Bindings::Bind(types), None) => types.iter().all(|ty| *ty == any),
            (Bindings::Bind(one), Some(Bindings::Bind(two))) => {
                one.len() == two.len() && one.iter().zip(two).all(|(a, b)| same(a, b))
            }
            (Bindings::Inherit, Some(Bindings::Inherit)) => true,
            _ => false,
        }
    })
}

/// Whether the scopes that `known` does not mention bind nothing but `AnyPointer`.
///
/// The others were compared already; doing it again in this direction would double the work with each level.
fn only_adds_defaults(scopes: &[BrandScope], known: &[BrandScope]) -> bool {
    let any = Type::AnyPointer(AnyPointer::Any);
    scopes
        .iter()
        .filter(|scope| known.iter().all(|other| other.scope_id != scope.scope_id))
        .all(|scope| matches!(&scope.bindings, Bindings::Bind(types) if types.iter().all(|ty| *ty == any)))
}

/// A type as it is written in a schema, without its bindings.
pub(super) fn type_name(ty: &Type, names: &mut dyn Names) -> String {
    match ty {
        Type::Void => "Void",
        Type::Bool => "Bool",
        Type::Int8 => "Int8",
        Type::Int16 => "Int16",
        Type::Int32 => "Int32",
        Type::Int64 => "Int64",
        Type::UInt8 => "UInt8",
        Type::UInt16 => "UInt16",
        Type::UInt32 => "UInt32",
        Type::UInt64 => "UInt64",
        Type::Float32 => "Float32",
        Type::Float64 => "Float64",
        Type::Text => "Text",
        Type::Data => "Data",
        Type::List(element) => return format!("List({})", type_name(element, names)),
        Type::Enum { id, .. } | Type::Struct { id, .. } | Type::Interface { id, .. } => {
            return names.node_name(*id);
        }
        Type::AnyPointer(AnyPointer::Struct) => "AnyStruct",
        Type::AnyPointer(AnyPointer::List) => "AnyList",
        Type::AnyPointer(AnyPointer::Capability) => "Capability",
        Type::AnyPointer(_) => "AnyPointer",
    }
    .to_owned()
}
