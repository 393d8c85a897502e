//! [`Node`]: this device on the bus.

mod builder;
mod devices;
mod half_open;
mod host;
mod limits;
mod verified;

use std::{
    collections::BTreeMap,
    fmt,
    future::Future,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use dsoftbus_proto::{
    announcement::{Announcement, MAX_TIME_TO_LIVE, Ticket},
    certificate::CertifiedKey,
    frame::GoodbyeCode,
    handshake::{Config, Established, HandshakeError, Suites},
    identity::{DeviceId, Realm},
};
use futures::FutureExt;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::AbortHandle,
};

pub(crate) use self::host::Host;
pub use self::{builder::NodeBuilder, limits::Limits};
use self::{
    devices::{DevicePlace, Devices, Gate},
    half_open::HalfOpen,
    verified::Verified,
};
use crate::{
    ConnectError, IdentityError, IdentityProvider, Peer, StartError,
    backend::{self, Listener},
    discovery::{Discovery, Registered, Registration},
    identity::{unix_millis, unix_now},
    introspection::{self, Health, HealthTable},
    session::{
        Session, driver,
        handshake::{self, HANDSHAKE_WITHIN},
    },
};

/// How often a node announces itself: three times within the time to live, so that two may be lost.
const RENEW_EVERY: Duration = Duration::from_secs(MAX_TIME_TO_LIVE as u64 / 3);

/// This device on the bus: serves services, finds and dials other devices.
///
/// Cheap to clone; the node goes when the last clone and the last [`Peer`] are dropped, and its sessions with it. Runs on the
/// tokio runtime in which it was started.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use dsoftbus::{Identity, Node, Trust};
///
/// let node = Node::builder()
///     .identity(Identity::load_or_create("device.key")?)
///     .allow(Trust::anyone())
///     .bind("[::1]:0")
///     .await?;
/// println!("{}", node.ticket());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Node {
    inner: Arc<Inner>,
}

struct Inner {
    identity: Arc<dyn IdentityProvider>,
    device: DeviceId,
    realm: Realm,
    suites: Suites,
    /// What services say of themselves.
    health: HealthTable,
    host: Arc<Host>,
    discovery: Arc<dyn Discovery<Announcement>>,
    key: Mutex<Arc<CertifiedKey>>,
    sessions: Mutex<Sessions>,
    open: Arc<Semaphore>,
    /// Sessions that peers opened, by device.
    devices: Arc<Devices>,
    /// Certificates that need not be verified again.
    verified: Arc<Verified>,
    /// The newest announcement; none if the node does not listen.
    announcement: Mutex<Option<Announcement>>,
    /// The task that holds the registration with discovery.
    announcing: Mutex<Option<AbortHandle>>,
    accepting: Mutex<Option<AbortHandle>>,
}

#[derive(Default)]
struct Sessions {
    /// Every session that may be alive; dead entries are swept when it grows.
    all: Vec<Weak<Session>>,
    /// The session that `connect` made last for a device.
    dialled: BTreeMap<DeviceId, Weak<Session>>,
    /// Whether the node was shut down: a handshake that ends after that must not leave a session behind.
    shut_down: bool,
}

impl Node {
    /// Starts to describe a node.
    pub fn builder() -> NodeBuilder {
        NodeBuilder::new()
    }

    /// The ID of this device.
    pub fn device_id(&self) -> DeviceId {
        self.inner.device
    }

    /// Notes whether the service on `channel` does its work, for callers that ask the [introspection](crate::introspection). A
    /// service that says nothing is serving.
    pub fn set_health(&self, channel: u16, health: Health) {
        introspection::set_health(&self.inner.health, channel, health);
    }

    /// The ticket of this node: what somebody needs to dial it without discovery.
    ///
    /// # Panics
    ///
    /// When the node does not listen (it was made with [`NodeBuilder::start`]); see [`try_ticket`](Self::try_ticket).
    pub fn ticket(&self) -> Ticket {
        match self.try_ticket() {
            Some(ticket) => ticket,
            None => panic!("a node that does not listen has no ticket"),
        }
    }

