//! [`Channel`]: one level 1 channel, as the vat thread sees it.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    panic::AssertUnwindSafe,
    rc::{Rc, Weak},
    sync::Arc,
    task::{Context, Poll, Waker},
};

use capnp::message::{Builder, HeapAllocator};
use capnp_rpc::{IncomingMessage, RpcSystem};
use dsoftbus_proto::{frame::CloseCode, identity::DeviceId};
use futures::FutureExt as _;
use tokio::{runtime::Handle, time::Instant};

use super::{
    convert::to_status,
    gate::Arrived,
    import::{Load, too_much_waits},
    limits::{MAX_CALLS_WAITING, MAX_EXPORTS, MAX_IMPORTS, MAX_RESULTS_WAITING},
    link::{ChannelNumber, Link},
    network::{self, Network},
    registry::{Place, Vat},
    returned::Object,
    served::{Identity, Served},
    task::Task,
    thread::{Opened, Queue, Serve},
    traffic::Traffic,
};
use crate::{
    Capability, Result, Status,
    session::{ChannelKey, Fault, MAX_SESSION_ANSWERS, Session},
};

/// One level 1 channel, as the vat thread sees it: what `capnp-rpc` sends and receives on it, and what both sides hold of it.
pub(super) struct Channel {
    vat: Weak<Vat>,
    pub(super) user: Handle,
    pub(super) session: Arc<Session>,
    key: ChannelKey,
    link: Arc<Link>,
    /// Whether this side opened it.
    opener: bool,
    pub(super) load: Arc<Load>,
    /// Entries of the registry.
    pub(super) imports: Cell<usize>,
    /// Objects that the peer may hold.
    pub(super) exports: Cell<usize>,
    /// Those objects, to hand out the same again.
    pub(super) hooks: RefCell<HashMap<Identity, Weak<Served>>>,
    /// Objects of the peer that were handed back to it.
    pub(super) returned: RefCell<HashMap<Place, Weak<Object>>>,
    /// What the next message will be.
    pub(super) hint: Cell<Hint>,
    /// The message with content that `capnp-rpc` read last.
    pub(super) arrived: RefCell<Option<Rc<Arrived>>>,
    traffic: Traffic,
    task: RefCell<Option<Waker>>,
    /// How `capnp-rpc` gave up.
    down: RefCell<Option<capnp::Error>>,
    panicked: Cell<bool>,
    closed: RefCell<Option<Status>>,
}

/// What a message that `capnp-rpc` is about to make will be, as far as it is known.
#[derive(Clone, Copy, Default)]
pub(super) struct Hint {
    pub(super) deadline: Option<Instant>,
    /// Its length in words; 0 if nobody knows.
    pub(super) words: u32,
}

impl Channel {
    fn new(
        vat: &Rc<Vat>,
        session: Arc<Session>,
        key: ChannelKey,
        link: Arc<Link>,
        opener: bool,
        load: Arc<Load>,
    ) -> Rc<Self> {
        let user = vat.user.clone();
        let traffic = Traffic::new(Arc::clone(&session), key, Arc::clone(&link), user);
        let channel = Rc::new(Self {
            traffic,
            vat: Rc::downgrade(vat),
            user: vat.user.clone(),
            session,
            key,
            link,
            opener,
            load,
            imports: Cell::default(),
            exports: Cell::default(),
            hooks: RefCell::default(),
            returned: RefCell::default(),
            hint: Cell::default(),
            arrived: RefCell::default(),
            task: RefCell::default(),
            down: RefCell::default(),
            panicked: Cell::default(),
            closed: RefCell::default(),
        });
        let number = channel.number();
        vat.channels
            .borrow_mut()
            .insert(number, Rc::clone(&channel));
        channel
    }

    /// Starts a channel that this side opened.
    pub(super) fn open(vat: &Rc<Vat>, opened: Opened) {
        let Opened {
            session,
            key,
            link,
            service,
        } = opened;
        let load = Arc::clone(service.load());
        let channel = Self::new(vat, session, key, link, true, load);
        let mut system = RpcSystem::new(Box::new(Network::new(&channel)), None);
        let client: capnp::capability::Client = system.bootstrap(());
        vat.enter(&service, client.hook, &channel);
        let number = service.number();
        let registry = Rc::downgrade(vat);
        channel.spawn(system);
        let Ok((hook, _)) = vat.find(number) else {
            return;
        };
        tokio::task::spawn_local(async move {
            let resolved = AssertUnwindSafe(hook.when_resolved()).catch_unwind().await;
            if let (Ok(Ok(())), Some(vat)) = (resolved, registry.upgrade()) {
                vat.settle(number);
            }
        });
    }

