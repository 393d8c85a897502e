//! Changes, in the request, what capnpc 0.27 would turn into code that rustc refuses, or would not translate at all.
//!
//! - names: see `names`;
//! - lists of pointers of no particular type become `AnyPointer`: capnpc has no type for them;
//! - so do members of unions that are generic interfaces;
//! - constants that are interfaces or `AnyPointer` go: capnpc has no code for them;
//! - annotations go: capnpc would refer to the module of the file that declares an annotation's type, and only the typed layer
//!   reads them.
//!
//! None of this changes what a message looks like; the typed layer, the wire and the schema keep their names and types.

use std::collections::BTreeMap;

use capnp::message::{Builder, HeapAllocator};
use capnp::schema_capnp::{brand, code_generator_request, field, node, type_};

use super::names::{self, RawNames, enumerant_name, method_name};

/// The request that capnpc is given.
pub(crate) fn for_capnpc(
    request: code_generator_request::Reader<'_>,
) -> capnp::Result<Builder<HeapAllocator>> {
    let mut nodes = BTreeMap::new();
    for node in request.get_nodes()? {
        nodes.insert(node.get_id(), node);
    }
    let raw_names = RawNames::of(&nodes)?;

    let mut message = Builder::new_default();
    message.set_root(request)?;
    let mut root: code_generator_request::Builder<'_> = message.get_root()?;
    let mut files = root.reborrow().get_requested_files()?;
    for index in 0..files.len() {
        let mut requested = files.reborrow().get(index);
        let name = requested.reborrow().get_filename()?.to_string()?;
        requested.set_filename(names::file(&name));
        let mut imports = requested.get_imports()?;
        for index in 0..imports.len() {
            let mut import = imports.reborrow().get(index);
            let name = import.reborrow().get_name()?.to_string()?;
            import.set_name(names::file(&name));
        }
    }
    let mut builders = root.get_nodes()?;
    for index in 0..builders.len() {
        let mut node = builders.reborrow().get(index);
        node.reborrow().init_annotations(0);
        change_scope(node.reborrow(), &raw_names, &nodes)?;
        change_body(node, &raw_names)?;
    }
    Ok(message)
}

/// Renames what is nested in a declaration, and its parameters.
fn change_scope(
    mut node: node::Builder<'_>,
    names: &RawNames,
    nodes: &BTreeMap<u64, node::Reader<'_>>,
) -> capnp::Result<()> {
    let id = node.reborrow().get_id();
    let mut parameters = node.reborrow().get_parameters()?;
    for index in 0..parameters.len() {
        if let Some(name) = names.parameter(id, index) {
            parameters.reborrow().get(index).set_name(name);
        }
    }
    let mut nested = node.get_nested_nodes()?;
    for index in 0..nested.len() {
        let mut entry = nested.reborrow().get(index);
        let child = entry.reborrow().get_id();
        if let Some(name) = names.declaration(child) {
            entry.set_name(name);
        }
        let Some(node::Const(constant)) = nodes.get(&child).map(|node| node.which()).transpose()?
        else {
            continue;
        };
        if matches!(
            constant.get_type()?.which()?,
            type_::Interface(_) | type_::AnyPointer(_)
        ) {
            // An ID that no node has is a declaration nobody uses.
            nested.reborrow().get(index).set_id(0);
        }
    }
    Ok(())
}

fn change_body(mut node: node::Builder<'_>, names: &RawNames) -> capnp::Result<()> {
    let id = node.reborrow().get_id();
    match node.which()? {
        node::Interface(body) => {
            let mut methods = body.get_methods()?;
            for index in 0..methods.len() {
                let mut method = methods.reborrow().get(index);
                method.reborrow().init_annotations(0);
                let name = method.reborrow().get_name()?.to_string()?;
                method.set_name(method_name(&name));
                brand(method.reborrow().get_param_brand()?)?;
                brand(method.get_result_brand()?)?;
            }
        }
        node::Enum(body) => {
            let mut enumerants = body.get_enumerants()?;
            for index in 0..enumerants.len() {
                let mut enumerant = enumerants.reborrow().get(index);
                enumerant.reborrow().init_annotations(0);
                let name = enumerant.reborrow().get_name()?.to_string()?;
                enumerant.set_name(enumerant_name(&name));
            }
        }
        node::Struct(body) => {
            let mut fields = body.get_fields()?;
            for index in 0..fields.len() {
                let mut field = fields.reborrow().get(index);
                field.reborrow().init_annotations(0);
                if let Some(name) = names.field(id, index) {
                    field.set_name(name);
                }
                let member = field.reborrow().get_discriminant_value() != field::NO_DISCRIMINANT;
                if let field::Slot(mut slot) = field.which()? {
                    let ty = slot.reborrow().get_type()?;
                    let ty = ty.into_reader();
                    if member && is_generic_interface(ty)? {
                        slot.reborrow().init_default_value().init_any_pointer();
                        any_pointer(slot.get_type()?);
                        continue;
                    }
                    if is_untranslatable(ty)? {
                        slot.reborrow().init_default_value().init_any_pointer();
                    }
                    list(slot.get_type()?)?;
                }
            }
        }
        node::Const(body) => list(body.get_type()?)?,
        _ => {}
    }
    Ok(())
}

/// Makes a list of pointers of no particular type an `AnyPointer`, here and in the arguments of a generic type.
fn list(ty: type_::Builder<'_>) -> capnp::Result<()> {
    if is_untranslatable(ty.reborrow_as_reader())? {
        any_pointer(ty);
        return Ok(());
    }
    match ty.which()? {
        type_::List(element) => list(element.get_element_type()?),
        type_::Struct(named) => brand(named.get_brand()?),
        type_::Interface(named) => brand(named.get_brand()?),
        _ => Ok(()),
    }
}

fn any_pointer(ty: type_::Builder<'_>) {
    ty.init_any_pointer().init_unconstrained().set_any_kind(());
}

/// Whether it is an interface with arguments. As member of a union, capnpc would use parameters that its enum does not have.
fn is_generic_interface(ty: type_::Reader<'_>) -> capnp::Result<bool> {
    match ty.which()? {
        type_::Interface(named) => Ok(!named.get_brand()?.get_scopes()?.is_empty()),
        _ => Ok(false),
    }
}

fn is_untranslatable(ty: type_::Reader<'_>) -> capnp::Result<bool> {
    let mut ty = ty;
    let mut depth = 0;
    while let type_::List(element) = ty.which()? {
        ty = element.get_element_type()?;
        depth += 1;
    }
    Ok(depth > 0 && matches!(ty.which()?, type_::AnyPointer(_)))
}

fn brand(brand: brand::Builder<'_>) -> capnp::Result<()> {
    let mut scopes = brand.get_scopes()?;
    for index in 0..scopes.len() {
        let brand::scope::Bind(bindings) = scopes.reborrow().get(index).which()? else {
            continue;
        };
        let mut bindings = bindings?;
        for index in 0..bindings.len() {
            if let brand::binding::Type(ty) = bindings.reborrow().get(index).which()? {
                list(ty?)?;
            }
        }
    }
    Ok(())
}
