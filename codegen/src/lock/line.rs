//! One line of the lock: a fact about a file or a type.

use std::fmt;

use super::types::{Type, is_escaped};

/// A fact, and what it is about.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) subject: Subject,
    pub(super) fact: Fact,
}

/// A file or a type.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    pub(super) name: Name,
    pub(super) id: u64,
}

/// What a reader knows a file or a type by. Files sort before what they declare, and types before what is nested in them.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Name {
    /// As it was named to the build, escaped.
    pub(super) file: String,
    /// Names of the types around it and its own; empty for a file.
    pub(super) path: Vec<String>,
}

#[derive(Clone, Debug)]
pub(super) enum Fact {
    File,
    Struct,
    Enum,
    Interface,
    Channel(u16),
    Extends(Type),
    Method(Method),
    Field(Field),
    Enumerant { ordinal: u16, name: String },
}

#[derive(Clone, Debug)]
pub(super) struct Method {
    pub(super) ordinal: u16,
    pub(super) name: String,
    /// How many generic parameters it has of its own.
    pub(super) implicit: u32,
    pub(super) params: Type,
    pub(super) results: Type,
}

#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) ordinal: u16,
    /// Names of the groups around it and its own.
    pub(super) path: Vec<String>,
    pub(super) ty: Type,
    pub(super) slot: Slot,
    /// `None`: zero, empty or null.
    pub(super) default: Option<String>,
    /// The unions it is a member of, outer ones first.
    pub(super) tags: Vec<Tag>,
}

/// Where the value of a field lies in its struct.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Slot {
    /// Of type `Void`.
    Nowhere,
    /// In the data section.
    Bits { start: u64, width: u64 },
    /// In the pointer section.
    Pointer(u32),
}

/// The value of a discriminant that makes a member of a union the one that counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Tag {
    pub(super) start: u64,
    pub(super) value: u16,
}

/// Which fact of a subject a line states: at most one line for each.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Part {
    Itself,
    Channel,
    Extends(u64),
    Method(u16),
    Field(u16),
    Enumerant(u16),
}

/// What identifies a line. Names are no part of it.
pub(super) type Key = (u64, Part);

/// Bits of a discriminant.
const TAG_BITS: u64 = 16;

impl Line {
    pub(super) fn key(&self) -> Key {
        (self.subject.id, self.fact.part())
    }

    /// Reads the text of a line. `None`: it is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (subject, fact) = text.split_once(' ')?;
        let line = Self {
            subject: Subject::parse(subject)?,
            fact: Fact::parse(fact)?,
        };
        // The fact of a file has no type to be about, and the other way round.
        let is_of_file = matches!(line.fact, Fact::File);
        // A number can be spelt in several ways, and all but one are somebody's edit.
        (is_of_file == line.subject.name.path.is_empty() && line.to_string() == text)
            .then_some(line)
    }
}

impl Subject {
    fn parse(text: &str) -> Option<Self> {
        let (name, id) = text.rsplit_once("@0x")?;
        let (file, path) = match name.split_once(':') {
            Some((file, path)) => (file, path.split('.').map(str::to_owned).collect()),
            None => (name, Vec::new()),
        };
        let name = Name {
            file: file.to_owned(),
            path,
        };
        let escaped =
            is_escaped(&name.file, "/.") && name.path.iter().all(|part| is_escaped(part, ""));
        escaped.then_some(Self {
            name,
            id: u64::from_str_radix(id, 16).ok()?,
        })
    }
}

impl Name {
    /// Whether this is nested, at any depth, in `outer`.
    pub(super) fn is_inside(&self, outer: &Self) -> bool {
        self.file == outer.file
            && self.path.len() > outer.path.len()
            && self.path.starts_with(&outer.path)
    }

    /// Whether this is the struct of the parameters or results of a method, which has no name and no ID of its own choice.
    pub(super) fn is_of_method(&self) -> bool {
        self.path.last().is_some_and(|name| name.contains('$'))
    }
}

impl Fact {
    pub(super) fn part(&self) -> Part {
        match self {
            Self::File | Self::Struct | Self::Enum | Self::Interface => Part::Itself,
            Self::Channel(_) => Part::Channel,
            Self::Extends(base) => Part::Extends(base.id().unwrap_or_default()),
            Self::Method(method) => Part::Method(method.ordinal),
            Self::Field(field) => Part::Field(field.ordinal),
            Self::Enumerant { ordinal, .. } => Part::Enumerant(*ordinal),
        }
    }

