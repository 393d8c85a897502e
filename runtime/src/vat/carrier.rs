//! [`Carriers`]: questions that calls of data use, one after the other.
//!
//! Most of what `capnp-rpc` does for a call is there for capabilities. A call without any, of an object that will not turn out to be
//! another, needs nothing of it but the number of a question, and needs that only in case its answer brings capabilities or is an
//! error. So a question is opened with `capnp-rpc` by a call that is never sent, and its number is lent to one call after the other.
//! An answer of data goes to its caller at once, and the question is free again. Any other goes to `capnp-rpc`, which takes it for
//! the answer of the call that it knows of: this uses the question up.

use std::cell::{Cell, RefCell};

use capnp::{
    any_pointer,
    capability::RemotePromise,
    message::{Builder, HeapAllocator},
    private::capability::ClientHook,
};
use capnp_rpc::rpc_capnp::message;

use super::{limits::MAX_CARRIERS, question::QuestionNumber};

/// A question that is open as far as `capnp-rpc` knows. Dropping it gives the call up that uses it.
pub(super) struct Carrier {
    question: u32,
    pub(super) call: RemotePromise<any_pointer::Owned>,
}

impl Carrier {
    /// Its number on the wire.
    pub(super) fn question(&self) -> u32 {
        self.question
    }
}

/// The carriers of a channel.
#[derive(Default)]
pub(super) struct Carriers {
    /// By question.
    uses: RefCell<Vec<Use>>,
    idle: RefCell<Vec<Carrier>>,
    opening: Cell<Opening>,
}

/// What a question of `capnp-rpc` is here.
#[derive(Clone, Copy, Default)]
pub(super) enum Use {
    /// No carrier.
    #[default]
    Other,
    /// A carrier that nothing was asked with.
    Idle,
    /// A carrier on which this call waits.
    Asked(QuestionNumber),
}

#[derive(Clone, Copy, Default)]
enum Opening {
    #[default]
    No,
    /// The next Call is not to be sent.
    Wanted,
    /// It was this one.
    Opened(u32),
}

impl Carriers {
    /// A carrier that is free.
    pub(super) fn take(&self) -> Option<Carrier> {
        self.idle.borrow_mut().pop()
    }

    /// A new one; `None` when `capnp-rpc` sends nothing any more. The hook must be one of an object of the peer.
    pub(super) fn open(&self, hook: &dyn ClientHook) -> Option<Carrier> {
        self.opening.set(Opening::Wanted);
        let call = hook.new_call(0, 0, None).hook.send();
        match self.opening.take() {
            Opening::Opened(question) => Some(Carrier { question, call }),
            Opening::No | Opening::Wanted => None,
        }
    }

    /// Whether a message of `capnp-rpc` is the call that opens a carrier, and not to be sent.
    pub(super) fn keeps_back(&self, message: &Builder<HeapAllocator>) -> bool {
        if !matches!(self.opening.get(), Opening::Wanted) {
            return false;
        }
        let root = message.get_root_as_reader::<message::Reader<'_>>();
        let Ok(Ok(message::Call(Ok(call)))) = root.map(|root| root.which()) else {
            return false;
        };
        self.opening.set(Opening::Opened(call.get_question_id()));
        true
    }

    /// Notes that a call was made with a carrier.
    pub(super) fn ask(&self, carrier: &Carrier, call: QuestionNumber) {
        self.set(carrier.question, Use::Asked(call));
    }

    /// What a question is.
    pub(super) fn use_of(&self, question: u32) -> Use {
        let uses = self.uses.borrow();
        let found = usize::try_from(question).ok().and_then(|at| uses.get(at));
        found.copied().unwrap_or_default()
    }

    /// Whether a carrier whose call is answered should be given back.
    pub(super) fn want_more(&self) -> bool {
        self.idle.borrow().len() < MAX_CARRIERS
    }

    /// Takes back a carrier whose call was answered with data.
    pub(super) fn give_back(&self, carrier: Carrier) {
        self.set(carrier.question, Use::Idle);
        self.idle.borrow_mut().push(carrier);
    }

    /// Leaves the rest of a carrier's life to `capnp-rpc`.
    pub(super) fn use_up(&self, carrier: &Carrier) {
        self.set(carrier.question, Use::Other);
    }

    /// Takes all that are idle, to be dropped: each holds the connection.
    pub(super) fn end(&self) -> Vec<Carrier> {
        self.idle.take()
    }

    fn set(&self, question: u32, what: Use) {
        let Ok(place) = usize::try_from(question) else {
            return;
        };
        let mut uses = self.uses.borrow_mut();
        // Questions of `capnp-rpc` are dense: no more than there are calls at once, and calls given up that the peer never answered.
        if uses.len() <= place {
            uses.resize(place + 1, Use::Other);
        }
        uses[place] = what;
    }
}
