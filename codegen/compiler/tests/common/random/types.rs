//! Types of random schemas, and the many ways of spelling a reference to a declaration.

use super::{Body, Kind, World};

/// A type as it is spelled where it stands, and what is known of it for making values.
#[derive(Clone, Debug)]
pub(super) enum Ty {
    Primitive(&'static str),
    Text,
    Data,
    List(Box<Self>),
    Enum(usize, String),
    Struct(usize, String),
    /// `Box` of another type, which every file declares.
    Boxed(String, Box<Self>),
    /// Interfaces, pointers of any kind, type parameters, aliases: no value is made for them.
    Opaque(String),
}

const PRIMITIVES: [&str; 12] = [
    "Void", "Bool", "Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64",
    "Float32", "Float64",
];

/// Type arguments inside type arguments: enough to see brands within brands.
const MAX_DEPTH: usize = 3;

impl Ty {
    pub(super) fn text(&self) -> String {
        match self {
            Self::Primitive(name) => (*name).to_owned(),
            Self::Text => "Text".to_owned(),
            Self::Data => "Data".to_owned(),
            Self::List(element) => format!("List({})", element.text()),
            Self::Boxed(name, content) => format!("{name}({})", content.text()),
            Self::Enum(_, text) | Self::Struct(_, text) | Self::Opaque(text) => text.clone(),
        }
    }
}

impl World {
    /// A type as seen from inside `from`.
    pub(super) fn ty(&mut self, from: Option<usize>, params: bool) -> Ty {
        match self.rng.below(24) {
            0..=9 => Ty::Primitive(PRIMITIVES[self.rng.below(PRIMITIVES.len())]),
            10..=11 => Ty::Text,
            12 => Ty::Data,
            13 => Ty::List(Box::new(self.element(from))),
            14 if self.rng.chance(30) => self.boxed(from),
            14 => Ty::List(Box::new(self.element(from))),
            15 => self
                .reference(from, Kind::Enum)
                .unwrap_or(Ty::Primitive("UInt16")),
            16 if params => Ty::Opaque(
                (*self
                    .rng
                    .pick(&["AnyPointer", "AnyStruct", "AnyList", "Capability"]))
                .to_owned(),
            ),
            17..=18 if params => self.param(from).unwrap_or(Ty::Text),
            19 if params => self.reference(from, Kind::Interface).unwrap_or(Ty::Text),
            20 if params => self.reference(from, Kind::Using).unwrap_or(Ty::Data),
            _ => self.reference(from, Kind::Struct).unwrap_or(Ty::Text),
        }
    }

    /// Lists of type parameters and of pointers of any kind are not in the language.
    fn element(&mut self, from: Option<usize>) -> Ty {
        match self.rng.below(12) {
            0..=4 => Ty::Primitive(PRIMITIVES[self.rng.below(PRIMITIVES.len())]),
            5 => Ty::Text,
            // A quirk that schemas may rely on: the third parameter and later ones make lists.
            6 if self.rng.chance(10) => match self.param(from) {
                Some(param) => param,
                None => Ty::Text,
            },
            6 => Ty::Data,
            7 if self.rng.chance(30) => self.boxed(from),
            7 if self.depth < MAX_DEPTH => {
                self.depth += 1;
                let element = self.element(from);
                self.depth -= 1;
                Ty::List(Box::new(element))
            }
            8 => self.reference(from, Kind::Enum).unwrap_or(Ty::Text),
            9 => self.reference(from, Kind::Interface).unwrap_or(Ty::Data),
            _ => self
                .reference(from, Kind::Struct)
                .unwrap_or(Ty::Primitive("Bool")),
        }
    }

    fn boxed(&mut self, from: Option<usize>) -> Ty {
        let own = from.map_or(0, |from| self.decls[from].file);
        let file = self.rng.below(self.files);
        let name = if file == own {
            "Box".to_owned()
        } else {
            format!("F{file}.Box")
        };
        self.depth += 1;
        let content = if self.depth < MAX_DEPTH && self.rng.chance(30) {
            self.boxed(from)
        } else {
            self.argument(from)
        };
        self.depth -= 1;
        Ty::Boxed(name, Box::new(content))
    }

    /// A type that may be bound to a type parameter.
    pub(super) fn argument(&mut self, from: Option<usize>) -> Ty {
        match self.rng.below(10) {
            0..=2 => Ty::Text,
            3 => Ty::Data,
            4 => Ty::List(Box::new(self.element(from))),
            5..=6 => self.param(from).unwrap_or(Ty::Text),
            7 => Ty::Opaque("AnyPointer".to_owned()),
            8 => self.reference(from, Kind::Interface).unwrap_or(Ty::Text),
            _ => self.reference(from, Kind::Struct).unwrap_or(Ty::Data),
        }
    }

    /// A type parameter in scope; not of a struct whose own list it would be.
    fn param(&mut self, from: Option<usize>) -> Option<Ty> {
        let from = from?;
        let scopes = std::iter::once(from).chain(self.ancestors(from));
        let params = scopes
            .flat_map(|scope| self.decls[scope].params.clone())
            .collect::<Vec<_>>();
        (!params.is_empty()).then(|| Ty::Opaque(self.rng.pick(&params).clone()))
    }

