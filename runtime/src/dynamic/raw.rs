//! Doors from Cap'n Proto's typed interface to the untyped pointers and structs behind it.
//!
//! The untyped builders are what generated code writes through. They do not check offsets: an offset beyond the struct would
//! write over other memory. Only offsets that [`Schema::parse`](super::Schema::parse) checked may reach them, and only in
//! structs of the size it checked them against.

use capnp::{
    any_pointer,
    introspect::{Introspect, Type, TypeVariant},
    private::layout::{PointerBuilder, PointerReader, StructBuilder, StructReader, StructSize},
    struct_list,
    traits::{
        FromPointerBuilder, FromPointerReader, HasStructSize, IntoInternalStructReader,
        OwnedStruct, SetterInput,
    },
};

/// The pointer behind `source`.
pub(super) fn pointer_reader(source: any_pointer::Reader<'_>) -> capnp::Result<PointerReader<'_>> {
    source.get_as::<In<'_>>().map(|pointer| pointer.0)
}

/// The pointer behind `target`, null.
pub(super) fn pointer_builder(target: any_pointer::Builder<'_>) -> PointerBuilder<'_> {
    target.init_as::<Out<'_>>().0
}

struct In<'a>(PointerReader<'a>);

impl<'a> FromPointerReader<'a> for In<'a> {
    fn get_from_pointer(
        reader: &PointerReader<'a>,
        _default: Option<&'a [capnp::Word]>,
    ) -> capnp::Result<Self> {
        Ok(Self(*reader))
    }
}

struct Out<'a>(PointerBuilder<'a>);

impl<'a> FromPointerBuilder<'a> for Out<'a> {
    fn init_pointer(mut builder: PointerBuilder<'a>, _length: u32) -> Self {
        if !builder.is_null() {
            builder.clear();
        }
        Self(builder)
    }

    fn get_from_pointer(
        builder: PointerBuilder<'a>,
        _default: Option<&'a [capnp::Word]>,
    ) -> capnp::Result<Self> {
        Ok(Self(builder))
    }
}

/// The structs of the list behind `pointer`.
pub(super) fn read_structs(
    pointer: PointerReader<'_>,
) -> capnp::Result<struct_list::Reader<'_, AnyStruct>> {
    struct_list::Reader::get_from_pointer(&pointer, None)
}

/// Makes `pointer` a list of `count` structs of `size`.
pub(super) fn init_structs(
    mut pointer: PointerBuilder<'_>,
    count: u32,
    size: StructSize,
) -> capnp::Result<struct_list::Builder<'_, AnyStruct>> {
    pointer.reborrow().init_struct_list(count, size);
    struct_list::Builder::get_from_pointer(pointer, None)
}

/// Stands for a struct whose type only the schema knows.
pub(super) enum AnyStruct {}

impl Introspect for AnyStruct {
    fn introspect() -> Type {
        TypeVariant::AnyPointer.into()
    }
}

impl OwnedStruct for AnyStruct {
    type Reader<'a> = StructIn<'a>;
    type Builder<'a> = StructOut<'a>;
}

pub(super) struct StructIn<'a>(pub(super) StructReader<'a>);

impl<'a> From<StructReader<'a>> for StructIn<'a> {
    fn from(reader: StructReader<'a>) -> Self {
        Self(reader)
    }
}

impl<'a> IntoInternalStructReader<'a> for StructIn<'a> {
    fn into_internal_struct_reader(self) -> StructReader<'a> {
        self.0
    }
}

impl SetterInput<AnyStruct> for StructIn<'_> {
    fn set_pointer_builder(
        mut builder: PointerBuilder<'_>,
        input: Self,
        canonicalize: bool,
    ) -> capnp::Result<()> {
        builder.set_struct(&input.0, canonicalize)
    }
}

pub(super) struct StructOut<'a>(pub(super) StructBuilder<'a>);

impl<'a> From<StructBuilder<'a>> for StructOut<'a> {
    fn from(builder: StructBuilder<'a>) -> Self {
        Self(builder)
    }
}

/// The smallest, so that an existing list is taken at the size it was made with.
impl HasStructSize for StructOut<'_> {
    const STRUCT_SIZE: StructSize = StructSize {
        data: 0,
        pointers: 0,
    };
}
