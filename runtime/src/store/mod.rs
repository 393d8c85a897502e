//! Artifact store: large payloads on disk, named by their BLAKE3 digest, safe against crashes.
//!
//! ```text
//! <dir>/dsoftbus-store        says that this directory is a store; locked while the store is open
//! <dir>/tmp/<32 hex>          uploads that are not complete; emptied by open()
//! <dir>/objects/<aa>/<64 hex> complete artifacts; aa are the first two digits
//! <dir>/quarantine/           artifacts whose bytes no longer match their name
//! ```
//!
//! An upload goes `tmp` → digest checked → fsync → rename → fsync of the directories, and only then is it
//! acknowledged. Whatever happens in between, an acknowledged artifact is there and whole, and any other is absent
//! or whole.
//!
//! Every call here blocks on the disk: from async code go through `spawn_blocking`. Two uploads run side by side;
//! moving them into place happens one at a time.
//!
//! ```
//! use dsoftbus::store::{ArtifactStore, Digest, Limits};
//! # let dir = tempfile::tempdir().unwrap();
//! # let dir = dir.path().join("store");
//! let store = ArtifactStore::open(&dir, Limits::default())?;
//! let payload = b"firmware";
//! let mut upload = store.begin(Digest::of(payload), payload.len() as u64)?;
//! upload.write(payload)?;
//! let artifact = upload.commit()?;
//! assert_eq!(store.get(&artifact.digest())?.unwrap().len(), 8);
//! # Ok::<(), dsoftbus::store::StoreError>(())
//! ```

mod artifact;
mod artifacts;
mod contents;
mod digest;
mod error;
mod limits;
mod recover;
mod upload;

#[cfg(test)]
mod tests;

pub use artifact::Artifact;
pub use artifacts::ArtifactStore;
pub use digest::{Digest, ParseDigestError};
pub use error::{Quota, StoreError};
pub use limits::{Limits, Usage};
pub use upload::Upload;
