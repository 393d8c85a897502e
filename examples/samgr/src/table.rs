//! The table of names: who holds which, within limits. No clock, no session, no lock.

use std::collections::{BTreeMap, BTreeSet};

use dsoftbus::DeviceId;

use crate::Error;

/// Services that the registry holds at once.
///
/// `list` answers with all of them in one message of at most 1 MiB; with the longest names this many take 640 KiB. Without a bound,
/// devices that register without end would take the memory of this one.
pub const MAX_SERVICES: usize = 2_048;

/// Services that one device may hold at once.
///
/// More than any device runs (an announcement names 64 as well), and one device alone cannot fill the registry for the
/// others: that takes 32 that are trusted.
pub const MAX_PER_DEVICE: usize = 64;

/// Longest name, in bytes. The schema promises it.
pub const MAX_NAME: usize = 255;

/// One registered service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) owner: DeviceId,
    pub(crate) channel: u16,
    pub(crate) interface_id: u64,
    pub(crate) lease: Lease,
}

/// How long an entry lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lease {
    /// Until it is unregistered: an entry of this process.
    Unlimited,
    /// Until this session ends: an entry of a peer.
    Session([u8; 32]),
}

/// Names and who holds them.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// Sorted, because that is how `list` answers.
    entries: BTreeMap<String, Entry>,
    /// Sessions whose end somebody waits for. One that has no entry left stays here until it ends: there are
    /// never more of them than the node has sessions.
    sessions: BTreeSet<[u8; 32]>,
}

impl Table {
    /// Registers `name`, or replaces what its owner registered before. True when the end of the entry's session has to
    /// be waited for from now on.
    pub(crate) fn register(&mut self, name: &str, entry: Entry) -> Result<bool, Error> {
        check_name(name)?;
        match self.entries.get(name) {
            Some(holder) if holder.owner != entry.owner => return Err(Error::AlreadyRegistered),
            Some(_) => {}
            None => {
                if self.entries.len() >= MAX_SERVICES
                    || self.held_by(&entry.owner) >= MAX_PER_DEVICE
                {
                    return Err(Error::TooMany);
                }
            }
        }
        self.entries.insert(name.to_owned(), entry);
        Ok(match entry.lease {
            Lease::Unlimited => false,
            Lease::Session(session) => self.sessions.insert(session),
        })
    }

    /// Removes `name` for the device that holds it.
    pub(crate) fn unregister(&mut self, name: &str, device: DeviceId) -> Result<(), Error> {
        let holder = self.entries.get(name).ok_or(Error::NotFound)?;
        if holder.owner != device {
            return Err(Error::NotOwner);
        }
        self.entries.remove(name);
        Ok(())
    }

    /// Removes what was registered in a session that has ended; says how many entries that were.
    pub(crate) fn expire(&mut self, session: [u8; 32]) -> usize {
        let before = self.entries.len();
        self.sessions.remove(&session);
        self.entries
            .retain(|_, entry| entry.lease != Lease::Session(session));
        before - self.entries.len()
    }

    /// The entry under exactly this name.
    pub(crate) fn find(&self, name: &str) -> Option<&Entry> {
        self.entries.get(name)
    }

    /// All entries, names rising.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries
            .iter()
            .map(|(name, entry)| (name.as_str(), entry))
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// A scan of at most [`MAX_SERVICES`] entries: a second table to keep in step would be worth it for far more.
    fn held_by(&self, device: &DeviceId) -> usize {
        self.entries
            .values()
            .filter(|entry| entry.owner == *device)
            .count()
    }
}

