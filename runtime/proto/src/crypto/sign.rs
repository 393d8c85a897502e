//! Ed25519 signing, on AWS-LC or on dalek: the same bytes, at half the time.
//!
//! Checking signatures is dalek's alone: AWS-LC accepts keys of small order.

use ed25519_dalek::SigningKey;

#[cfg(feature = "aws-lc")]
pub(crate) use aws_lc::Signer;
#[cfg(not(feature = "aws-lc"))]
pub(crate) use portable::Signer;

#[cfg(feature = "aws-lc")]
mod aws_lc {
    use aws_lc_rs::signature::Ed25519KeyPair;
    use ed25519_dalek::Signer as _;

    use super::SigningKey;

    /// A key that signs. AWS-LC wipes its copy when it is freed.
    #[derive(Clone)]
    pub(crate) struct Signer {
        key: SigningKey,
        native: Option<Ed25519KeyPair>,
    }

    impl Signer {
        pub(crate) fn new(key: SigningKey) -> Self {
            let public = key.verifying_key();
            let native =
                Ed25519KeyPair::from_seed_and_public_key(key.as_bytes(), public.as_bytes());
            Self {
                key,
                native: native.ok(),
            }
        }

        pub(crate) const fn key(&self) -> &SigningKey {
            &self.key
        }

        #[cfg(test)]
        pub(super) const fn has_native(&self) -> bool {
            self.native.is_some()
        }

        /// The signature is a function of key and message, whoever computes it: where AWS-LC fails, dalek does.
        pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
            self.native
                .as_ref()
                .and_then(|native| native.try_sign(message).ok())
                .and_then(|signature| signature.as_ref().try_into().ok())
                .unwrap_or_else(|| self.key.sign(message).to_bytes())
        }
    }
}

#[cfg(any(test, not(feature = "aws-lc")))]
mod portable {
    use ed25519_dalek::Signer as _;

    use super::SigningKey;

    /// A key that signs, wiped when dropped.
    #[derive(Clone)]
    pub(crate) struct Signer(SigningKey);

    impl Signer {
        pub(crate) const fn new(key: SigningKey) -> Self {
            Self(key)
        }

        pub(crate) const fn key(&self) -> &SigningKey {
            &self.0
        }

        pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
            self.0.sign(message).to_bytes()
        }
    }
}

#[cfg(all(test, feature = "aws-lc"))]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn both_signers_give_the_same_bytes(secret: [u8; 32], message: Vec<u8>) {
            let key = SigningKey::from_bytes(&secret);
            let native = aws_lc::Signer::new(key.clone());
            let portable = portable::Signer::new(key);
            prop_assert!(native.has_native());
            prop_assert_eq!(native.key(), portable.key());
            prop_assert_eq!(native.sign(&message), portable.sign(&message));
        }
    }
}