    /// A reference to some declaration of a kind; aliases only to earlier ones, so that they end.
    fn reference(&mut self, from: Option<usize>, kind: Kind) -> Option<Ty> {
        let target = self.of_kind(kind)?;
        let text = self.spell(target, from);
        Some(match kind {
            Kind::Enum => Ty::Enum(target, text),
            Kind::Struct => Ty::Struct(target, text),
            _ => Ty::Opaque(text),
        })
    }

    /// One spelling of a reference to `target` from inside `from`.
    pub(super) fn spell(&mut self, target: usize, from: Option<usize>) -> String {
        let mut path = self.ancestors(target);
        path.reverse();
        path.push(target);
        let file = self.decls[target].file;
        let mut out = String::new();
        if self.depth < MAX_DEPTH
            && self.rng.chance(20)
            && let Some((alias, stands_for)) = self.alias_of(&path, from)
        {
            let place = path.iter().position(|&step| step == stands_for).unwrap();
            self.depth += 1;
            out = self.spell(alias, from);
            let Body::Using(text, _) = &self.decls[alias].body else {
                unreachable!("an alias has the body of one");
            };
            let unbound = !text.ends_with(')');
            if unbound && self.rng.chance(50) {
                let params = self.decls[stands_for].params.len();
                out += &self.arguments(params, from);
            }
            self.depth -= 1;
            for &step in &path[place + 1..] {
                out.push('.');
                out += &self.step(step, from);
            }
            return out;
        }
        if from.is_none_or(|from| self.decls[from].file != file) {
            out = if self.rng.chance(80) {
                format!("F{file}.")
            } else {
                format!("import \"f{file}.capnp\".")
            };
        } else if let Some(from) = from {
            // Names are unique, so the path may begin at any child of a scope that encloses `from`.
            let mut enclosing = self.ancestors(from);
            enclosing.push(from);
            let shared = path
                .iter()
                .take_while(|step| enclosing.contains(step))
                .count();
            let skip = if shared == 0 {
                0
            } else {
                self.rng.below(shared + 1).min(path.len() - 1)
            };
            if skip == 0 && self.rng.chance(10) {
                out.push_str(" .");
            }
            path.drain(..skip);
        }
        for (i, &step) in path.iter().enumerate() {
            if i > 0 {
                out.push('.');
            }
            out += &self.step(step, from);
        }
        out
    }

    /// A name on the way to a declaration, bound sometimes.
    fn step(&mut self, step: usize, from: Option<usize>) -> String {
        let (name, params) = (self.decls[step].name.clone(), self.decls[step].params.len());
        if self.depth < MAX_DEPTH && self.rng.chance(70) {
            name + &self.arguments(params, from)
        } else {
            name
        }
    }

    fn arguments(&mut self, params: usize, from: Option<usize>) -> String {
        if params == 0 {
            return String::new();
        }
        self.depth += 1;
        let arguments = (0..params)
            .map(|_| self.argument(from).text())
            .collect::<Vec<_>>();
        self.depth -= 1;
        format!("({})", arguments.join(", "))
    }

    /// An earlier alias of a declaration on a path, with that declaration.
    fn alias_of(&mut self, path: &[usize], from: Option<usize>) -> Option<(usize, usize)> {
        let before = from.unwrap_or(usize::MAX);
        let found = self
            .decls
            .iter()
            .enumerate()
            .take_while(|(i, _)| *i < before);
        let found = found.filter_map(|(i, decl)| match decl.body {
            Body::Using(_, Some(target)) if path.contains(&target) => Some((i, target)),
            _ => None,
        });
        let found = found.collect::<Vec<_>>();
        (!found.is_empty()).then(|| *self.rng.pick(&found))
    }

    /// What an alias stands for, and which declaration that is.
    pub(super) fn alias_target(&mut self, index: usize) -> (String, Option<usize>) {
        let kind = if self.rng.chance(80) {
            Kind::Struct
        } else {
            Kind::Interface
        };
        match self.of_kind(kind) {
            Some(target) => (self.spell(target, Some(index)), Some(target)),
            None => ("Text".to_owned(), None),
        }
    }

    /// An interface that may be extended: an earlier one, so that none extends itself.
    pub(super) fn base(&mut self, index: usize) -> Option<String> {
        let earlier = (0..index)
            .filter(|&i| self.decls[i].kind == Kind::Interface)
            .collect::<Vec<_>>();
        let target = *(!earlier.is_empty()).then(|| self.rng.pick(&earlier))?;
        Some(self.spell(target, Some(index)))
    }

    /// An annotation for a target, with its type.
    pub(super) fn annotation_for(&mut self, target: &str) -> Option<(usize, Ty)> {
        let fitting = self
            .decls
            .iter()
            .enumerate()
            .filter_map(|(i, decl)| match &decl.body {
                Body::Annotation(targets, ty)
                    if targets.contains(&target) || targets.contains(&"*") =>
                {
                    Some((i, ty.clone()))
                }
                _ => None,
            });
        let fitting = fitting.collect::<Vec<_>>();
        (!fitting.is_empty()).then(|| self.rng.pick(&fitting).clone())
    }
}
