//! Values: constants, defaults and the values of annotations.

use std::rc::Rc;

/// A value of some type.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// `void`
    #[default]
    Void,
    /// `true` or `false`
    Bool(bool),
    /// Of `Int8`.
    Int8(i8),
    /// Of `Int16`.
    Int16(i16),
    /// Of `Int32`.
    Int32(i32),
    /// Of `Int64`.
    Int64(i64),
    /// Of `UInt8`.
    UInt8(u8),
    /// Of `UInt16`.
    UInt16(u16),
    /// Of `UInt32`.
    UInt32(u32),
    /// Of `UInt64`.
    UInt64(u64),
    /// Of `Float32`.
    Float32(f32),
    /// Of `Float64`.
    Float64(f64),
    /// Of `Text`; `None` is a null pointer.
    Text(Option<Rc<str>>),
    /// Of `Data`; `None` is a null pointer.
    Data(Option<Rc<[u8]>>),
    /// Ordinal of an enumerant.
    Enum(u16),
    /// Of an interface: always null.
    Interface,
    /// Of a list; `None` is a null pointer.
    List(Option<Rc<ListValue>>),
    /// Of a struct; `None` is a null pointer.
    Struct(Option<Rc<StructValue>>),
    /// Of `AnyPointer`; `None` is a null pointer.
    AnyPointer(Option<Rc<Self>>),
}

/// Elements of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct ListValue {
    /// The elements, all of one kind.
    pub elements: Vec<Value>,
}

/// A struct as it lies in a message.
#[derive(Clone, Debug, PartialEq)]
pub struct StructValue {
    /// Its data section, already XORed with the defaults of its fields.
    pub data: Vec<u8>,
    /// Its pointer section.
    pub pointers: Vec<Value>,
}
