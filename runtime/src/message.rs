//! What calls carry: a message, and the capabilities that its pointers name by number.
//!
//! Cap'n Proto's own tables of capabilities hold `ClientHook`s, which may not leave their thread. Messages travel between threads
//! here: they carry [`Capability`]s, and a table of [`Numbered`] hooks exists only while a message is read or written.

use std::{fmt, sync::Arc};

use capnp::{
    any_pointer,
    capability::{Promise, Request},
    private::{
        capability::{ClientHook, ParamsHook, PipelineOp, ResultsHook},
        layout::CapTable,
    },
    traits::{Imbue as _, ImbueMut as _, Owned},
};
use dsoftbus_proto::message;

use crate::{Capability, Result, Status, call::null_capability};

/// Parameters or results that arrived, from a peer or from this process.
pub struct Incoming {
    message: Held,
    capabilities: Box<[Capability]>,
}

/// A message has one owner, unless calls are pipelined on it.
enum Held {
    Owned(message::Incoming),
    Shared(Arc<message::Incoming>),
}

impl Incoming {
    /// Opens the message for reading what is no capability: `reader.content()` is one of capnpc's readers, and copies nothing.
    /// Each reader has the whole traversal limit to itself.
    pub fn reader(&self) -> message::IncomingReader<'_> {
        match &self.message {
            Held::Owned(message) => message.reader(),
            Held::Shared(message) => message.reader(),
        }
    }

    /// Bytes of the message in stream framing.
    pub fn len_bytes(&self) -> usize {
        match &self.message {
            Held::Owned(message) => message.len_bytes(),
            Held::Shared(message) => message.len_bytes(),
        }
    }

    /// Reads the content as `T`, one of capnpc's `Owned` types.
    ///
    /// # Errors
    ///
    /// `data_loss` when the message is malformed, or when `read` says so.
    pub fn read<T: Owned, R>(
        &self,
        read: impl FnOnce(T::Reader<'_>) -> capnp::Result<R>,
    ) -> Result<R> {
        let reader = self.reader();
        reader
            .content()
            .and_then(read)
            .map_err(|error| Status::data_loss(format!("bad content: {error}")))
    }

    /// Words of the whole message.
    pub(crate) fn words(&self) -> usize {
        let message = match &self.message {
            Held::Owned(message) => message,
            Held::Shared(message) => message,
        };
        message.len_bytes() / 8
    }

    /// The capabilities, in the order of their numbers.
    pub fn capabilities(&self) -> &[Capability] {
        &self.capabilities
    }

    /// Reads the content with capabilities in it: each appears as a [`Numbered`] hook.
    #[doc(hidden)]
    pub fn with_capabilities<R>(
        &self,
        read: impl FnOnce(any_pointer::Reader<'_>, &[Capability]) -> capnp::Result<R>,
    ) -> capnp::Result<R> {
        let reader = self.reader();
        let mut content: any_pointer::Reader<'_> = reader.content()?;
        if self.capabilities.is_empty() {
            return read(content, &[]);
        }
        let table = Numbered::table(self.capabilities.len(), 0);
        content.imbue(&table);
        read(content, &self.capabilities)
    }

    /// The place in the list of the capability that a hook stands for.
    #[doc(hidden)]
    pub fn place(hook: &dyn ClientHook) -> Option<usize> {
        Numbered::of(hook)
    }

    /// The capability behind the pointers at `path`: each is the place among the pointers of a struct.
    ///
    /// # Errors
    ///
    /// `failed_precondition` when there is none, `data_loss` when the way to it is not there.
    pub(crate) fn pipelined(&self, path: &[u16]) -> Result<Capability> {
        let path: Vec<PipelineOp> = path
            .iter()
            .map(|&place| PipelineOp::GetPointerField(place))
            .collect();
        self.with_capabilities(|content, capabilities| {
            let hook = content.get_pipelined_cap(&path)?;
            Ok(numbered(hook.as_ref(), capabilities))
        })
        .map_err(|error| match error.kind {
            capnp::ErrorKind::MessageContainsNullCapabilityPointer => null_capability(),
            _ => Status::data_loss(format!("bad results: {error}")),
        })
    }

    /// Results to send on.
    ///
    /// # Errors
    ///
    /// `data_loss` when the message is malformed.
    pub(crate) fn into_results(self) -> Result<Outgoing> {
        self.copied(Outgoing::results(0))
    }

    /// Parameters to send on.
    ///
    /// # Errors
    ///
    /// `data_loss` when the message is malformed.
    pub(crate) fn into_call(self, interface_id: u64, method_id: u16) -> Result<Outgoing> {
        self.copied(Outgoing::call(interface_id, method_id, 0))
    }

    fn copied(&self, mut outgoing: Outgoing) -> Result<Outgoing> {
        self.with_capabilities(|content, capabilities| {
            outgoing.copy_from(content, |hook| numbered(hook, capabilities))
        })
        .map_err(|error| Status::data_loss(format!("cannot be sent on: {error}")))?;
        Ok(outgoing)
    }

    /// The same, for several owners.
    pub(crate) fn share(self) -> SharedIncoming {
        let message = match self.message {
            Held::Owned(message) => Arc::new(message),
            Held::Shared(message) => message,
        };
        SharedIncoming {
            message,
            capabilities: self.capabilities,
        }
    }

    /// Writes the content into `target`, whose capabilities the hooks of `table` become.
    pub(crate) fn copy_to(
        &self,
        target: &mut any_pointer::Builder<'_>,
        table: &CapTable,
    ) -> capnp::Result<()> {
        let reader = self.reader();
        let mut content: any_pointer::Reader<'_> = reader.content()?;
        content.imbue(table);
        target.set_as(content)
    }
}

/// For calls inside one process: what was built is what arrives, without a wire and without a copy.
impl From<Outgoing> for Incoming {
    fn from(outgoing: Outgoing) -> Self {
        Self {
            message: Held::Owned(outgoing.message.into()),
            capabilities: outgoing.capabilities,
        }
    }
}

/// A message without capabilities, as those of level 0 are.
impl From<message::Incoming> for Incoming {
    fn from(message: message::Incoming) -> Self {
        Self {
            message: Held::Owned(message),
            capabilities: Box::default(),
        }
    }
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = match &self.message {
            Held::Owned(message) => message,
            Held::Shared(message) => message,
        };
        f.debug_struct("Incoming")
            .field("message", message)
            .field("capabilities", &self.capabilities)
            .finish()
    }
}