    /// Whether both state the same, whatever types are called. `same` judges types.
    pub(super) fn holds(&self, now: &Self, same: &dyn Fn(&Type, &Type) -> bool) -> bool {
        match (self, now) {
            (Self::File, Self::File)
            | (Self::Struct, Self::Struct)
            | (Self::Enum, Self::Enum)
            | (Self::Interface, Self::Interface) => true,
            (Self::Channel(old), Self::Channel(new)) => old == new,
            (Self::Extends(old), Self::Extends(new)) => same(old, new),
            (Self::Method(old), Self::Method(new)) => {
                (old.ordinal, &old.name, old.implicit) == (new.ordinal, &new.name, new.implicit)
                    && same(&old.params, &new.params)
                    && same(&old.results, &new.results)
            }
            (Self::Field(old), Self::Field(new)) => {
                (old.ordinal, &old.path, &old.tags) == (new.ordinal, &new.path, &new.tags)
                    && old.keeps_its_place(new, same)
            }
            (
                Self::Enumerant { ordinal, name },
                Self::Enumerant {
                    ordinal: new_ordinal,
                    name: new_name,
                },
            ) => (ordinal, name) == (new_ordinal, new_name),
            _ => false,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        Some(match word {
            "file" => Self::File,
            "struct" => Self::Struct,
            "enum" => Self::Enum,
            "interface" => Self::Interface,
            "channel" => Self::Channel(u16::from_str_radix(rest.strip_prefix("0x")?, 16).ok()?),
            "extends" => Self::Extends(Type::parse(rest).filter(|ty| ty.id().is_some())?),
            "method" => {
                let (ordinal, rest) = ordinal(rest)?;
                let (name, structs) = rest.split_once(": ")?;
                let (name, implicit) = match name.strip_suffix(']') {
                    Some(name) => {
                        let (name, count) = name.split_once('[')?;
                        (name, count.parse().ok()?)
                    }
                    None => (name, 0),
                };
                let (params, results) = structs.split_once(" -> ")?;
                Self::Method(Method {
                    ordinal,
                    name: member(name)?,
                    implicit,
                    params: Type::parse(params)?,
                    results: Type::parse(results)?,
                })
            }
            "field" => Self::Field(Field::parse(rest)?),
            "enumerant" => {
                let (ordinal, name) = ordinal(rest)?;
                let name = member(name)?;
                Self::Enumerant { ordinal, name }
            }
            _ => return None,
        })
    }
}

impl Field {
    /// Whether type, place and default are the same, and so the bytes of the value.
    pub(super) fn keeps_its_place(&self, now: &Self, same: &dyn Fn(&Type, &Type) -> bool) -> bool {
        same(&self.ty, &now.ty) && self.slot == now.slot && self.default == now.default
    }

    fn parse(text: &str) -> Option<Self> {
        let (ordinal, rest) = ordinal(text)?;
        let (path, rest) = rest.split_once(": ")?;
        let mut parts = rest.split(", ");
        let place = parts.next()?;
        let (ty, slot) = match place.split_once(" at ") {
            Some((ty, slot)) => (ty, Slot::parse(slot)?),
            None => (place, Slot::Nowhere),
        };
        let mut field = Self {
            ordinal,
            path: path.split('.').map(member).collect::<Option<_>>()?,
            ty: Type::parse(ty)?,
            slot,
            default: None,
            tags: Vec::new(),
        };
        for part in parts {
            if let Some(value) = part.strip_prefix("default ") {
                field.default = Some(value.to_owned()).filter(|value| !value.contains(' '));
            } else {
                let (bits, value) = part.strip_prefix("when ")?.split_once(" = ")?;
                let Slot::Bits {
                    start,
                    width: TAG_BITS,
                } = Slot::parse(bits)?
                else {
                    return None;
                };
                let value = value.parse().ok()?;
                field.tags.push(Tag { start, value });
            }
        }
        Some(field)
    }
}

impl Slot {
    fn parse(text: &str) -> Option<Self> {
        if let Some(index) = text.strip_prefix("pointer ") {
            return Some(Self::Pointer(index.parse().ok()?));
        }
        let (start, end) = text.strip_prefix("bits ")?.split_once("..")?;
        let start: u64 = start.parse().ok()?;
        let width = end.parse::<u64>().ok()?.checked_sub(start)?;
        Some(Self::Bits { start, width })
    }
}

fn ordinal(text: &str) -> Option<(u16, &str)> {
    let (ordinal, rest) = text.strip_prefix('@')?.split_once(' ')?;
    Some((ordinal.parse().ok()?, rest))
}

fn member(name: &str) -> Option<String> {
    is_escaped(name, "").then(|| name.to_owned())
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}@0x{:016x} {}",
            self.subject.name, self.subject.id, self.fact
        )
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if !self.path.is_empty() {
            write!(f, ":{}", self.path.join("."))?;
        }
        Ok(())
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => f.write_str("file"),
            Self::Struct => f.write_str("struct"),
            Self::Enum => f.write_str("enum"),
            Self::Interface => f.write_str("interface"),
            Self::Channel(channel) => write!(f, "channel {channel:#06x}"),
            Self::Extends(base) => write!(f, "extends {base}"),
            Self::Method(method) => {
                write!(f, "method @{} {}", method.ordinal, method.name)?;
                if method.implicit > 0 {
                    write!(f, "[{}]", method.implicit)?;
                }
                write!(f, ": {} -> {}", method.params, method.results)
            }
            Self::Field(field) => field.fmt(f),
            Self::Enumerant { ordinal, name } => write!(f, "enumerant @{ordinal} {name}"),
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.join(".");
        write!(f, "field @{} {path}: {}", self.ordinal, self.ty)?;
        if self.slot != Slot::Nowhere {
            write!(f, " at {}", self.slot)?;
        }
        if let Some(default) = &self.default {
            write!(f, ", default {default}")?;
        }
        for tag in &self.tags {
            let bits = Slot::Bits {
                start: tag.start,
                width: TAG_BITS,
            };
            write!(f, ", when {bits} = {}", tag.value)?;
        }
        Ok(())
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nowhere => Ok(()),
            Self::Bits { start, width } => {
                write!(f, "bits {start}..{}", start + width)
            }
            Self::Pointer(index) => write!(f, "pointer {index}"),
        }
    }
}