    /// The ticket of this node, if it listens.
    pub fn try_ticket(&self) -> Option<Ticket> {
        self.announcement().map(Ticket::new)
    }

    /// Connects to a device by ticket, or by device ID through discovery. Returns the live session if there is one already.
    ///
    /// # Errors
    ///
    /// [`ConnectError`]; nothing was sent on a session whose peer did not prove that it is the device asked for.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the connection that is being set up.
    pub async fn connect(&self, target: impl IntoTarget) -> Result<Peer, ConnectError> {
        let announcement = match target.into_target()? {
            Target::Announcement(announcement) => *announcement,
            Target::Device(device) => {
                if let Some(peer) = self.live(&device) {
                    return Ok(peer);
                }
                self.inner
                    .discovery
                    .resolve(*device.as_bytes())
                    .await?
                    .map(Arc::unwrap_or_clone)
                    .ok_or(ConnectError::Unknown(device))?
            }
        };
        announcement.verify(unix_now())?;
        if let Some(peer) = self.live(&announcement.device()) {
            return Ok(peer);
        }
        let stream = backend::dial(&socket_addrs(&announcement)).await?;
        self.connect_over(stream, &announcement).await
    }

    /// Sets up a session as initiator over a connection that exists already.
    pub(crate) async fn connect_over<T>(
        &self,
        mut io: T,
        responder: &Announcement,
    ) -> Result<Peer, ConnectError>
    where
        T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let inner = &self.inner;
        let config = inner.handshake_config().await?;
        let handshake = handshake::initiate(
            &mut io,
            config,
            inner.identity.as_ref(),
            responder,
            inner.suites,
        );
        let established = within(handshake).await?;
        let session = inner.run(io, established, None)?;
        inner
            .sessions()
            .dialled
            .insert(session.peer(), Arc::downgrade(&session));
        Ok(Peer::new(self.clone(), session))
    }

    /// Sets up a session as responder over a connection that exists already.
    pub(crate) async fn accept_over<T>(&self, io: T) -> Result<Peer, ConnectError>
    where
        T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let session = self.inner.respond(io, None).await?;
        Ok(Peer::new(self.clone(), session))
    }

    /// Ends every session, stops listening and withdraws the announcement. The node cannot be used again.
    pub fn shutdown(&self) {
        self.inner.shutdown();
    }

    /// The announcement that others dial this node by.
    pub(crate) fn announcement(&self) -> Option<Announcement> {
        lock(&self.inner.announcement).clone()
    }

    /// Starts to renew the announcement, with discovery if it knows of it.
    fn keep_announced(&self, registration: Option<Registration<Announcement>>) {
        let task = tokio::spawn(announce_loop(registration, Arc::downgrade(&self.inner)));
        *lock(&self.inner.announcing) = Some(task.abort_handle());
    }

    fn live(&self, device: &DeviceId) -> Option<Peer> {
        let session = self.inner.sessions().dialled.get(device)?.upgrade()?;
        // One that is being closed would fail the first call.
        if session.is_closing() || session.ended().is_some() {
            return None;
        }
        Some(Peer::new(self.clone(), session))
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node")
            .field("device", &self.inner.device)
            .finish_non_exhaustive()
    }
}

impl Inner {
    async fn handshake_config(&self) -> Result<Config, IdentityError> {
        let key = self.current_key().await?;
        let memory = Arc::clone(&self.verified);
        Ok(Config::new(self.realm, key).with_memory(memory))
    }

    /// The certified static key, renewed when half of its certificate's life is over.
    async fn current_key(&self) -> Result<Arc<CertifiedKey>, IdentityError> {
        let key = Arc::clone(&self.key());
        let terms = key.certificate().terms();
        let half = terms.not_before / 2 + terms.not_after / 2;
        if unix_now() < half {
            return Ok(key);
        }
        let renewed = Arc::new(self.identity.certified_key().await?);
        *self.key() = Arc::clone(&renewed);
        Ok(renewed)
    }

