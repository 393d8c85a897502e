//! [`Task`]: what drives the `capnp-rpc` system of a channel.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use capnp_rpc::RpcSystem;
use futures::task::AtomicWaker;

use super::{channel::Channel, limits::MAX_ROUNDS};

/// Turns that a channel which has ended leaves to the callers whose answers came before.
const LAST_TURNS: u8 = 4;

/// The task of a channel: lets `capnp-rpc` do all there is to do, then hands everything to the session at once.
pub(super) struct Task {
    channel: Rc<Channel>,
    system: Option<RpcSystem<()>>,
    flag: Arc<Flag>,
    waker: Waker,
    /// Turns left to others, once the channel has ended.
    last_turns: Option<u8>,
}

impl Task {
    pub(super) fn new(channel: Rc<Channel>, system: RpcSystem<()>) -> Self {
        let flag = Arc::new(Flag {
            woken: AtomicBool::new(true),
            polling: AtomicBool::new(false),
            task: AtomicWaker::new(),
        });
        Self {
            channel,
            system: Some(system),
            waker: Waker::from(Arc::clone(&flag)),
            flag,
            last_turns: None,
        }
    }

    /// Lets `capnp-rpc` work until it waits for something; `true` if it did not come to that.
    fn run(&mut self, cx: &Context<'_>) -> bool {
        self.flag.task.register(cx.waker());
        self.channel.take_in();
        if self.channel.has_panicked() {
            return false;
        }
        let Some(system) = &mut self.system else {
            return false;
        };
        let mut inner = Context::from_waker(&self.waker);
        self.flag.polling.store(true, Ordering::Release);
        let mut rounds = 0;
        while rounds < MAX_ROUNDS
            && !self.channel.is_sated()
            && self.flag.woken.swap(false, Ordering::AcqRel)
        {
            rounds += 1;
            let polled = catch_unwind(AssertUnwindSafe(|| Pin::new(&mut *system).poll(&mut inner)));
            match polled {
                Ok(Poll::Pending) => {}
                Ok(Poll::Ready(_)) => self.channel.go_down(None),
                Err(_) => {
                    self.channel.panicked();
                    break;
                }
            }
        }
        self.flag.polling.store(false, Ordering::Release);
        self.flag.woken.load(Ordering::Acquire)
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        // Where the thread ends before the channel is cleaned up: each holds the connection, which holds the channel.
        drop_caught(self.channel.carriers.end());
    }
}

impl Future for Task {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.channel.register(cx.waker());
        let more = self.run(cx);
        let channel = &self.channel;
        channel.settle();
        if self.last_turns.is_none() {
            let Some((status, code)) = channel.verdict() else {
                if more {
                    cx.waker().wake_by_ref();
                }
                return Poll::Pending;
            };
            channel.shut(status, code);
            self.last_turns = Some(LAST_TURNS);
        }
        if let Some(turns) = &mut self.last_turns
            && *turns > 0
        {
            *turns -= 1;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.channel.clean_up();
        let system = self.system.take();
        drop_caught(system);
        self.channel.settle();
        Poll::Ready(())
    }
}

/// Drops what belongs to `capnp-rpc`, which may panic when it was left in a bad state.
pub(super) fn drop_caught<T>(value: T) {
    if catch_unwind(AssertUnwindSafe(|| drop(value))).is_err() {
        tracing::error!("the end of a level 1 channel panicked");
    }
}

/// Knows whether `capnp-rpc` has more to do, and wakes the task only when that is asleep.
struct Flag {
    woken: AtomicBool,
    polling: AtomicBool,
    task: AtomicWaker,
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        if !self.polling.load(Ordering::Acquire) {
            self.task.wake();
        }
    }
}
