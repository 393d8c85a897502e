//! Authenticated encryption with the nonce layouts of Noise, on AWS-LC or on RustCrypto.
//!
//! The two backends give the same bytes; the tests hold them to each other.

use zeroize::Zeroizing;

use super::Suite;

#[cfg(feature = "aws-lc")]
use aws_lc::Key;
#[cfg(not(feature = "aws-lc"))]
use portable::Key;

/// Length of the authentication tag in bytes.
pub(crate) const TAG: usize = 16;

/// A keyed cipher. Nonces are the caller's business: each may seal once.
pub(crate) struct Aead {
    suite: Suite,
    key: Key,
}

/// The tag does not fit, or the backend refused. Nothing more is said about it on purpose.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct AeadError;

impl Aead {
    pub(crate) fn new(suite: Suite, key: &[u8; 32]) -> Result<Self, AeadError> {
        Ok(Self {
            suite,
            key: Key::new(suite, key)?,
        })
    }

    /// Encrypts in place and returns the tag.
    pub(crate) fn seal(
        &self,
        counter: u64,
        associated: &[u8],
        in_out: &mut [u8],
    ) -> Result<[u8; TAG], AeadError> {
        self.key
            .seal(nonce(self.suite, counter), associated, in_out)
    }

    /// Whether [`seal_with`](Self::seal_with) is worth it: ChaCha20-Poly1305 of AWS-LC takes the second piece a byte at a time.
    #[cfg(feature = "aws-lc")]
    pub(crate) const fn seals_in_pieces(&self) -> bool {
        matches!(self.suite, Suite::AesGcm)
    }

    /// Encrypts `front` in place and `rest`, which follows it, into `sealed`, which has room for the tag behind it.
    #[cfg(feature = "aws-lc")]
    pub(crate) fn seal_with(
        &self,
        counter: u64,
        front: &mut [u8],
        rest: &[u8],
        sealed: &mut [u8],
    ) -> Result<(), AeadError> {
        self.key
            .seal_with(nonce(self.suite, counter), front, rest, sealed)
    }

    /// Decrypts `ciphertext` into `out`, which has the same length. On failure `out` holds nothing of use.
    pub(crate) fn open(
        &self,
        counter: u64,
        associated: &[u8],
        ciphertext: &[u8],
        tag: &[u8; TAG],
        out: &mut [u8],
    ) -> Result<(), AeadError> {
        if out.len() != ciphertext.len() {
            return Err(AeadError);
        }
        self.key
            .open(nonce(self.suite, counter), associated, ciphertext, tag, out)
    }

    /// Replaces the key by one that follows from it but does not lead back: Noise `REKEY`, section 4.2.
    pub(crate) fn rekey(&mut self) -> Result<(), AeadError> {
        let mut next = Zeroizing::new([0; 32]);
        self.seal(u64::MAX, &[], next.as_mut_slice())?;
        self.key = Key::new(self.suite, &next)?;
        Ok(())
    }
}

/// 4 zero bytes, then the counter: big-endian for AES-GCM, little-endian for ChaCha20-Poly1305 (Noise, section 12).
fn nonce(suite: Suite, counter: u64) -> [u8; 12] {
    let [a, b, c, d, e, f, g, h] = match suite {
        Suite::AesGcm => counter.to_be_bytes(),
        Suite::ChaChaPoly => counter.to_le_bytes(),
    };
    [0, 0, 0, 0, a, b, c, d, e, f, g, h]
}

#[cfg(feature = "aws-lc")]
mod aws_lc {
    use aws_lc_rs::aead::{AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};

    use super::{AeadError, Suite, TAG};

    /// AWS-LC wipes the key schedule when it is freed.
    pub(super) struct Key(LessSafeKey);

    impl Key {
        pub(super) fn new(suite: Suite, key: &[u8; 32]) -> Result<Self, AeadError> {
            let algorithm = match suite {
                Suite::AesGcm => &AES_256_GCM,
                Suite::ChaChaPoly => &CHACHA20_POLY1305,
            };
            UnboundKey::new(algorithm, key)
                .map(|key| Self(LessSafeKey::new(key)))
                .map_err(|_| AeadError)
        }

        pub(super) fn seal(
            &self,
            nonce: [u8; 12],
            aad: &[u8],
            in_out: &mut [u8],
        ) -> Result<[u8; TAG], AeadError> {
            let nonce = Nonce::assume_unique_for_key(nonce);
            let tag = self
                .0
                .seal_in_place_separate_tag(nonce, Aad::from(aad), in_out)
                .map_err(|_| AeadError)?;
            tag.as_ref().try_into().map_err(|_| AeadError)
        }

        pub(super) fn seal_with(
            &self,
            nonce: [u8; 12],
            front: &mut [u8],
            rest: &[u8],
            sealed: &mut [u8],
        ) -> Result<(), AeadError> {
            let nonce = Nonce::assume_unique_for_key(nonce);
            self.0
                .seal_in_place_scatter(nonce, Aad::empty(), front, rest, sealed)
                .map_err(|_| AeadError)
        }

