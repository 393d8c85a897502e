//! [`Value`]: what a field, a parameter or a list element holds; and how it is written as text.

use std::fmt::{self, Write as _};

/// A value of any Cap'n Proto type.
///
/// Its text form is that of Cap'n Proto schemas, with two additions: `null` for a pointer to nothing, and
/// `<any pointer>` and `<capability>` for what has no text form. What [`str::parse`] reads of it does not know the schema:
/// whole numbers are [`Int`](Self::Int) as long as they fit, and [`encode`](super::encode) takes them for any numeric type.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// A pointer to nothing.
    #[default]
    Null,
    /// The one value of `Void`.
    Void,
    /// A `Bool`.
    Bool(bool),
    /// A value of a signed integer type.
    Int(i64),
    /// A value of an unsigned integer type.
    UInt(u64),
    /// A value of a floating point type. One of `Float32` is the shortest decimal number that stands for it: 0.1, not
    /// 0.10000000149011612.
    Float(f64),
    /// A `Text`.
    Text(String),
    /// A `Data`.
    Data(Vec<u8>),
    /// A list.
    List(Vec<Self>),
    /// A value of an enum.
    Enum(Enumerant),
    /// A struct, group or named union: its fields in the order of the schema. Of a union only the active member is there, or
    /// none if a newer schema has made it active.
    Struct(Vec<(String, Self)>),
    /// A pointer that only those can read who know what is behind it: an `AnyPointer` or a generic parameter.
    AnyPointer,
    /// An object of an interface.
    Capability,
}

/// A value of an enum.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Enumerant {
    /// One that the schema names.
    Name(String),
    /// One of a newer schema.
    Number(u16),
}

impl Value {
    /// The field `name` of a struct.
    pub fn field(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Struct(fields) => fields
                .iter()
                .find(|(field, _)| field == name)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// The bare word that the value is written as. Only the schema tells `true` from an enumerant of that name.
    pub(super) fn word(&self) -> Option<&str> {
        match self {
            Self::Null => Some("null"),
            Self::Void => Some("void"),
            Self::Bool(true) => Some("true"),
            Self::Bool(false) => Some("false"),
            Self::Float(value) if value.is_nan() => Some("nan"),
            Self::Float(value) if *value == f64::INFINITY => Some("inf"),
            Self::Enum(Enumerant::Name(name)) => Some(name),
            _ => None,
        }
    }

    /// The value that a bare word means where no schema says otherwise.
    pub(super) fn from_word(word: &str) -> Self {
        match word {
            "null" => Self::Null,
            "void" => Self::Void,
            "true" => Self::Bool(true),
            "false" => Self::Bool(false),
            "nan" => Self::Float(f64::NAN),
            "inf" => Self::Float(f64::INFINITY),
            name => Self::Enum(Enumerant::Name(name.to_owned())),
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::UInt(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(word) = self.word() {
            return f.write_str(word);
        }
        match self {
            Self::Int(value) => write!(f, "{value}"),
            Self::UInt(value) => write!(f, "{value}"),
            Self::Float(value) if *value == f64::NEG_INFINITY => f.write_str("-inf"),
            // Debug keeps the point or the exponent that tells it from a whole number.
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Enum(Enumerant::Number(number)) => write!(f, "{number}"),
            Self::Text(text) => write_text(f, text),
            Self::Data(bytes) => {
                f.write_str("0x\"")?;
                for byte in bytes {
                    write!(f, "{byte:02x}")?;
                }
                f.write_char('"')
            }
            Self::List(elements) => {
                f.write_char('[')?;
                for (index, element) in elements.iter().enumerate() {
                    write!(f, "{}{element}", separator(index))?;
                }
                f.write_char(']')
            }
            Self::Struct(fields) => {
                f.write_char('(')?;
                for (index, (name, value)) in fields.iter().enumerate() {
                    write!(f, "{}{name} = {value}", separator(index))?;
                }
                f.write_char(')')
            }
            Self::AnyPointer => f.write_str("<any pointer>"),
            Self::Capability => f.write_str("<capability>"),
            // Written as words above.
            Self::Null | Self::Void | Self::Bool(_) | Self::Enum(Enumerant::Name(_)) => Ok(()),
        }
    }
}

fn separator(index: usize) -> &'static str {
    if index == 0 { "" } else { ", " }
}

/// Writes `text` quoted. What would act on a terminal instead of being seen is escaped.
fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            _ if is_hidden(character) => {
                for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                    write!(f, "\\x{byte:02x}")?;
                }
            }
            _ => f.write_char(character)?,
        }
    }
    f.write_char('"')
}

/// Whether `character` is a control character, or reorders the text around it.
pub(super) fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{061c}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
                | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use super::{Enumerant, Value};

    fn shown(value: &Value, text: &str) {
        assert_eq!(value.to_string(), text);
    }

    #[test]
    fn values_are_written_as_cap_n_proto_literals() {
        shown(&Value::Null, "null");
        shown(&Value::Void, "void");
        shown(&true.into(), "true");
        shown(&(-3_i64).into(), "-3");
        shown(&u64::MAX.into(), "18446744073709551615");
        shown(&1.0.into(), "1.0");
        shown(&1e300.into(), "1e300");
        shown(&f64::NEG_INFINITY.into(), "-inf");
        shown(&f64::NAN.into(), "nan");
        shown(&Value::Data(vec![0, 0xa1]), r#"0x"00a1""#);
        shown(&Value::Enum(Enumerant::Name("red".into())), "red");
        shown(&Value::Enum(Enumerant::Number(7)), "7");
        shown(&Value::List(vec![]), "[]");
        let list = Value::List(vec![1_i64.into(), 2_i64.into()]);
        let value = Value::Struct(vec![("name".into(), "x".into()), ("list".into(), list)]);
        shown(&value, r#"(name = "x", list = [1, 2])"#);
        shown(&Value::AnyPointer, "<any pointer>");
        shown(&Value::Capability, "<capability>");
    }

    #[test]
    fn text_cannot_act_on_a_terminal() {
        shown(&"a\"\\\n\té".into(), r#""a\"\\\n\té""#);
        shown(&"\x1b[31m".into(), r#""\x1b[31m""#);
        shown(&"\u{85}".into(), r#""\xc2\x85""#);
        shown(&"\u{202e}".into(), r#""\xe2\x80\xae""#);
    }

    #[test]
    fn a_field_is_found_by_its_name() {
        let value = Value::Struct(vec![("a".into(), true.into())]);
        assert_eq!(value.field("a"), Some(&Value::Bool(true)));
        assert_eq!(value.field("b"), None);
        assert_eq!(Value::Void.field("a"), None);
    }
}
