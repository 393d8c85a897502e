//! Handles of payloads: what arrived for a session's calls, and what its handlers offer.

use std::{
    collections::BTreeMap,
    fmt,
    io::{self, Read},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::{Buf, Bytes};
use tokio::{
    runtime::Handle,
    time::{Instant, sleep_until},
};

use crate::{
    Result, Status,
    store::{Artifact, Digest},
};

/// How long a handle works. Long enough for the call that follows the transfer; a handle that is never used must not pin its
/// payload for ever.
const LIFETIME: Duration = Duration::from_secs(60);

/// Handles of each kind that a session may hold. A peer could otherwise fill the table without a call.
const MAX_HANDLES: usize = 64;

/// Names a payload in a call. Valid once, within 60 s, in the session it was made in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VmoHandle(u64);

impl VmoHandle {
    /// The handle that a message carries as a number.
    pub fn from_raw(raw: u64) -> Self {
        Self(raw)
    }

    /// The number that a message carries.
    pub fn to_raw(self) -> u64 {
        self.0
    }
}

impl fmt::Display for VmoHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#018x}", self.0)
    }
}

/// A payload that arrived whole, was checked against its digest, and lies in the node's store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vmo {
    /// BLAKE3 of the payload.
    pub digest: Digest,
    /// Length in bytes.
    pub len: u64,
}

/// A payload that can be offered to a caller.
pub trait VmoSource: Send + Sync + 'static {
    /// BLAKE3 of the payload.
    fn digest(&self) -> Digest;

    /// Length in bytes.
    fn len(&self) -> u64;

    /// Whether there is nothing to send.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Opens the payload for reading from its start. Runs, and is read, on a thread that may block.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn open(&self) -> io::Result<Box<dyn Read + Send>>;
}

impl VmoSource for Artifact {
    fn digest(&self) -> Digest {
        Self::digest(self)
    }

    fn len(&self) -> u64 {
        Self::len(self)
    }

    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        let file = Self::open(self).map_err(io::Error::other)?;
        Ok(Box::new(file))
    }
}

impl VmoSource for Bytes {
    fn digest(&self) -> Digest {
        Digest::of(self)
    }

    fn len(&self) -> u64 {
        // A usize has at most 64 bits on every target of std.
        <[u8]>::len(self) as u64
    }

    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(self.clone().reader()))
    }
}

/// Handles of one session.
#[derive(Default)]
pub(crate) struct VmoTable {
    received: Mutex<Handles<Vmo>>,
    offered: Mutex<Handles<Arc<dyn VmoSource>>>,
    /// Whether a task waits for handles to expire.
    swept: AtomicBool,
}

impl VmoTable {
    /// A handle for a payload that arrived.
    pub(crate) fn deliver(&self, vmo: Vmo) -> Result<VmoHandle> {
        lock(&self.received).insert(vmo)
    }

    pub(crate) fn take(&self, handle: VmoHandle) -> Result<Vmo> {
        lock(&self.received).take(handle)
    }

    /// A handle for a payload that the peer may pull. The payload is given up when the handle expires.
    pub(crate) fn offer(self: &Arc<Self>, source: Arc<dyn VmoSource>) -> Result<VmoHandle> {
        let handle = lock(&self.offered).insert(source)?;
        self.sweep();
        Ok(handle)
    }

    /// Gives up every payload: the session has ended, and no handle of it works any more.
    pub(crate) fn end(&self) {
        let received = lock(&self.received).end();
        let offered = lock(&self.offered).end();
        // Sources may do anything when they are dropped, so not under the locks.
        drop((received, offered));
    }

    /// Has a task give up what expires, until nothing is left. What arrived is a few words each and can wait for the next.
    fn sweep(self: &Arc<Self>) {
        // Without a runtime there is no session that could be kept.
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        if self.swept.swap(true, Ordering::AcqRel) {
            return;
        }
        let table = Arc::downgrade(self);
        runtime.spawn(async move {
            loop {
                let Some(next) = table.upgrade().and_then(|table| table.give_up_expired()) else {
                    return;
                };
                sleep_until(next).await;
            }
        });
    }

    /// Drops what has expired; returns when the next does, if anything is left.
    fn give_up_expired(&self) -> Option<Instant> {
        let expired;
        let next;
        {
            let mut offered = lock(&self.offered);
            expired = offered.expire(Instant::now());
            next = offered.live.values().map(|(_, expires)| *expires).min();
            if next.is_none() {
                // Under the lock: an offer after this starts a task of its own.
                self.swept.store(false, Ordering::Release);
            }
        }
        drop(expired);
        next
    }

    pub(crate) fn take_offer(&self, handle: VmoHandle) -> Result<Arc<dyn VmoSource>> {
        lock(&self.offered).take(handle)
    }
}

struct Handles<T> {
    live: BTreeMap<VmoHandle, (T, Instant)>,
    ended: bool,
}

