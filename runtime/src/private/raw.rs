//! Doors into Cap'n Proto's own types, which hand out pointers and elements only to types that implement its traits.

use std::marker::PhantomData;

use capnp::{
    Word,
    introspect::{Introspect, Type, TypeVariant},
    private::layout::{self, ListReader},
    traits::{
        FromPointerBuilder, FromPointerReader, HasStructSize, IntoInternalListReader,
        IntoInternalStructReader, OwnedStruct, SetterInput,
    },
};

use super::structs::{Struct, StructSize};

/// The pointer behind an `any_pointer::Reader`.
pub(super) struct RawReader<'a>(pub(super) layout::PointerReader<'a>);

impl<'a> FromPointerReader<'a> for RawReader<'a> {
    fn get_from_pointer(
        reader: &layout::PointerReader<'a>,
        _: Option<&'a [Word]>,
    ) -> capnp::Result<Self> {
        Ok(Self(*reader))
    }
}

/// The pointer behind an `any_pointer::Builder`.
pub(super) struct RawBuilder<'a>(pub(super) layout::PointerBuilder<'a>);

impl<'a> FromPointerBuilder<'a> for RawBuilder<'a> {
    fn init_pointer(builder: layout::PointerBuilder<'a>, _: u32) -> Self {
        Self(builder)
    }

    fn get_from_pointer(
        builder: layout::PointerBuilder<'a>,
        _: Option<&'a [Word]>,
    ) -> capnp::Result<Self> {
        Ok(Self(builder))
    }
}

/// Any list.
pub(super) struct RawList<'a>(pub(super) ListReader<'a>);

impl<'a> IntoInternalListReader<'a> for RawList<'a> {
    fn into_internal_list_reader(self) -> ListReader<'a> {
        self.0
    }
}

/// The struct that a native type becomes: what Cap'n Proto's lists of structs are lists of.
pub(super) struct RawStruct<T>(PhantomData<T>);

pub(super) struct RawStructReader<'a>(pub(super) layout::StructReader<'a>);

pub(super) struct RawStructBuilder<'a, T>(pub(super) layout::StructBuilder<'a>, PhantomData<T>);

impl<T> Introspect for RawStruct<T> {
    fn introspect() -> Type {
        TypeVariant::AnyPointer.into()
    }
}

impl<T: Struct> OwnedStruct for RawStruct<T> {
    type Reader<'a> = RawStructReader<'a>;
    type Builder<'a> = RawStructBuilder<'a, T>;
}

impl<'a> From<layout::StructReader<'a>> for RawStructReader<'a> {
    fn from(reader: layout::StructReader<'a>) -> Self {
        Self(reader)
    }
}

impl<'a> IntoInternalStructReader<'a> for RawStructReader<'a> {
    fn into_internal_struct_reader(self) -> layout::StructReader<'a> {
        self.0
    }
}

impl<T> SetterInput<RawStruct<T>> for RawStructReader<'_> {
    fn set_pointer_builder(
        mut builder: layout::PointerBuilder<'_>,
        input: Self,
        canonicalize: bool,
    ) -> capnp::Result<()> {
        builder.set_struct(&input.0, canonicalize)
    }
}

impl<'a, T> From<layout::StructBuilder<'a>> for RawStructBuilder<'a, T> {
    fn from(builder: layout::StructBuilder<'a>) -> Self {
        Self(builder, PhantomData)
    }
}

impl<T: Struct> HasStructSize for RawStructBuilder<'_, T> {
    const STRUCT_SIZE: StructSize = T::SIZE;
}
