//! X25519 for snow. Unlike snow's own it wipes its key and refuses an all-zero result.

use snow::types::{Dh, Random};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

const LEN: usize = 32;

/// An X25519 key pair, absent until set or generated.
#[derive(Default)]
pub(super) struct X25519 {
    secret: Option<StaticSecret>,
    public: [u8; LEN],
}

impl X25519 {
    fn use_secret(&mut self, secret: [u8; LEN]) {
        let secret = StaticSecret::from(secret);
        self.public = PublicKey::from(&secret).to_bytes();
        self.secret = Some(secret);
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
            self.use_secret(*Zeroizing::new(secret));
        }
    }

    fn generate(&mut self, rng: &mut dyn Random) -> Result<(), snow::Error> {
        let mut secret = Zeroizing::new([0; LEN]);
        rng.try_fill_bytes(secret.as_mut_slice())?;
        self.use_secret(*secret);
        Ok(())
    }

    fn pubkey(&self) -> &[u8] {
        &self.public
    }

    fn privkey(&self) -> &[u8] {
        self.secret.as_ref().map_or(&[], |secret| secret.as_bytes())
    }

    fn dh(&self, pubkey: &[u8], out: &mut [u8]) -> Result<(), snow::Error> {
        // snow hands over buffers for its longest curve.
        let theirs = *pubkey.first_chunk::<LEN>().ok_or(snow::Error::Dh)?;
        let out = out.first_chunk_mut::<LEN>().ok_or(snow::Error::Dh)?;
        let shared = self
            .secret
            .as_ref()
            .ok_or(snow::Error::Dh)?
            .diffie_hellman(&PublicKey::from(theirs));
        // RFC 7748, section 6.1: a low-order point of the peer would make the "secret" public.
        if !shared.was_contributory() {
            return Err(snow::Error::Dh);
        }
        *out = *shared.as_bytes();
        Ok(())
    }
}
