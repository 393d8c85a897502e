//! Constants and defaults.

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

include!(concat!(env!("OUT_DIR"), "/constants/dsoftbus.rs"));
include!(concat!(env!("OUT_DIR"), "/constants/pairs.rs"));

mod mapping {
    use dsoftbus::AnyPointer;

    use crate::*;

    #[test]
    fn constants_are_the_schemas() {
        assert_eq!(LIMIT, 4096);
        assert_eq!((ORIGIN.x, ORIGIN.label.as_str()), (-1, "origin"));
        assert_eq!(PRIMES.as_slice(), [2, 3, 5, 7]);
        assert_eq!(NAMES.as_slice(), ["a", "", "c"]);
        assert_eq!(BLOBS.as_slice(), [vec![0], vec![]]);
        assert_eq!((POINTS[0].x, POINTS[0].label.as_str()), (1, "somewhere"));
        assert_eq!((POINTS[1].x, POINTS[1].label.as_str()), (10, "second"));
        assert_eq!(GRID.as_slice(), [vec![true, false], vec![]]);
        assert_eq!(COLORS.as_slice(), [Color::Blue, Color::Red]);
        assert_eq!(NOTHINGS.len(), 2);
        assert_eq!(FLOATS.as_slice(), [1.5, f32::NEG_INFINITY]);
        assert!(EMPTY.is_empty());
        assert_eq!(point::ZERO.x, 0);
    }

    #[test]
    fn defaults_are_the_schemas() {
        let value = Defaults::default();
        assert_eq!(
            (value.i8, value.i16, value.i32, value.i64),
            (-8, -16, -32, -64)
        );
        assert_eq!(
            (value.u8, value.u16, value.u32, value.u64),
            (8, 16, 32, u64::MAX)
        );
        assert_eq!(
            (value.f32, value.f64, value.infinite),
            (-1.5, 2.5e100, f32::NEG_INFINITY)
        );
        assert!(value.nan.is_nan() && value.flag);
        assert_eq!(
            (value.text.as_str(), value.data.as_slice()),
            ("default", &[1, 2][..])
        );
        assert_eq!((value.color, value.point.x), (Color::Green, 5));
        assert_eq!(value.point.label, "somewhere");
        assert_eq!(
            (value.primes, value.texts),
            (vec![2, 3], vec!["x".to_owned()])
        );
        assert_eq!((value.bytes, value.points[0].x), (vec![1, 2, 3], 1));
        assert_eq!(value.grid, [vec![1], vec![2, 3]]);
        assert_eq!(value.plain.x, 10);
        assert_eq!(value.which, defaults::Which::First(24));
    }

    #[test]
    fn an_empty_value_is_not_the_default() {
        let value = Defaults {
            nan: 0.0,
            text: String::new(),
            data: vec![],
            primes: vec![],
            points: vec![],
            texts: vec![],
            bytes: vec![],
            grid: vec![],
            which: defaults::Which::Second(Point {
                x: 0,
                label: String::new(),
            }),
            ..Defaults::default()
        };
        let read: Defaults = AnyPointer::new(&value).unwrap().get().unwrap();
        assert_eq!(read, value);
    }
}
