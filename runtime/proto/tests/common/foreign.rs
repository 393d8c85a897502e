//! Peers built on stock snow with its own primitives: they check that we speak Noise, and they lie where ours cannot.

use dsoftbus_proto::{
    handshake::Suite,
    identity::{DeviceId, Realm, StaticPublic, StaticSecret, derive_static},
};
use sha2::{Digest, Sha256};
use snow::{
    Builder, HandshakeState, TransportState,
    params::{CipherChoice, DHChoice, HashChoice},
    resolvers::{BoxedCryptoResolver, CryptoResolver, DefaultResolver},
    types::{Cipher, Dh, Hash, Random},
};

use super::{Device, REALM, sign_raw};

/// What a foreign peer mixes into its handshake.
#[derive(Clone)]
pub struct Prologue {
    pub version: u16,
    pub suite: Suite,
    pub realm: Realm,
    pub responder: DeviceId,
}

impl Prologue {
    pub fn to(responder: &Device) -> Self {
        Self {
            version: 1,
            suite: Suite::AesGcm,
            realm: REALM,
            responder: responder.id(),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        [
            &b"DSoftBus-lite\0"[..],
            &self.version.to_be_bytes(),
            &[self.suite.number()],
            self.realm.as_bytes(),
            self.responder.as_bytes(),
        ]
        .concat()
    }

    pub fn preamble(&self) -> [u8; 8] {
        [b'D', b'S', b'B', b'L', 0, 1, self.suite.number(), 0]
    }
}

/// The secret half of a device's first static key: the crate gives it to nobody, so it is derived once more.
pub fn static_secret(device: &Device) -> [u8; 32] {
    let mut secret = [0; 32];
    hkdf::Hkdf::<sha2::Sha512>::new(Some(b"DSBL/v1"), device.seed.secret_bytes())
        .expand(b"noise-static\0\0\0\x01", &mut secret)
        .unwrap();
    assert_eq!(
        StaticSecret::from_bytes(secret).public(),
        derive_static(&device.seed, 1).public()
    );
    secret
}

pub struct Foreign {
    noise: HandshakeState,
    hash_after_2: [u8; 32],
}

impl Foreign {
    pub fn initiator(prologue: &Prologue, own: &[u8; 32], target: &StaticPublic) -> Self {
        Self::initiator_with(Box::new(Stock), prologue, own, target)
    }

    pub fn initiator_with(
        resolver: BoxedCryptoResolver,
        prologue: &Prologue,
        own: &[u8; 32],
        target: &StaticPublic,
    ) -> Self {
        let bytes = prologue.bytes();
        let noise = builder(resolver, prologue, &bytes, own)
            .fixed_ephemeral_key_for_testing_only(&[0xf1; 32])
            .remote_public_key(target.as_bytes())
            .unwrap()
            .build_initiator()
            .unwrap();
        Self {
            noise,
            hash_after_2: [0; 32],
        }
    }

    pub fn responder(prologue: &Prologue, own: &[u8; 32]) -> Self {
        let bytes = prologue.bytes();
        let noise = builder(Box::new(Stock), prologue, &bytes, own)
            .fixed_ephemeral_key_for_testing_only(&[0xf2; 32])
            .build_responder()
            .unwrap();
        Self {
            noise,
            hash_after_2: [0; 32],
        }
    }

    pub fn write<const N: usize>(&mut self, payload: &[u8]) -> [u8; N] {
        let mut out = [0; N];
        assert_eq!(self.noise.write_message(payload, &mut out).unwrap(), N);
        out
    }

    pub fn read(&mut self, message: &[u8]) -> Vec<u8> {
        let mut payload = vec![0; message.len()];
        let len = self.noise.read_message(message, &mut payload).unwrap();
        payload.truncate(len);
        payload
    }

    pub fn hash(&self) -> [u8; 32] {
        self.noise.get_handshake_hash().try_into().unwrap()
    }

    /// Remembers the hash that the initiator's proof covers.
    pub fn mark_message2(&mut self) {
        self.hash_after_2 = self.hash();
    }

    pub fn hash_after_2(&self) -> [u8; 32] {
        self.hash_after_2
    }

    pub fn into_transport(self) -> TransportState {
        self.noise.into_transport_mode().unwrap()
    }
}

fn builder<'a>(
    resolver: BoxedCryptoResolver,
    prologue: &Prologue,
    prologue_bytes: &'a [u8],
    own: &'a [u8; 32],
) -> Builder<'a> {
    Builder::with_resolver(prologue.suite.noise_name().parse().unwrap(), resolver)
        .prologue(prologue_bytes)
        .unwrap()
        .local_private_key(own)
        .unwrap()
}

