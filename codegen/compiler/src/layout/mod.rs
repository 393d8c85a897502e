//! Where the fields of a struct lie.
//!
//! The rules are those of the reference compiler, since two programs that compile the same schema must agree:
//!
//! - Fields are placed in the order of their ordinals. A data field goes into the smallest hole that takes it, else into a new word.
//! - All members of a union share its *locations*: space of the enclosing scope, added when no member left enough of it, and grown into
//!   the holes behind it where possible. A member that is a field or a union is laid out like a group with that one member.
//! - The discriminant is placed just before the first field of the second member to have one.
//!
//! Groups outside unions have no scope of their own: their fields lie in the scope around them.
//!
//! ```
//! use capnp_compiler::layout::{Layout, Size};
//!
//! // struct S { a @0 :Bool; union { b @1 :UInt32; c @2 :Text; } }
//! let mut layout = Layout::new();
//! let union_ = layout.add_union(Layout::TOP);
//! let [b, c] = [layout.add_member(union_), layout.add_member(union_)];
//! assert_eq!(layout.place(Layout::TOP, Size::BIT)?, 0);
//! assert_eq!(layout.place(b, Size::FOUR_BYTES)?, 1);
//! assert_eq!(layout.place(c, Size::POINTER)?, 0);
//! assert_eq!(layout.discriminant_offset(union_)?, 1);
//! assert_eq!((layout.data_words(), layout.pointers()), (1, 1));
//! # Ok::<(), capnp_compiler::layout::LayoutError>(())
//! ```

mod holes;
#[cfg(test)]
mod tests;
mod usage;

use std::fmt;

use holes::{Holes, WORD};
use usage::{Location, Usage};

/// Most words of a data section, and most pointers of a pointer section: both counts are 16 bits wide in a struct pointer.
pub const MAX_SECTION: u32 = u16::MAX as u32;

/// Most union locations looked at while one struct is laid out.
///
/// The work grows with the square of the number of fields that one union member has. The largest unions in use need some thousand steps;
/// without a bound a file of one megabyte would keep the compiler busy for minutes.
pub const MAX_STEPS: u32 = 1 << 25;

/// Space that a field takes in its struct.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Size {
    /// None.
    Void,
    /// `1 << lg` bits of the data section, `lg` at most 6.
    Data {
        /// Binary logarithm of the bits.
        lg: u8,
    },
    /// A pointer.
    Pointer,
}

impl Size {
    /// `Bool`.
    pub const BIT: Self = Self::Data { lg: 0 };
    /// 8-bit integers.
    pub const BYTE: Self = Self::Data { lg: 3 };
    /// 16-bit integers, enums, discriminants.
    pub const TWO_BYTES: Self = Self::Data { lg: 4 };
    /// 32-bit integers and floats.
    pub const FOUR_BYTES: Self = Self::Data { lg: 5 };
    /// 64-bit integers and floats.
    pub const EIGHT_BYTES: Self = Self::Data { lg: 6 };
    /// Everything that is not in the data section.
    pub const POINTER: Self = Self::Pointer;
}

/// A place for fields: the struct itself, or one member of a union.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scope(Option<u32>);

/// A union, named or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UnionId(u32);

/// Why a struct cannot be laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LayoutError {
    /// More than [`MAX_SECTION`] words of data.
    TooMuchData,
    /// More than [`MAX_SECTION`] pointers.
    TooManyPointers,
    /// More than [`MAX_STEPS`] steps.
    TooComplex,
    /// Compilers before version 0.6 of the reference laid this struct out wrongly, letting fields overlap, and the reference refuses it since.
    Ambiguous,
}

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooMuchData => "the struct has more than 65535 words of data",
            Self::TooManyPointers => "the struct has more than 65535 pointers",
            Self::TooComplex => "the unions of the struct have too many fields to lay them out",
            Self::Ambiguous => {
                "compilers disagree about the layout of this field: old versions of Cap'n Proto let it overlap another one"
            }
        })
    }
}

impl std::error::Error for LayoutError {}

/// The layout of a struct in the making.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    data_words: u32,
    pointers: u32,
    holes: Holes,
    unions: Vec<Union>,
    members: Vec<Member>,
    steps: u32,
}

