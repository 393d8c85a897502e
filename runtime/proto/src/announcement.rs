//! Announcements and tickets: where a device is, what it serves, signed. Format: WIRE.md, "Announcement".

mod checked;

use alloc::{boxed::Box, string::String, vec::Vec};
use core::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

pub use crate::crypto::Suites;
use crate::{
    bytes_in::Reader,
    certificate::{CertificateError, StaticCertificate},
    handshake::WIRE_VERSION,
    identity::{DeviceId, Realm, Seed, StaticPublic, base32_lower, base32_lower_decode},
    statement::{Signature, SignatureError, Statement},
};

use self::checked::Checked;

const VERSION: u8 = 1;

/// Longest time to live in seconds. A device that vanished without a goodbye is forgotten after this long, and a
/// recorded announcement cannot keep it alive beyond it.
pub const MAX_TIME_TO_LIVE: u16 = 120;

/// Most addresses in one announcement. Each is dialled in turn, so a hostile announcement could otherwise send us to
/// dozens of victims.
pub const MAX_ADDRESSES: usize = 4;

/// Most services in one announcement: keeps it inside one Ethernet frame and one table entry small.
pub const MAX_SERVICES: usize = 64;

/// Longest announcement in bytes.
pub const MAX_LEN: usize = 964;

/// Longest ticket in characters: the prefix and base32 of the longest announcement.
pub const MAX_TICKET_LEN: usize = 1_547;

/// One service a device offers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ServiceEntry {
    /// Logical channel ID.
    pub channel: u16,
    /// Cap'n Proto ID of the interface behind it.
    pub interface_id: u64,
}

/// What an announcement states, before it is signed: fill in the fields, then [`sign`](Self::sign).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Draft {
    /// The fabric the device belongs to.
    pub realm: Realm,
    /// Device ID and static key.
    pub certificate: StaticCertificate,
    /// Rises with every announcement of a device.
    pub sequence: u64,
    /// When it was made, Unix seconds.
    pub issued_at: u64,
    /// Seconds the announcement is good for, at most [`MAX_TIME_TO_LIVE`]; 0 says goodbye.
    pub time_to_live: u16,
    /// Lowest wire version the device speaks.
    pub lowest_wire_version: u16,
    /// Highest wire version the device speaks.
    pub highest_wire_version: u16,
    /// Cipher suites the device takes.
    pub suites: Suites,
    /// TCP port, not 0.
    pub port: u16,
    /// Where to dial, at most [`MAX_ADDRESSES`].
    pub addresses: Vec<IpAddr>,
    /// What is served there, at most [`MAX_SERVICES`], by rising channel.
    pub services: Vec<ServiceEntry>,
}

impl Draft {
    /// A draft with this version's wire version, ChaCha20-Poly1305, the longest time to live, no address, no service.
    #[must_use]
    pub const fn new(realm: Realm, certificate: StaticCertificate, port: u16) -> Self {
        Self {
            realm,
            certificate,
            sequence: 0,
            issued_at: 0,
            time_to_live: MAX_TIME_TO_LIVE,
            lowest_wire_version: WIRE_VERSION,
            highest_wire_version: WIRE_VERSION,
            suites: Suites::CHACHA_POLY,
            port,
            addresses: Vec::new(),
            services: Vec::new(),
        }
    }

    /// What has to be signed to make this an announcement.
    ///
    /// # Errors
    ///
    /// The [`AnnouncementError`] with which every receiver would refuse it.
    pub fn statement(&self) -> Result<Statement, AnnouncementError> {
        self.check()?;
        Ok(Statement::Announcement(Box::new(self.clone())))
    }

    /// Signs the draft.
    ///
    /// # Errors
    ///
    /// As [`statement`](Self::statement).
    pub fn sign(self, seed: &Seed) -> Result<Announcement, AnnouncementError> {
        let signature = seed.sign(&self.statement()?);
        self.signed(signature)
    }

    /// Joins the draft with a signature made elsewhere, which is not checked.
    ///
    /// # Errors
    ///
    /// As [`statement`](Self::statement).
    pub fn signed(self, signature: Signature) -> Result<Announcement, AnnouncementError> {
        self.check()?;
        Ok(Announcement {
            draft: self,
            signature,
            checked: Checked::default(),
        })
    }

    fn check(&self) -> Result<(), AnnouncementError> {
        if self.time_to_live > MAX_TIME_TO_LIVE {
            return Err(AnnouncementError::TimeToLive(self.time_to_live));
        }
        if self.lowest_wire_version > self.highest_wire_version {
            return Err(AnnouncementError::WireVersions);
        }
        if self.port == 0 {
            return Err(AnnouncementError::Port);
        }
        if self.addresses.len() > MAX_ADDRESSES {
            return Err(AnnouncementError::TooManyAddresses(self.addresses.len()));
        }
        if self.services.len() > MAX_SERVICES {
            return Err(AnnouncementError::TooManyServices(self.services.len()));
        }
        if !self
            .services
            .is_sorted_by(|one, next| one.channel < next.channel)
        {
            return Err(AnnouncementError::ServiceOrder);
        }
        Ok(())
    }

