//! Reads a `CodeGeneratorRequest` into the model. Judges nothing: what cannot be translated is recorded as such.

use std::collections::{BTreeMap, BTreeSet};

use capnp::message::{Reader, ReaderOptions};
use capnp::schema_capnp::{annotation, brand, code_generator_request, field, node, type_, value};
use capnp::serialize::OwnedSegments;
use dsoftbus_schemas::annotation as bus;

use crate::model::{
    Const, Enum, Enumerant, Field, File, Interface, Item, Kind, Method, Place, Schema, Shape,
    Struct, Type, TypeName, Value,
};
use crate::names;

/// Annotations of `rust.capnp`: name, parentModule, option.
const RUST_ANNOTATIONS: [u64; 3] = [
    0xc2fe_4c6d_1001_66d0,
    0xabee_386c_d145_0364,
    0xabfe_f22c_4ee1_964e,
];

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
pub(crate) fn model(request: code_generator_request::Reader<'_>) -> capnp::Result<Schema> {
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

    let mut schema = Schema::default();
    let mut files = Vec::new();
    for requested in request.get_requested_files()? {
        let name = text(requested.get_filename()?)?;
        let raw_module = raw_file_module(&name);
        let node = source.node(requested.get_id())?;
        let scope = Scope {
            place: Place {
                file: name.clone(),
                path: String::new(),
            },
            modules: Vec::new(),
            raw: vec![raw_module.clone()],
        };
        source.name_all(node, &scope, &mut schema.names)?;
        files.push((name, raw_module, node));
    }
    source.names = schema.names.clone();
    for (name, raw_module, node) in files {
        schema.files.push(File {
            items: source.items(node)?,
            rust_annotations: has_rust_annotation(node.get_annotations()?)?,
            name,
            raw_module,
        });
    }
    Ok(schema)
}

/// The module capnpc's output for a file belongs in.
pub(crate) fn raw_file_module(file: &str) -> String {
    let stem = std::path::Path::new(file)
        .file_stem()
        .map_or_else(String::new, |stem| stem.to_string_lossy().replace('-', "_"));
    format!("{stem}_capnp")
}

