//! [`Served`]: an object of this process, as a peer on one channel calls it.

use std::{
    any::Any,
    rc::{Rc, Weak},
    sync::Arc,
};

use capnp::{
    any_pointer,
    capability::{Promise, Request},
    private::capability::{ClientHook, ParamsHook, ResultsHook},
};
use dsoftbus_proto::message;
use tokio::time::Instant;

use super::{
    channel::Channel,
    convert::to_error,
    early::Early,
    gate::{Admitted, Called, Cancel},
    handlers::{self, Call, Started},
    import::ImportNumber,
    lane::{self, Lane},
    registry::Vat,
    task::drop_caught,
};
use crate::{Capability, Context, Incoming, MethodDescriptor, Outgoing, Result, Skeleton, Status};

/// What tells our hooks from those of `capnp-rpc`, which give the address of their connection, or 0, and from the stand-ins that
/// messages are read and written with, which give 1.
pub(super) const BRAND: usize = 2;

/// What tells an object from all others that there are while the peer holds it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Identity {
    /// The address of a skeleton.
    Local(usize),
    /// The address of a level 0 channel.
    Remote(usize),
    Import(ImportNumber),
}

/// An object of this process, as a peer on one channel calls it.
pub(super) struct Served {
    vat: Weak<Vat>,
    pub(super) channel: Rc<Channel>,
    object: Option<Object>,
    identity: Option<Identity>,
    pub(super) lane: Lane,
}

struct Object {
    skeleton: Arc<dyn Skeleton>,
    /// What the hook was made for, and becomes again when the peer passes it back. Holds what gives the identity its address.
    capability: Capability,
    /// Tells the object that the peer holds it.
    _held: Option<Box<dyn Any + Send>>,
}

impl Served {
    /// The hook of an object: the one that the peer holds already, or a new one.
    ///
    /// # Errors
    ///
    /// `resource_exhausted` when the peer holds too many.
    pub(super) fn hook(
        vat: &Rc<Vat>,
        channel: &Rc<Channel>,
        skeleton: Arc<dyn Skeleton>,
        capability: Capability,
        identity: Option<Identity>,
    ) -> Result<Box<dyn ClientHook>> {
        if let Some(identity) = identity {
            let known = channel
                .hooks
                .borrow()
                .get(&identity)
                .and_then(Weak::upgrade);
            if let Some(served) = known {
                return Ok(Box::new(Hook(served)));
            }
        }
        channel.admit_export()?;
        let served = Rc::new(Self {
            vat: Rc::downgrade(vat),
            channel: Rc::clone(channel),
            object: Some(Object {
                _held: skeleton.held_by_peer(),
                skeleton,
                capability,
            }),
            identity,
            lane: Lane::default(),
        });
        let weak = Rc::downgrade(&served);
        if let Some(identity) = identity {
            channel.hooks.borrow_mut().insert(identity, weak.clone());
        }
        vat.served.borrow_mut().insert(served.address(), weak);
        Ok(Box::new(Hook(served)))
    }

    /// What the hook was made for.
    pub(super) fn capability(&self) -> Option<&Capability> {
        self.object.as_ref().map(|object| &object.capability)
    }

    /// The object; there until the hook is dropped.
    pub(super) fn skeleton(&self) -> Option<&Arc<dyn Skeleton>> {
        self.object.as_ref().map(|object| &object.skeleton)
    }

    /// The thread's state.
    ///
    /// # Errors
    ///
    /// `unavailable` when the thread is about to end.
    pub(super) fn vat(&self) -> Result<Rc<Vat>> {
        let vat = self.vat.upgrade();
        vat.ok_or_else(|| Status::unavailable("the node has ended"))
    }

    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// Starts a call of data ahead of `capnp-rpc`; `None` if it has to take its turn.
    pub(super) fn begin(&self, call: &Called, admitted: &Admitted) -> Option<Started> {
        let streaming = self
            .method(call.interface_id, call.method_id)
            .is_some_and(|method| method.streaming);
        if streaming || !self.lane.is_free() {
            return None;
        }
        let params = Incoming::from(message::Incoming::params(admitted.message.clone()));
        let cancel = Rc::clone(&call.cancel);
        let ids = (call.interface_id, call.method_id);
        Some(handlers::start(
            self,
            self.call(ids, params, admitted.deadline, cancel),
        ))
    }

    /// What a call that came in asks for.
    fn read(
        self: &Rc<Self>,
        interface_id: u64,
        method_id: u16,
        params: &dyn ParamsHook,
    ) -> Result<Asked> {
        let malformed = |error| Status::invalid_argument(format!("bad parameters: {error}"));
        let vat = self.vat()?;
        let channel = &self.channel;
        // What reading publishes belongs to this very call, whenever it came in: it may have waited for a promise.
        channel.arrived.take();
        let content = params.get().map_err(malformed)?;
        let arrived = channel.arrived.take();
        if let Some(arrived) = &arrived {
            channel.names.learn(arrived, self);
            if let Some(started) = arrived.begun.take() {
                return Ok(Asked::Begun(started));
            }
        }
        let params = match &arrived {
            Some(arrived) if arrived.capabilities == 0 => {
                Incoming::from(message::Incoming::params(arrived.message.clone()))
            }
            _ => {
                let bytes = arrived
                    .as_ref()
                    .map_or(0, |arrived| arrived.message.as_bytes().len());
                let words = u32::try_from(bytes / 8).unwrap_or(0);
                let params = Outgoing::call(interface_id, method_id, words);
                vat.copy_in(channel, content, params, malformed)?
            }
        };
        let deadline = arrived.as_ref().and_then(|arrived| arrived.deadline);
        let cancel = arrived.as_ref().and_then(|arrived| arrived.cancel.clone());
        let ids = (interface_id, method_id);
        let call = self.call(ids, params, deadline, cancel.unwrap_or_default());
        Ok(Asked::New(call))
    }