/// A name is 1 to 255 bytes without control characters, which would garble every log and terminal it is printed to.
fn check_name(name: &str) -> Result<(), Error> {
    let fits = (1..=MAX_NAME).contains(&name.len());
    if fits && !name.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(Error::BadName)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(number: u8) -> DeviceId {
        use dsoftbus::{Identity, IdentityProvider as _};
        Identity::from_seed([number; 32], 0).device_id()
    }

    fn entry(owner: u8, session: u8) -> Entry {
        Entry {
            owner: device(owner),
            channel: 0x100,
            interface_id: 7,
            lease: Lease::Session([session; 32]),
        }
    }

    #[test]
    fn a_name_has_one_holder() {
        let mut table = Table::default();
        table.register("clock", entry(1, 1)).unwrap();
        assert_eq!(
            table.register("clock", entry(2, 2)),
            Err(Error::AlreadyRegistered)
        );
        assert_eq!(table.find("clock"), Some(&entry(1, 1)));
    }

    #[test]
    fn the_holder_replaces_its_entry() {
        let mut table = Table::default();
        table.register("clock", entry(1, 1)).unwrap();
        let moved = Entry {
            channel: 0x200,
            ..entry(1, 1)
        };
        table.register("clock", moved).unwrap();
        assert_eq!(table.find("clock"), Some(&moved));
        assert_eq!(table.len(), 1);
    }

    #[test]
    fn only_the_holder_unregisters() {
        let mut table = Table::default();
        table.register("clock", entry(1, 1)).unwrap();
        assert_eq!(table.unregister("clock", device(2)), Err(Error::NotOwner));
        assert_eq!(table.unregister("radio", device(1)), Err(Error::NotFound));
        assert_eq!(table.unregister("clock", device(1)), Ok(()));
        assert_eq!(table.find("clock"), None);
    }

    #[test]
    fn names_that_no_log_can_show_are_refused() {
        let mut table = Table::default();
        let long = "x".repeat(MAX_NAME + 1);
        for bad in ["", "a\nb", "a\0", "\u{7f}", "\u{85}", &long] {
            assert_eq!(table.register(bad, entry(1, 1)), Err(Error::BadName));
        }
        for good in ["a", "Küche/Licht 2", &long[1..]] {
            assert_eq!(table.register(good, entry(1, 1)).map(drop), Ok(()));
        }
    }

    #[test]
    fn a_device_cannot_take_more_than_its_share() {
        let mut table = Table::default();
        for number in 0..MAX_PER_DEVICE {
            table.register(&number.to_string(), entry(1, 1)).unwrap();
        }
        assert_eq!(table.register("more", entry(1, 2)), Err(Error::TooMany));
        // What it holds it may still replace, and others are not concerned.
        assert_eq!(table.register("0", entry(1, 1)), Ok(false));
        assert_eq!(table.register("more", entry(2, 3)), Ok(true));
    }

    #[test]
    fn a_full_registry_takes_no_more_from_anybody() {
        let mut table = Table::default();
        for number in 0..MAX_SERVICES {
            let owner = u8::try_from(number / MAX_PER_DEVICE).unwrap();
            table
                .register(&number.to_string(), entry(owner, owner))
                .unwrap();
        }
        assert_eq!(table.register("more", entry(99, 99)), Err(Error::TooMany));
        table.unregister("0", device(0)).unwrap();
        assert_eq!(table.register("more", entry(99, 99)), Ok(true));
    }

    #[test]
    fn the_end_of_a_session_takes_its_entries_and_no_others() {
        let mut table = Table::default();
        table.register("old", entry(1, 1)).unwrap();
        table.register("moved", entry(1, 1)).unwrap();
        // The device has reconnected before its first session was found dead.
        table.register("moved", entry(1, 2)).unwrap();
        table.register("other", entry(2, 3)).unwrap();
        assert_eq!(table.expire([1; 32]), 1);
        let left: Vec<_> = table.iter().map(|(name, _)| name).collect();
        assert_eq!(left, ["moved", "other"]);
    }

    #[test]
    fn a_session_is_waited_for_once() {
        let mut table = Table::default();
        assert_eq!(table.register("a", entry(1, 1)), Ok(true));
        assert_eq!(table.register("b", entry(1, 1)), Ok(false));
        let local = Entry {
            lease: Lease::Unlimited,
            ..entry(3, 0)
        };
        assert_eq!(table.register("c", local), Ok(false));
    }
}