    /// Starts a channel that the peer opened.
    pub(super) fn serve(vat: &Rc<Vat>, serve: Serve) {
        let Serve {
            session,
            key,
            link,
            skeleton,
        } = serve;
        let channel = Self::new(vat, session, key, link, false, Arc::default());
        let capability = Capability::local(Arc::clone(&skeleton));
        match Served::hook(vat, &channel, skeleton, capability, None) {
            Ok(hook) => {
                let service = capnp::capability::Client::new(hook);
                let network = Box::new(Network::new(&channel));
                channel.spawn(RpcSystem::new(network, Some(service)));
            }
            Err(status) => channel.end(status, Some(CloseCode::RESOURCE_LIMIT)),
        }
    }

    fn spawn(self: &Rc<Self>, system: RpcSystem<()>) {
        tokio::task::spawn_local(Task::new(Rc::clone(self), system));
    }

    pub(super) fn number(&self) -> ChannelNumber {
        self.link.number()
    }

    pub(super) fn queue(&self) -> &Arc<Queue> {
        self.link.queue()
    }

    /// The device at the other end.
    pub(super) fn peer(&self) -> DeviceId {
        self.session.peer()
    }

    /// Whether this side opened the channel.
    pub(super) fn is_opener(&self) -> bool {
        self.opener
    }

    /// Why calls fail, once the channel has ended.
    pub(super) fn closed(&self) -> Option<Status> {
        self.closed.borrow().clone()
    }

    /// Whether calls of the peer need not start any more: nobody would read what becomes of them.
    pub(super) fn is_over(&self) -> bool {
        self.traffic.ended().is_some()
            || self.down.borrow().is_some()
            || self.closed.borrow().is_some()
    }

    /// How a call fails with `error`: as the channel did, if that has ended.
    pub(super) fn status(&self, error: &capnp::Error) -> Status {
        self.closed().unwrap_or_else(|| to_status(error))
    }

    /// Notes which task looks after the channel.
    pub(super) fn register(&self, waker: &Waker) {
        let mut task = self.task.borrow_mut();
        match &mut *task {
            Some(known) => known.clone_from(waker),
            None => *task = Some(waker.clone()),
        }
    }

    /// Lets the task of the channel look at it.
    pub(super) fn wake(&self) {
        if let Some(waker) = &*self.task.borrow() {
            waker.wake_by_ref();
        }
    }

    /// Whether another object of the peer may be held.
    ///
    /// # Errors
    ///
    /// `resource_exhausted`.
    pub(super) fn admit_import(&self) -> Result<()> {
        let held = self.imports.get();
        if held >= MAX_IMPORTS {
            return Err(Status::resource_exhausted(
                "too many objects of the peer are held",
            ));
        }
        self.imports.set(held + 1);
        Ok(())
    }

    /// Whether another object may be handed out.
    ///
    /// # Errors
    ///
    /// `resource_exhausted`.
    pub(super) fn admit_export(&self) -> Result<()> {
        let held = self.exports.get();
        if held >= MAX_EXPORTS {
            return Err(Status::resource_exhausted(
                "the peer holds too many objects",
            ));
        }
        self.exports.set(held + 1);
        Ok(())
    }

    /// Whether another call may be sent.
    ///
    /// # Errors
    ///
    /// `resource_exhausted` when too much waits for the peer.
    pub(super) fn admit_call(&self) -> Result<()> {
        match self
            .traffic
            .exceeds(|backlog| backlog.calls() > MAX_CALLS_WAITING)
        {
            true => Err(too_much_waits()),
            false => Ok(()),
        }
    }

    /// Whether results may be sent.
    ///
    /// # Errors
    ///
    /// `resource_exhausted` when too much waits for the peer.
    pub(super) fn admit_results(&self) -> Result<()> {
        let exceeds = self.traffic.exceeds(|backlog| {
            backlog.others() > MAX_RESULTS_WAITING || backlog.session() > MAX_SESSION_ANSWERS
        });
        match exceeds {
            true => Err(Status::resource_exhausted(
                "too many answers wait for this channel",
            )),
            false => Ok(()),
        }
    }

