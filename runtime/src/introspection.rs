//! Introspection: what a node serves, for tools and for callers that have no schema.
//!
//! Every node serves [`Introspection`] on logical channel 1, to the devices that its [trust](crate::Trust) lets open that
//! channel. A caller sees the services that it may call:
//!
//! ```no_run
//! # async fn example(peer: dsoftbus::Peer) -> dsoftbus::Result<()> {
//! use dsoftbus::introspection::IntrospectionClient;
//!
//! let node: IntrospectionClient = peer.open().await?;
//! for service in node.services().await? {
//!     println!("{} on {:#06x}: {:?}", service.name, service.channel, service.health);
//! }
//! # Ok(())
//! # }
//! ```

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use dsoftbus_proto::identity::DeviceId;

pub use crate::generated::{
    Health, Introspection, IntrospectionClient, ServiceStatus, introspection,
};
use crate::{
    Context, Result, ServiceDescriptor, Skeleton, Trust,
    generated::{IntrospectionSkeleton, introspection::Error},
};

/// Whether each service of a node does its work, by channel.
pub(crate) type HealthTable = Arc<Mutex<BTreeMap<u16, Health>>>;

/// The service on channel 1.
pub(crate) struct Introspect {
    services: BTreeMap<u16, &'static ServiceDescriptor>,
    trust: Trust,
    health: HealthTable,
}

impl Introspect {
    /// The skeleton that tells of `services`, and what it says of their health.
    pub(crate) fn skeleton(
        services: &BTreeMap<u16, Arc<dyn Skeleton>>,
        trust: &Trust,
    ) -> (Arc<dyn Skeleton>, HealthTable) {
        let health = HealthTable::default();
        let services = services
            .iter()
            .map(|(&channel, skeleton)| (channel, skeleton.descriptor()));
        let service = Self {
            services: services.collect(),
            trust: trust.clone(),
            health: Arc::clone(&health),
        };
        (
            Arc::new(IntrospectionSkeleton::new(Arc::new(service))),
            health,
        )
    }

    fn service(
        &self,
        caller: Option<DeviceId>,
        channel: u16,
    ) -> Result<&'static ServiceDescriptor> {
        let service = self.services.get(&channel).copied();
        Ok(service
            .filter(|_| self.may_call(caller, channel))
            .ok_or(Error::NoSuchService)?)
    }

    fn may_call(&self, caller: Option<DeviceId>, channel: u16) -> bool {
        caller.is_none_or(|caller| self.trust.permits(&caller, channel))
    }

    fn health_of(&self, channel: u16) -> Health {
        let health = lock(&self.health).get(&channel).copied();
        health.unwrap_or(Health::Serving)
    }
}

impl Introspection for Introspect {
    async fn services(&self, cx: &Context) -> Result<Vec<ServiceStatus>> {
        let visible = self
            .services
            .iter()
            .filter(|&(&channel, _)| self.may_call(cx.peer(), channel));
        let services = visible.map(|(&channel, service)| ServiceStatus {
            name: service.name.to_owned(),
            channel,
            interface_id: service.interface_id,
            level: service.level,
            health: self.health_of(channel),
        });
        Ok(services.collect())
    }

    async fn schema(&self, cx: &Context, channel: u16) -> Result<Vec<u8>> {
        Ok(self.service(cx.peer(), channel)?.schema.to_vec())
    }

    async fn health(&self, cx: &Context, channel: u16) -> Result<Health> {
        self.service(cx.peer(), channel)?;
        Ok(self.health_of(channel))
    }
}

/// Notes what a service says of itself.
pub(crate) fn set_health(table: &HealthTable, channel: u16, health: Health) {
    lock(table).insert(channel, health);
}

fn lock(table: &HealthTable) -> MutexGuard<'_, BTreeMap<u16, Health>> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}
