//! [`AnyPointer`]: a value whose type the schema does not say.

use std::{fmt, sync::Arc};

use capnp::{
    Word, any_pointer,
    message::{Builder, HeapAllocator, Reader, ReaderOptions, SegmentArray},
    private::layout::CapTable,
    traits::{Imbue as _, ImbueMut as _},
};

use super::{
    budget::Budget,
    calls::text,
    constant::message,
    equality::same,
    lists::{Element, Pointers},
    pointer::{Pointer, PointerBuilder, PointerReader, Shared},
    raw::{RawBuilder, RawReader},
};
use crate::{Capability, Result, Status, message::Numbered};

/// Words that the first segment of a copy starts with: most values fit, and the rest costs another segment.
const FIRST_SEGMENT: u32 = 64;

/// A value whose type the schema leaves open: a struct, a list, a capability or nothing, in its encoded form.
///
/// Holds the message and its capabilities; cheap to clone. Two are equal when their canonical encodings are, and their
/// capabilities.
#[derive(Clone, Default)]
pub struct AnyPointer(Option<Arc<Content>>);

struct Content {
    segments: Vec<Vec<Word>>,
    capabilities: Box<[Capability]>,
}

impl AnyPointer {
    /// Encodes a value.
    ///
    /// # Errors
    ///
    /// `invalid_argument` when it is larger than any message.
    pub fn new<T: Pointer>(value: &T) -> Result<Self> {
        if Pointer::is_null(value) {
            return Ok(Self::default());
        }
        Self::build(|mut to, capabilities| {
            let RawBuilder(raw) = to.reborrow().init_as();
            value.write(PointerBuilder { raw, capabilities })
        })
        .map_err(|error| Status::invalid_argument(error.extra))
    }