/// The request, indexed.
#[derive(Default)]
struct Source<'a> {
    nodes: BTreeMap<u64, node::Reader<'a>>,
    docs: BTreeMap<u64, Docs>,
    names: BTreeMap<u64, TypeName>,
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
            let (kind, words, list_bits) = match node.which()? {
                node::Struct(body) => {
                    let words =
                        u32::from(body.get_data_word_count()) + u32::from(body.get_pointer_count());
                    (Kind::Struct, words, words.saturating_mul(64).max(64))
                }
                node::Enum(_) if has_annotation(node.get_annotations()?, bus::ERRORS) => {
                    (Kind::Errors, 0, 16)
                }
                node::Enum(_) => (Kind::Enum, 0, 16),
                node::Interface(_) => (Kind::Interface, 0, 64),
                node::Const(_) => (Kind::Const, 0, 64),
                _ => continue,
            };
            let raw_name = raw_name(&name, kind);
            let mut raw = scope.raw.clone();
            raw.push(if matches!(kind, Kind::Enum | Kind::Errors) {
                raw_name
            } else {
                names::raw_module(&raw_name)
            });
            let place = scope.place.member(&name);
            let mut modules = scope.modules.clone();
            names.insert(
                nested.get_id(),
                TypeName {
                    place: place.clone(),
                    name: names::type_name(&name),
                    scope: modules.clone(),
                    raw: raw.clone(),
                    kind,
                    list_bits,
                    words,
                },
            );
            modules.push(names::module(&name));
            let inner = Scope {
                place,
                modules,
                raw,
            };
            self.name_all(node, &inner, names)?;
        }
        Ok(())
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
                node::Interface(body) => {
                    Item::Interface(self.interface(node, body, name, &text(nested.get_name()?)?)?)
                }
                node::Const(body) => Item::Const(Const {
                    name: text(nested.get_name()?)?,
                    place: name.place.clone(),
                    doc: self.doc(node.get_id()),
                    ty: self.type_of(body.get_type()?)?,
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
            let (ty, default) = match field.which()? {
                field::Slot(slot) => (
                    self.type_of(slot.get_type()?)?,
                    default_of(slot.get_default_value()?, slot.get_had_explicit_default())?,
                ),
                field::Group(_) => (Type::Unsupported("a group".to_owned()), Value::Zero),
            };
            fields.push(Field {
                place: name.place.member(&field_name),
                doc: self.member_doc(id, index),
                ty,
                default,
                rust_annotations: has_rust_annotation(field.get_annotations()?)?,
                name: field_name,
            });
        }
        Ok(Struct {
            id,
            doc: self.doc(id),
            fields,
            items: self.items(node)?,
            generic: node.get_is_generic(),
            union: body.get_discriminant_count() > 0,
            rust_annotations: has_rust_annotation(node.get_annotations()?)?,
            name,
        })
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
                rust_annotations: has_rust_annotation(enumerant.get_annotations()?)?,
                name: enumerant_name,
            });
        }
        Ok(Enum {
            id,
            doc: self.doc(id),
            enumerants,
            errors: name.kind == Kind::Errors,
            rust_annotations: has_rust_annotation(node.get_annotations()?)?,
            name,
        })
    }

    fn interface(
        &self,
        node: node::Reader<'a>,
        body: node::interface::Reader<'a>,
        name: &TypeName,
        schema_name: &str,
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
        let mut methods = Vec::new();
        for (ordinal, method) in body.get_methods()?.iter().enumerate() {
            let method_name = text(method.get_name()?)?;
            let place = name.place.member(&method_name);
            let since =
                find(method.get_annotations()?, bus::SINCE)?.and_then(|since| match since {
                    value::Uint16(since) => Some(since),
                    _ => None,
                });
            let streaming = method.get_result_struct_type() == STREAM_RESULT;
            let side = Side {
                interface: name,
                method: &method_name,
                place: &place,
            };
            methods.push(Method {
                doc: self.member_doc(id, ordinal),
                ordinal: u16::try_from(ordinal)
                    .map_err(|_| capnp::Error::failed(format!("{place}: too many methods")))?,
                params: self.shape(&side, method.get_param_struct_type(), "Params")?,
                results: if streaming {
                    Shape::Unknown("stream".to_owned())
                } else {
                    self.shape(&side, method.get_result_struct_type(), "Results")?
                },
                streaming,
                generic: !method.get_implicit_parameters()?.is_empty()
                    || is_branded(method.get_param_brand()?)?
                    || is_branded(method.get_result_brand()?)?,
                since,
                place: place.clone(),
                name: method_name,
            });
        }
        Ok(Interface {
            id,
            module: names::module(schema_name),
            doc: self.doc(id),
            methods,
            items: self.items(node)?,
            channels,
            levels,
            generic: node.get_is_generic(),
            extends: !body.get_superclasses()?.is_empty(),
            name: name.clone(),
        })
    }

    fn shape(&self, side: &Side<'_>, id: u64, suffix: &str) -> capnp::Result<Shape> {
        let Some(&node) = self.nodes.get(&id) else {
            return Ok(Shape::Unknown(format!("node {id:#x}")));
        };
        // The struct of an inline parameter list hangs in no scope.
        if node.get_scope_id() != 0 {
            return Ok(if self.names.contains_key(&id) {
                Shape::Named(id)
            } else {
                Shape::Unknown(text(node.get_display_name()?)?)
            });
        }
        let node::Struct(body) = node.which()? else {
            return Ok(Shape::Unknown(text(node.get_display_name()?)?));
        };
        let raw_method = raw_method(side.method);
        let mut raw = side.interface.raw.clone();
        raw.push(names::raw_module(&format!("{raw_method}{suffix}")));
        let mut scope = side.interface.scope.clone();
        scope.push(names::module(&side.interface.name));
        let words = u32::from(body.get_data_word_count()) + u32::from(body.get_pointer_count());
        let name = TypeName {
            place: side.place.clone(),
            name: format!("{}{suffix}", names::camel(side.method)),
            scope,
            raw,
            kind: Kind::Struct,
            list_bits: words.saturating_mul(64).max(64),
            words,
        };
        Ok(Shape::Inline(Box::new(self.structure(node, body, name)?)))
    }

    fn type_of(&self, ty: type_::Reader<'a>) -> capnp::Result<Type> {
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
            type_::List(list) => match self.type_of(list.get_element_type()?)? {
                unsupported @ Type::Unsupported(_) => unsupported,
                element => Type::List(Box::new(element)),
            },
            type_::Enum(named) => self.named(named.get_type_id(), Kind::Enum, Type::Enum),
            type_::Struct(named) if is_branded(named.get_brand()?)? => {
                Type::Unsupported("a generic type".to_owned())
            }
            type_::Struct(named) => self.named(named.get_type_id(), Kind::Struct, Type::Struct),
            type_::Interface(_) => Type::Unsupported("an interface as a value".to_owned()),
            type_::AnyPointer(pointer) => Type::Unsupported(match pointer.which()? {
                type_::any_pointer::Unconstrained(kind) => match kind.which()? {
                    type_::any_pointer::unconstrained::Capability(()) => "Capability".to_owned(),
                    _ => "AnyPointer".to_owned(),
                },
                _ => "a generic parameter".to_owned(),
            }),
        })
    }

    fn named(&self, id: u64, kind: Kind, make: fn(u64) -> Type) -> Type {
        match self.names.get(&id) {
            Some(name) if name.kind == kind => make(id),
            Some(_) => Type::Unsupported("an enum with $Bus.errors as a value".to_owned()),
            None => {
                let name = self
                    .nodes
                    .get(&id)
                    .and_then(|node| node.get_display_name().ok()?.to_str().ok())
                    .unwrap_or("an unknown file");
                let file = name.split(':').next().unwrap_or(name);
                Type::Unsupported(format!(
                    "is of `{file}`, which is imported but not compiled: add that file to `compile`"
                ))
            }
        }
    }
}

