//! Who a device is: its device ID, the seed behind it and its static key. Format: WIRE.md, "Identity".

use alloc::{string::String, sync::Arc};
use core::{fmt, str::FromStr};

use data_encoding::BASE32_NOPAD;
use ed25519_dalek::SigningKey;
use hkdf::Hkdf;
use sha2::Sha512;
use zeroize::Zeroizing;

use crate::{
    bytes_in::join,
    crypto::{Pair, Signer},
    statement::{Signature, Statement},
};

/// A device: its 32-byte Ed25519 public key.
///
/// The ID *is* the key, so there is no name that could be bound to the wrong key. [`Display`](fmt::Display) and
/// [`FromStr`] speak the text form of 56 characters, which carries a check against typing errors.
///
/// Any 32 bytes are a device ID; whether they are a usable key shows when a signature is checked against them.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct DeviceId([u8; 32]);

impl DeviceId {
    /// Length of the text form in characters.
    pub const TEXT_LEN: usize = 56;

    /// The device with this public key.
    #[must_use]
    pub const fn from_bytes(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// The public key.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first three bytes of BLAKE3 over the key.
    fn check(&self) -> [u8; 3] {
        let [a, b, c, ..] = *blake3::hash(&self.0).as_bytes();
        [a, b, c]
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes: [u8; 35] = join(&[&self.0, &self.check()]);
        f.write_str(&base32_lower(&bytes))
    }
}

impl fmt::Debug for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceId({self})")
    }
}

impl FromStr for DeviceId {
    type Err = ParseDeviceIdError;

    fn from_str(text: &str) -> Result<Self, ParseDeviceIdError> {
        if text.len() != Self::TEXT_LEN {
            return Err(ParseDeviceIdError::Length);
        }
        let bytes = base32_lower_decode(text).ok_or(ParseDeviceIdError::Alphabet)?;
        let (key, check) = bytes
            .split_first_chunk::<32>()
            .ok_or(ParseDeviceIdError::Length)?;
        let device = Self(*key);
        if check != device.check() {
            return Err(ParseDeviceIdError::Check);
        }
        Ok(device)
    }
}

/// Why a text is not a device ID.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ParseDeviceIdError {
    /// The text is not 56 bytes long.
    #[error("a device ID has 56 characters")]
    Length,
    /// A character is not a lower-case base32 digit.
    #[error("a device ID consists of the characters a to z and 2 to 7")]
    Alphabet,
    /// The check at the end does not fit the key: a typing error.
    #[error("the device ID contains a typing error")]
    Check,
}

/// The secret a device is made of: 32 bytes from which the signing key and every static key follow.
///
/// Whoever holds it is the device. It is wiped when dropped and never printed. It signs [`Statement`]s only; no function
/// signs bytes of a caller's choice.
#[derive(Clone)]
pub struct Seed(Signer);

impl Seed {
    /// The device made of these 32 random bytes.
    #[must_use]
    pub fn from_bytes(secret: [u8; 32]) -> Self {
        let secret = Zeroizing::new(secret);
        Self(Signer::new(SigningKey::from_bytes(&secret)))
    }

    /// The secret itself, to store it. Keep it out of logs and messages.
    #[must_use]
    pub fn secret_bytes(&self) -> &[u8; 32] {
        self.0.key().as_bytes()
    }

    /// The device ID that belongs to this seed.
    #[must_use]
    pub fn device_id(&self) -> DeviceId {
        DeviceId(self.0.key().verifying_key().to_bytes())
    }

    /// Signs a statement of this protocol.
    #[must_use]
    pub fn sign(&self, statement: &Statement) -> Signature {
        Signature::from_bytes(self.0.sign(&statement.signed_bytes()))
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed([redacted])")
    }
}

/// The secret half of a static key: X25519, wiped when dropped.
#[derive(Clone)]
pub struct StaticSecret {
    secret: x25519_dalek::StaticSecret,
    public: StaticPublic,
    /// Ready for any number of handshakes; where it could not be made, each makes its own.
    pair: Option<Arc<Pair>>,
}

impl StaticSecret {
    /// A static key from 32 bytes, for keys that were not derived from a seed.
    #[must_use]
    pub fn from_bytes(secret: [u8; 32]) -> Self {
        let bytes = Zeroizing::new(secret);
        let secret = x25519_dalek::StaticSecret::from(*bytes);
        let public = StaticPublic(x25519_dalek::PublicKey::from(&secret).to_bytes());
        Self {
            secret,
            public,
            pair: Pair::new(bytes).map(Arc::new),
        }
    }

