//! Tests of the records.

use alloc::{boxed::Box, vec, vec::Vec};

use proptest::prelude::*;
use snow::{Builder, TransportState, resolvers::DefaultResolver};

use super::*;
use crate::crypto::Resolver;

const SUITES: [Suite; 2] = [Suite::AesGcm, Suite::ChaChaPoly];
const KEY: [u8; 32] = [7; 32];

fn pair(suite: Suite, rekey_every: u64) -> (Sealer, Opener) {
    (
        with_threshold(suite, rekey_every),
        opener_with_threshold(suite, rekey_every),
    )
}

fn with_threshold(suite: Suite, rekey_every: u64) -> Sealer {
    Sealer(Direction::new(suite, &KEY, rekey_every).unwrap())
}

fn opener_with_threshold(suite: Suite, rekey_every: u64) -> Opener {
    Opener::of(Direction::new(suite, &KEY, rekey_every).unwrap())
}

fn seal(sealer: &mut Sealer, plaintext: &[u8]) -> Vec<u8> {
    let mut record = vec![0; HEADER];
    record.extend_from_slice(plaintext);
    sealer.seal(&mut record).unwrap();
    record
}

/// Opens a whole record as a driver does.
fn open(opener: &mut Opener, record: &[u8]) -> Result<Bytes, RecordError> {
    let (header, rest) = record.split_first_chunk().unwrap();
    assert_eq!(ciphertext_len(*header).unwrap(), rest.len());
    opener.open(rest)
}

#[test]
fn the_smallest_and_the_largest_record_arrive_aligned() {
    for suite in SUITES {
        let (mut sealer, mut opener) = pair(suite, REKEY_EVERY);
        for len in [1, 2, 8, 1_000, MAX_PLAINTEXT] {
            let plain = vec![0x5a; len];
            let record = seal(&mut sealer, &plain);
            assert_eq!(record.len(), HEADER + len + TAG);
            let opened = open(&mut opener, &record).unwrap();
            assert_eq!(opened, plain);
            assert!(crate::buffer::is_aligned(&opened));
        }
        assert_eq!((sealer.count(), opener.count()), (5, 5));
    }
}

#[test]
fn a_record_whose_payload_lies_elsewhere_is_the_same_record() {
    for suite in SUITES {
        let (mut one, mut opener) = pair(suite, REKEY_EVERY);
        let mut other = with_threshold(suite, REKEY_EVERY);
        let mut sealed = Vec::new();
        for (front, payload) in [(0, 1), (8, 5_000), (8, 40), (24, 61_440), (15, 65_504)] {
            let plain: Vec<u8> = (0..front + payload).map(|at| at as u8).collect();
            let mut record = vec![0; HEADER];
            record.extend_from_slice(&plain[..front]);
            one.seal_with(&mut record, &plain[front..], &mut sealed)
                .unwrap();
            // Where the cipher takes two pieces nothing was copied.
            let in_pieces = cfg!(feature = "aws-lc") && suite == Suite::AesGcm;
            let copied = if in_pieces { 0 } else { payload };
            assert!(record.len() <= HEADER + front + copied + TAG);
            record.extend_from_slice(&sealed);
            assert_eq!(record, seal(&mut other, &plain));
            assert_eq!(open(&mut opener, &record).unwrap(), plain);
        }
    }
}

#[test]
fn a_payload_elsewhere_that_does_not_fit_is_refused_and_ends_the_direction() {
    for suite in SUITES {
        for (room, front, payload) in [(0, 0, 9), (HEADER, 0, 0), (HEADER, 16, 65_504)] {
            let (mut sealer, _) = pair(suite, REKEY_EVERY);
            let mut record = vec![0; room + front];
            let mut sealed = Vec::new();
            let refused = sealer.seal_with(&mut record, &vec![0; payload], &mut sealed);
            assert_eq!(refused, Err(RecordError::Size));
            let next = sealer.seal_with(&mut vec![0; 10], &[0; 8], &mut sealed);
            assert_eq!(next, Err(RecordError::Failed));
        }
    }
}

#[test]
fn a_plaintext_that_does_not_fit_is_refused_and_ends_the_direction() {
    for size in [0, 1, HEADER, HEADER + MAX_PLAINTEXT + 1] {
        let mut sealer = with_threshold(Suite::AesGcm, REKEY_EVERY);
        assert_eq!(sealer.seal(&mut vec![0; size]), Err(RecordError::Size));
        assert_eq!(sealer.seal(&mut vec![0; 100]), Err(RecordError::Failed));
    }
}

