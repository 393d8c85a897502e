//! Renames, in the request, what capnpc 0.27 would turn into code that rustc refuses: keywords it does not know
//! (`async`, `await`, `dyn`, `gen`, `try`), modules that hide a primitive type, and enums named like a type its own code uses.
//!
//! Annotations go as well: capnpc would refer to the module of the file that declares an annotation's type, and only the
//! typed layer reads them.
//!
//! The names only exist in capnpc's modules; the typed layer, the wire and the schema keep theirs.

use capnp::message::{Builder, HeapAllocator};
use capnp::schema_capnp::{code_generator_request, node};
use std::collections::BTreeMap;

use crate::model::Kind;
use crate::names;

/// The request that capnpc is given.
pub(crate) fn for_capnpc(
    request: code_generator_request::Reader<'_>,
) -> capnp::Result<Builder<HeapAllocator>> {
    let mut kinds = BTreeMap::new();
    for node in request.get_nodes()? {
        let kind = match node.which()? {
            node::Enum(_) => Some(Kind::Enum),
            node::Annotation(_) => None,
            _ => Some(Kind::Struct),
        };
        kinds.insert(node.get_id(), kind);
    }

    let mut message = Builder::new_default();
    message.set_root(request)?;
    let root: code_generator_request::Builder<'_> = message.get_root()?;
    let mut nodes = root.get_nodes()?;
    for index in 0..nodes.len() {
        let mut node = nodes.reborrow().get(index);
        node.reborrow().init_annotations(0);
        let mut nested = node.reborrow().get_nested_nodes()?;
        for index in 0..nested.len() {
            let mut entry = nested.reborrow().get(index);
            let kind = kinds.get(&entry.reborrow().get_id()).copied().flatten();
            let name = entry.reborrow().get_name()?.to_string()?;
            let renamed = match kind {
                Some(kind) => raw_name(&name, kind),
                // capnpc makes a module `code` of `annotation code`, and one of `enum Code`.
                None => format!("{name}Annotation"),
            };
            if renamed != name {
                entry.set_name(&renamed);
            }
        }
        match node.which()? {
            node::Interface(body) => {
                let mut methods = body.get_methods()?;
                for index in 0..methods.len() {
                    let mut method = methods.reborrow().get(index);
                    method.reborrow().init_annotations(0);
                    let name = method.reborrow().get_name()?.to_string()?;
                    let renamed = raw_method(&name);
                    if renamed != name {
                        method.set_name(&renamed);
                    }
                }
            }
            node::Enum(body) => {
                let mut enumerants = body.get_enumerants()?;
                for index in 0..enumerants.len() {
                    let mut enumerant = enumerants.reborrow().get(index);
                    enumerant.reborrow().init_annotations(0);
                    let name = enumerant.reborrow().get_name()?.to_string()?;
                    let renamed = raw_enumerant(&name);
                    if renamed != name {
                        enumerant.set_name(&renamed);
                    }
                }
            }
            node::Struct(body) => {
                let mut fields = body.get_fields()?;
                for index in 0..fields.len() {
                    fields.reborrow().get(index).init_annotations(0);
                }
            }
            _ => {}
        }
    }
    Ok(message)
}

/// The name a declaration has in the request that capnpc sees.
pub(crate) fn raw_name(name: &str, kind: Kind) -> String {
    let broken = match kind {
        Kind::Enum | Kind::Errors => {
            names::raw_enum_is_broken(name) || names::raw_module_is_broken(name)
        }
        Kind::Struct | Kind::Group | Kind::Interface | Kind::Const => {
            names::raw_module_is_broken(name)
        }
    };
    if broken {
        format!("{name}_")
    } else {
        name.to_owned()
    }
}

/// The name a method has in the request that capnpc sees. Its server trait calls `clone` on what a method of that name hides.
pub(crate) fn raw_method(name: &str) -> String {
    if name == "clone" {
        "clone_".to_owned()
    } else {
        raw_name(name, Kind::Const)
    }
}

/// The name an enumerant has in the request that capnpc sees.
fn raw_enumerant(name: &str) -> String {
    if name == "self" {
        "self_".to_owned()
    } else {
        name.to_owned()
    }
}
