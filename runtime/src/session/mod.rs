//! One authenticated connection: the shared state behind every [`Peer`](crate::Peer), channel and call.
//!
//! [`Core`] (one lock, never held across an await) owns the multiplexer and the engines of all channels.
//! The [`driver`] task owns the socket and the keys: it opens records into the core and seals what the core has to send.
//! Callers lock the core, queue, and wake the driver, which therefore sends what many callers queued as one record.

mod byte_channel;
mod client;
mod core;
pub(crate) mod driver;
mod fault;
pub(crate) mod handshake;
mod key;
mod load;
mod outbox;
mod server;
mod stream;
mod vat;
mod work;

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    task::Waker,
};

use bytes::Bytes;
use dsoftbus_proto::{
    frame::{CloseCode, GoodbyeCode, Mode},
    handshake::Established,
    identity::DeviceId,
    message::Outgoing,
    mux::Outbound,
    rpc::level0::AnswerId,
};
use futures::task::AtomicWaker;
use tokio::sync::Notify;

pub use self::byte_channel::ByteChannel;
pub(crate) use self::byte_channel::{LOW_WATER, MAX_QUEUED};
pub(crate) use self::{
    client::{CallSlot, RpcChannel},
    core::{Channel, Core},
    fault::Fault,
    key::ChannelKey,
    server::MAX_SESSION_ANSWERS,
    work::Work,
};
use crate::{
    ChannelError, Result, SessionError,
    bulk::{Places, VmoTable},
    node::Host,
};

/// One authenticated, encrypted connection to a device.
pub(crate) struct Session {
    peer: DeviceId,
    id: [u8; 32],
    core: Mutex<Core>,
    driver: AtomicWaker,
    closing: AtomicBool,
    /// Wakes those who wait for the end. Forgets a waiter that is dropped: a handler may wait once per call.
    end: Notify,
    host: Arc<Host>,
    vmos: Arc<VmoTable>,
    transfers: Places,
}

impl Session {
    pub(crate) fn new(established: &Established, host: Arc<Host>) -> Arc<Self> {
        Arc::new(Self {
            peer: established.peer,
            id: established.session_id,
            core: Mutex::new(Core::new(established.side)),
            driver: AtomicWaker::new(),
            closing: AtomicBool::new(false),
            end: Notify::new(),
            vmos: Arc::default(),
            transfers: Places::new(host.limits.transfers_per_session),
            host,
        })
    }

    pub(crate) fn peer(&self) -> DeviceId {
        self.peer
    }

    pub(crate) fn id(&self) -> [u8; 32] {
        self.id
    }

    pub(crate) fn host(&self) -> &Arc<Host> {
        &self.host
    }

    pub(crate) fn vmos(&self) -> &Arc<VmoTable> {
        &self.vmos
    }

    /// Places for the bulk transfers that the peer starts.
    pub(crate) fn transfers(&self) -> &Places {
        &self.transfers
    }

    /// Why the session ended, if it has.
    pub(crate) fn ended(&self) -> Option<SessionError> {
        self.core().ended().cloned()
    }

    /// Waits for the end of the session.
    pub(crate) async fn closed(&self) -> SessionError {
        loop {
            // Made before the look, so that an end in between is not missed.
            let ended = self.end.notified();
            if let Some(error) = self.ended() {
                return error;
            }
            ended.await;
        }
    }

    /// Ends the session: every call fails, every handler stops, whoever waits for the end is woken.
    fn end(&self, error: SessionError) {
        let mut work = Work::default();
        self.core().end(error, &mut work);
        work.finish();
        self.vmos.end();
        self.end.notify_waiters();
    }

    /// Whether this side has asked for the end of the session.
    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    /// Asks the driver to send a Goodbye and close.
    pub(crate) fn close(&self, code: GoodbyeCode) {
        self.closing.store(true, Ordering::Release);
        self.core().mux.goodbye(code);
        self.wake_driver();
    }

    /// Opens a service channel and waits until the peer accepts it.
    pub(crate) async fn open_rpc(
        self: &Arc<Self>,
        channel: u16,
        interface_id: u64,
        mode: Mode,
    ) -> Result<RpcChannel, ChannelError> {
        let channel = self.opening_rpc(channel, interface_id, mode)?;
        channel.opened().await?;
        Ok(channel)
    }

    /// Opens a service channel. What the peer says to it shows in the calls.
    pub(crate) fn opening_rpc(
        self: &Arc<Self>,
        channel: u16,
        interface_id: u64,
        mode: Mode,
    ) -> Result<RpcChannel, ChannelError> {
        let key = {
            let mut core = self.core();
            let (client, bootstrap) = client::ClientSide::opening();
            let key = core.open(channel, interface_id, mode, &[], |_| client)?;
            core.send(key, bootstrap, 0);
            key
        };
        self.wake_driver();
        Ok(RpcChannel::new(Arc::clone(self), key))
    }

    /// Opens a byte channel and waits until the peer accepts it; returns what the Accept carried, too.
    pub(crate) async fn open_bytes(
        self: &Arc<Self>,
        logical: u16,
        interface_id: u64,
        extra: &[u8],
    ) -> Result<(ByteChannel, Bytes), ChannelError> {
        let opening = |_| Channel::Bytes(byte_channel::BytesSide::opening());
        let key = self
            .core()
            .open(logical, interface_id, Mode::Bytes, extra, opening)?;
        self.wake_driver();
        let channel = ByteChannel::new(Arc::clone(self), key);
        let accepted = channel.opened().await?;
        Ok((channel, accepted))
    }

    /// Delivers the outcome of a handler that ran in a task of its own.
    fn reply(&self, channel: ChannelKey, answer: AnswerId, outcome: Result<Outgoing>) {
        let mut work = Work::default();
        self.core().reply(channel, answer, outcome, &mut work);
        work.finish();
        self.wake_driver();
    }

    fn send(&self, channel: ChannelKey, outbound: Outbound) -> Result<(), ChannelError> {
        {
            let mut core = self.core();
            core.check_alive()?;
            if !core.is_current(channel) {
                return Err(ChannelError::Finished);
            }
            core.mux
                .send(channel.id(), outbound)
                .map_err(|_| ChannelError::Finished)?;
        }
        self.wake_driver();
        Ok(())
    }

    fn close_channel(&self, channel: ChannelKey, code: CloseCode, extra: &[u8]) {
        {
            let mut core = self.core();
            if !core.is_current(channel) {
                return;
            }
            core.mux.close(channel.id(), code, extra);
        }
        self.wake_driver();
    }

    pub(crate) fn core(&self) -> MutexGuard<'_, Core> {
        // A panic of a user's waker must not take the other channels of the session with it.
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn wake_driver(&self) {
        self.driver.wake();
    }

    fn register_driver(&self, waker: &Waker) {
        self.driver.register(waker);
    }

    pub(crate) fn downgrade(self: &Arc<Self>) -> Weak<Self> {
        Arc::downgrade(self)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}
