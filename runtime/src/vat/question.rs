//! [`Question`]: a call on its way, as its caller holds it.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use super::{
    import::{Import, Ticket, WeakImport},
    thread::{Command, Queue},
};
use crate::{Incoming, Result, Status};

/// Which call of the vat thread.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct QuestionNumber(u64);

/// A call on its way. Dropping the last reference cancels it, unless it was answered.
pub(crate) struct Question {
    queue: Arc<Queue>,
    number: QuestionNumber,
    /// What the call was made on, for handles that are made of its results.
    target: Import,
    slot: Arc<Slot>,
    /// Whether the thread keeps the results until it is told otherwise.
    keep: bool,
    /// The handles that were made for each path into the results: the same path gives the same handle.
    pipelined: Mutex<Vec<(Vec<u16>, WeakImport)>>,
}

impl Question {
    pub(super) fn new(target: &Import, keep: bool, ticket: Ticket) -> (Arc<Self>, Answerer) {
        let queue = Arc::clone(target.queue());
        let slot = Arc::new(Slot::default());
        let answerer = Answerer {
            slot: Arc::clone(&slot),
            ticket: Some(ticket),
        };
        let question = Self {
            number: QuestionNumber(queue.next_number()),
            queue,
            target: target.clone(),
            slot,
            keep,
            pipelined: Mutex::default(),
        };
        (Arc::new(question), answerer)
    }

    pub(super) fn number(&self) -> QuestionNumber {
        self.number
    }

    /// The capability at `path` of the results, which need not be there yet. The call must have been begun with `keep`.
    pub(crate) fn pipelined(self: &Arc<Self>, path: &[u16]) -> Import {
        let mut pipelined = lock(&self.pipelined);
        let known = pipelined.iter().find(|(known, _)| known == path);
        if let Some(import) = known.and_then(|(_, import)| import.upgrade()) {
            return import;
        }
        let import = Import::new(
            Arc::clone(&self.queue),
            self.target.peer(),
            Arc::clone(self.target.load()),
            Some(Arc::clone(self)),
        );
        pipelined.retain(|(_, import)| import.is_held());
        pipelined.push((path.to_vec(), import.downgrade()));
        // Under the lock, so that whoever gets the same handle cannot call before its entry is made. When the thread has
        // stopped there is none, and calls say so.
        self.queue.push(Command::Pipeline {
            question: self.number,
            path: path.to_vec(),
            import: import.clone(),
        });
        import
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        if self.keep || !self.slot.is_answered() {
            self.queue.push(Command::Cancel(self.number));
        }
    }
}

/// The future of a call's results.
pub(crate) struct VatCall {
    question: Arc<Question>,
}

impl VatCall {
    pub(super) fn new(question: Arc<Question>) -> Self {
        Self { question }
    }

    /// Whether capabilities in its results may be asked for.
    pub(crate) fn is_kept(&self) -> bool {
        self.question.keep
    }

    pub(crate) fn question(&self) -> &Arc<Question> {
        &self.question
    }

    pub(crate) fn poll(&mut self, cx: &Context<'_>) -> Poll<Result<Incoming>> {
        self.question.slot.poll(cx)
    }
}

impl Drop for VatCall {
    fn drop(&mut self) {
        // What is pipelined on the call may keep it alive; its results interest nobody any more.
        self.question.slot.abandon();
    }
}

/// Where the outcome of a call waits for its caller.
#[derive(Default)]
struct Slot(Mutex<State>);

#[derive(Default)]
enum State {
    #[default]
    New,
    Waiting(Waker),
    Answered(Result<Incoming>),
    Taken,
    /// The caller is gone before the answer came.
    Abandoned,
}

impl Slot {
    fn poll(&self, cx: &Context<'_>) -> Poll<Result<Incoming>> {
        let mut state = lock(&self.0);
        match std::mem::replace(&mut *state, State::Taken) {
            State::Answered(outcome) => Poll::Ready(outcome),
            State::New => {
                *state = State::Waiting(cx.waker().clone());
                Poll::Pending
            }
            State::Waiting(mut waker) => {
                waker.clone_from(cx.waker());
                *state = State::Waiting(waker);
                Poll::Pending
            }
            State::Taken | State::Abandoned => {
                Poll::Ready(Err(Status::internal("a finished call was polled again")))
            }
        }
    }

    /// Returns who waits.
    fn answer(&self, outcome: Result<Incoming>) -> Option<Waker> {
        let mut state = lock(&self.0);
        let next = match &*state {
            State::New | State::Waiting(_) => State::Answered(outcome),
            State::Answered(_) | State::Taken => return None,
            State::Abandoned => State::Taken,
        };
        match std::mem::replace(&mut *state, next) {
            State::Waiting(waker) => Some(waker),
            _ => None,
        }
    }

    fn is_answered(&self) -> bool {
        matches!(*lock(&self.0), State::Answered(_) | State::Taken)
    }

    fn abandon(&self) {
        let mut state = lock(&self.0);
        let next = match &*state {
            State::New | State::Waiting(_) | State::Abandoned => State::Abandoned,
            State::Answered(_) | State::Taken => State::Taken,
        };
        let left = std::mem::replace(&mut *state, next);
        drop(state);
        drop(left);
    }
}

/// Answers a call. One that is dropped says that the call cannot be answered any more.
pub(super) struct Answerer {
    slot: Arc<Slot>,
    ticket: Option<Ticket>,
}

impl Answerer {
    /// The thread has looked at the call.
    pub(super) fn taken(&mut self) {
        if let Some(ticket) = &mut self.ticket {
            ticket.take_bytes();
        }
    }

    pub(super) fn answer(self, outcome: Result<Incoming>) {
        if let Some(caller) = self.answer_quietly(outcome) {
            caller.wake();
        }
    }

    /// Returns the caller, who has to be woken.
    pub(super) fn answer_quietly(mut self, outcome: Result<Incoming>) -> Option<Waker> {
        // Before the caller wakes, who may call again at once.
        self.ticket = None;
        self.slot.answer(outcome)
    }
}

impl Drop for Answerer {
    fn drop(&mut self) {
        self.ticket = None;
        // Nothing happens when the call was answered.
        let status = Status::unavailable("the node has ended");
        if let Some(caller) = self.slot.answer(Err(status)) {
            caller.wake();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
