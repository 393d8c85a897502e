//! [`ByteChannel`]: an ordered, flow-controlled stream of bytes inside a session.

use std::{
    collections::VecDeque,
    fmt,
    future::poll_fn,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use bytes::{Buf, Bytes};
use dsoftbus_proto::{
    frame::CloseCode,
    mux::{Connection, Outbound},
};
use futures::io::{AsyncRead, AsyncWrite};

use super::{Session, Work, key::ChannelKey};
use crate::{ChannelError, SessionError};

/// Bytes that a sender may queue before it has to wait for the peer.
///
/// Four of the largest frames: enough to keep the socket busy while the sender fills the next one, and all that a
/// peer that stops reading can make this device hold, beside what the sender itself keeps of which a large chunk is a piece.
pub(crate) const MAX_QUEUED: usize = 4 * 65_504;

/// Queue length at which a waiting sender goes on: a chunk below the bound. A slow peer has to make as much room in the time that
/// it may do nothing (`bulk/pace.rs`).
pub(crate) const LOW_WATER: usize = MAX_QUEUED - 61_440;

/// State of a byte channel, inside the session's lock.
pub(crate) struct BytesSide {
    opening: Opening,
    inbox: VecDeque<(Bytes, u32)>,
    /// How the peer ended its data, and what its Close carried.
    ended: Option<(Result<(), ChannelError>, Bytes)>,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

enum Opening {
    Waiting(Option<Waker>),
    Open(Bytes),
}

impl BytesSide {
    /// Opened by this side, not accepted yet.
    pub(super) fn opening() -> Self {
        Self::new(Opening::Waiting(None))
    }

    /// Opened by the peer.
    pub(super) fn open() -> Self {
        Self::new(Opening::Open(Bytes::new()))
    }

    fn new(opening: Opening) -> Self {
        Self {
            opening,
            inbox: VecDeque::new(),
            ended: None,
            reader: None,
            writer: None,
        }
    }

    pub(super) fn accepted(&mut self, extra: Bytes, work: &mut Work) {
        if let Opening::Waiting(waker) = &mut self.opening {
            work.wakers.extend(waker.take());
            self.opening = Opening::Open(extra);
        }
    }

    pub(super) fn receive(&mut self, payload: Bytes, cost: u32, work: &mut Work) {
        self.inbox.push_back((payload, cost));
        work.wakers.extend(self.reader.take());
    }

    pub(super) fn writable(&mut self, work: &mut Work) {
        work.wakers.extend(self.writer.take());
    }

    pub(super) fn closed(&mut self, code: CloseCode, extra: Bytes, work: &mut Work) {
        let outcome = if code == CloseCode::END {
            Ok(())
        } else {
            Err(ChannelError::Closed(code))
        };
        self.finish(outcome, extra, work);
    }

    pub(super) fn fail(&mut self, error: ChannelError, work: &mut Work) {
        self.finish(Err(error), Bytes::new(), work);
    }

    /// Drops what was not read, and gives its credit back to the session. The channel is gone.
    pub(super) fn clear(&mut self, mux: &mut Connection) {
        for (_, cost) in self.inbox.drain(..) {
            mux.refund(cost);
        }
    }

    pub(super) fn end(&mut self, error: &SessionError, work: &mut Work) {
        self.finish(Err(error.clone().into()), Bytes::new(), work);
    }

    fn finish(&mut self, outcome: Result<(), ChannelError>, extra: Bytes, work: &mut Work) {
        self.ended.get_or_insert((outcome, extra));
        work.wakers.extend(self.reader.take());
        work.wakers.extend(self.writer.take());
        if let Opening::Waiting(waker) = &mut self.opening {
            work.wakers.extend(waker.take());
        }
    }

    /// This side has reset the channel: there is nothing more to read. What the peer's Close carried stays.
    fn reset(&mut self) {
        let extra = match self.ended.take() {
            Some((Err(error), extra)) => {
                self.ended = Some((Err(error), extra));
                return;
            }
            Some((Ok(()), extra)) => extra,
            None => Bytes::new(),
        };
        self.ended = Some((Err(ChannelError::Finished), extra));
    }

    fn failure(&self) -> Option<ChannelError> {
        match &self.ended {
            Some((Err(error), _)) => Some(error.clone()),
            _ => None,
        }
    }
}

/// An ordered, flow-controlled stream of bytes between two devices, inside their session.
///
/// Dropping it resets the channel, unless this side has [finished](Self::finish): what was sent then still goes out, and what
/// the peer goes on to send is thrown away.
pub struct ByteChannel {
    session: Arc<Session>,
    key: ChannelKey,
    /// Rest of a chunk that a reader took only part of.
    rest: Bytes,
    finished: bool,
}

impl ByteChannel {
    pub(crate) fn new(session: Arc<Session>, key: ChannelKey) -> Self {
        Self {
            session,
            key,
            rest: Bytes::new(),
            finished: false,
        }
    }

    pub(crate) fn session(&self) -> &Arc<Session> {
        &self.session
    }

    pub(crate) fn accept(&self, extra: &[u8]) {
        if let Some((_, mux)) = self.session.core().bytes(self.key) {
            mux.accept(self.key.id(), extra);
        }
        self.session.wake_driver();
    }

    pub(super) async fn opened(&self) -> Result<Bytes, ChannelError> {
        poll_fn(|cx| {
            let mut core = self.session.core();
            let Some((bytes, _)) = core.bytes(self.key) else {
                return Poll::Ready(Err(ChannelError::Finished));
            };
            match (&mut bytes.opening, &bytes.ended) {
                (Opening::Open(extra), _) => Poll::Ready(Ok(std::mem::take(extra))),
                (Opening::Waiting(_), Some((outcome, _))) => Poll::Ready(Err(outcome
                    .clone()
                    .err()
                    .unwrap_or(ChannelError::Closed(CloseCode::END)))),
                (Opening::Waiting(waker), None) => {
                    *waker = Some(cx.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }

    /// Receives the next chunk; `None` once the peer has ended its data.
    ///
    /// # Errors
    ///
    /// When the peer reset the channel or the session ended.
    ///
    /// # Cancel safety
    ///
    /// No bytes are lost when the future is dropped.
    pub async fn recv(&mut self) -> Result<Option<Bytes>, ChannelError> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    fn poll_recv(&mut self, cx: &Context<'_>) -> Poll<Result<Option<Bytes>, ChannelError>> {
        if !self.rest.is_empty() {
            return Poll::Ready(Ok(Some(std::mem::take(&mut self.rest))));
        }
        let mut core = self.session.core();
        let Some((bytes, mux)) = core.bytes(self.key) else {
            return Poll::Ready(Err(ChannelError::Finished));
        };
        if let Some((payload, cost)) = bytes.inbox.pop_front() {
            mux.consume(self.key.id(), cost);
            let wake = mux.wants_transmit();
            drop(core);
            if wake {
                self.session.wake_driver();
            }
            return Poll::Ready(Ok(Some(payload)));
        }
        match &bytes.ended {
            Some((Ok(()), _)) => Poll::Ready(Ok(None)),
            Some((Err(error), _)) => Poll::Ready(Err(error.clone())),
            None => {
                bytes.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    /// Receives up to `most` chunks that are there, at least one; none once the peer has ended its data. Errors and cancel
    /// safety as for [`recv`](Self::recv).
    pub(crate) async fn recv_batch(&mut self, most: usize) -> Result<Vec<Bytes>, ChannelError> {
        let mut batch = Vec::new();
        let Some(first) = self.recv().await? else {
            return Ok(batch);
        };
        batch.push(first);
        {
            let mut core = self.session.core();
            let Some((bytes, mux)) = core.bytes(self.key) else {
                return Ok(batch);
            };
            let more = bytes.inbox.len().min(most.saturating_sub(1));
            for (payload, cost) in bytes.inbox.drain(..more) {
                mux.consume(self.key.id(), cost);
                batch.push(payload);
            }
        }
        self.session.wake_driver();
        Ok(batch)
    }

    /// What the peer's Close carried, once it came.
    pub(crate) fn close_extra(&self) -> Bytes {
        let mut core = self.session.core();
        core.bytes(self.key)
            .and_then(|(bytes, _)| bytes.ended.as_ref().map(|(_, extra)| extra.clone()))
            .unwrap_or_default()
    }

    /// Waits until the peer has taken enough for another chunk to be queued.
    ///
    /// # Errors
    ///
    /// When the peer reset the channel or the session ended.
    ///
    /// # Cancel safety
    ///
    /// Safe: nothing is queued.
    pub async fn ready(&mut self) -> Result<(), ChannelError> {
        poll_fn(|cx| self.poll_ready(cx)).await
    }

    fn poll_ready(&self, cx: &Context<'_>) -> Poll<Result<(), ChannelError>> {
        let mut core = self.session.core();
        core.check_alive()?;
        let Some((bytes, mux)) = core.bytes(self.key) else {
            return Poll::Ready(Err(ChannelError::Finished));
        };
        if let Some(error) = bytes.failure() {
            return Poll::Ready(Err(error));
        }
        // One that waits goes on where it is woken, and not when it happens to look earlier.
        let most = match &bytes.writer {
            Some(_) => LOW_WATER,
            None => MAX_QUEUED - 1,
        };
        if mux.queued(self.key.id()) <= most {
            bytes.writer = None;
            return Poll::Ready(Ok(()));
        }
        bytes.writer = Some(cx.waker().clone());
        core.block(self.key.id());
        Poll::Pending
    }

    /// Sends a chunk; waits while too much is queued already.
    ///
    /// # Errors
    ///
    /// When the channel was ended by either side.
    ///
    /// # Cancel safety
    ///
    /// The chunk is either queued whole or not at all.
    pub async fn send(&mut self, chunk: Bytes) -> Result<(), ChannelError> {
        self.ready().await?;
        self.session.send(self.key, Outbound::Bytes(chunk))
    }

    /// Ends the data of this side; what is queued is still sent.
    pub fn finish(&mut self) {
        self.finish_with(&[]);
    }

    pub(crate) fn finish_with(&mut self, extra: &[u8]) {
        self.finished = true;
        self.session.close_channel(self.key, CloseCode::END, extra);
    }

    /// Ends the channel at once, in both directions, with `code` for the peer to read.
    pub fn reset(&mut self, code: CloseCode) {
        self.finished = true;
        self.rest = Bytes::new();
        {
            let mut core = self.session.core();
            let Some((bytes, mux)) = core.bytes(self.key) else {
                return;
            };
            bytes.reset();
            for (_, cost) in bytes.inbox.drain(..) {
                mux.consume(self.key.id(), cost);
            }
            mux.close(self.key.id(), code, &[]);
        }
        self.session.wake_driver();
    }
}

impl Drop for ByteChannel {
    fn drop(&mut self) {
        {
            let mut core = self.session.core();
            let Some((bytes, mux)) = core.bytes(self.key) else {
                return;
            };
            if !self.finished {
                mux.close(self.key.id(), CloseCode::CANCELLED, &[]);
            }
            for (_, cost) in bytes.inbox.drain(..) {
                mux.consume(self.key.id(), cost);
            }
            mux.discard(self.key.id());
            core.remove(self.key);
        }
        self.session.wake_driver();
    }
}

impl fmt::Debug for ByteChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByteChannel")
            .field("peer", &self.session.peer())
            .field("id", &self.key.id())
            .finish_non_exhaustive()
    }
}

impl AsyncRead for ByteChannel {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let Poll::Ready(chunk) = self.poll_recv(cx) else {
            return Poll::Pending;
        };
        let Some(mut chunk) = chunk.map_err(to_io)? else {
            return Poll::Ready(Ok(0));
        };
        let n = chunk.len().min(buf.len());
        chunk.copy_to_slice(&mut buf[..n]);
        self.rest = chunk;
        Poll::Ready(Ok(n))
    }
}

impl AsyncWrite for ByteChannel {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let Poll::Ready(ready) = self.poll_ready(cx) else {
            return Poll::Pending;
        };
        ready.map_err(to_io)?;
        let n = buf.len().min(MAX_QUEUED);
        self.session
            .send(self.key, Outbound::Bytes(Bytes::copy_from_slice(&buf[..n])))
            .map_err(to_io)?;
        Poll::Ready(Ok(n))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The driver sends what is queued without being asked.
        Poll::Ready(Ok(()))
    }

    fn poll_close(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.finished {
            self.finish();
        }
        Poll::Ready(Ok(()))
    }
}

fn to_io(error: ChannelError) -> io::Error {
    let kind = match &error {
        ChannelError::Closed(_) | ChannelError::Reset(_) => io::ErrorKind::ConnectionReset,
        ChannelError::Session(_) => io::ErrorKind::ConnectionAborted,
        ChannelError::TimedOut => io::ErrorKind::TimedOut,
        ChannelError::Invalid(_) => io::ErrorKind::InvalidInput,
        ChannelError::Exhausted | ChannelError::Finished => io::ErrorKind::BrokenPipe,
    };
    io::Error::new(kind, error)
}
