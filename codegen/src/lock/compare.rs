//! Judges the schemas by the lock.

use std::collections::{BTreeMap, BTreeSet};

use super::file::Locked;
use super::line::{Fact, Field, Key, Line, Part};
use super::renames::{ById, Gone, is_itself};
use super::types::Type;

/// What the lock says about the schemas.
pub(super) struct Outcome<'a> {
    /// In the order of the lock.
    pub(super) broken: Vec<Broken<'a>>,
    /// How many lines of the schemas are not in the lock, word for word.
    pub(super) lacking: usize,
}

/// A line that no longer holds.
pub(super) struct Broken<'a> {
    pub(super) old: &'a Locked,
    /// What the schemas say in its place.
    pub(super) new: Option<&'a Line>,
    /// The number that the member has now, if it has another one.
    pub(super) renumbered: Option<u16>,
    /// How many other lines went with it, or changed only as it did.
    pub(super) others: usize,
}

/// Compares the lines of a lock with those of the schemas.
pub(super) fn compare<'a>(locked: &'a [Locked], now: &'a [Line]) -> Outcome<'a> {
    let old = by_id(locked.iter().map(|locked| &locked.line));
    let new = by_id(now);
    let by_key: BTreeMap<Key, &Line> = now.iter().map(|line| (line.key(), line)).collect();
    let gone = Gone::find(locked, &old, &new);

    let mut broken = Vec::new();
    let mut others: BTreeMap<u64, usize> = BTreeMap::new();
    for locked in locked {
        let line = &locked.line;
        let (id, part) = line.key();
        let (at, fits) = match gone.types.get(&id) {
            None => {
                let at = by_key.get(&(id, part)).copied();
                (at, at.is_some_and(|now| fits(line, now, &old)))
            }
            Some(gone) if part == Part::Itself && gone.root == id => (gone.partner, false),
            Some(gone_type) => {
                let at = gone_type
                    .partner
                    .and_then(|partner| counterpart(line, partner, &new, &gone));
                let fits = match (at, gone_type.partner) {
                    (Some(now), _) => line.fact.holds(&now.fact, &|a, b| gone.same(a, b)),
                    (None, partner) => partner.is_none(),
                };
                if fits {
                    *others.entry(gone_type.root).or_default() += 1;
                }
                (at, fits)
            }
        };
        if !fits {
            broken.push(Broken {
                old: locked,
                new: at,
                renumbered: renumbered(line, at, &new),
                others: 0,
            });
        }
    }
    fold_parameters(&mut broken, &mut others);
    for broken in &mut broken {
        if is_itself(&broken.old.line) {
            let id = broken.old.line.subject.id;
            broken.others += others.get(&id).copied().unwrap_or_default();
        }
    }
    broken.sort_by(|a, b| {
        let (a, b) = (&a.old.line, &b.old.line);
        (&a.subject.name, a.key()).cmp(&(&b.subject.name, b.key()))
    });

    let texts: BTreeSet<&str> = locked.iter().map(|locked| locked.text.as_str()).collect();
    let lacking = now
        .iter()
        .filter(|line| !texts.contains(line.to_string().as_str()))
        .count();
    Outcome { broken, lacking }
}

fn by_id<'a>(lines: impl IntoIterator<Item = &'a Line>) -> ById<'a> {
    let mut map = ById::new();
    for line in lines {
        map.entry(line.subject.id).or_default().push(line);
    }
    map
}

/// The line of `partner` that states what `line` states of a type that is gone.
fn counterpart<'a>(
    line: &Line,
    partner: &'a Line,
    new: &ById<'a>,
    gone: &Gone<'_>,
) -> Option<&'a Line> {
    let lines = new.get(&partner.subject.id)?;
    lines
        .iter()
        .copied()
        .find(|now| match (&line.fact, &now.fact) {
            // The ID of what it extends may have changed with this one.
            (Fact::Extends(old), Fact::Extends(new)) => gone.same(old, new),
            (old, new) => old.part() == new.part(),
        })
}

