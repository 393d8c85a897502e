//! [`Backlog`]: how much waits on a channel for the peer, and how much of it is calls.

use std::collections::VecDeque;

/// How much waits on a channel for the peer, in bytes. The session knows only the sum; what is counted here tells calls, which
/// this side makes, from everything else, which answers the peer.
#[derive(Default)]
pub(super) struct Backlog {
    /// Not handed to the session yet.
    waiting_calls: usize,
    waiting_others: usize,
    /// In the session's queue when it was looked at last.
    queued: usize,
    /// All bytes ever handed over.
    handed: u64,
    /// The calls in the session's queue: where each ends in what was handed over, and its length.
    calls: VecDeque<(u64, usize)>,
    queued_calls: usize,
    /// Answers that wait in all channels of the session that the peer opened, when they were looked at last.
    session: usize,
}

impl Backlog {
    /// A message waits to be handed over.
    pub(super) fn wait(&mut self, bytes: usize, call: bool) {
        let waiting = self.waiting(call);
        *waiting = waiting.saturating_add(bytes);
    }

    /// A message of `bytes` was handed over, and takes `queued` bytes of the session's queue.
    pub(super) fn hand_over(&mut self, bytes: usize, queued: usize, call: bool) {
        let waiting = self.waiting(call);
        *waiting = waiting.saturating_sub(bytes);
        self.handed += queued as u64;
        self.queued += queued;
        if call {
            self.calls.push_back((self.handed, queued));
            self.queued_calls += queued;
        }
    }

    /// The session's queue for this channel is `queued` bytes long, and its answers on all channels are `session`.
    pub(super) fn update(&mut self, queued: usize, session: usize) {
        self.queued = queued;
        self.session = session;
        let gone = self.handed.saturating_sub(queued as u64);
        while let Some(&(end, length)) = self.calls.front()
            && end <= gone
        {
            self.calls.pop_front();
            self.queued_calls -= length;
        }
    }

    /// Bytes of calls that wait.
    pub(super) fn calls(&self) -> usize {
        self.waiting_calls + self.queued_calls
    }

    /// Bytes of everything else that waits.
    pub(super) fn others(&self) -> usize {
        self.waiting_others + self.queued.saturating_sub(self.queued_calls)
    }

    /// Bytes of answers that wait in the session.
    pub(super) fn session(&self) -> usize {
        self.session
    }

    /// Bytes that wait.
    pub(super) fn total(&self) -> usize {
        self.waiting_calls + self.waiting_others + self.queued
    }

    fn waiting(&mut self, call: bool) -> &mut usize {
        match call {
            true => &mut self.waiting_calls,
            false => &mut self.waiting_others,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Backlog;

    #[test]
    fn calls_and_answers_are_told_apart_in_one_queue() {
        let mut backlog = Backlog::default();
        for call in [true, false, true] {
            backlog.wait(100, call);
        }
        assert_eq!((backlog.calls(), backlog.others()), (200, 100));
        for call in [true, false, true] {
            backlog.hand_over(100, 108, call);
        }
        assert_eq!((backlog.calls(), backlog.others()), (216, 108));
        // The first is gone, and part of the second.
        backlog.update(166, 0);
        assert_eq!((backlog.calls(), backlog.others()), (108, 58));
        backlog.update(50, 0);
        assert_eq!((backlog.calls(), backlog.others()), (108, 0));
        backlog.update(0, 0);
        assert_eq!((backlog.calls(), backlog.others()), (0, 0));
        assert_eq!(backlog.total(), 0);
    }
}
