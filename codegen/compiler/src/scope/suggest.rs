//! Nearest names, for hints.

use super::{Builtin, NodeRef, Scopes};

/// Longest name that is compared: the comparison takes the square of it.
const MAX_COMPARED: usize = 64;

/// Most names that are compared for one hint.
const MAX_CANDIDATES: usize = 10_000;

impl Scopes<'_> {
    /// A name visible from `node` that is much like `name`.
    pub(super) fn similar_visible(&self, node: NodeRef, name: &str) -> Option<String> {
        let mut candidates: Vec<&str> = Vec::new();
        let mut scope = Some(node);
        while let Some(here) = scope {
            let this = self.node(here);
            candidates.extend(this.members.keys());
            candidates.extend(this.declaration.parameters.iter().map(|parameter| parameter.value.as_str()));
            scope = this.parent;
        }
        candidates.extend(Builtin::names());
        hint(nearest(name, candidates))
    }

    /// A member of `node` that is much like `name`.
    pub(super) fn similar_member(&self, node: NodeRef, name: &str) -> Option<String> {
        hint(nearest(name, self.node(node).members.keys().copied()))
    }
}

fn hint(name: Option<&str>) -> Option<String> {
    name.map(|name| format!("did you mean '{name}'?"))
}

/// The candidate with the fewest changes to `name`, if it is close.
pub(crate) fn nearest<'n>(name: &str, candidates: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let limit = name.chars().count().div_ceil(3).min(3);
    candidates
        .into_iter()
        .take(MAX_CANDIDATES)
        .filter_map(|candidate| Some((distance(name, candidate)?, candidate)))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Number of single-letter changes between two names; a change of case is half as much as none.
fn distance(left: &str, right: &str) -> Option<usize> {
    if left.len() > MAX_COMPARED || right.len() > MAX_COMPARED {
        return None;
    }
    if left.eq_ignore_ascii_case(right) {
        return Some(0);
    }
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let change = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row.last().copied()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_name_is_suggested_and_a_far_one_is_not() {
        assert_eq!(nearest("Int23", ["Int32", "Text", "Int8"]), Some("Int32"));
        assert_eq!(nearest("text", ["Int32", "Text"]), Some("Text"));
        assert_eq!(nearest("Banana", ["Int32", "Text"]), None);
    }
}