impl<T> Default for Handles<T> {
    fn default() -> Self {
        Self {
            live: BTreeMap::new(),
            ended: false,
        }
    }
}

impl<T> Handles<T> {
    fn insert(&mut self, value: T) -> Result<VmoHandle> {
        if self.ended {
            return Err(Status::unavailable("the session has ended"));
        }
        let now = Instant::now();
        self.live.retain(|_, (_, expires)| *expires > now);
        if self.live.len() >= MAX_HANDLES {
            return Err(Status::resource_exhausted("too many payload handles"));
        }
        let mut raw = [0; 8];
        // Unguessable, so that a handle read in a log of one session is worth nothing in another.
        getrandom::fill(&mut raw)
            .map_err(|error| Status::internal(format!("no randomness: {error}")))?;
        let handle = VmoHandle(u64::from_le_bytes(raw));
        self.live.insert(handle, (value, now + LIFETIME));
        Ok(handle)
    }

    /// Takes out what has expired.
    fn expire(&mut self, now: Instant) -> Vec<T> {
        let all = std::mem::take(&mut self.live);
        let (expired, live) = all
            .into_iter()
            .partition::<BTreeMap<_, _>, _>(|(_, (_, expires))| *expires <= now);
        self.live = live;
        expired.into_values().map(|(value, _)| value).collect()
    }

    /// Takes out everything, and takes nothing more.
    fn end(&mut self) -> BTreeMap<VmoHandle, (T, Instant)> {
        self.ended = true;
        std::mem::take(&mut self.live)
    }

    fn take(&mut self, handle: VmoHandle) -> Result<T> {
        match self.live.remove(&handle) {
            Some((value, expires)) if expires > Instant::now() => Ok(value),
            _ => Err(Status::not_found("no such payload handle")),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;

    fn vmo() -> Vmo {
        Vmo {
            digest: Digest::of(b"payload"),
            len: 7,
        }
    }

    #[tokio::test]
    async fn a_handle_works_once() {
        let table = VmoTable::default();
        let handle = table.deliver(vmo()).unwrap();
        assert_eq!(table.take(handle), Ok(vmo()));
        assert_eq!(table.take(handle).unwrap_err().code(), Code::NotFound);
    }

    #[tokio::test(start_paused = true)]
    async fn a_handle_expires_after_sixty_seconds() {
        let table = VmoTable::default();
        let handle = table.deliver(vmo()).unwrap();
        tokio::time::advance(LIFETIME).await;
        assert_eq!(table.take(handle).unwrap_err().code(), Code::NotFound);
    }

    #[tokio::test]
    async fn a_handle_of_another_session_is_not_found() {
        let handle = VmoTable::default().deliver(vmo()).unwrap();
        let error = VmoTable::default().take(handle).unwrap_err();
        assert_eq!(error.code(), Code::NotFound);
    }

    #[tokio::test]
    async fn a_session_holds_a_bounded_number_of_handles() {
        let table = VmoTable::default();
        for _ in 0..MAX_HANDLES {
            table.deliver(vmo()).unwrap();
        }
        let error = table.deliver(vmo()).unwrap_err();
        assert_eq!(error.code(), Code::ResourceExhausted);
    }

    #[tokio::test(start_paused = true)]
    async fn an_offer_that_nobody_pulls_keeps_its_payload_for_sixty_seconds_and_no_longer() {
        let table = Arc::new(VmoTable::default());
        for _ in 0..2 {
            let source: Arc<dyn VmoSource> = Arc::new(Bytes::from_static(b"payload"));
            table.offer(Arc::clone(&source)).unwrap();
            tokio::time::sleep(LIFETIME / 2).await;
            table.offer(Arc::clone(&source)).unwrap();
            assert_eq!(Arc::strong_count(&source), 3);
            tokio::time::sleep(LIFETIME / 2 + Duration::from_millis(1)).await;
            assert_eq!(Arc::strong_count(&source), 2);
            tokio::time::sleep(LIFETIME / 2).await;
            assert_eq!(Arc::strong_count(&source), 1);
        }
    }

    #[tokio::test]
    async fn the_end_of_a_session_gives_up_its_payloads_and_takes_no_more() {
        let table = Arc::new(VmoTable::default());
        let source: Arc<dyn VmoSource> = Arc::new(Bytes::from_static(b"payload"));
        let offered = table.offer(Arc::clone(&source)).unwrap();
        let delivered = table.deliver(vmo()).unwrap();
        table.end();
        assert_eq!(Arc::strong_count(&source), 1);
        let gone = [
            table.take_offer(offered).err().unwrap().code(),
            table.take(delivered).unwrap_err().code(),
        ];
        assert_eq!(gone, [Code::NotFound; 2]);
        let late = table.offer(source).unwrap_err();
        assert_eq!(late.code(), Code::Unavailable);
    }
}
