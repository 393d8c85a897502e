//! Credit: who may send how much. Rules: WIRE.md, "Channels".
//!
//! All arithmetic is checked or saturates where a bound above it makes the difference unobservable.

use crate::frame::{HEADER, padding};

/// What a channel starts with in each direction, in bytes. A constant of wire version 1.
pub const CHANNEL_CREDIT: u32 = 262_144;

/// What a session starts with in each direction, in bytes. A constant of wire version 1.
pub const SESSION_CREDIT: u32 = 4_194_304;

/// The part of the session's credit that bulk channels leave to others, in bytes.
pub const BULK_RESERVE: u32 = SESSION_CREDIT / 2;

/// Most credit a side may have. A constant of wire version 1.
pub const MAX_CREDIT: u32 = 0x7fff_ffff;

/// What a Data frame with `payload` bytes costs: header, payload, padding.
pub(crate) fn cost(payload: usize) -> u32 {
    let bytes = payload
        .saturating_add(padding(payload))
        .saturating_add(HEADER);
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// The largest payload, a multiple of 8, that `credit` pays for.
pub(crate) fn payload_for(credit: u32) -> usize {
    let payload = credit.saturating_sub(8) & !7;
    usize::try_from(payload).unwrap_or(usize::MAX)
}

/// What we may still send.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct SendCredit(u32);

impl SendCredit {
    pub(crate) const fn new(initial: u32) -> Self {
        Self(initial)
    }

    pub(crate) const fn left(self) -> u32 {
        self.0
    }

    /// Pays for a frame. The caller has compared its cost with [`left`](Self::left).
    pub(crate) fn spend(&mut self, cost: u32) {
        debug_assert!(cost <= self.0);
        self.0 = self.0.saturating_sub(cost);
    }

    /// The credit after a grant, or `None` if that goes beyond [`MAX_CREDIT`].
    pub(crate) fn granted(self, amount: u32) -> Option<Self> {
        match self.0.checked_add(amount)? {
            sum if sum <= MAX_CREDIT => Some(Self(sum)),
            _ => None,
        }
    }
}

/// What the peer may still send, and what became of what it sent.
///
/// Invariant: `available + held + owed == size + debt`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct ReceiveWindow {
    /// What the window is built for.
    size: u32,
    /// The peer's bulk channels cannot use this last part, so grants come before it is reached.
    reserve: u32,
    /// Least grant, so that a consumer that nibbles does not cause a frame per bite.
    quantum: u32,
    /// What the peer may still send.
    available: u32,
    /// Received and not consumed.
    held: u32,
    /// Consumed and not granted again.
    owed: u32,
    /// Granted for parts of a message that was then held after all: the next consumption pays it off.
    debt: u32,
}

impl ReceiveWindow {
    pub(crate) const fn channel() -> Self {
        Self::new(CHANNEL_CREDIT, 0, 1)
    }

    pub(crate) const fn session() -> Self {
        Self::new(SESSION_CREDIT, BULK_RESERVE, SESSION_QUANTUM)
    }

    const fn new(size: u32, reserve: u32, quantum: u32) -> Self {
        Self {
            size,
            reserve,
            quantum,
            available: size,
            held: 0,
            owed: 0,
            debt: 0,
        }
    }

    /// Whether the peer may send a frame of this cost.
    pub(crate) const fn affords(&self, cost: u32) -> bool {
        cost <= self.available
    }

    /// Takes in a frame. The caller has asked [`affords`](Self::affords).
    pub(crate) fn receive(&mut self, cost: u32) {
        debug_assert!(self.affords(cost));
        self.available = self.available.saturating_sub(cost);
        self.held = self.held.saturating_add(cost);
    }

    /// Data was consumed. More than is held counts as all of it.
    pub(crate) fn release(&mut self, cost: u32) {
        let cost = cost.min(self.held);
        self.held = self.held.saturating_sub(cost);
        let paid = cost.min(self.debt);
        self.debt = self.debt.saturating_sub(paid);
        self.owed = self.owed.saturating_add(cost.saturating_sub(paid));
    }

    /// Counts released data as held again: the message it belongs to is complete and waits for the application.
    pub(crate) fn reclaim(&mut self, cost: u32) {
        let taken = cost.min(self.owed);
        self.owed = self.owed.saturating_sub(taken);
        self.debt = self.debt.saturating_add(cost.saturating_sub(taken));
        self.held = self.held.saturating_add(cost);
    }