#[derive(Clone, Debug)]
struct Union {
    scope: Scope,
    /// Members that have a field by now.
    live_members: u32,
    discriminant: Option<u32>,
    locations: Vec<Location>,
    pointers: Vec<u32>,
}

#[derive(Clone, Debug)]
struct Member {
    union_: u32,
    is_live: bool,
    /// Use of the locations of the union, by their index. Most members use few of many locations.
    usage: Vec<(u32, Usage)>,
    /// How many of the first locations are whole words that this member fills: nothing will ever be found there.
    full: usize,
    pointers_used: usize,
}

impl Layout {
    /// Scope of the struct itself, and of groups that are in no union.
    pub const TOP: Scope = Scope(None);

    /// The layout of a struct without fields.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Announces a union inside `scope`. It takes no space before its fields do.
    pub fn add_union(&mut self, scope: Scope) -> UnionId {
        self.unions.push(Union {
            scope,
            live_members: 0,
            discriminant: None,
            locations: Vec::new(),
            pointers: Vec::new(),
        });
        UnionId(index(self.unions.len() - 1))
    }

    /// Announces a member of a union: a group, a field, or a named union (which then goes into the new scope).
    ///
    /// # Panics
    /// If `union_` is of another layout.
    pub fn add_member(&mut self, union_: UnionId) -> Scope {
        assert!(
            (union_.0 as usize) < self.unions.len(),
            "the union belongs to this layout"
        );
        self.members.push(Member {
            union_: union_.0,
            is_live: false,
            usage: Vec::new(),
            full: 0,
            pointers_used: 0,
        });
        Scope(Some(index(self.members.len() - 1)))
    }

    /// Places the next field, in the order of ordinals. The offset is in units of its size; that of a void field is zero.
    ///
    /// # Errors
    /// If the struct grows too large, or if the place of the field was in dispute in the past.
    pub fn place(&mut self, scope: Scope, size: Size) -> Result<u32, LayoutError> {
        match size {
            Size::Void => self.add_void(scope).map(|()| 0),
            Size::Data { lg } => self.add_data(scope, u32::from(lg).min(WORD)),
            Size::Pointer => self.add_pointer(scope),
        }
    }

    /// Places the discriminant of a union with an ordinal of its own. `false` if two of its members came before, which is an error.
    ///
    /// # Errors
    /// As [`Layout::place`].
    pub fn place_discriminant(&mut self, union_: UnionId) -> Result<bool, LayoutError> {
        if self.union_(union_.0).discriminant.is_some() {
            return Ok(false);
        }
        let scope = self.union_(union_.0).scope;
        let offset = self.add_data(scope, 4)?;
        self.union_(union_.0).discriminant = Some(offset);
        Ok(true)
    }

    /// Where the discriminant of a union is, in units of 16 bits. Ask when all fields are placed: a union with fewer than two live members
    /// gets its discriminant now.
    ///
    /// # Errors
    /// As [`Layout::place`].
    pub fn discriminant_offset(&mut self, union_: UnionId) -> Result<u32, LayoutError> {
        self.place_discriminant(union_)?;
        Ok(self.union_(union_.0).discriminant.unwrap_or_default())
    }

    /// Words of the data section so far.
    #[must_use]
    pub fn data_words(&self) -> u16 {
        u16::try_from(self.data_words).unwrap_or(u16::MAX)
    }

    /// Pointers so far.
    #[must_use]
    pub fn pointers(&self) -> u16 {
        u16::try_from(self.pointers).unwrap_or(u16::MAX)
    }

    fn add_void(&mut self, mut scope: Scope) -> Result<(), LayoutError> {
        // Outer unions count their members too, and a member that is only void must show up there.
        while let Scope(Some(member)) = scope {
            self.enliven(member)?;
            let union_ = self.member(member).union_;
            scope = self.union_(union_).scope;
        }
        Ok(())
    }

