//! Values out of embedded messages.
//!
//! The schema does not matter: structs and lists come over as they lie in the message. So does everything that the schema does not know.

use std::fmt;
use std::rc::Rc;

use super::{Encoding, ListValue, MAX_DEPTH, StructValue, Value};

/// What is wrong with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EmbedError {
    /// The file is shorter than its segment table says, or no whole number of words.
    Size,
    /// The root is not a struct.
    Root,
    /// A pointer leads out of its segment.
    Bounds,
    /// A pointer of a kind that is not known, or a list whose parts do not fit together.
    Pointer,
    /// A reference to a capability.
    Capability,
    /// Deeper than [`MAX_DEPTH`].
    Depth,
    /// Larger than the limit.
    Limit,
}

impl fmt::Display for EmbedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Size => "its size does not match its segment table",
            Self::Root => "its root is not a struct",
            Self::Bounds => "a pointer leads out of its segment",
            Self::Pointer => "a pointer is malformed",
            Self::Capability => "it holds a capability",
            Self::Depth => "it nests too deeply",
            Self::Limit => "it is too large",
        })
    }
}

/// The root struct of a message in stream framing that takes at most `limit` words.
pub(super) fn root(bytes: &[u8], limit: u64) -> Result<StructValue, EmbedError> {
    let mut message = Message {
        segments: segments(bytes)?,
        limit,
    };
    match message.pointer(
        Place {
            segment: 0,
            word: 0,
        },
        0,
    )? {
        Value::Struct(Some(value)) => Ok(Rc::unwrap_or_clone(value)),
        Value::AnyPointer(None) => Ok(StructValue::new(Vec::new(), Vec::new())),
        _ => Err(EmbedError::Root),
    }
}

/// Splits a message at its segment table. What follows the last segment is ignored.
fn segments(bytes: &[u8]) -> Result<Vec<&[[u8; 8]]>, EmbedError> {
    let (words, rest) = bytes.as_chunks::<8>();
    let (halves, _) = bytes.as_chunks::<4>();
    let mut table = halves.iter().map(|half| u32::from_le_bytes(*half) as usize);
    let count = table
        .next()
        .and_then(|last| last.checked_add(1))
        .ok_or(EmbedError::Size)?;
    // Half a word for the count and for each size, padded.
    let mut next = words
        .get((count + 1).div_ceil(2)..)
        .ok_or(EmbedError::Size)?;
    if !rest.is_empty() {
        return Err(EmbedError::Size);
    }
    let mut segments = Vec::with_capacity(count);
    for size in table.take(count) {
        let (segment, after) = next.split_at_checked(size).ok_or(EmbedError::Size)?;
        segments.push(segment);
        next = after;
    }
    Ok(segments)
}

/// A word of a message.
#[derive(Clone, Copy)]
struct Place {
    segment: usize,
    word: usize,
}

struct Message<'a> {
    segments: Vec<&'a [[u8; 8]]>,
    /// Words that may still be taken.
    limit: u64,
}

impl<'a> Message<'a> {
    fn pointer(&mut self, at: Place, depth: u32) -> Result<Value, EmbedError> {
        let pointer = self.word(at)?;
        if pointer & 3 != FAR {
            let target = offset(at.word + 1, pointer)?;
            return self.target(
                pointer,
                Place {
                    segment: at.segment,
                    word: target,
                },
                depth,
            );
        }
        let pad = Place {
            segment: (pointer >> 32) as usize,
            word: (pointer as u32 >> 3) as usize,
        };
        let landing = self.word(pad)?;
        if pointer & 4 == 0 {
            if landing & 3 == FAR {
                return Err(EmbedError::Pointer);
            }
            let target = offset(pad.word + 1, landing)?;
            return self.target(
                landing,
                Place {
                    segment: pad.segment,
                    word: target,
                },
                depth,
            );
        }
        // Two words: where the target is, and what it is.
        if landing & 7 != FAR {
            return Err(EmbedError::Pointer);
        }
        let tag = self.word(Place {
            segment: pad.segment,
            word: pad.word + 1,
        })?;
        let target = Place {
            segment: (landing >> 32) as usize,
            word: (landing as u32 >> 3) as usize,
        };
        self.target(tag, target, depth)
    }

    /// What `pointer` describes, which is at `target`.
    fn target(&mut self, pointer: u64, target: Place, depth: u32) -> Result<Value, EmbedError> {
        if pointer == 0 {
            return Ok(Value::AnyPointer(None));
        }
        if depth >= MAX_DEPTH {
            return Err(EmbedError::Depth);
        }
        match pointer & 3 {
            STRUCT => {
                let size = StructSize::of(pointer);
                self.words(target, size.words())?;
                self.take(size.words() as u64 + 1)?;
                Ok(Value::Struct(Some(Rc::new(
                    self.structure(target, size, depth)?,
                ))))
            }
            LIST => self.list(pointer, target, depth),
            FAR => Err(EmbedError::Pointer),
            _ => Err(EmbedError::Capability),
        }
    }

    /// The struct whose sections begin at `target`, which are in bounds.
    fn structure(
        &mut self,
        target: Place,
        size: StructSize,
        depth: u32,
    ) -> Result<StructValue, EmbedError> {
        let data = self.words(target, size.data)?.concat();
        let pointers = self.pointers(
            Place {
                word: target.word + size.data,
                ..target
            },
            size.pointers,
            depth,
        )?;
        Ok(StructValue::new(data, pointers))
    }

