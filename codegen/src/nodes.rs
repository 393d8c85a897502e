//! The compiled schema that an interface carries along, so that a caller can do without the schema file.

use std::collections::{BTreeMap, BTreeSet};

use capnp::message::Builder;
use capnp::schema_capnp::{brand, code_generator_request, field, node, type_};

/// The schema of each interface, by ID: the bytes of a `CodeGeneratorRequest` whose only content is nodes, those of the
/// interface and of everything that its methods and the interfaces it extends use.
pub(crate) fn of_interfaces(
    request: code_generator_request::Reader<'_>,
) -> capnp::Result<BTreeMap<u64, Vec<u8>>> {
    let mut nodes = BTreeMap::new();
    for node in request.get_nodes()? {
        nodes.insert(node.get_id(), node);
    }
    let mut schemas = BTreeMap::new();
    for (&id, node) in &nodes {
        if matches!(node.which()?, node::Interface(_)) {
            schemas.insert(id, schema(id, &nodes)?);
        }
    }
    Ok(schemas)
}

fn schema(id: u64, nodes: &BTreeMap<u64, node::Reader<'_>>) -> capnp::Result<Vec<u8>> {
    let mut reached = BTreeSet::new();
    let mut queue = vec![id];
    while let Some(next) = queue.pop() {
        // What an imported file declares and nobody uses is not in the request.
        if let Some(node) = nodes.get(&next)
            && reached.insert(next)
        {
            uses(*node, &mut queue)?;
        }
    }
    let mut message = Builder::new_default();
    let root = message.init_root::<code_generator_request::Builder<'_>>();
    let mut list = root.init_nodes(u32::try_from(reached.len()).unwrap_or(u32::MAX));
    for (index, id) in (0..).zip(&reached) {
        let Some(node) = nodes.get(id) else { continue };
        list.set_with_caveats(index, *node)?;
        // Annotations refer to declarations that are not sent along.
        list.reborrow().get(index).init_annotations(0);
    }
    Ok(capnp::serialize::write_message_to_words(&message))
}

/// Queues the IDs of what a node uses.
fn uses(node: node::Reader<'_>, queue: &mut Vec<u64>) -> capnp::Result<()> {
    match node.which()? {
        node::Struct(body) => {
            for field in body.get_fields()? {
                match field.which()? {
                    field::Slot(slot) => type_uses(slot.get_type()?, queue)?,
                    field::Group(group) => queue.push(group.get_type_id()),
                }
            }
        }
        node::Interface(body) => {
            for method in body.get_methods()? {
                queue.push(method.get_param_struct_type());
                queue.push(method.get_result_struct_type());
                brand_uses(method.get_param_brand()?, queue)?;
                brand_uses(method.get_result_brand()?, queue)?;
            }
            for parent in body.get_superclasses()? {
                queue.push(parent.get_id());
                brand_uses(parent.get_brand()?, queue)?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn type_uses(ty: type_::Reader<'_>, queue: &mut Vec<u64>) -> capnp::Result<()> {
    match ty.which()? {
        type_::List(list) => type_uses(list.get_element_type()?, queue),
        type_::Enum(named) => {
            queue.push(named.get_type_id());
            Ok(())
        }
        type_::Struct(named) => {
            queue.push(named.get_type_id());
            brand_uses(named.get_brand()?, queue)
        }
        type_::Interface(named) => {
            queue.push(named.get_type_id());
            brand_uses(named.get_brand()?, queue)
        }
        _ => Ok(()),
    }
}

fn brand_uses(brand: brand::Reader<'_>, queue: &mut Vec<u64>) -> capnp::Result<()> {
    for scope in brand.get_scopes()? {
        let brand::scope::Bind(bindings) = scope.which()? else {
            continue;
        };
        for binding in bindings? {
            if let brand::binding::Type(ty) = binding.which()? {
                type_uses(ty?, queue)?;
            }
        }
    }
    Ok(())
}
