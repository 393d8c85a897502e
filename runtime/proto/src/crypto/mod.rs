//! The cryptography under Noise: two cipher suites on two interchangeable backends.
//!
//! snow drives the handshake but brings no primitive: they come from here. That way every key is wiped, an all-zero
//! Diffie-Hellman result is an error, and records are sealed and opened without a copy.

mod aead;
mod cipher;
mod dh;
mod hash;
mod resolver;
mod sign;

pub(crate) use aead::{Aead, AeadError, TAG};
pub(crate) use dh::Pair;
pub(crate) use resolver::Resolver;
pub(crate) use sign::Signer;

/// A cipher suite: the symmetric half of the Noise protocol name.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Suite {
    /// `Noise_XK_25519_AESGCM_SHA256`: several times faster with AES instructions, slow and open to timing without.
    AesGcm,
    /// `Noise_XK_25519_ChaChaPoly_SHA256`: good everywhere.
    ChaChaPoly,
}

impl Suite {
    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::AesGcm => 1,
            Self::ChaChaPoly => 2,
        }
    }

    /// The suite with this number on the wire.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::AesGcm),
            2 => Some(Self::ChaChaPoly),
            _ => None,
        }
    }

    /// The full Noise protocol name.
    #[must_use]
    pub const fn noise_name(self) -> &'static str {
        match self {
            Self::AesGcm => "Noise_XK_25519_AESGCM_SHA256",
            Self::ChaChaPoly => "Noise_XK_25519_ChaChaPoly_SHA256",
        }
    }
}

/// A set of cipher suites, at least one.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Suites(u8);

impl Suites {
    /// Only AES-GCM.
    pub const AES_GCM: Self = Self(1);
    /// Only ChaCha20-Poly1305.
    pub const CHACHA_POLY: Self = Self(2);
    /// Both suites.
    pub const ALL: Self = Self(3);

    /// What a machine should offer: AES-GCM only with AES instructions, because software AES is slow and leaks its
    /// key through timing. Whether they are there is the caller's to find out.
    #[must_use]
    pub const fn for_hardware(has_aes_instructions: bool) -> Self {
        if has_aes_instructions {
            Self::ALL
        } else {
            Self::CHACHA_POLY
        }
    }

    /// The set with these bits on the wire; `None` for the empty set and for unknown bits.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Option<Self> {
        match bits {
            1..=3 => Some(Self(bits)),
            _ => None,
        }
    }

    /// The bits on the wire.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether the set has this suite.
    #[must_use]
    pub const fn contains(self, suite: Suite) -> bool {
        let bit = match suite {
            Suite::AesGcm => Self::AES_GCM.0,
            Suite::ChaChaPoly => Self::CHACHA_POLY.0,
        };
        self.0 & bit != 0
    }

    /// The suite an initiator picks: AES-GCM when both sides have it, else ChaCha20-Poly1305, else none.
    ///
    /// There is no negotiation that could be talked down: `theirs` comes from a signed announcement.
    #[must_use]
    pub fn preferred(mine: Self, theirs: Self) -> Option<Suite> {
        [Suite::AesGcm, Suite::ChaChaPoly]
            .into_iter()
            .find(|suite| mine.contains(*suite) && theirs.contains(*suite))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aes_is_taken_only_when_both_have_it() {
        let table = [
            (Suites::ALL, Suites::ALL, Some(Suite::AesGcm)),
            (Suites::ALL, Suites::CHACHA_POLY, Some(Suite::ChaChaPoly)),
            (Suites::CHACHA_POLY, Suites::ALL, Some(Suite::ChaChaPoly)),
            (Suites::AES_GCM, Suites::ALL, Some(Suite::AesGcm)),
            (Suites::AES_GCM, Suites::CHACHA_POLY, None),
        ];
        for (mine, theirs, expected) in table {
            assert_eq!(
                Suites::preferred(mine, theirs),
                expected,
                "{mine:?} with {theirs:?}"
            );
        }
    }

    #[test]
    fn without_aes_instructions_aes_is_not_offered() {
        assert!(!Suites::for_hardware(false).contains(Suite::AesGcm));
        assert_eq!(Suites::for_hardware(true), Suites::ALL);
    }

    #[test]
    fn unknown_or_no_suites_are_no_set() {
        for bits in [0, 4, 7, 0x81, 0xff] {
            assert_eq!(Suites::from_bits(bits), None);
        }
        for number in 0..=u8::MAX {
            assert!(Suite::from_number(number).is_none_or(|suite| suite.number() == number));
        }
    }
}
