//! [`Returned`]: an object of the peer, on its way back to it.

use std::{
    future::poll_fn,
    rc::{Rc, Weak},
    task::Poll,
};

use capnp::{
    any_pointer,
    capability::{Promise, Request},
    private::capability::{ClientHook, ParamsHook, ResultsHook},
};
use futures::FutureExt as _;

use super::{
    channel::{Channel, Hint},
    convert::{place_of, to_error},
    handlers::cancelled,
    invoke::Hinted,
};

/// An object of the peer that results or parameters hand back to it.
///
/// The peer may have called it before it knew what it is, pipelined on the results: these calls come here, and `capnp-rpc` makes
/// them again, towards the peer. This adds what it knows nothing of: their deadlines, and that their caller has given up.
#[derive(Clone)]
pub(super) struct Returned(Rc<Object>);

/// The object, once for all hooks of it: a peer may hand back what it was handed, again and again.
pub(super) struct Object {
    hook: Box<dyn ClientHook>,
    channel: Rc<Channel>,
}

impl Returned {
    pub(super) fn hook(hook: Box<dyn ClientHook>, channel: &Rc<Channel>) -> Box<dyn ClientHook> {
        let place = place_of(hook.as_ref());
        let known = channel
            .returned
            .borrow()
            .get(&place)
            .and_then(Weak::upgrade);
        let object = known.unwrap_or_else(|| {
            let object = Rc::new(Object {
                hook,
                channel: Rc::clone(channel),
            });
            let weak = Rc::downgrade(&object);
            channel.returned.borrow_mut().insert(place, weak);
            object
        });
        Box::new(Self(object))
    }

    /// The object itself, where a hook may be one of these; any other hook as it is. Nothing tells them apart.
    pub(super) fn innermost(hook: Box<dyn ClientHook>, channel: &Channel) -> Box<dyn ClientHook> {
        let known = channel
            .returned
            .borrow()
            .get(&place_of(hook.as_ref()))
            .and_then(Weak::upgrade);
        known.map_or(hook, |object| object.hook.add_ref())
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        let place = place_of(self.hook.as_ref());
        self.channel.returned.borrow_mut().remove(&place);
    }
}

impl ClientHook for Returned {
    fn add_ref(&self) -> Box<dyn ClientHook> {
        Box::new(self.clone())
    }

    fn new_call(
        &self,
        interface_id: u64,
        method_id: u16,
        size_hint: Option<capnp::MessageSize>,
    ) -> Request<any_pointer::Owned, any_pointer::Owned> {
        self.0.hook.new_call(interface_id, method_id, size_hint)
    }

    fn call(
        &self,
        interface_id: u64,
        method_id: u16,
        params: Box<dyn ParamsHook>,
        results: Box<dyn ResultsHook>,
    ) -> Promise<(), capnp::Error> {
        // What reading publishes belongs to this very call, whenever it came in.
        self.0.channel.arrived.take();
        if let Err(error) = params.get() {
            return Promise::err(error);
        }
        let arrived = self.0.channel.arrived.take();
        let deadline = arrived.as_ref().and_then(|arrived| arrived.deadline);
        let hint = Hinted::new(&self.0.channel, Hint { deadline, words: 0 });
        let call = self.0.hook.call(interface_id, method_id, params, results);
        drop(hint);
        let Some(cancel) = arrived.and_then(|arrived| arrived.cancel.clone()) else {
            return call;
        };
        let mut call = Some(call);
        Promise::from_future(poll_fn(move |cx| {
            if cancel.poll(cx) {
                // Which tells the peer that made it.
                call = None;
            }
            match &mut call {
                Some(call) => call.poll_unpin(cx),
                None => Poll::Ready(Err(to_error(&cancelled()))),
            }
        }))
    }

    fn get_brand(&self) -> usize {
        self.0.hook.get_brand()
    }

    fn get_ptr(&self) -> usize {
        self.0.hook.get_ptr()
    }

    fn get_resolved(&self) -> Option<Box<dyn ClientHook>> {
        self.0.hook.get_resolved()
    }

    fn when_more_resolved(&self) -> Option<Promise<Box<dyn ClientHook>, capnp::Error>> {
        self.0.hook.when_more_resolved()
    }

    fn when_resolved(&self) -> Promise<(), capnp::Error> {
        self.0.hook.when_resolved()
    }
}