/// Results that a call and those pipelined on it read.
#[derive(Clone)]
pub(crate) struct SharedIncoming {
    message: Arc<message::Incoming>,
    capabilities: Box<[Capability]>,
}

impl From<SharedIncoming> for Incoming {
    fn from(shared: SharedIncoming) -> Self {
        Self {
            message: Held::Shared(shared.message),
            capabilities: shared.capabilities,
        }
    }
}

/// Parameters or results being built.
pub struct Outgoing {
    message: message::Outgoing,
    capabilities: Box<[Capability]>,
}

impl Outgoing {
    /// Parameters of a method, of about `words` words.
    pub fn call(interface_id: u64, method_id: u16, words: u32) -> Self {
        message::Outgoing::call(interface_id, method_id, words).into()
    }

    /// Results, of about `words` words.
    pub fn results(words: u32) -> Self {
        message::Outgoing::results(words).into()
    }

    /// Starts the content over, as `T`: one of capnpc's builders. Nothing that is written may hold a capability.
    pub fn content<'a, T: capnp::traits::FromPointerBuilder<'a>>(&'a mut self) -> T {
        self.capabilities = Box::default();
        self.message.content()
    }

    /// Bytes of the message in stream framing.
    pub fn len_bytes(&self) -> usize {
        self.message.len_bytes()
    }

