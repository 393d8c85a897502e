//! The answers that a peer has asked for, by the ID it chose.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// IDs below this are looked up by index. Peers number their questions densely from 0, so nearly all are; the bound keeps a
/// peer that does not from making us hold more than 4 KiB.
const DENSE: u32 = 512;

/// An answer that is not finished.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Answer {
    /// Of a Bootstrap; calls may be addressed to it.
    Bootstrap,
    /// Of a call that is being served. The serial number tells it from later calls of the same ID.
    Running { serial: u32 },
    /// Of a call that was finished before it was answered; the answer is still due.
    Cancelled { serial: u32 },
}

#[derive(Debug, Default)]
pub(super) struct Answers {
    dense: Vec<Option<Answer>>,
    sparse: BTreeMap<u32, Answer>,
}

impl Answers {
    pub(super) fn get(&self, id: u32) -> Option<Answer> {
        match Self::dense_index(id) {
            Some(index) => self.dense.get(index).copied().flatten(),
            None => self.sparse.get(&id).copied(),
        }
    }

    pub(super) fn set(&mut self, id: u32, answer: Answer) {
        let Some(index) = Self::dense_index(id) else {
            self.sparse.insert(id, answer);
            return;
        };
        if index >= self.dense.len() {
            self.dense.resize(index.saturating_add(1), None);
        }
        if let Some(slot) = self.dense.get_mut(index) {
            *slot = Some(answer);
        }
    }

    pub(super) fn remove(&mut self, id: u32) {
        match Self::dense_index(id) {
            Some(index) => {
                if let Some(slot) = self.dense.get_mut(index) {
                    *slot = None;
                }
            }
            None => {
                self.sparse.remove(&id);
            }
        }
    }

    fn dense_index(id: u32) -> Option<usize> {
        (id < DENSE).then(|| usize::try_from(id).ok()).flatten()
    }
}
