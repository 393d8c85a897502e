//! Discovery within one process: no sockets, no time.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use futures::future::{BoxFuture, FutureExt as _, ready};
use futures::stream::{BoxStream, StreamExt as _};

use super::{
    Announced, Device, Discovery, DiscoveryError, Event, Hub, Now, Registered, Registration,
    Standing,
};

/// A registry of the nodes in one process. A clone is the same registry.
///
/// An announcement is good until its registration is dropped, whatever its time to live: a node cannot vanish from its
/// own process without that. Announcements have to be verified before they come here, as everywhere.
pub struct InProcess<A> {
    shared: Arc<Shared<A>>,
}

struct Shared<A> {
    hub: Hub<A>,
    /// Who holds the registration of a device. Locked before the hub.
    owners: Mutex<HashMap<Device, u64>>,
    next_owner: std::sync::atomic::AtomicU64,
}

impl<A: Announced> InProcess<A> {
    /// An empty registry that nobody else has.
    #[must_use]
    pub fn new() -> Self {
        let shared = Shared {
            hub: Hub::new(None),
            owners: Mutex::default(),
            next_owner: 0.into(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// The registry that everybody in this process shares.
    #[must_use]
    pub fn global() -> Self {
        type Registries = Mutex<HashMap<TypeId, Box<dyn Any + Send>>>;
        static GLOBAL: LazyLock<Registries> = LazyLock::new(Registries::default);
        let mut registries = GLOBAL.lock().unwrap_or_else(PoisonError::into_inner);
        let registry = registries.entry(TypeId::of::<A>());
        let registry = registry.or_insert_with(|| Box::new(Self::new()));
        // The entry under a type is always made right above.
        registry.downcast_ref().cloned().unwrap_or_else(Self::new)
    }

    fn announce_now(&self, announcement: A) -> Result<Registration<A>, DiscoveryError> {
        if announcement.time_to_live() == 0 {
            return Err(DiscoveryError::Goodbye);
        }
        let device = announcement.device();
        let mut owners = self.shared.owners();
        if owners.contains_key(&device) {
            return Err(DiscoveryError::AlreadyAnnounced);
        }
        self.shared
            .hub
            .insert(announcement, Standing::Known, Now::default())?;
        let next = &self.shared.next_owner;
        let owner = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        owners.insert(device, owner);
        Ok(Box::new(Owner {
            shared: Arc::clone(&self.shared),
            device,
            owner,
        }))
    }
}

impl<A: Announced> Discovery<A> for InProcess<A> {
    fn announce(&self, announcement: A) -> BoxFuture<'_, Result<Registration<A>, DiscoveryError>> {
        ready(self.announce_now(announcement)).boxed()
    }

    fn resolve(&self, device: Device) -> BoxFuture<'_, Result<Option<Arc<A>>, DiscoveryError>> {
        ready(Ok(self.shared.hub.find(&device))).boxed()
    }

    fn watch(&self) -> BoxStream<'static, Event<A>> {
        self.shared.hub.watch().boxed()
    }
}

impl<A> Shared<A> {
    fn owners(&self) -> MutexGuard<'_, HashMap<Device, u64>> {
        self.owners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<A> Clone for InProcess<A> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<A: Announced> Default for InProcess<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A> fmt::Debug for InProcess<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InProcess")
            .field("announced", &self.shared.owners().len())
            .finish_non_exhaustive()
    }
}

/// The registration of one device.
struct Owner<A: Announced> {
    shared: Arc<Shared<A>>,
    device: Device,
    owner: u64,
}

impl<A: Announced> Owner<A> {
    fn renew_now(&self, announcement: A) -> Result<(), DiscoveryError> {
        if announcement.device() != self.device {
            return Err(DiscoveryError::WrongDevice);
        }
        if announcement.time_to_live() == 0 {
            return Err(DiscoveryError::Goodbye);
        }
        self.shared
            .hub
            .insert(announcement, Standing::Known, Now::default())?;
        Ok(())
    }
}

impl<A: Announced> Registered<A> for Owner<A> {
    fn device(&self) -> Device {
        self.device
    }

    fn renew(&self, announcement: A) -> BoxFuture<'_, Result<(), DiscoveryError>> {
        ready(self.renew_now(announcement)).boxed()
    }

    fn withdraw(self: Box<Self>, goodbye: A) -> BoxFuture<'static, Result<(), DiscoveryError>> {
        // Whoever is here learns of it from the registry, so the goodbye itself is not needed. It has to be right all
        // the same: what works here must work over a network.
        let result = if goodbye.device() != self.device {
            Err(DiscoveryError::WrongDevice)
        } else if goodbye.time_to_live() != 0 {
            Err(DiscoveryError::NotGoodbye)
        } else {
            Ok(())
        };
        ready(result).boxed()
    }
}

impl<A: Announced> Drop for Owner<A> {
    fn drop(&mut self) {
        let mut owners = self.shared.owners();
        if owners.get(&self.device) == Some(&self.owner) {
            owners.remove(&self.device);
            self.shared.hub.remove(&self.device);
        }
    }
}

