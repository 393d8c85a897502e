//! The entry points: where a call is built, and where parameters and results are read.
//!
//! What a peer sent wrong is `invalid_argument` on the serving side and `data_loss` on the calling side.

use std::fmt;

use dsoftbus_proto::message::IncomingReader;

use super::{
    budget::Budget,
    pointer::PointerReader,
    pointer::{PointerBuilder, Shared},
    raw::{RawBuilder, RawReader},
    structs::{StructBuilder, StructReader, StructSize},
};
use crate::{
    Call, CallFuture, Capability, Code, MethodDescriptor, RawCall, ServiceDescriptor, Status,
    message::{Incoming, Outgoing},
};

/// A call of `method`, which is sent when it is polled. `path` leads to the value that `decode` reads, pointer by pointer.
pub fn call<T: Send + 'static>(
    target: &Capability,
    method: &'static MethodDescriptor,
    size: StructSize,
    words: usize,
    fill: impl FnOnce(&mut StructBuilder<'_>) -> capnp::Result<()>,
    decode: fn(&Incoming) -> Result<T, Status>,
    path: &'static [u16],
) -> Call<T> {
    let mut call = Outgoing::call(method.interface_id, method.ordinal, hint(words));
    match call.fill(size, fill) {
        Ok(()) => Call::new(target.call(method, call), decode, path),
        Err(error) => {
            let status = Status::new(
                Code::InvalidArgument,
                format!("{}.{}: {}", method.service, method.name, error.extra),
            );
            Call::new(RawCall::failed(status), decode, path)
        }
    }
}

/// Builds the results of a call.
///
/// # Errors
///
/// `internal` when a value is too large for any message.
pub fn reply(
    size: StructSize,
    words: usize,
    fill: impl FnOnce(&mut StructBuilder<'_>) -> capnp::Result<()>,
) -> Result<Outgoing, Status> {
    let mut results = Outgoing::results(hint(words));
    match results.fill(size, fill) {
        Ok(()) => Ok(results),
        Err(error) => Err(Status::new(
            Code::Internal,
            format!("results: {}", error.extra),
        )),
    }
}

impl Outgoing {
    /// Writes the content: a struct of this size, with the capabilities in it.
    pub(super) fn fill(
        &mut self,
        size: StructSize,
        fill: impl FnOnce(&mut StructBuilder<'_>) -> capnp::Result<()>,
    ) -> capnp::Result<()> {
        self.with_capabilities(|mut content, capabilities| {
            let RawBuilder(raw) = content.reborrow().init_as();
            fill(&mut PointerBuilder { raw, capabilities }.structure(size))
        })
    }
}

/// A message that is open for reading: what is read from it may borrow its text and bytes.
pub struct Opened<'a> {
    reader: IncomingReader<'a>,
    budget: Budget,
}

impl fmt::Debug for Opened<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reader.fmt(f)
    }
}

/// Opens a message for reading.
pub fn open(incoming: &Incoming) -> Opened<'_> {
    Opened {
        reader: incoming.reader(),
        budget: Budget::new(),
    }
}

/// Reads the parameters of a call. A capability in what is read is an error: see [`params_with_capabilities`].
///
/// # Errors
///
/// `invalid_argument` when they are not what the schema says.
pub fn params<'a, T>(
    opened: &'a Opened<'_>,
    read: impl FnOnce(&StructReader<'a>) -> capnp::Result<T>,
) -> Result<T, Status> {
    let content = || {
        let RawReader(raw) = opened.reader.content()?;
        let shared = Shared {
            capabilities: &[],
            budget: &opened.budget,
        };
        read(&PointerReader { raw, shared }.structure()?)
    };
    content().map_err(bad_params)
}

/// Reads the parameters of a call, capabilities included. Nothing can be borrowed from the message.
///
/// # Errors
///
/// `invalid_argument` when they are not what the schema says.
pub fn params_with_capabilities<T>(
    incoming: &Incoming,
    read: impl FnOnce(&StructReader<'_>) -> capnp::Result<T>,
) -> Result<T, Status> {
    content(incoming, read).map_err(bad_params)
}

/// Reads the results of a call, capabilities included.
///
/// # Errors
///
/// `data_loss` when they are not what the schema says.
pub fn results<T>(
    incoming: &Incoming,
    read: impl FnOnce(&StructReader<'_>) -> capnp::Result<T>,
) -> Result<T, Status> {
    content(incoming, read)
        .map_err(|error| Status::new(Code::DataLoss, format!("bad results: {}", text(error))))
}

fn content<T>(
    incoming: &Incoming,
    read: impl FnOnce(&StructReader<'_>) -> capnp::Result<T>,
) -> capnp::Result<T> {
    incoming.with_capabilities(|content, capabilities| {
        let RawReader(raw) = content.get_as()?;
        let shared = Shared {
            capabilities,
            budget: &Budget::new(),
        };
        read(&PointerReader { raw, shared }.structure()?)
    })
}

fn bad_params(error: capnp::Error) -> Status {
    Status::new(
        Code::InvalidArgument,
        format!("bad parameters: {}", text(error)),
    )
}

/// What is wrong, without the word that Cap'n Proto puts in front of errors that are not its own.
pub(super) fn text(error: capnp::Error) -> String {
    match error.kind {
        capnp::ErrorKind::Failed => error.extra,
        _ => error.to_string(),
    }
}

/// The answer to a call of a method that the schema does not have.
pub fn no_such_method(
    service: &ServiceDescriptor,
    interface_id: u64,
    method_id: u16,
) -> CallFuture {
    let status = Status::new(
        Code::Unimplemented,
        format!(
            "{} has no method {method_id} of interface {interface_id:#018x}",
            service.name
        ),
    );
    Box::pin(std::future::ready(Err(status)))
}

/// The answer of a service that was written before the method was added to the schema.
pub fn not_implemented(method: &MethodDescriptor) -> Status {
    Status::new(
        Code::Unimplemented,
        format!("{}.{} is not implemented", method.service, method.name),
    )
}

/// Words that so many bytes take.
pub const fn words(bytes: usize) -> usize {
    bytes / 8 + 1
}

/// Words that a list takes.
pub const fn list_words(count: usize, bits: usize) -> usize {
    count.saturating_mul(bits) / 64 + 1
}

/// A size hint for the first segment. Only a hint: a message that outgrows it gets another segment.
fn hint(words: usize) -> u32 {
    /// 64 KiB: a caller's mistake about a size costs at most this much.
    const MOST: usize = 8192;
    u32::try_from(words.min(MOST)).unwrap_or(0)
}
