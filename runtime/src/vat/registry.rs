//! [`Vat`]: everything that lives on the vat thread, and the registry of what handles name.

use std::{
    cell::RefCell,
    collections::{HashMap, hash_map},
    panic::{AssertUnwindSafe, catch_unwind},
    rc::{Rc, Weak},
    sync::Arc,
};

use capnp::private::capability::ClientHook;
use dsoftbus_proto::message::CallTarget;
use tokio::runtime::Handle;

use super::{
    channel::Channel,
    convert::{innermost, place_of},
    import::{Import, ImportNumber, WeakImport},
    invoke::Pending,
    limits::MAX_REGISTRY,
    link::ChannelNumber,
    question::QuestionNumber,
    returned::Returned,
    served::Served,
    task::drop_caught,
    thread::{Command, Queue},
};
use crate::{Result, Status};

/// Everything that lives on the vat thread.
pub(super) struct Vat {
    pub(super) queue: Arc<Queue>,
    /// The runtime of the user: handlers run there.
    pub(super) user: Handle,
    pub(super) channels: RefCell<HashMap<ChannelNumber, Rc<Channel>>>,
    pub(super) calls: RefCell<HashMap<QuestionNumber, Pending>>,
    registry: RefCell<Registry>,
    /// Our own hooks, by address: how one is known that comes back.
    pub(super) served: RefCell<HashMap<usize, Weak<Served>>>,
}

impl Vat {
    pub(super) fn new(queue: Arc<Queue>, user: Handle) -> Rc<Self> {
        Rc::new(Self {
            queue,
            user,
            channels: RefCell::default(),
            calls: RefCell::default(),
            registry: RefCell::default(),
            served: RefCell::default(),
        })
    }

    /// Does what a command says. A panic of `capnp-rpc` ends the channel that it happened on.
    pub(super) fn handle(self: &Rc<Self>, command: Command) {
        match command {
            Command::Open(opened) => Channel::open(self, opened),
            Command::Serve(serve) => Channel::serve(self, serve),
            Command::Ready(number) => {
                if let Some(channel) = self.channels.borrow().get(&number) {
                    channel.wake();
                }
            }
            Command::Invoke(invoke) => self.invoke(invoke),
            Command::Pipeline {
                question,
                path,
                import,
            } => self.pipeline(question, &path, &import),
            Command::Cancel(question) => self.cancel(question),
            Command::Release(import) => self.release(import),
            Command::Wake(waker) => waker.wake(),
        }
    }

    /// Runs what calls into `capnp-rpc`, on behalf of a channel.
    pub(super) fn guarded<R>(
        self: &Rc<Self>,
        channel: &Rc<Channel>,
        run: impl FnOnce() -> R,
    ) -> Option<R> {
        match catch_unwind(AssertUnwindSafe(run)) {
            Ok(done) => Some(done),
            Err(_) => {
                channel.panicked();
                None
            }
        }
    }

    /// The object that a handle names, and its channel.
    ///
    /// # Errors
    ///
    /// Why its channel has ended.
    pub(super) fn find(&self, number: ImportNumber) -> Result<(Box<dyn ClientHook>, Rc<Channel>)> {
        let (found, old) = {
            let mut registry = self.registry.borrow_mut();
            let old = registry.settle(number);
            let found = match registry.entries.get(&number) {
                Some(entry) => Ok((entry.hook.add_ref(), Rc::clone(&entry.channel))),
                None => {
                    let status = registry.gone.get(&number).cloned();
                    Err(status.unwrap_or_else(|| Status::unavailable("the channel has ended")))
                }
            };
            (found, old)
        };
        drop(old);
        found
    }

    /// What calls of a handle are addressed to, and its channel, if that is known.
    pub(super) fn address_of(&self, number: ImportNumber) -> Option<(CallTarget, Rc<Channel>)> {
        let registry = self.registry.borrow();
        let entry = registry.entries.get(&number)?;
        let address = entry.address?;
        // A promise has one until it is resolved.
        match entry.hook.get_resolved() {
            None => Some((address, Rc::clone(&entry.channel))),
            Some(_) => None,
        }
    }

    /// Notes what a call of a handle was addressed to.
    pub(super) fn learn_address(&self, number: ImportNumber, address: CallTarget) {
        if let Some(entry) = self.registry.borrow_mut().entries.get_mut(&number) {
            entry.address = Some(address);
        }
    }

    /// Makes the entry of a handle that exists already.
    pub(super) fn enter(&self, import: &Import, hook: Box<dyn ClientHook>, channel: &Rc<Channel>) {
        let entry = Entry {
            hook,
            channel: Rc::clone(channel),
            address: None,
            place: None,
            handle: import.downgrade(),
        };
        channel.imports.set(channel.imports.get() + 1);
        self.registry
            .borrow_mut()
            .entries
            .insert(import.number(), entry);
    }

