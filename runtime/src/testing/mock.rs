//! [`MockMethod`]: what one method of a generated mock was called with, and what it answers.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{Result, Status};

/// One method of a generated `XMock`: records the arguments of each call and gives the replies that a test prepared.
///
/// `A` is the tuple of arguments, `R` the result. Clones share everything, so that a test keeps one while the mock is served.
///
/// A reply that was [queued](Self::then) is given once; after those come the answers of the last [`returns`](Self::returns),
/// [`fails`](Self::fails) or [`answers`](Self::answers). A method that was told nothing fails with `unimplemented`.
pub struct MockMethod<A, R> {
    state: Arc<Mutex<State<A, R>>>,
}

type Answer<A, R> = Arc<dyn Fn(&A) -> Result<R> + Send + Sync>;

struct State<A, R> {
    name: &'static str,
    calls: Vec<A>,
    queued: VecDeque<Result<R>>,
    answer: Option<Answer<A, R>>,
}

impl<A, R> MockMethod<A, R> {
    /// A method that was told nothing; `name` is for its error.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self {
            state: Arc::new(Mutex::new(State {
                name,
                calls: Vec::new(),
                queued: VecDeque::new(),
                answer: None,
            })),
        }
    }

    /// Gives `reply` for the next call that no earlier queued reply is for.
    pub fn then(&self, reply: Result<R>) -> &Self {
        self.state().queued.push_back(reply);
        self
    }

    /// Answers every call with `value`.
    pub fn returns(&self, value: R) -> &Self
    where
        R: Clone + Send + Sync + 'static,
    {
        self.answers(move |_| Ok(value.clone()))
    }

    /// Fails every call with `status`.
    pub fn fails(&self, status: Status) -> &Self {
        self.answers(move |_| Err(status.clone()))
    }

    /// Answers every call with what `answer` makes of its arguments.
    pub fn answers(&self, answer: impl Fn(&A) -> Result<R> + Send + Sync + 'static) -> &Self {
        self.state().answer = Some(Arc::new(answer));
        self
    }

    /// The arguments of every call so far.
    pub fn calls(&self) -> Vec<A>
    where
        A: Clone,
    {
        self.state().calls.clone()
    }

    /// How often the method was called.
    pub fn count(&self) -> usize {
        self.state().calls.len()
    }

    /// One call: what the generated mock does.
    ///
    /// # Errors
    ///
    /// The status that was prepared, or `unimplemented` when nothing was.
    #[doc(hidden)]
    pub fn call(&self, arguments: A) -> Result<R>
    where
        A: Clone,
    {
        let answer = {
            let mut state = self.state();
            state.calls.push(arguments.clone());
            if let Some(reply) = state.queued.pop_front() {
                return reply;
            }
            match &state.answer {
                Some(answer) => Arc::clone(answer),
                None => {
                    let name = state.name;
                    return Err(Status::unimplemented(format!("no reply for {name}")));
                }
            }
        };
        // Without the lock: the closure may look at the mock.
        answer(&arguments)
    }

    fn state(&self) -> MutexGuard<'_, State<A, R>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<A, R> Clone for MockMethod<A, R> {
    fn clone(&self) -> Self {
        Self {
            state: Arc::clone(&self.state),
        }
    }
}

impl<A, R> fmt::Debug for MockMethod<A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("MockMethod")
            .field("name", &state.name)
            .field("calls", &state.calls.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::MockMethod;
    use crate::{Code, Status};

    #[test]
    fn a_method_that_was_told_nothing_is_unimplemented_and_names_itself() {
        let method: MockMethod<(String,), u32> = MockMethod::new("Greeter.hello");
        let status = method.call(("bus".to_owned(),)).unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented);
        assert_eq!(status.message(), "no reply for Greeter.hello");
        assert_eq!(method.calls(), [("bus".to_owned(),)]);
    }

    #[test]
    fn queued_replies_come_first_and_once() {
        let method: MockMethod<(u32,), u32> = MockMethod::new("Math.double");
        method
            .answers(|&(n,)| Ok(2 * n))
            .then(Ok(7))
            .then(Err(Status::aborted("busy")));
        let kept = method.clone();
        assert_eq!(method.call((1,)).unwrap(), 7);
        assert_eq!(method.call((2,)).unwrap_err().code(), Code::Aborted);
        assert_eq!(method.call((3,)).unwrap(), 6);
        assert_eq!(kept.calls(), [(1,), (2,), (3,)]);
    }
}
