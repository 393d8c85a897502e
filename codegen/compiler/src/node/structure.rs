//! Structs with their groups and unions.
//!
//! The text is walked once, which announces groups and unions to the layout; then the fields are placed in the
//! order of their ordinals. Fields stand in the node in that order too, a group where its first field stands,
//! and the position of a group decides its ID.

use std::rc::Rc;

use super::{
    Content, FieldContent, FieldRecord, NodeRecord, OrdinalCheck, StructRecord, Translator,
};
use crate::ast::{
    AnnotationApplication, DeclId, DeclKind, Declaration, Expression, ExpressionKind, Located,
    MethodParam, Span, Targets,
};
use crate::layout::{Layout, Scope, Size, UnionId};
use crate::scope::Implicit;
use crate::type_id;
use crate::types::Type;
use crate::value::Value;

/// Which member; the first is the struct itself.
type MemberRef = usize;

/// The struct itself, a field, a group, or a named union.
struct Member<'a> {
    parent: MemberRef,
    name: &'a str,
    span: Span,
    ordinal: Option<&'a Located<u64>>,
    code_order: u16,
    annotations: &'a [AnnotationApplication],
    doc: Option<&'a str>,
    /// Whether it is in the union of its parent.
    in_union: bool,
    /// Its place among the fields of its parent, once the first field of it is placed.
    index: Option<usize>,
    /// Number of fields of its union that have a discriminant value.
    discriminants: u16,
    kind: MemberKind<'a>,
}

enum MemberKind<'a> {
    Field {
        ty: &'a Expression,
        default: Option<&'a Expression>,
        is_param: bool,
        scope: Scope,
    },
    /// The struct itself, a group or a named union, with the record of its node.
    Group {
        record: usize,
        union_: Option<UnionId>,
        is_named_union: bool,
    },
}

/// Everything known of a struct while it is translated.
struct StructTranslator<'t, 's, 'a, 'i> {
    translator: &'t mut Translator<'s, 'a>,
    implicit: Implicit<'i>,
    layout: Layout,
    members: Vec<Member<'a>>,
    /// Records of the struct itself and of its groups.
    records: Vec<NodeRecord<'a>>,
    /// Members that take space or have an ordinal of their own.
    by_ordinal: Vec<(u64, MemberRef)>,
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

    /// Walks the members of the struct or of a group that are laid out in `scope`.
    fn walk_group(&mut self, declarations: &'a [Declaration], parent: MemberRef, scope: Scope) {
        let mut code_order = 0;
        for declaration in declarations {
            match &declaration.kind {
                DeclKind::Field { .. } => {
                    self.add_field(declaration, parent, &mut code_order, scope, false)
                }
                DeclKind::Group => {
                    let group = self.add_group(declaration, parent, &mut code_order, None, false);
                    self.walk_named_group(declaration, group, scope);
                }
                DeclKind::Union => {
                    let union_ = self.layout.add_union(scope);
                    if declaration.name.value.is_empty() {
                        // Its members are those of the struct around it, and it cannot have an ordinal.
                        self.set_union(parent, union_);
                        self.walk_union(declaration, parent, union_, &mut code_order);
                    } else {
                        self.add_named_union(declaration, parent, &mut code_order, union_, false);
                    }
                }
                _ => {}
            }
        }
    }

    fn walk_named_group(&mut self, declaration: &'a Declaration, group: MemberRef, scope: Scope) {
        if declaration.nested.is_empty() {
            self.translator
                .error(declaration.span, "group must have at least one member");
        }
        self.walk_group(&declaration.nested, group, scope);
    }

    /// Walks the members of a union, which become fields of `parent`.
    fn walk_union(
        &mut self,
        declaration: &'a Declaration,
        parent: MemberRef,
        union_: UnionId,
        code_order: &mut u16,
    ) {
        if declaration.nested.len() < 2 {
            self.translator
                .error(declaration.span, "union must have at least two members");
        }
        for member in &declaration.nested {
            match &member.kind {
                DeclKind::Field { .. } => {
                    let scope = self.layout.add_member(union_);
                    self.add_field(member, parent, code_order, scope, true);
                }
                DeclKind::Group => {
                    let scope = self.layout.add_member(union_);
                    let group = self.add_group(member, parent, code_order, None, true);
                    self.walk_named_group(member, group, scope);
                }
                DeclKind::Union if member.name.value.is_empty() => {
                    self.translator
                        .error(member.span, "unions cannot contain unnamed unions");
                }
                DeclKind::Union => {
                    let scope = self.layout.add_member(union_);
                    let inner = self.layout.add_union(scope);
                    self.add_named_union(member, parent, code_order, inner, true);
                }
                _ => {}
            }
        }
    }

