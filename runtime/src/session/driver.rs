//! The task that owns a connection: socket bytes to records to the session's core, and back.
//!
//! One poll reads what the socket has, opens the records, runs the handlers that are ready at once, and seals
//! everything queued meanwhile into as few records and writes as it fits. Nothing is delayed to make batches larger: they
//! grow with the load, because what arrives while one write is under way goes out with the next.

use std::{
    collections::VecDeque,
    future::Future,
    io,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context as TaskContext, Poll},
    time::Duration,
};

use bytes::{Buf, BytesMut};
use dsoftbus_proto::{
    frame::GoodbyeCode,
    handshake::Established,
    message::Outgoing,
    record::{self, Opener, Sealer},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite},
    time::{Instant, Sleep},
};

use super::{
    Session,
    key::ChannelKey,
    outbox::Outbox,
    server::MAX_QUEUED_ANSWERS,
    work::{InboundCall, NewStream, NewVat, Work},
};
use crate::{
    Context, Result, SessionError, Skeleton,
    handler::{self, Arrived, Begun},
    message,
};

/// Free space that a read is offered at first: small, since most sessions carry small calls, and as much as glibc's allocator has at hand.
const MIN_READ: usize = 1_024;

/// Free space that a read is offered at most: beyond it a read costs what two do.
const MAX_READ: usize = 256 * 1024;

/// Plaintext taken in before its effects go out, where fewer calls came than [`Load`](super::load::Load) puts into a batch.
const PORTION: usize = 16 * 1024;

/// Bytes that are sealed at once, and written before the runtime looks at the sockets again. Who sends a payload without end would otherwise
/// read late what comes meanwhile.
const TURN: usize = 256 * 1024;

/// The same while there are calls, which wait for no more than this and one record. Smaller writes cost a transfer a tenth.
const TURN_BESIDE_CALLS: usize = 48 * 1024;

/// Rounds of reading and writing before other tasks get their turn.
const MAX_ROUNDS: usize = 16;

/// A Ping is sent when nothing came for this long.
const PING_AFTER: Duration = Duration::from_secs(15);

/// The session ends when nothing came for this long: the Ping went unanswered for 30 s.
const SILENT_AFTER: Duration = Duration::from_secs(45);

/// The session ends when the socket took nothing of what waits for it for this long.
///
/// A peer that sends and never reads is not silent: without this it holds what is queued for it for ever.
const STALLED_AFTER: Duration = Duration::from_secs(10);

/// How often the budgets of a peer that sends are refilled.
const TICK: Duration = Duration::from_secs(1);

/// Time that a closing session may take to hand its last bytes to the socket.
const CLOSE_WITHIN: Duration = Duration::from_secs(2);

/// Runs a session until it ends; returns why.
///
/// Not an `async fn`, whose future would hold what it is made of beside what it is, for as long as the session lives.
pub(crate) fn run<T>(
    io: T,
    established: Established,
    session: Arc<Session>,
) -> impl Future<Output = SessionError> + Send
where
    T: AsyncRead + AsyncWrite + Send + Unpin,
{
    let now = Instant::now();
    let driver = Driver {
        io,
        session: Arc::clone(&session),
        opener: established.opener,
        sealer: established.sealer,
        incoming: BytesMut::new(),
        unopened: false,
        read_size: MIN_READ,
        filled: false,
        outbox: Outbox::default(),
        blocked: None,
        work: Work::default(),
        calls: VecDeque::new(),
        replies: Vec::new(),
        turn: TURN,
        heard: now,
        fresh: false,
        ticked: now,
        pinged: 0,
        sleep: Box::pin(tokio::time::sleep_until(now + PING_AFTER)),
    };
    // Whatever happens to this task, no call may wait on a session that no one drives.
    let guard = EndOnDrop(Arc::clone(&session));
    driver.run(guard)
}

struct EndOnDrop(Arc<Session>);

impl EndOnDrop {
    fn end(&self, error: SessionError) {
        self.0.end(error);
    }
}

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        self.end(SessionError::Closed);
    }
}

struct Driver<T> {
    io: T,
    session: Arc<Session>,
    opener: Opener,
    sealer: Sealer,
    /// Bytes read and not opened.
    incoming: BytesMut,
    /// Whether `incoming` may hold whole records: they come before the socket.
    unopened: bool,
    read_size: usize,
    /// Whether a read of that size was filled since the last tick.
    filled: bool,
    outbox: Outbox,
    /// Since when the socket takes nothing.
    blocked: Option<Instant>,
    work: Work,
    calls: VecDeque<InboundCall>,
    replies: Vec<(InboundCallKey, Result<Outgoing>)>,
    /// Bytes of this turn: see [`TURN`].
    turn: usize,
    /// When the last bytes were read.
    heard: Instant,
    /// Whether that was in this round: then the clock need not be asked again.
    fresh: bool,
    ticked: Instant,
    pinged: u64,
    sleep: Pin<Box<Sleep>>,
}

