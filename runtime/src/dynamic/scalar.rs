//! What lies in data sections and lists without pointers: numbers, bools and enumerants, as bits.

use capnp::private::layout::{
    ElementSize, ListBuilder, ListReader, PrimitiveElement, StructBuilder, StructReader,
};

use super::{schema::Type, value::Value};

/// How much room a scalar takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Width {
    Bit,
    Byte,
    Two,
    Four,
    Eight,
}

impl Width {
    /// The width of a type; `None` for `Void` and pointers.
    pub(super) fn of(ty: &Type) -> Option<Self> {
        Some(match ty {
            Type::Bool => Self::Bit,
            Type::Int8 | Type::UInt8 => Self::Byte,
            Type::Int16 | Type::UInt16 | Type::Enum(_) => Self::Two,
            Type::Int32 | Type::UInt32 | Type::Float32 => Self::Four,
            Type::Int64 | Type::UInt64 | Type::Float64 => Self::Eight,
            Type::Void
            | Type::Text
            | Type::Data
            | Type::List(_)
            | Type::Struct(_)
            | Type::Interface(_)
            | Type::AnyPointer => return None,
        })
    }

    pub(super) fn bits(self) -> u64 {
        match self {
            Self::Bit => 1,
            Self::Byte => 8,
            Self::Two => 16,
            Self::Four => 32,
            Self::Eight => 64,
        }
    }

    pub(super) fn element_size(self) -> ElementSize {
        match self {
            Self::Bit => ElementSize::Bit,
            Self::Byte => ElementSize::Byte,
            Self::Two => ElementSize::TwoBytes,
            Self::Four => ElementSize::FourBytes,
            Self::Eight => ElementSize::EightBytes,
        }
    }
}

/// The bits at `offset`, in units of `width`; 0 beyond the end of the struct.
pub(super) fn read_field(reader: &StructReader<'_>, width: Width, offset: usize) -> u64 {
    match width {
        Width::Bit => reader.get_bool_field(offset).into(),
        Width::Byte => reader.get_data_field::<u8>(offset).into(),
        Width::Two => reader.get_data_field::<u16>(offset).into(),
        Width::Four => reader.get_data_field::<u32>(offset).into(),
        Width::Eight => reader.get_data_field::<u64>(offset),
    }
}

/// Sets the bits at `offset`, which the caller knows to lie in the struct: Cap'n Proto does not check it. Those of `bits` beyond
/// the width are left out.
pub(super) fn write_field(builder: &StructBuilder<'_>, width: Width, offset: usize, bits: u64) {
    let [low, second, third, fourth, ..] = bits.to_le_bytes();
    match width {
        Width::Bit => builder.set_bool_field(offset, bits & 1 == 1),
        Width::Byte => builder.set_data_field(offset, low),
        Width::Two => builder.set_data_field(offset, u16::from_le_bytes([low, second])),
        Width::Four => {
            let four = [low, second, third, fourth];
            builder.set_data_field(offset, u32::from_le_bytes(four));
        }
        Width::Eight => builder.set_data_field(offset, bits),
    }
    // A reader does check it.
    debug_assert_eq!(
        read_field(&builder.as_reader(), width, offset),
        bits & (u64::MAX >> (64 - width.bits())),
        "offsets were checked"
    );
}

/// The bits of element `index`, which the caller knows to be in the list.
pub(super) fn read_element(list: &ListReader<'_>, width: Width, index: u32) -> u64 {
    match width {
        Width::Bit => bool::get(list, index).into(),
        Width::Byte => u8::get(list, index).into(),
        Width::Two => u16::get(list, index).into(),
        Width::Four => u32::get(list, index).into(),
        Width::Eight => u64::get(list, index),
    }
}

/// Sets the bits of element `index`, which the caller knows to be in the list.
pub(super) fn write_element(list: &ListBuilder<'_>, width: Width, index: u32, bits: u64) {
    let [low, second, third, fourth, ..] = bits.to_le_bytes();
    match width {
        Width::Bit => bool::set(list, index, bits & 1 == 1),
        Width::Byte => u8::set(list, index, low),
        Width::Two => u16::set(list, index, u16::from_le_bytes([low, second])),
        Width::Four => {
            let four = [low, second, third, fourth];
            u32::set(list, index, u32::from_le_bytes(four));
        }
        Width::Eight => u64::set(list, index, bits),
    }
}

