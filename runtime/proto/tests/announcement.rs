//! Announcements and tickets: what is true goes round, everything else is refused with its exact error.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::net::IpAddr;

use common::{Device, Exchange, NOW, REALM, alice, bob, mallory, responder, sign_raw};
use dsoftbus_proto::{
    announcement::{
        Announcement, AnnouncementError, Draft, MAX_LEN, MAX_TICKET_LEN, ServiceEntry, Ticket,
        TicketError,
    },
    certificate::{CertificateError, StaticCertificate},
    handshake::{HandshakeError, Piece, Suites, Target},
    identity::{StaticPublic, WeakKey},
    statement::{Signature, SignatureError},
};
use proptest::prelude::*;

fn draft() -> Draft {
    let mut draft = Draft::new(REALM, bob().certificate().clone(), 40_000);
    draft.sequence = 7;
    draft.issued_at = NOW;
    draft.suites = Suites::ALL;
    draft.addresses = vec!["192.168.1.20".parse().unwrap(), "fe80::1".parse().unwrap()];
    draft.services = vec![
        ServiceEntry {
            channel: 0x101,
            interface_id: 11,
        },
        ServiceEntry {
            channel: 0x200,
            interface_id: 22,
        },
    ];
    draft
}

fn announcement() -> Announcement {
    draft().sign(&bob().seed).unwrap()
}

/// The bytes before the signature, edited and signed again by Bob: only the named fault is left.
fn resigned(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut body = announcement().encode();
    body.truncate(body.len() - Signature::LEN);
    change(&mut body);
    let signature = sign_raw(&bob(), "DSoftBus-lite v1 announce", &body);
    [body, signature.to_vec()].concat()
}

fn parse_resigned(change: impl FnOnce(&mut Vec<u8>)) -> Result<Announcement, AnnouncementError> {
    Announcement::parse(&resigned(change))
}

// Where the fields are: WIRE.md, "Announcement".
const REALM_AT: usize = 1;
const TIME_TO_LIVE_AT: usize = 181;
const LOWEST_VERSION_AT: usize = 183;
const SUITES_AT: usize = 187;
const PORT_AT: usize = 188;
const ADDRESSES_AT: usize = 190;
const SERVICES_AT: usize = 191 + 2 * 17;

#[test]
fn an_announcement_arrives_as_it_was_signed() {
    let parsed = Announcement::parse(&announcement().encode()).unwrap();
    assert_eq!(parsed, announcement());
    assert_eq!(*parsed.content(), draft());
    parsed.verify(NOW).unwrap();
    assert_eq!(
        (parsed.device(), parsed.static_key()),
        (bob().id(), bob().certificate().static_key())
    );
    assert_eq!(
        Announcement::parse(&resigned(|_| {})).unwrap(),
        announcement()
    );
}

#[test]
fn the_fields_are_where_the_wire_format_says() {
    let bytes = announcement().encode();
    assert_eq!(bytes.len(), SERVICES_AT + 1 + 2 * 10 + 64);
    assert_eq!(bytes[REALM_AT..9], *REALM.as_bytes());
    assert_eq!(bytes[9..165], bob().certificate().encode());
    assert_eq!(bytes[165..173], 7_u64.to_be_bytes());
    assert_eq!(bytes[173..181], NOW.to_be_bytes());
    assert_eq!(bytes[TIME_TO_LIVE_AT..SUITES_AT], [0, 120, 0, 1, 0, 1]);
    assert_eq!(bytes[SUITES_AT..ADDRESSES_AT], [3, 0x9c, 0x40]);
    assert_eq!(bytes[ADDRESSES_AT..197], [2, 4, 192, 168, 1, 20, 0]);
    assert_eq!(bytes[SERVICES_AT..SERVICES_AT + 3], [2, 1, 1]);
}