/// Case A30.
#[test]
fn a_length_below_17_is_refused() {
    for len in 0..17_u16 {
        assert_eq!(
            ciphertext_len(len.to_be_bytes()),
            Err(RecordError::TooShort)
        );
        let (_, mut opener) = pair(Suite::AesGcm, REKEY_EVERY);
        assert_eq!(
            opener.open(&vec![0; len.into()]),
            Err(RecordError::TooShort)
        );
        assert_eq!(opener.open(&[0; 40]), Err(RecordError::Failed));
    }
    assert_eq!(ciphertext_len([0, 17]), Ok(17));
    assert_eq!(ciphertext_len([0xff, 0xff]), Ok(MAX_CIPHERTEXT));
}

/// Case A30.
#[test]
fn after_a_failed_tag_even_the_right_record_is_refused() {
    for suite in SUITES {
        let (mut sealer, mut opener) = pair(suite, REKEY_EVERY);
        let good = seal(&mut sealer, b"pay 1");
        let mut bad = good.clone();
        bad[4] ^= 1;
        assert_eq!(open(&mut opener, &bad), Err(RecordError::BadTag));
        assert_eq!(open(&mut opener, &good), Err(RecordError::Failed));
        let (_, mut fresh) = pair(suite, REKEY_EVERY);
        assert_eq!(open(&mut fresh, &good).unwrap(), &b"pay 1"[..]);
    }
}

#[test]
fn a_repeated_skipped_or_swapped_record_is_refused() {
    for suite in SUITES {
        let (mut sealer, _) = pair(suite, REKEY_EVERY);
        let records = [
            seal(&mut sealer, b"0"),
            seal(&mut sealer, b"1"),
            seal(&mut sealer, b"2"),
        ];
        for order in [[0, 0], [0, 2], [1, 0]] {
            let (_, mut opener) = pair(suite, REKEY_EVERY);
            let mut results = order.map(|index: usize| open(&mut opener, &records[index]));
            if order[0] == 0 {
                assert!(results[0].is_ok());
                results.swap(0, 1);
            }
            assert_eq!(results[0], Err(RecordError::BadTag), "{order:?}");
        }
    }
}

#[test]
fn a_record_that_goes_back_to_its_sender_is_refused() {
    let mut keys =
        [[1; 32], [2; 32]].map(|key| Direction::new(Suite::AesGcm, &key, REKEY_EVERY).unwrap());
    keys.reverse();
    let [theirs, ours] = keys;
    let record = seal(&mut Sealer(ours), b"hello");
    assert_eq!(
        open(&mut Opener::of(theirs), &record),
        Err(RecordError::BadTag)
    );
}

/// Case A31.
#[test]
fn a_rekey_one_record_early_or_late_is_noticed() {
    for suite in SUITES {
        for (threshold, first_bad) in [(4, None), (3, Some(3)), (5, Some(4))] {
            let mut sealer = with_threshold(suite, 4);
            let mut opener = opener_with_threshold(suite, threshold);
            let failed = (0..20).find(|_| open(&mut opener, &seal(&mut sealer, b"tick")).is_err());
            assert_eq!(failed, first_bad, "opener rekeys every {threshold}");
        }
    }
}

#[test]
fn a_rekey_changes_the_key_and_nothing_else() {
    for suite in SUITES {
        let (mut rekeying, mut plain) =
            (with_threshold(suite, 2), with_threshold(suite, REKEY_EVERY));
        for number in 0..2 {
            assert_eq!(
                seal(&mut rekeying, b"same"),
                seal(&mut plain, b"same"),
                "record {number}"
            );
        }
        assert_ne!(seal(&mut rekeying, b"same"), seal(&mut plain, b"same"));
    }
}

/// Case A32.
#[test]
fn the_counter_ends_and_never_wraps() {
    for suite in SUITES {
        let (mut sealer, mut opener) = pair(suite, REKEY_EVERY);
        sealer.0.count = MAX_RECORDS - 1;
        opener.direction.count = MAX_RECORDS - 1;
        let last = seal(&mut sealer, b"last");
        assert_eq!(open(&mut opener, &last).unwrap(), &b"last"[..]);

        assert_eq!(sealer.seal(&mut vec![0; 100]), Err(RecordError::Exhausted));
        assert_eq!(sealer.seal(&mut vec![0; 100]), Err(RecordError::Failed));
        assert_eq!(opener.open(&[0; 100]), Err(RecordError::Exhausted));
        assert_eq!(opener.open(&[0; 100]), Err(RecordError::Failed));
        assert_eq!((sealer.count(), opener.count()), (MAX_RECORDS, MAX_RECORDS));
    }
}

