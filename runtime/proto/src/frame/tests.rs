//! Frames as bytes.

use alloc::vec;
use alloc::vec::Vec;

use hex_literal::hex;
use proptest::prelude::*;

use super::*;
use crate::side::Side;

#[test]
fn every_kind_has_the_bytes_of_the_specification() {
    let ours = ChannelId::new(Side::Initiator, 0x0002, 0x0101).unwrap();
    let theirs = ChannelId::new(Side::Responder, 0x7fff, 0x0010).unwrap();
    let cases: [(Frame<'_>, &[u8]); 9] = [
        (
            Frame::Open {
                channel: ours,
                mode: Mode::Bytes,
                interface_id: 0x1122_3344_5566_7788,
                extra: &[0xaa, 0xbb, 0xcc],
            },
            &hex!("01010200 01 01 0b00 8877665544332211 aabbcc 0000000000"),
        ),
        (
            Frame::Accept {
                channel: theirs,
                extra: &[],
            },
            &hex!("1000ffff 02 00 0000"),
        ),
        (
            Frame::Data {
                channel: ours,
                start: true,
                payload: &[1, 2, 3, 4, 5, 6, 7, 8],
            },
            &hex!("01010200 03 01 0800 0102030405060708"),
        ),
        (
            Frame::Credit {
                channel: Some(ours),
                amount: NonZeroU32::MIN,
            },
            &hex!("01010200 04 00 0400 01000000 00000000"),
        ),
        (
            Frame::Credit {
                channel: None,
                amount: NonZeroU32::MAX,
            },
            &hex!("00000000 04 00 0400 ffffffff 00000000"),
        ),
        (
            Frame::Close {
                channel: ours,
                code: CloseCode::DIGEST_MISMATCH,
                extra: &[9],
            },
            &hex!("01010200 05 00 0900 0700 000000000000 09 00000000000000"),
        ),
        (
            Frame::Ping(1),
            &hex!("00000000 06 00 0800 0100000000000000"),
        ),
        (
            Frame::Pong(2),
            &hex!("00000000 07 00 0800 0200000000000000"),
        ),
        (
            Frame::Goodbye(GoodbyeCode::IDLE),
            &hex!("00000000 08 00 0800 0200 000000000000"),
        ),
    ];
    for (frame, bytes) in cases {
        let mut out = Vec::new();
        assert_eq!(frame.encode(&mut out), bytes.len());
        assert_eq!(out, bytes, "{frame:?}");
        assert_eq!(Frame::decode(bytes), Ok((frame, &[][..])));
    }
}

#[test]
fn a_channel_number_names_side_instance_and_logical_channel() {
    let id = ChannelId::from_u32(0x8003_0101).unwrap();
    assert_eq!(id.opener(), Side::Responder);
    assert_eq!(id.instance(), 3);
    assert_eq!(id.logical(), 0x0101);
    assert_eq!(ChannelId::new(Side::Responder, 3, 0x0101), Some(id));
    assert_eq!(ChannelId::new(Side::Initiator, 0x8000, 0x0101), None);
    assert_eq!(ChannelId::new(Side::Initiator, 1, 0), None);
    assert_eq!(alloc::format!("{id}"), "0x0101/r3");
}

#[test]
fn bytes_that_cannot_be_a_frame_are_refused_with_the_reason() {
    let wrong_length = |kind, length| FrameError::WrongLength { kind, length };
    let wrong_channel = |kind, channel| FrameError::WrongChannel { kind, channel };
    let unknown = |kind, flags| FrameError::UnknownFlags { kind, flags };
    let cases: &[(&[u8], FrameError)] = &[
        // A record without a frame.
        (&[], FrameError::Truncated),
        // Kinds 0 and 9.
        (
            &hex!("01010000 00 00 0000"),
            FrameError::UnknownKind { kind: 0 },
        ),
        (
            &hex!("01010000 09 00 0000"),
            FrameError::UnknownKind { kind: 9 },
        ),
        // Flag bits 1 and 7 of Open and Data, bit 0 of all others.
        (
            &hex!("01010000 01 02 0800 0000000000000000"),
            unknown(Kind::Open, 0x02),
        ),
        (
            &hex!("01010000 03 81 0800 0000000000000000"),
            unknown(Kind::Data, 0x81),
        ),
        (&hex!("01010000 02 01 0000"), unknown(Kind::Accept, 0x01)),
        (
            &hex!("00000000 04 01 0400 0100000000000000"),
            unknown(Kind::Credit, 0x01),
        ),
        (
            &hex!("01010000 05 01 0800 0000000000000000"),
            unknown(Kind::Close, 0x01),
        ),
        (
            &hex!("00000000 06 01 0800 0000000000000000"),
            unknown(Kind::Ping, 0x01),
        ),
        (
            &hex!("00000000 07 01 0800 0000000000000000"),
            unknown(Kind::Pong, 0x01),
        ),
        (
            &hex!("00000000 08 01 0800 0000000000000000"),
            unknown(Kind::Goodbye, 0x01),
        ),
        // 65,505 bytes do not fit a record.
        (
            &hex!("01010000 03 00 e1ff 00"),
            FrameError::TooLong { length: 65_505 },
        ),
        // 9 bytes announced, 8 there; 1 byte there and no padding.
        (
            &hex!("01010000 03 00 0900 0000000000000000"),
            FrameError::BeyondRecord { length: 9 },
        ),
        (
            &hex!("01010000 03 00 0100 00"),
            FrameError::BeyondRecord { length: 1 },
        ),
        // Padding of 7 bytes, the last one not zero.
        (
            &hex!("01010000 03 00 0100 ff 00000000000001"),
            FrameError::Padding,
        ),
        // Lengths that a kind does not have.
        (
            &hex!("01010000 01 00 0700 00000000000000 00"),
            wrong_length(Kind::Open, 7),
        ),
        (&hex!("01010000 03 00 0000"), wrong_length(Kind::Data, 0)),
        (
            &hex!("00000000 04 00 0300 010000 0000000000"),
            wrong_length(Kind::Credit, 3),
        ),
        (
            &hex!("00000000 04 00 0500 0100000000 000000"),
            wrong_length(Kind::Credit, 5),
        ),
        (
            &hex!("01010000 05 00 0700 00000000000000 00"),
            wrong_length(Kind::Close, 7),
        ),
        (&hex!("00000000 06 00 0000"), wrong_length(Kind::Ping, 0)),
        (
            &hex!("00000000 07 00 0400 0000000000000000"),
            wrong_length(Kind::Pong, 4),
        ),
        (
            &hex!("00000000 08 00 0900 0000000000000000 0000000000000000"),
            wrong_length(Kind::Goodbye, 9),
        ),
        // Reserved bytes.
        (
            &hex!("01010000 05 00 0800 0000 000000000001"),
            FrameError::NotZero { kind: Kind::Close },
        ),
        (
            &hex!("00000000 08 00 0800 0000 010000000000"),
            FrameError::NotZero {
                kind: Kind::Goodbye,
            },
        ),
        (
            &hex!("00000000 04 00 0400 00000000 00000000"),
            FrameError::ZeroCredit,
        ),
        // Channel frames on the session, session frames on a channel, logical channel 0 with an instance or a side.
        (
            &hex!("00000000 01 00 0800 0000000000000000"),
            wrong_channel(Kind::Open, 0),
        ),
        (&hex!("00000000 02 00 0000"), wrong_channel(Kind::Accept, 0)),
        (
            &hex!("00000000 03 00 0100 00 00000000000000"),
            wrong_channel(Kind::Data, 0),
        ),
        (
            &hex!("00000000 05 00 0800 0000000000000000"),
            wrong_channel(Kind::Close, 0),
        ),
        (
            &hex!("00000100 04 00 0400 01000000 00000000"),
            wrong_channel(Kind::Credit, 0x0001_0000),
        ),
        (
            &hex!("00000080 03 00 0100 00 00000000000000"),
            wrong_channel(Kind::Data, 0x8000_0000),
        ),
        (
            &hex!("01010000 06 00 0800 0000000000000000"),
            wrong_channel(Kind::Ping, 0x0101),
        ),
        (
            &hex!("01010000 07 00 0800 0000000000000000"),
            wrong_channel(Kind::Pong, 0x0101),
        ),
        (
            &hex!("01010000 08 00 0800 0000000000000000"),
            wrong_channel(Kind::Goodbye, 0x0101),
        ),
    ];
    for (bytes, error) in cases {
        assert_eq!(Frame::decode(bytes), Err(*error), "{bytes:02x?}");
    }
}

#[test]
fn a_header_cut_anywhere_is_truncated() {
    let header = hex!("00000000 06 00 0800 0000000000000000");
    for len in 0..HEADER {
        assert_eq!(Frame::decode(&header[..len]), Err(FrameError::Truncated));
    }
    for len in HEADER..header.len() {
        let error = FrameError::BeyondRecord { length: 8 };
        assert_eq!(Frame::decode(&header[..len]), Err(error));
    }
}

#[test]
fn extras_beyond_their_limits_are_refused() {
    for (kind, fixed, limit) in [(0x01, 8, 1_024), (0x02, 0, 64), (0x05, 8, 64)] {
        let frame = |len: usize| {
            let len = fixed + len;
            let mut bytes = vec![0x01, 0x01, 0, 0, kind, 0];
            bytes.extend_from_slice(&u16::try_from(len).unwrap().to_le_bytes());
            bytes.resize(8 + len.next_multiple_of(8), 0);
            bytes
        };
        assert!(Frame::decode(&frame(limit)).is_ok(), "kind {kind}");
        let kind = Kind::from_wire(kind).unwrap();
        let length = u16::try_from(fixed + limit + 1).unwrap();
        assert_eq!(
            Frame::decode(&frame(limit + 1)),
            Err(FrameError::WrongLength { kind, length })
        );
    }
}

#[derive(Clone, Debug)]
enum Owned {
    Open(ChannelId, bool, u64, Vec<u8>),
    Accept(ChannelId, Vec<u8>),
    Data(ChannelId, bool, Vec<u8>),
    Credit(Option<ChannelId>, NonZeroU32),
    Close(ChannelId, u16, Vec<u8>),
    Ping(u64),
    Pong(u64),
    Goodbye(u16),
}

impl Owned {
    fn borrow(&self) -> Frame<'_> {
        match self {
            Self::Open(channel, bytes, interface_id, extra) => Frame::Open {
                channel: *channel,
                mode: if *bytes { Mode::Bytes } else { Mode::Messages },
                interface_id: *interface_id,
                extra,
            },
            Self::Accept(channel, extra) => Frame::Accept {
                channel: *channel,
                extra,
            },
            Self::Data(channel, start, payload) => Frame::Data {
                channel: *channel,
                start: *start,
                payload,
            },
            Self::Credit(channel, amount) => Frame::Credit {
                channel: *channel,
                amount: *amount,
            },
            Self::Close(channel, code, extra) => Frame::Close {
                channel: *channel,
                code: CloseCode::new(*code),
                extra,
            },
            Self::Ping(nonce) => Frame::Ping(*nonce),
            Self::Pong(nonce) => Frame::Pong(*nonce),
            Self::Goodbye(code) => Frame::Goodbye(GoodbyeCode::new(*code)),
        }
    }
}

