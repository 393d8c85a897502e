//! Structs that contain themselves.

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

include!(concat!(env!("OUT_DIR"), "/recursion/dsoftbus.rs"));
include!(concat!(env!("OUT_DIR"), "/recursion/pairs.rs"));

mod mapping {
    use dsoftbus::AnyPointer;

    use crate::*;

    #[test]
    fn what_contains_itself_may_be_absent() {
        let chain = Chain {
            value: 1,
            next: Some(Box::new(Chain {
                value: 2,
                next: None,
            })),
        };
        let read: Chain = AnyPointer::new(&chain).unwrap().get().unwrap();
        assert_eq!(read, chain);
        assert_eq!(Chain::default().next, None);
        // What leads out of the circle is not boxed.
        let _: Leaf = Pong::default().outside;
    }

    #[test]
    fn an_absent_value_and_an_empty_one_are_told_apart() {
        for next in [None, Some(Box::default())] {
            let chain = Chain { value: 0, next };
            let read: Chain = AnyPointer::new(&chain).unwrap().get().unwrap();
            assert_eq!(read, chain);
        }
    }

    #[test]
    fn members_of_unions_and_fields_of_groups_are_boxed_too() {
        let call = Expression::Call(expression::Call {
            function: Some(Box::new(Expression::Name("f".to_owned()))),
            arguments: vec![Expression::Negative(Some(Box::new(Expression::Number(
                1.0,
            ))))],
        });
        let read: Expression = AnyPointer::new(&call).unwrap().get().unwrap();
        assert_eq!(read, call);
    }

    #[test]
    fn a_struct_that_contains_itself_through_an_argument_is_boxed_and_through_a_list_is_not() {
        let nested = Nested {
            r#box: Some(Box::new(Box_ {
                inside: Nested::default(),
            })),
            list: Box_ {
                inside: vec![Nested::default()],
            },
        };
        let read: Nested = AnyPointer::new(&nested).unwrap().get().unwrap();
        assert_eq!(read, nested);
    }

    #[test]
    fn none_stands_for_the_default_of_the_schema() {
        assert_eq!(Fallback::default().next, None);
    }

    use crate::Box as Box_;
    use std::boxed::Box;
}