/// The structs of a method that is broken are reported with it when they went with it.
fn fold_parameters(broken: &mut Vec<Broken<'_>>, others: &mut BTreeMap<u64, usize>) {
    let without: BTreeSet<u64> = broken
        .iter()
        .filter(|broken| is_itself(&broken.old.line) && broken.new.is_none())
        .map(|broken| &broken.old.line.subject)
        .filter(|subject| subject.name.is_of_method())
        .map(|subject| subject.id)
        .collect();
    let mut folded = BTreeSet::new();
    for broken in broken.iter_mut() {
        let Fact::Method(method) = &broken.old.line.fact else {
            continue;
        };
        for id in [method.params.id(), method.results.id()]
            .into_iter()
            .flatten()
            .filter(|id| without.contains(id))
        {
            folded.insert(id);
            broken.others += 1 + others.remove(&id).unwrap_or_default();
        }
    }
    broken.retain(|broken| {
        !(is_itself(&broken.old.line) && folded.contains(&broken.old.line.subject.id))
    });
}

/// Whether a line still holds.
fn fits(line: &Line, now: &Line, old: &ById<'_>) -> bool {
    let same = |a: &Type, b: &Type| a.is(b, &|_| false, &|_| false);
    if line.fact.holds(&now.fact, &same) {
        return true;
    }
    let (Fact::Field(field), Fact::Field(now_field)) = (&line.fact, &now.fact) else {
        return false;
    };
    let fields = old.get(&line.subject.id).into_iter().flatten();
    let fields: Vec<&Field> = fields
        .filter_map(|line| match &line.fact {
            Fact::Field(field) => Some(field),
            _ => None,
        })
        .collect();
    field.keeps_its_place(now_field, &same) && is_wrapped(field, now_field, &fields)
}

/// Whether a field merely got new unions and groups around it.
///
/// In what was written before, the bits of a new discriminant are zero: it must be the member with that value. `fields` are
/// those the struct had.
fn is_wrapped(old: &Field, now: &Field, fields: &[&Field]) -> bool {
    let mut tags = old.tags.iter().peekable();
    for tag in &now.tags {
        if tags.next_if_eq(&tag).is_some() {
            continue;
        }
        let is_new = fields
            .iter()
            .all(|field| field.tags.iter().all(|other| other.start != tag.start));
        if !(is_new && tag.value == 0) {
            return false;
        }
    }
    // From the field outwards: a new group may be called as the field was.
    let mut names = old.path.iter().rev().peekable();
    for (depth, name) in now.path.iter().enumerate().rev() {
        if names.next_if_eq(&name).is_some() {
            continue;
        }
        let group = now.path.get(..=depth).unwrap_or_default();
        let is_field = group.len() == now.path.len();
        let was_there =
            |field: &&Field| field.path.len() > group.len() && field.path.starts_with(group);
        if is_field || fields.iter().any(was_there) {
            return false;
        }
    }
    tags.next().is_none() && names.next().is_none()
}

/// The number under which a member is found now, if it is another one.
fn renumbered(line: &Line, at: Option<&Line>, new: &ById<'_>) -> Option<u16> {
    let (name, number) = member(&line.fact)?;
    let id = at.map_or(line.subject.id, |at| at.subject.id);
    new.get(&id)?
        .iter()
        .filter_map(|now| member(&now.fact))
        .find(|(now_name, now)| *now_name == name && *now != number)
        .map(|(_, now)| now)
}

/// Name and number of a member.
fn member(fact: &Fact) -> Option<(String, u16)> {
    match fact {
        Fact::Method(method) => Some((method.name.clone(), method.ordinal)),
        Fact::Field(field) => Some((field.path.join("."), field.ordinal)),
        Fact::Enumerant { ordinal, name } => Some((name.clone(), *ordinal)),
        _ => None,
    }
}
