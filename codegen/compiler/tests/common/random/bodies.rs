//! The text of random declarations.

use super::types::Ty;
use super::{Body, File, Kind, Member, World};
use std::fmt::Write as _;

impl World {
    pub(super) fn write(mut self) -> Vec<File> {
        (0..self.files)
            .map(|file| {
                let id = self.rng.next() | 1 << 63;
                let mut text = format!("@0x{id:x};\n");
                for other in 0..self.files {
                    if other != file {
                        let _ = writeln!(text, "using F{other} = import \"f{other}.capnp\";");
                    }
                }
                let _ = writeln!(
                    text,
                    "struct Box(T) {{ value @0 :T; tag @1 :Text; list @2 :List(Box(T)); }}"
                );
                for index in self.top[file].clone() {
                    if self.rng.chance(5) {
                        let marks = self.annotations("file", index);
                        if !marks.is_empty() {
                            let _ = writeln!(
                                text,
                                "{};",
                                marks.replace(" $", ";$").trim_start_matches(';')
                            );
                        }
                    }
                    self.declaration(index, 0, &mut text);
                }
                File {
                    name: format!("f{file}.capnp"),
                    text,
                }
            })
            .collect()
    }

    fn declaration(&mut self, index: usize, indent: usize, out: &mut String) {
        let pad = "  ".repeat(indent);
        let decl = &self.decls[index];
        let (kind, name, children) = (decl.kind, decl.name.clone(), decl.children.clone());
        let params = if decl.params.is_empty() {
            String::new()
        } else {
            format!("({})", decl.params.join(", "))
        };
        let id = if self.rng.chance(5) && kind != Kind::Using {
            format!(" @0x{:x}", self.rng.next() | 1 << 63)
        } else {
            String::new()
        };
        match kind {
            Kind::Struct => {
                let marks = self.annotations("struct", index);
                let _ = writeln!(out, "{pad}struct {name}{id}{params}{marks} {{");
                self.doc(indent + 1, out);
                let body = std::mem::replace(&mut self.decls[index].body, Body::None);
                if let Body::Struct(members) = &body {
                    self.members_text(members, index, indent + 1, out);
                }
                self.decls[index].body = body;
            }
            Kind::Enum => {
                let marks = self.annotations("enum", index);
                let _ = writeln!(out, "{pad}enum {name}{id}{marks} {{");
                let Body::Enum(names) = &self.decls[index].body else {
                    return;
                };
                let mut numbered = names.clone().into_iter().enumerate().collect::<Vec<_>>();
                self.rng.shuffle(&mut numbered);
                for (ordinal, name) in numbered {
                    let marks = self.annotations("enumerant", index);
                    let _ = writeln!(out, "{pad}  {name} @{ordinal}{marks};");
                    self.doc(indent + 1, out);
                }
            }
            Kind::Interface => {
                let bases = (0..self.rng.below(3))
                    .filter_map(|_| self.base(index))
                    .collect::<Vec<_>>();
                let extends = if bases.is_empty() {
                    String::new()
                } else {
                    format!(" extends({})", bases.join(", "))
                };
                let marks = self.annotations("interface", index);
                let _ = writeln!(out, "{pad}interface {name}{id}{params}{extends}{marks} {{");
                self.methods(index, indent + 1, out);
            }
            Kind::Annotation => {
                let marks = self.annotations("annotation", index);
                let Body::Annotation(targets, ty) = &self.decls[index].body else {
                    return;
                };
                let _ = writeln!(
                    out,
                    "{pad}annotation {name}{id} ({}) :{}{marks};",
                    targets.join(", "),
                    ty.text()
                );
            }
            Kind::Const => {
                let Body::Const(ty) = &self.decls[index].body else {
                    return;
                };
                let ty = ty.clone();
                let value = self.value(&ty, index, 0).unwrap_or_else(|| "()".to_owned());
                let marks = self.annotations("const", index);
                let _ = writeln!(
                    out,
                    "{pad}const {name}{id} :{} = {value}{marks};",
                    ty.text()
                );
            }
            Kind::Using => {
                let Body::Using(target, _) = &self.decls[index].body else {
                    return;
                };
                let _ = writeln!(out, "{pad}using {name} = {target};");
            }
        }
        if matches!(kind, Kind::Struct | Kind::Enum | Kind::Interface) {
            for child in children {
                self.declaration(child, indent + 1, out);
            }
            let _ = writeln!(out, "{pad}}}");
        }
        self.doc(indent, out);
    }