    /// Writes content with capabilities in it: `fill` appends each to its list, and sets a [`Numbered`] hook of its place there.
    #[doc(hidden)]
    pub fn with_capabilities(
        &mut self,
        fill: impl FnOnce(any_pointer::Builder<'_>, &mut Vec<Capability>) -> capnp::Result<()>,
    ) -> capnp::Result<()> {
        let mut table = CapTable::new();
        let mut listed = Vec::new();
        let mut content: any_pointer::Builder<'_> = self.message.content();
        content.imbue_mut(&mut table);
        fill(content, &mut listed)?;
        self.capabilities = Numbered::resolve(&table, &listed);
        Ok(())
    }

    /// A hook that stands for the capability at a place of the list.
    #[doc(hidden)]
    pub fn hook(place: usize) -> Box<dyn ClientHook> {
        Numbered::hook(place)
    }

    /// Replaces the content by that of another message, whose hooks `convert` turns into capabilities.
    pub(crate) fn copy_from(
        &mut self,
        source: any_pointer::Reader<'_>,
        mut convert: impl FnMut(&dyn ClientHook) -> Capability,
    ) -> capnp::Result<()> {
        let mut table = CapTable::new();
        let mut content: any_pointer::Builder<'_> = self.message.content();
        content.imbue_mut(&mut table);
        content.set_as(source)?;
        self.capabilities = table
            .iter()
            .map(|hook| {
                hook.as_deref()
                    .map_or_else(Capability::default, &mut convert)
            })
            .collect();
        Ok(())
    }

    /// Whether these are results of data only.
    pub(crate) fn is_results_of_data(&self) -> bool {
        self.capabilities.is_empty() && self.message.is_results()
    }

    /// Whether it is a call that brings data only.
    pub(crate) fn is_call_of_data(&self) -> bool {
        self.capabilities.is_empty() && self.message.is_call()
    }

    /// The message, when it holds no capability.
    ///
    /// # Errors
    ///
    /// `internal`: an interface of level 0 cannot carry capabilities.
    pub(crate) fn data(&mut self) -> Result<&mut message::Outgoing> {
        if self.capabilities.is_empty() {
            Ok(&mut self.message)
        } else {
            Err(Status::internal(
                "a message of a level 0 interface cannot carry capabilities",
            ))
        }
    }

    /// As [`data`](Self::data).
    pub(crate) fn into_data(mut self) -> Result<message::Outgoing> {
        self.data()?;
        Ok(self.message)
    }
}

impl From<message::Outgoing> for Outgoing {
    fn from(message: message::Outgoing) -> Self {
        Self {
            message,
            capabilities: Box::default(),
        }
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing")
            .field("message", &self.message)
            .field("capabilities", &self.capabilities)
            .finish()
    }
}

/// A stand-in for a capability while a message is read or written: only its number means something.
pub(crate) struct Numbered(usize);

/// What tells a stand-in from the hooks of `capnp-rpc`, which give the address of their connection, or 0.
const BRAND: usize = 1;

impl Numbered {
    pub(crate) fn hook(number: usize) -> Box<dyn ClientHook> {
        Box::new(Self(number))
    }

    /// A table of `count` stand-ins, numbered from `first`.
    pub(crate) fn table(count: usize, first: usize) -> CapTable {
        (first..first.saturating_add(count))
            .map(|number| Some(Self::hook(number)))
            .collect()
    }

    /// The capabilities that pointers name by their places in `table`, whose stand-ins have their numbers in `listed`.
    pub(crate) fn resolve(table: &CapTable, listed: &[Capability]) -> Box<[Capability]> {
        if table.is_empty() {
            return Box::default();
        }
        table
            .iter()
            .map(|hook| {
                let number = hook.as_ref().and_then(|hook| Self::of(hook.as_ref()));
                number.and_then(|number| listed.get(number).cloned())
            })
            .map(Option::unwrap_or_default)
            .collect()
    }

    /// The number of a hook that is a stand-in.
    pub(crate) fn of(hook: &dyn ClientHook) -> Option<usize> {
        (hook.get_brand() == BRAND).then(|| hook.get_ptr())
    }
}

impl ClientHook for Numbered {
    fn add_ref(&self) -> Box<dyn ClientHook> {
        Self::hook(self.0)
    }

    fn new_call(
        &self,
        interface_id: u64,
        method_id: u16,
        size_hint: Option<capnp::MessageSize>,
    ) -> Request<any_pointer::Owned, any_pointer::Owned> {
        capnp_rpc::new_broken_cap(not_callable())
            .hook
            .new_call(interface_id, method_id, size_hint)
    }

    fn call(
        &self,
        _: u64,
        _: u16,
        _: Box<dyn ParamsHook>,
        _: Box<dyn ResultsHook>,
    ) -> Promise<(), capnp::Error> {
        Promise::err(not_callable())
    }

    fn get_brand(&self) -> usize {
        BRAND
    }

    fn get_ptr(&self) -> usize {
        self.0
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

fn not_callable() -> capnp::Error {
    capnp::Error::failed("a capability inside a message is not callable".to_owned())
}

/// The capability that a stand-in stands for.
fn numbered(hook: &dyn ClientHook, capabilities: &[Capability]) -> Capability {
    Numbered::of(hook)
        .and_then(|number| capabilities.get(number).cloned())
        .unwrap_or_default()
}
