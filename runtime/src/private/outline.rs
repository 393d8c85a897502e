//! Results of which only the capabilities are there: what calls are pipelined on before the rest is known.

use std::collections::BTreeMap;

use super::structs::{StructBuilder, StructSize, size};
use crate::{Capability, Outgoing, Result, Status};

/// Pointers that a way may follow. A reader follows no more, and the struct that is built is as deep.
const MAX_DEPTH: usize = 16;

/// Results with these capabilities, each behind the pointers that lead to it.
///
/// # Errors
///
/// `invalid_argument` when a way is empty, too long, or goes through another capability.
pub(crate) fn outline<'a>(
    capabilities: impl IntoIterator<Item = (&'a [u16], &'a Capability)>,
) -> Result<Outgoing> {
    let mut root = Branch::default();
    for (path, capability) in capabilities {
        if path.len() > MAX_DEPTH {
            return Err(Status::invalid_argument(
                "the way to a capability is too long",
            ));
        }
        root.add(path, capability)?;
    }
    let mut results = Outgoing::results(0);
    results
        .fill(root.size(), |to| root.write(to))
        .map_err(|error| Status::invalid_argument(error.extra))?;
    Ok(results)
}

/// A struct of the outline: what its pointers lead to.
#[derive(Default)]
struct Branch<'a>(BTreeMap<u16, Node<'a>>);

enum Node<'a> {
    Capability(&'a Capability),
    Struct(Branch<'a>),
}

impl<'a> Branch<'a> {
    fn add(&mut self, path: &[u16], capability: &'a Capability) -> Result<()> {
        let taken = || Status::invalid_argument("two ways to capabilities meet");
        match path {
            [] => Err(Status::invalid_argument("the way to a capability is empty")),
            [last] => match self.0.insert(*last, Node::Capability(capability)) {
                None => Ok(()),
                Some(_) => Err(taken()),
            },
            [first, rest @ ..] => {
                let node = self.0.entry(*first);
                match node.or_insert_with(|| Node::Struct(Branch::default())) {
                    Node::Struct(inner) => inner.add(rest, capability),
                    Node::Capability(_) => Err(taken()),
                }
            }
        }
    }

    fn size(&self) -> StructSize {
        let last = self.0.keys().next_back();
        size(0, last.map_or(0, |last| last.saturating_add(1)))
    }

    fn write(&self, to: &mut StructBuilder<'_>) -> capnp::Result<()> {
        for (&place, node) in &self.0 {
            let pointer = to.at(usize::from(place));
            match node {
                Node::Capability(capability) => crate::Pointer::write(*capability, pointer)?,
                Node::Struct(inner) => inner.write(&mut pointer.structure(inner.size()))?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{Code, Incoming, capability::Forward};

    fn object() -> Capability {
        Capability::local(Arc::new(Forward(Capability::null())))
    }

    #[test]
    fn capabilities_are_found_where_they_were_put() {
        let (first, second) = (object(), object());
        let ways: [(&[u16], &Capability); 2] = [(&[2, 0], &first), (&[2, 1, 3], &second)];
        let results = Incoming::from(outline(ways).unwrap());
        assert_eq!(results.pipelined(&[2, 0]).unwrap(), first);
        assert_eq!(results.pipelined(&[2, 1, 3]).unwrap(), second);
        assert_eq!(results.capabilities().len(), 2);
    }

    #[test]
    fn a_way_that_cannot_be_is_invalid() {
        let object = object();
        let long = [0; MAX_DEPTH + 1];
        let ways: [&[&[u16]]; 4] = [&[&[]], &[&[0], &[0, 1]], &[&[1], &[1]], &[&long]];
        for ways in ways {
            let ways = ways.iter().map(|way| (*way, &object));
            let status = outline(ways).unwrap_err();
            assert_eq!(status.code(), Code::InvalidArgument);
        }
    }
}