    /// Everything before the signature. A draft that breaks its limits encodes to bytes that every receiver refuses.
    pub(crate) fn encode_into(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        out.extend_from_slice(self.realm.as_bytes());
        out.extend_from_slice(&self.certificate.encode());
        out.extend_from_slice(&self.sequence.to_be_bytes());
        out.extend_from_slice(&self.issued_at.to_be_bytes());
        out.extend_from_slice(&self.time_to_live.to_be_bytes());
        out.extend_from_slice(&self.lowest_wire_version.to_be_bytes());
        out.extend_from_slice(&self.highest_wire_version.to_be_bytes());
        out.push(self.suites.bits());
        out.extend_from_slice(&self.port.to_be_bytes());
        out.push(u8::try_from(self.addresses.len()).unwrap_or(u8::MAX));
        for address in &self.addresses {
            match address {
                IpAddr::V4(v4) => {
                    out.push(4);
                    out.extend_from_slice(&v4.octets());
                    out.extend_from_slice(&[0; 12]);
                }
                IpAddr::V6(v6) => {
                    out.push(6);
                    out.extend_from_slice(&v6.octets());
                }
            }
        }
        out.push(u8::try_from(self.services.len()).unwrap_or(u8::MAX));
        for service in &self.services {
            out.extend_from_slice(&service.channel.to_be_bytes());
            out.extend_from_slice(&service.interface_id.to_be_bytes());
        }
    }
}

/// A signed [`Draft`], as made by us or as received.
///
/// A received one is in form after [`parse`](Self::parse) and true after [`verify`](Self::verify).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Announcement {
    draft: Draft,
    signature: Signature,
    checked: Checked,
}

impl Announcement {
    /// Reads an announcement and checks its form, not its signatures.
    ///
    /// # Errors
    ///
    /// The first [`AnnouncementError`] about the form. Bytes after the signature are one.
    pub fn parse(bytes: &[u8]) -> Result<Self, AnnouncementError> {
        if bytes.len() > MAX_LEN {
            return Err(AnnouncementError::TooLong);
        }
        let mut reader = Reader::new(bytes);
        let draft = read_draft(&mut reader)?;
        let signature = Signature::from_bytes(reader.array().ok_or(AnnouncementError::Truncated)?);
        if !reader.is_empty() {
            return Err(AnnouncementError::TrailingBytes);
        }
        draft.signed(signature)
    }

    /// The announcement on the wire.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(MAX_LEN);
        self.draft.encode_into(&mut out);
        out.extend_from_slice(self.signature.as_bytes());
        out
    }

    /// Checks the certificate at `now_unix` (Unix seconds) and both signatures.
    ///
    /// Signatures that were found good are not checked again, by this value and its clones; the time is.
    ///
    /// Whether the announcement is fresh, newer than the last one and from a place we may dial is for the discovery
    /// table to say.
    ///
    /// # Errors
    ///
    /// [`AnnouncementError::Certificate`] or [`AnnouncementError::Signature`].
    pub fn verify(&self, now_unix: u64) -> Result<(), AnnouncementError> {
        let certificate = &self.draft.certificate;
        certificate.check_time(now_unix)?;
        certificate.check_static_key()?;
        self.checked.once(|| {
            let key = certificate.check_signature()?;
            let statement = Statement::Announcement(Box::new(self.draft.clone()));
            Ok(key.verify(&statement, &self.signature)?)
        })
    }

    /// What the announcement states.
    #[must_use]
    pub const fn content(&self) -> &Draft {
        &self.draft
    }

    /// Who announces.
    #[must_use]
    pub const fn device(&self) -> DeviceId {
        self.draft.certificate.device()
    }

    /// The static key to dial with.
    #[must_use]
    pub const fn static_key(&self) -> StaticPublic {
        self.draft.certificate.static_key()
    }

    /// Whether the device says goodbye.
    #[must_use]
    pub const fn is_goodbye(&self) -> bool {
        self.draft.time_to_live == 0
    }
}

