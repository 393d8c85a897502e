//! Values whose type the schema leaves open.

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

include!(concat!(env!("OUT_DIR"), "/any_pointer/dsoftbus.rs"));
include!(concat!(env!("OUT_DIR"), "/any_pointer/pairs.rs"));

mod mapping {
    use dsoftbus::__private::capnp;
    use dsoftbus::AnyPointer;

    use crate::*;

    #[test]
    fn any_value_goes_in_and_comes_out() {
        let note = Note {
            text: "note".to_owned(),
            more: vec![Note::default()],
            ..Note::default()
        };
        let envelope = Envelope {
            content: AnyPointer::new(&note).unwrap(),
            list: AnyPointer::new(&vec![1_u64, 2]).unwrap(),
            which: envelope::Which::Other(AnyPointer::new(&"text".to_owned()).unwrap()),
            ..Envelope::default()
        };
        let read: Envelope = AnyPointer::new(&envelope).unwrap().get().unwrap();
        assert_eq!(read, envelope);
        assert_eq!(read.content.get::<Note>().unwrap(), note);
        assert_eq!(read.list.get::<Vec<u64>>().unwrap(), [1, 2]);
        assert!(read.structure.is_null());
        assert_eq!(read.structure.get::<Note>().unwrap(), Note::default());
    }

    #[test]
    fn capnpcs_readers_and_builders_work_on_it() {
        let written = AnyPointer::write(|to| {
            let mut note: any_pointer_capnp::note::Builder<'_> = to.init_as();
            note.set_text("raw");
            Ok(())
        });
        let note: Note = written.unwrap().get().unwrap();
        assert_eq!(note.text, "raw");
        let length = AnyPointer::new(&note).unwrap().read(|any| {
            let note: any_pointer_capnp::note::Reader<'_> = any.get_as()?;
            Ok(note.get_text()?.len())
        });
        assert_eq!(length.unwrap(), 3);
    }

    #[test]
    fn two_are_equal_when_their_canonical_encodings_are() {
        let short = AnyPointer::new(&Note::default()).unwrap();
        let long = AnyPointer::write(|to| {
            let mut note: any_pointer_capnp::note::Builder<'_> = to.init_as();
            note.set_number(0);
            note.init_more(0);
            Ok(())
        });
        // An empty list is not an absent one.
        assert_ne!(short, long.unwrap());
        let empty = AnyPointer::write(|to| {
            to.init_as::<any_pointer_capnp::openings::Builder<'_>>();
            Ok(())
        });
        // Structs of different sizes whose content is nothing.
        assert_eq!(short, empty.unwrap());
        assert_ne!(short, AnyPointer::default());
        assert_ne!(
            AnyPointer::new(&vec![1_u8]).unwrap(),
            AnyPointer::new(&vec![1_u16]).unwrap()
        );
    }

    #[test]
    fn what_is_no_such_value_is_an_error() {
        let text = AnyPointer::new(&"text".to_owned()).unwrap();
        let status = text.get::<Note>().unwrap_err();
        assert_eq!(status.code(), dsoftbus::Code::DataLoss);
        let status = text
            .read(|_| Err::<(), _>(capnp::Error::failed("mine".to_owned())))
            .unwrap_err();
        assert_eq!(status.message(), "bad value: mine");
    }

    #[test]
    fn constants_hold_them_too() {
        assert_eq!(OPENINGS.first.get::<Note>().unwrap().text, "hello");
        assert_eq!(OPENINGS.second.get::<Vec<i16>>().unwrap(), [1, -2, 3]);
        assert_eq!(NUMBERS.as_slice(), [1, -2, 3]);
    }
}
