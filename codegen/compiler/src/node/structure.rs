//! Structs with their groups and unions.
//!
//! The text is walked once, which announces groups and unions to the layout; then the fields are placed in the
//! order of their ordinals. Fields stand in the node in that order too, a group where its first field stands,
//! and the position of a group decides its ID.

use std::rc::Rc;

use super::members::{Member, MemberKind, MemberRef};
use super::{
    Content, FieldContent, FieldRecord, NodeRecord, OrdinalCheck, StructRecord, Translator,
};
use crate::ast::{Declaration, Expression, ExpressionKind, MethodParam, Span, Targets};
use crate::layout::{Layout, Scope, Size};
use crate::scope::Implicit;
use crate::type_id;
use crate::types::Type;
use crate::value::Value;

/// What stands for the value of the discriminant in a field that is in no union.
const NO_DISCRIMINANT: u16 = 0xffff;

/// Everything known of a struct while it is translated.
pub(super) struct StructTranslator<'t, 's, 'a, 'i> {
    pub(super) translator: &'t mut Translator<'s, 'a>,
    pub(super) implicit: Implicit<'i>,
    pub(super) layout: Layout,
    pub(super) members: Vec<Member<'a>>,
    /// Records of the struct itself and of its groups.
    pub(super) records: Vec<NodeRecord<'a>>,
    /// Members that take space or have an ordinal of their own.
    pub(super) by_ordinal: Vec<(u64, MemberRef)>,
}

impl<'a> Translator<'_, 'a> {
    /// Fills `node` with the struct of these declarations; its groups go to the other nodes.
    pub(super) fn structure(&mut self, members: &'a [Declaration], node: &mut NodeRecord<'a>) {
        let mut structure = StructTranslator::new(self, Implicit::none(), node);
        structure.walk_group(members, 0, Layout::TOP);
        structure.translate(node);
    }

    /// Fills `node` with the struct of these parameters.
    pub(super) fn parameters(
        &mut self,
        params: &'a [MethodParam],
        implicit: Implicit<'_>,
        node: &mut NodeRecord<'a>,
    ) {
        let mut structure = StructTranslator::new(self, implicit, node);
        structure.walk_params(params);
        structure.translate(node);
    }
}

impl<'t, 's, 'a, 'i> StructTranslator<'t, 's, 'a, 'i> {
    fn new(
        translator: &'t mut Translator<'s, 'a>,
        implicit: Implicit<'i>,
        node: &NodeRecord<'a>,
    ) -> Self {
        let root = Member {
            parent: 0,
            name: "",
            span: Span::default(),
            ordinal: None,
            code_order: 0,
            annotations: &[],
            doc: None,
            in_union: false,
            index: None,
            discriminants: 0,
            kind: MemberKind::Group {
                record: 0,
                union_: None,
                is_named_union: false,
            },
        };
        let record = NodeRecord {
            display_name: Rc::clone(&node.display_name),
            nested: None,
            annotations: Vec::new(),
            member_docs: Vec::new(),
            content: Content::Struct(StructRecord::default()),
            ..*node
        };
        Self {
            translator,
            implicit,
            layout: Layout::new(),
            members: vec![root],
            records: vec![record],
            by_ordinal: Vec::new(),
        }
    }

    /// Places everything and finishes `node`.
    fn translate(mut self, node: &mut NodeRecord<'a>) {
        let mut order = std::mem::take(&mut self.by_ordinal);
        order.sort_by_key(|(ordinal, _)| *ordinal);
        let mut check = OrdinalCheck::default();
        for (ordinal, member) in order {
            if let Some(ordinal) = self.members[member].ordinal {
                check.check(self.translator, ordinal);
            }
            self.place(ordinal, member);
        }
        for member in 0..self.members.len() {
            self.finish_group(member);
            self.annotate(member);
        }
        self.check_order();
        let sizes = (self.layout.data_words(), self.layout.pointers());
        for record in &mut self.records {
            if let Content::Struct(structure) = &mut record.content {
                (structure.data_words, structure.pointers) = sizes;
            }
        }
        let mut records = self.records.into_iter();
        if let Some(root) = records.next() {
            node.content = root.content;
            node.member_docs = root.member_docs;
        }
        self.translator.aux.extend(records);
    }