    /// The public half.
    #[must_use]
    pub const fn public(&self) -> &StaticPublic {
        &self.public
    }

    pub(crate) fn secret_bytes(&self) -> &[u8; 32] {
        self.secret.as_bytes()
    }

    /// The key pair as handshakes use it.
    pub(crate) fn pair(&self) -> Option<Arc<Pair>> {
        self.pair.clone()
    }
}

impl fmt::Debug for StaticSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticSecret")
            .field("public", &self.public)
            .field("secret", &"[redacted]")
            .finish()
    }
}

/// Derives the static key of an epoch.
///
/// A new epoch gives an unrelated static key under the same device ID; the epoch is the sequence number of the
/// certificate that binds the two.
#[must_use]
pub fn derive_static(seed: &Seed, epoch: u32) -> StaticSecret {
    const SALT: &[u8] = b"DSBL/v1";
    const INFO: &[u8] = b"noise-static";

    let info: [u8; 16] = join(&[INFO, &epoch.to_be_bytes()]);
    let mut secret = Zeroizing::new([0; 32]);
    // HKDF-SHA512 gives up to 255 times 64 bytes; 32 cannot be too many.
    Hkdf::<Sha512>::new(Some(SALT), seed.secret_bytes())
        .expand(&info, secret.as_mut_slice())
        .expect("32 bytes are within the limit of HKDF");
    StaticSecret::from_bytes(*secret)
}

/// The public half of a static key: an X25519 u-coordinate.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct StaticPublic([u8; 32]);

impl StaticPublic {
    /// A static key as received; [`check`](Self::check) says whether it may be used.
    #[must_use]
    pub const fn from_bytes(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// The 32 bytes on the wire.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Checks that the key has one encoding only and is not of low order.
    ///
    /// A Diffie-Hellman with a low-order point has a result everybody knows, so a device could attest a key that
    /// everybody owns. A second encoding of the same key would pass for another key.
    ///
    /// # Errors
    ///
    /// [`WeakKey::NotCanonical`] from 2^255 - 19 upwards, [`WeakKey::LowOrder`] for the points of small order.
    pub fn check(&self) -> Result<(), WeakKey> {
        // From the most significant byte down: lexicographic order is numeric order.
        if self.0.iter().rev().ge(FIELD_PRIME.iter().rev()) {
            return Err(WeakKey::NotCanonical);
        }
        if LOW_ORDER.contains(&self.0) {
            return Err(WeakKey::LowOrder);
        }
        Ok(())
    }
}

impl fmt::Debug for StaticPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StaticPublic({})", base32_lower(&self.0))
    }
}

/// Why a static key is refused although it has the right length.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum WeakKey {
    /// The number is 2^255 - 19 or more.
    #[error("static key is not in its canonical encoding")]
    NotCanonical,
    /// The point has order 1, 2, 4 or 8.
    #[error("static key is of low order")]
    LowOrder,
}

/// 2^255 - 19, little-endian.
const FIELD_PRIME: [u8; 32] = {
    let mut prime = [0xff; 32];
    prime[0] = 0xed;
    prime[31] = 0x7f;
    prime
};

/// The canonical u-coordinates of order 1, 2, 4 and 8 on Curve25519 and on its twist.
///
/// p and p + 1, often listed with them, are other encodings of 0 and 1 and refused as such.
const LOW_ORDER: [[u8; 32]; 5] = [
    [0; 32],
    {
        let mut one = [0; 32];
        one[0] = 1;
        one
    },
    [
        0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4,
        0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49,
        0xb8, 0x00,
    ],
    [
        0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef,
        0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f,
        0x11, 0x57,
    ],
    {
        let mut minus_one = FIELD_PRIME;
        minus_one[0] = 0xec;
        minus_one
    },
];

/// The fabric a device belongs to: devices of different realms cannot complete a handshake.
///
/// Not a secret and not a permission: it keeps separate installations on one network apart.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Realm([u8; 8]);

impl Realm {
    /// The realm with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    /// The 8 bytes on the wire.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }
}

/// RFC 4648 base32 in lower case without padding.
pub(crate) fn base32_lower(bytes: &[u8]) -> String {
    BASE32_NOPAD.encode(bytes).to_ascii_lowercase()
}

/// The inverse of [`base32_lower`]; `None` for everything that it cannot produce.
pub(crate) fn base32_lower_decode(text: &str) -> Option<alloc::vec::Vec<u8>> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    BASE32_NOPAD
        .decode(text.to_ascii_uppercase().as_bytes())
        .ok()
}
