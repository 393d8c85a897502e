//! Types and brands in a request.

use capnp::schema_capnp::{brand, type_};

use crate::types::{AnyPointer, Bindings, Brand, Type};

pub(super) fn write_type(ty: &Type, mut target: type_::Builder<'_>) {
    match ty {
        Type::Void => target.set_void(()),
        Type::Bool => target.set_bool(()),
        Type::Int8 => target.set_int8(()),
        Type::Int16 => target.set_int16(()),
        Type::Int32 => target.set_int32(()),
        Type::Int64 => target.set_int64(()),
        Type::UInt8 => target.set_uint8(()),
        Type::UInt16 => target.set_uint16(()),
        Type::UInt32 => target.set_uint32(()),
        Type::UInt64 => target.set_uint64(()),
        Type::Float32 => target.set_float32(()),
        Type::Float64 => target.set_float64(()),
        Type::Text => target.set_text(()),
        Type::Data => target.set_data(()),
        Type::List(element) => write_type(element, target.init_list().init_element_type()),
        Type::Enum { id, brand } => {
            let mut target = target.init_enum();
            target.set_type_id(*id);
            write_brand(brand, || target.init_brand());
        }
        Type::Struct { id, brand } => {
            let mut target = target.init_struct();
            target.set_type_id(*id);
            write_brand(brand, || target.init_brand());
        }
        Type::Interface { id, brand } => {
            let mut target = target.init_interface();
            target.set_type_id(*id);
            write_brand(brand, || target.init_brand());
        }
        Type::AnyPointer(kind) => write_any_pointer(*kind, target.init_any_pointer()),
    }
}

fn write_any_pointer(kind: AnyPointer, mut target: type_::any_pointer::Builder<'_>) {
    match kind {
        AnyPointer::Any => target.init_unconstrained().set_any_kind(()),
        AnyPointer::Struct => target.init_unconstrained().set_struct(()),
        AnyPointer::List => target.init_unconstrained().set_list(()),
        AnyPointer::Capability => target.init_unconstrained().set_capability(()),
        AnyPointer::Parameter { scope_id, index } => {
            let mut parameter = target.reborrow().init_parameter();
            parameter.set_scope_id(scope_id);
            parameter.set_parameter_index(index);
        }
        AnyPointer::ImplicitMethodParameter { index } => {
            target
                .reborrow()
                .init_implicit_method_parameter()
                .set_parameter_index(index);
        }
    }
}

/// Writes a brand, if there is something in it.
pub(super) fn write_brand<'b>(brand: &Brand, init: impl FnOnce() -> brand::Builder<'b>) {
    if !brand.scopes.is_empty() {
        write_scopes(brand, init());
    }
}

/// Writes the scopes of a brand, if it has any.
pub(super) fn write_scopes(brand: &Brand, target: brand::Builder<'_>) {
    if brand.scopes.is_empty() {
        return;
    }
    let mut scopes = target.init_scopes(length(brand.scopes.len()));
    for (scope, index) in brand.scopes.iter().zip(0..) {
        let mut target = scopes.reborrow().get(index);
        target.set_scope_id(scope.scope_id);
        match &scope.bindings {
            Bindings::Inherit => target.set_inherit(()),
            Bindings::Bind(types) => {
                let mut bindings = target.init_bind(length(types.len()));
                for (ty, index) in types.iter().zip(0..) {
                    write_type(ty, bindings.reborrow().get(index).init_type());
                }
            }
        }
    }
}

/// Length of a list in a request. Nothing in a file of limited size is longer.
pub(super) fn length(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