    /// Whether it is time for a grant: we owe the peer at least as much as it has left.
    ///
    /// With nothing held that is half of the window; with much held it comes earlier, so the peer never stops for
    /// credit that we have but do not grant.
    pub(crate) fn is_due(&self) -> bool {
        let spare = self.available.saturating_sub(self.reserve);
        self.owed >= spare.max(self.quantum)
    }

    /// What to grant now.
    pub(crate) fn grant(&mut self) -> Option<core::num::NonZeroU32> {
        if !self.is_due() {
            return None;
        }
        let amount = core::num::NonZeroU32::new(self.owed)?;
        self.available = self.available.saturating_add(self.owed);
        self.owed = 0;
        Some(amount)
    }

    /// Doubles the window up to `max`; the next grant carries the difference.
    pub(crate) fn grow(&mut self, max: u32) {
        let size = self.size.saturating_mul(2).min(max);
        let more = size.saturating_sub(self.size);
        self.size = self.size.saturating_add(more);
        self.owed = self.owed.saturating_add(more);
    }

    pub(crate) const fn held(&self) -> u32 {
        self.held
    }

    /// Whether the application keeps up: less than half of the window waits for it.
    pub(crate) const fn keeps_up(&self) -> bool {
        self.held < self.size / 2
    }

    #[cfg(test)]
    pub(crate) const fn available(&self) -> u32 {
        self.available
    }

    #[cfg(test)]
    pub(crate) const fn owed(&self) -> u32 {
        self.owed
    }

    #[cfg(test)]
    pub(crate) const fn debt(&self) -> u32 {
        self.debt
    }

    /// The invariant of this type.
    #[cfg(test)]
    pub(crate) fn is_conserved(&self) -> bool {
        let sum = |values: [u32; 3]| values.into_iter().map(u64::from).sum::<u64>();
        sum([self.available, self.held, self.owed]) == sum([self.size, self.debt, 0])
    }
}

/// Least grant on the session, in bytes. At least one largest frame, so that there are never more grants than Data frames,
/// which is what the peer's budget for them allows.
const SESSION_QUANTUM: u32 = 65_536;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn credit_stops_at_two_to_the_31_minus_1() {
        let credit = SendCredit::new(CHANNEL_CREDIT);
        let most = MAX_CREDIT - CHANNEL_CREDIT;
        assert_eq!(credit.granted(most), Some(SendCredit(MAX_CREDIT)));
        assert_eq!(credit.granted(most + 1), None);
        assert_eq!(credit.granted(u32::MAX), None);
    }

    #[test]
    fn cost_counts_header_and_padding() {
        assert_eq!(cost(1), 16);
        assert_eq!(cost(8), 16);
        assert_eq!(cost(9), 24);
        assert_eq!(cost(65_504), 65_512);
    }

    #[test]
    fn a_channel_grants_when_half_of_the_window_is_owed() {
        let mut window = ReceiveWindow::channel();
        window.receive(CHANNEL_CREDIT / 2 - 8);
        window.release(u32::MAX);
        assert_eq!(window.grant(), None);
        window.receive(8);
        window.release(8);
        assert_eq!(window.grant().map(u32::from), Some(CHANNEL_CREDIT / 2));
    }

    #[test]
    fn credit_that_is_owed_reaches_a_peer_that_has_none_left_although_much_is_held() {
        let mut window = ReceiveWindow::channel();
        window.receive(CHANNEL_CREDIT);
        window.release(16);
        assert_eq!(window.grant().map(u32::from), Some(16));
    }

    #[test]
    fn a_session_grants_before_bulk_reaches_its_reserve() {
        let mut window = ReceiveWindow::session();
        window.receive(BULK_RESERVE);
        window.release(SESSION_QUANTUM);
        assert_eq!(window.grant().map(u32::from), Some(SESSION_QUANTUM));
    }

    proptest! {
        #[test]
        fn a_window_conserves_credit_whatever_happens(
            steps in proptest::collection::vec((0_u8..5, 0_u32..70_000), 0..200)
        ) {
            let mut window = ReceiveWindow::channel();
            let mut lent = 0_u32;
            for (step, amount) in steps {
                match step {
                    0 if window.affords(amount) => window.receive(amount),
                    1 => window.release(amount),
                    2 => {
                        // A part of a message: received and lent back at once.
                        let amount = amount.min(window.held());
                        window.release(amount);
                        lent += amount;
                    }
                    3 => window.reclaim(core::mem::take(&mut lent)),
                    4 => drop(window.grant()),
                    _ => {}
                }
                prop_assert!(window.is_conserved(), "{window:?}");
            }
        }
    }
}
