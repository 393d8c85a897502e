//! What generated code calls. Not API: it changes with the generator, and both are released together.
//!
//! Reading and writing is fallible with Cap'n Proto's error, which knows no side. The entry points ([`params`],
//! [`results`], [`call`], [`reply`]) turn it into a [`Status`]: what a peer sent wrong is `invalid_argument` on the
//! serving side and `data_loss` on the calling side.

use capnp::dynamic_value;
use capnp::introspect::{Introspect, TypeVariant};
use capnp::traits::{Owned, OwnedStruct};
use capnp::{NotInSchema, data_list, enum_list, list_list, primitive_list, struct_list, text_list};

use crate::{Call, Capability, Code, MethodDescriptor, RawCall, ServiceDescriptor, Status};

pub use crate::message::{Incoming, Outgoing};
pub use ::capnp;
pub use dsoftbus_proto::message::IncomingReader;

/// Most bits of one list, and eight times the most bytes of one text: what a message can hold, 1 MiB.
///
/// Cap'n Proto asserts its own, larger limits; checked here, a value that is too large is an error and not a panic.
const MAX_LIST_BITS: u64 = 8 * 1_048_576;

/// Builds and starts a call.
pub fn call<P: Owned, T: Send + 'static>(
    target: &Capability,
    method: &'static MethodDescriptor,
    words: usize,
    fill: impl FnOnce(P::Builder<'_>) -> capnp::Result<()>,
    decode: fn(&Incoming) -> Result<T, Status>,
) -> Call<T> {
    let mut call = Outgoing::call(method.interface_id, method.ordinal, hint(words));
    match fill(call.content()) {
        Ok(()) => Call::new(target.call(method, call), decode, &[]),
        Err(error) => {
            let status = Status::new(
                Code::InvalidArgument,
                format!("{}.{}: {}", method.service, method.name, error.extra),
            );
            Call::new(RawCall::failed(status), decode, &[])
        }
    }
}

/// Reads the parameters of a call.
///
/// # Errors
///
/// `invalid_argument` when they are not what the schema says.
pub fn params<'a, P: Owned, T>(
    reader: &'a IncomingReader<'_>,
    read: impl FnOnce(P::Reader<'a>) -> capnp::Result<T>,
) -> Result<T, Status> {
    reader
        .content()
        .and_then(read)
        .map_err(|error| Status::new(Code::InvalidArgument, format!("bad parameters: {error}")))
}

/// Builds the results of a call.
///
/// # Errors
///
/// `internal` when a value is too large for any message.
pub fn reply<R: Owned>(
    words: usize,
    fill: impl FnOnce(R::Builder<'_>) -> capnp::Result<()>,
) -> Result<Outgoing, Status> {
    let mut results = Outgoing::results(hint(words));
    match fill(results.content()) {
        Ok(()) => Ok(results),
        Err(error) => Err(Status::new(
            Code::Internal,
            format!("results: {}", error.extra),
        )),
    }
}

/// Reads the results of a call.
///
/// # Errors
///
/// `data_loss` when they are not what the schema says.
pub fn results<R: Owned, T>(
    incoming: &Incoming,
    read: impl for<'a> FnOnce(R::Reader<'a>) -> capnp::Result<T>,
) -> Result<T, Status> {
    let reader = incoming.reader();
    reader
        .content()
        .and_then(read)
        .map_err(|error| Status::new(Code::DataLoss, format!("bad results: {error}")))
}

/// The answer to a call of a method that the schema does not have.
pub fn no_such_method(service: &ServiceDescriptor, interface_id: u64, method_id: u16) -> Status {
    Status::new(
        Code::Unimplemented,
        format!(
            "{} has no method {method_id} of interface {interface_id:#018x}",
            service.name
        ),
    )
}

/// The answer of a service that was written before the method was added to the schema.
pub fn not_implemented(method: &MethodDescriptor) -> Status {
    Status::new(
        Code::Unimplemented,
        format!("{}.{} is not implemented", method.service, method.name),
    )
}