    /// Checks that the fields of each group have rising ordinals.
    ///
    /// Only a union with an ordinal of its own can be out of order: it stands where its first member stands.
    fn check_order(&mut self) {
        let mut next = vec![0; self.records.len()];
        let mut in_order: Vec<_> = (1..self.members.len()).collect();
        in_order.sort_by_key(|member| self.members[*member].index);
        for member in in_order {
            let record = self.record_of(self.members[member].parent);
            let Some(ordinal) = self.field(member).and_then(|field| field.ordinal) else {
                continue;
            };
            if ordinal < next[record] {
                let message = format!(
                    "field @{ordinal} comes after a union whose own ordinal is @{}, but which has members before it",
                    next[record] - 1
                );
                self.translator.error(self.members[member].span, message);
            }
            next[record] = ordinal.saturating_add(1);
        }
    }

    fn place(&mut self, ordinal: u64, member: MemberRef) {
        let this = &self.members[member];
        let span = this.span;
        match this.kind {
            MemberKind::Field {
                ty,
                default,
                is_param,
                scope,
            } => {
                let content = self.slot(ty, default, is_param, scope, span);
                if let Some(field) = self.field(member) {
                    field.ordinal = u16::try_from(ordinal).ok();
                    field.content = content;
                }
            }
            MemberKind::Group { union_, .. } => {
                if let Some(field) = self.field(member) {
                    field.ordinal = u16::try_from(ordinal).ok();
                }
                let Some(union_) = union_ else { return };
                let span = self.members[member]
                    .ordinal
                    .map_or(span, |ordinal| ordinal.span);
                match self.layout.place_discriminant(union_) {
                    Ok(true) => {}
                    Ok(false) => self.translator.error(
                        span,
                        "the ordinal of a union must be greater than no more than one of those of its members: \
                         only one field can be made a member of a union afterwards",
                    ),
                    Err(error) => self.translator.error(span, error.to_string()),
                }
            }
        }
    }

    fn slot(
        &mut self,
        ty: &'a Expression,
        default: Option<&'a Expression>,
        is_param: bool,
        scope: Scope,
        span: Span,
    ) -> FieldContent {
        let resolved = self.translator.type_of(ty, self.implicit);
        let is_explicit = resolved.is_some() && default.is_some();
        let ty = resolved.clone().unwrap_or_default();
        let default = match (resolved, default) {
            (Some(ty), Some(default)) if is_param && is_null(default) => {
                if !ty.is_pointer() {
                    self.translator.error(
                        default.span,
                        "only parameters of pointer type can be 'null' by default",
                    );
                }
                self.translator.store(Value::default_of(&ty))
            }
            (Some(ty), Some(default)) => self.translator.value(default, &ty),
            _ => self.translator.store(Value::default_of(&ty)),
        };
        let offset = self
            .layout
            .place(scope, size_of(&ty))
            .unwrap_or_else(|error| {
                self.translator.error(span, error.to_string());
                0
            });
        FieldContent::Slot {
            offset,
            ty,
            default,
            is_explicit,
        }
    }

    /// Settles the union and the ID of a group.
    fn finish_group(&mut self, member: MemberRef) {
        let MemberKind::Group { record, union_, .. } = self.members[member].kind else {
            return;
        };
        if let Some(union_) = union_ {
            let offset = self
                .layout
                .discriminant_offset(union_)
                .unwrap_or_else(|error| {
                    self.translator
                        .error(self.members[member].span, error.to_string());
                    0
                });
            let count = self.members[member].discriminants;
            if let Content::Struct(structure) = &mut self.records[record].content {
                structure.discriminant_count = count;
                structure.discriminant_offset = offset;
            }
        }
        if member == 0 {
            return;
        }
        let parent = self.records[self.record_of(self.members[member].parent)].id;
        let index = self.members[member].index.unwrap_or(0);
        let id = type_id::group(parent, u16::try_from(index).unwrap_or(u16::MAX));
        let record = &mut self.records[record];
        record.id = id;
        record.source_id = id;
        record.scope_id = parent;
        if let Some(field) = self.field(member) {
            field.content = FieldContent::Group { id };
        }
    }

