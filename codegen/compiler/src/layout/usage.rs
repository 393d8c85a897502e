//! How much of a union's data location one member of the union uses.

use super::holes::{Holes, WORD};

/// Space of the enclosing scope that the members of a union share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Location {
    /// Binary logarithm of its size in bits.
    pub(super) lg_size: u32,
    /// Where it is, in units of its size.
    pub(super) offset: u32,
}

impl Location {
    /// Offset of the part that is `offset` units of `1 << lg_size` bits behind the start.
    fn absolute(self, lg_size: u32, offset: u32) -> u32 {
        (self.offset << (self.lg_size - lg_size)) + offset
    }

    /// Offset within this location of the field of `1 << lg_size` bits at `offset`, if that lies in it.
    pub(super) fn relative(self, lg_size: u32, offset: u32) -> Option<u32> {
        let shift = self.lg_size.checked_sub(lg_size)?;
        (offset >> shift == self.offset).then(|| offset - (self.offset << shift))
    }
}

/// Use of a [`Location`] by a member: its first `1 << lg_used` bits, but for the holes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Usage {
    pub(super) lg_used: u32,
    pub(super) holes: Holes,
}

impl Usage {
    /// Of a location whose first `1 << lg_size` bits are taken.
    pub(super) fn first(lg_size: u32) -> Self {
        Self {
            lg_used: lg_size,
            holes: Holes::default(),
        }
    }

    /// Whether this is a whole word without holes.
    pub(super) fn is_full_word(&self) -> bool {
        self.lg_used == WORD && self.holes.smallest_at_least(0).is_none()
    }

    /// Size of the space that a field of `1 << lg_size` bits would be taken from, without growing the location.
    pub(super) fn smallest_hole(&self, location: Location, lg_size: u32) -> Option<u32> {
        let can_double = self.lg_used < location.lg_size;
        if lg_size >= self.lg_used {
            (lg_size < location.lg_size).then_some(lg_size)
        } else {
            self.holes
                .smallest_at_least(lg_size)
                .or_else(|| can_double.then_some(self.lg_used))
        }
    }

    /// Takes the space that [`Usage::smallest_hole`] found; the offset is that in the section.
    pub(super) fn allocate(&mut self, location: Location, lg_size: u32) -> u32 {
        let offset = if lg_size >= self.lg_used {
            // The second half of twice the size asked for.
            self.holes.add_at_end(self.lg_used, 1, lg_size);
            self.lg_used = lg_size + 1;
            1
        } else if let Some(hole) = self.holes.try_allocate(lg_size) {
            hole
        } else {
            // The start of the second half of twice the space used.
            let offset = 1 << (self.lg_used - lg_size);
            self.holes.add_at_end(lg_size, offset + 1, self.lg_used);
            self.lg_used += 1;
            offset
        };
        location.absolute(lg_size, offset)
    }

    /// Takes `1 << lg_size` bits from a location that was just grown to `1 << lg_used` bits for this purpose.
    pub(super) fn allocate_grown(
        &mut self,
        location: Location,
        lg_size: u32,
        lg_used: u32,
    ) -> Option<u32> {
        self.holes.add_at_end(self.lg_used, 1, lg_used);
        self.lg_used = lg_used;
        let offset = self.holes.try_allocate(lg_size)?;
        Some(location.absolute(lg_size, offset))
    }
}
