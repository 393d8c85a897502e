//! What generated code calls. Not API: it changes with the generator, and both are released together.
//!
//! Native types read and write themselves by slot: [`StructReader`] and [`StructBuilder`] have one accessor for each kind of
//! field, and this module is the only place that knows Cap'n Proto's own readers and builders. Reading and writing fails with
//! Cap'n Proto's error, which knows no side; the entry points in `calls` turn it into a [`Status`](crate::Status).

mod any_pointer;
mod budget;
mod calls;
mod client;
mod constant;
mod equality;
mod lists;
mod outline;
mod pointer;
mod raw;
mod structs;
#[cfg(test)]
mod tests;
mod text;

pub use ::capnp::{self, Result};
pub use dsoftbus_proto::message::IncomingReader;

pub(crate) use self::outline::outline;
pub use self::{
    any_pointer::AnyPointer,
    calls::{
        Opened, call, list_words, no_such_method, not_implemented, open, params,
        params_with_capabilities, reply, results, words,
    },
    client::{read_client, write_client},
    constant::{constant, message},
    lists::{Bits, Bytes, Element, Encoding, Enumerants, Numbers, Pointers, Structs},
    pointer::{Pointer, PointerBuilder, PointerReader},
    structs::{Body, Number, Struct, StructBuilder, StructReader, StructSize, size},
};
pub use crate::{
    generated::bus_capnp,
    message::{Incoming, Outgoing},
};
