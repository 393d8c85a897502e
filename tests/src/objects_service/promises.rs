//! [`TestResolver`]: makes a promise known. [`TestSelf`]: an object that hands out itself.

use std::sync::{
    Arc, Mutex, PoisonError, Weak,
    atomic::{AtomicU32, Ordering},
};

use dsoftbus::{Capability, Client as _, Context, Result, Status};

use super::{TestBasics, Watch};
use crate::{
    BasicsClient, Resolver, ResolverClient, SelfType, SelfTypeClient, SelfTypeSkeleton, basics,
    gauge::Guard, objects::PromisesResults,
};

/// A [`Resolver`](trait@Resolver) of a promise that was given out.
#[derive(Debug)]
pub struct TestResolver {
    watch: Watch,
    pending: Mutex<Option<dsoftbus::Resolver<BasicsClient>>>,
    _alive: Guard,
}

impl TestResolver {
    /// A promise, and a client of what resolves it.
    #[must_use]
    pub fn promise(watch: &Watch) -> PromisesResults {
        let (cap, pending) = dsoftbus::promise();
        let resolver = ResolverClient::local(Self {
            watch: watch.clone(),
            pending: Mutex::new(Some(pending)),
            _alive: watch.alive.enter(),
        });
        PromisesResults { cap, resolver }
    }

    fn take(&self) -> Result<dsoftbus::Resolver<BasicsClient>> {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let pending = pending.take();
        pending.ok_or_else(|| Status::failed_precondition("nothing is promised any more"))
    }
}

impl Resolver for TestResolver {
    async fn resolve(&self, _cx: &Context) -> Result<()> {
        self.take()?.resolve(&TestBasics::client(&self.watch));
        Ok(())
    }

    async fn resolve_to_promise(&self, _cx: &Context) -> Result<()> {
        let before = self.take()?;
        let (cap, pending) = dsoftbus::promise();
        *self.pending.lock().unwrap_or_else(PoisonError::into_inner) = Some(pending);
        before.resolve(&cap);
        Ok(())
    }

    async fn fail(&self, _cx: &Context) -> Result<()> {
        self.take()?.fail(basics::Error::Broken.into());
        Ok(())
    }
}

/// A [`SelfType`](trait@SelfType) that is watched.
#[derive(Debug)]
pub struct TestSelf {
    me: Weak<Self>,
    calls: AtomicU32,
    _alive: Guard,
}

impl TestSelf {
    /// A client of a new object.
    #[must_use]
    pub fn client(watch: &Watch) -> SelfTypeClient {
        client(Arc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            calls: AtomicU32::new(0),
            _alive: watch.alive.enter(),
        }))
    }
}

impl SelfType for TestSelf {
    async fn foo(&self, _cx: &Context) -> Result<u32> {
        Ok(self.calls.fetch_add(1, Ordering::Relaxed))
    }

    async fn get_self(&self, _cx: &Context) -> Result<SelfTypeClient> {
        // The skeleton that answers holds it.
        let me = self.me.upgrade();
        me.map(client)
            .ok_or_else(|| Status::internal("the object is gone"))
    }
}

fn client(object: Arc<TestSelf>) -> SelfTypeClient {
    let skeleton = SelfTypeSkeleton::new(object);
    SelfTypeClient::from_capability(Capability::local(Arc::new(skeleton)))
}
