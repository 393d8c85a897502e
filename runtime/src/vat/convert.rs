//! Between the hooks of `capnp-rpc` and [`Capability`]; between its errors and [`Status`].

use std::{rc::Rc, sync::Arc};

use capnp::{
    any_pointer,
    private::{capability::ClientHook, layout::CapTable},
};
use dsoftbus_proto::{
    message::ExceptionKind,
    rpc::{level0::RemoteError, reason},
};

use super::{
    channel::Channel,
    limits::MAX_RESOLVED,
    registry::{Place, Vat},
    returned::Returned,
    served::{self, Identity, Served},
};
use crate::{
    Capability, Incoming, Outgoing, Result, Status,
    call::null_capability,
    capability::{Forward, Route},
};

/// What Cap'n Proto implementations put in front of a reason that a peer sent.
const REMOTE: &str = "remote exception: ";

impl Vat {
    /// The hook that stands for a capability on a channel; `None` for one that refers to nothing.
    ///
    /// # Errors
    ///
    /// `resource_exhausted` when the peer holds too many objects already.
    fn export(
        self: &Rc<Self>,
        channel: &Rc<Channel>,
        capability: &Capability,
    ) -> Result<Option<Box<dyn ClientHook>>> {
        let (route, plain) = (capability.route(), capability.is_plain());
        let (skeleton, identity) = match route {
            Route::Null => return Ok(None),
            Route::Vat(import) if plain => {
                // An object of this very peer goes back as what it is. One of another peer, or a promise whose calls wait, is
                // served like an object of this side: so its calls are bounded, and carry deadlines.
                if Arc::ptr_eq(import.queue(), &self.queue)
                    && let Ok((hook, home)) = self.find(import.number())
                    && Rc::ptr_eq(&home, channel)
                    && hook.get_brand() != 0
                {
                    return Ok(Some(Returned::hook(hook, channel)));
                }
                (None, Some(Identity::Import(import.number())))
            }
            Route::Local(skeleton) if plain => (
                Some(Arc::clone(skeleton)),
                Some(Identity::Local(Arc::as_ptr(skeleton).cast::<()>().addr())),
            ),
            Route::Remote(remote) if plain => {
                (None, Some(Identity::Remote(Arc::as_ptr(remote).addr())))
            }
            _ => (None, None),
        };
        let skeleton = skeleton.unwrap_or_else(|| Arc::new(Forward(capability.clone())));
        Served::hook(self, channel, skeleton, capability.clone(), identity).map(Some)
    }

    /// The table of the hooks that stand for the capabilities of a message.
    ///
    /// # Errors
    ///
    /// As [`export`](Self::export).
    pub(super) fn export_all(
        self: &Rc<Self>,
        channel: &Rc<Channel>,
        capabilities: &[Capability],
    ) -> Result<CapTable> {
        let hooks = capabilities.iter();
        hooks
            .map(|capability| self.export(channel, capability))
            .collect()
    }

    /// The capability that a hook stands for.
    fn import_hook(&self, channel: &Rc<Channel>, hook: &dyn ClientHook) -> Result<Capability> {
        let hook = innermost(hook)?;
        if hook.get_brand() == served::BRAND {
            let served = self.served.borrow().get(&hook.get_ptr()).cloned();
            let served = served.and_then(|served| served.upgrade());
            if let Some(capability) = served.as_ref().and_then(|served| served.capability()) {
                return Ok(capability.clone());
            }
        }
        Ok(Route::Vat(self.import(hook, channel)?).into())
    }

    /// Copies content that came over a channel, with its capabilities, into `outgoing`.
    ///
    /// # Errors
    ///
    /// `resource_exhausted` when it brings too many objects; whatever `malformed` makes of content that cannot be read.
    pub(super) fn copy_in(
        &self,
        channel: &Rc<Channel>,
        content: any_pointer::Reader<'_>,
        mut outgoing: Outgoing,
        malformed: impl FnOnce(capnp::Error) -> Status,
    ) -> Result<Incoming> {
        let mut failed = None;
        let copied = outgoing.copy_from(content, |hook| {
            self.import_hook(channel, hook).unwrap_or_else(|status| {
                failed.get_or_insert(status);
                Capability::null()
            })
        });
        copied.map_err(malformed)?;
        match failed {
            Some(status) => Err(status),
            None => Ok(outgoing.into()),
        }
    }
}

/// What a promise has become by now; any other hook as it is.
///
/// # Errors
///
/// `data_loss` for promises that were resolved in a circle.
pub(super) fn innermost(hook: &dyn ClientHook) -> Result<Box<dyn ClientHook>> {
    let mut inner = hook.add_ref();
    for _ in 0..MAX_RESOLVED {
        match inner.get_resolved() {
            Some(next) => inner = next,
            None => return Ok(inner),
        }
    }
    Err(Status::data_loss("the peer resolves a promise in circles"))
}

/// What tells a hook from all others that there are.
pub(super) fn place_of(hook: &dyn ClientHook) -> Place {
    (hook.get_brand(), hook.get_ptr())
}

/// How a status crosses to the peer of a call.
pub(super) fn to_error(status: &Status) -> capnp::Error {
    let text = reason::encode(status.code(), status.domain(), status.message());
    let kind = match status.code().exception_kind() {
        ExceptionKind::Overloaded => capnp::ErrorKind::Overloaded,
        ExceptionKind::Disconnected => capnp::ErrorKind::Disconnected,
        ExceptionKind::Unimplemented => capnp::ErrorKind::Unimplemented,
        _ => capnp::ErrorKind::Failed,
    };
    capnp::Error {
        kind,
        extra: reason::cut(&text).to_owned(),
    }
}

/// What an error of a call says. One that the peer sent says so by how it begins, which `capnp-rpc` sees to.
pub(super) fn to_status(error: &capnp::Error) -> Status {
    let kind = match error.kind {
        capnp::ErrorKind::Overloaded => ExceptionKind::Overloaded,
        capnp::ErrorKind::Disconnected => ExceptionKind::Disconnected,
        capnp::ErrorKind::Unimplemented => ExceptionKind::Unimplemented,
        _ => ExceptionKind::Failed,
    };
    let exception = RemoteError::Exception {
        kind,
        reason: error.extra.clone(),
    };
    match error.kind {
        _ if error.extra.starts_with(REMOTE) => Status::from_remote(&exception),
        capnp::ErrorKind::MessageContainsNullCapabilityPointer => null_capability(),
        capnp::ErrorKind::Failed
        | capnp::ErrorKind::Overloaded
        | capnp::ErrorKind::Disconnected
        | capnp::ErrorKind::Unimplemented => Status::from_local(&exception),
        // What `capnp` itself says of a message.
        _ => Status::data_loss(format!("malformed message: {error}")),
    }
}