impl<A: Announced> fmt::Debug for Owner<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Refused;
    use super::super::table::tests::{Sample, device, goodbye, sample};
    use super::*;

    /// The result of a future that needs no waiting.
    fn at_once<T>(future: impl Future<Output = T>) -> T {
        future.now_or_never().unwrap()
    }

    fn announce(
        registry: &dyn Discovery<Sample>,
        announcement: Sample,
    ) -> Result<Registration<Sample>, DiscoveryError> {
        at_once(registry.announce(announcement))
    }

    fn number_of(registry: &dyn Discovery<Sample>, n: u16) -> Option<u64> {
        let found = at_once(registry.resolve(device(n))).unwrap();
        found.map(|announcement| announcement.sequence)
    }

    #[test]
    fn an_announced_device_resolves_until_its_registration_is_dropped() {
        let registry = InProcess::new();
        let registration = announce(&registry, sample(1, 1)).unwrap();
        assert_eq!(registration.device(), device(1));
        assert_eq!(number_of(&registry.clone(), 1), Some(1));
        assert_eq!(number_of(&registry, 2), None);
        at_once(registration.renew(sample(1, 2))).unwrap();
        assert_eq!(number_of(&registry, 1), Some(2));
        drop(registration);
        assert_eq!(number_of(&registry, 1), None);
    }

    #[test]
    fn a_device_is_announced_by_one_at_a_time() {
        let registry = InProcess::new();
        let first = announce(&registry, sample(1, 1)).unwrap();
        let second = announce(&registry, sample(1, 2)).unwrap_err();
        assert_eq!(second, DiscoveryError::AlreadyAnnounced);
        assert_eq!(number_of(&registry, 1), Some(1));
        drop(first);
        let _second = announce(&registry, sample(1, 2)).unwrap();
        assert_eq!(number_of(&registry, 1), Some(2));
    }

    #[test]
    fn nobody_changes_the_entry_of_another() {
        let registry = InProcess::new();
        let _victim = announce(&registry, sample(1, 1)).unwrap();
        let other = announce(&registry, sample(2, 1)).unwrap();
        let wrong = Err(DiscoveryError::WrongDevice);
        assert_eq!(at_once(other.renew(sample(1, 9))), wrong);
        assert_eq!(at_once(other.withdraw(goodbye(1, 9))), wrong);
        let refused = announce(&registry, goodbye(1, 9)).unwrap_err();
        assert_eq!(refused, DiscoveryError::Goodbye);
        assert_eq!(number_of(&registry, 1), Some(1));
    }

    #[test]
    fn withdrawing_takes_a_goodbye_and_frees_the_device() {
        let registry = InProcess::new();
        let registration = announce(&registry, sample(1, 1)).unwrap();
        assert_eq!(
            at_once(registration.renew(goodbye(1, 2))),
            Err(DiscoveryError::Goodbye)
        );
        assert_eq!(at_once(registration.withdraw(goodbye(1, 2))), Ok(()));
        assert_eq!(number_of(&registry, 1), None);
        let registration = announce(&registry, sample(1, 3)).unwrap();
        let not_goodbye = Err(DiscoveryError::NotGoodbye);
        assert_eq!(at_once(registration.withdraw(sample(1, 4))), not_goodbye);
        assert_eq!(number_of(&registry, 1), None);
    }

    #[test]
    fn the_rules_of_the_table_hold_here_too() {
        let registry = InProcess::new();
        let registration = announce(&registry, sample(1, 5)).unwrap();
        let stale = Refused::Stale {
            sequence: 4,
            floor: 5,
        };
        assert_eq!(at_once(registration.renew(sample(1, 4))), Err(stale.into()));
        let other = Sample {
            text: "other",
            ..sample(1, 5)
        };
        let twice = Refused::Equivocation { sequence: 5 };
        assert_eq!(at_once(registration.renew(other)), Err(twice.into()));
        assert_eq!(number_of(&registry, 1), None);
        at_once(registration.renew(sample(1, 6))).unwrap();
        assert_eq!(number_of(&registry, 1), Some(6));
    }

    #[test]
    fn watchers_see_devices_come_and_go() {
        let registry = InProcess::new();
        let first = announce(&registry, sample(1, 1)).unwrap();
        let mut watch = registry.watch();
        let mut next = || watch.next().now_or_never().flatten();
        assert_eq!(next(), Some(Event::Found(Arc::new(sample(1, 1)))));
        assert_eq!(next(), None);
        let _second = announce(&registry, sample(2, 1)).unwrap();
        assert_eq!(next(), Some(Event::Found(Arc::new(sample(2, 1)))));
        drop(first);
        assert_eq!(next(), Some(Event::Lost(device(1))));
    }

    #[test]
    fn the_global_registry_is_one_and_others_are_separate() {
        let _registration = announce(&InProcess::global(), sample(77, 1)).unwrap();
        assert_eq!(number_of(&InProcess::global(), 77), Some(1));
        assert_eq!(number_of(&InProcess::new(), 77), None);
    }
}