    /// The next message for `capnp-rpc`; none once the channel has ended.
    pub(super) fn poll_receive(
        self: &Rc<Self>,
        cx: &Context<'_>,
    ) -> Poll<capnp::Result<Option<Box<dyn IncomingMessage>>>> {
        self.traffic.poll_next(cx).map_ok(|next| {
            let (message, arrived) = next?;
            Some(Box::new(network::Incoming::new(message, arrived, self)) as _)
        })
    }

    /// Queues a message of `capnp-rpc`.
    pub(super) fn send(&self, message: Rc<Builder<HeapAllocator>>, deadline: Option<Instant>) {
        if self.closed.borrow().is_none() {
            self.traffic.send(message, deadline);
            self.wake();
        }
    }

    /// Wakes a caller whose call was answered, with the others of this turn.
    pub(super) fn wake_caller(&self, caller: Waker) {
        match self.closed.borrow().is_some() {
            // There may be no further turn.
            true => caller.wake(),
            false => self.traffic.wake_caller(caller),
        }
    }

    /// Begins a turn: takes what has come in.
    pub(super) fn take_in(&self) {
        self.traffic.take_in();
    }

    /// Ends a turn: hands over what goes out.
    pub(super) fn settle(&self) {
        // Who reads content looks right after; what is left here is of no use to anybody.
        self.arrived.take();
        self.traffic.hand_over();
    }

    /// `capnp-rpc` has given up the connection.
    pub(super) fn go_down(&self, error: Option<capnp::Error>) {
        let error = error.unwrap_or_else(|| capnp::Error::disconnected(String::new()));
        self.down.borrow_mut().get_or_insert(error);
        self.wake();
    }

    /// `capnp-rpc` has panicked: what it holds of this channel cannot be trusted any more.
    pub(super) fn panicked(&self) {
        tracing::error!(peer = %self.peer(), channel = ?self.key, "a level 1 channel panicked");
        self.panicked.set(true);
        self.wake();
    }

    pub(super) fn has_panicked(&self) -> bool {
        self.panicked.get()
    }

    /// Whether the channel is over, why, and what the peer has to be told.
    pub(super) fn verdict(&self) -> Option<(Status, Option<CloseCode>)> {
        if self.panicked.get() {
            let status = Status::internal("the channel was reset: an internal error");
            return Some((status, Some(CloseCode::INTERNAL_ERROR)));
        }
        if self.traffic.is_overfull() {
            let status = Status::resource_exhausted("the channel was reset: too much waits on it");
            return Some((status, Some(CloseCode::RESOURCE_LIMIT)));
        }
        if let Some(error) = &*self.down.borrow() {
            if let Some(status) = self.traffic.ended() {
                return Some((status, None));
            }
            if let Some(aborted) = self.traffic.aborted() {
                let fault = Fault::aborted(&aborted);
                return Some((fault.to_status(), Some(fault.close_code())));
            }
            let status = Status::unavailable(format!("the channel was reset: {error}"));
            return Some((status, Some(CloseCode::PROTOCOL_ERROR)));
        }
        let unused = self.opener
            && self.imports.get() == 0
            && self.exports.get() == 0
            && self.traffic.is_idle();
        unused.then(|| {
            let status = Status::unavailable("the channel is closed");
            (status, Some(CloseCode::END))
        })
    }

    /// Ends the channel: towards the peer at once, for callers as soon as [`clean_up`](Self::clean_up) is called.
    pub(super) fn shut(&self, status: Status, code: Option<CloseCode>) {
        if self.closed.borrow().is_some() {
            return;
        }
        tracing::debug!(peer = %self.peer(), channel = ?self.key, %status, "level 1 channel ended");
        self.closed.replace(Some(status));
        self.traffic.end(code);
        if let Some(vat) = self.vat.upgrade() {
            let gone = vat.channels.borrow_mut().remove(&self.number());
            drop(gone);
        }
    }

    /// Fails what still waits for the channel, and lets go of the peer's objects.
    pub(super) fn clean_up(self: &Rc<Self>) {
        let Some(vat) = self.vat.upgrade() else {
            return;
        };
        let status = self.closed();
        let status = status.unwrap_or_else(|| Status::unavailable("the channel has ended"));
        vat.fail_calls(self, &status);
        vat.forget(self, &status);
    }

    /// Ends the channel at once.
    pub(super) fn end(self: &Rc<Self>, status: Status, code: Option<CloseCode>) {
        self.shut(status, code);
        self.clean_up();
        self.wake();
    }
}
