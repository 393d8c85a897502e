//! Discovery: how devices find each other.
//!
//! A backend implements [`Discovery`]. It hands out announcements that were verified before they came into its
//! [`Table`], and nothing else: who a device is gets proven again by the handshake, whom we trust is not decided here.
//!
//! The type of the verified announcement is a parameter, `A`; the rules only need what [`Announced`] asks for.
//! [`InProcess`] is the backend without a socket.

use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;
use futures::stream::BoxStream;

use dsoftbus_proto::announcement::Announcement;

mod hub;
mod in_process;
mod signed;
mod table;

pub use hub::{Hub, Watch};
pub use in_process::InProcess;
pub use table::{Change, MAX_KNOWN, MAX_STRANGERS, MAX_TTL, Now, Refused, Standing, Table};

/// The bytes of a device ID.
pub type Device = [u8; 32];

/// An announcement whose signatures were checked.
///
/// Two announcements are equal if they have the same bytes, signature included.
pub trait Announced: Eq + Send + Sync + 'static {
    /// The device that signed it.
    fn device(&self) -> Device;
    /// Rises with every announcement of the device.
    fn sequence(&self) -> u64;
    /// Unix seconds.
    fn issued_at(&self) -> u64;
    /// Seconds for which it is good; 0 says goodbye.
    fn time_to_live(&self) -> u16;
}

/// A way to find devices and to be found.
pub trait Discovery<A: Announced = Announcement>: fmt::Debug + Send + Sync {
    /// Makes `announcement` known until the returned registration is dropped or [withdrawn](Registered::withdraw).
    ///
    /// # Errors
    ///
    /// [`DiscoveryError`]: whatever the reason, nothing was made known.
    fn announce(&self, announcement: A) -> BoxFuture<'_, Result<Registration<A>, DiscoveryError>>;

    /// The newest announcement of `device`, if it is known.
    ///
    /// # Errors
    ///
    /// [`DiscoveryError::Backend`].
    fn resolve(&self, device: Device) -> BoxFuture<'_, Result<Option<Arc<A>>, DiscoveryError>>;

    /// Every known device as [`Event::Found`] first, then what changes.
    ///
    /// A watcher that is slow misses steps in between, but never the state they led to.
    fn watch(&self) -> BoxStream<'static, Event<A>>;
}

/// The right to renew and to withdraw one announcement. Dropping it withdraws without a goodbye.
pub type Registration<A> = Box<dyn Registered<A>>;

/// What a [`Registration`] can do.
pub trait Registered<A: Announced>: fmt::Debug + Send + Sync {
    /// The announced device.
    fn device(&self) -> Device;

    /// Replaces the announcement by a newer one of the same device.
    ///
    /// # Errors
    ///
    /// [`DiscoveryError::WrongDevice`], [`DiscoveryError::Goodbye`], [`DiscoveryError::Refused`].
    fn renew(&self, announcement: A) -> BoxFuture<'_, Result<(), DiscoveryError>>;

    /// Withdraws the announcement; others learn it from `goodbye`, an announcement with time to live 0.
    ///
    /// # Errors
    ///
    /// [`DiscoveryError::WrongDevice`], [`DiscoveryError::NotGoodbye`]; the announcement is withdrawn all the same.
    fn withdraw(self: Box<Self>, goodbye: A) -> BoxFuture<'static, Result<(), DiscoveryError>>;
}

/// A change of what is known.
#[derive(Debug, Eq, PartialEq)]
pub enum Event<A> {
    /// A device appeared.
    Found(Arc<A>),
    /// A device announced something newer.
    Updated(Arc<A>),
    /// A device said goodbye, fell silent, or contradicted itself.
    Lost(Device),
}

impl<A> Clone for Event<A> {
    fn clone(&self) -> Self {
        match self {
            Self::Found(announcement) => Self::Found(Arc::clone(announcement)),
            Self::Updated(announcement) => Self::Updated(Arc::clone(announcement)),
            Self::Lost(device) => Self::Lost(*device),
        }
    }
}

/// Why an announcement was not made known.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DiscoveryError {
    /// Somebody holds a registration of this device: its key is in use twice, or the old node still runs.
    #[error("the device is announced already")]
    AlreadyAnnounced,
    /// The announcement is of another device than the registration.
    #[error("the announcement is of another device")]
    WrongDevice,
    /// A goodbye cannot be announced, only withdrawn with.
    #[error("the announcement is a goodbye")]
    Goodbye,
    /// Withdrawing takes a goodbye.
    #[error("the announcement is not a goodbye")]
    NotGoodbye,
    /// The announcement breaks a rule of the table.
    #[error("the announcement was refused")]
    Refused(#[from] Refused),
    /// The backend failed.
    #[error("discovery failed: {reason}")]
    Backend {
        /// What went wrong.
        reason: String,
    },
}
