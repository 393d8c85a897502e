//! Repairs capnpc's text where nothing in the request would help.

use std::collections::BTreeSet;

use crate::names::PRIMITIVES;

/// The text, with the parameters that the aliases of unions need.
///
/// In a generic struct, capnpc 0.27 lists only the parameters that the members of a union use themselves, but a group that is a
/// member takes all that are in reach.
pub(super) fn repair(text: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for kind in ["WhichReader", "WhichBuilder"] {
        // The function that returns the alias comes before it, in the same module.
        let mut returned = None;
        for index in 0..lines.len() {
            let Some(line) = lines.get(index) else { break };
            if line.contains(&format!("::Result<{kind}<'a,")) {
                returned = Some(index);
            }
            let Some((head, rest)) = line.split_once(&format!("pub type {kind}<'a,")) else {
                continue;
            };
            let Some((declared, target)) = rest.split_once("> = ") else {
                continue;
            };
            let used = parameters(target);
            let listed: BTreeSet<&str> = declared
                .split(',')
                .filter(|name| !name.is_empty())
                .collect();
            if listed == used.iter().copied().collect() {
                continue;
            }
            let used = used.join(",");
            let (before, after) = (
                format!("{kind}<'a,{declared}>"),
                format!("{kind}<'a,{used}>"),
            );
            let repaired = format!("{head}pub type {after} = {target}");
            if let Some(function) = returned.take().and_then(|index| lines.get_mut(index)) {
                *function = function.replace(&before, &after);
            }
            if let Some(line) = lines.get_mut(index) {
                *line = repaired;
            }
        }
    }
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

/// The type parameters in a type, in the order they appear. All that is no parameter and no primitive type has a path.
fn parameters(target: &str) -> Vec<&str> {
    let mut seen = BTreeSet::new();
    let found = target
        .split(['<', '>', ',', ';'])
        .map(|part| part.split(" as ").next().unwrap_or(part).trim())
        .filter(|part| !part.is_empty() && !part.contains(|c: char| !is_name(c)))
        .filter(|part| *part != "Which" && !PRIMITIVES.contains(part))
        .filter(|part| seen.insert(*part));
    found.collect()
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::repair;

    #[test]
    fn an_alias_gets_the_parameters_of_a_group() {
        let text = "pub fn which(self) -> ::core::result::Result<WhichReader<'a,>, ::capnp::NotInSchema> {\n\
                    pub type WhichReader<'a,> = Which<crate::x::ug::Reader<'a,Foo,Bar>,::capnp::primitive_list::Reader<'a,u8>>;\n";
        let repaired = "pub fn which(self) -> ::core::result::Result<WhichReader<'a,Foo,Bar>, ::capnp::NotInSchema> {\n\
                        pub type WhichReader<'a,Foo,Bar> = Which<crate::x::ug::Reader<'a,Foo,Bar>,::capnp::primitive_list::Reader<'a,u8>>;\n";
        assert_eq!(repair(text), repaired);
        assert_eq!(repair(repaired), repaired);
    }

    #[test]
    fn text_that_is_right_stays() {
        let text = "pub type WhichReader<'a,B,A> = Which<<A as ::capnp::traits::Owned>::Reader<'a>,<B as ::capnp::traits::Owned>::Reader<'a>>;\n";
        assert_eq!(repair(text), text);
        assert_eq!(repair("mod x {\n}\n"), "mod x {\n}\n");
    }
}