    /// The handle of an object of a peer: the one that there is, or a new one.
    ///
    /// # Errors
    ///
    /// `resource_exhausted` when there are too many.
    pub(super) fn import(
        &self,
        hook: Box<dyn ClientHook>,
        channel: &Rc<Channel>,
    ) -> Result<Import> {
        let hook = Returned::innermost(hook, channel);
        let place = place_of(hook.as_ref());
        let mut registry = self.registry.borrow_mut();
        let known = registry.by_place.get(&place);
        let known = known.and_then(|number| registry.entries.get(number));
        if let Some(import) = known.and_then(|entry| entry.handle.upgrade()) {
            return Ok(import);
        }
        if registry.entries.len() + registry.gone.len() >= MAX_REGISTRY {
            return Err(Status::resource_exhausted(
                "too many objects of peers are held",
            ));
        }
        channel.admit_import()?;
        let import = Import::new(
            Arc::clone(&self.queue),
            channel.peer(),
            Arc::clone(&channel.load),
            None,
        );
        let entry = Entry {
            hook,
            channel: Rc::clone(channel),
            address: None,
            place: Some(place),
            handle: import.downgrade(),
        };
        registry.by_place.insert(place, import.number());
        registry.entries.insert(import.number(), entry);
        Ok(import)
    }

    /// Lets a handle that was made for a promise name what the promise became.
    pub(super) fn settle(&self, number: ImportNumber) {
        let old = self.registry.borrow_mut().settle(number);
        drop(old);
    }

    fn release(self: &Rc<Self>, number: ImportNumber) {
        let removed = self.registry.borrow_mut().remove(number);
        let Some(entry) = removed else { return };
        let Entry { hook, channel, .. } = entry;
        channel.imports.set(channel.imports.get().saturating_sub(1));
        self.guarded(&channel, || drop(hook));
        channel.wake();
    }

    /// Lets go of all objects of a channel that has ended; their handles stay, and say why.
    pub(super) fn forget(&self, channel: &Rc<Channel>, status: &Status) {
        let forgotten = self.registry.borrow_mut().forget(channel, status);
        for entry in forgotten {
            drop_caught(entry);
        }
    }

    /// The node has ended.
    pub(super) fn end(self: &Rc<Self>) {
        let channels = std::mem::take(&mut *self.channels.borrow_mut());
        for channel in channels.into_values() {
            channel.end(Status::unavailable("the node has ended"), None);
        }
    }
}

/// What handles name.
#[derive(Default)]
struct Registry {
    entries: HashMap<ImportNumber, Entry>,
    /// Those whose channel has ended, and why.
    gone: HashMap<ImportNumber, Status>,
    by_place: HashMap<Place, ImportNumber>,
}

/// What tells a hook from all others that there are: its brand and its address.
pub(super) type Place = (usize, usize);

struct Entry {
    hook: Box<dyn ClientHook>,
    channel: Rc<Channel>,
    /// What calls of the hook are addressed to, as long as it is not resolved.
    address: Option<CallTarget>,
    /// Under which the entry is found; its hook is held, so that nothing else can get that address.
    place: Option<Place>,
    handle: WeakImport,
}

impl Registry {
    /// Replaces a promise by what it became; returns the promise, to be dropped without the registry.
    fn settle(&mut self, number: ImportNumber) -> Option<Box<dyn ClientHook>> {
        let entry = self.entries.get_mut(&number)?;
        let hook = innermost(entry.hook.as_ref()).ok()?;
        let place = place_of(hook.as_ref());
        if place == place_of(entry.hook.as_ref()) && entry.place.is_some() {
            return None;
        }
        if let Some(old) = entry.place.take()
            && self.by_place.get(&old) == Some(&number)
        {
            self.by_place.remove(&old);
        }
        if let hash_map::Entry::Vacant(vacant) = self.by_place.entry(place) {
            vacant.insert(number);
            entry.place = Some(place);
        }
        entry.address = None;
        Some(std::mem::replace(&mut entry.hook, hook))
    }

    fn forget(&mut self, channel: &Rc<Channel>, status: &Status) -> Vec<Entry> {
        let of_channel = |_: &ImportNumber, entry: &mut Entry| Rc::ptr_eq(&entry.channel, channel);
        let forgotten: Vec<_> = self.entries.extract_if(of_channel).collect();
        let mut entries = Vec::new();
        for (number, entry) in forgotten {
            self.unplace(number, &entry);
            self.gone.insert(number, status.clone());
            entries.push(entry);
        }
        entries
    }

    fn remove(&mut self, number: ImportNumber) -> Option<Entry> {
        self.gone.remove(&number);
        let entry = self.entries.remove(&number)?;
        self.unplace(number, &entry);
        Some(entry)
    }

    fn unplace(&mut self, number: ImportNumber, entry: &Entry) {
        if let Some(place) = entry.place
            && self.by_place.get(&place) == Some(&number)
        {
            self.by_place.remove(&place);
        }
    }
}