    /// Makes a newer announcement, for tickets and for discovery.
    async fn renew(
        &self,
        registration: Option<&dyn Registered<Announcement>>,
    ) -> Result<(), StartError> {
        let draft = lock(&self.announcement)
            .as_ref()
            .map(|announcement| announcement.content().clone());
        let Some(mut draft) = draft else {
            return Ok(());
        };
        draft.certificate = self.current_key().await?.certificate().clone();
        draft.issued_at = unix_now();
        draft.sequence = unix_millis().max(draft.sequence.saturating_add(1));
        let renewed = builder::sign(draft, self.identity.as_ref()).await?;
        // Tickets want the new certificate whether or not discovery takes it.
        *lock(&self.announcement) = Some(renewed.clone());
        if let Some(registration) = registration {
            registration.renew(renewed).await?;
        }
        Ok(())
    }

    /// Sets up a session as responder; it holds `open` while it lives.
    async fn respond<T>(
        &self,
        mut io: T,
        open: Option<OwnedSemaphorePermit>,
    ) -> Result<Arc<Session>, ConnectError>
    where
        T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let config = self.handshake_config().await?;
        let gate = Gate {
            trust: &self.host.trust,
            devices: &self.devices,
        };
        let handshake =
            handshake::respond(&mut io, config, self.identity.as_ref(), &gate, self.suites);
        let established = within(handshake).await?;
        // The last place may have gone since the gate looked.
        let place = self
            .devices
            .take(established.peer)
            .map_err(HandshakeError::from)?;
        self.run(io, established, Some((place, open)))
    }

    /// Starts the task of a session. The places that it holds are free when it has ended.
    ///
    /// # Errors
    ///
    /// [`ConnectError::ShutDown`]; the peer is told.
    fn run<T>(
        &self,
        io: T,
        established: Established,
        places: Option<(DevicePlace, Option<OwnedSemaphorePermit>)>,
    ) -> Result<Arc<Session>, ConnectError>
    where
        T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let session = Session::new(&established, Arc::clone(&self.host));
        let shut_down = {
            let mut sessions = self.sessions();
            if sessions.all.len() == sessions.all.capacity() {
                sessions.all.retain(|session| session.strong_count() > 0);
                sessions
                    .dialled
                    .retain(|_, session| session.strong_count() > 0);
            }
            sessions.all.push(Arc::downgrade(&session));
            sessions.shut_down
        };
        if shut_down {
            session.close(GoodbyeCode::SHUTTING_DOWN);
        }
        tracing::debug!(peer = %session.peer(), "session established");
        let driven = driver::run(io, established, Arc::clone(&session));
        tokio::spawn(driven.map(|_| drop(places)));
        if shut_down {
            return Err(ConnectError::ShutDown);
        }
        Ok(session)
    }

    fn shutdown(&self) {
        if let Some(task) = lock(&self.accepting).take() {
            task.abort();
        }
        // Ends the registration, too.
        if let Some(task) = lock(&self.announcing).take() {
            task.abort();
        }
        let sessions = {
            let mut sessions = self.sessions();
            sessions.shut_down = true;
            std::mem::take(&mut sessions.all)
        };
        for session in sessions {
            if let Some(session) = session.upgrade() {
                session.close(GoodbyeCode::SHUTTING_DOWN);
            }
        }
    }

    fn key(&self) -> MutexGuard<'_, Arc<CertifiedKey>> {
        lock(&self.key)
    }

    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        lock(&self.sessions)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.shutdown();
    }
}

