//! Unions.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]
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

include!(concat!(env!("OUT_DIR"), "/unions/dsoftbus.rs"));
include!(concat!(env!("OUT_DIR"), "/unions/pairs.rs"));

mod mapping {
    use dsoftbus::AnyPointer;

    use crate::contact::Which as Reach;
    use crate::position::{self, r#where};
    use crate::*;

    fn back<T: dsoftbus::Pointer>(value: &T) -> T {
        AnyPointer::new(value).unwrap().get().unwrap()
    }

    #[test]
    fn a_union_without_a_name_is_a_field_beside_the_others() {
        let contact = Contact {
            name: "Ada".to_owned(),
            note: "first".to_owned(),
            which: Reach::Friend(Some(Box::new(Contact {
                which: Reach::Age(36),
                ..Contact::default()
            }))),
        };
        assert_eq!(back(&contact), contact);
        assert_eq!(Contact::default().which, Reach::None);
    }

    #[test]
    fn a_struct_that_is_nothing_but_a_union_is_an_enum() {
        assert_eq!(Shape::default(), Shape::Circle(0.0));
        let square = Shape::Square(shape::Square {
            side: 3,
            ..shape::Square::default()
        });
        let Shape::Square(inside) = &square else {
            panic!("a square")
        };
        assert_eq!(inside.label, "square");
        let others = Shape::Others(vec![square, Shape::Nothing, Shape::Unknown(9)]);
        assert_eq!(back(&others), others);
    }

    #[test]
    fn a_named_union_is_an_enum_and_so_is_one_inside_it() {
        let position = Position {
            r#where: position::Where::Beside(r#where::Beside::Right("wall".to_owned())),
            sure: false,
        };
        assert_eq!(back(&position), position);
        assert!(Position::default().sure);
    }

    #[test]
    fn an_empty_value_of_a_member_with_a_default_is_written() {
        for mail in ["", "nobody@example.com", "x"] {
            let contact = Contact {
                which: Reach::Mail(mail.to_owned()),
                ..Contact::default()
            };
            assert_eq!(back(&contact), contact);
        }
    }

    #[test]
    fn the_default_is_the_member_with_number_0() {
        assert_eq!(Reversed::default(), Reversed::First(String::new()));
    }

    #[test]
    fn a_member_of_a_newer_schema_keeps_its_number() {
        let odd = Odd::UnknownValue(7);
        assert_eq!(back(&odd), odd);
        assert_eq!(Odd::default(), Odd::Unknown);
        // A number that is known after all reads as that member.
        assert_eq!(
            back(&Shape::Unknown(1)),
            Shape::Square(shape::Square::default())
        );
    }
}