#[test]
fn the_longest_announcement_and_ticket_have_the_stated_length() {
    let mut longest = draft();
    longest.addresses = vec!["::1".parse().unwrap(); 4];
    longest.services = (0x100..0x140)
        .map(|channel| ServiceEntry {
            channel,
            interface_id: 1,
        })
        .collect();
    let longest = longest.sign(&bob().seed).unwrap();
    let bytes = longest.encode();
    assert_eq!(bytes.len(), MAX_LEN);
    Announcement::parse(&bytes).unwrap().verify(NOW).unwrap();
    assert_eq!(Ticket::new(longest).to_string().len(), MAX_TICKET_LEN);

    assert_eq!(
        Announcement::parse(&[bytes, vec![0]].concat()),
        Err(AnnouncementError::TooLong)
    );
}

/// Case A8, by editing Bob's announcement.
#[test]
fn an_announcement_edited_to_another_static_key_is_refused() {
    let mut bytes = announcement().encode();
    bytes[9 + 60..9 + 92].copy_from_slice(mallory().certificate().static_key().as_bytes());
    let refused = Announcement::parse(&bytes).unwrap().verify(NOW);
    assert_eq!(
        refused,
        Err(CertificateError::Signature(SignatureError::Mismatch).into())
    );
}

/// Case A8, by Mallory's own announcement: true as a statement of hers, and of no use to her.
#[test]
fn an_announcement_of_a_foreign_static_key_leads_to_no_session() {
    let mut terms = mallory().certificate().terms().clone();
    terms.static_key = bob().certificate().static_key();
    let draft = Draft::new(REALM, terms.sign(&mallory().seed), 40_000);
    let announcement = draft.sign(&mallory().seed).unwrap();
    announcement.verify(NOW).unwrap();

    let mut exchange = Exchange::new();
    exchange.target = Target::from(&announcement);
    assert_eq!(
        exchange.run().unwrap_err(),
        responder(HandshakeError::Decrypt(Piece::Message1))
    );
    exchange.target = Target::from(&self::announcement());
    exchange.run().unwrap();
}

/// Case A33, signature.
#[test]
fn an_announcement_with_a_wrong_signature_is_refused() {
    let mismatch = Err(AnnouncementError::Signature(SignatureError::Mismatch));
    let mut bytes = announcement().encode();
    *bytes.last_mut().unwrap() ^= 1;
    assert_eq!(Announcement::parse(&bytes).unwrap().verify(NOW), mismatch);
    // Signed by another device than the one of the certificate.
    assert_eq!(draft().sign(&mallory().seed).unwrap().verify(NOW), mismatch);
    // Signed for another purpose.
    let body = &announcement().encode()[..];
    let body = &body[..body.len() - 64];
    let signature = sign_raw(&bob(), "DSoftBus-lite v1 static-cert", body);
    let bytes = [body, &signature].concat();
    assert_eq!(Announcement::parse(&bytes).unwrap().verify(NOW), mismatch);
}

/// Case A33, goodbye.
#[test]
fn a_goodbye_needs_the_signature_of_its_device() {
    let mut goodbye = draft();
    goodbye.time_to_live = 0;
    let goodbye = goodbye.sign(&bob().seed).unwrap();
    assert!(goodbye.is_goodbye());
    goodbye.verify(NOW).unwrap();

    let mut bytes = announcement().encode();
    bytes[TIME_TO_LIVE_AT..LOWEST_VERSION_AT].fill(0);
    let forged = Announcement::parse(&bytes).unwrap();
    assert!(forged.is_goodbye());
    assert_eq!(
        forged.verify(NOW),
        Err(AnnouncementError::Signature(SignatureError::Mismatch))
    );
}

/// Case A33, times to live.
#[test]
fn a_time_to_live_beyond_120_s_is_refused() {
    for seconds in [121_u16, 600, u16::MAX] {
        let refused = parse_resigned(|body| {
            body[TIME_TO_LIVE_AT..][..2].copy_from_slice(&seconds.to_be_bytes())
        });
        assert_eq!(refused, Err(AnnouncementError::TimeToLive(seconds)));
        let mut own = draft();
        own.time_to_live = seconds;
        assert_eq!(
            own.sign(&bob().seed),
            Err(AnnouncementError::TimeToLive(seconds))
        );
    }
}

