//! Peers that lie about one thing and are honest about the rest.

use dsoftbus_proto::{
    certificate::{CertificateError, Terms},
    handshake::{
        AwaitAccept, AwaitMessage3, HandshakeError, Initiator, Rejected, Responder, Suite, Suites,
    },
    identity::DeviceId,
    trust::AllowList,
};

use super::{
    Device, EPHEMERAL_I, EPHEMERAL_R, Exchange, NOW, alice, bob, finish,
    foreign::{self, Foreign, LyingStatic, Prologue},
    sign_raw, split_first,
};

/// An initiator that awaits record 0, and the responder that owes it.
pub fn awaiting_accept() -> (AwaitAccept, Vec<u8>) {
    let exchange = Exchange::new();
    let (state, message2, awaiting3) = exchange.until_message2(&mut |_, _| {}).unwrap();
    let proof = state.handle(&message2).unwrap();
    let signature = alice().seed.sign(proof.statement());
    let (state, message3) = proof.signed(signature).unwrap();
    let (record0, _) = exchange.answer(awaiting3, &message3).unwrap();
    (state, record0)
}

/// The pieces of one handshake and the initiator's signature: with fixed keys each end can be brought to any point again
/// Plays a foreign initiator up to message 3 and lets `payload` fill it.
pub fn attack_responder(
    own: &Device,
    victim: &Exchange,
    payload: impl FnOnce(&Foreign) -> Vec<u8>,
) -> Result<DeviceId, Rejected> {
    let prologue = Prologue::to(&victim.responder);
    let mut foreign = Foreign::initiator(
        &prologue,
        &foreign::static_secret(own),
        &victim.responder.certificate().static_key(),
    );
    let state = exchange_two(&mut foreign, &prologue, victim);
    let message3 = foreign.write(&payload(&foreign));
    state
        .handle(&message3, &victim.admission, victim.now)
        .map(|proof| proof.peer())
}

pub fn exchange_two(
    foreign: &mut Foreign,
    prologue: &Prologue,
    victim: &Exchange,
) -> AwaitMessage3 {
    let message1 = foreign.write(&[]);
    let (state, message2) = Responder::new(victim.responder_config.clone(), Suites::ALL)
        .handle_preamble(&prologue.preamble())
        .unwrap()
        .handle(&message1, EPHEMERAL_R)
        .unwrap();
    foreign.read(&message2);
    foreign.mark_message2();
    state
}

/// Presents a certificate to Bob over Alice's static key, with an honest proof by Alice.
pub fn present_to_responder(certificate: &[u8; 156]) -> Result<DeviceId, Rejected> {
    attack_responder(&alice(), &Exchange::new(), |foreign| {
        let proof = foreign::initiator_proof(foreign, &alice(), certificate, &bob());
        [&certificate[..], &proof].concat()
    })
}

/// Plays a foreign Bob and answers Alice's handshake with this plaintext as record 0.
pub fn attack_initiator(
    record0: impl FnOnce(&Foreign) -> Vec<u8>,
) -> Result<DeviceId, HandshakeError> {
    let prologue = Prologue::to(&bob());
    let mut foreign = Foreign::responder(&prologue, &foreign::static_secret(&bob()));
    let (state, first) = Initiator::start(
        &alice().config(),
        bob().target(),
        Suite::AesGcm,
        EPHEMERAL_I,
    )
    .unwrap();
    foreign.read(&split_first(&first).1);
    let proof = state.handle(&foreign.write(&[])).unwrap();
    foreign.mark_message2();
    let signature = alice().seed.sign(proof.statement());
    let (state, message3) = proof.signed(signature).unwrap();
    foreign.read(&message3);
    let plain = record0(&foreign);
    let mut record = vec![0; plain.len() + 18];
    let len = foreign
        .into_transport()
        .write_message(&plain, &mut record[2..])
        .unwrap();
    record[..2].copy_from_slice(&u16::try_from(len).unwrap().to_be_bytes());
    finish(state, &record, NOW).map(|session| session.peer)
}

/// Presents a certificate to Alice over Bob's static key, with an honest proof by Bob.
pub fn present_to_initiator(certificate: &[u8; 156]) -> Result<DeviceId, HandshakeError> {
    attack_initiator(|foreign| {
        let proof = foreign::responder_proof(foreign, &bob(), certificate, &alice());
        [&[0][..], certificate, &proof].concat()
    })
}

pub fn rejected(error: impl Into<HandshakeError>) -> Rejected {
    Rejected {
        error: error.into(),
        reply: None,
    }
}

/// A certificate of `device` signed over exactly these terms.
pub fn certificate(device: &Device, change: impl FnOnce(&mut Terms)) -> [u8; 156] {
    let mut terms = device.certificate().terms().clone();
    change(&mut terms);
    terms.sign(&device.seed).encode()
}

/// A certificate of `device` with edited bytes and a good signature over them.
pub fn resigned(device: &Device, change: impl FnOnce(&mut [u8])) -> [u8; 156] {
    let mut body = device.certificate().encode()[..92].to_vec();
    change(&mut body);
    let signature = sign_raw(device, "DSoftBus-lite v1 static-cert", &body);
    [&body[..], &signature].concat().try_into().unwrap()
}

/// Both ends refuse such a certificate with the same error.
pub fn both_refuse(make: impl Fn(&Device) -> [u8; 156], error: &CertificateError) {
    assert_eq!(
        present_to_responder(&make(&alice())),
        Err(rejected(error.clone()))
    );
    assert_eq!(
        present_to_initiator(&make(&bob())),
        Err(error.clone().into())
    );
}

pub fn lying_initiator(public: [u8; 32]) -> Result<DeviceId, Rejected> {
    lying_initiator_with(public, &alice().certificate().encode())
}

pub fn lying_initiator_with(
    public: [u8; 32],
    certificate: &[u8; 156],
) -> Result<DeviceId, Rejected> {
    let victim = Exchange::new();
    let prologue = Prologue::to(&bob());
    let resolver = Box::new(LyingStatic::new(public));
    let mut foreign = Foreign::initiator_with(
        resolver,
        &prologue,
        &[0; 32],
        &bob().certificate().static_key(),
    );
    let state = exchange_two(&mut foreign, &prologue, &victim);
    let proof = foreign::initiator_proof(&foreign, &alice(), certificate, &bob());
    let message3 = foreign.write(&[&certificate[..], &proof].concat());
    state
        .handle(&message3, &AllowList::anyone(), NOW)
        .map(|proof| proof.peer())
}