fn read_draft(reader: &mut Reader<'_>) -> Result<Draft, AnnouncementError> {
    const CUT: AnnouncementError = AnnouncementError::Truncated;

    let version = reader.u8().ok_or(CUT)?;
    if version != VERSION {
        return Err(AnnouncementError::Version(version));
    }
    let realm = Realm::from_bytes(reader.array().ok_or(CUT)?);
    let certificate = reader.array::<{ StaticCertificate::LEN }>().ok_or(CUT)?;
    let mut draft = Draft::new(realm, StaticCertificate::parse(&certificate)?, 0);
    draft.sequence = reader.u64().ok_or(CUT)?;
    draft.issued_at = reader.u64().ok_or(CUT)?;
    draft.time_to_live = reader.u16().ok_or(CUT)?;
    draft.lowest_wire_version = reader.u16().ok_or(CUT)?;
    draft.highest_wire_version = reader.u16().ok_or(CUT)?;
    let suites = reader.u8().ok_or(CUT)?;
    draft.suites = Suites::from_bits(suites).ok_or(AnnouncementError::Suites(suites))?;
    draft.port = reader.u16().ok_or(CUT)?;

    let addresses = usize::from(reader.u8().ok_or(CUT)?);
    if addresses > MAX_ADDRESSES {
        return Err(AnnouncementError::TooManyAddresses(addresses));
    }
    for _ in 0..addresses {
        let family = reader.u8().ok_or(CUT)?;
        let address = reader.array::<16>().ok_or(CUT)?;
        draft.addresses.push(read_address(family, address)?);
    }

    let services = usize::from(reader.u8().ok_or(CUT)?);
    if services > MAX_SERVICES {
        return Err(AnnouncementError::TooManyServices(services));
    }
    for _ in 0..services {
        let (channel, interface_id) = (reader.u16().ok_or(CUT)?, reader.u64().ok_or(CUT)?);
        draft.services.push(ServiceEntry {
            channel,
            interface_id,
        });
    }
    Ok(draft)
}

fn read_address(family: u8, address: [u8; 16]) -> Result<IpAddr, AnnouncementError> {
    match (family, address) {
        (4, [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]) => {
            Ok(Ipv4Addr::new(a, b, c, d).into())
        }
        (6, _) => Ok(Ipv6Addr::from(address).into()),
        _ => Err(AnnouncementError::Address),
    }
}

/// Why an announcement is refused. Every variant is the fault of whoever made it, unless we are about to sign it.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AnnouncementError {
    /// Ends in the middle of a field.
    #[error("announcement is cut off")]
    Truncated,
    /// Longer than [`MAX_LEN`].
    #[error("announcement is too long")]
    TooLong,
    /// Something follows the signature.
    #[error("bytes follow the announcement")]
    TrailingBytes,
    /// A version this code does not know.
    #[error("announcement version {0} is unknown")]
    Version(u8),
    /// Time to live above [`MAX_TIME_TO_LIVE`].
    #[error("time to live of {0} s is too long")]
    TimeToLive(u16),
    /// The lowest wire version is above the highest.
    #[error("range of wire versions is empty")]
    WireVersions,
    /// No suite, or a bit this version does not know.
    #[error("suites {0:#04x} are unknown")]
    Suites(u8),
    /// Port 0.
    #[error("port is 0")]
    Port,
    /// More than [`MAX_ADDRESSES`].
    #[error("{0} addresses are too many")]
    TooManyAddresses(usize),
    /// Neither family 4 with zeros behind it nor family 6.
    #[error("address is malformed")]
    Address,
    /// More than [`MAX_SERVICES`].
    #[error("{0} services are too many")]
    TooManyServices(usize),
    /// Channels of services do not rise.
    #[error("services are not in rising order of their channels")]
    ServiceOrder,
    /// The certificate inside is refused.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The device did not sign it.
    #[error("announcement: {0}")]
    Signature(#[from] SignatureError),
}

/// An announcement as a text that one person can send another.
///
/// It has no time to live: it is good as long as its certificate is. [`FromStr`] checks the form only; verify the
/// announcement before dialling.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ticket(Announcement);

impl Ticket {
    const PREFIX: &str = "dsb1";

    /// The ticket for an announcement.
    #[must_use]
    pub const fn new(announcement: Announcement) -> Self {
        Self(announcement)
    }

    /// The announcement in the ticket.
    #[must_use]
    pub const fn announcement(&self) -> &Announcement {
        &self.0
    }

    /// The announcement in the ticket.
    #[must_use]
    pub fn into_announcement(self) -> Announcement {
        self.0
    }
}

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text: String = base32_lower(&self.0.encode());
        write!(f, "{}{text}", Self::PREFIX)
    }
}

impl FromStr for Ticket {
    type Err = TicketError;

    fn from_str(text: &str) -> Result<Self, TicketError> {
        if text.len() > MAX_TICKET_LEN {
            return Err(TicketError::TooLong);
        }
        let text = text.strip_prefix(Self::PREFIX).ok_or(TicketError::Prefix)?;
        let bytes = base32_lower_decode(text).ok_or(TicketError::Alphabet)?;
        Ok(Self(Announcement::parse(&bytes)?))
    }
}

/// Why a text is not a ticket.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TicketError {
    /// Longer than [`MAX_TICKET_LEN`].
    #[error("ticket is too long")]
    TooLong,
    /// Does not start with `dsb1`.
    #[error("a ticket starts with dsb1")]
    Prefix,
    /// Not lower-case base32 after the prefix.
    #[error("a ticket consists of the characters a to z and 2 to 7")]
    Alphabet,
    /// The announcement inside is malformed.
    #[error(transparent)]
    Announcement(#[from] AnnouncementError),
}