/// Case A33, the other fields.
#[test]
fn a_field_out_of_range_is_refused() {
    type Edit = fn(&mut Vec<u8>);
    let cases: [(Edit, AnnouncementError); 13] = [
        (|body| body[0] = 2, AnnouncementError::Version(2)),
        (
            |body| body[9] = 9,
            AnnouncementError::Certificate(CertificateError::Version(9)),
        ),
        (
            |body| body[10] = 0x84,
            AnnouncementError::Certificate(CertificateError::Flags(0x84)),
        ),
        (
            |body| body[LOWEST_VERSION_AT + 1] = 2,
            AnnouncementError::WireVersions,
        ),
        (|body| body[SUITES_AT] = 0, AnnouncementError::Suites(0)),
        (|body| body[SUITES_AT] = 7, AnnouncementError::Suites(7)),
        (|body| body[PORT_AT..][..2].fill(0), AnnouncementError::Port),
        (
            |body| body[ADDRESSES_AT] = 5,
            AnnouncementError::TooManyAddresses(5),
        ),
        (
            |body| body[ADDRESSES_AT + 1] = 5,
            AnnouncementError::Address,
        ),
        (
            |body| body[ADDRESSES_AT + 17] = 1,
            AnnouncementError::Address,
        ),
        (
            |body| body[SERVICES_AT] = 65,
            AnnouncementError::TooManyServices(65),
        ),
        (
            |body| body[SERVICES_AT + 1] = 2,
            AnnouncementError::ServiceOrder,
        ),
        (
            |body| body[SERVICES_AT + 1] = 3,
            AnnouncementError::ServiceOrder,
        ),
    ];
    for (number, (edit, error)) in cases.into_iter().enumerate() {
        // The second channel is 0x200: 0x201 and 0x301 in front of it do not rise.
        assert_eq!(parse_resigned(edit), Err(error), "case {number}");
    }
}

#[test]
fn two_services_on_one_channel_are_refused() {
    let mut twice = draft();
    twice.services[1].channel = 0x101;
    assert_eq!(
        twice.sign(&bob().seed),
        Err(AnnouncementError::ServiceOrder)
    );
}

/// Case A33, bytes after the end, and an end before it.
#[test]
fn an_announcement_of_another_length_is_refused() {
    let bytes = announcement().encode();
    for len in 0..bytes.len() {
        assert_eq!(
            Announcement::parse(&bytes[..len]),
            Err(AnnouncementError::Truncated),
            "{len} bytes"
        );
    }
    assert_eq!(
        Announcement::parse(&[&bytes[..], &[0]].concat()),
        Err(AnnouncementError::TrailingBytes)
    );
}

#[test]
fn an_announcement_is_as_good_as_its_certificate() {
    let expired = announcement().verify(NOW + 1_001);
    assert_eq!(
        expired,
        Err(AnnouncementError::Certificate(CertificateError::Expired))
    );
    // Also when its signatures were found good before.
    let verified = announcement();
    verified.verify(NOW).unwrap();
    for announcement in [&verified, &verified.clone()] {
        announcement.verify(NOW).unwrap();
        assert_eq!(announcement.verify(NOW + 1_001), expired);
    }
    let mut terms = bob().certificate().terms().clone();
    terms.static_key = StaticPublic::from_bytes([0; 32]);
    let weak = Draft::new(REALM, terms.sign(&bob().seed), 1)
        .sign(&bob().seed)
        .unwrap()
        .verify(NOW);
    assert_eq!(
        weak,
        Err(CertificateError::StaticKey(WeakKey::LowOrder).into())
    );
}

#[test]
fn a_ticket_goes_round_as_text() {
    let text = Ticket::new(announcement()).to_string();
    assert!(text.starts_with("dsb1"));
    assert!(
        text[4..]
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'))
    );
    let ticket: Ticket = text.parse().unwrap();
    assert_eq!(*ticket.announcement(), announcement());
    ticket.into_announcement().verify(NOW).unwrap();
}

