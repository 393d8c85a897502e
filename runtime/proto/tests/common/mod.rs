//! Devices to shake hands with, and a whole handshake in one call.

#![allow(dead_code, reason = "every test file uses another part")]
#![allow(unreachable_pub, reason = "the crate of a test file has no outside")]

pub mod attack;
pub mod foreign;

use std::sync::Arc;

use dsoftbus_proto::{
    certificate::{CertifiedKey, StaticCertificate, Terms},
    handshake::{
        AwaitAccept, AwaitMessage2, AwaitMessage3, Config, Established, HandshakeError, Initiator,
        Rejected, Responder, Suite, Suites, Target,
    },
    identity::{DeviceId, Realm, Seed, StaticSecret, derive_static},
    side::Side,
    trust::{Admission, AllowList},
};
use hex_literal::hex;

/// The time of every test, Unix seconds.
pub const NOW: u64 = 1_800_000_000;
pub const REALM: Realm = Realm::from_bytes(*b"homelab1");
pub const EPHEMERAL_I: [u8; 32] = [0xe1; 32];
pub const EPHEMERAL_R: [u8; 32] = [0xe2; 32];
pub const SUITES: [Suite; 2] = [Suite::AesGcm, Suite::ChaChaPoly];

/// A device with its seed and its current static key.
#[derive(Clone)]
pub struct Device {
    pub seed: Seed,
    pub key: Arc<CertifiedKey>,
}

impl Device {
    /// Always the same device for the same number.
    pub fn new(number: u8) -> Self {
        Self::with(number, 1, |_| {})
    }

    /// A device whose certificate differs from the usual.
    pub fn with(number: u8, epoch: u32, change: impl FnOnce(&mut Terms)) -> Self {
        let seed = Seed::from_bytes([number; 32]);
        let secret = derive_static(&seed, epoch);
        let mut terms = terms(&seed, &secret, epoch);
        change(&mut terms);
        let key = Arc::new(CertifiedKey::new(terms.sign(&seed), secret).unwrap());
        Self { seed, key }
    }

    pub fn id(&self) -> DeviceId {
        self.key.device()
    }

    pub fn certificate(&self) -> &StaticCertificate {
        self.key.certificate()
    }

    pub fn config(&self) -> Config {
        Config::new(REALM, self.key.clone())
    }

    pub fn target(&self) -> Target {
        Target {
            device: self.id(),
            static_key: self.certificate().static_key(),
        }
    }
}

fn terms(seed: &Seed, secret: &StaticSecret, epoch: u32) -> Terms {
    let mut terms = Terms::new(seed.device_id(), *secret.public(), epoch.into());
    terms.not_before = NOW - 1_000;
    terms.not_after = NOW + 1_000;
    terms
}

pub fn alice() -> Device {
    Device::new(0xa1)
}

pub fn bob() -> Device {
    Device::new(0xb0)
}

pub fn mallory() -> Device {
    Device::new(0x3a)
}

/// Both ends after a handshake.
#[derive(Debug)]
pub struct Pair {
    pub initiator: Established,
    pub responder: Established,
}

/// Where a handshake broke off.
#[derive(Debug, Eq, PartialEq)]
pub struct Broken {
    pub at: Side,
    pub error: HandshakeError,
}

/// At the initiator.
pub fn initiator(error: impl Into<HandshakeError>) -> Broken {
    Broken {
        at: Side::Initiator,
        error: error.into(),
    }
}

/// At the responder.
pub fn responder(error: impl Into<HandshakeError>) -> Broken {
    Broken {
        at: Side::Responder,
        error: error.into(),
    }
}

/// The pieces that cross the wire, for tampering.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wire {
    Preamble,
    Message1,
    Message2,
    Message3,
    Record0,
}

/// A handshake between two of our own, with everything adjustable.
pub struct Exchange {
    pub initiator: Device,
    pub initiator_config: Config,
    pub target: Target,
    pub responder: Device,
    pub responder_config: Config,
    pub suite: Suite,
    pub suites: Suites,
    pub admission: AllowList,
    pub ephemerals: [[u8; 32]; 2],
    pub now: u64,
}

impl Exchange {
    /// Alice dials Bob.
    pub fn new() -> Self {
        Self::between(alice(), bob())
    }

    pub fn between(initiator: Device, responder: Device) -> Self {
        Self {
            initiator_config: initiator.config(),
            target: responder.target(),
            responder_config: responder.config(),
            initiator,
            responder,
            suite: Suite::AesGcm,
            suites: Suites::ALL,
            admission: AllowList::anyone(),
            ephemerals: [EPHEMERAL_I, EPHEMERAL_R],
            now: NOW,
        }
    }

    pub fn run(&self) -> Result<Pair, Broken> {
        self.run_tampered(|_, _| {})
    }

    /// Runs with a man in the middle who may edit every piece.
    pub fn run_tampered(&self, mut tamper: impl FnMut(Wire, &mut [u8])) -> Result<Pair, Broken> {
        let (state, message2, awaiting3) = self.until_message2(&mut tamper)?;
        let proof = state.handle(&message2).map_err(initiator)?;
        let signature = self.initiator.seed.sign(proof.statement());
        let (awaiting_accept, mut message3) = proof.signed(signature).map_err(initiator)?;
        tamper(Wire::Message3, &mut message3);
        let (accept, responder_end) = match self.answer(awaiting3, &message3) {
            Ok(answer) => answer,
            Err(Rejected { error, .. }) => return Err(responder(error)),
        };
        let mut record0 = accept;
        tamper(Wire::Record0, &mut record0);
        let initiator_end = finish(awaiting_accept, &record0, self.now).map_err(initiator)?;
        Ok(Pair {
            initiator: initiator_end,
            responder: responder_end,
        })
    }

