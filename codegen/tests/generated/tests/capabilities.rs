//! Interfaces as values.

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

include!(concat!(env!("OUT_DIR"), "/capabilities/dsoftbus.rs"));
include!(concat!(env!("OUT_DIR"), "/capabilities/pairs.rs"));

mod mapping {
    use std::sync::Arc;

    use dsoftbus::{AnyPointer, Capability, Client as _, Context, Result};

    use crate::*;

    /// Two of these are two objects: it is not without a size.
    struct Deaf(#[allow(dead_code)] u8);

    impl Ear for Deaf {
        async fn hear(&self, _: &Context, _: &str) -> Result<()> {
            Ok(())
        }
    }

    fn ear() -> EarClient {
        EarClient::local(Deaf(0))
    }

    #[test]
    fn capabilities_keep_their_places_wherever_they_lie() {
        let inside = Handles {
            ear: ear(),
            which: handles::Which::Third(ear()),
            ..Handles::default()
        };
        let handles = Handles {
            ear: ear(),
            ears: vec![ear(), EarClient::default(), ear()],
            any: ear().capability().clone(),
            anys: vec![Capability::null(), ear().capability().clone()],
            store: StoreClient::from_capability(ear().capability().clone()),
            open: AnyPointer::new(&inside).unwrap(),
            pair: Some(Box::new(Both {
                a: ear(),
                b: inside.clone(),
            })),
            more: handles::More {
                left: ear(),
                right: StoreClient::default(),
            },
            which: handles::Which::Third(ear()),
        };
        let written = AnyPointer::new(&handles).unwrap();
        assert_eq!(written.capabilities().len(), 13);
        let read: Handles = written.get().unwrap();
        assert_eq!(read, handles);
        assert_eq!(read.open.get::<Handles>().unwrap(), inside);
        // Equal capabilities, in whatever order the message lists them.
        assert_eq!(AnyPointer::new(&read).unwrap(), written);
        let other = Handles {
            ear: ear(),
            ..handles
        };
        assert_ne!(AnyPointer::new(&other).unwrap(), written);
    }

    #[test]
    fn nothing_is_a_client_that_refers_to_nothing() {
        let read: Handles = AnyPointer::default().get().unwrap();
        assert!(read.ear.capability().is_null() && read.any.is_null());
        assert_eq!(read, Handles::default());
        assert!(AnyPointer::new(&ear()).unwrap().get::<EarClient>().is_ok());
        assert!(AnyPointer::new(&EarClient::default()).unwrap().is_null());
    }

    #[test]
    fn a_released_message_releases_what_it_holds() {
        let object = Arc::new(Deaf(1));
        let client = EarClient::from_capability(Capability::local(Arc::new(EarSkeleton::new(
            Arc::clone(&object),
        ))));
        let written = AnyPointer::new(&client).unwrap();
        drop(client);
        assert_eq!(Arc::strong_count(&object), 2);
        drop(written);
        assert_eq!(Arc::strong_count(&object), 1);
    }
}
