//! Parameters or results that arrived.

use core::fmt;

use capnp::message::Reader;
use capnp::traits::FromPointerReader;

use super::{Message, Outgoing, READER_OPTIONS, Segments};
use crate::rpc::envelope::{self, Envelope, Holder};

/// Parameters or results that arrived, from a peer or from this process.
///
/// Holds the whole message and can be kept; [`reader`](Self::reader) opens it.
pub struct Incoming {
    body: Body,
    holder: Holder,
}

enum Body {
    Received(Message),
    Built(Outgoing),
}

impl Incoming {
    /// The parameters in `message`, which must be a Call: the content of any other reads as an error.
    pub fn params(message: Message) -> Self {
        let envelope = message.envelope().filter(|it| it.call().is_some());
        Self::received(message, Holder::Call, envelope)
    }

    /// The results in `message`, which must be a Return with results: the content of any other reads as an error.
    pub fn results(message: Message) -> Self {
        let envelope = message.envelope().filter(|it| it.answer().is_some());
        Self::received(message, Holder::Results, envelope)
    }

    /// The content of a message that is known to be a Call or a Return with results.
    pub(crate) fn received(message: Message, holder: Holder, envelope: Option<Envelope>) -> Self {
        Self {
            body: Body::Received(message),
            holder: envelope.map_or(holder, Envelope::holder),
        }
    }

    /// Bytes of the message in stream framing.
    pub fn len_bytes(&self) -> usize {
        match &self.body {
            Body::Received(message) => message.as_bytes().len(),
            Body::Built(outgoing) => outgoing.len_bytes(),
        }
    }

    /// Opens the message for reading. Each reader has the whole traversal limit to itself.
    pub fn reader(&self) -> IncomingReader<'_> {
        let segments = match &self.body {
            Body::Received(message) => message.holding(self.holder),
            Body::Built(outgoing) => outgoing.segments(),
        };
        IncomingReader {
            reader: Reader::new(segments, READER_OPTIONS),
            holder: self.holder,
        }
    }
}

/// For calls inside one process: what was built is what arrives, without a wire and without a copy.
impl From<Outgoing> for Incoming {
    fn from(outgoing: Outgoing) -> Self {
        let holder = outgoing.holder();
        Self {
            body: Body::Built(outgoing),
            holder,
        }
    }
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Incoming");
        match &self.body {
            Body::Received(message) => debug.field("message", message),
            Body::Built(outgoing) => debug.field("built", outgoing),
        };
        debug.field("holder", &self.holder).finish()
    }
}

/// An open [`Incoming`]: typed readers borrow from it.
///
/// It is `Send`, so a future may keep it across an await; the typed Cap'n Proto readers are not.
pub struct IncomingReader<'a> {
    reader: Reader<Segments<'a>>,
    holder: Holder,
}

impl IncomingReader<'_> {
    /// The parameters or results as `T`, usually the reader of their struct. Absent content reads as all defaults.
    ///
    /// # Errors
    ///
    /// A Cap'n Proto error if the message is malformed or goes over a reading limit.
    pub fn content<'b, T: FromPointerReader<'b>>(&'b self) -> capnp::Result<T> {
        envelope::content(&self.reader, self.holder)
    }
}

impl fmt::Debug for IncomingReader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IncomingReader")
            .field("holder", &self.holder)
            .finish_non_exhaustive()
    }
}
