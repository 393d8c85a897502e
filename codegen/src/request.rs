//! Reads a `CodeGeneratorRequest` into the model. Judges nothing: what cannot be translated is recorded as such.

mod annotations;
mod generics;
mod types;
mod values;

use std::collections::BTreeMap;

use capnp::message::{Reader, ReaderOptions};
use capnp::schema_capnp::{brand, code_generator_request, field, node, value};
use capnp::serialize::OwnedSegments;
use dsoftbus_schemas::{SINK, annotation as bus};

use crate::external::{Externals, ModulePath};

use self::annotations::{find, has_annotation, has_unsupported, rename};
use self::generics::Generics;
use self::values::{default_of, value_of};
use crate::model::{
    Const, Enum, Enumerant, Field, File, Interface, Item, Kind, Method, Named, Place, Schema,
    Shape, Struct, Type, TypeName, Value,
};
use crate::names;
use crate::raw::{self, RawNames};
use crate::recursion;

/// `StreamResult` of `stream.capnp`, the result of a method declared `-> stream`.
const STREAM_RESULT: u64 = 0x995f_9a33_77c0_b16e;

/// Parses the bytes of a request.
pub(crate) fn parse(bytes: &[u8]) -> capnp::Result<Reader<OwnedSegments>> {
    let mut options = ReaderOptions::new();
    // The request comes from the build machine's own compiler, and large schemas exceed the default.
    options.traversal_limit_in_words(None);
    capnp::serialize::read_message(bytes, options)
}

/// Builds the model of a request.
pub(crate) fn model(
    request: code_generator_request::Reader<'_>,
    externals: &Externals,
) -> capnp::Result<Schema> {
    let mut source = Source::default();
    for node in request.get_nodes()? {
        source.nodes.insert(node.get_id(), node);
    }
    for info in request.get_source_info()? {
        let mut docs = Docs {
            own: text(info.get_doc_comment()?)?,
            members: Vec::new(),
        };
        for member in info.get_members()? {
            docs.members.push(text(member.get_doc_comment()?)?);
        }
        source.docs.insert(info.get_id(), docs);
    }

    source.generics = Generics::of(&source.nodes)?;
    source.raw = RawNames::of(&source.nodes)?;

    let mut schema = Schema::default();
    let mut files = Vec::new();
    for requested in request.get_requested_files()? {
        let name = text(requested.get_filename()?)?;
        let raw_module = raw::file_module(&name);
        let node = source.node(requested.get_id())?;
        let scope = Scope {
            place: Place {
                file: name.clone(),
                path: String::new(),
            },
            root: None,
            modules: Vec::new(),
            raw: vec![raw_module.clone()],
        };
        source.name_all(node, &scope, &mut schema.names)?;
        let bus = requested
            .get_imports()?
            .iter()
            .any(|import| import.get_id() == raw::BUS_FILE);
        files.push((name, raw_module, node, bus));
    }
    let mut external = Vec::new();
    for (&id, &node) in &source.nodes {
        let Some(path) = externals.0.get(&id) else {
            continue;
        };
        let name = text(node.get_display_name()?)?;
        let raw_module = raw::file_module(&name);
        let scope = Scope {
            place: Place {
                file: name.clone(),
                path: String::new(),
            },
            root: Some(path.clone()),
            modules: Vec::new(),
            raw: vec![raw_module.clone()],
        };
        source.name_all(node, &scope, &mut schema.names)?;
        external.push((name, raw_module, node));
    }
    source.names = schema.names.clone();
    for (name, raw_module, node) in external {
        schema.external.push(File {
            items: source.items(node)?,
            bus: false,
            rust_annotations: false,
            name,
            raw_module,
        });
    }
    for (name, raw_module, node, bus) in files {
        schema.files.push(File {
            items: source.items(node)?,
            bus,
            rust_annotations: has_unsupported(node.get_annotations()?),
            name,
            raw_module,
        });
    }
    recursion::mark(&mut schema);
    Ok(schema)
}

/// The request, indexed.
#[derive(Default)]
struct Source<'a> {
    nodes: BTreeMap<u64, node::Reader<'a>>,
    docs: BTreeMap<u64, Docs>,
    names: BTreeMap<u64, TypeName>,
    generics: Generics,
    raw: RawNames,
}

/// The comments of one node.
#[derive(Default)]
struct Docs {
    own: String,
    members: Vec<String>,
}

