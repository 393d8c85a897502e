//! The walk over the text of a struct: which members it has, and which share space.

use super::structure::StructTranslator;
use super::{Content, NodeRecord, StructRecord};
use crate::ast::{
    AnnotationApplication, DeclId, DeclKind, Declaration, Expression, Located, MethodParam, Span,
};
use crate::layout::{Layout, Scope, UnionId};

/// Which member; the first is the struct itself.
pub(super) type MemberRef = usize;

/// The struct itself, a field, a group, or a named union.
pub(super) struct Member<'a> {
    pub(super) parent: MemberRef,
    pub(super) name: &'a str,
    pub(super) span: Span,
    pub(super) ordinal: Option<&'a Located<u64>>,
    pub(super) code_order: u16,
    pub(super) annotations: &'a [AnnotationApplication],
    pub(super) doc: Option<&'a str>,
    /// Whether it is in the union of its parent.
    pub(super) in_union: bool,
    /// Its place among the fields of its parent, once the first field of it is placed.
    pub(super) index: Option<usize>,
    /// Number of fields of its union that have a discriminant value.
    pub(super) discriminants: u16,
    pub(super) kind: MemberKind<'a>,
}

pub(super) enum MemberKind<'a> {
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

impl<'a> StructTranslator<'_, '_, 'a, '_> {
    /// Walks the members of the struct or of a group that are laid out in `scope`.
    pub(super) fn walk_group(
        &mut self,
        declarations: &'a [Declaration],
        parent: MemberRef,
        scope: Scope,
    ) {
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

    pub(super) fn walk_params(&mut self, params: &'a [MethodParam]) {
        for (index, param) in params.iter().enumerate() {
            let Ok(index) = u16::try_from(index) else {
                self.translator
                    .error(param.span, "a list has at most 65536 parameters");
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
        let scopes = &mut self.translator.scopes;
        let display_name = scopes.full_name(self.translator.node, &outer.display_name, '.', name);
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
}

fn ordinal_of(declaration: &Declaration) -> Option<&Located<u64>> {
    match &declaration.id {
        DeclId::Ordinal(ordinal) => Some(ordinal),
        _ => None,
    }
}
