//! Who takes part: identities from constants, so that either side knows the other without a word.

use std::{net::SocketAddr, time::SystemTime};

use dsoftbus::{Announcement, DeviceId, Identity, IdentityProvider};
use dsoftbus_proto::{announcement::Draft, handshake::Suites, identity::Realm};

use crate::Result;

/// Clients that the server lets in: as many as a measurement has connections.
const CLIENTS: u32 = 2_048;

/// The identity of the server.
pub(crate) fn server() -> Identity {
    from_number(0)
}

/// The identity of the client with this number; they start over after the last one.
pub(crate) fn client(number: usize) -> Identity {
    from_number(1 + (number % CLIENTS as usize) as u32)
}

/// The devices that the server lets in.
pub(crate) fn clients() -> impl Iterator<Item = DeviceId> {
    (0..CLIENTS as usize).map(|number| client(number).device_id())
}

/// The announcement that the server at `addr` would make.
pub(crate) async fn announcement(addr: SocketAddr) -> Result<Announcement> {
    let server = server();
    let key = server.certified_key().await?;
    let mut draft = Draft::new(Realm::default(), key.certificate().clone(), addr.port());
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    draft.sequence = now.as_secs();
    draft.issued_at = now.as_secs();
    draft.suites = Suites::for_hardware(true);
    draft.addresses = vec![addr.ip()];
    let signature = server.sign(draft.statement()?).await?;
    Ok(draft.signed(signature)?)
}

fn from_number(number: u32) -> Identity {
    let mut seed = *b"0000: a seed that is not secret.";
    seed[..4].copy_from_slice(&number.to_le_bytes());
    Identity::from_seed(seed, 0)
}
