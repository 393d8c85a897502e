//! Reading: every message becomes a [`Body`] in one pass, or a Cap'n Proto error.

use alloc::string::String;

use capnp::introspect::{Introspect, Type, TypeVariant};
use capnp::message::{Reader, ReaderSegments};
use capnp::private::layout::{
    PointerBuilder, PointerReader, StructBuilder, StructReader, StructSize,
};
use capnp::struct_list;
use capnp::text;
use capnp::traits::{
    FromPointerReader, HasStructSize, IntoInternalStructReader, OwnedStruct, SetterInput,
};

use super::{outcome, tag};
use crate::message::ExceptionKind;

/// Most operations of a promise transform that are looked at. The only useful ones here are none and no-ops; a long
/// list would only cost time.
const MAX_TRANSFORM: u32 = 8;

/// Bytes kept of the reason of a received exception. The rest is cut: a peer could otherwise park a megabyte in every
/// error that is kept.
pub(crate) const MAX_REASON: usize = 4_096;

/// A message, read.
pub(crate) enum Body<'a> {
    Unimplemented(Unimplemented),
    Abort(Exception),
    Bootstrap {
        question: u32,
    },
    Call(Call<'a>),
    Return(Return<'a>),
    Finish {
        question: u32,
        release_result_caps: bool,
    },
    Release {
        id: u32,
        count: u32,
    },
    /// A disembargo that loops back: of the sender or of the receiver.
    Loopback,
    /// Resolve, levels 2 to 4, and whatever is added to `rpc.capnp` later.
    Other,
}

/// What the peer sent back as not implemented.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Unimplemented {
    Bootstrap { question: u32 },
    Call { question: u32 },
    Other,
}

/// `Call`.
pub(crate) struct Call<'a> {
    pub(crate) question: u32,
    pub(crate) interface_id: u64,
    pub(crate) method_id: u16,
    pub(crate) target: Target,
    /// Whether `sendResultsTo` is `caller`.
    pub(crate) results_to_caller: bool,
    pub(crate) caps: Caps<'a>,
}

/// `MessageTarget`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Target {
    Imported(u32),
    /// `noop`: whether the transform leaves the answer as it is.
    Answer {
        question: u32,
        noop: bool,
    },
    Unknown,
}

/// `Return`.
pub(crate) struct Return<'a> {
    pub(crate) answer: u32,
    pub(crate) no_finish_needed: bool,
    pub(crate) outcome: Outcome<'a>,
}

/// The union in `Return`.
pub(crate) enum Outcome<'a> {
    Results(Caps<'a>),
    Exception(Exception),
    Canceled,
    /// `resultsSentElsewhere`, `takeFromOtherQuestion`, `acceptFromThirdParty` and unknown ones, by tag.
    Other(u16),
}

/// `Exception`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Exception {
    pub(crate) kind: ExceptionKind,
    pub(crate) reason: String,
}

/// The capability table of a payload.
#[derive(Clone, Copy)]
pub(crate) struct Caps<'a>(Option<struct_list::Reader<'a, Element>>);

/// `CapDescriptor`, as far as it matters to one who keeps no capability.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Cap {
    /// An export of the sender that the receiver has to release.
    Export(u32),
    /// Anything that needs no release.
    Nothing,
}

impl<'a> Body<'a> {
    /// Reads the envelope of a message. The content of payloads is not looked at.
    pub(crate) fn read(reader: &'a Reader<impl ReaderSegments>) -> capnp::Result<Self> {
        let root: Fields<'a> = reader.get_root()?;
        Ok(match root.u16(0) {
            tag::CALL => Self::Call(Call::read(root.child(0)?)?),
            tag::RETURN => Self::Return(Return::read(root.child(0)?)?),
            tag::FINISH => {
                let finish = root.child(0)?;
                Self::Finish {
                    question: finish.u32(0),
                    // The default is true, and defaults are stored inverted.
                    release_result_caps: !finish.bool(32),
                }
            }
            tag::BOOTSTRAP => Self::Bootstrap {
                question: root.child(0)?.u32(0),
            },
            tag::RELEASE => {
                let release = root.child(0)?;
                Self::Release {
                    id: release.u32(0),
                    count: release.u32(1),
                }
            }
            tag::DISEMBARGO => match root.child(0)?.u16(2) {
                0 | 1 => Self::Loopback,
                _ => Self::Other,
            },
            tag::ABORT => Self::Abort(Exception::read(root.child(0)?)?),
            tag::UNIMPLEMENTED => Self::Unimplemented(Unimplemented::read(root.child(0)?)?),
            // What these hold need not be a struct.
            _ => Self::Other,
        })
    }
}

impl Unimplemented {
    fn read(echo: Fields<'_>) -> capnp::Result<Self> {
        Ok(match echo.u16(0) {
            tag::BOOTSTRAP => Self::Bootstrap {
                question: echo.child(0)?.u32(0),
            },
            tag::CALL => Self::Call {
                question: echo.child(0)?.u32(0),
            },
            _ => Self::Other,
        })
    }
}

impl<'a> Call<'a> {
    fn read(call: Fields<'a>) -> capnp::Result<Self> {
        Ok(Self {
            question: call.u32(0),
            interface_id: call.u64(1),
            method_id: call.u16(2),
            target: Target::read(call.child(0)?)?,
            results_to_caller: call.u16(3) == 0,
            caps: Caps::read(call.child(1)?)?,
        })
    }
}

