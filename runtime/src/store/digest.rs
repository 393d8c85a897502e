//! BLAKE3-256 digests: the names of artifacts.

use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER;

/// The BLAKE3-256 digest of a payload: its name, and the proof that bytes are that payload.
///
/// As text: 64 hexadecimal digits in lower case, nothing else.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Digest([u8; Self::LEN]);

impl Digest {
    /// Length of a digest in bytes.
    pub const LEN: usize = 32;

    /// The digest of `payload`.
    #[must_use]
    pub fn of(payload: &[u8]) -> Self {
        Self(*blake3::hash(payload).as_bytes())
    }

    /// The digest with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// The bytes of the digest.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl From<[u8; 32]> for Digest {
    fn from(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl FromStr for Digest {
    type Err = ParseDigestError;

    fn from_str(text: &str) -> Result<Self, ParseDigestError> {
        // The length is checked first: the decoder would size its buffer by it.
        if text.len() != Self::LEN * 2 {
            return Err(ParseDigestError);
        }
        let bytes = HEXLOWER
            .decode(text.as_bytes())
            .map_err(|_| ParseDigestError)?;
        <[u8; Self::LEN]>::try_from(bytes)
            .map(Self)
            .map_err(|_| ParseDigestError)
    }
}

/// A text is not a digest.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a digest is 64 hexadecimal digits in lower case")]
pub struct ParseDigestError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_form_reads_back() {
        let digest = Digest::of(b"abc");
        assert_eq!(
            digest.to_string(),
            "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"
        );
        assert_eq!(digest.to_string().parse(), Ok(digest));
    }

    #[test]
    fn other_spellings_are_refused() {
        let good = Digest::of(b"abc").to_string();
        for bad in [
            String::new(),
            good.to_uppercase(),
            good[1..].into(),
            format!("{good}0"),
            format!("{}/", &good[1..]),
            "../".repeat(22),
            "\0".repeat(64),
            "x".repeat(65_536),
        ] {
            assert_eq!(bad.parse::<Digest>(), Err(ParseDigestError), "{bad:.70}");
        }
    }
}
