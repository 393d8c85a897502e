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
use dsoftbus_proto::{
    frame::CloseCode,
    identity::DeviceId,
    message::{self, CallTarget, MAX_MESSAGE, Message},
};
use futures::{FutureExt as _, ready};
use tokio::{runtime::Handle, time::Instant};

use super::{
    carrier::{Carriers, Use},
    convert::to_status,
    gate::{About, Admitted, Answered, Arrived, Called},
    handlers::Started,
    import::{Load, too_much_waits},
    limits::{MAX_CALLS_WAITING, MAX_EXPORTS, MAX_IMPORTS, MAX_RESULTS_WAITING},
    link::{ChannelNumber, Link},
    names::Names,
    network::{self, Network},
    registry::{Place, Vat},
    returned::Object,
    served::{Identity, Served},
    task::{Task, drop_caught},
    thread::{Opened, Queue, Serve},
    traffic::Traffic,
};
use crate::{
    Capability, Outgoing, Result, Status,
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
    /// What the call is addressed to that `capnp-rpc` sent last.
    pub(super) called: Cell<Option<CallTarget>>,
    pub(super) names: Names,
    pub(super) carriers: Carriers,
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

/// What became of a call of data.
enum Begun {
    Answered,
    /// Its handler has started, and may have ended.
    Started(Started),
    No,
}

fn arrived_call(call: &Called, admitted: &Admitted, begun: Option<Started>) -> Arrived {
    Arrived {
        message: admitted.message.clone(),
        capabilities: call.capabilities,
        deadline: admitted.deadline,
        cancel: Some(Rc::clone(&call.cancel)),
        target: call.target,
        begun: RefCell::new(begun),
    }
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
            called: Cell::default(),
            names: Names::default(),
            carriers: Carriers::default(),
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

    /// The next message for `capnp-rpc`; none once the channel has ended. Calls and answers of data are dealt with here as far as
    /// that can be done at once.
    pub(super) fn poll_receive(
        self: &Rc<Self>,
        cx: &Context<'_>,
    ) -> Poll<capnp::Result<Option<Box<dyn IncomingMessage>>>> {
        self.names.passed();
        loop {
            let Some(admitted) = ready!(self.traffic.poll_next(cx))? else {
                return Poll::Ready(Ok(None));
            };
            let arrived = match &admitted.about {
                About::Call(call) => match self.serve_data(call, &admitted) {
                    Begun::Answered => continue,
                    Begun::No => Some(arrived_call(call, &admitted, None)),
                    Begun::Started(started) => Some(arrived_call(call, &admitted, Some(started))),
                },
                About::Return(answer) => {
                    if self.take_answer(answer, &admitted.message)? {
                        continue;
                    }
                    answer.capabilities.map(|capabilities| Arrived {
                        message: admitted.message.clone(),
                        capabilities,
                        deadline: admitted.deadline,
                        cancel: None,
                        target: None,
                        begun: RefCell::default(),
                    })
                }
                About::Nothing => None,
                About::Release(export) => {
                    self.names.forget(CallTarget::Export(*export));
                    None
                }
                About::Other => {
                    self.names.forget_all();
                    None
                }
            };
            #[cfg(test)]
            super::tests::count_passed();
            let arrived = arrived.map(Rc::new);
            if let Some(arrived) = &arrived {
                self.names.pass(arrived);
            }
            let message = network::Incoming::new(admitted.message, arrived, self);
            return Poll::Ready(Ok(Some(Box::new(message))));
        }
    }

    /// Starts a call of data of an object that is known by its name, and answers it if it has its results at once.
    fn serve_data(&self, call: &Called, admitted: &Admitted) -> Begun {
        let Some(target) = call
            .target
            .filter(|_| call.capabilities == 0 && call.returns)
        else {
            return Begun::No;
        };
        let Some(served) = self.names.find(target) else {
            return Begun::No;
        };
        match served.begin(call, admitted) {
            None => Begun::No,
            Some(Started::Done(Ok(results))) if self.may_answer(&results) => {
                match results.into_data() {
                    Ok(results) => {
                        self.traffic.answer(call.question, results);
                        Begun::Answered
                    }
                    Err(status) => Begun::Started(Started::Done(Err(status))),
                }
            }
            Some(started) => Begun::Started(started),
        }
    }

    /// Whether results need neither `capnp-rpc` nor a refusal.
    fn may_answer(&self, results: &Outgoing) -> bool {
        results.is_results_of_data()
            && results.len_bytes() <= MAX_MESSAGE
            && self.admit_results().is_ok()
    }

    /// Hands an answer of data to its caller; `false` if it is for `capnp-rpc`.
    ///
    /// # Errors
    ///
    /// When nothing was asked.
    fn take_answer(self: &Rc<Self>, answer: &Answered, message: &Message) -> capnp::Result<bool> {
        let call = match self.carriers.use_of(answer.question) {
            Use::Other => return Ok(false),
            Use::Idle => {
                let text = "an answer came that nobody waits for".to_owned();
                return Err(capnp::Error::failed(text));
            }
            Use::Asked(call) => call,
        };
        let Some(vat) = self.vat.upgrade() else {
            return Ok(false);
        };
        if answer.capabilities != Some(0) || !self.carriers.want_more() {
            vat.adopt(call);
            return Ok(false);
        }
        if answer.needs_finish {
            self.traffic.finish(answer.question);
        }
        vat.carried(call, message);
        Ok(true)
    }

    /// Queues a message of `capnp-rpc`.
    pub(super) fn send(&self, message: Rc<Builder<HeapAllocator>>, deadline: Option<Instant>) {
        if self.closed.borrow().is_none() && !self.carriers.keeps_back(&message) {
            self.called.set(self.traffic.send(message, deadline));
            self.wake();
        }
    }

    /// Queues a call of data.
    pub(super) fn ask(&self, question: u32, call: message::Outgoing, deadline: Instant) {
        self.traffic.ask(question, call, deadline);
        self.wake();
    }

    /// Whether enough came in for a turn.
    pub(super) fn is_sated(&self) -> bool {
        self.traffic.is_sated()
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
        drop_caught(self.carriers.end());
    }

    /// Ends the channel at once.
    pub(super) fn end(self: &Rc<Self>, status: Status, code: Option<CloseCode>) {
        self.shut(status, code);
        self.clean_up();
        self.wake();
    }
}
