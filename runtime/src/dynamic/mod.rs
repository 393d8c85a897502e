//! Calls without generated code: values read and written by the compiled schema of a peer.
//!
//! A [`Schema`] is parsed from the bytes in which a device describes its services. A [`Value`] is what one holds: [`decode`]
//! reads it from a message and [`encode`] writes it into one, both by a struct of the schema. Values have a text form, that of
//! Cap'n Proto schemas: `(name = "x", list = [1, 2])`.
//!
//! ```
//! # use capnp_compiler::{Compiler, MemoryFiles};
//! # let mut files = MemoryFiles::new();
//! # files.insert("greeter.capnp", r#"
//! #     @0xf3a5d9c2b1e07846;
//! #     interface Greeter @0xb0a1b2c3d4e5f602 { greet @0 (name :Text, loud :Bool) -> (greeting :Text); }
//! # "#);
//! # let bytes = Compiler::new().file_system(files).compile(["greeter.capnp"])?.bytes();
//! use dsoftbus::dynamic::{self, Schema};
//!
//! let schema = Schema::parse(&bytes)?;
//! let (_, greet) = schema.method(0xb0a1_b2c3_d4e5_f602, "greet").ok_or("no such method")?;
//! let params = dynamic::parse_arguments(&schema, greet.params(), ["name=bus", "loud=true"])?;
//!
//! let mut message = capnp::message::Builder::new_default();
//! dynamic::encode(&schema, greet.params(), &params, message.init_root())?;
//! let read = dynamic::decode(&schema, greet.params(), message.get_root_as_reader()?)?;
//! assert_eq!(read.to_string(), r#"(name = "bus", loud = true)"#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Schemas and messages of a peer are both taken to be hostile: whatever they say costs bounded memory, time and stack.

mod arguments;
mod client;
mod decode;
mod encode;
mod literal;
mod path;
mod raw;
mod scalar;
mod schema;
mod value;

#[cfg(test)]
mod tests;

pub use self::{
    arguments::{ArgumentError, parse_arguments},
    client::DynamicClient,
    decode::{DecodeError, MAX_DECODED_BYTES, decode},
    encode::{EncodeError, MAX_ENCODED_WORDS, encode},
    literal::{LiteralError, LiteralProblem},
    path::At,
    schema::{
        Enumeration, Field, FieldKind, Group, Interface, MAX_GROUP_DEPTH, MAX_LIST_DEPTH,
        MAX_MEMBERS, MAX_NAME, MAX_NODES, MAX_SCHEMA_BYTES, Method, Schema, SchemaError, Slot,
        Struct, Type,
    },
    value::{Enumerant, Value},
};

/// Most levels that a value may nest: structs, groups and lists.
///
/// Schemas may be recursive, and every level of a value costs stack; without a bound a peer or a typing error could use all of
/// it. Messages are read to 32 levels of pointers; groups are no pointers but levels too.
pub const MAX_DEPTH: usize = 64;