    fn add_pointer(&mut self, scope: Scope) -> Result<u32, LayoutError> {
        let Scope(Some(member)) = scope else {
            let offset = self.pointers;
            if offset >= MAX_SECTION {
                return Err(LayoutError::TooManyPointers);
            }
            self.pointers += 1;
            return Ok(offset);
        };
        self.enliven(member)?;
        let used = self.member(member).pointers_used;
        self.member(member).pointers_used += 1;
        let union_ = self.member(member).union_;
        if let Some(shared) = self.union_(union_).pointers.get(used) {
            return Ok(*shared);
        }
        let outer = self.union_(union_).scope;
        let offset = self.add_pointer(outer)?;
        self.union_(union_).pointers.push(offset);
        Ok(offset)
    }

    fn add_data(&mut self, scope: Scope, lg_size: u32) -> Result<u32, LayoutError> {
        let Scope(Some(member)) = scope else {
            if let Some(hole) = self.holes.try_allocate(lg_size) {
                return Ok(hole);
            }
            if self.data_words >= MAX_SECTION {
                return Err(LayoutError::TooMuchData);
            }
            let offset = self.data_words << (WORD - lg_size);
            self.data_words += 1;
            self.holes.add_at_end(lg_size, offset + 1, WORD);
            return Ok(offset);
        };
        self.enliven(member)?;
        let found = match self.fill_hole(member, lg_size)? {
            Some(offset) => Some(offset),
            None => self.grow_location(member, lg_size)?,
        };
        let offset = match found {
            Some(offset) => offset,
            None => self.add_location(member, lg_size)?,
        };
        let Member { usage, full, .. } = self.member(member);
        while usage
            .get(*full)
            .is_some_and(|(place, usage)| *place as usize == *full && usage.is_full_word())
        {
            *full += 1;
        }
        Ok(offset)
    }

    /// Takes new space of the scope around the union for a field of the member.
    fn add_location(&mut self, member: u32, lg_size: u32) -> Result<u32, LayoutError> {
        let union_ = self.member(member).union_;
        let outer = self.union_(union_).scope;
        let offset = self.add_data(outer, lg_size)?;
        let locations = &mut self.union_(union_).locations;
        locations.push(Location { lg_size, offset });
        let newest = index(locations.len() - 1);
        self.member(member)
            .usage
            .push((newest, Usage::first(lg_size)));
        Ok(offset)
    }

    /// Puts a field into the smallest space that the member has left in the locations of its union.
    fn fill_hole(&mut self, member: u32, lg_size: u32) -> Result<Option<u32>, LayoutError> {
        let union_ = self.member(member).union_;
        let locations = &self.unions[union_ as usize].locations;
        let Member {
            usage: usages,
            full,
            ..
        } = &self.members[member as usize];
        let mut used = usages.iter().enumerate().skip(*full).peekable();
        // Size of the hole, location, and place in `usages` if used.
        let mut best: Option<(u32, u32, Option<usize>)> = None;
        let first = *full;
        for (place, location) in (index(first)..).zip(locations.get(first..).unwrap_or_default()) {
            self.steps += 1;
            let usage = used.next_if(|(_, (index, _))| *index == place);
            let hole = match usage {
                Some((_, (_, usage))) => usage.smallest_hole(*location, lg_size),
                None => (lg_size <= location.lg_size).then_some(location.lg_size),
            };
            let Some(hole) = hole else { continue };
            if best.is_none_or(|(size, ..)| hole < size) {
                best = Some((hole, place, usage.map(|(slot, _)| slot)));
                // Nothing smaller takes the field.
                if hole == lg_size {
                    break;
                }
            }
        }
        if self.steps > MAX_STEPS {
            return Err(LayoutError::TooComplex);
        }
        let Some((_, place, slot)) = best else {
            return Ok(None);
        };
        let location = locations[place as usize];
        let usages = &mut self.members[member as usize].usage;
        Ok(Some(match slot {
            Some(slot) => usages[slot].1.allocate(location, lg_size),
            None => {
                let slot = usages.partition_point(|(index, _)| *index < place);
                usages.insert(slot, (place, Usage::first(lg_size)));
                location.offset << (location.lg_size - lg_size)
            }
        }))
    }

