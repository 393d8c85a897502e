//! Capabilities and clients behind pointers.

use super::{
    lists::{Element, Pointers},
    pointer::{Pointer, PointerBuilder, PointerReader},
};
use crate::{Capability, Client, message::Numbered};

impl PointerReader<'_> {
    fn capability(self) -> capnp::Result<Capability> {
        if self.is_null() {
            return Ok(Capability::null());
        }
        let hook = self.raw.get_capability()?;
        Numbered::of(hook.as_ref())
            .and_then(|number| self.shared.capabilities.get(number).cloned())
            .ok_or_else(|| {
                capnp::Error::failed("names a capability that the message does not have".to_owned())
            })
    }
}

impl PointerBuilder<'_> {
    fn set_capability(mut self, capability: &Capability) {
        self.raw
            .set_capability(Numbered::hook(self.capabilities.len()));
        self.capabilities.push(capability.clone());
    }
}

impl Element for Capability {
    type Encoding = Pointers;
}

impl Pointer for Capability {
    fn read(from: PointerReader<'_>) -> capnp::Result<Self> {
        from.capability()
    }

    fn write(&self, to: PointerBuilder<'_>) -> capnp::Result<()> {
        if !self.is_null() {
            to.set_capability(self);
        }
        Ok(())
    }

    fn is_null(&self) -> bool {
        self.is_null()
    }
}

/// Reads a client. A null pointer is a client that refers to nothing.
///
/// # Errors
///
/// When the pointer is not one to a capability, or names one that the message does not have.
pub fn read_client<C: Client>(from: PointerReader<'_>) -> capnp::Result<C> {
    from.capability().map(C::from_capability)
}

/// Writes a client.
///
/// # Errors
///
/// None.
pub fn write_client(client: &impl Client, to: PointerBuilder<'_>) -> capnp::Result<()> {
    client.capability().write(to)
}
