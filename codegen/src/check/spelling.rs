//! Names that annotations give: Rust has to be able to spell them.

use super::{Problems, each_item};
use crate::model::{Field, Item, Place, Schema, Shape};
use crate::names;

pub(super) fn spelling(schema: &Schema, problems: &mut Problems) {
    each_item(schema.items(), &mut |item| match item {
        Item::Struct(body) => {
            name(&body.name.place, &body.name.rust, problems);
            fields(&body.fields, problems);
        }
        Item::Enum(body) => {
            name(&body.name.place, &body.name.rust, problems);
            for enumerant in &body.enumerants {
                name(&enumerant.place, &enumerant.rust, problems);
            }
        }
        Item::Const(body) => name(&body.place, &body.rust, problems),
        Item::Interface(body) => {
            name(&body.name.place, &body.name.rust, problems);
            for method in &body.methods {
                name(&method.place, &method.rust, problems);
                for shape in [&method.params, &method.results] {
                    if let Shape::Inline(made) = shape {
                        fields(&made.fields, problems);
                    }
                }
            }
        }
    });
}

fn fields(members: &[Field], problems: &mut Problems) {
    for field in members {
        name(&field.place, &field.rust, problems);
        if let Some(group) = &field.group {
            fields(&group.fields, problems);
        }
    }
}

fn name(place: &Place, rust: &str, problems: &mut Problems) {
    if !names::is_name(rust) {
        problems.add(
            place,
            &format!("`{rust}` cannot be a name: use letters and digits, with a letter in front"),
        );
    }
}
