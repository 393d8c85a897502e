//! Names that annotations give.

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

include!(concat!(env!("OUT_DIR"), "/renames/dsoftbus.rs"));
include!(concat!(env!("OUT_DIR"), "/renames/pairs.rs"));

mod mapping {
    use crate::*;

    #[test]
    fn rust_has_the_names_that_annotations_give() {
        let good = Good {
            new_name: "x".to_owned(),
            good_union: good::GoodUnion::Two(good::GoodEnum::Why),
            foo_bar: true,
            foo_bar_too: false,
            which: good::Which::GoodGroup(good::GoodGroup { foo: true }),
        };
        let uses = Uses {
            bad: good,
            inside: good::Outside { value: 1 },
        };
        assert_eq!(uses, uses.clone());
        assert_eq!(good::Which::default(), good::Which::GoodMember);
        assert_eq!(GOOD_CONST, 1);
    }
}