    /// Runs until the responder has sent message 2.
    pub fn until_message2(
        &self,
        tamper: &mut impl FnMut(Wire, &mut [u8]),
    ) -> Result<(AwaitMessage2, [u8; 48], AwaitMessage3), Broken> {
        let [ephemeral_i, ephemeral_r] = self.ephemerals;
        let (state, first) =
            Initiator::start(&self.initiator_config, self.target, self.suite, ephemeral_i)
                .map_err(initiator)?;
        let (mut preamble, mut message1) = split_first(&first);
        tamper(Wire::Preamble, &mut preamble);
        tamper(Wire::Message1, &mut message1);
        let (awaiting3, mut message2) = Responder::new(self.responder_config.clone(), self.suites)
            .handle_preamble(&preamble)
            .and_then(|state| state.handle(&message1, ephemeral_r))
            .map_err(responder)?;
        tamper(Wire::Message2, &mut message2);
        Ok((state, message2, awaiting3))
    }

    /// The responder's half from message 3 on: record 0 and its end of the session.
    pub fn answer(
        &self,
        state: AwaitMessage3,
        message3: &[u8; 284],
    ) -> Result<(Vec<u8>, Established), Rejected> {
        let admission: &dyn Admission = &self.admission;
        let proof = state.handle(message3, admission, self.now)?;
        let signature = self.responder.seed.sign(proof.statement());
        let (end, record0) = proof.signed(signature)?;
        Ok((record0, end))
    }
}

/// Reads record 0 the way a driver does: header first.
pub fn finish(state: AwaitAccept, record0: &[u8], now: u64) -> Result<Established, HandshakeError> {
    let (header, rest) = record0.split_first_chunk().unwrap();
    let len = AwaitAccept::record0_len(*header)?;
    assert_eq!(
        rest.len(),
        len,
        "a driver reads exactly what the header says"
    );
    state.handle(rest, now)
}

pub fn split_first(first: &[u8; 56]) -> ([u8; 8], [u8; 48]) {
    (
        first[..8].try_into().unwrap(),
        first[8..].try_into().unwrap(),
    )
}

/// A signature under any domain over any bytes, which the crate itself has no way to make.
pub fn sign_raw(device: &Device, domain: &str, body: &[u8]) -> [u8; 64] {
    use ed25519_dalek::Signer as _;
    let key = ed25519_dalek::SigningKey::from_bytes(device.seed.secret_bytes());
    key.sign(&[domain.as_bytes(), &[0], body].concat())
        .to_bytes()
}

/// The canonical X25519 points of small order: 0, 1, two of order 8, and p - 1.
pub const LOW_ORDER_U: [[u8; 32]; 5] = [
    hex!("0000000000000000000000000000000000000000000000000000000000000000"),
    hex!("0100000000000000000000000000000000000000000000000000000000000000"),
    hex!("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    hex!("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
    hex!("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
];

/// The eight Ed25519 points of small order.
pub const SMALL_ORDER_DEVICES: [[u8; 32]; 8] = [
    hex!("0100000000000000000000000000000000000000000000000000000000000000"),
    hex!("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    hex!("0000000000000000000000000000000000000000000000000000000000000000"),
    hex!("0000000000000000000000000000000000000000000000000000000000000080"),
    hex!("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
    hex!("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"),
    hex!("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    hex!("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"),
];

/// R is the base point, S is 1: under the identity point as the key this fits every message.
pub const UNIVERSAL_SIGNATURE: [u8; 64] = hex!(
    "5866666666666666666666666666666666666666666666666666666666666666"
    "0100000000000000000000000000000000000000000000000000000000000000"
);

/// The same certificate with the group order added to S of its signature.
pub fn with_larger_s(certificate: &[u8; 156]) -> [u8; 156] {
    const ORDER: [u8; 32] =
        hex!("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    let mut out = *certificate;
    let mut carry = 0;
    for (byte, order) in out[124..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
    out
}

/// The device's certificate, signed with an R that has a part of small order. A check with cofactor would accept it.
pub fn with_mixed_order_r(device: &Device) -> [u8; 156] {
    use curve25519_dalek::{constants::EIGHT_TORSION, edwards::EdwardsPoint, scalar::Scalar};
    use sha2::{Digest, Sha512};

    let body = &device.certificate().encode()[..92];
    let message = [b"DSoftBus-lite v1 static-cert\0", body].concat();
    let secret = ed25519_dalek::SigningKey::from_bytes(device.seed.secret_bytes()).to_scalar();
    let nonce = Scalar::from(0x1234_5678_u64);
    let sign = |torsion: EdwardsPoint| {
        let r = (EdwardsPoint::mul_base(&nonce) + torsion)
            .compress()
            .to_bytes();
        let hash = Sha512::new()
            .chain_update(r)
            .chain_update(device.id().as_bytes())
            .chain_update(&message)
            .finalize();
        let s = nonce + Scalar::from_bytes_mod_order_wide(&hash.into()) * secret;
        <[u8; 156]>::try_from([body, &r, s.as_bytes()].concat()).unwrap()
    };
    StaticCertificate::parse(&sign(EIGHT_TORSION[0]))
        .unwrap()
        .verify(NOW)
        .expect("without torsion it is a signature");
    sign(EIGHT_TORSION[1])
}