    /// Encodes a value with one of capnpc's builders. It may not hold capabilities.
    ///
    /// # Errors
    ///
    /// `invalid_argument` when `write` fails.
    pub fn write(
        write: impl FnOnce(any_pointer::Builder<'_>) -> capnp::Result<()>,
    ) -> Result<Self> {
        Self::build(|to, _| write(to)).map_err(|error| Status::invalid_argument(text(error)))
    }

    /// Decodes the value as a `T`. Nothing reads as the default.
    ///
    /// # Errors
    ///
    /// `data_loss` when it is not a `T`. A struct of another type may well read as one.
    pub fn get<T: Pointer>(&self) -> Result<T> {
        self.open(0, |content, capabilities| {
            let RawReader(raw) = content.get_as()?;
            T::read(PointerReader {
                raw,
                shared: Shared {
                    capabilities,
                    budget: &Budget::new(),
                },
            })
        })
        .map_err(|error| Status::data_loss(format!("bad value: {}", text(error))))
    }

    /// Reads the value with one of capnpc's readers, without decoding it first.
    ///
    /// # Errors
    ///
    /// `data_loss` when `read` fails.
    pub fn read<R>(
        &self,
        read: impl FnOnce(any_pointer::Reader<'_>) -> capnp::Result<R>,
    ) -> Result<R> {
        self.open(0, |content, _| read(content))
            .map_err(|error| Status::data_loss(format!("bad value: {}", text(error))))
    }

    /// Whether there is no value.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.0.is_none()
    }

    /// The capabilities in the value, in no particular order.
    #[must_use]
    pub fn capabilities(&self) -> &[Capability] {
        self.0.as_ref().map_or(&[], |content| &content.capabilities)
    }

    fn build(
        write: impl FnOnce(any_pointer::Builder<'_>, &mut Vec<Capability>) -> capnp::Result<()>,
    ) -> capnp::Result<Self> {
        let mut listed = Vec::new();
        let built = Built::new(|to| write(to, &mut listed))?;
        Ok(built.hold(&listed))
    }

    /// Opens the value for reading. Its capabilities are numbered from `first`.
    fn open<R>(
        &self,
        first: usize,
        read: impl FnOnce(any_pointer::Reader<'_>, &[Capability]) -> capnp::Result<R>,
    ) -> capnp::Result<R> {
        /// A message whose root is null.
        const NULL: &[Word] = &message([0]);
        let segments: Vec<&[u8]> = match &self.0 {
            Some(content) => content
                .segments
                .iter()
                .map(|segment| Word::words_to_bytes(segment))
                .collect(),
            None => vec![Word::words_to_bytes(NULL)],
        };
        // The value was copied by this process: its limits were those of the message it came in.
        let options = ReaderOptions {
            traversal_limit_in_words: None,
            nesting_limit: i32::MAX,
        };
        let reader = Reader::new(SegmentArray::new(&segments), options);
        let table = Numbered::table(self.capabilities().len(), first);
        let mut content: any_pointer::Reader<'_> = reader.get_root()?;
        content.imbue(&table);
        read(content, self.capabilities())
    }
}

/// A value that was encoded, and the numbers of its capabilities.
struct Built {
    message: Builder<HeapAllocator>,
    table: CapTable,
    is_null: bool,
}

impl Built {
    fn new(
        write: impl FnOnce(any_pointer::Builder<'_>) -> capnp::Result<()>,
    ) -> capnp::Result<Self> {
        let mut message = Builder::new(HeapAllocator::new().first_segment_words(FIRST_SEGMENT));
        let mut table = CapTable::new();
        let mut root: any_pointer::Builder<'_> = message.init_root();
        root.imbue_mut(&mut table);
        write(root.reborrow())?;
        let is_null = root.is_null();
        Ok(Self {
            message,
            table,
            is_null,
        })
    }

    /// The value, whose capabilities have their numbers in `listed`.
    fn hold(self, listed: &[Capability]) -> AnyPointer {
        if self.is_null {
            return AnyPointer::default();
        }
        let segments = self.message.get_segments_for_output();
        AnyPointer(Some(Arc::new(Content {
            segments: segments.iter().map(|segment| to_words(segment)).collect(),
            capabilities: Numbered::resolve(&self.table, listed),
        })))
    }
}

impl Element for AnyPointer {
    type Encoding = Pointers;
}

impl Pointer for AnyPointer {
    fn read(from: PointerReader<'_>) -> capnp::Result<Self> {
        if from.is_null() {
            return Ok(Self::default());
        }
        let built = Built::new(|mut to| to.set_as(any_pointer::Reader::new(from.raw)))?;
        Ok(built.hold(from.shared.capabilities))
    }

    fn write(&self, to: PointerBuilder<'_>) -> capnp::Result<()> {
        let PointerBuilder { raw, capabilities } = to;
        self.open(capabilities.len(), |content, own| {
            capabilities.extend_from_slice(own);
            any_pointer::Builder::new(raw).set_as(content)
        })
    }

    fn is_null(&self) -> bool {
        self.is_null()
    }
}

impl PartialEq for AnyPointer {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (None, None) => true,
            (Some(one), Some(two)) if Arc::ptr_eq(one, two) => true,
            (Some(_), Some(_)) => self
                .open(0, |one, first| {
                    other.open(0, |two, second| same((one, first), (two, second)))
                })
                // What cannot be read is equal to nothing else.
                .unwrap_or(false),
            _ => false,
        }
    }
}

impl fmt::Debug for AnyPointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(content) = &self.0 else {
            return f.write_str("AnyPointer(null)");
        };
        let words: usize = content.segments.iter().map(Vec::len).sum();
        f.debug_struct("AnyPointer")
            .field("words", &words)
            .field("capabilities", &content.capabilities)
            .finish()
    }
}

fn to_words(bytes: &[u8]) -> Vec<Word> {
    let mut words = Word::allocate_zeroed_vec(bytes.len().div_ceil(size_of::<Word>()));
    if let Some(target) = Word::words_to_bytes_mut(&mut words).get_mut(..bytes.len()) {
        target.copy_from_slice(bytes);
    }
    words
}
