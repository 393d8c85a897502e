//! [`Vats`]: the thread of a node on which all of its level 1 channels live.

use std::{
    collections::VecDeque,
    future::poll_fn,
    io,
    rc::Rc,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
    thread::JoinHandle,
};

use futures::task::AtomicWaker;
use tokio::{
    runtime::{Builder, Handle},
    task::LocalSet,
};

use super::{
    clock::Hold,
    import::{Import, ImportNumber},
    invoke::Invoke,
    limits::STACK,
    link::{ChannelNumber, Link},
    question::QuestionNumber,
    registry::Vat,
};
use crate::{
    Result, Skeleton, Status,
    session::{ChannelKey, Session},
};

/// The thread of a node on which all of its level 1 channels live: started for the first of them, ended with the node.
#[derive(Default)]
pub(crate) struct Vats {
    queue: Mutex<Option<Arc<Queue>>>,
    #[cfg(test)]
    pub(super) thread: Mutex<Option<JoinHandle<()>>>,
    /// Whether a paused clock waits for the thread.
    holds_clock: bool,
}

impl Vats {
    /// Makes a paused clock wait for the thread: for tests.
    pub(crate) fn hold_clock(&mut self) {
        self.holds_clock = true;
    }

    /// Where a new channel is told about. Must be called on the user's runtime.
    ///
    /// # Errors
    ///
    /// `unavailable` when the thread cannot be started.
    pub(crate) fn link(&self) -> Result<Arc<Link>> {
        let mut queue = lock(&self.queue);
        if let Some(queue) = &*queue {
            return Ok(Link::new(Arc::clone(queue)));
        }
        let started = Handle::try_current()
            .map_err(io::Error::other)
            .and_then(|user| start(user, self.holds_clock));
        let (started, _thread) = started.map_err(|error| {
            Status::unavailable(format!("the thread of level 1 cannot be started: {error}"))
        })?;
        #[cfg(test)]
        lock(&self.thread).replace(_thread);
        Ok(Link::new(Arc::clone(queue.insert(started))))
    }
}

impl Drop for Vats {
    fn drop(&mut self) {
        if let Some(queue) = &*lock(&self.queue) {
            queue.close();
        }
    }
}

fn start(user: Handle, holds_clock: bool) -> io::Result<(Arc<Queue>, JoinHandle<()>)> {
    let queue = Arc::new(Queue {
        state: Mutex::default(),
        waker: AtomicWaker::new(),
        numbers: AtomicU64::new(0),
        clock: holds_clock.then(|| user.clone()),
    });
    let parked = Arc::clone(&queue);
    let runtime = Builder::new_current_thread()
        .on_thread_park(move || parked.idle())
        .build()?;
    let commands = Arc::clone(&queue);
    let thread = std::thread::Builder::new()
        .name("dsoftbus-vat".to_owned())
        .stack_size(STACK)
        .spawn(move || {
            // Whatever happens here, nobody may wait for this thread for ever.
            let _stop = StopOnDrop(Arc::clone(&commands));
            let vat = Vat::new(Arc::clone(&commands), user);
            LocalSet::new().block_on(&runtime, run(commands, vat));
        })?;
    Ok((queue, thread))
}

async fn run(queue: Arc<Queue>, vat: Rc<Vat>) {
    let mut batch = VecDeque::new();
    while poll_fn(|cx| queue.poll_drain(cx, &mut batch)).await {
        for command in batch.drain(..) {
            vat.handle(command);
        }
    }
    vat.end();
}

struct StopOnDrop(Arc<Queue>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.close();
        let mut state = lock(&self.0.state);
        state.hold = None;
        let left = std::mem::take(&mut state.commands);
        // Without the lock: what is dropped may push.
        drop(state);
        drop(left);
    }
}

/// What handles and sessions want of the thread.
pub(super) enum Command {
    /// Start a channel that this side opened; its service is to be known by a handle.
    Open(Opened),
    /// Start a channel that the peer opened.
    Serve(Serve),
    /// Look at a channel: messages have come, or it has ended.
    Ready(ChannelNumber),
    /// Make a call.
    Invoke(Invoke),
    /// Make a capability in the results of a call known by this handle, before they are there.
    Pipeline {
        question: QuestionNumber,
        path: Vec<u16>,
        import: Import,
    },
    /// Nobody waits for a call any more.
    Cancel(QuestionNumber),
    /// Nobody holds a capability any more.
    Release(ImportNumber),
    /// Go on with what waited for something outside of the thread.
    Wake(Waker),
}

/// A channel that this side opened.
pub(super) struct Opened {
    pub(super) session: Arc<Session>,
    pub(super) key: ChannelKey,
    pub(super) link: Arc<Link>,
    pub(super) service: Import,
}

/// A channel that the peer opened, and what is served on it.
pub(super) struct Serve {
    pub(super) session: Arc<Session>,
    pub(super) key: ChannelKey,
    pub(super) link: Arc<Link>,
    pub(super) skeleton: Arc<dyn Skeleton>,
}

/// Commands on their way to the thread, which takes all there are whenever it wakes.
///
/// What bounds it: calls and answers are counted before they get here, a channel has at most one [`Command::Ready`] under way,
/// and everything else is given up once for something that was bounded when it was made.
pub(super) struct Queue {
    state: Mutex<State>,
    waker: AtomicWaker,
    numbers: AtomicU64,
    /// The runtime whose paused clock waits for the thread.
    clock: Option<Handle>,
}

#[derive(Default)]
struct State {
    commands: VecDeque<Command>,
    closed: bool,
    hold: Option<Hold>,
}

impl Queue {
    /// Hands a command to the thread. When that has stopped the command is dropped, which ends what it asks for.
    pub(super) fn push(&self, command: Command) {
        {
            let mut state = lock(&self.state);
            if state.closed {
                drop(state);
                return;
            }
            if let Some(runtime) = &self.clock
                && state.hold.is_none()
            {
                state.hold = Some(Hold::new(runtime));
            }
            state.commands.push_back(command);
        }
        self.waker.wake();
    }

    /// A number that nothing else of the thread has.
    pub(super) fn next_number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// Takes all commands; `false` when there are none and none will come.
    fn poll_drain(&self, cx: &Context<'_>, batch: &mut VecDeque<Command>) -> Poll<bool> {
        self.waker.register(cx.waker());
        let mut state = lock(&self.state);
        if state.commands.is_empty() {
            return match state.closed {
                true => Poll::Ready(false),
                false => Poll::Pending,
            };
        }
        std::mem::swap(&mut state.commands, batch);
        Poll::Ready(true)
    }

    /// The thread has nothing to do before another command comes.
    fn idle(&self) {
        let mut state = lock(&self.state);
        if state.commands.is_empty() {
            state.hold = None;
        }
    }

    fn close(&self) {
        lock(&self.state).closed = true;
        self.waker.wake();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