/// Accepts connections for as long as the node lives.
async fn accept_loop(listener: Listener, node: Weak<Inner>) {
    let mut half_open = HalfOpen::new();
    loop {
        let (stream, from) = listener.accept().await;
        let Some(place) = half_open.take().await else {
            return;
        };
        let Some(inner) = node.upgrade() else { return };
        // No place for another session: closing at once is all that costs us nothing.
        let Ok(open) = Arc::clone(&inner.open).try_acquire_owned() else {
            tracing::debug!(%from, "connection refused: too many sessions");
            continue;
        };
        // Ends with the handshake: a session needs less memory than one, and has a task of its own.
        tokio::spawn(async move {
            match place.hold(inner.respond(stream, Some(open))).await {
                Some(Ok(_)) => {}
                Some(Err(error)) => tracing::debug!(%from, %error, "handshake failed"),
                None => tracing::debug!(%from, "handshake too slow while others wait"),
            }
        });
    }
}

fn socket_addrs(announcement: &Announcement) -> Vec<SocketAddr> {
    let content = announcement.content();
    content
        .addresses
        .iter()
        .map(|&address| SocketAddr::new(address, content.port))
        .collect()
}

/// Renews the announcement for as long as the node lives.
async fn announce_loop(registration: Option<Registration<Announcement>>, node: Weak<Inner>) {
    loop {
        tokio::time::sleep(RENEW_EVERY).await;
        let Some(inner) = node.upgrade() else { return };
        if let Err(error) = inner.renew(registration.as_deref()).await {
            tracing::warn!(%error, "the announcement cannot be renewed");
        }
    }
}

/// Gives a handshake its time.
///
/// In a place of its own: each future around it would hold it again, and a task is copied when it starts and when it ends.
fn within(
    handshake: impl Future<Output = Result<Established, ConnectError>>,
) -> impl Future<Output = Result<Established, ConnectError>> {
    let handshake = Box::pin(handshake);
    async move {
        tokio::time::timeout(HANDSHAKE_WITHIN, handshake)
            .await
            .unwrap_or(Err(ConnectError::TimedOut))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whom to connect to.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub enum Target {
    /// A device that discovery knows.
    Device(DeviceId),
    /// A device whose signed announcement is at hand, from a ticket for example.
    Announcement(Box<Announcement>),
}

/// What [`Node::connect`] takes: a [`Ticket`], a [`DeviceId`], or the text of either.
pub trait IntoTarget {
    /// The target meant.
    ///
    /// # Errors
    ///
    /// [`ConnectError::BadTarget`] when a text is neither.
    fn into_target(self) -> Result<Target, ConnectError>;
}

impl IntoTarget for Target {
    fn into_target(self) -> Result<Target, ConnectError> {
        Ok(self)
    }
}

impl IntoTarget for Ticket {
    fn into_target(self) -> Result<Target, ConnectError> {
        Ok(Target::Announcement(Box::new(self.into_announcement())))
    }
}

impl IntoTarget for &Ticket {
    fn into_target(self) -> Result<Target, ConnectError> {
        Ok(Target::Announcement(Box::new(self.announcement().clone())))
    }
}

impl IntoTarget for Announcement {
    fn into_target(self) -> Result<Target, ConnectError> {
        Ok(Target::Announcement(Box::new(self)))
    }
}

impl IntoTarget for DeviceId {
    fn into_target(self) -> Result<Target, ConnectError> {
        Ok(Target::Device(self))
    }
}

impl IntoTarget for &str {
    fn into_target(self) -> Result<Target, ConnectError> {
        let bad = |error: &dyn fmt::Display| ConnectError::BadTarget(error.to_string());
        if self.starts_with("dsb1") {
            let ticket: Ticket = self.parse().map_err(|error| bad(&error))?;
            return ticket.into_target();
        }
        self.parse()
            .map(Target::Device)
            .map_err(|error: dsoftbus_proto::identity::ParseDeviceIdError| bad(&error))
    }
}

impl IntoTarget for String {
    fn into_target(self) -> Result<Target, ConnectError> {
        self.as_str().into_target()
    }
}

impl IntoTarget for &String {
    fn into_target(self) -> Result<Target, ConnectError> {
        self.as_str().into_target()
    }
}