    fn add_named_union(
        &mut self,
        declaration: &'a Declaration,
        parent: MemberRef,
        code_order: &mut u16,
        union_: UnionId,
        in_union: bool,
    ) {
        let member = self.add_group(declaration, parent, code_order, Some(union_), in_union);
        self.walk_union(declaration, member, union_, &mut 0);
        self.note_ordinal(declaration, member);
    }

    fn walk_params(&mut self, params: &'a [MethodParam]) {
        for (index, param) in params.iter().enumerate() {
            let Ok(index) = u16::try_from(index) else {
                self.translator
                    .error(param.span, "a method has at most 65536 parameters");
                break;
            };
            let member = self.members.len();
            self.members.push(Member {
                parent: 0,
                name: &param.name.value,
                span: param.span,
                ordinal: None,
                code_order: index,
                annotations: &param.annotations,
                doc: None,
                in_union: false,
                index: None,
                discriminants: 0,
                kind: MemberKind::Field {
                    ty: &param.ty,
                    default: param.default.as_ref(),
                    is_param: true,
                    scope: Layout::TOP,
                },
            });
            self.by_ordinal.push((u64::from(index), member));
        }
    }

    fn add_field(
        &mut self,
        declaration: &'a Declaration,
        parent: MemberRef,
        code_order: &mut u16,
        scope: Scope,
        in_union: bool,
    ) {
        let DeclKind::Field { ty, default } = &declaration.kind else {
            return;
        };
        let kind = MemberKind::Field {
            ty,
            default: default.as_ref(),
            is_param: false,
            scope,
        };
        let member = self.add(declaration, parent, code_order, in_union, kind);
        if !self.note_ordinal(declaration, member) {
            // The parser reported it; the field goes to the end.
            self.by_ordinal.push((u64::MAX, member));
        }
    }

    /// Adds a group or named union and the record of its node.
    fn add_group(
        &mut self,
        declaration: &'a Declaration,
        parent: MemberRef,
        code_order: &mut u16,
        union_: Option<UnionId>,
        in_union: bool,
    ) -> MemberRef {
        let outer = &self.records[self.record_of(parent)];
        let name = declaration.name.value.as_str();
        let display_name: Rc<str> = format!("{}.{name}", outer.display_name).into();
        let record = NodeRecord {
            id: 0,
            prefix_length: display_name.len() - name.len(),
            display_name,
            scope_id: 0,
            parameters: &[],
            is_generic: outer.is_generic,
            nested: None,
            annotations: Vec::new(),
            content: Content::Struct(StructRecord {
                is_group: true,
                ..StructRecord::default()
            }),
            source_id: 0,
            doc: declaration.doc.as_deref(),
            member_docs: Vec::new(),
        };
        self.records.push(record);
        let kind = MemberKind::Group {
            record: self.records.len() - 1,
            union_,
            is_named_union: matches!(declaration.kind, DeclKind::Union),
        };
        self.add(declaration, parent, code_order, in_union, kind)
    }

    fn add(
        &mut self,
        declaration: &'a Declaration,
        parent: MemberRef,
        code_order: &mut u16,
        in_union: bool,
        kind: MemberKind<'a>,
    ) -> MemberRef {
        self.members.push(Member {
            parent,
            name: &declaration.name.value,
            span: declaration.span,
            ordinal: ordinal_of(declaration),
            code_order: *code_order,
            annotations: &declaration.annotations,
            doc: declaration.doc.as_deref(),
            in_union,
            index: None,
            discriminants: 0,
            kind,
        });
        *code_order = code_order.saturating_add(1);
        self.members.len() - 1
    }

    fn note_ordinal(&mut self, declaration: &'a Declaration, member: MemberRef) -> bool {
        let Some(ordinal) = ordinal_of(declaration) else {
            return false;
        };
        self.by_ordinal.push((ordinal.value, member));
        true
    }

    fn set_union(&mut self, member: MemberRef, new: UnionId) {
        if let MemberKind::Group { union_, .. } = &mut self.members[member].kind {
            *union_ = Some(new);
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
        let (parent, doc, in_union) = (this.parent, this.doc, this.in_union);
        let mut field = FieldRecord {
            name: this.name,
            code_order: this.code_order,
            annotations: Vec::new(),
            discriminant: None,
            ordinal: None,
            content: FieldContent::Open,
        };
        if in_union {
            field.discriminant = Some(self.members[parent].discriminants);
            self.members[parent].discriminants += 1;
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
    fn record_of(&self, member: MemberRef) -> usize {
        match self.members[member].kind {
            MemberKind::Group { record, .. } => record,
            MemberKind::Field { .. } => 0,
        }
    }
}

fn ordinal_of(declaration: &Declaration) -> Option<&Located<u64>> {
    match &declaration.id {
        DeclId::Ordinal(ordinal) => Some(ordinal),
        _ => None,
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
