//! Building. Each function fills an empty builder, envelope first, so that the content follows in the same segment.

use alloc::vec::Vec;

use capnp::any_pointer;
use capnp::message::{Builder, HeapAllocator, Reader, ReaderSegments};
use capnp::private::layout::{PointerBuilder, StructBuilder, StructSize};
use capnp::traits::{FromPointerBuilder, SetterInput};

use super::{outcome, tag};
use crate::message::ExceptionKind;

/// Words of a Return or an Abort with an exception without its text: the root pointer and the structs Message, Return and
/// Exception.
pub(crate) const EXCEPTION_WORDS: u32 = 1 + 2 + 3 + 3;
/// Words of the messages without pointers, at most: the root pointer and the structs Message and Return.
pub(crate) const SMALL_WORDS: u32 = 1 + 2 + 3;

type MessageFields<'a> = FieldsMut<'a, 1, 1>;
type BootstrapFields<'a> = FieldsMut<'a, 1, 1>;
type ReturnFields<'a> = FieldsMut<'a, 2, 1>;
type FinishFields<'a> = FieldsMut<'a, 1, 0>;
type ReleaseFields<'a> = FieldsMut<'a, 1, 0>;
type ExceptionFields<'a> = FieldsMut<'a, 1, 2>;

/// A Return with an exception.
pub(crate) fn exception(message: &mut Builder<HeapAllocator>, kind: ExceptionKind, reason: &str) {
    let mut answer = answer(message, outcome::EXCEPTION);
    fill_exception(answer.init(0), kind, reason);
}

/// A Return that says the call was cancelled.
pub(crate) fn canceled(message: &mut Builder<HeapAllocator>) {
    answer(message, outcome::CANCELED);
}

/// A Bootstrap.
pub(crate) fn bootstrap(message: &mut Builder<HeapAllocator>) {
    let _: BootstrapFields<'_> = body(message, tag::BOOTSTRAP);
}

/// A Finish that releases the capabilities of the results.
pub(crate) fn finish(message: &mut Builder<HeapAllocator>) {
    let _: FinishFields<'_> = body(message, tag::FINISH);
}

/// A Release of `count` references of import `id`.
pub(crate) fn release(message: &mut Builder<HeapAllocator>, id: u32, count: u32) {
    let release: ReleaseFields<'_> = body(message, tag::RELEASE);
    release.set_u32(0, id);
    release.set_u32(1, count);
}

/// An Abort.
pub(crate) fn abort(message: &mut Builder<HeapAllocator>, kind: ExceptionKind, reason: &str) {
    fill_exception(body(message, tag::ABORT), kind, reason);
}

/// An Unimplemented that carries a copy of `echo`.
pub(crate) fn unimplemented(
    message: &mut Builder<HeapAllocator>,
    echo: &Reader<impl ReaderSegments>,
) -> capnp::Result<()> {
    let echo: any_pointer::Reader<'_> = echo.get_root()?;
    let mut root: MessageFields<'_> = message.init_root();
    root.set_u16(0, tag::UNIMPLEMENTED);
    SetterInput::<any_pointer::Owned>::set_pointer_builder(root.pointer(0), echo, false)
}

