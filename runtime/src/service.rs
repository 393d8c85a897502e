//! What generated code implements: descriptors, skeletons (server side) and clients (calling side).

use std::{any::Any, future::Future, pin::Pin, sync::Arc};

use crate::{
    Capability, Context, Result,
    message::{Incoming, Outgoing},
};

/// Static facts of one method of an interface.
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
    /// Whether it is declared `-> stream`: its calls are flow controlled, and delivered one after the other.
    pub streaming: bool,
}

/// Static facts of an interface: of a service, or of the objects that calls pass around.
#[derive(Debug, PartialEq, Eq)]
pub struct ServiceDescriptor {
    /// Name of the interface in the schema.
    pub name: &'static str,
    /// Logical channel ID; `None` for an interface that is reached only through capabilities.
    pub channel: Option<u16>,
    /// Type ID of the interface.
    pub interface_id: u64,
    /// Level of Cap'n Proto RPC that its messages need: 0 data only, 1 capabilities.
    pub level: u8,
    /// The methods, by ordinal.
    pub methods: &'static [MethodDescriptor],
    /// The interfaces it extends.
    pub extends: &'static [&'static Self],
    /// The compiled schema: a `CodeGeneratorRequest` of `schema.capnp` whose nodes are the interface and all that it uses.
    pub schema: &'static [u8],
}

impl ServiceDescriptor {
    /// A method of this interface or of one that it extends, however far.
    pub fn method(&self, interface_id: u64, ordinal: u16) -> Option<&'static MethodDescriptor> {
        if interface_id == self.interface_id {
            let index = usize::from(ordinal);
            return self
                .methods
                .get(index)
                .filter(|method| method.ordinal == ordinal);
        }
        self.extends
            .iter()
            .find_map(|parent| parent.method(interface_id, ordinal))
    }

    /// Whether an object of this interface can be used as one of `interface_id`.
    pub fn is(&self, interface_id: u64) -> bool {
        interface_id == self.interface_id
            || self.extends.iter().any(|parent| parent.is(interface_id))
    }
}

/// Future of the answer to one call.
pub type CallFuture = Pin<Box<dyn Future<Output = Result<Outgoing>> + Send>>;

/// Serving side of one interface: decodes parameters, calls the handler, encodes results.
///
/// Generated for each interface as `XSkeleton`. An engine only moves messages and capabilities to and from this.
pub trait Skeleton: Send + Sync + 'static {
    /// Which interface this is.
    fn descriptor(&self) -> &'static ServiceDescriptor;

    /// Starts a call. Dropping the future cancels the handler at its current await.
    fn call(&self, cx: Context, interface_id: u64, method_id: u16, params: Incoming) -> CallFuture;

    /// What is kept while a peer holds the object or its calls have not ended: for objects that want to know.
    #[doc(hidden)]
    fn held_by_peer(&self) -> Option<Box<dyn Any + Send>> {
        None
    }
}

/// A type that serves one or more interfaces. Implemented by `#[derive(Service)]`.
pub trait Service: Send + Sync + 'static {
    /// One skeleton for each interface named in `#[service(..)]`.
    fn skeletons(self: Arc<Self>) -> Vec<Arc<dyn Skeleton>>;
}

/// Calling side of one interface. Generated for each interface as `XClient`.
pub trait Client: Sized + Clone + Send + Sync + 'static {
    /// Which interface this calls.
    const DESCRIPTOR: &'static ServiceDescriptor;

    /// A client of the object behind `capability`. Whether the object has this interface shows when it is called.
    fn from_capability(capability: Capability) -> Self;

    /// The object that this calls.
    fn capability(&self) -> &Capability;
}

/// A client of a service: of an interface with a channel ID, which [`Peer::open`](crate::Peer::open) opens.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a client of a service: its interface has no channel to open",
    note = "annotate the interface with $Bus.channel(n), or get the client out of a call"
)]
pub trait ServiceClient: Client {
    /// Logical channel ID.
    const CHANNEL: u16;
}
