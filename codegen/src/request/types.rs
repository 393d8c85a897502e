//! Types, with what stands for the parameters of generic ones.

use capnp::schema_capnp::{brand, type_};
use dsoftbus_schemas::SINK;

use super::Source;
use crate::model::{Kind, Named, Param, Type};

impl<'a> Source<'a> {
    /// A type, where `params` are the parameters in reach. Others, such as those of a method, read as `AnyPointer`.
    pub(super) fn type_of(&self, ty: type_::Reader<'a>, params: &[Param]) -> capnp::Result<Type> {
        Ok(match ty.which()? {
            type_::Void(()) => Type::Void,
            type_::Bool(()) => Type::Bool,
            type_::Int8(()) => Type::Int8,
            type_::Int16(()) => Type::Int16,
            type_::Int32(()) => Type::Int32,
            type_::Int64(()) => Type::Int64,
            type_::Uint8(()) => Type::UInt8,
            type_::Uint16(()) => Type::UInt16,
            type_::Uint32(()) => Type::UInt32,
            type_::Uint64(()) => Type::UInt64,
            type_::Float32(()) => Type::Float32,
            type_::Float64(()) => Type::Float64,
            type_::Text(()) => Type::Text,
            type_::Data(()) => Type::Data,
            type_::List(list) => match self.type_of(list.get_element_type()?, params)? {
                unsupported @ Type::Unsupported(_) => unsupported,
                element => Type::List(Box::new(element)),
            },
            type_::Enum(named) => match self.kind_of(named.get_type_id()) {
                Ok(Kind::Enum) => Type::Enum(named.get_type_id()),
                Ok(_) => Type::Unsupported("an enum with $Bus.errors as a value".to_owned()),
                Err(unsupported) => unsupported,
            },
            type_::Struct(named) => match self.kind_of(named.get_type_id()) {
                Ok(_) => Type::Struct(Named {
                    id: named.get_type_id(),
                    args: self.args(named.get_type_id(), named.get_brand()?, params)?,
                }),
                Err(unsupported) => unsupported,
            },
            type_::Interface(named) => {
                self.interface_type(named.get_type_id(), named.get_brand()?, params)?
            }
            type_::AnyPointer(pointer) => match pointer.which()? {
                type_::any_pointer::Unconstrained(kind) => match kind.which()? {
                    type_::any_pointer::unconstrained::Capability(()) => Type::Capability,
                    _ => Type::AnyPointer,
                },
                type_::any_pointer::Parameter(found) => {
                    parameter(found.get_scope_id(), found.get_parameter_index(), params)
                }
                type_::any_pointer::ImplicitMethodParameter(_) => Type::AnyPointer,
            },
        })
    }

    /// An interface as a type.
    pub(super) fn interface_type(
        &self,
        id: u64,
        brand: brand::Reader<'a>,
        params: &[Param],
    ) -> capnp::Result<Type> {
        if id == SINK {
            let mut bound = brand.get_scopes()?.iter();
            let item = if bound.any(|scope| scope.get_scope_id() == SINK) {
                self.bound(SINK, 0, brand, params)?
            } else {
                Type::Unsupported(
                    "is a Sink of nothing in particular: say what it takes, as in `Bus.Sink(Text)`"
                        .to_owned(),
                )
            };
            return Ok(Type::Sink(Box::new(item)));
        }
        Ok(match self.kind_of(id) {
            Ok(_) => Type::Interface(Named {
                id,
                args: self.args(id, brand, params)?,
            }),
            Err(unsupported) => unsupported,
        })
    }

    /// What stands for the parameters that the type `id` really uses.
    pub(super) fn args(
        &self,
        id: u64,
        brand: brand::Reader<'a>,
        params: &[Param],
    ) -> capnp::Result<Vec<Type>> {
        self.generics
            .params(id)
            .iter()
            .map(|param| self.bound(param.scope, param.index, brand, params))
            .collect()
    }

    /// What stands for one parameter.
    fn bound(
        &self,
        scope: u64,
        index: u16,
        brand: brand::Reader<'a>,
        params: &[Param],
    ) -> capnp::Result<Type> {
        for found in brand.get_scopes()? {
            if found.get_scope_id() != scope {
                continue;
            }
            return match found.which()? {
                brand::scope::Inherit(()) => Ok(parameter(scope, index, params)),
                brand::scope::Bind(bindings) => {
                    match bindings?.try_get(u32::from(index)).map(|b| b.which()) {
                        Some(Ok(brand::binding::Type(ty))) => self.type_of(ty?, params),
                        _ => Ok(Type::AnyPointer),
                    }
                }
            };
        }
        Ok(Type::AnyPointer)
    }

    fn kind_of(&self, id: u64) -> Result<Kind, Type> {
        self.names.get(&id).map(|name| name.kind).ok_or_else(|| {
            let name = self
                .nodes
                .get(&id)
                .and_then(|node| node.get_display_name().ok()?.to_str().ok())
                .unwrap_or("an unknown file");
            let file = name.split(':').next().unwrap_or(name);
            Type::Unsupported(format!(
                "is of `{file}`, which is imported but not compiled: add that file to `compile`, or say with `extern_module` which \
                 crate has it"
            ))
        })
    }
}

fn parameter(scope: u64, index: u16, params: &[Param]) -> Type {
    params
        .iter()
        .find(|param| param.scope == scope && param.index == index)
        .map_or(Type::AnyPointer, |param| Type::Parameter(param.clone()))
}
