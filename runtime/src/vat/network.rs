//! The network of `capnp-rpc`: the channel of a session in place of a socket.

use std::{cell::Cell, future::poll_fn, rc::Rc};

use capnp::{
    any_pointer,
    capability::Promise,
    message::{Builder, HeapAllocator, Reader, ReaderOptions},
};
use capnp_rpc::{Connection, IncomingMessage, OutgoingMessage, VatNetwork};
use dsoftbus_proto::message::{Message, NESTING_LIMIT, TRAVERSAL_LIMIT};
use tokio::time::Instant;

use super::{
    channel::Channel,
    gate::Arrived,
    limits::{FIRST_SEGMENT, MAX_FIRST_SEGMENT},
};

/// How `capnp-rpc` reads messages. It reads the envelope several times before the content is copied: twice what a message can
/// hold leaves room for that, and no more for pointers that overlap.
const READER_OPTIONS: ReaderOptions = ReaderOptions {
    traversal_limit_in_words: Some(2 * TRAVERSAL_LIMIT),
    nesting_limit: NESTING_LIMIT,
};

/// A network of two: this end, and the peer of one channel. The end that opened the channel connects, the other accepts.
pub(super) struct Network {
    channel: Rc<Channel>,
    accepts: Cell<bool>,
}

impl Network {
    pub(super) fn new(channel: &Rc<Channel>) -> Self {
        Self {
            channel: Rc::clone(channel),
            accepts: Cell::new(!channel.is_opener()),
        }
    }

    fn connection(&self) -> Box<dyn Connection<()>> {
        Box::new(Wire(Rc::clone(&self.channel)))
    }
}

impl VatNetwork<()> for Network {
    fn connect(&mut self, (): ()) -> Option<Box<dyn Connection<()>>> {
        Some(self.connection())
    }

    fn accept(&mut self) -> Promise<Box<dyn Connection<()>>, capnp::Error> {
        match self.accepts.take() {
            true => Promise::ok(self.connection()),
            false => Promise::from_future(std::future::pending()),
        }
    }

    fn drive_until_shutdown(&mut self) -> Promise<(), capnp::Error> {
        // The channel's task drops the system once it is down.
        Promise::from_future(std::future::pending())
    }
}

struct Wire(Rc<Channel>);

impl Connection<()> for Wire {
    fn get_peer_vat_id(&self) {}

    fn new_outgoing_message(&mut self, words: u32) -> Box<dyn OutgoingMessage> {
        let hint = self.0.hint.get();
        let words = match hint.words {
            0 => words.min(FIRST_SEGMENT),
            known => known.min(MAX_FIRST_SEGMENT),
        };
        let allocator = HeapAllocator::new().first_segment_words(words);
        Box::new(Outgoing {
            message: Builder::new(allocator),
            deadline: hint.deadline,
            channel: Rc::clone(&self.0),
        })
    }

    fn receive_incoming_message(
        &mut self,
    ) -> Promise<Option<Box<dyn IncomingMessage>>, capnp::Error> {
        let channel = Rc::clone(&self.0);
        Promise::from_future(poll_fn(move |cx| channel.poll_receive(cx)))
    }

    fn shutdown(&mut self, result: capnp::Result<()>) -> Promise<(), capnp::Error> {
        self.0.go_down(result.err());
        Promise::ok(())
    }
}

struct Outgoing {
    message: Builder<HeapAllocator>,
    deadline: Option<Instant>,
    channel: Rc<Channel>,
}

impl OutgoingMessage for Outgoing {
    fn get_body(&mut self) -> capnp::Result<any_pointer::Builder<'_>> {
        self.message.get_root()
    }

    fn get_body_as_reader(&self) -> capnp::Result<any_pointer::Reader<'_>> {
        self.message.get_root_as_reader()
    }

    fn send(self: Box<Self>) -> (Promise<(), capnp::Error>, Rc<Builder<HeapAllocator>>) {
        let message = Rc::new(self.message);
        self.channel.send(Rc::clone(&message), self.deadline);
        (Promise::ok(()), message)
    }

    fn take(self: Box<Self>) -> Builder<HeapAllocator> {
        self.message
    }

    fn size_in_words(&self) -> usize {
        self.message.size_in_words()
    }
}

/// A message that came in, read where the record was decrypted to.
pub(super) struct Incoming {
    reader: Reader<Message>,
    /// What whoever reads the content is told besides; `None` for messages without content.
    arrived: Option<Rc<Arrived>>,
    channel: Rc<Channel>,
}

impl Incoming {
    pub(super) fn new(
        message: Message,
        arrived: Option<Rc<Arrived>>,
        channel: &Rc<Channel>,
    ) -> Self {
        Self {
            reader: Reader::new(message, READER_OPTIONS),
            arrived,
            channel: Rc::clone(channel),
        }
    }
}

impl IncomingMessage for Incoming {
    fn get_body(&self) -> capnp::Result<any_pointer::Reader<'_>> {
        // Who reads parameters or results comes through here, and looks right after.
        self.channel.arrived.replace(self.arrived.clone());
        self.reader.get_root()
    }
}