    fn pointers(
        &mut self,
        first: Place,
        count: usize,
        depth: u32,
    ) -> Result<Vec<Value>, EmbedError> {
        (0..count)
            .map(|index| {
                self.pointer(
                    Place {
                        word: first.word + index,
                        ..first
                    },
                    depth + 1,
                )
            })
            .collect()
    }

    fn list(&mut self, pointer: u64, target: Place, depth: u32) -> Result<Value, EmbedError> {
        let count = (pointer >> 35) as usize;
        let code = (pointer >> 32) & 7;
        if code == 7 {
            return self.struct_list(count, target, depth);
        }
        // At least a word for each element: without it, a list of void would be as large as it likes.
        self.take(
            if code == 2 {
                count as u64 / 8
            } else {
                count as u64
            } + 1,
        )?;
        let (lg, encoding) = match code {
            0 => {
                let list = ListValue::new(Encoding::Void, vec![Value::Void; count]);
                return Ok(Value::List(Some(Rc::new(list))));
            }
            1 => (0, Encoding::Data { lg: 0 }),
            2 => (3, Encoding::Data { lg: 3 }),
            3 => (4, Encoding::Data { lg: 4 }),
            4 => (5, Encoding::Data { lg: 5 }),
            5 => (6, Encoding::Data { lg: 6 }),
            _ => (6, Encoding::Pointer),
        };
        let words = self.words(target, (count << lg).div_ceil(64))?;
        let elements = match code {
            1 => {
                let bytes = words.as_flattened();
                (0..count)
                    .map(|index| Value::Bool(bytes[index / 8] >> (index % 8) & 1 != 0))
                    .collect()
            }
            // Text, Data and lists of bytes look the same.
            2 => return Ok(Value::Data(Some(words.as_flattened()[..count].into()))),
            3 => elements(words, count, |bytes| {
                Value::UInt16(u16::from_le_bytes(bytes))
            }),
            4 => elements(words, count, |bytes| {
                Value::UInt32(u32::from_le_bytes(bytes))
            }),
            5 => elements(words, count, |bytes| {
                Value::UInt64(u64::from_le_bytes(bytes))
            }),
            _ => self.pointers(target, count, depth)?,
        };
        Ok(Value::List(Some(Rc::new(ListValue::new(
            encoding, elements,
        )))))
    }

    fn struct_list(
        &mut self,
        words: usize,
        tag_place: Place,
        depth: u32,
    ) -> Result<Value, EmbedError> {
        self.words(tag_place, words + 1)?;
        let tag = self.word(tag_place)?;
        let count = (tag as u32 >> 2) as usize;
        let size = StructSize::of(tag);
        if tag & 3 != STRUCT
            || size
                .words()
                .checked_mul(count)
                .is_none_or(|needed| needed > words)
        {
            return Err(EmbedError::Pointer);
        }
        self.take(words as u64 + count as u64 + 1)?;
        let first = Place {
            word: tag_place.word + 1,
            ..tag_place
        };
        let elements: Result<_, _> = (0..count)
            .map(|index| {
                let place = Place {
                    word: first.word + index * size.words(),
                    ..first
                };
                Ok(Value::Struct(Some(Rc::new(
                    self.structure(place, size, depth)?,
                ))))
            })
            .collect();
        let encoding = Encoding::Struct {
            data_words: u16::try_from(size.data).unwrap_or(u16::MAX),
            pointers: u16::try_from(size.pointers).unwrap_or(u16::MAX),
        };
        Ok(Value::List(Some(Rc::new(ListValue::new(
            encoding, elements?,
        )))))
    }

    fn word(&self, at: Place) -> Result<u64, EmbedError> {
        let segment = self.segments.get(at.segment).ok_or(EmbedError::Bounds)?;
        segment
            .get(at.word)
            .map(|word| u64::from_le_bytes(*word))
            .ok_or(EmbedError::Bounds)
    }

    fn words(&self, first: Place, count: usize) -> Result<&'a [[u8; 8]], EmbedError> {
        let segment = self.segments.get(first.segment).ok_or(EmbedError::Bounds)?;
        let rest = segment.get(first.word..).ok_or(EmbedError::Bounds)?;
        rest.get(..count).ok_or(EmbedError::Bounds)
    }

    fn take(&mut self, words: u64) -> Result<(), EmbedError> {
        self.limit = self.limit.checked_sub(words).ok_or(EmbedError::Limit)?;
        Ok(())
    }
}

/// Lower two bits of a pointer.
const STRUCT: u64 = 0;
const LIST: u64 = 1;
const FAR: u64 = 2;

#[derive(Clone, Copy)]
struct StructSize {
    data: usize,
    pointers: usize,
}

impl StructSize {
    fn of(pointer: u64) -> Self {
        Self {
            data: (pointer >> 32) as usize & 0xffff,
            pointers: (pointer >> 48) as usize,
        }
    }

    fn words(self) -> usize {
        self.data + self.pointers
    }
}

/// Target of a struct or list pointer that ends at word `from`.
fn offset(from: usize, pointer: u64) -> Result<usize, EmbedError> {
    let offset = (pointer as u32).cast_signed() >> 2;
    from.checked_add_signed(offset as isize)
        .ok_or(EmbedError::Bounds)
}

fn elements<const N: usize>(
    words: &[[u8; 8]],
    count: usize,
    read: fn([u8; N]) -> Value,
) -> Vec<Value> {
    let (chunks, _) = words.as_flattened().as_chunks::<N>();
    chunks
        .iter()
        .take(count)
        .map(|bytes| read(*bytes))
        .collect()
}
