//! Random schemas: valid ones mostly, of every construct, from a seed.
//!
//! First the declarations are planned (names, nesting, type parameters), then their bodies are written with
//! references to any of them, then values of the types so found.

mod bodies;
mod rng;
mod types;
mod values;

pub use rng::Rng;
use types::Ty;

/// One file of a random schema: its name and its text.
#[derive(Debug)]
pub struct File {
    /// Name, without directory.
    pub name: String,
    /// Text.
    pub text: String,
}

/// The files of a random schema, which may import each other.
pub fn schema(seed: u64) -> Vec<File> {
    World::plan(seed).write()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Struct,
    Enum,
    Interface,
    Annotation,
    Const,
    Using,
}

struct Decl {
    kind: Kind,
    name: String,
    file: usize,
    parent: Option<usize>,
    params: Vec<String>,
    children: Vec<usize>,
    body: Body,
}

enum Body {
    None,
    Struct(Vec<Member>),
    Enum(Vec<String>),
    Annotation(Vec<&'static str>, Ty),
    Const(Ty),
    /// What it is spelled to stand for, and which declaration that is.
    Using(String, Option<usize>),
}

enum Member {
    Field {
        name: String,
        ordinal: usize,
        ty: Ty,
    },
    Group {
        name: String,
        members: Vec<Self>,
    },
    Union {
        name: Option<String>,
        ordinal: Option<usize>,
        members: Vec<Self>,
    },
}

struct World {
    rng: Rng,
    files: usize,
    decls: Vec<Decl>,
    top: Vec<Vec<usize>>,
    names: usize,
    /// References are written while this is below its limit, so that type arguments end.
    depth: usize,
}

const TARGETS: [&str; 12] = [
    "file",
    "const",
    "enum",
    "enumerant",
    "struct",
    "field",
    "union",
    "group",
    "interface",
    "method",
    "param",
    "annotation",
];

impl World {
    fn plan(seed: u64) -> Self {
        let mut world = Self {
            rng: Rng::new(seed),
            files: 1,
            decls: Vec::new(),
            top: Vec::new(),
            names: 0,
            depth: 0,
        };
        world.files = 1 + usize::from(world.rng.chance(40)) + usize::from(world.rng.chance(15));
        for file in 0..world.files {
            let count = world.rng.below(7) + 2;
            let top = (0..count).map(|_| world.declare(file, None, 0)).collect();
            world.top.push(top);
        }
        // Shapes before values: a value needs to know the fields of its type.
        for index in 0..world.decls.len() {
            world.decls[index].body = world.body(index);
        }
        world
    }

    fn declare(&mut self, file: usize, parent: Option<usize>, depth: usize) -> usize {
        let kind = match self.rng.below(20) {
            0..=8 => Kind::Struct,
            9..=10 => Kind::Enum,
            11..=13 => Kind::Interface,
            14..=15 => Kind::Annotation,
            16..=17 => Kind::Const,
            _ => Kind::Using,
        };
        let letter = match kind {
            Kind::Struct => "S",
            Kind::Enum => "E",
            Kind::Interface => "I",
            Kind::Annotation => "a",
            Kind::Const => "k",
            Kind::Using => "U",
        };
        self.names += 1;
        let name = format!("{letter}{}", self.names);
        let nests = matches!(kind, Kind::Struct | Kind::Interface);
        let params = if nests && self.rng.chance(35) {
            (0..=self.rng.below(3))
                .map(|i| format!("T{}x{i}", self.names))
                .collect()
        } else {
            Vec::new()
        };
        let index = self.decls.len();
        self.decls.push(Decl {
            kind,
            name,
            file,
            parent,
            params,
            children: Vec::new(),
            body: Body::None,
        });
        if nests && depth < 3 && self.rng.chance(35) {
            for _ in 0..=self.rng.below(3) {
                let child = self.declare(file, Some(index), depth + 1);
                self.decls[index].children.push(child);
            }
        }
        index
    }

