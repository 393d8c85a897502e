//! Values of random types, in every notation.

use super::types::Ty;
use super::{Body, Member, World};

/// Struct values inside struct values.
const MAX_DEPTH: usize = 3;

impl World {
    /// A value of a type, if its kind has any notation.
    pub(super) fn value(&mut self, ty: &Ty, from: usize, depth: usize) -> Option<String> {
        if self.rng.chance(10)
            && let Some(constant) = self.constant(ty, from)
        {
            return Some(constant);
        }
        match ty {
            Ty::Primitive(name) => Some(self.primitive(name)),
            Ty::Text => Some(self.text()),
            Ty::Data => Some(self.data()),
            Ty::List(element) => {
                let count = if depth >= MAX_DEPTH {
                    0
                } else {
                    self.rng.below(4)
                };
                let mut items = Vec::new();
                for _ in 0..count {
                    items.push(self.value(element, from, depth + 1)?);
                }
                let comma = if !items.is_empty() && self.rng.chance(10) {
                    ","
                } else {
                    ""
                };
                Some(format!("[{}{comma}]", items.join(", ")))
            }
            Ty::Enum(index, _) => {
                let Body::Enum(names) = &self.decls[*index].body else {
                    return None;
                };
                let names = names.clone();
                Some(self.rng.pick(&names).clone())
            }
            Ty::Struct(index, _) => {
                let body = std::mem::replace(&mut self.decls[*index].body, Body::None);
                let value = match &body {
                    Body::Struct(members) => Some(self.tuple(members, from, depth)),
                    _ => None, // the struct whose value is being written
                };
                self.decls[*index].body = body;
                value.or_else(|| Some("()".to_owned()))
            }
            Ty::Boxed(_, content) => {
                let mut parts = Vec::new();
                if depth < MAX_DEPTH {
                    parts.extend(
                        self.value(content, from, depth + 1)
                            .map(|value| format!("value = {value}")),
                    );
                    if self.rng.chance(30) {
                        let inner = self.value(ty, from, depth + 1)?;
                        parts.push(format!("list = [{inner}, (tag = \"t\")]"));
                    }
                }
                self.rng.shuffle(&mut parts);
                Some(format!("({})", parts.join(", ")))
            }
            Ty::Opaque(_) => None,
        }
    }

    /// A constant of the very same spelled type, by a qualified name.
    fn constant(&mut self, ty: &Ty, from: usize) -> Option<String> {
        if matches!(ty, Ty::Opaque(_) | Ty::Enum(..)) {
            return None; // a constant of an enum is a number
        }
        let same = self.decls.iter().enumerate().filter(|(i, decl)| {
            // Only earlier constants, so that none depends on itself.
            *i < from && matches!(&decl.body, Body::Const(other) if other.text() == ty.text())
        });
        let same = same.map(|(i, _)| i).collect::<Vec<_>>();
        let target = *(!same.is_empty()).then(|| self.rng.pick(&same))?;
        let name = self.spell(target, Some(from));
        Some(if name.contains('.') {
            name
        } else {
            format!(" .{}", self.spell_from_top(target))
        })
    }

    fn spell_from_top(&self, target: usize) -> String {
        let mut path = self.ancestors(target);
        path.reverse();
        path.push(target);
        path.iter()
            .map(|&step| self.decls[step].name.as_str())
            .collect::<Vec<_>>()
            .join(".")
    }

    fn tuple(&mut self, members: &[Member], from: usize, depth: usize) -> String {
        let mut parts = Vec::new();
        self.fill(members, from, depth, &mut parts);
        self.rng.shuffle(&mut parts);
        format!("({})", parts.join(", "))
    }

    fn fill(&mut self, members: &[Member], from: usize, depth: usize, parts: &mut Vec<String>) {
        if depth >= MAX_DEPTH {
            return;
        }
        for member in members {
            if !self.rng.chance(40) {
                continue;
            }
            match member {
                Member::Field { name, ty, .. } => {
                    if let Some(value) = self.value(ty, from, depth + 1) {
                        parts.push(format!("{name} = {value}"));
                    }
                }
                Member::Group { name, members } => {
                    let value = self.tuple(members, from, depth + 1);
                    parts.push(format!("{name} = {value}"));
                }
                Member::Union { name, members, .. } => {
                    let one = self.rng.below(members.len());
                    let one = &members[one..=one];
                    match name {
                        Some(name) => {
                            let value = self.tuple(one, from, depth + 1);
                            parts.push(format!("{name} = {value}"));
                        }
                        None => self.fill(one, from, depth, parts),
                    }
                }
            }
        }
    }

    fn primitive(&mut self, name: &str) -> String {
        let bits = |name: &str| {
            name.trim_start_matches(|c: char| c.is_alphabetic())
                .parse::<u32>()
                .unwrap_or(0)
        };
        match name {
            "Void" => "void".to_owned(),
            "Bool" => if self.rng.chance(50) { "true" } else { "false" }.to_owned(),
            "Float32" | "Float64" => match self.rng.below(9) {
                0 => "inf".to_owned(),
                1 => "-inf".to_owned(),
                2 => "nan".to_owned(),
                3 => format!("{}", self.rng.next()),
                4 => format!("-{}", self.rng.next() >> 2),
                5 => format!("{}.{}", self.rng.below(1000), self.rng.below(100_000)),
                6 => format!("-{}.5e{}", self.rng.below(1000), self.rng.below(30)),
                7 => format!("{}e-{}", 1 + self.rng.below(1000), self.rng.below(40)),
                _ => "0".to_owned(),
            },
            unsigned if unsigned.starts_with('U') => {
                let value = self.rng.next() >> (64 - bits(name));
                self.integer(value)
            }
            signed => {
                let limit = 1u64 << (bits(signed) - 1);
                let value = self.rng.next() % limit;
                if self.rng.chance(50) {
                    let value = if self.rng.chance(10) { limit } else { value };
                    format!("-{}", self.integer(value))
                } else {
                    self.integer(value)
                }
            }
        }
    }

    fn integer(&mut self, value: u64) -> String {
        match self.rng.below(4) {
            0 => format!("0x{value:x}"),
            1 => format!("0{value:o}"),
            _ => format!("{value}"),
        }
    }

    fn text(&mut self) -> String {
        const PIECES: [&str; 14] = [
            "a", "b", " ", "\\n", "\\\"", "\\x41", "\\101", "ü", "世", "#", "\\\\", "\\t", "{", ";",
        ];
        let mut out = String::from("\"");
        for _ in 0..self.rng.below(8) {
            let piece: &&str = self.rng.pick(&PIECES);
            out.push_str(piece);
        }
        out.push('"');
        if self.rng.chance(10) {
            out.push_str(" \"more\"");
        }
        out
    }

    fn data(&mut self) -> String {
        if self.rng.chance(30) {
            return self.text();
        }
        let bytes = (0..=self.rng.below(6))
            .map(|_| format!("{:02x}", self.rng.next() as u8))
            .collect::<Vec<_>>();
        format!(
            "0x\"{}\"",
            bytes.join(if self.rng.chance(50) { " " } else { "" })
        )
    }
}