/// The method whose parameters or results are read.
struct Side<'m> {
    interface: &'m TypeName,
    method: &'m str,
    place: &'m Place,
}

/// The name a declaration has in the request that capnpc sees. See `rename`.
pub(crate) fn raw_name(name: &str, kind: Kind) -> String {
    let broken = match kind {
        Kind::Enum | Kind::Errors => {
            names::raw_enum_is_broken(name) || names::raw_module_is_broken(name)
        }
        Kind::Struct | Kind::Interface | Kind::Const => names::raw_module_is_broken(name),
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
pub(crate) fn raw_enumerant(name: &str) -> String {
    if name == "self" {
        "self_".to_owned()
    } else {
        name.to_owned()
    }
}

fn is_branded(brand: brand::Reader<'_>) -> capnp::Result<bool> {
    Ok(!brand.get_scopes()?.is_empty())
}

fn default_of(value: value::Reader<'_>, explicit: bool) -> capnp::Result<Value> {
    if explicit {
        value_of(value)
    } else {
        Ok(Value::Zero)
    }
}

fn value_of(value: value::Reader<'_>) -> capnp::Result<Value> {
    Ok(match value.which()? {
        value::Void(()) => Value::Zero,
        value::Bool(v) => Value::Bool(v),
        value::Int8(v) => Value::Int(v.into()),
        value::Int16(v) => Value::Int(v.into()),
        value::Int32(v) => Value::Int(v.into()),
        value::Int64(v) => Value::Int(v),
        value::Uint8(v) => Value::UInt(v.into()),
        value::Uint16(v) => Value::UInt(v.into()),
        value::Uint32(v) => Value::UInt(v.into()),
        value::Uint64(v) => Value::UInt(v),
        value::Float32(v) => Value::Float32(v),
        value::Float64(v) => Value::Float64(v),
        value::Text(v) => Value::Text(text(v?)?),
        value::Data(v) => Value::Data(v?.to_vec()),
        value::Enum(v) => Value::Enum(v),
        value::List(_) | value::Struct(_) | value::Interface(()) | value::AnyPointer(_) => {
            Value::Pointer
        }
    })
}

fn find<'a>(
    annotations: capnp::struct_list::Reader<'a, annotation::Owned>,
    id: u64,
) -> capnp::Result<Option<value::WhichReader<'a>>> {
    for annotation in annotations {
        if annotation.get_id() == id {
            return Ok(Some(annotation.get_value()?.which()?));
        }
    }
    Ok(None)
}

fn has_annotation(annotations: capnp::struct_list::Reader<'_, annotation::Owned>, id: u64) -> bool {
    annotations.iter().any(|found| found.get_id() == id)
}

fn has_rust_annotation(
    annotations: capnp::struct_list::Reader<'_, annotation::Owned>,
) -> capnp::Result<bool> {
    let ids: BTreeSet<u64> = annotations.iter().map(|found| found.get_id()).collect();
    Ok(RUST_ANNOTATIONS.iter().any(|id| ids.contains(id)))
}

fn text(reader: capnp::text::Reader<'_>) -> capnp::Result<String> {
    Ok(reader.to_str()?.to_owned())
}
