//! The request itself.

use capnp::schema_capnp::{ElementSize, annotation, code_generator_request, field, method, node};

use super::types::{length, write_brand, write_scopes, write_type};
use crate::ast::Targets;
use crate::node::{
    AnnotationRecord, Content, FieldContent, FieldRecord, MethodRecord, NodeRecord, NodeSet,
    StructRecord,
};

/// The release of the reference whose language this is: major, minor, micro.
const VERSION: (u16, u8, u8) = (1, 4, 0);

/// A file that code is to be generated for.
#[derive(Debug)]
pub(crate) struct RequestedFile<'a> {
    pub(crate) id: u64,
    pub(crate) name: &'a str,
    /// Path and ID of each import.
    pub(crate) imports: Vec<(&'a str, u64)>,
}

/// Writes a request of these nodes. The source info has an order of its own, `documented`.
pub(crate) fn write(
    files: &[RequestedFile<'_>],
    sets: &[&NodeSet<'_>],
    documented: &[&NodeSet<'_>],
    mut request: code_generator_request::Builder<'_>,
) -> capnp::Result<()> {
    let mut version = request.reborrow().init_capnp_version();
    version.set_major(VERSION.0);
    version.set_minor(VERSION.1);
    version.set_micro(VERSION.2);
    write_nodes(sets, &mut request)?;
    write_source_info(documented, &mut request);
    let mut list = request.init_requested_files(length(files.len()));
    for (file, index) in files.iter().zip(0..) {
        let mut target = list.reborrow().get(index);
        target.set_id(file.id);
        target.set_filename(file.name);
        let mut imports = target.init_imports(length(file.imports.len()));
        for ((name, id), index) in file.imports.iter().zip(0..) {
            let mut import = imports.reborrow().get(index);
            import.set_id(*id);
            import.set_name(name);
        }
    }
    Ok(())
}

fn nodes_of<'s, 'a>(
    sets: &'s [&NodeSet<'a>],
) -> impl Iterator<Item = (&'s NodeSet<'a>, &'s NodeRecord<'a>)> {
    sets.iter().flat_map(|set| {
        std::iter::once((*set, &set.main)).chain(set.aux.iter().map(|aux| (*set, aux)))
    })
}

fn write_nodes(
    sets: &[&NodeSet<'_>],
    request: &mut code_generator_request::Builder<'_>,
) -> capnp::Result<()> {
    let mut list = request
        .reborrow()
        .init_nodes(length(nodes_of(sets).count()));
    for ((set, record), index) in nodes_of(sets).zip(0..) {
        NodeWriter { set }.node(record, list.reborrow().get(index))?;
    }
    Ok(())
}

/// Doc comments, once for each ID.
fn write_source_info(sets: &[&NodeSet<'_>], request: &mut code_generator_request::Builder<'_>) {
    let mut seen = std::collections::HashSet::new();
    let records: Vec<_> = nodes_of(sets)
        .map(|(_, record)| record)
        .filter(|record| seen.insert(record.source_id))
        .collect();
    let mut list = request.reborrow().init_source_info(length(records.len()));
    for (record, index) in records.into_iter().zip(0..) {
        let mut target = list.reborrow().get(index);
        target.set_id(record.source_id);
        if let Some(doc) = record.doc {
            target.set_doc_comment(doc);
        }
        let is_always_there =
            matches!(record.content, Content::Enum(_) | Content::Interface { .. });
        if record.member_docs.is_empty() && !is_always_there {
            continue;
        }
        let mut members = target.init_members(length(record.member_docs.len()));
        for (doc, index) in record.member_docs.iter().zip(0..) {
            if let Some(doc) = doc {
                members.reborrow().get(index).set_doc_comment(doc);
            }
        }
    }
}

/// Writes nodes of one set.
///
/// An empty list and none are different in canonical form, so each list is there exactly when the reference
/// makes it.
struct NodeWriter<'w, 'a> {
    set: &'w NodeSet<'a>,
}

impl NodeWriter<'_, '_> {
    fn node(&self, record: &NodeRecord<'_>, mut target: node::Builder<'_>) -> capnp::Result<()> {
        target.set_id(record.id);
        target.set_display_name(&*record.display_name);
        target.set_display_name_prefix_length(length(record.prefix_length));
        target.set_scope_id(record.scope_id);
        target.set_is_generic(record.is_generic);
        if !record.parameters.is_empty() {
            let mut list = target
                .reborrow()
                .init_parameters(length(record.parameters.len()));
            for (parameter, index) in record.parameters.iter().zip(0..) {
                list.reborrow().get(index).set_name(&parameter.value);
            }
        }
        if let Some(nested) = &record.nested {
            let mut list = target.reborrow().init_nested_nodes(length(nested.len()));
            for ((name, id), index) in nested.iter().zip(0..) {
                let mut nested = list.reborrow().get(index);
                nested.set_name(name);
                nested.set_id(*id);
            }
        }
        if !record.annotations.is_empty() {
            let list = target
                .reborrow()
                .init_annotations(length(record.annotations.len()));
            self.annotations(&record.annotations, list)?;
        }
        match &record.content {
            Content::File => target.set_file(()),
            Content::Struct(structure) => self.structure(structure, target.init_struct())?,
            Content::Enum(enumerants) => {
                let mut list = target.init_enum().init_enumerants(length(enumerants.len()));
                for (enumerant, index) in enumerants.iter().zip(0..) {
                    let mut target = list.reborrow().get(index);
                    target.set_name(enumerant.name);
                    target.set_code_order(enumerant.code_order);
                    if !enumerant.annotations.is_empty() {
                        let list = target.init_annotations(length(enumerant.annotations.len()));
                        self.annotations(&enumerant.annotations, list)?;
                    }
                }
            }
            Content::Interface {
                superclasses,
                methods,
            } => {
                let mut target = target.init_interface();
                let mut list = target
                    .reborrow()
                    .init_superclasses(length(superclasses.len()));
                for (superclass, index) in superclasses.iter().zip(0..) {
                    let mut target = list.reborrow().get(index);
                    target.set_id(superclass.id);
                    write_brand(&superclass.brand, || target.init_brand());
                }
                let mut list = target.init_methods(length(methods.len()));
                for (method, index) in methods.iter().zip(0..) {
                    self.method(method, list.reborrow().get(index))?;
                }
            }
            Content::Const { ty, value } => {
                let mut target = target.init_const();
                write_type(ty, target.reborrow().init_type());
                self.set.value(*value).write(target.init_value())?;
            }
            Content::Annotation { ty, targets } => {
                let mut target = target.init_annotation();
                write_type(ty, target.reborrow().init_type());
                write_targets(*targets, target);
            }
        }
        Ok(())
    }

    fn structure(
        &self,
        structure: &StructRecord<'_>,
        mut target: node::struct_::Builder<'_>,
    ) -> capnp::Result<()> {
        target.set_data_word_count(structure.data_words);
        target.set_pointer_count(structure.pointers);
        target.set_preferred_list_encoding(ElementSize::InlineComposite);
        target.set_is_group(structure.is_group);
        target.set_discriminant_count(structure.discriminant_count);
        target.set_discriminant_offset(structure.discriminant_offset);
        if structure.fields.is_empty() {
            return Ok(());
        }
        let mut list = target.init_fields(length(structure.fields.len()));
        for (field, index) in structure.fields.iter().zip(0..) {
            self.field(field, list.reborrow().get(index))?;
        }
        Ok(())
    }

    fn field(&self, record: &FieldRecord<'_>, mut target: field::Builder<'_>) -> capnp::Result<()> {
        target.set_name(record.name);
        target.set_code_order(record.code_order);
        if let Some(discriminant) = record.discriminant {
            target.set_discriminant_value(discriminant);
        }
        if let Some(ordinal) = record.ordinal {
            target.reborrow().init_ordinal().set_explicit(ordinal);
        }
        if !record.annotations.is_empty() {
            let list = target
                .reborrow()
                .init_annotations(length(record.annotations.len()));
            self.annotations(&record.annotations, list)?;
        }
        match &record.content {
            FieldContent::Open => {}
            FieldContent::Group { id } => target.init_group().set_type_id(*id),
            FieldContent::Slot {
                offset,
                ty,
                default,
                is_explicit,
            } => {
                let mut target = target.init_slot();
                target.set_offset(*offset);
                target.set_had_explicit_default(*is_explicit);
                write_type(ty, target.reborrow().init_type());
                self.set
                    .value(*default)
                    .write(target.init_default_value())?;
            }
        }
        Ok(())
    }

    fn method(
        &self,
        record: &MethodRecord<'_>,
        mut target: method::Builder<'_>,
    ) -> capnp::Result<()> {
        target.set_name(record.name);
        target.set_code_order(record.code_order);
        let mut list = target
            .reborrow()
            .init_implicit_parameters(length(record.implicit.len()));
        for (parameter, index) in record.implicit.iter().zip(0..) {
            list.reborrow().get(index).set_name(&parameter.value);
        }
        target.set_param_struct_type(record.params.id);
        write_brand(&record.params.brand, || {
            target.reborrow().init_param_brand()
        });
        target.set_result_struct_type(record.results.id);
        write_brand(&record.results.brand, || {
            target.reborrow().init_result_brand()
        });
        if !record.annotations.is_empty() {
            let list = target.init_annotations(length(record.annotations.len()));
            self.annotations(&record.annotations, list)?;
        }
        Ok(())
    }

    fn annotations(
        &self,
        records: &[AnnotationRecord],
        mut list: capnp::struct_list::Builder<'_, annotation::Owned>,
    ) -> capnp::Result<()> {
        for (record, index) in records.iter().zip(0..) {
            let mut target = list.reborrow().get(index);
            target.set_id(record.id);
            // Always there, unlike the brands of types.
            write_scopes(&record.brand, target.reborrow().init_brand());
            self.set.value(record.value).write(target.init_value())?;
        }
        Ok(())
    }
}

fn write_targets(targets: Targets, mut target: node::annotation::Builder<'_>) {
    target.set_targets_file(targets.file);
    target.set_targets_const(targets.constant);
    target.set_targets_enum(targets.enumeration);
    target.set_targets_enumerant(targets.enumerant);
    target.set_targets_struct(targets.structure);
    target.set_targets_field(targets.field);
    target.set_targets_union(targets.union_);
    target.set_targets_group(targets.group);
    target.set_targets_interface(targets.interface);
    target.set_targets_method(targets.method);
    target.set_targets_param(targets.param);
    target.set_targets_annotation(targets.annotation);
}
