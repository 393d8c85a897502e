//! Three things that a device must refuse. Each function does the wrong thing on purpose, and fails if it works.

use bundlemgr::BundleManagerClient;
use bytes::Bytes;
use dsoftbus::{
    Announcement, Code, ConnectError, HandshakeError, Identity, IdentityProvider as _, Node, Peer,
    Refusal, Ticket, store::Digest,
};
use dsoftbus_proto::announcement::Draft;

use crate::{Hub, Result, report::Report};

/// Bytes of the damaged payload: enough for several frames.
const SAMPLE: usize = 1 << 20;

/// Dials a device, and another one answers at its address.
///
/// Somebody took over the address, or the ticket is old. The reader must notice before it has sent a single call.
pub(crate) async fn wrong_device(report: &mut Report, node: &Node, hub: &Hub) -> Result<()> {
    let other = Identity::ephemeral()?;
    let ticket = Ticket::new(announce_at(&other, hub.node.ticket().announcement()).await?);
    let refused = match node.connect(&ticket).await {
        Ok(_) => return Err("a device that is not the one dialled was accepted".into()),
        Err(error) => error,
    };
    // The first handshake message is encrypted to the key of the device that was dialled. The hub has another, cannot
    // read it, and hangs up without a word: it gives nothing away to whoever does not know it.
    let kept = matches!(
        refused,
        ConnectError::Io(_) | ConnectError::Handshake(HandshakeError::Decrypt(_))
    );
    report.fact("another device at the address", &refused);
    report.check(kept, "no session with a device that is not the one dialled")
}

/// The announcement of `device`, properly signed, with the address of somebody else.
///
/// A node only ever announces its own address, so this takes the protocol crate, as a forger would.
async fn announce_at(device: &Identity, address: &Announcement) -> Result<Announcement> {
    let key = device.certified_key().await?;
    let mut draft: Draft = address.content().clone();
    draft.certificate = key.certificate().clone();
    let signature = device.sign(draft.statement()?).await?;
    Ok(draft.signed(signature)?)
}

/// Calls the hub as a device that its trust does not name.
///
/// The stranger proves its key all the same: authentication says who it is, and trust says that it may not come in.
pub(crate) async fn unknown_caller(report: &mut Report, hub: &Hub) -> Result<()> {
    let stranger = Node::builder().start().await?;
    let refused = match stranger.connect(hub.node.device_id()).await {
        Ok(_) => return Err("a device that nobody trusts was let in".into()),
        Err(error) => error,
    };
    let kept = matches!(
        refused,
        ConnectError::Handshake(HandshakeError::Refused(Refusal::NotAllowed))
    );
    report.fact("a device that trust does not name", &refused);
    report.check(kept, "no session, and the stranger is told why")
}

/// Pushes bytes that are not those that were announced.
///
/// On the wire this cannot happen, since every record is authenticated. A broken disk or a careless sender is enough.
pub(crate) async fn corrupted_payload(
    report: &mut Report,
    peer: &Peer,
    bundles: &BundleManagerClient,
    hub: &Hub,
    payload: &Bytes,
) -> Result<()> {
    let before = (bundles.list().await?, hub.bundles.usage().objects);
    let mut damaged = payload.get(..SAMPLE).unwrap_or(payload).to_vec();
    let announced = Digest::of(&damaged);
    match damaged.last_mut() {
        Some(last) => *last ^= 1,
        // There is no bit to flip in an empty file.
        None => damaged.push(0),
    }
    let refused = match peer.push_digested(announced, damaged.into()).await {
        Ok(_) => return Err("a corrupted payload was accepted".into()),
        Err(status) => status,
    };
    report.fact("one bit flipped", &refused);
    report.check(refused.code() == Code::DataLoss, "no handle for it")?;
    let after = (bundles.list().await?, hub.bundles.usage().objects);
    report.check(before == after, "nothing of it was installed or kept")
}
