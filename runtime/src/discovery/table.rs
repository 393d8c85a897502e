//! The table of known devices: which announcement replaces which, and when one is over. No clock, no socket.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Announced, Device};

/// Devices we trust, at most. They are never pushed out by others.
pub const MAX_KNOWN: usize = 1_024;

/// Devices we do not trust (yet), at most; the one heard from longest ago makes room. Whoever makes up devices by the
/// thousand pushes out other strangers only.
pub const MAX_STRANGERS: usize = 64;

/// Longest time to live in seconds: a device that vanished without a goodbye is forgotten by then.
pub const MAX_TTL: u16 = 120;

/// Seconds by which `issued at` may differ from our clock. Bounds how old a replayed announcement may be.
const MAX_CLOCK_DIFFERENCE: u64 = 300;

/// What time it is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Now {
    /// Seconds since any fixed moment; never goes back.
    pub monotonic: u64,
    /// Unix seconds; `None` if the clock is not known to be right, then only sequence numbers count.
    pub unix: Option<u64>,
}

/// Whether we trust a device, as far as room in the table goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Standing {
    /// One of at most [`MAX_KNOWN`].
    Known,
    /// One of at most [`MAX_STRANGERS`].
    Stranger,
}

/// What an announcement changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Change {
    /// The device is new, or back.
    Found {
        /// The stranger that made room.
        evicted: Option<Device>,
    },
    /// The device was there and announced something newer.
    Updated {
        /// The stranger that made room.
        evicted: Option<Device>,
    },
    /// The device said goodbye.
    Lost,
    /// Nothing: a repetition, or a goodbye of a device that was not there.
    Nothing,
}

/// Why an announcement was refused. The table is as before, except after [`Equivocation`](Self::Equivocation).
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refused {
    /// It is of our own device: an echo, or somebody has our key.
    #[error("it is of our own device")]
    OwnDevice,
    /// An equal or newer one is known: a replay, or a device that lost its sequence number.
    #[error("its sequence number {sequence} is not above {floor}")]
    Stale {
        /// Its sequence number.
        sequence: u64,
        /// The highest one seen.
        floor: u64,
    },
    /// The device signed two announcements with one number: its key is in use twice, or stolen. Neither is believed
    /// any longer; the device is gone from the table until it announces a higher number.
    #[error("the device signed two announcements with sequence number {sequence}")]
    Equivocation {
        /// The number.
        sequence: u64,
    },
    /// It wants to live for longer than [`MAX_TTL`].
    #[error("its time to live of {ttl} s is above {MAX_TTL} s")]
    TtlTooLong {
        /// Time to live in seconds.
        ttl: u16,
    },
    /// It was issued too long ago, or in the future.
    #[error("it was issued {difference} s from now")]
    ClockDifference {
        /// Difference to our clock in seconds.
        difference: u64,
    },
    /// There are [`MAX_KNOWN`] trusted devices already.
    #[error("the table of devices is full")]
    Full,
}

/// Known devices and their newest announcements.
#[derive(Debug)]
pub struct Table<A> {
    own: Option<Device>,
    rows: HashMap<Device, Row<A>>,
    /// Counts insertions, to tell which row was heard from longest ago.
    ticks: u64,
}

#[derive(Debug)]
struct Row<A> {
    /// Highest sequence number seen. Outlives the announcement, so that an old one cannot be replayed.
    floor: u64,
    /// The announcement and when it is over.
    current: Option<(Arc<A>, u64)>,
    standing: Standing,
    heard: u64,
}

impl<A: Announced> Table<A> {
    /// An empty table that ignores announcements of `own`.
    #[must_use]
    pub fn new(own: Option<Device>) -> Self {
        Self {
            own,
            rows: HashMap::new(),
            ticks: 0,
        }
    }