    fn call(
        &self,
        (interface_id, method_id): (u64, u16),
        params: Incoming,
        deadline: Option<Instant>,
        cancel: Rc<Cancel>,
    ) -> Call {
        let channel = &self.channel;
        let method = self.method(interface_id, method_id);
        let session = Arc::downgrade(&channel.session);
        let early = Early::new(channel.queue());
        let context = Context::new(Some(channel.peer()), Some(session), method, deadline);
        Call {
            context: context.with_early(Arc::clone(&early)),
            interface_id,
            method_id,
            params,
            streaming: method.is_some_and(|method| method.streaming),
            cancel,
            early,
        }
    }

    fn method(&self, interface_id: u64, method_id: u16) -> Option<&'static MethodDescriptor> {
        let skeleton = self.skeleton()?;
        skeleton.descriptor().method(interface_id, method_id)
    }
}

/// A call that has got to its object.
enum Asked {
    New(Call),
    /// Its handler was started ahead of `capnp-rpc`.
    Begun(Started),
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(vat) = self.vat.upgrade() {
            vat.served.borrow_mut().remove(&self.address());
        }
        if let Some(identity) = self.identity {
            self.channel.hooks.borrow_mut().remove(&identity);
        }
        let exports = &self.channel.exports;
        exports.set(exports.get().saturating_sub(1));
        self.channel.wake();
        // The last owner of an object runs its user's code.
        drop_caught(self.object.take());
    }
}

/// A reference to an object of this process.
struct Hook(Rc<Served>);

impl ClientHook for Hook {
    fn add_ref(&self) -> Box<dyn ClientHook> {
        Box::new(Self(Rc::clone(&self.0)))
    }

    fn new_call(
        &self,
        interface_id: u64,
        method_id: u16,
        size_hint: Option<capnp::MessageSize>,
    ) -> Request<any_pointer::Owned, any_pointer::Owned> {
        local::new_call(&self.0, interface_id, method_id, size_hint)
    }

    fn call(
        &self,
        interface_id: u64,
        method_id: u16,
        params: Box<dyn ParamsHook>,
        results: Box<dyn ResultsHook>,
    ) -> Promise<(), capnp::Error> {
        let call = self.0.read(interface_id, method_id, params.as_ref());
        // What the parameters hold belongs to the handler from here on.
        drop(params);
        match call {
            Ok(Asked::New(call)) => lane::dispatch(&self.0, call, results),
            Ok(Asked::Begun(started)) => lane::follow(&self.0, false, started, results),
            Err(status) => Promise::err(to_error(&status)),
        }
    }

    fn get_brand(&self) -> usize {
        BRAND
    }

    fn get_ptr(&self) -> usize {
        self.0.address()
    }

    fn get_resolved(&self) -> Option<Box<dyn ClientHook>> {
        None
    }

    fn when_more_resolved(&self) -> Option<Promise<Box<dyn ClientHook>, capnp::Error>> {
        None
    }

    fn when_resolved(&self) -> Promise<(), capnp::Error> {
        Promise::ok(())
    }
}

/// Calls that this side makes of its own object, after a promise of a peer turned out to be one: `capnp-rpc` keeps the machinery
/// of requests without a wire to itself, but lends it to servers.
mod local {
    use std::{ops::Deref, rc::Rc};

    use capnp::{
        any_pointer,
        capability::{
            Client, DispatchCallResult, FromClientHook, FromServer, Params, Request, Results,
            Server,
        },
        private::capability::ClientHook,
    };

    use super::{Hook, Served};

    pub(super) fn new_call(
        served: &Rc<Served>,
        interface_id: u64,
        method_id: u16,
        size_hint: Option<capnp::MessageSize>,
    ) -> Request<any_pointer::Owned, any_pointer::Owned> {
        let Lent(client) = capnp_rpc::new_client_from_rc(Rc::clone(served));
        client.hook.new_call(interface_id, method_id, size_hint)
    }

    struct Lent(Client);

    impl FromClientHook for Lent {
        fn new(hook: Box<dyn ClientHook>) -> Self {
            Self(Client::new(hook))
        }

        fn into_client_hook(self) -> Box<dyn ClientHook> {
            self.0.hook
        }

        fn as_client_hook(&self) -> &dyn ClientHook {
            self.0.hook.as_ref()
        }
    }

    impl FromServer<Served> for Lent {
        type Dispatch = Dispatch;

        fn from_server(served: Rc<Served>) -> Dispatch {
            Dispatch(served)
        }
    }

    #[derive(Clone)]
    pub(super) struct Dispatch(Rc<Served>);

    impl Deref for Dispatch {
        type Target = Served;

        fn deref(&self) -> &Served {
            &self.0
        }
    }

    impl Server for Dispatch {
        fn dispatch_call(
            self,
            interface_id: u64,
            method_id: u16,
            params: Params<any_pointer::Owned>,
            results: Results<any_pointer::Owned>,
        ) -> DispatchCallResult {
            let promise = Hook(self.0).call(interface_id, method_id, params.hook, results.hook);
            // Streams are ordered behind the hook already.
            DispatchCallResult::new(promise, false)
        }

        fn as_ptr(&self) -> usize {
            self.0.address()
        }
    }
}
