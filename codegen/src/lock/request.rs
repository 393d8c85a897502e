//! Reads the lines off the nodes of a request.

use std::collections::{BTreeMap, BTreeSet};

use capnp::schema_capnp::{brand, code_generator_request, field, node, type_, value};
use dsoftbus_schemas::annotation as bus;

use super::line::{Fact, Field, Line, Method, Name, Slot, Subject, Tag};
use super::types::{Type, escape};
use super::value::default_of;

/// What stands for the value of the discriminant in a field that is in no union.
const NO_DISCRIMINANT: u16 = 0xffff;

/// Bits of the unit that places of discriminants are counted in.
const DISCRIMINANT_BITS: u64 = 16;

/// The lines of all requested files, in the order of the lock file.
pub(super) fn lines(request: code_generator_request::Reader<'_>) -> capnp::Result<Vec<Line>> {
    let mut reading = Reading::default();
    for node in request.get_nodes()? {
        reading.nodes.insert(node.get_id(), node);
    }
    for file in request.get_requested_files()? {
        let name = Name {
            file: escape(file.get_filename()?.to_str()?, "/."),
            path: Vec::new(),
        };
        reading.declaration(&name, reading.node(file.get_id())?)?;
    }
    let mut lines = reading.lines;
    lines.sort_by(|a, b| (&a.subject.name, a.key()).cmp(&(&b.subject.name, b.key())));
    for pair in lines.windows(2) {
        if let [line, next] = pair
            && line.key() == next.key()
        {
            let text = format!("`{line}` and `{next}` contradict each other");
            return Err(capnp::Error::failed(text));
        }
    }
    Ok(lines)
}

#[derive(Default)]
struct Reading<'a> {
    nodes: BTreeMap<u64, node::Reader<'a>>,
    seen: BTreeSet<u64>,
    lines: Vec<Line>,
}

