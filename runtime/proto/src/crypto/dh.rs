//! X25519 for snow, on AWS-LC or on dalek. Unlike snow's own it wipes its key and refuses an all-zero result.

use alloc::sync::Arc;

use snow::types::{Dh, Random};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

#[cfg(feature = "aws-lc")]
use aws_lc::Key;
#[cfg(not(feature = "aws-lc"))]
use portable::Key;

const LEN: usize = 32;

/// An X25519 key pair, ready to agree. The secret is wiped when it is dropped.
pub(crate) struct Pair {
    secret: Zeroizing<[u8; LEN]>,
    key: Key,
    public: [u8; LEN],
}

impl Pair {
    /// The pair of a secret; `None` when the backend fails.
    pub(crate) fn new(secret: Zeroizing<[u8; LEN]>) -> Option<Self> {
        let (key, public) = Key::new(&secret)?;
        Some(Self {
            secret,
            key,
            public,
        })
    }
}

/// What snow agrees with: a key pair, absent until set or generated.
#[derive(Default)]
pub(super) struct X25519 {
    pair: Option<Arc<Pair>>,
    /// A pair that was made before, for when snow sets its secret.
    ready: Option<Arc<Pair>>,
}

impl X25519 {
    /// As the default, but `ready` is used when its secret is set: deriving the public key anew costs as much as half an
    /// agreement.
    pub(super) const fn with_ready(ready: Option<Arc<Pair>>) -> Self {
        Self { pair: None, ready }
    }

    fn use_secret(&mut self, secret: Zeroizing<[u8; LEN]>) -> Result<(), snow::Error> {
        let ready = self
            .ready
            .take()
            .filter(|ready| bool::from(ready.secret.ct_eq(secret.as_slice())));
        let pair = ready.or_else(|| Pair::new(secret).map(Arc::new));
        self.pair = Some(pair.ok_or(snow::Error::Dh)?);
        Ok(())
    }
}

impl Dh for X25519 {
    fn name(&self) -> &'static str {
        "25519"
    }

    fn pub_len(&self) -> usize {
        LEN
    }

    fn priv_len(&self) -> usize {
        LEN
    }

    fn set(&mut self, privkey: &[u8]) {
        if let Ok(secret) = <[u8; LEN]>::try_from(privkey) {
            // snow leaves no way to report a failure; without a key the first agreement fails.
            let _ = self.use_secret(Zeroizing::new(secret));
        }
    }

    fn generate(&mut self, rng: &mut dyn Random) -> Result<(), snow::Error> {
        let mut secret = Zeroizing::new([0; LEN]);
        rng.try_fill_bytes(secret.as_mut_slice())?;
        self.use_secret(secret)
    }

    fn pubkey(&self) -> &[u8] {
        self.pair.as_ref().map_or(&[0; LEN], |pair| &pair.public)
    }

    fn privkey(&self) -> &[u8] {
        self.pair
            .as_ref()
            .map_or(&[], |pair| pair.secret.as_slice())
    }

    fn dh(&self, pubkey: &[u8], out: &mut [u8]) -> Result<(), snow::Error> {
        // snow hands over buffers for its longest curve.
        let theirs = pubkey.first_chunk::<LEN>().ok_or(snow::Error::Dh)?;
        let out = out.first_chunk_mut::<LEN>().ok_or(snow::Error::Dh)?;
        let pair = self.pair.as_ref().ok_or(snow::Error::Dh)?;
        let shared = pair.key.agree(theirs).ok_or(snow::Error::Dh)?;
        // RFC 7748, section 6.1: a low-order point of the peer would make the "secret" public.
        if bool::from(shared.ct_eq(&[0; LEN])) {
            return Err(snow::Error::Dh);
        }
        *out = *shared;
        Ok(())
    }
}

#[cfg(feature = "aws-lc")]
mod aws_lc {
    use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
    use zeroize::Zeroizing;

    use super::LEN;

    /// AWS-LC wipes the key when it is freed.
    pub(super) struct Key(PrivateKey);

    impl Key {
        /// The key and its public half.
        pub(super) fn new(secret: &[u8; LEN]) -> Option<(Self, [u8; LEN])> {
            let key = PrivateKey::from_private_key(&X25519, secret).ok()?;
            let public = key.compute_public_key().ok()?.as_ref().try_into().ok()?;
            Some((Self(key), public))
        }

        /// Refuses some low-order points by itself.
        pub(super) fn agree(&self, theirs: &[u8; LEN]) -> Option<Zeroizing<[u8; LEN]>> {
            let theirs = UnparsedPublicKey::new(&X25519, theirs);
            agree(&self.0, theirs, (), |shared| {
                shared.try_into().map(Zeroizing::new).map_err(|_| ())
            })
            .ok()
        }
    }
}

#[cfg(any(test, not(feature = "aws-lc")))]
mod portable {
    use x25519_dalek::{PublicKey, StaticSecret};
    use zeroize::Zeroizing;

    use super::LEN;

    /// Wiped when dropped.
    pub(super) struct Key(StaticSecret);

    impl Key {
        // Fallible like the other backend, so that callers need not know which one they have.
        #[expect(clippy::unnecessary_wraps)]
        pub(super) fn new(secret: &[u8; LEN]) -> Option<(Self, [u8; LEN])> {
            let secret = StaticSecret::from(*secret);
            let public = PublicKey::from(&secret).to_bytes();
            Some((Self(secret), public))
        }

        #[expect(clippy::unnecessary_wraps)]
        pub(super) fn agree(&self, theirs: &[u8; LEN]) -> Option<Zeroizing<[u8; LEN]>> {
            let shared = self.0.diffie_hellman(&PublicKey::from(*theirs));
            Some(Zeroizing::new(*shared.as_bytes()))
        }
    }
}

#[cfg(all(test, feature = "aws-lc"))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn both_backends_give_the_same_keys_and_secrets(ours: [u8; LEN], theirs: [u8; LEN]) {
            let (native, public) = aws_lc::Key::new(&ours).unwrap();
            let (portable, same) = portable::Key::new(&ours).unwrap();
            prop_assert_eq!(public, same);
            let shared = native.agree(&theirs).unwrap();
            prop_assert_eq!(*shared, *portable.agree(&theirs).unwrap());
        }
    }

    #[test]
    fn a_ready_pair_is_used_for_its_own_secret_only() {
        let ready = Arc::new(Pair::new(Zeroizing::new([7; LEN])).unwrap());
        for (secret, same) in [([7; LEN], true), ([8; LEN], false)] {
            let mut pair = X25519::with_ready(Some(Arc::clone(&ready)));
            pair.set(&secret);
            assert_eq!(Arc::ptr_eq(pair.pair.as_ref().unwrap(), &ready), same);
            assert_eq!(pair.privkey(), secret);
            assert_eq!(pair.pubkey(), portable::Key::new(&secret).unwrap().1);
        }
    }

    #[test]
    fn a_low_order_point_is_refused() {
        let mut one = [0; LEN];
        one[0] = 1;
        for point in [[0; LEN], one] {
            let mut pair = X25519::default();
            pair.set(&[7; LEN]);
            assert_eq!(pair.dh(&point, &mut [0; LEN]), Err(snow::Error::Dh));
        }
    }
}
