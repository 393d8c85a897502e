//! DSoftBus-lite: devices find each other, prove who they are, and call each other's Cap'n Proto services over one encrypted
//! connection.
//!
//! A [`Node`] is this device on the bus. It serves services ([`NodeBuilder::serve`]) and connects to other devices
//! ([`Node::connect`]); a [`Peer`] is such a device, authenticated, and [`Peer::open`] gives a typed client of one of its
//! services. Clients, server traits and types are generated from schemas by `dsoftbus-codegen` in `build.rs` and included with
//! [`include_schemas!`].

extern crate self as dsoftbus;

#[doc(hidden)]
#[path = "private/mod.rs"]
pub mod __private;
mod backend;
pub mod bulk;
mod call;
mod capability;
mod context;
pub mod discovery;
mod disk;
pub mod dynamic;
mod error;
mod extensions;
#[allow(
    unnameable_types,
    reason = "what is for users is exported where they look for it"
)]
mod generated;
mod handler;
mod identity;
mod in_order;
pub mod index;
mod intercept;
pub mod introspection;
pub mod keyfile;
mod message;
mod node;
mod peer;
mod promised;
mod service;
mod session;
mod status;
pub mod store;
mod stream;
pub mod testing;
mod trust;
mod vat;

pub use dsoftbus_macros::Service;
pub use dsoftbus_proto::{
    announcement::{Announcement, Ticket},
    frame::CloseCode,
    handshake::{HandshakeError, Suites},
    identity::{DeviceId, Realm},
    trust::Refusal,
};

pub use self::{
    __private::{AnyPointer, Pointer},
    call::{Call, DEFAULT_DEADLINE, Pipeline, Pipelined, RawCall},
    capability::{Capability, Resolver, promise},
    context::Context,
    error::{ChannelError, ConnectError, IdentityError, SessionError, StartError},
    extensions::Extensions,
    identity::{Identity, IdentityProvider},
    intercept::{Intercepted, Interceptor, Next, Reply},
    message::{Incoming, Outgoing},
    node::{IntoTarget, Limits, Node, NodeBuilder, Target},
    peer::Peer,
    service::{
        CallFuture, Client, MethodDescriptor, Service, ServiceClient, ServiceDescriptor, Skeleton,
    },
    session::ByteChannel,
    status::{Code, Result, Status},
    stream::{Items, Sink, stream},
    trust::{Trust, TrustFileError},
};

/// Includes what `dsoftbus-codegen` generated in `build.rs`. Belongs at the root of the crate.
#[macro_export]
macro_rules! include_schemas {
    () => {
        include!(concat!(env!("OUT_DIR"), "/dsoftbus.rs"));
    };
}
