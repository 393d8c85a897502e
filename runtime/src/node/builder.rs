//! [`NodeBuilder`].

use std::{
    collections::BTreeMap,
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    sync::{Arc, Mutex},
};

use dsoftbus_proto::{
    announcement::{Announcement, Draft, MAX_ADDRESSES, ServiceEntry},
    handshake::Suites,
    identity::{DeviceId, Realm},
};
use tokio::sync::Semaphore;

use super::{
    Host, Inner, Limits, Node, Sessions, accept_loop, devices::Devices, host::StreamHandler, lock,
    verified::Verified,
};
use crate::{
    Identity, IdentityError, IdentityProvider, Interceptor, Service, Skeleton, StartError, Trust,
    backend::Listener,
    bulk::BulkStore,
    discovery::{Discovery, InProcess},
    identity::{unix_millis, unix_now},
    intercept,
    introspection::{Introspect, introspection},
    session::ByteChannel,
};

/// Lowest logical channel that a service may have; those below belong to the protocol.
const FIRST_SERVICE_CHANNEL: u16 = 0x10;

/// What errors call a handler of byte channels, which has no name of its own.
const BYTE_HANDLER: &str = "a byte handler";

/// Describes a [`Node`]; [`bind`](Self::bind) or [`start`](Self::start) makes it.
#[must_use = "a builder does nothing until `bind` or `start`"]
pub struct NodeBuilder {
    identity: Who,
    host: Host,
    skeletons: Vec<Arc<dyn Skeleton>>,
    streams: Vec<(u16, StreamHandler)>,
    realm: Realm,
    suites: Suites,
    discovery: Arc<dyn Discovery<Announcement>>,
    advertised: Vec<IpAddr>,
}

impl NodeBuilder {
    pub(super) fn new() -> Self {
        Self {
            identity: Who::Ephemeral,
            host: Host::new(),
            skeletons: Vec::new(),
            streams: Vec::new(),
            realm: Realm::default(),
            suites: supported_suites(),
            discovery: Arc::new(InProcess::global()),
            advertised: Vec::new(),
        }
    }

    /// Sets who this node is. By default it makes a device key that is gone with the node: right for a tool that only calls,
    /// while a device that others trust wants the same key every time.
    pub fn identity(mut self, identity: impl IdentityProvider) -> Self {
        self.identity = Who::Provider(Arc::new(identity));
        self
    }

