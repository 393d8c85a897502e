//! Typed views of the structs of `rpc.capnp` that level 0 needs, over Cap'n Proto's own layout code.
//!
//! Offsets are those that the schema compiler assigns; the tests compare every field with the generated code of
//! `capnp-rpc`. A field of a data section is named by its index in units of its own size.

mod build;
mod known;
mod read;

use capnp::message::{Reader, ReaderSegments};
use capnp::traits::FromPointerReader;

pub(crate) use build::{
    EXCEPTION_WORDS, SMALL_WORDS, abort, bootstrap, bootstrap_return, canceled, exception, finish,
    release, set_id, unimplemented,
};
pub use known::Envelope;
pub(crate) use read::{
    Body, Call, Cap, Fields, MAX_REASON, Outcome, Return, Target, Unimplemented, char_boundary,
};

/// Tags of the union `Message`.
mod tag {
    pub(super) const UNIMPLEMENTED: u16 = 0;
    pub(super) const ABORT: u16 = 1;
    pub(super) const CALL: u16 = 2;
    pub(super) const RETURN: u16 = 3;
    pub(super) const FINISH: u16 = 4;
    pub(super) const RELEASE: u16 = 6;
    pub(super) const BOOTSTRAP: u16 = 8;
    pub(super) const DISEMBARGO: u16 = 13;
}

/// Tags of the union in `Return`.
mod outcome {
    pub(super) const RESULTS: u16 = 0;
    pub(super) const EXCEPTION: u16 = 1;
    pub(super) const CANCELED: u16 = 2;
}

/// The message that holds a content pointer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Holder {
    /// A Call: the content of `params`.
    Call,
    /// A Return with results: the content of `results`.
    Results,
    /// None: the content is a message of its own.
    Root,
    /// A Call or a Return in an envelope that is known: the content pointer is behind so many words of the segment, and is read as the
    /// root of a message of its own.
    Behind(u8),
    /// Any other message.
    Nothing,
}

/// The content of a message that is known to have some.
pub(crate) fn content<'a, T: FromPointerReader<'a>>(
    reader: &'a Reader<impl ReaderSegments>,
    holder: Holder,
) -> capnp::Result<T> {
    let root = || reader.get_root::<Fields<'a>>();
    let payload = match holder {
        Holder::Root | Holder::Behind(_) => return reader.get_root(),
        Holder::Call => root()?.child(0)?.child(1)?,
        Holder::Results => root()?.child(0)?.child(0)?,
        Holder::Nothing => return Err(no_content()),
    };
    payload.get(0)
}

fn no_content() -> capnp::Error {
    capnp::Error::failed("message without content".into())
}