/// What follows a round.
enum Next {
    /// Another one at once: there may be more to do.
    Round,
    /// Another one after the tasks that this one woke.
    Turn,
    /// Another one after all tasks, and after the runtime has looked at the sockets.
    Sockets,
    /// Nothing until something happens.
    Wait,
}

type InboundCallKey = (ChannelKey, dsoftbus_proto::rpc::level0::AnswerId);

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Driver<T> {
    async fn run(mut self, guard: EndOnDrop) -> SessionError {
        let error = std::future::poll_fn(|cx| self.poll(cx)).await;
        tracing::debug!(peer = %self.session.peer(), %error, "session ended");
        // First those who wait for the session, then the peer that may not even read the Goodbye.
        guard.end(error.clone());
        let code = match &error {
            SessionError::Frame(_) | SessionError::Record(_) => Some(GoodbyeCode::PROTOCOL_ERROR),
            SessionError::Silent | SessionError::Stalled => Some(GoodbyeCode::IDLE),
            _ => None,
        };
        if let Some(code) = code {
            self.session.core().mux.goodbye(code);
        }
        // A peer that misbehaved or does not read is owed no more than a short try.
        let _ = tokio::time::timeout(CLOSE_WITHIN, self.finish()).await;
        error
    }

    /// Writes what is left, and closes the sending half.
    async fn finish(&mut self) -> io::Result<()> {
        std::future::poll_fn(|cx| {
            loop {
                if self.seal().is_err() {
                    return Poll::Ready(Ok(()));
                }
                if self.outbox.is_empty() {
                    return Pin::new(&mut self.io).poll_shutdown(cx);
                }
                match self.outbox.poll_write(&mut self.io, cx) {
                    Poll::Ready(Ok(_)) => {}
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                    Poll::Pending => return Poll::Pending,
                }
            }
        })
        .await
    }

    fn poll(&mut self, cx: &mut TaskContext<'_>) -> Poll<SessionError> {
        self.session.register_driver(cx.waker());
        for _ in 0..MAX_ROUNDS {
            match self.poll_round(cx) {
                Ok(Next::Round) => {}
                Ok(Next::Turn) => break,
                Ok(Next::Sockets) => {
                    // Wakes this task, though later than its waker would.
                    let _ = pin!(tokio::task::yield_now()).poll(cx);
                    return Poll::Pending;
                }
                Ok(Next::Wait) => return Poll::Pending,
                Err(error) => {
                    self.work.finish();
                    return Poll::Ready(error);
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn poll_round(&mut self, cx: &mut TaskContext<'_>) -> Result<Next, SessionError> {
        let batch = {
            let mut core = self.session.core();
            if core.mux.is_closing() {
                // What is left goes out in `finish`, which does not wait for ever.
                return Err(SessionError::Closed);
            }
            core.date_calls();
            core.take_answered(&mut self.work);
            self.turn = match core.calls_lately() {
                true => TURN_BESIDE_CALLS,
                false => TURN,
            };
            core.batch()
        };
        let mut progress = self.poll_receive(cx)?;
        let fresh = std::mem::take(&mut self.fresh);
        let full = self.unopened && self.open_records(batch)?;
        // Calls that have waited for replies of this round start in the next.
        let mut left = self.session.core().inbound();
        if left > 0 {
            // What was read in this round came just now.
            let now = if fresh { self.heard } else { Instant::now() };
            self.run_handlers(cx, now, batch, &mut left);
        }
        let mut written = 0;
        while left > 0 {
            written += self.flush(cx, written)?;
            self.run_handlers(cx, Instant::now(), batch, &mut left);
        }
        // Whoever is woken by a batch may have something to send before the next is looked at.
        let turn = full && !(self.work.wakers.is_empty() && self.work.streams.is_empty());
        self.start_channels();
        self.work.finish();
        self.poll_timers(cx)?;
        written += self.flush(cx, written)?;
        progress |= written > 0;
        self.work.finish();
        // Replies make room for calls that waited, and so do answers that left. A round with nothing to do but to find that nothing has
        // come costs as much as a call: that is found here.
        let (waiting, closing) = {
            let core = self.session.core();
            (core.inbound() > 0, core.mux.is_closing())
        };
        Ok(if written >= self.turn {
            Next::Sockets
        } else if turn {
            Next::Turn
        } else if closing || waiting || self.unopened || (progress && self.poll_receive(cx)?) {
            Next::Round
        } else {
            Next::Wait
        })
    }

    /// Reads if everything that was read has been opened; `true` if there may be something to open.
    fn poll_receive(&mut self, cx: &mut TaskContext<'_>) -> Result<bool, SessionError> {
        if self.unopened {
            return Ok(true);
        }
        let Poll::Ready(read) = self.poll_read(cx) else {
            return Ok(false);
        };
        if read.map_err(io_error)? == 0 {
            return Err(SessionError::Truncated);
        }
        self.hear();
        self.unopened = true;
        Ok(true)
    }

    /// Seals and writes what is queued, as far as the socket takes it or the turn goes in which so much was `written`; returns the bytes
    /// that it took.
    fn flush(&mut self, cx: &mut TaskContext<'_>, written: usize) -> Result<usize, SessionError> {
        let mut total = 0;
        loop {
            if written + total >= self.turn {
                return Ok(total);
            }
            self.seal()?;
            if self.outbox.is_empty() {
                return Ok(total);
            }
            match self.outbox.poll_write(&mut self.io, cx) {
                Poll::Ready(written) => {
                    total += written.map_err(io_error)?;
                    self.blocked = None;
                }
                Poll::Pending => {
                    if self.blocked.is_none() {
                        self.blocked = Some(Instant::now());
                        self.poll_timers(cx)?;
                    }
                    return Ok(total);
                }
            }
        }
    }

    /// Notes that the peer is there, and lets time refill its budgets.
    fn hear(&mut self) {
        self.heard = Instant::now();
        self.fresh = true;
        self.pinged = 0;
        let elapsed = self.heard - self.ticked;
        if elapsed >= TICK {
            self.ticked = self.heard;
            self.opener.trim();
            if !std::mem::take(&mut self.filled) {
                self.read_size = MIN_READ;
            }
            self.session.core().mux.tick(elapsed);
        }
    }

    fn poll_read(&mut self, cx: &mut TaskContext<'_>) -> Poll<io::Result<usize>> {
        self.incoming.reserve(self.read_size);
        let offered = self.incoming.capacity() - self.incoming.len();
        let read = pin!(self.io.read_buf(&mut self.incoming)).poll(cx);
        match &read {
            Poll::Ready(Ok(n)) if *n == offered => {
                self.read_size = (self.read_size * 2).min(MAX_READ);
                self.filled = true;
            }
            // A small buffer goes as soon as there is nothing to read, for that is how an idle session looks. A large one costs too
            // much to get again for each read.
            Poll::Pending if self.read_size == MIN_READ && self.incoming.is_empty() => {
                self.incoming = BytesMut::new();
            }
            _ => {}
        }
        read
    }

    /// Opens records that were read, until they make a batch or a portion; `true` if they do.
    fn open_records(&mut self, batch: usize) -> Result<bool, SessionError> {
        let mut opened = 0;
        let mut calls = 0;
        while opened < PORTION && calls < batch {
            let Some(header) = self.incoming.first_chunk::<{ record::HEADER }>() else {
                self.unopened = false;
                return Ok(false);
            };
            let length = record::ciphertext_len(*header)?;
            let Some(ciphertext) = self.incoming.get(record::HEADER..record::HEADER + length)
            else {
                self.unopened = false;
                return Ok(false);
            };
            let plaintext = self.opener.open(ciphertext)?;
            self.incoming.advance(record::HEADER + length);
            opened += plaintext.len();
            let mut core = self.session.core();
            core.handle_record(
                self.session.host(),
                &self.session.peer(),
                plaintext,
                self.heard,
                &mut self.work,
            )?;
            calls = core.inbound() + self.work.wakers.len();
        }
        Ok(true)
    }

    /// Starts the handlers of the first of `left` calls that came in, a batch at most. One that is ready at once costs no task.
    fn run_handlers(
        &mut self,
        cx: &mut TaskContext<'_>,
        now: Instant,
        batch: usize,
        left: &mut usize,
    ) {
        if *left == 0 {
            return;
        }
        let most = batch.min(*left);
        self.session
            .core()
            .take_inbound(now, most, &mut self.calls, &mut self.work);
        if self.calls.is_empty() {
            *left = 0;
            return;
        }
        let mut answered = 0;
        // Of the last call: many in a row are of one channel.
        let mut serving: Option<(ChannelKey, Arc<dyn Skeleton>)> = None;
        while let Some(call) = self.calls.pop_front() {
            *left -= 1;
            let key = (call.channel, call.answer);
            if serving.as_ref().is_none_or(|(key, _)| *key != call.channel) {
                let skeleton = self.session.core().skeleton(call.channel);
                serving = skeleton.map(|skeleton| (call.channel, skeleton));
            }
            let Some((_, skeleton)) = &serving else {
                // The channel has ended meanwhile, and nobody waits for the answer.
                continue;
            };
            let context = Context::new(
                Some(self.session.peer()),
                Some(self.session.downgrade()),
                skeleton
                    .descriptor()
                    .method(call.interface_id, call.method_id),
                call.deadline,
            );
            let arrived = Arrived {
                context,
                interface_id: call.interface_id,
                method_id: call.method_id,
                params: call.params.into(),
            };
            let chain = self.session.host().chain.as_ref();
            match handler::begin(chain, skeleton, arrived, cx) {
                Begun::Ended(outcome) => {
                    let outcome = outcome.and_then(message::Outgoing::into_data);
                    answered += outcome.as_ref().map_or(0, Outgoing::len_bytes);
                    self.replies.push((key, outcome));
                    if answered > MAX_QUEUED_ANSWERS {
                        break;
                    }
                }
                Begun::Running(future) => {
                    let session = Arc::clone(&self.session);
                    // Under the lock, so that the task is known before it can answer.
                    let mut core = self.session.core();
                    let task = tokio::spawn(async move {
                        let outcome = future.await.and_then(message::Outgoing::into_data);
                        session.reply(key.0, key.1, outcome);
                    });
                    core.started(key.0, key.1, call.deadline, task.abort_handle());
                }
            }
        }
        let mut core = self.session.core();
        // Before the replies, which may reset their channel. Whether the others start depends on what leaves meanwhile.
        core.return_inbound(&mut self.calls);
        for ((channel, answer), outcome) in self.replies.drain(..) {
            core.reply(channel, answer, outcome, &mut self.work);
        }
    }

    /// Hands channels that the peer opened to those who serve them.
    fn start_channels(&mut self) {
        for NewVat {
            channel,
            link,
            skeleton,
        } in self.work.vats.drain(..)
        {
            link.serve(Arc::clone(&self.session), channel, skeleton);
        }
        for NewStream { channel, extra } in self.work.streams.drain(..) {
            let stream = super::ByteChannel::new(Arc::clone(&self.session), channel);
            self.session
                .host()
                .start_stream(channel.logical(), stream, extra);
        }
    }

    /// When time has to be looked at next, if calls want that at `timer`.
    fn next_look(&self, timer: Option<Instant>) -> Instant {
        let silence = match self.pinged {
            0 => PING_AFTER,
            _ => SILENT_AFTER,
        };
        let stall = self.blocked.map(|since| since + STALLED_AFTER);
        [timer, stall]
            .into_iter()
            .flatten()
            .fold(self.heard + silence, Instant::min)
    }

    fn poll_timers(&mut self, cx: &mut TaskContext<'_>) -> Result<(), SessionError> {
        loop {
            let timer = self.session.core().timer();
            let wanted = self.next_look(timer);
            // Only ever pulled forward here: moving it on every record would cost more than waking once too often.
            if wanted < self.sleep.deadline() {
                self.sleep.as_mut().reset(wanted);
            }
            if self.sleep.as_mut().poll(cx).is_pending() {
                return Ok(());
            }
            let now = Instant::now();
            let mut core = self.session.core();
            if core.timer().is_some_and(|timer| timer <= now) {
                core.expire(now, &mut self.work);
            }
            if now >= self.heard + SILENT_AFTER {
                return Err(SessionError::Silent);
            }
            if self
                .blocked
                .is_some_and(|since| now >= since + STALLED_AFTER)
            {
                return Err(SessionError::Stalled);
            }
            if self.pinged == 0 && now >= self.heard + PING_AFTER {
                self.pinged = 1;
                // A session that has gone quiet keeps no buffers.
                self.opener.shrink();
                self.read_size = MIN_READ;
                if self.incoming.is_empty() {
                    self.incoming = BytesMut::new();
                }
                self.outbox.shrink();
                self.calls = VecDeque::new();
                self.replies = Vec::new();
                core.shrink();
                core.mux.ping(self.pinged);
            }
            let timer = core.timer();
            drop(core);
            let wanted = self.next_look(timer).max(now + Duration::from_millis(1));
            self.sleep.as_mut().reset(wanted);
        }
    }

    /// Seals records while there is something to send and room for it.
    fn seal(&mut self) -> Result<(), SessionError> {
        if self.outbox.len() >= self.turn {
            return Ok(());
        }
        let mut core = self.session.core();
        while self.outbox.len() < self.turn && self.outbox.seal(&mut core.mux, &mut self.sealer)? {}
        core.unblock(&mut self.work);
        Ok(())
    }
}

fn io_error(error: io::Error) -> SessionError {
    match error.kind() {
        // A peer that vanishes and one that is cut off look alike.
        io::ErrorKind::UnexpectedEof => SessionError::Truncated,
        kind => SessionError::Io(kind),
    }
}
