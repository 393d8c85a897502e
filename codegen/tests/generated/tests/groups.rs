//! Groups.

#![deny(
    warnings,
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    unnameable_types,
    elided_lifetimes_in_paths,
    unused_qualifications,
    single_use_lifetimes,
    clippy::pedantic
)]
#![forbid(unsafe_code)]

#[allow(unreachable_pub, missing_docs, unused, clippy::pedantic)]
#[path = "common/mod.rs"]
mod common;

include!(concat!(env!("OUT_DIR"), "/groups/dsoftbus.rs"));
include!(concat!(env!("OUT_DIR"), "/groups/pairs.rs"));

mod mapping {
    use dsoftbus::AnyPointer;

    use crate::*;

    #[test]
    fn groups_are_structs_in_the_module_of_their_struct() {
        let person = Person {
            name: person::Name {
                first: "Grace".to_owned(),
                last: "Hopper".to_owned(),
            },
            address: person::Address {
                country: person::address::Country {
                    known: true,
                    ..person::address::Country::default()
                },
                ..person::Address::default()
            },
            boss: Some(Box::default()),
        };
        assert_eq!(person.address.number, 1);
        assert_eq!(person.address.country.code, "de");
        let written = AnyPointer::new(&person).unwrap();
        assert_eq!(written.get::<Person>().unwrap(), person);
    }
}
