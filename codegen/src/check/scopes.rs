//! Names that meet in one Rust module. The schema keeps them apart by case, by file, or by being of different kinds.

use std::collections::BTreeMap;

use super::Problems;
use crate::emit;
use crate::engine::Engines;
use crate::model::{Item, Place, Schema, Shape, Struct};
use crate::names;

pub(super) fn names(schema: &Schema, engines: &Engines<'_>, mocks: bool, problems: &mut Problems) {
    let mut table = Table {
        taken: BTreeMap::new(),
        engines,
        suffixes: if mocks {
            &["Client", "Skeleton", "Mock"]
        } else {
            &["Client", "Skeleton"]
        },
        problems,
    };
    for file in &schema.files {
        let place = Place {
            file: file.name.clone(),
            path: "the file".to_owned(),
        };
        table.claim(&[], Space::Type, &file.raw_module, &place);
    }
    for file in &schema.files {
        table.items(&file.items, &[]);
    }
}

/// Rust's two namespaces that matter here.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
enum Space {
    /// Types, traits and modules.
    Type,
    /// Constants.
    Value,
}

struct Table<'p> {
    taken: BTreeMap<(Vec<String>, Space, String), Place>,
    engines: &'p Engines<'p>,
    /// What stands behind the name of an interface in the names of what is generated beside it.
    suffixes: &'static [&'static str],
    problems: &'p mut Problems,
}

impl Table<'_> {
    fn claim(&mut self, scope: &[String], space: Space, name: &str, place: &Place) {
        let key = (scope.to_vec(), space, name.to_owned());
        if let Some(first) = self.taken.insert(key, place.clone()) {
            self.problems.add(
                place,
                &format!(
                    "needs the Rust name `{name}`, which {first} has already: rename one of them"
                ),
            );
        }
    }

    fn items(&mut self, items: &[Item], scope: &[String]) {
        for item in items {
            match item {
                Item::Struct(body) => self.structure(body, scope),
                Item::Enum(body) => {
                    self.claim(scope, Space::Type, &body.name.name, &body.name.place);
                }
                Item::Const(body) => {
                    let name = names::screaming(&body.rust);
                    self.claim(scope, Space::Value, &name, &body.place);
                }
                Item::Interface(body) => {
                    let place = &body.name.place;
                    let name = &body.name.name;
                    self.claim(scope, Space::Type, name, place);
                    for suffix in self.suffixes {
                        self.claim(scope, Space::Type, &format!("{name}{suffix}"), place);
                    }
                    self.claim(scope, Space::Type, &body.name.module, place);
                    let scope = inner(scope, &body.name.module);
                    for constant in emit::INTERFACE_CONSTANTS {
                        self.claim(&scope, Space::Value, constant, place);
                    }
                    for method in &body.methods {
                        let constant = emit::method_constant(&method.rust);
                        self.claim(&scope, Space::Value, &constant, &method.place);
                        if let Shape::Inline(results) = &method.results
                            && results.fields.len() > 1
                        {
                            self.claim(&scope, Space::Type, &results.name.name, &method.place);
                            self.pipeline(results, &scope);
                        }
                    }
                    self.items(&body.items, &scope);
                }
            }
        }
    }

    /// What capabilities in a struct are called through before it is there.
    fn pipeline(&mut self, body: &Struct, scope: &[String]) {
        if self.engines.is_pipelined(body) {
            let name = format!("{}Pipeline", body.name.name);
            self.claim(scope, Space::Type, &name, &body.name.place);
        }
    }

    /// A struct or group, and the module of what is nested in it.
    fn structure(&mut self, body: &Struct, scope: &[String]) {
        let place = &body.name.place;
        self.claim(scope, Space::Type, &body.name.name, place);
        self.pipeline(body, scope);
        let groups: Vec<&Struct> = body
            .fields
            .iter()
            .filter_map(|field| field.group.as_deref())
            .collect();
        let which = body.discriminant.is_some() && !body.is_union();
        if groups.is_empty() && body.items.is_empty() && !which {
            return;
        }
        self.claim(scope, Space::Type, &body.name.module, place);
        let scope = inner(scope, &body.name.module);
        if which {
            self.claim(&scope, Space::Type, emit::WHICH, place);
        }
        for group in groups {
            self.structure(group, &scope);
        }
        self.items(&body.items, &scope);
    }
}

fn inner(scope: &[String], module: &str) -> Vec<String> {
    let mut scope = scope.to_vec();
    scope.push(module.to_owned());
    scope
}
