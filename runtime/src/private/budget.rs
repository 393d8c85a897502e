//! How much memory one message may take once it is decoded.

use std::cell::Cell;

/// Most bytes that the elements of the lists in one message, and the structs that point to themselves, take when decoded.
///
/// A native struct can be a hundred times as large as what a peer has to send for it: a list of bytes reads as a list of
/// structs whose first field is the byte. Without this, a message of 1 MiB could make us allocate half a gigabyte. No message
/// that a schema was made for comes near.
pub(crate) const MAX_DECODED: usize = 32 * 1_048_576;

/// What is left of [`MAX_DECODED`].
pub(crate) struct Budget(Cell<usize>);

impl Budget {
    pub(crate) fn new() -> Self {
        Self(Cell::new(MAX_DECODED))
    }

    /// For what this process wrote itself.
    pub(crate) fn unlimited() -> Self {
        Self(Cell::new(usize::MAX))
    }

    /// Takes room for so many values of `T`.
    ///
    /// # Errors
    ///
    /// When there is not that much left.
    pub(crate) fn take<T>(&self, count: u32) -> capnp::Result<usize> {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        match self
            .0
            .get()
            .checked_sub(count.saturating_mul(size_of::<T>()))
        {
            Some(left) => {
                self.0.set(left);
                Ok(count)
            }
            None => Err(capnp::Error::failed(format!(
                "the message would take more than {MAX_DECODED} bytes when decoded"
            ))),
        }
    }
}
