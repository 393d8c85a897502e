//! Unused space between data fields.

/// Sizes below a word: 1, 2, 4, 8, 16 and 32 bits.
const SIZES: usize = 6;

/// Binary logarithm of the bits of a word.
pub(super) const WORD: u32 = 6;

/// The padding in a data section: at most one hole of each power of two below a word.
///
/// Fields are aligned to their size, so whoever puts a field into a larger space leaves one hole of each size between the two. A field goes
/// into the smallest hole that takes it, so that a second hole of a size never comes up.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Holes {
    /// Offset of the hole of `1 << index` bits in units of its size. Zero is no hole: the first field of a section lies there.
    offsets: [u32; SIZES],
}

impl Holes {
    /// Takes `1 << lg_size` bits out of the smallest hole that has them; the offset is in units of that size.
    pub(super) fn try_allocate(&mut self, lg_size: u32) -> Option<u32> {
        let found = self.smallest_at_least(lg_size)?;
        let mut offset = std::mem::take(self.slot(found)?);
        // Keep the first half at each step down; the second half stays a hole.
        for size in (lg_size..found).rev() {
            offset *= 2;
            *self.slot(size)? = offset + 1;
        }
        Some(offset)
    }

    /// Notes the space behind a new field of `1 << lg_size` bits up to the end of a space of `1 << limit` bits.
    ///
    /// `offset` is where that space begins, in units of the size of the field.
    pub(super) fn add_at_end(&mut self, lg_size: u32, mut offset: u32, limit: u32) {
        for size in lg_size..limit {
            if let Some(hole) = self.slot(size) {
                *hole = offset;
            }
            offset = offset.div_ceil(2);
        }
    }

    /// Grows the field at `offset` (in units of its size) by `factor` powers of two if the holes behind it allow that.
    pub(super) fn try_expand(&mut self, lg_size: u32, offset: u32, factor: u32) -> bool {
        let possible = (0..factor).all(|step| {
            self.offsets
                .get((lg_size + step) as usize)
                .is_some_and(|hole| *hole == (offset >> step) + 1)
        });
        if possible {
            for step in 0..factor {
                if let Some(hole) = self.slot(lg_size + step) {
                    *hole = 0;
                }
            }
        }
        possible
    }

    /// Size of the smallest hole of at least `1 << lg_size` bits.
    pub(super) fn smallest_at_least(&self, lg_size: u32) -> Option<u32> {
        (lg_size..)
            .zip(self.offsets.get(lg_size as usize..)?)
            .find(|(_, hole)| **hole != 0)
            .map(|(size, _)| size)
    }

    fn slot(&mut self, lg_size: u32) -> Option<&mut u32> {
        self.offsets.get_mut(lg_size as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::{Holes, WORD};

    #[test]
    fn a_field_takes_the_smallest_hole_and_leaves_the_rest() {
        let mut holes = Holes::default();
        // A bool at the start of a word.
        holes.add_at_end(0, 1, WORD);
        assert_eq!(
            holes.try_allocate(4),
            Some(1),
            "16 bits behind the first 16"
        );
        assert_eq!(holes.try_allocate(2), Some(1));
        assert_eq!(holes.try_allocate(2), Some(2), "out of the byte behind");
        assert_eq!(holes.try_allocate(2), Some(3));
        assert_eq!(holes.try_allocate(3), Some(4), "out of the last 32 bits");
        assert_eq!(holes.try_allocate(WORD), None);
    }

    #[test]
    fn a_field_grows_only_into_holes_right_behind_it() {
        let mut holes = Holes::default();
        holes.add_at_end(3, 1, WORD);
        assert!(!holes.try_expand(3, 1, 1));
        assert!(!holes.try_expand(3, 0, 4), "more than a word");
        assert!(holes.try_expand(3, 0, 2));
        assert_eq!(holes.smallest_at_least(0), Some(5));
    }
}