impl<'a> Reading<'a> {
    fn node(&self, id: u64) -> capnp::Result<node::Reader<'a>> {
        self.nodes
            .get(&id)
            .copied()
            .ok_or_else(|| capnp::Error::failed(format!("node {id:#x} is missing")))
    }

    /// Keeps a damaged request from nesting a node in itself.
    fn enter(&mut self, id: u64) -> capnp::Result<()> {
        if self.seen.insert(id) {
            return Ok(());
        }
        Err(capnp::Error::failed(format!(
            "node {id:#x} is listed twice"
        )))
    }

    fn add(&mut self, name: &Name, id: u64, fact: Fact) {
        let subject = Subject {
            name: name.clone(),
            id,
        };
        self.lines.push(Line { subject, fact });
    }

    /// Reads a file or type and everything nested in it.
    fn declaration(&mut self, name: &Name, node: node::Reader<'a>) -> capnp::Result<()> {
        let id = node.get_id();
        self.enter(id)?;
        match node.which()? {
            node::File(()) => self.add(name, id, Fact::File),
            node::Struct(_) => self.structure(name, node)?,
            node::Enum(body) => {
                self.add(name, id, Fact::Enum);
                for (ordinal, enumerant) in (0..).zip(body.get_enumerants()?) {
                    let member = escape(enumerant.get_name()?.to_str()?, "");
                    self.add(
                        name,
                        id,
                        Fact::Enumerant {
                            ordinal,
                            name: member,
                        },
                    );
                }
            }
            node::Interface(body) => self.interface(name, node, body)?,
            // Neither travels.
            node::Const(_) | node::Annotation(_) => return Ok(()),
        }
        for nested in node.get_nested_nodes()? {
            let Some(&inner) = self.nodes.get(&nested.get_id()) else {
                continue;
            };
            let mut inner_name = name.clone();
            inner_name
                .path
                .push(escape(nested.get_name()?.to_str()?, ""));
            self.declaration(&inner_name, inner)?;
        }
        Ok(())
    }

    fn interface(
        &mut self,
        name: &Name,
        node: node::Reader<'a>,
        body: node::interface::Reader<'a>,
    ) -> capnp::Result<()> {
        let id = node.get_id();
        self.add(name, id, Fact::Interface);
        for annotation in node.get_annotations()? {
            if annotation.get_id() == bus::CHANNEL
                && let value::Uint16(channel) = annotation.get_value()?.which()?
            {
                self.add(name, id, Fact::Channel(channel));
            }
        }
        for base in body.get_superclasses()? {
            let base = self.named(base.get_id(), base.get_brand()?)?;
            self.add(name, id, Fact::Extends(Type::new(&base)));
        }
        for (ordinal, method) in (0..).zip(body.get_methods()?) {
            let method_name = escape(method.get_name()?.to_str()?, "");
            let (params, results) = (
                method.get_param_struct_type(),
                method.get_result_struct_type(),
            );
            for (struct_id, suffix) in [(params, "Params"), (results, "Results")] {
                // The struct of a list of parameters is declared nowhere else; any other has lines of its own.
                if let Some(&node) = self.nodes.get(&struct_id)
                    && node.get_scope_id() == 0
                {
                    self.enter(struct_id)?;
                    let mut name = name.clone();
                    name.path.push(format!("{method_name}${suffix}"));
                    self.structure(&name, node)?;
                }
            }
            let fact = Fact::Method(Method {
                ordinal,
                name: method_name,
                implicit: method.get_implicit_parameters()?.len(),
                params: Type::new(&self.named(params, method.get_param_brand()?)?),
                results: Type::new(&self.named(results, method.get_result_brand()?)?),
            });
            self.add(name, id, fact);
        }
        Ok(())
    }

    fn structure(&mut self, name: &Name, node: node::Reader<'a>) -> capnp::Result<()> {
        self.add(name, node.get_id(), Fact::Struct);
        self.fields(name, node.get_id(), node, &[], &[])
    }

    /// Reads the fields of a struct, or of one of its groups. `path` and `tags` are those of the group.
    fn fields(
        &mut self,
        name: &Name,
        id: u64,
        scope: node::Reader<'a>,
        path: &[String],
        tags: &[Tag],
    ) -> capnp::Result<()> {
        let node::Struct(body) = scope.which()? else {
            return Err(capnp::Error::failed(format!("{name} is no struct")));
        };
        for (index, field) in (0..).zip(body.get_fields()?) {
            let mut path = path.to_vec();
            path.push(escape(field.get_name()?.to_str()?, ""));
            let mut tags = tags.to_vec();
            if field.get_discriminant_value() != NO_DISCRIMINANT {
                tags.push(Tag {
                    start: u64::from(body.get_discriminant_offset()) * DISCRIMINANT_BITS,
                    value: field.get_discriminant_value(),
                });
            }
            match field.which()? {
                field::Group(group) => {
                    self.enter(group.get_type_id())?;
                    let group = self.node(group.get_type_id())?;
                    self.fields(name, id, group, &path, &tags)?;
                }
                field::Slot(slot) => {
                    let ty = slot.get_type()?;
                    let fact = Fact::Field(Field {
                        ordinal: match field.get_ordinal().which()? {
                            field::ordinal::Explicit(ordinal) => ordinal,
                            // Parameters are numbered in the order they are written in.
                            field::ordinal::Implicit(()) => index,
                        },
                        path,
                        ty: Type::new(&self.type_of(ty)?),
                        slot: place(ty, slot.get_offset())?,
                        default: default_of(slot.get_default_value()?)?,
                        tags,
                    });
                    self.add(name, id, fact);
                }
            }
        }
        Ok(())
    }

    fn type_of(&self, ty: type_::Reader<'a>) -> capnp::Result<String> {
        let word = match ty.which()? {
            type_::Void(()) => "Void",
            type_::Bool(()) => "Bool",
            type_::Int8(()) => "Int8",
            type_::Int16(()) => "Int16",
            type_::Int32(()) => "Int32",
            type_::Int64(()) => "Int64",
            type_::Uint8(()) => "UInt8",
            type_::Uint16(()) => "UInt16",
            type_::Uint32(()) => "UInt32",
            type_::Uint64(()) => "UInt64",
            type_::Float32(()) => "Float32",
            type_::Float64(()) => "Float64",
            type_::Text(()) => "Text",
            type_::Data(()) => "Data",
            type_::List(list) => {
                return Ok(format!("List({})", self.type_of(list.get_element_type()?)?));
            }
            type_::Enum(named) => return self.named(named.get_type_id(), named.get_brand()?),
            type_::Struct(named) => return self.named(named.get_type_id(), named.get_brand()?),
            type_::Interface(named) => return self.named(named.get_type_id(), named.get_brand()?),
            type_::AnyPointer(pointer) => match pointer.which()? {
                type_::any_pointer::Unconstrained(kind) => match kind.which()? {
                    type_::any_pointer::unconstrained::AnyKind(()) => "AnyPointer",
                    type_::any_pointer::unconstrained::Struct(()) => "AnyStruct",
                    type_::any_pointer::unconstrained::List(()) => "AnyList",
                    type_::any_pointer::unconstrained::Capability(()) => "Capability",
                },
                type_::any_pointer::Parameter(parameter) => {
                    let scope = self.name_of(parameter.get_scope_id());
                    return Ok(format!("{scope}#{}", parameter.get_parameter_index()));
                }
                type_::any_pointer::ImplicitMethodParameter(parameter) => {
                    return Ok(format!("#{}", parameter.get_parameter_index()));
                }
            },
        };
        Ok(word.to_owned())
    }

    /// A declared type with the arguments it is given.
    fn named(&self, id: u64, brand: brand::Reader<'a>) -> capnp::Result<String> {
        let mut own = String::new();
        let mut outer = BTreeMap::new();
        for scope in brand.get_scopes()? {
            let scope_id = scope.get_scope_id();
            let arguments = match scope.which()? {
                brand::scope::Bind(bindings) => {
                    let mut arguments = Vec::new();
                    for binding in bindings? {
                        arguments.push(match binding.which()? {
                            brand::binding::Unbound(()) => "AnyPointer".to_owned(),
                            brand::binding::Type(ty) => self.type_of(ty?)?,
                        });
                    }
                    arguments
                }
                // Each parameter stands for itself.
                brand::scope::Inherit(()) => {
                    let count = self.node(scope_id)?.get_parameters()?.len();
                    let name = self.name_of(scope_id);
                    (0..count).map(|index| format!("{name}#{index}")).collect()
                }
            };
            // Compilers may leave out what is bound to nothing.
            if arguments.iter().all(|argument| argument == "AnyPointer") {
                continue;
            }
            let arguments = format!("({})", arguments.join(","));
            if scope_id == id {
                own = arguments;
            } else {
                outer.insert(scope_id, arguments);
            }
        }
        let mut text = String::new();
        for (scope_id, arguments) in outer {
            text.push_str(&format!("{}{arguments}/", self.name_of(scope_id)));
        }
        Ok(format!("{text}{}{own}", self.name_of(id)))
    }

    /// Name and ID of a type of any file. The name is for readers only, as is the node's own.
    fn name_of(&self, id: u64) -> String {
        let name = self
            .nodes
            .get(&id)
            .and_then(|node| node.get_display_name().ok()?.to_str().ok())
            .map_or("unknown", |name| name.rsplit(':').next().unwrap_or(name));
        format!("{}@0x{id:016x}", escape(name, "."))
    }
}

fn place(ty: type_::Reader<'_>, offset: u32) -> capnp::Result<Slot> {
    let width = match ty.which()? {
        type_::Void(()) => return Ok(Slot::Nowhere),
        type_::Bool(()) => 1,
        type_::Int8(()) | type_::Uint8(()) => 8,
        type_::Int16(()) | type_::Uint16(()) | type_::Enum(_) => 16,
        type_::Int32(()) | type_::Uint32(()) | type_::Float32(()) => 32,
        type_::Int64(()) | type_::Uint64(()) | type_::Float64(()) => 64,
        type_::Text(())
        | type_::Data(())
        | type_::List(_)
        | type_::Struct(_)
        | type_::Interface(_)
        | type_::AnyPointer(_) => return Ok(Slot::Pointer(offset)),
    };
    Ok(Slot::Bits {
        start: u64::from(offset) * width,
        width,
    })
}
