//! The service manager: which services the devices around offer, by name.
//!
//! A device that runs a service [registers](Samgr::register) it under a name; whoever looks for one
//! [resolves](Samgr::resolve) the name, gets the device and the channel, and dials that device itself. The service manager
//! is never in the path of a call, and nobody has to believe it: the device dialled proves its key in the handshake.
//!
//! [`Registry`] is the whole service. Serve it from a node of your own, or run the daemon `samgrd`:
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use dsoftbus::{Identity, IdentityProvider, Node, Trust};
//! use samgr::Registry;
//!
//! let identity = Identity::load_or_create("device.key")?;
//! let registry = Registry::new(identity.device_id());
//! let node = Node::builder()
//!     .identity(identity)
//!     .allow(Trust::file("trusted")?)
//!     .serve(registry)
//!     .bind("[::1]:0")
//!     .await?;
//! # Ok(())
//! # }
//! ```

dsoftbus::include_schemas!();

mod find;
mod registry;
mod table;

pub use self::{
    find::{FindError, find},
    registry::Registry,
    samgr::Error,
    table::{MAX_NAME, MAX_PER_DEVICE, MAX_SERVICES},
};
