//! Lists.

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

include!(concat!(env!("OUT_DIR"), "/lists/dsoftbus.rs"));
include!(concat!(env!("OUT_DIR"), "/lists/pairs.rs"));

mod mapping {
    use dsoftbus::AnyPointer;

    use crate::*;

    #[test]
    fn bytes_are_bytes_whether_data_or_a_list() {
        let lists = Lists {
            u8s: vec![1, 2],
            datas: vec![vec![3]],
            byte_lists: vec![vec![4], vec![]],
            ..Lists::default()
        };
        let read: Lists = AnyPointer::new(&lists).unwrap().get().unwrap();
        assert_eq!(read, lists);
        let data: Vec<u8> = AnyPointer::new(&lists.u8s).unwrap().get().unwrap();
        assert_eq!(data, [1, 2]);
    }

    #[test]
    fn a_list_that_became_one_of_structs_still_reads_and_the_other_way_round() {
        let structs = vec![Small { value: 7 }, Small { value: 8 }];
        let written = AnyPointer::new(&structs).unwrap();
        assert_eq!(written.get::<Vec<u8>>().unwrap(), [7, 8]);
        assert_eq!(written.get::<Vec<u16>>().unwrap(), [7, 8]);
        let written = AnyPointer::new(&vec![7_u8, 8]).unwrap();
        assert_eq!(written.get::<Vec<Small>>().unwrap(), structs);
    }
}