    fn members_text(&mut self, members: &[Member], index: usize, indent: usize, out: &mut String) {
        let pad = "  ".repeat(indent);
        for member in members {
            match member {
                Member::Field { name, ordinal, ty } => {
                    let default = self.default(ty, index, 30);
                    let marks = self.annotations("field", index);
                    let _ = writeln!(
                        out,
                        "{pad}{name} @{ordinal} :{}{default}{marks};",
                        ty.text()
                    );
                    self.doc(indent, out);
                }
                Member::Group { name, members } => {
                    let marks = self.annotations("group", index);
                    let _ = writeln!(out, "{pad}{name} :group{marks} {{");
                    self.doc(indent, out);
                    self.members_text(members, index, indent + 1, out);
                    let _ = writeln!(out, "{pad}}}");
                }
                Member::Union {
                    name,
                    ordinal,
                    members,
                } => {
                    match name {
                        Some(name) => {
                            let ordinal = ordinal
                                .map(|ordinal| format!(" @{ordinal}!"))
                                .unwrap_or_default();
                            let marks = self.annotations("union", index);
                            let _ = writeln!(out, "{pad}{name}{ordinal} :union{marks} {{");
                        }
                        None => {
                            let _ = writeln!(out, "{pad}union {{");
                        }
                    }
                    self.members_text(members, index, indent + 1, out);
                    let _ = writeln!(out, "{pad}}}");
                    self.doc(indent, out);
                }
            }
        }
    }

    fn methods(&mut self, index: usize, indent: usize, out: &mut String) {
        let pad = "  ".repeat(indent);
        let mut ordinals = (0..self.rng.below(5)).collect::<Vec<_>>();
        self.rng.shuffle(&mut ordinals);
        for ordinal in ordinals {
            let implicit = if self.rng.chance(20) {
                (0..=self.rng.below(2))
                    .map(|i| format!("M{ordinal}x{i}"))
                    .collect()
            } else {
                Vec::new()
            };
            let types = if implicit.is_empty() {
                String::new()
            } else {
                format!(" [{}]", implicit.join(", "))
            };
            let params = self.parameters(index, &implicit);
            let results = match self.rng.below(8) {
                0 => String::new(),
                1 => " -> stream".to_owned(),
                _ => format!(" -> {}", self.parameters(index, &implicit)),
            };
            let marks = self.annotations("method", index);
            let _ = writeln!(
                out,
                "{pad}m{ordinal} @{ordinal}{types} {params}{results}{marks};"
            );
            self.doc(indent, out);
        }
    }

    fn parameters(&mut self, index: usize, implicit: &[String]) -> String {
        if self.rng.chance(15)
            && let Some(target) = self.of_kind(Kind::Struct)
        {
            return self.spell(target, Some(index));
        }
        let list = (0..self.rng.below(5))
            .map(|i| {
                let ty = if !implicit.is_empty() && self.rng.chance(40) {
                    Ty::Opaque(self.rng.pick(implicit).clone())
                } else {
                    self.ty(Some(index), true)
                };
                let default = self.default(&ty, index, 20);
                let marks = self.annotations("param", index);
                format!("p{i} :{}{default}{marks}", ty.text())
            })
            .collect::<Vec<_>>();
        format!("({})", list.join(", "))
    }

    fn default(&mut self, ty: &Ty, index: usize, percent: u64) -> String {
        if self.rng.chance(percent)
            && let Some(value) = self.value(ty, index, 0)
        {
            return format!(" = {value}");
        }
        String::new()
    }

    /// Annotations for a target, as they stand behind a declaration.
    fn annotations(&mut self, target: &str, from: usize) -> String {
        let mut out = String::new();
        while self.rng.chance(12) {
            let Some((annotation, ty)) = self.annotation_for(target) else {
                break;
            };
            let name = self.spell(annotation, Some(from));
            if matches!(ty, Ty::Primitive("Void")) && self.rng.chance(70) {
                let _ = write!(out, " ${name}");
            } else if let Some(value) = self.value(&ty, from, 1) {
                let value = if value.starts_with('(') && self.rng.chance(50) {
                    value
                } else {
                    format!("({value})")
                };
                let _ = write!(out, " ${name}{value}");
            }
        }
        out
    }

    fn doc(&mut self, indent: usize, out: &mut String) {
        let pad = "  ".repeat(indent);
        if self.rng.chance(8) {
            let _ = writeln!(out, "{pad}# A comment, number {}.", self.rng.below(1000));
            if self.rng.chance(30) {
                let _ = writeln!(out, "{pad}#  with a second line");
            }
        }
        if self.rng.chance(5) {
            out.push('\n');
        }
    }
}