        pub(super) fn open(
            &self,
            nonce: [u8; 12],
            aad: &[u8],
            ciphertext: &[u8],
            tag: &[u8; TAG],
            out: &mut [u8],
        ) -> Result<(), AeadError> {
            let nonce = Nonce::assume_unique_for_key(nonce);
            self.0
                .open_separate_gather(nonce, Aad::from(aad), ciphertext, tag, out)
                .map_err(|_| AeadError)
        }
    }
}

#[cfg(any(test, not(feature = "aws-lc")))]
mod portable {
    use alloc::boxed::Box;

    use aes_gcm::{AeadInPlace, Aes256Gcm, KeyInit};
    use chacha20poly1305::ChaCha20Poly1305;

    use super::{AeadError, Suite, TAG};

    /// Both wipe themselves when dropped. The AES key schedule is large, hence the box.
    pub(super) enum Key {
        AesGcm(Box<Aes256Gcm>),
        ChaChaPoly(ChaCha20Poly1305),
    }

    impl Key {
        // Fallible like the other backend, so that callers need not know which one they have.
        #[expect(clippy::unnecessary_wraps)]
        pub(super) fn new(suite: Suite, key: &[u8; 32]) -> Result<Self, AeadError> {
            Ok(match suite {
                Suite::AesGcm => Self::AesGcm(Box::new(Aes256Gcm::new(key.into()))),
                Suite::ChaChaPoly => Self::ChaChaPoly(ChaCha20Poly1305::new(key.into())),
            })
        }

        pub(super) fn seal(
            &self,
            nonce: [u8; 12],
            aad: &[u8],
            in_out: &mut [u8],
        ) -> Result<[u8; TAG], AeadError> {
            match self {
                Self::AesGcm(key) => key.encrypt_in_place_detached(&nonce.into(), aad, in_out),
                Self::ChaChaPoly(key) => key.encrypt_in_place_detached(&nonce.into(), aad, in_out),
            }
            .map(Into::into)
            .map_err(|_| AeadError)
        }

        pub(super) fn open(
            &self,
            nonce: [u8; 12],
            aad: &[u8],
            ciphertext: &[u8],
            tag: &[u8; TAG],
            out: &mut [u8],
        ) -> Result<(), AeadError> {
            out.copy_from_slice(ciphertext);
            match self {
                Self::AesGcm(key) => {
                    key.decrypt_in_place_detached(&nonce.into(), aad, out, tag.into())
                }
                Self::ChaChaPoly(key) => {
                    key.decrypt_in_place_detached(&nonce.into(), aad, out, tag.into())
                }
            }
            .map_err(|_| AeadError)
        }
    }
}

#[cfg(all(test, feature = "aws-lc"))]
mod tests {
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;

    fn suites() -> impl Strategy<Value = Suite> {
        prop_oneof![Just(Suite::AesGcm), Just(Suite::ChaChaPoly)]
    }

    proptest! {
        #[test]
        fn both_backends_give_the_same_bytes_and_open_each_other(
            suite in suites(),
            key: [u8; 32],
            nonce: [u8; 12],
            aad in proptest::collection::vec(any::<u8>(), 0..40),
            plain in proptest::collection::vec(any::<u8>(), 0..2000),
        ) {
            let native = aws_lc::Key::new(suite, &key).unwrap();
            let portable = portable::Key::new(suite, &key).unwrap();
            let (mut one, mut other) = (plain.clone(), plain.clone());
            let tag = native.seal(nonce, &aad, &mut one).unwrap();
            prop_assert_eq!(tag, portable.seal(nonce, &aad, &mut other).unwrap());
            prop_assert_eq!(&one, &other);

            let mut out = vec![0; plain.len()];
            native.open(nonce, &aad, &one, &tag, &mut out).unwrap();
            prop_assert_eq!(&out, &plain);
            out.fill(0);
            portable.open(nonce, &aad, &one, &tag, &mut out).unwrap();
            prop_assert_eq!(&out, &plain);

            let mut bad = tag;
            bad[0] ^= 1;
            prop_assert_eq!(native.open(nonce, &aad, &one, &bad, &mut out), Err(AeadError));
            prop_assert_eq!(portable.open(nonce, &aad, &one, &bad, &mut out), Err(AeadError));
        }

        #[test]
        fn two_pieces_give_the_same_bytes_as_one(
            suite in suites(),
            key: [u8; 32],
            nonce: [u8; 12],
            mut front in proptest::collection::vec(any::<u8>(), 0..200),
            rest in proptest::collection::vec(any::<u8>(), 0..2000),
        ) {
            let key = aws_lc::Key::new(suite, &key).unwrap();
            let mut whole = [&front[..], &rest].concat();
            let tag = key.seal(nonce, &[], &mut whole).unwrap();
            let mut sealed = vec![0; rest.len() + TAG];
            key.seal_with(nonce, &mut front, &rest, &mut sealed).unwrap();
            prop_assert_eq!([front, sealed].concat(), [&whole[..], &tag].concat());
        }
    }
}