fn channel() -> impl Strategy<Value = ChannelId> {
    any::<u32>().prop_filter_map("logical channel 0", ChannelId::from_u32)
}

fn bytes(len: core::ops::RangeInclusive<usize>) -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), len)
}

fn frame() -> impl Strategy<Value = Owned> {
    let amount = (1..=u32::MAX).prop_map(|amount| NonZeroU32::new(amount).unwrap());
    prop_oneof![
        (channel(), any::<bool>(), any::<u64>(), bytes(0..=1_024))
            .prop_map(|(a, b, c, d)| Owned::Open(a, b, c, d)),
        (channel(), bytes(0..=64)).prop_map(|(a, b)| Owned::Accept(a, b)),
        (channel(), any::<bool>(), bytes(1..=3_000)).prop_map(|(a, b, c)| Owned::Data(a, b, c)),
        (proptest::option::of(channel()), amount).prop_map(|(a, b)| Owned::Credit(a, b)),
        (channel(), any::<u16>(), bytes(0..=64)).prop_map(|(a, b, c)| Owned::Close(a, b, c)),
        any::<u64>().prop_map(Owned::Ping),
        any::<u64>().prop_map(Owned::Pong),
        any::<u16>().prop_map(Owned::Goodbye),
    ]
}

proptest! {
    #[test]
    fn frames_decode_to_what_was_encoded(frames in proptest::collection::vec(frame(), 1..8)) {
        let mut record = Vec::new();
        for frame in &frames {
            frame.borrow().encode(&mut record);
        }
        let mut rest = &record[..];
        for frame in &frames {
            let (decoded, behind) = Frame::decode(rest).unwrap();
            prop_assert_eq!(decoded, frame.borrow());
            rest = behind;
        }
        prop_assert!(rest.is_empty());
    }

    #[test]
    fn decoding_any_bytes_never_panics_and_keeps_to_canonical_form(input in bytes(0..=96)) {
        if let Ok((frame, rest)) = Frame::decode(&input) {
            let mut again = Vec::new();
            frame.encode(&mut again);
            prop_assert_eq!(&again, &input[..input.len() - rest.len()]);
        }
    }
}