    /// Takes the identity from a key file, made when it is not there yet: see [`Identity::load_or_create`]. What is wrong with
    /// the file shows when the node is made.
    pub fn key_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.identity = Who::File(path.into());
        self
    }

    /// Sets which devices may call this node. Without it none may.
    pub fn allow(mut self, trust: Trust) -> Self {
        self.host.trust = trust;
        self
    }

    /// Serves every interface that `service` derives.
    pub fn serve(mut self, service: impl Service) -> Self {
        self.skeletons.extend(Arc::new(service).skeletons());
        self
    }

    /// Puts an interceptor around every call that peers make of this node: of its services, of the objects that these hand out, and
    /// of the introspection that every node has. The one added first is the outermost.
    pub fn intercept(mut self, interceptor: impl Interceptor) -> Self {
        self.host.chain = Some(intercept::extend(
            self.host.chain.as_ref(),
            Arc::new(interceptor),
        ));
        self
    }

    /// Hands every byte channel that a peer opens on a logical channel to `handler`: the door for gateways and for other
    /// Cap'n Proto programs. The handler must not block. A channel below 0x10, or one that somebody else takes, shows when the
    /// node is made.
    pub fn serve_bytes(
        mut self,
        channel: u16,
        handler: impl Fn(DeviceId, ByteChannel) + Send + Sync + 'static,
    ) -> Self {
        self.streams.push((channel, Arc::new(handler)));
        self
    }

    /// Sets where payloads go that peers push over bulk channels. Without it they are refused.
    pub fn store(mut self, store: impl BulkStore) -> Self {
        self.host.store = Some(Arc::new(store));
        self
    }

    /// Sets how much peers may take: see [`Limits`].
    pub fn limits(mut self, limits: Limits) -> Self {
        self.host.set_limits(limits);
        self
    }

    /// Sets the realm: nodes of different realms cannot talk, whatever they trust.
    pub fn realm(mut self, realm: Realm) -> Self {
        self.realm = realm;
        self
    }

    /// Sets which cipher suites this node takes. By default both, AES-GCM only with AES instructions.
    pub fn suites(mut self, suites: Suites) -> Self {
        self.suites = suites;
        self
    }

    /// Sets how nodes find each other. By default the registry of this process.
    pub fn discovery(mut self, discovery: impl Discovery<Announcement> + 'static) -> Self {
        self.discovery = Arc::new(discovery);
        self
    }

    /// Sets the addresses that the announcement names (at most 4 are used). By default the address listened on; a node that
    /// listens on all of them names the loopback addresses only, since which of the others peers can reach is not known.
    pub fn advertise(mut self, addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        self.advertised = addresses.into_iter().collect();
        self
    }

    /// Makes a node that listens on `addr`, and announces it. Port 0 takes a free port.
    ///
    /// # Errors
    ///
    /// [`StartError`], when the address cannot be listened on or two services claim one channel.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future makes no node, and frees the address. A key file that was made stays, and so may an announcement that was
    /// on its way to discovery, until it expires.
    #[cfg(not(nexus_env = "os"))]
    pub async fn bind(self, addr: impl tokio::net::ToSocketAddrs) -> Result<Node, StartError> {
        let listener = Listener::bind(addr).await?;
        self.listen(listener).await
    }

    /// Makes a node that listens on `addr`, and announces it.
    ///
    /// # Errors
    ///
    /// [`StartError::Unsupported`]: this backend has no network device yet.
    #[cfg(nexus_env = "os")]
    pub async fn bind<A>(self, addr: A) -> Result<Node, StartError> {
        let listener = Listener::bind(addr).await?;
        self.listen(listener).await
    }

    async fn listen(mut self, listener: Listener) -> Result<Node, StartError> {
        let local = listener.local_addr()?;
        if self.advertised.is_empty() {
            self.advertised = reachable(local);
        }
        let node = self.make(Some(local.port())).await?;
        let task = tokio::spawn(accept_loop(listener, Arc::downgrade(&node.inner)));
        *lock(&node.inner.accepting) = Some(task.abort_handle());
        if let Some(announcement) = node.announcement() {
            let registration = node.inner.discovery.announce(announcement).await?;
            node.keep_announced(Some(registration));
        }
        Ok(node)
    }

    /// Makes a node that does not listen: it can dial others and serve them over the sessions it dialled.
    ///
    /// # Errors
    ///
    /// [`StartError`], when two services claim one channel or the identity cannot be had.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future makes no node. A key file that was made stays.
    pub async fn start(self) -> Result<Node, StartError> {
        self.make(None).await
    }

    /// Makes the node fit for a paused clock, which then waits for what the node does on threads of its own.
    pub(crate) fn virtual_time(mut self) -> Self {
        self.host.vats.hold_clock();
        self
    }

    /// Makes a node without a listener that has an announcement all the same: for links that are not sockets.
    pub(crate) async fn start_announced(self) -> Result<Node, StartError> {
        let node = self.make(Some(1)).await?;
        node.keep_announced(None);
        Ok(node)
    }

    async fn make(mut self, port: Option<u16>) -> Result<Node, StartError> {
        let identity = self.identity.load()?;
        self.host.services = by_channel(self.skeletons)?;
        self.host.streams = streams_by_channel(self.streams, &self.host.services)?;
        let key = identity.certified_key().await?;
        let announcement = match port {
            Some(port) => {
                let mut draft = Draft::new(self.realm, key.certificate().clone(), port);
                draft.sequence = unix_millis();
                draft.issued_at = unix_now();
                draft.suites = self.suites;
                draft.addresses = self.advertised.into_iter().take(MAX_ADDRESSES).collect();
                draft.services = self
                    .host
                    .services
                    .iter()
                    .map(|(&channel, skeleton)| ServiceEntry {
                        channel,
                        interface_id: skeleton.descriptor().interface_id,
                    })
                    .collect();
                Some(sign(draft, identity.as_ref()).await?)
            }
            None => None,
        };
        // Not in the announcement: every node has it.
        let (introspect, health) = Introspect::skeleton(&self.host.services, &self.host.trust);
        self.host
            .services
            .insert(introspection::CHANNEL, introspect);
        let sessions = self.host.limits.sessions.min(Semaphore::MAX_PERMITS);
        let devices = Devices::new(self.host.limits.sessions_per_device);
        let verified = Verified::new(self.host.limits.verified_certificates);
        Ok(Node {
            inner: Arc::new(Inner {
                device: identity.device_id(),
                identity,
                realm: self.realm,
                suites: self.suites,
                health,
                host: Arc::new(self.host),
                discovery: self.discovery,
                key: Mutex::new(Arc::new(key)),
                sessions: Mutex::new(Sessions::default()),
                devices,
                verified,
                open: Arc::new(Semaphore::new(sessions)),
                announcement: Mutex::new(announcement),
                announcing: Mutex::new(None),
                accepting: Mutex::new(None),
            }),
        })
    }
}

