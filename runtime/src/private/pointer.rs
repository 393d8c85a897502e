//! Pointers, and what a value behind one can be.

use std::fmt::Debug;

use capnp::private::layout;

use super::{
    budget::Budget,
    lists::Element,
    structs::{Struct, StructBuilder, StructReader},
};
use crate::Capability;

/// A value that a Cap'n Proto pointer can lead to: a generated struct or client, `String`, `Vec`, [`AnyPointer`](crate::AnyPointer)
/// or [`Capability`].
///
/// These are what a type parameter of a schema may stand for, and what items of a sink may be. Numbers and enums are not among
/// them: wrap them in a struct. Implemented by generated code.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand for a type parameter of a schema",
    note = "structs, clients, `String`, `Vec`, `AnyPointer` and `Capability` can: wrap a number or an enum in a struct"
)]
pub trait Pointer: Element {
    /// Reads it. A null pointer reads as the default.
    #[doc(hidden)]
    fn read(from: PointerReader<'_>) -> capnp::Result<Self>;

    /// Writes it.
    #[doc(hidden)]
    fn write(&self, to: PointerBuilder<'_>) -> capnp::Result<()>;

    /// Whether a null pointer says the same.
    #[doc(hidden)]
    fn is_null(&self) -> bool {
        false
    }
}

/// A pointer of a message that is read.
#[derive(Clone, Copy)]
pub struct PointerReader<'a> {
    pub(super) raw: layout::PointerReader<'a>,
    pub(super) shared: Shared<'a>,
}

/// What all readers of one message share.
#[derive(Clone, Copy)]
pub(super) struct Shared<'a> {
    /// The capabilities, by the numbers of the hooks that the message was imbued with.
    pub(super) capabilities: &'a [Capability],
    pub(super) budget: &'a Budget,
}

impl<'a> PointerReader<'a> {
    /// Whether it leads nowhere.
    pub fn is_null(&self) -> bool {
        self.raw.is_null()
    }

    pub(super) fn structure(self) -> capnp::Result<StructReader<'a>> {
        Ok(StructReader {
            raw: self.raw.get_struct(None)?,
            shared: self.shared,
        })
    }
}

/// A pointer of a message that is written.
pub struct PointerBuilder<'a> {
    /// Imbued with a table, so that capabilities can be set.
    pub(super) raw: layout::PointerBuilder<'a>,
    /// The capabilities, by the numbers of the hooks that are set.
    pub(super) capabilities: &'a mut Vec<Capability>,
}

impl<'a> PointerBuilder<'a> {
    pub(super) fn structure(self, size: layout::StructSize) -> StructBuilder<'a> {
        StructBuilder {
            raw: self.raw.init_struct(size),
            size,
            capabilities: self.capabilities,
        }
    }
}

impl<T: Struct> Pointer for T {
    fn read(from: PointerReader<'_>) -> capnp::Result<Self> {
        T::read_body(&from.structure()?)
    }

    fn write(&self, to: PointerBuilder<'_>) -> capnp::Result<()> {
        self.write_body(&mut to.structure(T::SIZE))
    }
}

impl Debug for PointerReader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PointerReader")
            .field("null", &self.is_null())
            .finish_non_exhaustive()
    }
}

impl Debug for PointerBuilder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PointerBuilder").finish_non_exhaustive()
    }
}