/// The default of a struct: what a message that leaves it out reads as.
pub fn default_of<S: Owned, T>(read: impl for<'a> FnOnce(S::Reader<'a>) -> capnp::Result<T>) -> T {
    let nothing = capnp::message::Builder::new_default();
    match nothing.get_root_as_reader().and_then(read) {
        Ok(value) => value,
        // Only the schema's own defaults are read here, and `capnp compile` wrote those.
        Err(error) => unreachable!("a default in the schema cannot be read: {error}"),
    }
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

/// A text that must be UTF-8; `field` names it in the error.
///
/// # Errors
///
/// When it is not UTF-8, or its pointer is not one to text.
pub fn text<'a>(
    value: capnp::Result<capnp::text::Reader<'a>>,
    field: &str,
) -> capnp::Result<&'a str> {
    value?
        .to_str()
        .map_err(|_| capnp::Error::failed(format!("`{field}` is not UTF-8")))
}

/// The number of an enumerant, known or not.
pub fn enumerant<E: Into<u16>>(value: Result<E, NotInSchema>) -> u16 {
    match value {
        Ok(known) => known.into(),
        Err(NotInSchema(raw)) => raw,
    }
}

/// A list of numbers, bools or nothings.
///
/// # Errors
///
/// When the pointer is not one to such a list.
pub fn primitives<T>(list: capnp::Result<primitive_list::Reader<'_, T>>) -> capnp::Result<Vec<T>>
where
    T: capnp::private::layout::PrimitiveElement + Introspect,
{
    Ok(list?.iter().collect())
}

/// A list of texts.
///
/// # Errors
///
/// As for [`text`].
pub fn texts(
    list: capnp::Result<text_list::Reader<'_>>,
    field: &str,
) -> capnp::Result<Vec<String>> {
    list?
        .iter()
        .map(|item| text(item, field).map(str::to_owned))
        .collect()
}

/// A list of byte strings.
///
/// # Errors
///
/// When a pointer is not one to bytes.
pub fn datas(list: capnp::Result<data_list::Reader<'_>>) -> capnp::Result<Vec<Vec<u8>>> {
    list?.iter().map(|item| item.map(<[u8]>::to_vec)).collect()
}

/// A list of enumerants.
///
/// # Errors
///
/// When the pointer is not one to such a list.
pub fn enumerants<E, T>(list: capnp::Result<enum_list::Reader<'_, E>>) -> capnp::Result<Vec<T>>
where
    E: TryFrom<u16, Error = NotInSchema> + Into<u16> + Introspect,
    T: From<u16>,
{
    Ok(list?.iter().map(|item| T::from(enumerant(item))).collect())
}

/// A list of structs.
///
/// Structs without words cost the sender nothing each; Cap'n Proto counts them against the message's traversal limit.
///
/// # Errors
///
/// The first of an element.
pub fn structs<'a, S: OwnedStruct, T>(
    list: capnp::Result<struct_list::Reader<'a, S>>,
    read: impl Fn(S::Reader<'a>) -> capnp::Result<T>,
) -> capnp::Result<Vec<T>> {
    list?.iter().map(read).collect()
}

/// A list of lists.
///
/// # Errors
///
/// The first of an inner list.
pub fn lists<'a, L: Owned, T>(
    list: capnp::Result<list_list::Reader<'a, L>>,
    read: impl Fn(capnp::Result<L::Reader<'a>>) -> capnp::Result<T>,
) -> capnp::Result<Vec<T>> {
    list?.iter().map(read).collect()
}

/// A text or byte string that may be put into a message.
///
/// # Errors
///
/// When it is larger than any message.
pub fn bounded<T: AsRef<[u8]> + ?Sized>(value: &T) -> capnp::Result<&T> {
    count(value.as_ref().len(), 8).map(|_| value)
}

/// The length of a list that may be put into a message, `bits` for each element.
///
/// # Errors
///
/// When it is larger than any message.
pub fn count(length: usize, bits: u32) -> capnp::Result<u32> {
    u32::try_from(length)
        .ok()
        .filter(|count| u64::from(*count).saturating_mul(u64::from(bits)) <= MAX_LIST_BITS)
        .ok_or_else(|| {
            capnp::Error::failed(format!("{length} elements are too large for a message"))
        })
}

/// Indexes of a list, as Cap'n Proto counts.
fn indexed<T>(items: &[T]) -> impl Iterator<Item = (u32, &T)> {
    (0..).zip(items)
}

/// Fills a list of numbers, bools or nothings.
pub fn set_primitives<T>(mut list: primitive_list::Builder<'_, T>, items: &[T])
where
    T: capnp::private::layout::PrimitiveElement + Introspect + Copy,
{
    for (index, item) in indexed(items) {
        list.set(index, *item);
    }
}

/// Fills a list of texts.
///
/// # Errors
///
/// As for [`bounded`].
pub fn set_texts(mut list: text_list::Builder<'_>, items: &[String]) -> capnp::Result<()> {
    for (index, item) in indexed(items) {
        list.set(index, bounded(item.as_str())?);
    }
    Ok(())
}

/// Fills a list of byte strings.
///
/// # Errors
///
/// As for [`bounded`].
pub fn set_datas(mut list: data_list::Builder<'_>, items: &[Vec<u8>]) -> capnp::Result<()> {
    for (index, item) in indexed(items) {
        list.set(index, bounded(item.as_slice())?);
    }
    Ok(())
}

/// Fills a list of enumerants, also with those that the schema does not know.
///
/// # Errors
///
/// None in practice: only Cap'n Proto's reflection can fail, and it is given what it came from.
pub fn set_enumerants<E, T>(mut list: enum_list::Builder<'_, E>, items: &[T]) -> capnp::Result<()>
where
    E: TryFrom<u16, Error = NotInSchema> + Into<u16> + Introspect,
    T: Copy + Into<u16>,
{
    for (index, item) in indexed(items) {
        match E::try_from((*item).into()) {
            Ok(known) => list.set(index, known),
            Err(NotInSchema(raw)) => match list.reborrow().into() {
                dynamic_value::Builder::List(mut list) => {
                    list.set(index, dynamic_enum::<E>(raw)?)?
                }
                _ => return Err(not_reflected()),
            },
        }
    }
    Ok(())
}

/// Sets an enum field, also to a value that the schema does not know.
///
/// # Errors
///
/// None in practice, as for [`set_enumerants`].
pub fn set_enumerant<'a, E, B>(
    mut builder: B,
    field: &str,
    raw: u16,
    set: impl FnOnce(&mut B, E),
) -> capnp::Result<()>
where
    E: TryFrom<u16, Error = NotInSchema> + Introspect,
    B: Into<dynamic_value::Builder<'a>>,
{
    match E::try_from(raw) {
        Ok(known) => {
            set(&mut builder, known);
            Ok(())
        }
        Err(NotInSchema(raw)) => match builder.into() {
            dynamic_value::Builder::Struct(mut body) => {
                body.set_named(field, dynamic_enum::<E>(raw)?)
            }
            _ => Err(not_reflected()),
        },
    }
}

fn dynamic_enum<E: Introspect>(raw: u16) -> capnp::Result<dynamic_value::Reader<'static>> {
    match E::introspect().which() {
        TypeVariant::Enum(schema) => Ok(dynamic_value::Reader::Enum(dynamic_value::Enum::new(
            raw,
            schema.into(),
        ))),
        _ => Err(not_reflected()),
    }
}

fn not_reflected() -> capnp::Error {
    capnp::Error::failed("generated code does not match its schema".to_owned())
}

/// Fills a list of structs.
///
/// # Errors
///
/// The first of an element.
pub fn set_structs<S: OwnedStruct, T>(
    mut list: struct_list::Builder<'_, S>,
    items: &[T],
    write: impl Fn(&T, S::Builder<'_>) -> capnp::Result<()>,
) -> capnp::Result<()> {
    for (index, item) in indexed(items) {
        write(item, list.reborrow().get(index))?;
    }
    Ok(())
}

/// Fills a list of lists whose elements take `bits` each.
///
/// # Errors
///
/// The first of an inner list.
pub fn set_lists<L: Owned, T>(
    mut list: list_list::Builder<'_, L>,
    items: &[Vec<T>],
    bits: u32,
    write: impl Fn(L::Builder<'_>, &[T]) -> capnp::Result<()>,
) -> capnp::Result<()> {
    for (index, item) in indexed(items) {
        let inner = list.reborrow().init(index, count(item.len(), bits)?);
        write(inner, item)?;
    }
    Ok(())
}