/// What `bits` mean for a number or bool. `None` for other types.
pub(super) fn to_value(ty: &Type, bits: u64) -> Option<Value> {
    let [b0, b1, b2, b3, ..] = bits.to_le_bytes();
    Some(match ty {
        Type::Bool => Value::Bool(bits & 1 == 1),
        Type::Int8 => Value::Int(i8::from_le_bytes([b0]).into()),
        Type::Int16 => Value::Int(i16::from_le_bytes([b0, b1]).into()),
        Type::Int32 => Value::Int(i32::from_le_bytes([b0, b1, b2, b3]).into()),
        Type::Int64 => Value::Int(i64::from_le_bytes(bits.to_le_bytes())),
        Type::UInt8 | Type::UInt16 | Type::UInt32 | Type::UInt64 => Value::UInt(bits),
        Type::Float32 => Value::Float(widen(f32::from_le_bytes([b0, b1, b2, b3]))),
        Type::Float64 => Value::Float(f64::from_bits(bits)),
        _ => return None,
    })
}

/// The bits that `value` is written as. `None` if it is no value of the type.
pub(super) fn from_value(ty: &Type, value: &Value) -> Option<u64> {
    Some(match ty {
        Type::Bool => match value {
            Value::Bool(value) => u64::from(*value),
            _ => return None,
        },
        Type::Int8 => bits_of(i8::try_from(signed(value)?).ok()?.into()),
        Type::Int16 => bits_of(i16::try_from(signed(value)?).ok()?.into()),
        Type::Int32 => bits_of(i32::try_from(signed(value)?).ok()?.into()),
        Type::Int64 => bits_of(signed(value)?),
        Type::UInt8 => u8::try_from(unsigned(value)?).ok()?.into(),
        Type::UInt16 => u16::try_from(unsigned(value)?).ok()?.into(),
        Type::UInt32 => u32::try_from(unsigned(value)?).ok()?.into(),
        Type::UInt64 => unsigned(value)?,
        Type::Float32 => narrow(float(value)?)?.to_bits().into(),
        Type::Float64 => float(value)?.to_bits(),
        _ => return None,
    })
}

fn signed(value: &Value) -> Option<i64> {
    match value {
        Value::Int(value) => Some(*value),
        Value::UInt(value) => i64::try_from(*value).ok(),
        _ => None,
    }
}

/// A whole number that is not negative.
pub(super) fn unsigned(value: &Value) -> Option<u64> {
    match value {
        Value::Int(value) => u64::try_from(*value).ok(),
        Value::UInt(value) => Some(*value),
        _ => None,
    }
}

/// Whole numbers are taken for the nearest floating point number, as they are in schemas.
fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Float(value) => Some(*value),
        Value::Int(value) => Some(*value as f64),
        Value::UInt(value) => Some(*value as f64),
        _ => None,
    }
}

fn bits_of(value: i64) -> u64 {
    u64::from_le_bytes(value.to_le_bytes())
}

/// The nearest `Float32`. `None` if the number is too large for one.
fn narrow(value: f64) -> Option<f32> {
    let narrow = value as f32;
    (narrow.is_finite() || !value.is_finite()).then_some(narrow)
}

/// The number that `value` is written as, rather than all the digits that its bits amount to.
fn widen(value: f32) -> f64 {
    match value.to_string().parse() {
        Ok(wide) if value.is_finite() && narrow(wide) == Some(value) => wide,
        _ => value.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Type, Value, from_value, to_value};

    #[test]
    fn a_number_must_fit_its_type() {
        let int = |value: i64| Value::Int(value);
        assert_eq!(from_value(&Type::Int8, &int(-128)), Some(u64::MAX - 127));
        assert_eq!(from_value(&Type::Int8, &int(-129)), None);
        assert_eq!(from_value(&Type::UInt8, &int(255)), Some(255));
        assert_eq!(from_value(&Type::UInt8, &int(256)), None);
        assert_eq!(from_value(&Type::UInt64, &int(-1)), None);
        assert_eq!(from_value(&Type::Int64, &Value::UInt(u64::MAX)), None);
        assert_eq!(from_value(&Type::Float32, &Value::Float(1e300)), None);
        assert_eq!(from_value(&Type::UInt8, &Value::Float(1.0)), None);
        assert_eq!(from_value(&Type::Bool, &int(1)), None);
        assert_eq!(
            from_value(&Type::Float32, &Value::Float(f64::INFINITY)),
            Some(f32::INFINITY.to_bits().into())
        );
    }

    #[test]
    fn a_float32_reads_as_it_is_written() {
        let bits = from_value(&Type::Float32, &Value::Float(0.1)).unwrap();
        assert_eq!(to_value(&Type::Float32, bits), Some(Value::Float(0.1)));
        let bits = f32::MIN_POSITIVE.to_bits().into();
        let value = to_value(&Type::Float32, bits).unwrap();
        assert_eq!(from_value(&Type::Float32, &value), Some(bits));
    }
}
