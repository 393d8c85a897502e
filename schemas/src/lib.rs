//! The Cap'n Proto schemas of DSoftBus-lite, embedded.
//!
//! `dsoftbus-codegen` writes them out before it runs the schema compiler, so that every schema can
//! `import "/dsoftbus/bus.capnp"` without anything being installed. The wire format they ride on is `WIRE.md` beside this crate.

#![no_std]

/// One embedded schema.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SchemaFile {
    /// The path schemas import it by, absolute on the import path.
    pub path: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// `/dsoftbus/bus.capnp`: the annotations that turn an interface into a service.
pub const BUS: SchemaFile = SchemaFile {
    path: "/dsoftbus/bus.capnp",
    text: include_str!("../dsoftbus/bus.capnp"),
};

/// `/dsoftbus/samgr.capnp`: the service manager.
pub const SAMGR: SchemaFile = SchemaFile {
    path: "/dsoftbus/samgr.capnp",
    text: include_str!("../dsoftbus/samgr.capnp"),
};

/// `/dsoftbus/bundlemgr.capnp`: the bundle manager.
pub const BUNDLEMGR: SchemaFile = SchemaFile {
    path: "/dsoftbus/bundlemgr.capnp",
    text: include_str!("../dsoftbus/bundlemgr.capnp"),
};

/// `/dsoftbus/introspection.capnp`: what a device serves.
pub const INTROSPECTION: SchemaFile = SchemaFile {
    path: "/dsoftbus/introspection.capnp",
    text: include_str!("../dsoftbus/introspection.capnp"),
};

/// Every embedded schema.
pub const FILES: &[SchemaFile] = &[BUS, SAMGR, BUNDLEMGR, INTROSPECTION];

/// ID of `interface Sink(T)` in `bus.capnp`, which streams are declared with.
pub const SINK: u64 = 0xe3b8_5d06_f7a1_4c09;

/// The IDs that `bus.capnp` gives its annotations: generators recognise annotations by ID, never by name.
pub mod annotation {
    /// `$Bus.channel(n)` on an interface.
    pub const CHANNEL: u64 = 0xd1a4_c95b_2f7e_6802;
    /// `$Bus.errors` on an enum.
    pub const ERRORS: u64 = 0xc8b7_e02a_916f_3d03;
    /// `$Bus.code(c)` on an enumerant.
    pub const CODE: u64 = 0xb5d3_fa81_4c29_e604;
    /// `$Bus.since(n)` on a method.
    pub const SINCE: u64 = 0xa2e9_6cd7_503b_1f05;
    /// `$Bus.level(n)` on an interface.
    pub const LEVEL: u64 = 0x97c4_0be5_a86d_2f06;
    /// `$Bus.name(n)` on a declaration, field, method or parameter.
    pub const NAME: u64 = 0xfe72_a4c1_963b_d807;
}

#[cfg(test)]
mod tests {
    extern crate alloc;

    use super::{BUS, FILES, SINK, annotation};
    use alloc::format;

    #[test]
    fn every_annotation_id_is_the_one_in_bus_capnp() {
        for (name, id) in [
            ("channel", annotation::CHANNEL),
            ("errors", annotation::ERRORS),
            ("code", annotation::CODE),
            ("since", annotation::SINCE),
            ("level", annotation::LEVEL),
            ("name", annotation::NAME),
        ] {
            let declared = format!("annotation {name} @{id:#x} (");
            assert!(
                BUS.text.contains(&declared),
                "{declared} is not in {}",
                BUS.path
            );
        }
    }

    #[test]
    fn the_id_of_sink_is_the_one_in_bus_capnp() {
        assert!(
            BUS.text
                .contains(&format!("interface Sink @{SINK:#x} (T) {{"))
        );
    }

    #[test]
    fn every_path_is_absolute_and_unique() {
        for (index, file) in FILES.iter().enumerate() {
            assert!(file.path.starts_with("/dsoftbus/"), "{}", file.path);
            assert!(
                FILES
                    .iter()
                    .skip(index + 1)
                    .all(|other| other.path != file.path)
            );
        }
    }
}
