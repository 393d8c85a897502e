//! Values as words of a message.

use capnp::Word;

use super::{Encoding, ListValue, StructValue, Value};

/// A message segment whose root pointer is `value`.
pub(super) fn segment(value: &Value) -> Vec<Word> {
    let mut encoder = Encoder { bytes: vec![0; 8] };
    encoder.pointer(0, value);
    let mut words = Word::allocate_zeroed_vec(encoder.bytes.len() / 8);
    Word::words_to_bytes_mut(&mut words).copy_from_slice(&encoder.bytes);
    words
}

/// Element sizes of list pointers.
mod size {
    pub(super) const VOID: u64 = 0;
    pub(super) const BIT: u64 = 1;
    pub(super) const BYTE: u64 = 2;
    pub(super) const TWO_BYTES: u64 = 3;
    pub(super) const FOUR_BYTES: u64 = 4;
    pub(super) const EIGHT_BYTES: u64 = 5;
    pub(super) const POINTER: u64 = 6;
    pub(super) const STRUCT: u64 = 7;
}

struct Encoder {
    /// Whole words.
    bytes: Vec<u8>,
}

impl Encoder {
    /// Writes the pointer at byte `at`, and its target at the end.
    fn pointer(&mut self, at: usize, value: &Value) {
        match value {
            Value::Text(Some(text)) => {
                let target = self.list_pointer(at, size::BYTE, text.len() + 1);
                self.bytes[target..target + text.len()].copy_from_slice(text);
            }
            Value::Data(Some(data)) => {
                let target = self.list_pointer(at, size::BYTE, data.len());
                self.bytes[target..target + data.len()].copy_from_slice(data);
            }
            Value::List(Some(list)) => self.list(at, list),
            Value::Struct(Some(value)) => {
                let target = self.allocate(value.data.len() + value.pointers.len() * 8);
                let sizes = sizes(value.data.len() / 8, value.pointers.len());
                // A struct without sections points to its own pointer, so that it differs from a null pointer.
                let offset = if sizes == 0 {
                    OFFSET_MINUS_ONE
                } else {
                    offset(at, target)
                };
                self.put(at, offset << 2 | sizes << 32);
                self.structure(target, value, value.data.len(), value.pointers.len());
            }
            Value::AnyPointer(Some(value)) => self.pointer(at, value),
            _ => {}
        }
    }

    fn list(&mut self, at: usize, list: &ListValue) {
        let count = list.elements.len();
        match list.encoding {
            Encoding::Void => {
                self.list_pointer(at, size::VOID, count);
            }
            Encoding::Data { lg: 0 } => {
                let target = self.list_pointer(at, size::BIT, count);
                for (index, _) in list
                    .elements
                    .iter()
                    .enumerate()
                    .filter(|(_, element)| **element == Value::Bool(true))
                {
                    self.bytes[target + index / 8] |= 1 << (index % 8);
                }
            }
            Encoding::Data { lg } => {
                let (code, width) = match lg {
                    3 => (size::BYTE, 1),
                    4 => (size::TWO_BYTES, 2),
                    5 => (size::FOUR_BYTES, 4),
                    _ => (size::EIGHT_BYTES, 8),
                };
                let target = self.list_pointer(at, code, count);
                for (place, element) in self.bytes[target..]
                    .chunks_exact_mut(width)
                    .zip(&list.elements)
                {
                    let (_, bits) = element.bits().unwrap_or_default();
                    place.copy_from_slice(&bits.to_le_bytes()[..width]);
                }
            }
            Encoding::Pointer => {
                let target = self.list_pointer(at, size::POINTER, count);
                for (index, element) in list.elements.iter().enumerate() {
                    self.pointer(target + index * 8, element);
                }
            }
            Encoding::Struct {
                data_words,
                pointers,
            } => {
                let (data, pointers) = (usize::from(data_words) * 8, usize::from(pointers));
                let step = data + pointers * 8;
                let tag = self.allocate(8 + step * count);
                self.put(
                    at,
                    1 | offset(at, tag) << 2
                        | size::STRUCT << 32
                        | ((step / 8 * count) as u64) << 35,
                );
                self.put(tag, (count as u64) << 2 | sizes(data / 8, pointers) << 32);
                for (index, element) in list.elements.iter().enumerate() {
                    if let Value::Struct(Some(element)) = element {
                        self.structure(tag + 8 + index * step, element, data, pointers);
                    }
                }
            }
        }
    }

    /// Writes the sections of a struct to where there is space for `data` bytes and `pointers` pointers.
    fn structure(&mut self, target: usize, value: &StructValue, data: usize, pointers: usize) {
        let common = data.min(value.data.len());
        self.bytes[target..target + common].copy_from_slice(&value.data[..common]);
        for (index, pointer) in value.pointers.iter().take(pointers).enumerate() {
            self.pointer(target + data + index * 8, pointer);
        }
    }

    /// Writes a pointer to a new list that has no tag.
    fn list_pointer(&mut self, at: usize, code: u64, count: usize) -> usize {
        let bits = match code {
            size::VOID => 0,
            size::BIT => count,
            size::BYTE => count * 8,
            size::TWO_BYTES => count * 16,
            size::FOUR_BYTES => count * 32,
            _ => count * 64,
        };
        let target = self.allocate(bits.div_ceil(8));
        self.put(
            at,
            1 | offset(at, target) << 2 | code << 32 | (count as u64) << 35,
        );
        target
    }

    fn allocate(&mut self, bytes: usize) -> usize {
        let start = self.bytes.len();
        self.bytes.resize(start + bytes.next_multiple_of(8), 0);
        start
    }

    fn put(&mut self, at: usize, word: u64) {
        self.bytes[at..at + 8].copy_from_slice(&word.to_le_bytes());
    }
}

/// -1 in the thirty bits of an offset.
const OFFSET_MINUS_ONE: u64 = 0x3fff_ffff;

/// Words between the end of the pointer at byte `at` and its target: always forwards here.
fn offset(at: usize, target: usize) -> u64 {
    (target / 8 - at / 8 - 1) as u64
}

/// The upper half of a struct pointer.
fn sizes(data_words: usize, pointers: usize) -> u64 {
    (data_words | pointers << 16) as u64
}
