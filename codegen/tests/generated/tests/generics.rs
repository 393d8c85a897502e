//! Generic types.

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

include!(concat!(env!("OUT_DIR"), "/generics/dsoftbus.rs"));
include!(concat!(env!("OUT_DIR"), "/generics/pairs.rs"));

mod mapping {
    use dsoftbus::AnyPointer;

    use crate::*;

    #[test]
    fn generic_types_are_generic_in_rust() {
        let pair: Pair<String, Vec<u32>> = Pair {
            a: "a".to_owned(),
            b: vec![1, 2],
            swapped: Some(Box::new(Pair {
                a: vec![3],
                b: "b".to_owned(),
                swapped: None,
            })),
        };
        let written = AnyPointer::new(&pair).unwrap();
        assert_eq!(written.get::<Pair<String, Vec<u32>>>().unwrap(), pair);
    }

    #[test]
    fn what_is_unbound_is_any_pointer() {
        let uses = Uses {
            unbound: Pair {
                a: AnyPointer::new(&"text".to_owned()).unwrap(),
                ..Pair::default()
            },
            ..Uses::default()
        };
        let read: Uses = AnyPointer::new(&uses).unwrap().get().unwrap();
        assert_eq!(read.unbound.a.get::<String>().unwrap(), "text");
        assert_eq!(read, uses);
    }

    #[test]
    fn only_parameters_that_are_used_are_there() {
        let _: Result<String, u8> = Result {
            attempts: 1,
            which: result::Which::Good("x".to_owned()),
        };
        let _: result::Plain = result::Plain {
            text: String::new(),
        };
        // Two parameters of one name in reach.
        let _: result::Inner<String, Vec<u8>> = result::Inner {
            outer: String::new(),
            inner: vec![0],
        };
        let _: Third<Maybe<String>> = Third {
            all: vec![Maybe::Some("x".to_owned())],
        };
    }

    #[test]
    fn a_struct_may_contain_itself_through_an_argument() {
        let uses = Uses {
            self_: Some(Box::new(Maybe::Some(Uses::default()))),
            map: Map {
                entries: vec![map::Entry {
                    key: "k".to_owned(),
                    value: Uses::default(),
                }],
            },
            ..Uses::default()
        };
        let read: Uses = AnyPointer::new(&uses).unwrap().get().unwrap();
        assert_eq!(read, uses);
    }

    #[test]
    fn defaults_and_constants_of_generic_types_are_the_schemas() {
        let default = Uses::default().with_default;
        assert_eq!(default.a, "a");
        assert_eq!(default.swapped.unwrap().a, b"");
        assert_eq!((WORDS.a.as_str(), WORDS.b.len()), ("one", 2));
    }
}
