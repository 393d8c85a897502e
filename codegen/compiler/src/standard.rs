//! The schemas that belong to the language, so that nothing has to be installed.
//!
//! They are those of release 1.4.0 of the reference (and `rust.capnp` of capnproto-rust); `std/LICENSE` has their terms. A directory that is
//! searched for imports comes first, so that a project can bring its own.

/// Text of the standard schema that an import calls `path`, as in `/capnp/c++.capnp`.
#[must_use]
pub fn lookup(path: &str) -> Option<&'static str> {
    FILES
        .iter()
        .find(|(name, _)| *name == path)
        .map(|(_, text)| *text)
}

/// Paths of all standard schemas.
pub fn paths() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(name, _)| *name)
}

macro_rules! embedded {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../std", $path)))),*]
    };
}

const FILES: &[(&str, &str)] = embedded![
    "/capnp/c++.capnp",
    "/capnp/persistent.capnp",
    "/capnp/rpc-twoparty.capnp",
    "/capnp/rpc.capnp",
    "/capnp/rust.capnp",
    "/capnp/schema.capnp",
    "/capnp/stream.capnp",
    "/capnp/compat/byte-stream.capnp",
    "/capnp/compat/http-over-capnp.capnp",
    "/capnp/compat/json-rpc.capnp",
    "/capnp/compat/json.capnp",
];

#[cfg(test)]
mod tests {
    use super::{lookup, paths};

    #[test]
    fn every_standard_schema_is_found_under_its_path_and_has_an_id() {
        for path in paths() {
            assert!(
                lookup(path).is_some_and(|text| text.contains("\n@0x") || text.starts_with("@0x")),
                "{path}"
            );
        }
        assert_eq!(paths().count(), 11);
        assert_eq!(lookup("capnp/c++.capnp"), None, "paths are absolute");
        assert_eq!(lookup("/capnp/none.capnp"), None);
    }
}