/// The Return of a Bootstrap as bytes: a pointer to capability 0 and a table that says it is export 0.
///
/// Cap'n Proto's builder writes capability pointers only for capability objects, of which there are none here; hence
/// words.
pub(crate) fn bootstrap_return(answer: u32) -> Vec<u8> {
    /// A pointer to a struct of the given words that begins `offset` words behind the pointer.
    const fn structure(offset: u64, data: u64, pointers: u64) -> u64 {
        (offset << 2) | (data << 32) | (pointers << 48)
    }
    let words = [
        11 << 32,                  // segment table: one segment of eleven words
        structure(0, 1, 1),        // root: Message
        u64::from(tag::RETURN),    // Message: tag
        structure(0, 2, 1),        // Message.return: Return
        u64::from(answer), // Return: answerId; releaseParamCaps true, stored inverted; results
        0,                 //
        structure(0, 0, 2), // Return.results: Payload
        3,                 // Payload.content: capability 0
        1 | (7 << 32) | (2 << 35), // Payload.capTable: list directly behind, of structs, two words
        structure(1, 1, 1), // tag of the list: one CapDescriptor
        1,                 // CapDescriptor: senderHosted export 0; attachedFd 0xff, stored inverted
        0,                 //
    ];
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// Sets `questionId` or `answerId`: the first field of every message that has one.
pub(crate) fn set_id(message: &mut Builder<HeapAllocator>, id: u32) -> capnp::Result<()> {
    let root: MessageFields<'_> = message.get_root()?;
    root.into_child::<1, 0>(0)?.set_u32(0, id);
    Ok(())
}

fn body<'a, T: FromPointerBuilder<'a>>(message: &'a mut Builder<HeapAllocator>, tag: u16) -> T {
    let root: MessageFields<'a> = message.init_root();
    root.set_u16(0, tag);
    T::init_pointer(root.into_pointer(0), 0)
}

fn answer(message: &mut Builder<HeapAllocator>, outcome: u16) -> ReturnFields<'_> {
    let answer: ReturnFields<'_> = body(message, tag::RETURN);
    // noFinishNeeded
    answer.set_bool(33, true);
    answer.set_u16(3, outcome);
    answer
}

fn fill_exception(mut exception: ExceptionFields<'_>, kind: ExceptionKind, reason: &str) {
    exception.set_u16(2, kind.to_wire());
    exception.pointer(0).set_text(reason.into());
}

/// A struct of `DATA` words and `POINTERS` pointers, written by offset.
///
/// Cap'n Proto's builder does not check offsets, so each method does; the compiler drops the checks, as all offsets are
/// constants.
struct FieldsMut<'a, const DATA: u16, const POINTERS: u16>(StructBuilder<'a>);

impl<'a, const DATA: u16, const POINTERS: u16> FieldsMut<'a, DATA, POINTERS> {
    const SIZE: StructSize = StructSize {
        data: DATA,
        pointers: POINTERS,
    };

    #[inline]
    fn check(index: usize, per_word: usize) {
        assert!(
            index < usize::from(DATA).saturating_mul(per_word),
            "field outside of its struct"
        );
    }

    #[inline]
    fn set_u16(&self, index: usize, value: u16) {
        Self::check(index, 4);
        self.0.set_data_field(index, value);
    }

    #[inline]
    fn set_u32(&self, index: usize, value: u32) {
        Self::check(index, 2);
        self.0.set_data_field(index, value);
    }

    #[inline]
    fn set_bool(&self, bit: usize, value: bool) {
        Self::check(bit, 64);
        self.0.set_bool_field(bit, value);
    }

    #[inline]
    fn pointer(&mut self, index: usize) -> PointerBuilder<'_> {
        assert!(
            index < usize::from(POINTERS),
            "pointer outside of its struct"
        );
        self.0.reborrow().get_pointer_field(index)
    }

    #[inline]
    fn into_pointer(self, index: usize) -> PointerBuilder<'a> {
        assert!(
            index < usize::from(POINTERS),
            "pointer outside of its struct"
        );
        self.0.get_pointer_field(index)
    }

    #[inline]
    fn init<'b, T: FromPointerBuilder<'b>>(&'b mut self, index: usize) -> T {
        T::init_pointer(self.pointer(index), 0)
    }

    #[inline]
    fn into_child<const D: u16, const P: u16>(
        self,
        index: usize,
    ) -> capnp::Result<FieldsMut<'a, D, P>> {
        FieldsMut::get_from_pointer(self.into_pointer(index), None)
    }
}

impl<'a, const DATA: u16, const POINTERS: u16> FromPointerBuilder<'a>
    for FieldsMut<'a, DATA, POINTERS>
{
    fn init_pointer(builder: PointerBuilder<'a>, _length: u32) -> Self {
        Self(builder.init_struct(Self::SIZE))
    }

    fn get_from_pointer(
        builder: PointerBuilder<'a>,
        default: Option<&'a [capnp::Word]>,
    ) -> capnp::Result<Self> {
        // Grows the struct if it is smaller than `SIZE`, so offsets inside `SIZE` are inside the struct.
        builder.get_struct(Self::SIZE, default).map(Self)
    }
}
