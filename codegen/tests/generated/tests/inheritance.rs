//! Interfaces that extend others.

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

include!(concat!(env!("OUT_DIR"), "/inheritance/dsoftbus.rs"));

mod calls {
    use crate::common::now;
    use crate::*;

    #[test]
    fn what_is_extended_is_called_through_clients_of_its_own() {
        now(async {
            let mock = DeepMock::default();
            mock.named.name.returns("deep".to_owned());
            mock.counted.reset.returns(counted::ResetResults {
                before: 1,
                after: 2,
            });
            mock.holds.hold.returns(());
            mock.several.own.returns(());
            let deep = DeepClient::local(mock.clone());

            let several = SeveralClient::from(deep.clone());
            several.own(b"data").await.unwrap();
            assert_eq!(mock.several.own.calls(), [(b"data".to_vec(),)]);
            // By way of another, or at once.
            for named in [several.into(), NamedClient::from(deep.clone())] {
                assert_eq!(named.name().await.unwrap(), "deep");
            }
            let reset = CountedClient::from(deep.clone()).reset(2).await.unwrap();
            assert_eq!((reset.before, reset.after), (1, 2));
            let holds = HoldsClient::<String>::from(deep);
            holds.hold(&"held".to_owned()).await.unwrap();
            assert_eq!(mock.holds.hold.calls(), [("held".to_owned(),)]);
        });
    }

    #[test]
    fn descriptors_name_what_is_extended() {
        let names = |of: &dsoftbus::ServiceDescriptor| -> Vec<&str> {
            of.extends.iter().map(|parent| parent.name).collect()
        };
        assert_eq!(names(&one::DESCRIPTOR), ["Named"]);
        assert_eq!(names(&several::DESCRIPTOR), ["Named", "Counted"]);
        assert_eq!(names(&deep::DESCRIPTOR), ["Several", "Holds"]);
        assert_eq!((one::DESCRIPTOR.level, deep::DESCRIPTOR.level), (0, 1));
    }
}
