//! The bundle manager: installs application bundles whose bytes travel on bulk channels.
//!
//! To install, a caller pushes the payload ([`Peer::push_file`](dsoftbus::Peer::push_file)), gets a handle for it, and names
//! the handle in [`install`](BundleManagerClient::install); to read a bundle it asks for a handle
//! ([`get_payload`](BundleManagerClient::get_payload)) and [pulls](dsoftbus::Peer::pull). A bundle that `install` has
//! acknowledged is on disk, whole, and still there after a power cut.
//!
//! [`Bundles`] is the whole service. Serve it from a node of your own, or run the daemon `bundlemgrd`:
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use bundlemgr::{Bundles, Limits};
//! use dsoftbus::{Identity, Node, Trust};
//!
//! let bundles = Bundles::open("bundles", Limits::default())?;
//! let node = Node::builder()
//!     .identity(Identity::load_or_create("device.key")?)
//!     .allow(Trust::file("trusted")?)
//!     .store(bundles.clone())
//!     .serve(bundles)
//!     .bind("[::1]:0")
//!     .await?;
//! # Ok(())
//! # }
//! ```

dsoftbus::include_schemas!();

mod bundles;
mod hold;
mod limits;
mod name;
mod record;
mod shelf;
mod upload;

pub use self::{
    bundle_manager::Error,
    bundles::Bundles,
    limits::{Limits, MAX_BUNDLES},
    name::MAX_NAME,
    shelf::OpenError,
};