/// What a live proof covers, in the order of the wire.
pub fn proof_body(
    hash: [u8; 32],
    certificate: &[u8],
    peer: &DeviceId,
    peer_static: &StaticPublic,
) -> Vec<u8> {
    [
        &hash[..],
        &Sha256::digest(certificate),
        peer.as_bytes(),
        peer_static.as_bytes(),
    ]
    .concat()
}

/// The proof a foreign initiator owes, made without our code.
pub fn initiator_proof(
    foreign: &Foreign,
    signer: &Device,
    certificate: &[u8],
    responder: &Device,
) -> [u8; 64] {
    let body = proof_body(
        foreign.hash_after_2(),
        certificate,
        &responder.id(),
        &responder.certificate().static_key(),
    );
    sign_raw(signer, "DSoftBus-lite v1 hs-initiator", &body)
}

/// The proof a foreign responder owes, made without our code.
pub fn responder_proof(
    foreign: &Foreign,
    signer: &Device,
    certificate: &[u8],
    initiator: &Device,
) -> [u8; 64] {
    let body = proof_body(
        foreign.hash(),
        certificate,
        &initiator.id(),
        &initiator.certificate().static_key(),
    );
    sign_raw(signer, "DSoftBus-lite v1 hs-responder", &body)
}

/// The default primitives; the ephemeral key is fixed, so there is nothing random.
struct Stock;

impl CryptoResolver for Stock {
    fn resolve_rng(&self) -> Option<Box<dyn Random>> {
        Some(Box::new(NoRandom))
    }

    fn resolve_dh(&self, choice: &DHChoice) -> Option<Box<dyn Dh>> {
        DefaultResolver.resolve_dh(choice)
    }

    fn resolve_hash(&self, choice: &HashChoice) -> Option<Box<dyn Hash>> {
        DefaultResolver.resolve_hash(choice)
    }

    fn resolve_cipher(&self, choice: &CipherChoice) -> Option<Box<dyn Cipher>> {
        DefaultResolver.resolve_cipher(choice)
    }
}

/// Default primitives, except that the static key claims to be `public`.
///
/// Its Diffie-Hellman gives the peer's own public key: right for encodings of the base point, whose secret would be 1.
pub struct LyingStatic {
    pub public: [u8; 32],
    handed_out: std::sync::atomic::AtomicBool,
}

impl LyingStatic {
    pub fn new(public: [u8; 32]) -> Self {
        Self {
            public,
            handed_out: false.into(),
        }
    }
}

impl CryptoResolver for LyingStatic {
    fn resolve_rng(&self) -> Option<Box<dyn Random>> {
        Some(Box::new(NoRandom))
    }

    fn resolve_dh(&self, choice: &DHChoice) -> Option<Box<dyn Dh>> {
        // snow asks for the static key first, then for the ephemeral one.
        if self
            .handed_out
            .swap(true, std::sync::atomic::Ordering::Relaxed)
        {
            DefaultResolver.resolve_dh(choice)
        } else {
            Some(Box::new(LyingDh(self.public)))
        }
    }

    fn resolve_hash(&self, choice: &HashChoice) -> Option<Box<dyn Hash>> {
        DefaultResolver.resolve_hash(choice)
    }

    fn resolve_cipher(&self, choice: &CipherChoice) -> Option<Box<dyn Cipher>> {
        DefaultResolver.resolve_cipher(choice)
    }
}

struct LyingDh([u8; 32]);

impl Dh for LyingDh {
    fn name(&self) -> &'static str {
        "25519"
    }
    fn pub_len(&self) -> usize {
        32
    }
    fn priv_len(&self) -> usize {
        32
    }
    fn set(&mut self, _: &[u8]) {}
    fn generate(&mut self, _: &mut dyn Random) -> Result<(), snow::Error> {
        Err(snow::Error::Rng)
    }
    fn pubkey(&self) -> &[u8] {
        &self.0
    }
    fn privkey(&self) -> &[u8] {
        &[]
    }
    fn dh(&self, pubkey: &[u8], out: &mut [u8]) -> Result<(), snow::Error> {
        out[..32].copy_from_slice(&pubkey[..32]);
        Ok(())
    }
}

struct NoRandom;

impl Random for NoRandom {
    fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), snow::Error> {
        Err(snow::Error::Rng)
    }
}
