//! What generated code implements: descriptors, skeletons (server side) and clients (calling side).

use std::{future::Future, pin::Pin, sync::Arc};

use dsoftbus_proto::message::{Incoming, Outgoing};

use crate::{ClientChannel, Context, Result};

/// Static facts of one method of a service.
#[derive(Debug, PartialEq, Eq)]
pub struct MethodDescriptor {
    /// Name in the schema.
    pub name: &'static str,
    /// Name of the interface in the schema.
    pub service: &'static str,
    /// Type ID of the interface.
    pub interface_id: u64,
    /// Ordinal of the method: the `@n` of the schema.
    pub ordinal: u16,
}

/// Static facts of a service: an interface annotated with a channel ID.
#[derive(Debug, PartialEq, Eq)]
pub struct ServiceDescriptor {
    /// Name of the interface in the schema.
    pub name: &'static str,
    /// Logical channel ID.
    pub channel: u16,
    /// Type ID of the interface.
    pub interface_id: u64,
    /// The methods, by ordinal.
    pub methods: &'static [MethodDescriptor],
}

impl ServiceDescriptor {
    /// The method with this ordinal.
    pub fn method(&self, ordinal: u16) -> Option<&'static MethodDescriptor> {
        self.methods.iter().find(|method| method.ordinal == ordinal)
    }
}

/// Future of the answer to one call.
pub type CallFuture = Pin<Box<dyn Future<Output = Result<Outgoing>> + Send>>;

/// Serving side of one service: decodes parameters, calls the handler, encodes results.
///
/// Generated for each interface as `XSkeleton`. An engine only moves messages to and from this.
pub trait Skeleton: Send + Sync + 'static {
    /// Which service this is.
    fn descriptor(&self) -> &'static ServiceDescriptor;

    /// Starts a call. Dropping the future cancels the handler at its current await.
    fn call(&self, cx: Context, interface_id: u64, method_id: u16, params: Incoming) -> CallFuture;
}

/// A type that serves one or more interfaces. Implemented by `#[derive(Service)]`.
pub trait Service: Send + Sync + 'static {
    /// One skeleton for each interface named in `#[service(..)]`.
    fn skeletons(self: Arc<Self>) -> Vec<Arc<dyn Skeleton>>;
}

/// Calling side of one service. Generated for each interface as `XClient`.
pub trait Client: Sized + Clone + Send + Sync {
    /// Which service this calls.
    const DESCRIPTOR: &'static ServiceDescriptor;

    /// A client that calls through `channel`.
    fn from_channel(channel: ClientChannel) -> Self;
}
