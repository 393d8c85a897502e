//! Enums.

use super::{Content, EnumerantRecord, NodeRecord, OrdinalCheck, Translator};
use crate::ast::{DeclId, DeclKind, Declaration, Located};

impl<'a> Translator<'_, 'a> {
    pub(super) fn enumeration(&mut self, members: &'a [Declaration], node: &mut NodeRecord<'a>) {
        let mut records = Vec::new();
        let mut check = OrdinalCheck::default();
        let is_enumerant = |kind: &DeclKind| matches!(kind, DeclKind::Enumerant);
        for (code_order, ordinal, member) in by_ordinal(members, is_enumerant) {
            check.check(self, ordinal);
            records.push(EnumerantRecord {
                name: &member.name.value,
                code_order,
                annotations: self.annotations(&member.annotations, |targets| targets.enumerant),
            });
            node.member_docs.push(member.doc.as_deref());
        }
        node.content = Content::Enum(records);
    }
}

/// Members of a kind with their places in the text, in the order of their ordinals.
pub(super) fn by_ordinal(
    members: &[Declaration],
    is_wanted: impl Fn(&DeclKind) -> bool,
) -> Vec<(u16, &Located<u64>, &Declaration)> {
    let mut found: Vec<_> = members
        .iter()
        .filter(|member| is_wanted(&member.kind))
        .enumerate()
        .filter_map(|(code_order, member)| match &member.id {
            DeclId::Ordinal(ordinal) => Some((
                u16::try_from(code_order).unwrap_or(u16::MAX),
                ordinal,
                member,
            )),
            // The parser reported it.
            _ => None,
        })
        .collect();
    found.sort_by_key(|(_, ordinal, _)| ordinal.value);
    found
}