    fn body(&mut self, index: usize) -> Body {
        match self.decls[index].kind {
            Kind::Struct => Body::Struct(self.members(index)),
            Kind::Enum => {
                let count = 1 + self.rng.below(6);
                Body::Enum((0..count).map(|i| format!("e{index}x{i}")).collect())
            }
            Kind::Interface => Body::None,
            Kind::Annotation => {
                let targets = TARGETS
                    .into_iter()
                    .filter(|_| self.rng.chance(50))
                    .collect::<Vec<_>>();
                let targets = if targets.is_empty() {
                    vec!["*"]
                } else {
                    targets
                };
                Body::Annotation(targets, self.ty(Some(index), false))
            }
            Kind::Const => Body::Const(self.ty(Some(index), false)),
            Kind::Using => {
                let (text, target) = self.alias_target(index);
                Body::Using(text, target)
            }
        }
    }

    fn of_kind(&mut self, kind: Kind) -> Option<usize> {
        let all = (0..self.decls.len())
            .filter(|&i| self.decls[i].kind == kind)
            .collect::<Vec<_>>();
        (!all.is_empty()).then(|| all[self.rng.below(all.len())])
    }

    /// The enclosing declarations of one, innermost first.
    fn ancestors(&self, index: usize) -> Vec<usize> {
        std::iter::successors(self.decls[index].parent, |&parent| {
            self.decls[parent].parent
        })
        .collect()
    }

    /// The members of a struct: first their tree, then their ordinals.
    fn members(&mut self, index: usize) -> Vec<Member> {
        if self.rng.chance(5) {
            return Vec::new();
        }
        let budget = if self.rng.chance(8) {
            40
        } else {
            1 + self.rng.below(10)
        };
        let mut leaves = 0;
        let mut members = self.scope(index, budget, 0, false, &mut leaves);
        let mut ordinals = (0..leaves).collect::<Vec<_>>();
        match self.rng.below(4) {
            0 => {}
            1 => (0..leaves / 3).for_each(|_| {
                let at = self.rng.below(leaves - 1);
                ordinals.swap(at, at + 1);
            }),
            _ => self.rng.shuffle(&mut ordinals),
        }
        number(&mut members, &mut ordinals.into_iter());
        members
    }

    fn scope(
        &mut self,
        index: usize,
        budget: usize,
        depth: usize,
        union: bool,
        leaves: &mut usize,
    ) -> Vec<Member> {
        let mut members = Vec::new();
        let mut left = budget.max(if union { 2 } else { 1 });
        let mut unnamed = union; // a union must not contain an unnamed one, a scope only one
        while left > 0 || (union && members.len() < 2) {
            left = left.saturating_sub(1);
            self.names += 1;
            let name = format!("f{}", self.names);
            let inner = 1 + self.rng.below(left.clamp(1, 6));
            members.push(match self.rng.below(12) {
                0 | 1 if depth < 3 => {
                    left = left.saturating_sub(inner);
                    Member::Group {
                        name,
                        members: self.scope(index, inner, depth + 1, false, leaves),
                    }
                }
                2 | 3 if depth < 3 => {
                    left = left.saturating_sub(inner);
                    let name = (unnamed || self.rng.chance(50)).then_some(name);
                    unnamed |= name.is_none();
                    let members = self.scope(index, inner, depth + 1, true, leaves);
                    let ordinal = self
                        .rng
                        .chance(3)
                        .then(|| std::mem::replace(leaves, *leaves + 1));
                    // An unnamed union has no place for an ordinal in the language.
                    let (name, ordinal) = match (name, ordinal) {
                        (None, Some(_)) => (None, {
                            *leaves -= 1;
                            None
                        }),
                        both => both,
                    };
                    Member::Union {
                        name,
                        ordinal,
                        members,
                    }
                }
                _ => {
                    *leaves += 1;
                    Member::Field {
                        name,
                        ordinal: 0,
                        ty: self.ty(Some(index), true),
                    }
                }
            });
        }
        members
    }
}

fn number(members: &mut [Member], ordinals: &mut impl Iterator<Item = usize>) {
    for member in members {
        match member {
            Member::Field { ordinal, .. } => *ordinal = ordinals.next().unwrap(),
            Member::Group { members, .. } => number(members, ordinals),
            Member::Union {
                ordinal, members, ..
            } => {
                number(members, ordinals);
                if let Some(ordinal) = ordinal {
                    *ordinal = ordinals.next().unwrap();
                }
            }
        }
    }
}
