//! Pairs types that are gone with new ones that are like them.
//!
//! For the reader of the message only: every type that is gone breaks the lock, paired or not.

use std::collections::{BTreeMap, BTreeSet};

use super::file::Locked;
use super::line::{Fact, Line, Name, Part};
use super::types::Type;

/// Files and types of the lock whose ID is in the schemas no more.
pub(super) struct Gone<'a> {
    pub(super) types: BTreeMap<u64, GoneType<'a>>,
    added: BTreeSet<u64>,
}

pub(super) struct GoneType<'a> {
    pub(super) old: &'a Locked,
    /// What seems to have taken its place.
    pub(super) partner: Option<&'a Line>,
    /// The type it is reported with: itself, or one around it that shares its fate.
    pub(super) root: u64,
}

/// The lines of one side by the ID they are about.
pub(super) type ById<'a> = BTreeMap<u64, Vec<&'a Line>>;

impl<'a> Gone<'a> {
    pub(super) fn find(locked: &'a [Locked], old: &ById<'a>, new: &ById<'a>) -> Self {
        let mut gone: Vec<&Locked> = locked
            .iter()
            .filter(|locked| is_itself(&locked.line) && !new.contains_key(&locked.line.subject.id))
            .collect();
        // What is around a type comes before it.
        gone.sort_by_key(|locked| &locked.line.subject.name);
        let added: Vec<&Line> = new
            .iter()
            .filter(|(id, _)| !old.contains_key(id))
            .flat_map(|(_, lines)| lines.iter().copied())
            .filter(|line| is_itself(line))
            .collect();

        let mut found = Self {
            types: BTreeMap::new(),
            added: added.iter().map(|line| line.subject.id).collect(),
        };
        let gone_ids: BTreeSet<u64> = gone.iter().map(|gone| gone.line.subject.id).collect();
        let mut free = added;
        for locked in gone {
            let id = locked.line.subject.id;
            let around = found.around(&locked.line.subject.name);
            let along = moved_along(&locked.line, around, &free);
            let choice = along
                .or_else(|| namesake(&locked.line, &free))
                .or_else(|| found.alike(&locked.line, &gone_ids, old, new, &free));
            let root = match around {
                Some(around) if around.partner.is_some() && along.is_some() => around.root,
                Some(around) if around.partner.is_none() && choice.is_none() => around.root,
                _ => id,
            };
            free.retain(|line| choice.is_none_or(|choice| choice.subject.id != line.subject.id));
            let gone = GoneType {
                old: locked,
                partner: choice,
                root,
            };
            found.types.insert(id, gone);
        }
        found
    }

    /// Whether both are one type, or one is gone and the other new.
    pub(super) fn same(&self, old: &Type, new: &Type) -> bool {
        old.is(new, &|id| self.types.contains_key(&id), &|id| {
            self.added.contains(&id)
        })
    }

    /// The innermost type around `name` that is gone too.
    fn around(&self, name: &Name) -> Option<&GoneType<'a>> {
        self.types
            .values()
            .filter(|gone| name.is_inside(&gone.old.line.subject.name))
            .max_by_key(|gone| gone.old.line.subject.name.path.len())
    }

    /// A new type of which everything holds that held of the old one.
    fn alike(
        &self,
        gone: &Line,
        gone_ids: &BTreeSet<u64>,
        old: &ById<'a>,
        new: &ById<'a>,
        free: &[&'a Line],
    ) -> Option<&'a Line> {
        let name = &gone.subject.name;
        let (own, parent) = name.path.split_last()?;
        if name.is_of_method() {
            return None;
        }
        let same = |a: &Type, b: &Type| {
            a.is(b, &|id| gone_ids.contains(&id), &|id| {
                self.added.contains(&id)
            })
        };
        let members = old.get(&gone.subject.id)?;
        free.iter()
            .copied()
            .filter(|line| {
                let theirs = new.get(&line.subject.id).map_or(&[][..], Vec::as_slice);
                (members.len() > 1 || theirs.len() == 1)
                    && members
                        .iter()
                        .all(|member| theirs.iter().any(|new| member.fact.holds(&new.fact, &same)))
            })
            .max_by_key(|line| {
                let theirs = &line.subject.name;
                let is_beside = theirs.file == name.file
                    && theirs
                        .path
                        .split_last()
                        .is_some_and(|(_, path)| path == parent);
                (theirs.path.last() == Some(own), is_beside)
            })
    }
}

/// Whether a line says that its subject is there.
pub(super) fn is_itself(line: &Line) -> bool {
    line.fact.part() == Part::Itself
}

/// What lies in the partner of the type around as this line's subject lay in that type.
fn moved_along<'a>(
    gone: &Line,
    around: Option<&GoneType<'a>>,
    free: &[&'a Line],
) -> Option<&'a Line> {
    let around = around?;
    let partner = &around.partner?.subject.name;
    let inside = gone
        .subject
        .name
        .path
        .strip_prefix(around.old.line.subject.name.path.as_slice())?;
    let expected = Name {
        file: partner.file.clone(),
        path: [partner.path.as_slice(), inside].concat(),
    };
    free.iter()
        .copied()
        .find(|line| line.subject.name == expected && is_same_kind(gone, line))
}

fn namesake<'a>(gone: &Line, free: &[&'a Line]) -> Option<&'a Line> {
    free.iter()
        .copied()
        .find(|line| line.subject.name == gone.subject.name && is_same_kind(gone, line))
}

fn is_same_kind(old: &Line, new: &Line) -> bool {
    let kind = |fact: &Fact| std::mem::discriminant(fact);
    kind(&old.fact) == kind(&new.fact)
}