#[test]
fn a_text_that_is_no_ticket_is_refused() {
    let text = Ticket::new(announcement()).to_string();
    let parse = |text: &str| text.parse::<Ticket>().unwrap_err();
    assert_eq!(parse(""), TicketError::Prefix);
    assert_eq!(parse(&text[1..]), TicketError::Prefix);
    assert_eq!(
        parse(&text.replacen("dsb1", "dsb2", 1)),
        TicketError::Prefix
    );
    assert_eq!(parse(&text.to_ascii_uppercase()), TicketError::Prefix);
    assert_eq!(
        parse(&format!("dsb1{}", text[4..].to_ascii_uppercase())),
        TicketError::Alphabet
    );
    assert_eq!(parse(&format!("{text}=")), TicketError::Alphabet);
    assert_eq!(
        parse("dsb1"),
        TicketError::Announcement(AnnouncementError::Truncated)
    );
    assert_eq!(parse(&"a".repeat(MAX_TICKET_LEN + 1)), TicketError::TooLong);
}

#[test]
fn a_device_can_be_dialled_from_its_ticket() {
    let ticket: Ticket = Ticket::new(announcement()).to_string().parse().unwrap();
    let mut exchange = Exchange::between(alice(), bob());
    exchange.target = ticket.announcement().into();
    exchange.run().unwrap();
}

fn any_draft() -> impl Strategy<Value = Draft> {
    let addresses = proptest::collection::vec(any::<IpAddr>(), 0..=4);
    let services = proptest::collection::btree_map(any::<u16>(), any::<u64>(), 0..=64);
    let versions = (any::<u16>(), any::<u16>());
    (
        any::<[u8; 2]>(),
        any::<[u64; 2]>(),
        0..=120_u16,
        versions,
        1..=3_u8,
        1..=u16::MAX,
        addresses,
        services,
    )
        .prop_map(
            |(
                device,
                [sequence, issued_at],
                time_to_live,
                (one, other),
                suites,
                port,
                addresses,
                services,
            )| Draft {
                sequence,
                issued_at,
                time_to_live,
                lowest_wire_version: one.min(other),
                highest_wire_version: one.max(other),
                suites: Suites::from_bits(suites).unwrap(),
                addresses,
                services: services
                    .into_iter()
                    .map(|(channel, interface_id)| ServiceEntry {
                        channel,
                        interface_id,
                    })
                    .collect(),
                ..Draft::new(REALM, Device::new(device[0]).certificate().clone(), port)
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_announcement_goes_round(draft in any_draft(), signature: [[u8; 32]; 2]) {
        let signature = Signature::from_bytes(signature.concat().try_into().unwrap());
        let announcement = draft.signed(signature).unwrap();
        let bytes = announcement.encode();
        prop_assert!(bytes.len() <= MAX_LEN);
        prop_assert_eq!(&Announcement::parse(&bytes).unwrap(), &announcement);
        let ticket = Ticket::new(announcement);
        prop_assert_eq!(ticket.to_string().parse::<Ticket>().unwrap(), ticket);
    }

    #[test]
    fn a_damaged_announcement_is_never_verified(at in any::<prop::sample::Index>(), bit in 0..8_u32) {
        let mut bytes = announcement().encode();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(Announcement::parse(&bytes).and_then(|read| read.verify(NOW)).is_err());
    }
}

proptest! {
    #[test]
    fn no_bytes_make_a_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..1200), text in ".*") {
        let _ = Announcement::parse(&bytes);
        let _ = StaticCertificate::parse(&bytes);
        let _ = text.parse::<Ticket>();
        let _ = format!("dsb1{text}").parse::<Ticket>();
    }

    #[test]
    fn what_parses_encodes_to_the_same_bytes(edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4)) {
        let mut bytes = announcement().encode();
        for (at, value) in edits {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Ok(parsed) = Announcement::parse(&bytes) {
            prop_assert_eq!(parsed.encode(), bytes);
        }
    }
}
