//! Messages made and read by the generated code of `capnp-rpc`, which stands for any other implementation.
#![allow(dead_code, reason = "each test crate uses its own part")]

use bytes::Bytes;
use capnp::message::{AllocationStrategy, Builder, HeapAllocator, Reader, ReaderOptions};
use capnp::serialize::{self, OwnedSegments};
use capnp_rpc::rpc_capnp::{call, exception, message, message_target, promised_answer, return_};
use dsoftbus_proto::message::{Message, Outgoing};

/// The bytes of a message being built, through `copy_range` in pieces of `step` bytes.
pub(crate) fn bytes_in_steps(out: &Outgoing, step: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while out.copy_range(bytes.len(), step, &mut bytes) > 0 {}
    assert_eq!(bytes.len(), out.len_bytes());
    bytes
}

pub(crate) fn bytes(out: &Outgoing) -> Vec<u8> {
    bytes_in_steps(out, usize::MAX)
}

/// What a foreign implementation reads.
pub(crate) fn foreign(out: &Outgoing) -> Reader<OwnedSegments> {
    serialize::read_message(bytes(out).as_slice(), ReaderOptions::new()).unwrap()
}

/// How a foreign implementation lays out a message.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Layout {
    /// One segment.
    Compact,
    /// Segments so small that nearly every pointer is a far one.
    Scattered,
    /// Canonical form: trailing zero words are cut.
    Canonical,
}

pub(crate) const LAYOUTS: [Layout; 3] = [Layout::Compact, Layout::Scattered, Layout::Canonical];

pub(crate) fn parse(bytes: Vec<u8>) -> Message {
    Message::parse(Bytes::from(bytes)).unwrap()
}

/// A message that a foreign implementation wrote.
pub(crate) fn build(fill: impl FnOnce(message::Builder<'_>)) -> Message {
    build_as(Layout::Compact, fill)
}

pub(crate) fn build_as(layout: Layout, fill: impl FnOnce(message::Builder<'_>)) -> Message {
    let allocator = match layout {
        Layout::Scattered => HeapAllocator::new()
            .first_segment_words(1)
            .allocation_strategy(AllocationStrategy::FixedSize),
        _ => HeapAllocator::new(),
    };
    let mut builder = Builder::new(allocator);
    fill(builder.init_root());
    if let Layout::Canonical = layout {
        let words = builder.into_reader().canonicalize().unwrap();
        let segment = capnp::Word::words_to_bytes(&words);
        let mut bytes = vec![0; 4];
        bytes.extend_from_slice(&u32::try_from(words.len()).unwrap().to_le_bytes());
        bytes.extend_from_slice(segment);
        return parse(bytes);
    }
    parse(serialize::write_message_to_words(&builder))
}

/// A call of the service by way of its Bootstrap answer 0, ready to be changed.
pub(crate) fn call(question: u32, fill: impl FnOnce(call::Builder<'_>)) -> Message {
    build(|message| {
        let mut call = message.init_call();
        call.set_question_id(question);
        call.set_interface_id(0xfeed);
        call.set_method_id(3);
        promised(call.reborrow().init_target(), 0);
        fill(call);
    })
}

pub(crate) fn promised(
    target: message_target::Builder<'_>,
    question: u32,
) -> promised_answer::Builder<'_> {
    let mut answer = target.init_promised_answer();
    answer.set_question_id(question);
    answer
}

pub(crate) fn bootstrap(question: u32) -> Message {
    build(|message| message.init_bootstrap().set_question_id(question))
}

pub(crate) fn finish(question: u32, release_result_caps: bool) -> Message {
    build(|message| {
        let mut finish = message.init_finish();
        finish.set_question_id(question);
        finish.set_release_result_caps(release_result_caps);
    })
}

pub(crate) fn release(id: u32, count: u32) -> Message {
    build(|message| {
        let mut release = message.init_release();
        release.set_id(id);
        release.set_reference_count(count);
    })
}

pub(crate) fn answer(question: u32, fill: impl FnOnce(return_::Builder<'_>)) -> Message {
    build(|message| {
        let mut answer = message.init_return();
        answer.set_answer_id(question);
        fill(answer);
    })
}

/// A Return with one exported capability, as a foreign server answers Bootstrap.
pub(crate) fn service(question: u32) -> Message {
    answer(question, |answer| {
        let mut caps = answer.init_results().init_cap_table(1);
        caps.reborrow().get(0).set_sender_hosted(9);
    })
}

/// Reads a Return: its answer ID and what it holds.
pub(crate) fn read_return<T>(out: &Outgoing, read: impl FnOnce(return_::Reader<'_>) -> T) -> T {
    let message = foreign(out);
    let root = message.get_root::<message::Reader<'_>>().unwrap();
    match root.which().unwrap() {
        message::Return(answer) => read(answer.unwrap()),
        _ => panic!("not a return"),
    }
}

/// Type and text of the exception in a Return.
pub(crate) fn read_exception(out: &Outgoing) -> (u32, exception::Type, String) {
    read_return(out, |answer| match answer.which().unwrap() {
        return_::Exception(exception) => {
            let exception = exception.unwrap();
            (
                answer.get_answer_id(),
                exception.get_type().unwrap(),
                exception.get_reason().unwrap().to_string().unwrap(),
            )
        }
        _ => panic!("not an exception"),
    })
}

/// The text of an Abort.
pub(crate) fn read_abort(out: &Outgoing) -> String {
    let message = foreign(out);
    let root = message.get_root::<message::Reader<'_>>().unwrap();
    match root.which().unwrap() {
        message::Abort(exception) => exception
            .unwrap()
            .get_reason()
            .unwrap()
            .to_string()
            .unwrap(),
        _ => panic!("not an abort"),
    }
}