/// Where a node's identity comes from.
enum Who {
    Ephemeral,
    File(PathBuf),
    Provider(Arc<dyn IdentityProvider>),
}

impl Who {
    fn load(self) -> Result<Arc<dyn IdentityProvider>, IdentityError> {
        Ok(match self {
            Self::Ephemeral => Arc::new(Identity::ephemeral()?),
            Self::File(path) => Arc::new(Identity::load_or_create(path)?),
            Self::Provider(provider) => provider,
        })
    }
}

impl fmt::Debug for NodeBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeBuilder")
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

pub(super) async fn sign(
    draft: Draft,
    identity: &dyn IdentityProvider,
) -> Result<Announcement, StartError> {
    let signature = identity.sign(draft.statement()?).await?;
    Ok(draft.signed(signature)?)
}

fn by_channel(
    skeletons: Vec<Arc<dyn Skeleton>>,
) -> Result<BTreeMap<u16, Arc<dyn Skeleton>>, StartError> {
    let mut services: BTreeMap<u16, Arc<dyn Skeleton>> = BTreeMap::new();
    for skeleton in skeletons {
        let service = skeleton.descriptor();
        let Some(channel) = service.channel else {
            return Err(StartError::NoChannel {
                service: service.name,
            });
        };
        if channel < FIRST_SERVICE_CHANNEL {
            return Err(StartError::ReservedChannel {
                channel,
                service: service.name,
            });
        }
        if let Some(first) = services.insert(channel, skeleton) {
            return Err(StartError::DuplicateChannel {
                channel,
                first: first.descriptor().name,
                second: service.name,
            });
        }
    }
    Ok(services)
}

/// As [`by_channel`], for byte handlers: what a service or the protocol takes would never reach them.
fn streams_by_channel(
    handlers: Vec<(u16, StreamHandler)>,
    services: &BTreeMap<u16, Arc<dyn Skeleton>>,
) -> Result<BTreeMap<u16, StreamHandler>, StartError> {
    let mut streams = BTreeMap::new();
    for (channel, handler) in handlers {
        if channel < FIRST_SERVICE_CHANNEL {
            return Err(StartError::ReservedChannel {
                channel,
                service: BYTE_HANDLER,
            });
        }
        let first = match services.get(&channel) {
            Some(skeleton) => Some(skeleton.descriptor().name),
            None => streams.insert(channel, handler).map(|_| BYTE_HANDLER),
        };
        if let Some(first) = first {
            return Err(StartError::DuplicateChannel {
                channel,
                first,
                second: BYTE_HANDLER,
            });
        }
    }
    Ok(streams)
}

/// The addresses under which a peer on this host, or the network of `local`, reaches a listener.
fn reachable(local: SocketAddr) -> Vec<IpAddr> {
    match local.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => vec![Ipv4Addr::LOCALHOST.into()],
        IpAddr::V6(ip) if ip.is_unspecified() => {
            vec![Ipv6Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into()]
        }
        ip => vec![ip],
    }
}

/// AES-GCM only with AES instructions: without them it is slow, and table look-ups leak through the cache.
fn supported_suites() -> Suites {
    #[cfg(target_arch = "x86_64")]
    let aes = std::arch::is_x86_feature_detected!("aes");
    #[cfg(target_arch = "aarch64")]
    let aes = std::arch::is_aarch64_feature_detected!("aes");
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let aes = false;
    Suites::for_hardware(aes)
}
