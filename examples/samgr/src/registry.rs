//! [`Registry`]: the service itself.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use dsoftbus::{Context, DeviceId, Result, Status};

use crate::{
    Error, Samgr, ServiceInfo,
    table::{Entry, Lease, Table},
};

/// Lowest channel that a service can be on. Those below carry the session itself and the bulk payloads: an entry that
/// points there would send callers to something that does not speak Cap'n Proto.
const FIRST_SERVICE_CHANNEL: u16 = 0x10;

/// The service manager: serves [`Samgr`] from a table in memory. A clone is the same registry.
///
/// A name belongs to the device that registered it, as the handshake proved it: only that device may register it again
/// (which replaces the entry) or unregister it. Callers in the same process ([`SamgrClient::local`](crate::SamgrClient::local))
/// count as the device that the registry runs on.
///
/// # How long an entry lives
///
/// An entry of a peer lives as long as the session it was (last) registered in: a device that goes, goes from the registry with
/// everything it registered, without a lease to renew. A device whose connection broke registers again when it has reconnected; what it
/// registers in the new session stays when the old one is found dead. Entries of the local device live until they are
/// unregistered. Nothing is written to disk, since nobody registered survives a restart of the registry: their sessions
/// end with it.
#[derive(Clone, dsoftbus::Service)]
#[service(crate::Samgr)]
pub struct Registry {
    /// The device this process is; in-process callers act for it.
    local: DeviceId,
    /// The names. Behind a plain mutex, because every operation is a look-up in memory and none awaits under the lock.
    table: Arc<Mutex<Table>>,
}

impl Registry {
    /// An empty registry that runs on device `local`.
    #[must_use]
    pub fn new(local: DeviceId) -> Self {
        Self {
            local,
            table: Arc::default(),
        }
    }

    /// Number of services registered now.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table().len()
    }

    /// Whether no service is registered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The device a call comes from.
    fn caller(&self, cx: &Context) -> DeviceId {
        cx.peer().unwrap_or(self.local)
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        lock(&self.table)
    }

    /// Forgets what was registered in the caller's session when that session ends.
    fn expire_with_session(&self, cx: &Context, session: [u8; 32]) {
        let ended = cx.session_ended();
        // Weak: a registry that is gone must not be kept by the sessions it once served.
        let table: Weak<Mutex<Table>> = Arc::downgrade(&self.table);
        tokio::spawn(async move {
            ended.await;
            if let Some(table) = table.upgrade() {
                let gone = lock(&table).expire(session);
                tracing::debug!(gone, "a session ended, its services are forgotten");
            }
        });
    }
}

impl Samgr for Registry {
    async fn register(
        &self,
        cx: &Context,
        name: &str,
        channel: u16,
        interface_id: u64,
    ) -> Result<()> {
        if channel < FIRST_SERVICE_CHANNEL {
            return Err(Status::invalid_argument(format!(
                "channel {channel:#06x} is reserved for the fabric"
            )));
        }
        let lease = match cx.peer() {
            None => Lease::Unlimited,
            Some(_) => Lease::Session(
                cx.session_id()
                    .ok_or_else(|| Status::unavailable("the session has ended"))?,
            ),
        };
        let entry = Entry {
            owner: self.caller(cx),
            channel,
            interface_id,
            lease,
        };
        // The lock is gone before the task is spawned, which may run at once on another thread.
        let first_of_session = self.table().register(name, entry)?;
        tracing::info!(name, owner = %entry.owner, channel, "service registered");
        if let (true, Lease::Session(session)) = (first_of_session, lease) {
            self.expire_with_session(cx, session);
        }
        Ok(())
    }

    async fn resolve(&self, _cx: &Context, name: &str) -> Result<ServiceInfo> {
        let table = self.table();
        let entry = table.find(name).ok_or(Error::NotFound)?;
        Ok(describe(name, entry))
    }

    async fn unregister(&self, cx: &Context, name: &str) -> Result<()> {
        self.table().unregister(name, self.caller(cx))?;
        tracing::info!(name, "service unregistered");
        Ok(())
    }

    async fn list(&self, _cx: &Context) -> Result<Vec<ServiceInfo>> {
        let table = self.table();
        Ok(table
            .iter()
            .map(|(name, entry)| describe(name, entry))
            .collect())
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("local", &self.local)
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

fn describe(name: &str, entry: &Entry) -> ServiceInfo {
    ServiceInfo {
        name: name.to_owned(),
        device: entry.owner.as_bytes().to_vec(),
        channel: entry.channel,
        interface_id: entry.interface_id,
    }
}

fn lock(table: &Mutex<Table>) -> MutexGuard<'_, Table> {
    // Every method of Table checks first and changes last, so a panic leaves no half of a change behind.
    table.lock().unwrap_or_else(PoisonError::into_inner)
}