    /// Grows a location of the union until the field fits into it behind what the member has there.
    fn grow_location(&mut self, member: u32, lg_size: u32) -> Result<Option<u32>, LayoutError> {
        let union_ = self.member(member).union_;
        let first = self.member(member).full;
        let mut slot = first;
        for place in first..self.union_(union_).locations.len() {
            self.step()?;
            let used = self
                .member(member)
                .usage
                .get(slot)
                .filter(|(index, _)| *index as usize == place)
                .copied();
            let Some((_, mut usage)) = used else {
                if self.try_grow(union_, place, lg_size)? {
                    let location = self.union_(union_).locations[place];
                    self.member(member)
                        .usage
                        .insert(slot, (index(place), Usage::first(lg_size)));
                    return Ok(Some(location.offset << (location.lg_size - lg_size)));
                }
                continue;
            };
            let wanted = usage.lg_used.max(lg_size) + 1;
            if self.try_grow(union_, place, wanted)? {
                let location = self.union_(union_).locations[place];
                let offset = usage.allocate_grown(location, lg_size, wanted);
                self.member(member).usage[slot].1 = usage;
                return Ok(offset);
            }
            slot += 1;
        }
        Ok(None)
    }

    /// Makes a location at least `1 << lg_size` bits large, if the space behind it is free.
    fn try_grow(&mut self, union_: u32, place: usize, lg_size: u32) -> Result<bool, LayoutError> {
        let Location {
            lg_size: old,
            offset,
        } = self.union_(union_).locations[place];
        if lg_size <= old {
            return Ok(true);
        }
        let scope = self.union_(union_).scope;
        if !self.try_expand(scope, old, offset, lg_size - old)? {
            return Ok(false);
        }
        self.union_(union_).locations[place] = Location {
            lg_size,
            offset: offset >> (lg_size - old),
        };
        Ok(true)
    }

    /// Grows space that was given to an inner union by `factor` powers of two.
    fn try_expand(
        &mut self,
        scope: Scope,
        lg_size: u32,
        offset: u32,
        factor: u32,
    ) -> Result<bool, LayoutError> {
        let Scope(Some(member)) = scope else {
            return Ok(self.holes.try_expand(lg_size, offset, factor));
        };
        // Growth beyond a word or across alignment cannot be. Old compilers did not check it here, and where their later checks let it
        // pass, the layout is in dispute.
        let must_fail = lg_size + factor > WORD || offset.trailing_zeros() < factor;
        let union_ = self.member(member).union_;
        for slot in 0..self.member(member).usage.len() {
            self.step()?;
            let (place, mut usage) = self.member(member).usage[slot];
            let location = self.union_(union_).locations[place as usize];
            let Some(inner) = location.relative(lg_size, offset) else {
                continue;
            };
            let grown = if inner == 0 && usage.lg_used == lg_size {
                // The member has nothing else here, so the location itself can grow. Old compilers then noted holes that were none.
                if self.try_grow(union_, place as usize, lg_size + factor)? {
                    return Err(LayoutError::Ambiguous);
                }
                false
            } else {
                let grown = usage.holes.try_expand(lg_size, inner, factor);
                self.member(member).usage[slot].1 = usage;
                grown
            };
            return if grown && must_fail {
                Err(LayoutError::Ambiguous)
            } else {
                Ok(grown)
            };
        }
        Ok(false)
    }

    /// Notes that a member has a field. The second such member brings the discriminant.
    fn enliven(&mut self, member: u32) -> Result<(), LayoutError> {
        if std::mem::replace(&mut self.member(member).is_live, true) {
            return Ok(());
        }
        let union_ = self.member(member).union_;
        self.union_(union_).live_members += 1;
        if self.union_(union_).live_members == 2 {
            self.place_discriminant(UnionId(union_))?;
        }
        Ok(())
    }

    fn step(&mut self) -> Result<(), LayoutError> {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            Err(LayoutError::TooComplex)
        } else {
            Ok(())
        }
    }

    fn union_(&mut self, union_: u32) -> &mut Union {
        &mut self.unions[union_ as usize]
    }

    fn member(&mut self, member: u32) -> &mut Member {
        &mut self.members[member as usize]
    }
}

/// Scopes, unions and locations are numbered in 32 bits; a file is too short to hold more.
fn index(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}