    fn annotate(&mut self, member: MemberRef) {
        if member == 0 {
            return;
        }
        let target: fn(&Targets) -> bool = match self.members[member].kind {
            MemberKind::Field { is_param: true, .. } => |targets| targets.param,
            MemberKind::Field { .. } => |targets| targets.field,
            MemberKind::Group {
                is_named_union: true,
                ..
            } => |targets| targets.union_,
            MemberKind::Group { .. } => |targets| targets.group,
        };
        let annotations = self
            .translator
            .annotations(self.members[member].annotations, target);
        if let Some(field) = self.field(member) {
            field.annotations = annotations;
        }
    }

    /// The field of a member in the record of its parent, which is made at the first call.
    fn field(&mut self, member: MemberRef) -> Option<&mut FieldRecord<'a>> {
        // Parents first: a group stands where its first field stands.
        let mut missing = vec![member];
        while let Some(&top) = missing.last() {
            let parent = self.members[top].parent;
            if self.members[top].index.is_some()
                || parent == 0
                || self.members[parent].index.is_some()
            {
                break;
            }
            missing.push(parent);
        }
        for member in missing.into_iter().rev() {
            self.add_to_parent(member);
        }
        let (record, index) = (
            self.record_of(self.members[member].parent),
            self.members[member].index?,
        );
        match &mut self.records[record].content {
            Content::Struct(structure) => structure.fields.get_mut(index),
            _ => None,
        }
    }

    fn add_to_parent(&mut self, member: MemberRef) {
        let this = &self.members[member];
        if this.index.is_some() {
            return;
        }
        let (parent, span, doc, in_union) = (this.parent, this.span, this.doc, this.in_union);
        let mut field = FieldRecord {
            name: this.name,
            code_order: this.code_order,
            annotations: Vec::new(),
            discriminant: None,
            ordinal: None,
            content: FieldContent::Open,
        };
        if in_union {
            let next = &mut self.members[parent].discriminants;
            field.discriminant = Some(*next);
            if *next == NO_DISCRIMINANT {
                self.translator
                    .error(span, "a union has at most 65535 members");
            } else {
                *next += 1;
            }
        }
        let record = self.record_of(parent);
        let record = &mut self.records[record];
        record.member_docs.push(doc);
        if let Content::Struct(structure) = &mut record.content {
            structure.fields.push(field);
            self.members[member].index = Some(structure.fields.len() - 1);
        }
    }

    /// The record of a group.
    pub(super) fn record_of(&self, member: MemberRef) -> usize {
        match self.members[member].kind {
            MemberKind::Group { record, .. } => record,
            MemberKind::Field { .. } => 0,
        }
    }
}

fn is_null(default: &Expression) -> bool {
    matches!(&default.kind, ExpressionKind::RelativeName(name) if name.value == "null")
}

/// Space of a field.
fn size_of(ty: &Type) -> Size {
    match ty {
        Type::Void => Size::Void,
        Type::Bool => Size::BIT,
        Type::Int8 | Type::UInt8 => Size::BYTE,
        Type::Int16 | Type::UInt16 | Type::Enum { .. } => Size::TWO_BYTES,
        Type::Int32 | Type::UInt32 | Type::Float32 => Size::FOUR_BYTES,
        Type::Int64 | Type::UInt64 | Type::Float64 => Size::EIGHT_BYTES,
        _ => Size::POINTER,
    }
}
