//! [`Names`]: objects of this side by what calls of the peer are addressed to.
//!
//! `capnp-rpc` keeps this to itself. But a call that gets to an object before the next message is looked at shows what its address
//! stands for, until the peer releases something. Calls of data are then started without `capnp-rpc`, which is left those that are
//! not answered with data at once.

use std::{
    cell::RefCell,
    collections::HashMap,
    rc::{Rc, Weak},
};

use dsoftbus_proto::message::CallTarget;

use super::{gate::Arrived, served::Served};

/// Objects of this side by what calls of the peer are addressed to, as far as they are known.
#[derive(Default)]
pub(super) struct Names {
    known: RefCell<HashMap<CallTarget, Weak<Served>>>,
    /// The call that `capnp-rpc` was given last.
    passed: RefCell<Weak<Arrived>>,
}

impl Names {
    /// The object that calls with this address are for.
    pub(super) fn find(&self, target: CallTarget) -> Option<Rc<Served>> {
        self.known.borrow().get(&target)?.upgrade()
    }

    /// `capnp-rpc` gets a call.
    pub(super) fn pass(&self, call: &Rc<Arrived>) {
        self.passed.replace(Rc::downgrade(call));
    }

    /// The next message is looked at: what gets to an object from here on may have waited while its address got another meaning.
    pub(super) fn passed(&self) {
        self.passed.take();
    }

    /// A call has got to an object.
    pub(super) fn learn(&self, call: &Rc<Arrived>, served: &Rc<Served>) {
        let Some(target) = call.target else { return };
        if std::ptr::eq(self.passed.borrow().as_ptr(), Rc::as_ptr(call)) {
            let served = Rc::downgrade(served);
            self.known.borrow_mut().insert(target, served);
        }
    }

    /// An address may mean something else from here on.
    pub(super) fn forget(&self, target: CallTarget) {
        self.known.borrow_mut().remove(&target);
    }

    /// All of them may.
    pub(super) fn forget_all(&self) {
        self.known.borrow_mut().clear();
    }
}