    /// Takes in a verified announcement.
    ///
    /// # Errors
    ///
    /// [`Refused`].
    pub fn insert(
        &mut self,
        announcement: A,
        standing: Standing,
        now: Now,
    ) -> Result<Change, Refused> {
        let device = announcement.device();
        let sequence = announcement.sequence();
        let ttl = announcement.time_to_live();
        if self.own == Some(device) {
            return Err(Refused::OwnDevice);
        }
        if ttl > MAX_TTL {
            return Err(Refused::TtlTooLong { ttl });
        }
        if let Some(unix) = now.unix {
            let difference = unix.abs_diff(announcement.issued_at());
            if difference > MAX_CLOCK_DIFFERENCE {
                return Err(Refused::ClockDifference { difference });
            }
        }
        if let Some(row) = self.rows.get_mut(&device) {
            let floor = row.floor;
            match &row.current {
                // A repetition does not extend the life: anybody can repeat.
                Some((current, _)) if sequence == floor && **current == announcement => {
                    return Ok(Change::Nothing);
                }
                Some(_) if sequence == floor => {
                    row.current = None;
                    return Err(Refused::Equivocation { sequence });
                }
                _ if sequence <= floor => return Err(Refused::Stale { sequence, floor }),
                _ => {}
            }
        } else if ttl == 0 && standing == Standing::Stranger {
            return Ok(Change::Nothing);
        }

        let evicted = self.make_room(device, standing)?;
        self.ticks += 1;
        let expires = now.monotonic.saturating_add(ttl.into());
        let row = Row {
            floor: sequence,
            current: (ttl > 0).then(|| (Arc::new(announcement), expires)),
            standing,
            heard: self.ticks,
        };
        let before = self.rows.insert(device, row).and_then(|row| row.current);
        Ok(match (before.is_some(), ttl > 0) {
            (false, true) => Change::Found { evicted },
            (true, true) => Change::Updated { evicted },
            (true, false) => Change::Lost,
            (false, false) => Change::Nothing,
        })
    }

    /// Makes sure that `device` has or finds room among its like; says which live entry had to go.
    fn make_room(&mut self, device: Device, standing: Standing) -> Result<Option<Device>, Refused> {
        let alike = || {
            let rows = self.rows.iter();
            rows.filter(|(other, row)| row.standing == standing && **other != device)
        };
        let limit = match standing {
            Standing::Known => MAX_KNOWN,
            Standing::Stranger => MAX_STRANGERS,
        };
        if alike().count() < limit {
            return Ok(None);
        }
        // Devices that are gone first: only their floor is lost.
        let oldest = alike().min_by_key(|(_, row)| (row.current.is_some(), row.heard));
        let Some((oldest, live)) = oldest.map(|(device, row)| (*device, row.current.is_some()))
        else {
            return Err(Refused::Full);
        };
        if live && standing == Standing::Known {
            return Err(Refused::Full);
        }
        self.rows.remove(&oldest);
        Ok(live.then_some(oldest))
    }

    /// The newest announcement of `device`.
    #[must_use]
    pub fn find(&self, device: &Device) -> Option<&Arc<A>> {
        let (announcement, _) = self.rows.get(device)?.current.as_ref()?;
        Some(announcement)
    }

    /// All announcements, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (&Device, &Arc<A>)> {
        let current = |(device, row)| {
            let row: &Row<A> = row;
            Some((device, &row.current.as_ref()?.0))
        };
        self.rows.iter().filter_map(current)
    }

    /// Forgets the announcement of `device`, but not its number; says whether there was one.
    pub fn remove(&mut self, device: &Device) -> bool {
        let row = self.rows.get_mut(device);
        row.is_some_and(|row| row.current.take().is_some())
    }

    /// Forgets what is over at `now`; returns the devices.
    pub fn expire(&mut self, now: Now) -> Vec<Device> {
        let over = |row: &Row<A>| {
            let current = row.current.as_ref();
            current.is_some_and(|(_, expires)| *expires <= now.monotonic)
        };
        let mut lost = Vec::new();
        for (device, row) in &mut self.rows {
            if over(row) {
                row.current = None;
                lost.push(*device);
            }
        }
        lost
    }

    /// When [`expire`](Self::expire) has something to do next, in [`Now::monotonic`] seconds.
    #[must_use]
    pub fn next_expiry(&self) -> Option<u64> {
        let current = self.rows.values().filter_map(|row| row.current.as_ref());
        current.map(|(_, expires)| *expires).min()
    }

    /// The highest sequence number of every known device: what has to survive a restart of ours, so that old
    /// announcements cannot be replayed after it.
    pub fn floors(&self) -> impl Iterator<Item = (&Device, u64)> {
        let known = |row: &Row<A>| row.standing == Standing::Known;
        let rows = self.rows.iter().filter(move |(_, row)| known(row));
        rows.map(|(device, row)| (device, row.floor))
    }

    /// Refuses announcements of a known device up to number `floor`, as after an earlier life of ours.
    ///
    /// # Errors
    ///
    /// [`Refused::Full`].
    pub fn raise_floor(&mut self, device: Device, floor: u64) -> Result<(), Refused> {
        if let Some(row) = self.rows.get_mut(&device) {
            row.floor = row.floor.max(floor);
            return Ok(());
        }
        self.make_room(device, Standing::Known)?;
        self.ticks += 1;
        let row = Row {
            floor,
            current: None,
            standing: Standing::Known,
            heard: self.ticks,
        };
        self.rows.insert(device, row);
        Ok(())
    }
}

#[cfg(test)]
pub(super) mod tests;
