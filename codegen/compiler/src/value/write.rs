//! Values into requests.

use capnp::message::{Reader, ReaderOptions, SegmentArray};
use capnp::schema_capnp::value;
use capnp::{Word, any_pointer, dynamic_struct, dynamic_value, text};

use super::{Value, encode};

impl Value {
    /// Writes this value to `target`.
    ///
    /// # Errors
    /// None but those of a defect: the message written for a struct or list would not be readable.
    pub fn write(&self, mut target: value::Builder<'_>) -> capnp::Result<()> {
        match self {
            Self::Void => target.set_void(()),
            Self::Bool(value) => target.set_bool(*value),
            Self::Int8(value) => target.set_int8(*value),
            Self::Int16(value) => target.set_int16(*value),
            Self::Int32(value) => target.set_int32(*value),
            Self::Int64(value) => target.set_int64(*value),
            Self::UInt8(value) => target.set_uint8(*value),
            Self::UInt16(value) => target.set_uint16(*value),
            Self::UInt32(value) => target.set_uint32(*value),
            Self::UInt64(value) => target.set_uint64(*value),
            Self::Float32(value) => target.set_float32(*value),
            Self::Float64(value) => target.set_float64(*value),
            Self::Text(Some(text)) => target.set_text(text::Reader(text)),
            Self::Text(None) => return set_null(target, "text"),
            Self::Data(Some(data)) => target.set_data(data),
            Self::Data(None) => return set_null(target, "data"),
            Self::Enum(ordinal) => target.set_enum(*ordinal),
            Self::Interface => target.set_interface(()),
            Self::List(_) => return self.write_pointer(target.init_list()),
            Self::Struct(_) => return self.write_pointer(target.init_struct()),
            Self::AnyPointer(_) => return self.write_pointer(target.init_any_pointer()),
        }
        Ok(())
    }

    fn write_pointer(&self, mut target: any_pointer::Builder<'_>) -> capnp::Result<()> {
        let words = match self {
            Self::List(None) | Self::Struct(None) | Self::AnyPointer(None) => return Ok(()),
            value => encode::segment(value),
        };
        let segments = [Word::words_to_bytes(&words)];
        // The limits of readers are for messages of strangers.
        let options = *ReaderOptions::new()
            .traversal_limit_in_words(None)
            .nesting_limit(i32::MAX);
        let message = Reader::new(SegmentArray::new(&segments), options);
        target.set_as(message.get_root::<any_pointer::Reader<'_>>()?)
    }
}

/// Makes a member of the union active without a value: the typed setters always write one.
fn set_null(target: value::Builder<'_>, member: &str) -> capnp::Result<()> {
    dynamic_value::Builder::from(target)
        .downcast::<dynamic_struct::Builder<'_>>()
        .clear_named(member)
}
