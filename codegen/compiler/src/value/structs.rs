//! Structs while their fields are set.

use std::rc::Rc;

use crate::types::{FieldShape, FieldShapeKind, StructShape};

use super::{StructValue, Value};

/// A struct whose fields are being set.
#[derive(Debug)]
pub(super) struct Draft {
    data: Vec<u8>,
    pointers: Vec<Value>,
}

impl Draft {
    /// A struct with all fields at their defaults.
    pub(super) fn new(shape: &StructShape) -> Self {
        Self {
            data: vec![0; usize::from(shape.data_words) * 8],
            pointers: vec![Value::AnyPointer(None); usize::from(shape.pointers)],
        }
    }

    /// Sets a field to a value of its type and makes it the active member of its union. Does nothing else for a group.
    pub(super) fn set(&mut self, shape: &StructShape, field: &FieldShape, value: Value) {
        self.activate(shape, field);
        let FieldShapeKind::Slot {
            offset,
            ty,
            default,
        } = &field.kind
        else {
            return;
        };
        if ty.is_pointer() {
            if let Some(place) = self.pointers.get_mut(*offset as usize) {
                *place = value;
            }
        } else if let Some((lg_size, bits)) = value.bits() {
            let mask = default
                .bits()
                .filter(|(lg, _)| *lg == lg_size)
                .map_or(0, |(_, bits)| bits);
            self.put(lg_size, *offset, bits ^ mask);
        }
    }

    /// Sets a field to its default and makes it the active member of its union; in a group, the first member of its union is active.
    pub(super) fn clear(&mut self, shape: &StructShape, field: &FieldShape) {
        self.activate(shape, field);
        match &field.kind {
            FieldShapeKind::Slot {
                offset,
                ty,
                default,
            } => {
                if ty.is_pointer() {
                    if let Some(place) = self.pointers.get_mut(*offset as usize) {
                        *place = Value::AnyPointer(None);
                    }
                } else if let Some((lg_size, _)) = default.bits() {
                    self.put(lg_size, *offset, 0);
                }
            }
            FieldShapeKind::Group { shape } => {
                let active = shape
                    .fields
                    .iter()
                    .find(|member| member.discriminant == Some(0));
                let plain = shape
                    .fields
                    .iter()
                    .filter(|member| member.discriminant.is_none());
                for member in active.into_iter().chain(plain) {
                    self.clear(shape, member);
                }
            }
        }
    }

    pub(super) fn finish(self) -> Value {
        Value::Struct(Some(Rc::new(StructValue::new(self.data, self.pointers))))
    }

    fn activate(&mut self, shape: &StructShape, field: &FieldShape) {
        if let (Some(value), Some(offset)) = (field.discriminant, shape.discriminant_offset) {
            self.put(4, offset, u64::from(value));
        }
    }

    /// Writes `1 << lg_size` bits at `offset`, in units of that size. A place outside the data section stays unwritten.
    fn put(&mut self, lg_size: u32, offset: u32, bits: u64) {
        let start = u64::from(offset) << lg_size;
        let Some(place) = usize::try_from(start / 8)
            .ok()
            .and_then(|byte| self.data.get_mut(byte..))
        else {
            return;
        };
        if lg_size == 0 {
            if let Some(byte) = place.first_mut() {
                let mask = 1 << (start % 8);
                *byte = if bits == 0 {
                    *byte & !mask
                } else {
                    *byte | mask
                };
            }
        } else {
            let size = 1 << (lg_size - 3);
            if let Some(place) = place.get_mut(..size) {
                place.copy_from_slice(&bits.to_le_bytes()[..size]);
            }
        }
    }
}
