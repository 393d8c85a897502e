//! What is said about the lock.

use std::path::Path;

use super::VARIABLE;
use super::compare::Broken;
use super::line::{Fact, Field, Line, Method};
use super::renames::is_itself;
use super::types::Type;

/// The text of a failed build: each broken line, what took its place, and the ways out.
pub(super) fn broken(path: &Path, broken: &[Broken<'_>], package: Option<&str>) -> String {
    let mut text = format!("the schemas changed what {} holds fixed:\n", path.display());
    for broken in broken {
        text.push_str(&format!(
            "\n{}\n  - {}\n",
            headline(broken),
            broken.old.text
        ));
        match broken.new {
            Some(new) => text.push_str(&format!("  + {new}\n")),
            None => text.push_str("  + nothing\n"),
        }
        if broken.others > 0 {
            let went = match broken.new {
                Some(_) if is_itself(&broken.old.line) => "changed only as this one did",
                _ => "went with it",
            };
            text.push_str(&format!("    {} {went}\n", lines(broken.others, " more")));
        }
        if let Some(hint) = hint(broken) {
            text.push_str(&format!("    {hint}\n"));
        }
    }
    text.push_str(&format!(
        "\nPeers that were built before rely on the old lines: bring them back, and give what is new numbers of its own.\n\
        If there are no such peers, accept the change, which writes {} again:\n  {}",
        path.display(),
        command(package)
    ));
    text
}

/// The warning that lines are missing, for cargo.
pub(super) fn lacking(path: &Path, count: usize, package: Option<&str>) -> String {
    format!(
        "cargo::warning={} lacks {} of these schemas: add {} with `{}`",
        path.display(),
        lines(count, ""),
        if count == 1 { "it" } else { "them" },
        command(package)
    )
}

/// The note that the file was written, for cargo: what a variable of the whole build did must be seen.
pub(super) fn written(path: &Path, count: usize) -> String {
    format!(
        "cargo::warning=wrote {} with {}: read its diff and commit it",
        path.display(),
        lines(count, "")
    )
}

/// What writes the lock. Without a package, cargo would accept for every package it builds.
fn command(package: Option<&str>) -> String {
    match package {
        Some(package) => format!("{VARIABLE}=accept cargo build -p {package}"),
        None => format!("{VARIABLE}=accept cargo build"),
    }
}

fn lines(count: usize, more: &str) -> String {
    match count {
        1 => format!("1{more} line"),
        _ => format!("{count}{more} lines"),
    }
}

/// What happened, in words.
fn headline(broken: &Broken<'_>) -> String {
    let old = &broken.old.line;
    let name = &old.subject.name;
    let Some(new) = broken.new else {
        let gone = match broken.renumbered {
            Some(number) => format!("is @{number} now: it was renumbered"),
            None => "is gone".to_owned(),
        };
        return match &old.fact {
            Fact::File => format!("{name} is no longer compiled"),
            Fact::Struct | Fact::Enum | Fact::Interface => format!("{name} is gone"),
            Fact::Channel(_) => format!("{name}: its channel is gone"),
            Fact::Extends(_) => format!("{name}: it no longer extends this"),
            Fact::Method(_) | Fact::Field(_) | Fact::Enumerant { .. } => {
                format!("{name}: {} {gone}", member(&old.fact))
            }
        };
    };
    let what = match (&old.fact, &new.fact) {
        (Fact::File | Fact::Struct | Fact::Enum | Fact::Interface, _) => {
            return itself(old, new);
        }
        (Fact::Channel(_), _) => "its channel changed".to_owned(),
        (Fact::Extends(_), _) => "it extends this with other arguments".to_owned(),
        (_, now) => {
            let change = match broken.renumbered {
                Some(number) => format!("is @{number} now: it was renumbered"),
                None => change(&old.fact, now),
            };
            format!("{} {change}", member(&old.fact))
        }
    };
    format!("{name}: {what}")
}

fn itself(old: &Line, new: &Line) -> String {
    let (name, new_name) = (&old.subject.name, &new.subject.name);
    if old.subject.id == new.subject.id {
        format!("{name} became something else")
    } else if name == new_name {
        format!("{name} has another ID")
    } else {
        format!("{name} is gone, {new_name} is new and like it")
    }
}

fn member(fact: &Fact) -> String {
    match fact {
        Fact::Method(method) => format!("method `{}`", method.name),
        Fact::Field(field) => format!("field `{}`", field.path.join(".")),
        Fact::Enumerant { name, .. } => format!("enumerant `{name}`"),
        other => other.to_string(),
    }
}

fn change(old: &Fact, new: &Fact) -> String {
    match (old, new) {
        (Fact::Method(old), Fact::Method(new)) => method_change(old, new),
        (Fact::Field(old), Fact::Field(new)) => field_change(old, new),
        (Fact::Enumerant { ordinal, .. }, Fact::Enumerant { name, .. }) => reused(name, *ordinal),
        _ => "became something else".to_owned(),
    }
}

fn method_change(old: &Method, new: &Method) -> String {
    if old.name != new.name {
        reused(&new.name, old.ordinal)
    } else if old.implicit != new.implicit {
        "has other generic parameters".to_owned()
    } else {
        "takes or returns other structs".to_owned()
    }
}

fn field_change(old: &Field, new: &Field) -> String {
    let same = |a: &Type, b: &Type| a.is(b, &|_| false, &|_| false);
    if old.path.last() != new.path.last() {
        reused(&new.path.join("."), old.ordinal)
    } else if !same(&old.ty, &new.ty) {
        "was retyped".to_owned()
    } else if old.tags != new.tags {
        "changed its place in a union".to_owned()
    } else if old.path != new.path {
        "changed its group".to_owned()
    } else if old.slot != new.slot {
        "lies elsewhere".to_owned()
    } else {
        "has another default".to_owned()
    }
}

/// A member whose number another name has.
fn reused(name: &str, ordinal: u16) -> String {
    format!("is `{name}` now: it was renamed, or @{ordinal} was used again")
}

/// What to do about this line in particular.
fn hint(broken: &Broken<'_>) -> Option<String> {
    let old = &broken.old.line;
    let id = old.subject.id;
    match (&old.fact, broken.new) {
        (Fact::File, None) => Some(
            "name it to `compile` again; a build that compiles other files needs a file of its own: `lock_file`"
                .to_owned(),
        ),
        (Fact::File, Some(_)) => Some(format!("to keep its ID, write `@0x{id:016x};` in it")),
        (Fact::Struct | Fact::Enum | Fact::Interface, Some(new)) if new.subject.id != id => {
            let name = new.subject.name.path.last()?;
            Some(format!(
                "an ID that is not written follows from the name: to keep this one, write `{name} @0x{id:016x}`"
            ))
        }
        _ => None,
    }
}
