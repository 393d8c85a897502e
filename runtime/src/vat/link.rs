//! [`Link`]: what a session tells the vat thread about a channel.

use std::{
    collections::VecDeque,
    future::poll_fn,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Poll, Waker},
};

use dsoftbus_proto::message::Message;
use tokio::time::Instant;

use super::{
    import::Import,
    thread::{Command, Opened, Queue, Serve},
};
use crate::{
    ChannelError, Skeleton, Status,
    session::{ChannelKey, Session},
};

/// Which of all channels that a vat thread ever had.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct ChannelNumber(pub(super) u64);

/// What a session tells the vat thread about a channel, and who waits for it to open.
pub(crate) struct Link {
    queue: Arc<Queue>,
    number: ChannelNumber,
    /// Whether the thread was told that there is news, and has not looked yet.
    told: AtomicBool,
    state: Mutex<State>,
}

struct State {
    opening: Opening,
    inbox: VecDeque<Inbound>,
    /// Bytes of the messages in it.
    waiting: usize,
    ended: Option<Status>,
}

/// A message that came in and that the thread has not taken. Its credit is not returned before.
pub(crate) struct Inbound {
    pub(crate) message: Message,
    pub(crate) deadline: Option<Instant>,
    pub(crate) cost: u32,
}

enum Opening {
    Waiting(Option<Waker>),
    Open,
    Refused(ChannelError),
}

impl Link {
    pub(super) fn new(queue: Arc<Queue>) -> Arc<Self> {
        Arc::new(Self {
            number: ChannelNumber(queue.next_number()),
            queue,
            told: AtomicBool::new(false),
            state: Mutex::new(State {
                opening: Opening::Waiting(None),
                inbox: VecDeque::new(),
                waiting: 0,
                ended: None,
            }),
        })
    }

    /// Hands a channel that this side opened to the thread; returns the handle of its service.
    pub(crate) fn open(self: &Arc<Self>, session: Arc<Session>, key: ChannelKey) -> Import {
        let service = Import::new(
            Arc::clone(&self.queue),
            session.peer(),
            Arc::default(),
            None,
        );
        let opened = Opened {
            session,
            key,
            link: Arc::clone(self),
            service: service.clone(),
        };
        // A thread that has stopped: the node has ended, and its sessions end as well.
        self.queue.push(Command::Open(opened));
        service
    }

    /// Hands a channel that the peer opened to the thread, and what is served on it.
    pub(crate) fn serve(
        self: &Arc<Self>,
        session: Arc<Session>,
        key: ChannelKey,
        skeleton: Arc<dyn Skeleton>,
    ) {
        self.queue.push(Command::Serve(Serve {
            session,
            key,
            link: Arc::clone(self),
            skeleton,
        }));
    }

    pub(super) fn queue(&self) -> &Arc<Queue> {
        &self.queue
    }

    pub(super) fn number(&self) -> ChannelNumber {
        self.number
    }

    /// Tells the thread that messages have come, or that the channel has ended. Must be called without the session's lock: the
    /// thread may want it at once.
    pub(crate) fn notify(&self) {
        if !self.told.swap(true, Ordering::AcqRel) {
            // A thread that has stopped has no channel any more.
            self.queue.push(Command::Ready(self.number));
        }
    }

    /// Leaves a message for the thread, which has to be [told](Self::notify).
    pub(crate) fn receive(&self, inbound: Inbound) {
        let mut state = self.state();
        state.waiting += inbound.message.as_bytes().len();
        state.inbox.push_back(inbound);
    }

    /// Bytes of messages that the thread has not taken.
    pub(crate) fn waiting(&self) -> usize {
        self.state().waiting
    }

    /// Takes the messages that came, and why the channel ended after them if it has. What comes from here on is news.
    pub(super) fn take(&self) -> (VecDeque<Inbound>, Option<Status>) {
        self.told.store(false, Ordering::Release);
        let mut state = self.state();
        state.waiting = 0;
        (std::mem::take(&mut state.inbox), state.ended.clone())
    }

    /// The peer accepted the channel.
    pub(crate) fn accepted(&self) -> Option<Waker> {
        self.state().set_opening(Opening::Open)
    }

    /// The channel is no more; returns who waits for it to open.
    pub(crate) fn end(&self, error: ChannelError, status: Status) -> Option<Waker> {
        let mut state = self.state();
        state.ended.get_or_insert(status);
        state.set_opening(Opening::Refused(error))
    }

    /// Waits until the peer accepts the channel.
    pub(crate) async fn opened(&self) -> Result<(), ChannelError> {
        poll_fn(|cx| match &mut self.state().opening {
            Opening::Open => Poll::Ready(Ok(())),
            Opening::Refused(error) => Poll::Ready(Err(error.clone())),
            Opening::Waiting(waker) => {
                *waker = Some(cx.waker().clone());
                Poll::Pending
            }
        })
        .await
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn set_opening(&mut self, next: Opening) -> Option<Waker> {
        let Opening::Waiting(waker) = &mut self.opening else {
            return None;
        };
        let waker = waker.take();
        self.opening = next;
        waker
    }
}
