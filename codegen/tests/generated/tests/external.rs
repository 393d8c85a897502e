//! Types whose code another crate has: the library of this package.

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

include!(concat!(env!("OUT_DIR"), "/external/dsoftbus.rs"));
include!(concat!(env!("OUT_DIR"), "/external/pairs.rs"));

mod mapping {
    use dsoftbus::{AnyPointer, Context, Result};
    use dsoftbus_generated_tests as base;

    use crate::*;

    struct Here;

    impl base::Ear for Here {
        async fn hear(&self, _: &Context, _: &str) -> Result<()> {
            Ok(())
        }
    }

    impl Listener for Here {
        async fn look(&self, _: &Context, shared: base::Shared) -> Result<listener::LookResults> {
            Ok(listener::LookResults {
                ear: base::EarClient::local(Self),
                contact: base::Contact {
                    name: shared.id.to_string(),
                    ..base::Contact::default()
                },
            })
        }
    }

    #[test]
    fn values_hold_types_of_another_crate() {
        let outside = Outside {
            shared: base::Shared { id: 1 },
            pair: base::Pair {
                a: "a".to_owned(),
                b: base::Shared { id: 2 },
                swapped: None,
            },
            shape: base::Shape::Nothing,
            entry: base::map::Entry {
                key: "k".to_owned(),
                value: vec![1],
            },
            ..Outside::default()
        };
        assert_eq!((outside.color, outside.point.x), (base::Color::Green, 3));
        assert_eq!(COLOUR, base::Color::Blue);
        let read: Outside = AnyPointer::new(&outside).unwrap().get().unwrap();
        assert_eq!(read, outside);
    }

    #[test]
    fn an_interface_extends_and_returns_one_of_another_crate() {
        common::now(async {
            let client = ListenerClient::local(Here);
            let answer = client.look(&base::Shared { id: 5 }).await.unwrap();
            assert_eq!(answer.contact.name, "5");
            answer.ear.hear("x").await.unwrap();
            base::EarClient::from(client).hear("y").await.unwrap();
        });
    }
}