impl Target {
    fn read(target: Fields<'_>) -> capnp::Result<Self> {
        Ok(match target.u16(2) {
            0 => Self::Imported(target.u32(0)),
            1 => {
                let answer = target.child(0)?;
                Self::Answer {
                    question: answer.u32(0),
                    noop: answer.is_null(0) || is_noop(answer.get(0)?),
                }
            }
            _ => Self::Unknown,
        })
    }
}

fn is_noop(transform: struct_list::Reader<'_, Element>) -> bool {
    transform.len() <= MAX_TRANSFORM && transform.iter().all(|operation| operation.u16(0) == 0)
}

impl<'a> Return<'a> {
    fn read(answer: Fields<'a>) -> capnp::Result<Self> {
        Ok(Self {
            answer: answer.u32(0),
            no_finish_needed: answer.bool(33),
            outcome: match answer.u16(3) {
                outcome::RESULTS => Outcome::Results(Caps::read(answer.child(0)?)?),
                outcome::EXCEPTION => Outcome::Exception(Exception::read(answer.child(0)?)?),
                outcome::CANCELED => Outcome::Canceled,
                other => Outcome::Other(other),
            },
        })
    }
}

impl Exception {
    fn read(exception: Fields<'_>) -> capnp::Result<Self> {
        let reason: text::Reader<'_> = exception.get(0)?;
        let mut reason = String::from_utf8_lossy(reason.as_bytes()).into_owned();
        reason.truncate(char_boundary(&reason, MAX_REASON));
        Ok(Self {
            kind: ExceptionKind::from_wire(exception.u16(2)),
            reason,
        })
    }
}

/// The largest index at most `limit` at which `text` can be cut.
pub(crate) fn char_boundary(text: &str, limit: usize) -> usize {
    (0..=limit.min(text.len()))
        .rev()
        .find(|&index| text.is_char_boundary(index))
        .unwrap_or(0)
}

impl<'a> Caps<'a> {
    fn read(payload: Fields<'a>) -> capnp::Result<Self> {
        if payload.is_null(1) {
            return Ok(Self(None));
        }
        payload.get(1).map(Some).map(Self)
    }

    /// No table.
    pub(crate) const fn none() -> Self {
        Self(None)
    }

    pub(crate) fn len(&self) -> u32 {
        self.0.map_or(0, |list| list.len())
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Cap> + 'a {
        self.0
            .into_iter()
            .flat_map(struct_list::Reader::iter)
            .map(|descriptor| match descriptor.u16(0) {
                1 | 2 => Cap::Export(descriptor.u32(1)),
                _ => Cap::Nothing,
            })
    }
}

/// Any struct, read by offset. What it lacks reads as zero or null, as Cap'n Proto defines.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a>(StructReader<'a>);

impl<'a> Fields<'a> {
    fn u16(self, index: usize) -> u16 {
        self.0.get_data_field(index)
    }

    fn u32(self, index: usize) -> u32 {
        self.0.get_data_field(index)
    }

    fn u64(self, index: usize) -> u64 {
        self.0.get_data_field(index)
    }

    fn bool(self, bit: usize) -> bool {
        self.0.get_bool_field(bit)
    }

    fn is_null(self, pointer: usize) -> bool {
        self.0.is_pointer_field_null(pointer)
    }

    pub(super) fn get<T: FromPointerReader<'a>>(self, pointer: usize) -> capnp::Result<T> {
        T::get_from_pointer(&self.0.get_pointer_field(pointer), None)
    }

    pub(super) fn child(self, pointer: usize) -> capnp::Result<Self> {
        self.get(pointer)
    }
}

impl<'a> FromPointerReader<'a> for Fields<'a> {
    fn get_from_pointer(
        reader: &PointerReader<'a>,
        default: Option<&'a [capnp::Word]>,
    ) -> capnp::Result<Self> {
        reader.get_struct(default).map(Self)
    }
}

impl<'a> From<StructReader<'a>> for Fields<'a> {
    fn from(reader: StructReader<'a>) -> Self {
        Self(reader)
    }
}

impl<'a> IntoInternalStructReader<'a> for Fields<'a> {
    fn into_internal_struct_reader(self) -> StructReader<'a> {
        self.0
    }
}

/// A struct in a list. It exists because Cap'n Proto's list readers ask for a type with a builder and a schema;
/// both go unused.
pub(crate) struct Element;

impl OwnedStruct for Element {
    type Reader<'a> = Fields<'a>;
    type Builder<'a> = ElementBuilder<'a>;
}

impl Introspect for Element {
    fn introspect() -> Type {
        TypeVariant::AnyPointer.into()
    }
}

impl SetterInput<Element> for Fields<'_> {
    fn set_pointer_builder(
        mut builder: PointerBuilder<'_>,
        input: Self,
        canonicalize: bool,
    ) -> capnp::Result<()> {
        builder.set_struct(&input.0, canonicalize)
    }
}

pub(crate) struct ElementBuilder<'a>(#[expect(dead_code)] StructBuilder<'a>);

impl<'a> From<StructBuilder<'a>> for ElementBuilder<'a> {
    fn from(builder: StructBuilder<'a>) -> Self {
        Self(builder)
    }
}

impl HasStructSize for ElementBuilder<'_> {
    const STRUCT_SIZE: StructSize = StructSize {
        data: 1,
        pointers: 1,
    };
}
