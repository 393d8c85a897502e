//! Text, and why it is refused.

use capnp::private::layout;

use super::{
    lists::{Element, MAX_BYTES, Pointers, too_large},
    pointer::{Pointer, PointerBuilder, PointerReader},
};

/// Reads a text.
///
/// # Errors
///
/// When it is not UTF-8, or the pointer is not one to text.
pub(super) fn read(from: layout::PointerReader<'_>) -> capnp::Result<&str> {
    Ok(from.get_text(None)?.to_str()?)
}

/// Writes a text, also an empty one.
///
/// # Errors
///
/// When it is larger than any message.
pub(super) fn write(mut to: PointerBuilder<'_>, value: &str) -> capnp::Result<()> {
    // Cap'n Proto panics on what exceeds its own, larger limit.
    if value.len() >= MAX_BYTES {
        return Err(too_large(value.len()));
    }
    to.raw.set_text(value.into());
    Ok(())
}

impl Element for String {
    type Encoding = Pointers;
}

impl Pointer for String {
    fn read(from: PointerReader<'_>) -> capnp::Result<Self> {
        read(from.raw).map(Self::from)
    }

    fn write(&self, to: PointerBuilder<'_>) -> capnp::Result<()> {
        write(to, self)
    }

    fn is_null(&self) -> bool {
        self.is_empty()
    }
}