/// Where a declaration is.
struct Scope {
    place: Place,
    root: Option<ModulePath>,
    modules: Vec<String>,
    raw: Vec<String>,
}

impl<'a> Source<'a> {
    fn node(&self, id: u64) -> capnp::Result<node::Reader<'a>> {
        self.nodes
            .get(&id)
            .copied()
            .ok_or_else(|| capnp::Error::failed(format!("node {id:#x} is missing")))
    }

    fn doc(&self, id: u64) -> String {
        self.docs
            .get(&id)
            .map_or_else(String::new, |docs| docs.own.clone())
    }

    fn member_doc(&self, id: u64, index: usize) -> String {
        self.docs
            .get(&id)
            .and_then(|docs| docs.members.get(index))
            .cloned()
            .unwrap_or_default()
    }

    /// Names everything nested in `parent`.
    fn name_all(
        &self,
        parent: node::Reader<'a>,
        scope: &Scope,
        names: &mut BTreeMap<u64, TypeName>,
    ) -> capnp::Result<()> {
        for nested in parent.get_nested_nodes()? {
            // What an imported file declares but nobody uses is not in the request.
            let Some(&node) = self.nodes.get(&nested.get_id()) else {
                continue;
            };
            let name = text(nested.get_name()?)?;
            let (kind, words) = match node.which()? {
                node::Struct(body) => (Kind::Struct, words(body)),
                node::Enum(_) if has_annotation(node.get_annotations()?, bus::ERRORS) => {
                    (Kind::Errors, 0)
                }
                node::Enum(_) => (Kind::Enum, 0),
                node::Interface(_) => (Kind::Interface, 0),
                node::Const(_) => (Kind::Const, 0),
                _ => continue,
            };
            let rust = rename(node.get_annotations()?)?.unwrap_or_else(|| name.clone());
            let place = scope.place.member(&name);
            self.name_one(node, scope, place, &rust, kind, words, names)?;
        }
        let node::Struct(body) = parent.which()? else {
            return Ok(());
        };
        for field in body.get_fields()? {
            let field::Group(group) = field.which()? else {
                continue;
            };
            let node = self.node(group.get_type_id())?;
            let name = text(field.get_name()?)?;
            let rust = rename(field.get_annotations()?)?.unwrap_or_else(|| name.clone());
            let place = scope.place.member(&name);
            self.name_one(node, scope, place, &rust, Kind::Group, 0, names)?;
        }
        Ok(())
    }

    #[allow(clippy::too_many_arguments)] // one call for nested declarations, one for groups
    fn name_one(
        &self,
        node: node::Reader<'a>,
        scope: &Scope,
        place: Place,
        rust: &str,
        kind: Kind,
        words: u32,
        names: &mut BTreeMap<u64, TypeName>,
    ) -> capnp::Result<()> {
        let mut raw = scope.raw.clone();
        raw.push(self.raw.path(node.get_id()));
        let module = names::module(rust);
        let mut modules = scope.modules.clone();
        names.insert(
            node.get_id(),
            TypeName {
                place: place.clone(),
                root: scope.root.clone(),
                rust: rust.to_owned(),
                name: names::type_name(rust),
                scope: modules.clone(),
                module: module.clone(),
                params: self.generics.params(node.get_id()),
                raw: raw.clone(),
                raw_params: self.generics.in_reach(node.get_id()),
                kind,
                list_bits: list_bits(kind, words),
                words,
            },
        );
        modules.push(module);
        let inner = Scope {
            place,
            root: scope.root.clone(),
            modules,
            raw,
        };
        self.name_all(node, &inner, names)
    }

    fn items(&self, parent: node::Reader<'a>) -> capnp::Result<Vec<Item>> {
        let mut items = Vec::new();
        for nested in parent.get_nested_nodes()? {
            let (Some(&node), Some(name)) = (
                self.nodes.get(&nested.get_id()),
                self.names.get(&nested.get_id()),
            ) else {
                continue;
            };
            items.push(match node.which()? {
                node::Struct(body) => Item::Struct(self.structure(node, body, name.clone())?),
                node::Enum(body) => Item::Enum(self.enumeration(node, body, name.clone())?),
                // The runtime has it.
                node::Interface(_) if nested.get_id() == SINK => continue,
                node::Interface(body) => Item::Interface(self.interface(node, body, name)?),
                node::Const(body) => Item::Const(Const {
                    rust: match rename(node.get_annotations()?)? {
                        Some(rust) => rust,
                        None => text(nested.get_name()?)?,
                    },
                    place: name.place.clone(),
                    doc: self.doc(node.get_id()),
                    ty: self.type_of(body.get_type()?, &[])?,
                    value: value_of(body.get_value()?)?,
                }),
                _ => continue,
            });
        }
        Ok(items)
    }

    fn structure(
        &self,
        node: node::Reader<'a>,
        body: node::struct_::Reader<'a>,
        name: TypeName,
    ) -> capnp::Result<Struct> {
        let id = node.get_id();
        let mut fields = Vec::new();
        for (index, field) in body.get_fields()?.iter().enumerate() {
            let field_name = text(field.get_name()?)?;
            let (ty, default, offset, group) = match field.which()? {
                field::Slot(slot) => (
                    self.type_of(slot.get_type()?, &name.params)?,
                    default_of(slot.get_default_value()?, slot.get_had_explicit_default())?,
                    slot.get_offset(),
                    None,
                ),
                field::Group(group) => {
                    let id = group.get_type_id();
                    let (ty, body) = self.group(id)?;
                    (ty, Value::Zero, 0, Some(Box::new(body)))
                }
            };
            let annotations = field.get_annotations()?;
            fields.push(Field {
                place: name.place.member(&field_name),
                doc: self.member_doc(id, index),
                ty,
                default,
                offset,
                member: Some(field.get_discriminant_value())
                    .filter(|value| *value != field::NO_DISCRIMINANT),
                boxed: false,
                group,
                rust_annotations: has_unsupported(annotations),
                rust: rename(annotations)?.unwrap_or_else(|| field_name.clone()),
                name: field_name,
            });
        }
        Ok(Struct {
            id,
            doc: self.doc(id),
            fields,
            items: self.items(node)?,
            size: (body.get_data_word_count(), body.get_pointer_count()),
            discriminant: Some(body.get_discriminant_offset())
                .filter(|_| body.get_discriminant_count() > 0),
            rust_annotations: has_unsupported(node.get_annotations()?),
            name,
        })
    }

    /// A group: the type it becomes, and its fields.
    fn group(&self, id: u64) -> capnp::Result<(Type, Struct)> {
        let node = self.node(id)?;
        let (node::Struct(body), Some(name)) = (node.which()?, self.names.get(&id)) else {
            return Err(capnp::Error::failed(format!("group {id:#x} is no struct")));
        };
        let args = name.params.iter().cloned().map(Type::Parameter).collect();
        let ty = Type::Struct(Named { id, args });
        Ok((ty, self.structure(node, body, name.clone())?))
    }

    fn enumeration(
        &self,
        node: node::Reader<'a>,
        body: node::enum_::Reader<'a>,
        name: TypeName,
    ) -> capnp::Result<Enum> {
        let id = node.get_id();
        let mut enumerants = Vec::new();
        for (index, enumerant) in body.get_enumerants()?.iter().enumerate() {
            let enumerant_name = text(enumerant.get_name()?)?;
            let code = find(enumerant.get_annotations()?, bus::CODE)?.and_then(|code| match code {
                value::Enum(code) => Some(code),
                _ => None,
            });
            enumerants.push(Enumerant {
                place: name.place.member(&enumerant_name),
                doc: self.member_doc(id, index),
                code,
                rust_annotations: has_unsupported(enumerant.get_annotations()?),
                rust: rename(enumerant.get_annotations()?)?
                    .unwrap_or_else(|| enumerant_name.clone()),
                name: enumerant_name,
            });
        }
        Ok(Enum {
            id,
            doc: self.doc(id),
            enumerants,
            errors: name.kind == Kind::Errors,
            rust_annotations: has_unsupported(node.get_annotations()?),
            name,
        })
    }

    fn interface(
        &self,
        node: node::Reader<'a>,
        body: node::interface::Reader<'a>,
        name: &TypeName,
    ) -> capnp::Result<Interface> {
        let id = node.get_id();
        let mut channels = Vec::new();
        let mut levels = Vec::new();
        for annotation in node.get_annotations()? {
            match (annotation.get_id(), annotation.get_value()?.which()?) {
                (bus::CHANNEL, value::Uint16(channel)) => channels.push(channel),
                (bus::LEVEL, value::Uint8(level)) => levels.push(level),
                _ => {}
            }
        }
        let (mut supers, mut unknown_supers) = (Vec::new(), Vec::new());
        for superclass in body.get_superclasses()? {
            match self.interface_type(superclass.get_id(), superclass.get_brand()?, &name.params)? {
                Type::Interface(named) => supers.push(named),
                Type::Unsupported(what) => unknown_supers.push(format!("extends what {what}")),
                _ => unknown_supers.push(
                    "extends a Sink, which the runtime implements: take the one that `dsoftbus::stream` makes"
                        .to_owned(),
                ),
            }
        }
        let mut methods = Vec::new();
        for (ordinal, method) in body.get_methods()?.iter().enumerate() {
            let method_name = text(method.get_name()?)?;
            let place = name.place.member(&method_name);
            let annotations = method.get_annotations()?;
            let since = find(annotations, bus::SINCE)?.and_then(|since| match since {
                value::Uint16(since) => Some(since),
                _ => None,
            });
            let streaming = method.get_result_struct_type() == STREAM_RESULT;
            let rust = rename(annotations)?.unwrap_or_else(|| method_name.clone());
            let side = Side {
                interface: name,
                method: &method_name,
                rust: &rust,
                place: &place,
            };
            let params = self.shape(
                &side,
                method.get_param_struct_type(),
                method.get_param_brand()?,
                "Params",
            )?;
            let results = if streaming {
                Shape::Unknown("stream".to_owned())
            } else {
                self.shape(
                    &side,
                    method.get_result_struct_type(),
                    method.get_result_brand()?,
                    "Results",
                )?
            };
            methods.push(Method {
                doc: self.member_doc(id, ordinal),
                ordinal: u16::try_from(ordinal)
                    .map_err(|_| capnp::Error::failed(format!("{place}: too many methods")))?,
                params,
                results,
                streaming,
                since,
                rust_annotations: has_unsupported(annotations),
                place: place.clone(),
                rust,
                name: method_name,
            });
        }
        Ok(Interface {
            id,
            doc: self.doc(id),
            supers,
            unknown_supers,
            methods,
            items: self.items(node)?,
            channels,
            levels,
            rust_annotations: has_unsupported(node.get_annotations()?),
            name: name.clone(),
        })
    }

    fn shape(
        &self,
        side: &Side<'_>,
        id: u64,
        brand: brand::Reader<'a>,
        suffix: &str,
    ) -> capnp::Result<Shape> {
        let Some(&node) = self.nodes.get(&id) else {
            return Ok(Shape::Unknown(format!("node {id:#x}")));
        };
        // The struct of an inline parameter list hangs in no scope.
        if node.get_scope_id() != 0 {
            return Ok(if self.names.contains_key(&id) {
                Shape::Named(Named {
                    id,
                    args: self.args(id, brand, &side.interface.params)?,
                })
            } else {
                Shape::Unknown(text(node.get_display_name()?)?)
            });
        }
        let node::Struct(body) = node.which()? else {
            return Ok(Shape::Unknown(text(node.get_display_name()?)?));
        };
        let raw_method = raw::method_name(side.method);
        let mut raw = side.interface.raw.clone();
        raw.push(raw::module(&format!("{raw_method}{suffix}")));
        let mut scope = side.interface.scope.clone();
        scope.push(side.interface.module.clone());
        let words = words(body);
        let rust = format!("{}{suffix}", names::camel(side.rust));
        let name = TypeName {
            place: side.place.clone(),
            root: side.interface.root.clone(),
            module: names::module(&rust),
            name: rust.clone(),
            rust,
            scope,
            params: self.generics.params_of_side(id, &side.interface.params),
            raw,
            raw_params: side.interface.raw_params,
            kind: Kind::Struct,
            list_bits: list_bits(Kind::Struct, words),
            words,
        };
        Ok(Shape::Inline(Box::new(self.structure(node, body, name)?)))
    }
}

/// The method whose parameters or results are read.
struct Side<'m> {
    interface: &'m TypeName,
    method: &'m str,
    rust: &'m str,
    place: &'m Place,
}

/// Words of a struct itself, without what it points to.
fn words(body: node::struct_::Reader<'_>) -> u32 {
    u32::from(body.get_data_word_count()) + u32::from(body.get_pointer_count())
}

/// Bits one element takes in a list; never 0, so that a count is always bounded.
fn list_bits(kind: Kind, words: u32) -> u32 {
    match kind {
        Kind::Enum | Kind::Errors => 16,
        _ => words.saturating_mul(64).max(64),
    }
}

/// A text as a value of its own.
pub(crate) fn text(reader: capnp::text::Reader<'_>) -> capnp::Result<String> {
    Ok(reader.to_str()?.to_owned())
}
