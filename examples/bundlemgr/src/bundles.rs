//! [`Bundles`]: the service itself.

use std::{path::Path, sync::Arc};

use dsoftbus::{
    Code, Context, Result, Status,
    bulk::{BulkStore, BulkUpload, VmoHandle, VmoSource as _},
    store::{Digest, Usage},
};

use crate::{
    BundleInfo, BundleManager, Error, Limits, OpenError, bundle_manager::GetPayloadResults,
    shelf::Shelf,
};

/// The bundle manager: serves [`BundleManager`] from a directory. A clone is the same bundle manager.
///
/// It is two things to a node, which therefore takes it twice: the place where pushed payloads go
/// ([`NodeBuilder::store`](dsoftbus::NodeBuilder::store)) and the service that gives them names
/// ([`NodeBuilder::serve`](dsoftbus::NodeBuilder::serve)).
///
/// Who may open channel 0x11 of the node may install, read and uninstall every bundle: that is a matter of the node's
/// [`Trust`](dsoftbus::Trust). Who installed a bundle is written down for the quotas in [`Limits`].
///
/// # How long a payload lives
///
/// As long as a bundle names it, or a handle does. One that was pushed and not installed within two minutes is removed when the next
/// payload comes, and at the latest when the bundles are opened again.
#[derive(Clone, Debug, dsoftbus::Service)]
#[service(crate::BundleManager)]
pub struct Bundles {
    /// Everything, and all of it blocks on the disk: calls go there through `spawn_blocking`.
    shelf: Arc<Shelf>,
}

impl Bundles {
    /// Opens the bundles in `dir`, or starts with none if it is absent or empty.
    ///
    /// Payloads that no bundle names are removed, so never point two services at one directory.
    ///
    /// # Errors
    ///
    /// [`OpenError`], when the directory is in use, damaged, or not one of these.
    pub fn open(dir: impl AsRef<Path>, limits: Limits) -> Result<Self, OpenError> {
        let shelf = Shelf::open(dir.as_ref(), limits)?;
        Ok(Self {
            shelf: Arc::new(shelf),
        })
    }

    /// What the store of payloads holds now.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.shelf.usage()
    }

    /// Runs `work` where blocking is allowed. It goes on to its end even if the caller gives up: a change is never left half done.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shelf) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let shelf = Arc::clone(&self.shelf);
        tokio::task::spawn_blocking(move || work(&shelf))
            .await
            .map_err(|_| Error::Storage.with_message("the bundle manager panicked"))?
    }
}

impl BundleManager for Bundles {
    async fn install(
        &self,
        cx: &Context,
        name: &str,
        bytes_len: u64,
        vmo_handle: u64,
    ) -> Result<BundleInfo> {
        // A caller in this process has no session, hence no bulk channel to have pushed a payload on.
        let owner = cx.peer().ok_or(Error::BadHandle)?;
        let (cx, name) = (cx.clone(), name.to_owned());
        self.blocking(move |shelf| {
            shelf.install(&name, bytes_len, owner, || {
                cx.take_vmo(VmoHandle::from_raw(vmo_handle))
            })
        })
        .await
    }

    async fn query(&self, _cx: &Context, name: &str) -> Result<BundleInfo> {
        let name = name.to_owned();
        self.blocking(move |shelf| shelf.query(&name)).await
    }

    async fn list(&self, _cx: &Context) -> Result<Vec<BundleInfo>> {
        self.blocking(|shelf| Ok(shelf.list())).await
    }

    async fn get_payload(&self, cx: &Context, name: &str) -> Result<GetPayloadResults> {
        let name = name.to_owned();
        let payload = self.blocking(move |shelf| shelf.payload(&name)).await?;
        let (bytes_len, digest) = (payload.len(), payload.digest());
        let handle = cx.offer_vmo(payload).map_err(offer_status)?;
        Ok(GetPayloadResults {
            vmo_handle: handle.to_raw(),
            bytes_len,
            digest: digest.as_bytes().to_vec(),
        })
    }

    async fn uninstall(&self, _cx: &Context, name: &str) -> Result<()> {
        let name = name.to_owned();
        self.blocking(move |shelf| shelf.uninstall(&name)).await
    }
}

impl BulkStore for Bundles {
    fn begin(&self, digest: Digest, len: u64) -> Result<Box<dyn BulkUpload>> {
        self.shelf.begin(digest, len)
    }
}

/// What a caller is told when no handle can be made for it.
fn offer_status(status: Status) -> Status {
    let error = match status.code() {
        Code::ResourceExhausted => Error::NoSpace,
        Code::FailedPrecondition => Error::BadHandle,
        _ => return status,
    };
    error.with_message(status.message())
}