#[test]
fn keys_do_not_show_in_debug_output() {
    let (sealer, opener) = pair(Suite::AesGcm, REKEY_EVERY);
    let text = alloc::format!("{sealer:?} {opener:?}");
    assert!(text.contains("[redacted]") && !text.contains('7'), "{text}");
}

/// The initiator's transport of stock snow and our two directions, from one handshake.
fn beside_snow(suite: Suite) -> ([TransportState; 2], Sealer, Opener) {
    let params = || suite.noise_name().parse().unwrap();
    let responder_public = *crate::identity::StaticSecret::from_bytes([2; 32]).public();
    let builder = |own: &'static [u8; 32], ephemeral: &'static [u8; 32]| {
        Builder::with_resolver(params(), Box::new(Resolver::new((*ephemeral).into(), None)))
            .local_private_key(own)
            .unwrap()
    };
    let stock = |own: &'static [u8; 32], ephemeral: &'static [u8; 32]| {
        let rng = Box::new(Resolver::new((*ephemeral).into(), None));
        let resolver = snow::resolvers::FallbackResolver::new(Box::new(DefaultResolver), rng);
        Builder::with_resolver(params(), Box::new(resolver))
            .local_private_key(own)
            .unwrap()
    };
    let mut ours = builder(&[1; 32], &[3; 32])
        .remote_public_key(responder_public.as_bytes())
        .unwrap();
    let _ = &mut ours;
    let mut ours = ours.build_initiator().unwrap();
    let mut initiator = stock(&[1; 32], &[3; 32])
        .remote_public_key(responder_public.as_bytes())
        .unwrap()
        .build_initiator()
        .unwrap();
    let mut responder = stock(&[2; 32], &[4; 32]).build_responder().unwrap();
    let mut out = [0; 200];
    let mut expected = [0; 200];
    for from_initiator in [true, false, true] {
        if from_initiator {
            let len = initiator.write_message(&[], &mut out).unwrap();
            assert_eq!(ours.write_message(&[], &mut expected).unwrap(), len);
            assert_eq!(
                out[..len],
                expected[..len],
                "our primitives and snow's make the same message"
            );
            responder.read_message(&out[..len], &mut []).unwrap();
        } else {
            let len = responder.write_message(&[], &mut out).unwrap();
            initiator.read_message(&out[..len], &mut []).unwrap();
            ours.read_message(&out[..len], &mut []).unwrap();
        }
    }
    let (from_initiator, from_responder) = ours.dangerously_get_raw_split();
    let sealer = Sealer(Direction::new(suite, &from_initiator, 4).unwrap());
    let opener = Opener::of(Direction::new(suite, &from_responder, 4).unwrap());
    let transports = [initiator, responder].map(|state| state.into_transport_mode().unwrap());
    (transports, sealer, opener)
}

#[test]
fn records_are_those_of_snow_across_rekeys() {
    for suite in SUITES {
        let ([mut initiator, mut responder], mut sealer, mut opener) = beside_snow(suite);
        for number in 0..10_u8 {
            if number > 0 && number % 4 == 0 {
                initiator.rekey_outgoing();
                responder.rekey_outgoing();
            }
            let mut theirs = [0; 100];
            let plain = [number; 33];
            let len = initiator.write_message(&plain, &mut theirs).unwrap();
            assert_eq!(
                seal(&mut sealer, &plain)[HEADER..],
                theirs[..len],
                "sealed record {number}"
            );
            let len = responder.write_message(&plain, &mut theirs).unwrap();
            assert_eq!(
                opener.open(&theirs[..len]).unwrap(),
                &plain[..],
                "opened record {number}"
            );
        }
    }
}

proptest! {
    #[test]
    fn what_is_sealed_opens_to_the_same(
        plains in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..300), 1..12)
    ) {
        for suite in SUITES {
            let (mut sealer, mut opener) = pair(suite, 5);
            for plain in &plains {
                let record = seal(&mut sealer, plain);
                prop_assert_eq!(&open(&mut opener, &record).unwrap()[..], &plain[..]);
            }
        }
    }

    #[test]
    fn foreign_bytes_never_open_and_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for suite in SUITES {
            let (_, mut opener) = pair(suite, 5);
            let expected = if bytes.len() < MIN_CIPHERTEXT { RecordError::TooShort } else { RecordError::BadTag };
            prop_assert_eq!(opener.open(&bytes), Err(expected));
        }
    }
}
