//! A wire in memory, with faults.

use std::{
    collections::VecDeque,
    fmt,
    io::{self, IoSlice},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

/// Bytes a wire holds before a writer has to wait, as a socket buffer does.
const CAPACITY: usize = 1 << 20;

/// The wire of a pair, to disturb.
#[derive(Clone)]
pub struct Link {
    /// From the caller to the node, and back.
    ways: [Arc<Way>; 2],
}

impl Link {
    /// Delivers what is sent from now on this much later, in both directions.
    pub fn delay(&self, delay: Duration) {
        for way in &self.ways {
            way.state().delay = delay;
        }
    }

    /// Ends the connection in both directions, as when a cable is pulled: what was sent still arrives, nothing follows.
    pub fn cut(&self) {
        for way in &self.ways {
            let mut state = way.state();
            state.closed = true;
            state.wake();
        }
    }

    /// Flips one bit of the last byte of the next write of the caller.
    pub fn corrupt_next(&self) {
        self.ways[0].state().corrupt = true;
    }

    /// Lets writers see a full buffer from now on, or not any more: a peer that does not read.
    pub fn stall(&self, stalled: bool) {
        for way in &self.ways {
            let mut state = way.state();
            state.stalled = stalled;
            state.wake();
        }
    }

    /// Bytes sent so far: by the caller, by the node.
    pub fn sent(&self) -> (u64, u64) {
        (self.ways[0].state().sent, self.ways[1].state().sent)
    }

    /// Writes so far, by the caller and by the node: what would be system calls on a socket.
    pub fn writes(&self) -> (u64, u64) {
        (self.ways[0].state().writes, self.ways[1].state().writes)
    }

    /// Records so far: by the caller, by the node. One whose large payload is a piece of its own counts twice.
    pub fn records(&self) -> (u64, u64) {
        (self.ways[0].state().records, self.ways[1].state().records)
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").finish_non_exhaustive()
    }
}

/// One direction.
#[derive(Default)]
struct Way(Mutex<State>);

#[derive(Default)]
struct State {
    chunks: VecDeque<(Instant, Vec<u8>)>,
    held: usize,
    delay: Duration,
    closed: bool,
    corrupt: bool,
    stalled: bool,
    sent: u64,
    writes: u64,
    /// A session hands each record over as a slice of its own, and a large payload as one more.
    records: u64,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Way {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn wake(&mut self) {
        for waker in [self.reader.take(), self.writer.take()]
            .into_iter()
            .flatten()
        {
            waker.wake();
        }
    }
}

/// One end of the wire.
pub(super) struct End {
    incoming: Arc<Way>,
    outgoing: Arc<Way>,
    sleep: Option<Pin<Box<Sleep>>>,
}

/// The caller's end, the node's end, and the knobs.
pub(super) fn link() -> (End, End, Link) {
    let there = Arc::new(Way::default());
    let back = Arc::new(Way::default());
    let near = End {
        incoming: Arc::clone(&back),
        outgoing: Arc::clone(&there),
        sleep: None,
    };
    let far = End {
        incoming: Arc::clone(&there),
        outgoing: Arc::clone(&back),
        sleep: None,
    };
    (
        near,
        far,
        Link {
            ways: [there, back],
        },
    )
}

impl AsyncRead for End {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let incoming = Arc::clone(&self.incoming);
        let mut state = incoming.state();
        let Some(&(due, _)) = state.chunks.front() else {
            if state.closed {
                return Poll::Ready(Ok(()));
            }
            state.reader = Some(cx.waker().clone());
            return Poll::Pending;
        };
        if due > Instant::now() {
            let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(due)));
            sleep.as_mut().reset(due);
            if sleep.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
        if let Some((_, chunk)) = state.chunks.front_mut() {
            let n = chunk.len().min(buf.remaining());
            buf.put_slice(&chunk[..n]);
            chunk.drain(..n);
            state.held -= n;
        }
        if state
            .chunks
            .front()
            .is_some_and(|(_, chunk)| chunk.is_empty())
        {
            state.chunks.pop_front();
        }
        if let Some(writer) = state.writer.take() {
            writer.wake();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for End {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut state = self.outgoing.state();
        if state.closed {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if state.held >= CAPACITY || state.stalled {
            state.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let offered: usize = slices.iter().map(|slice| slice.len()).sum();
        let mut chunk = Vec::with_capacity(offered.min(CAPACITY - state.held));
        for slice in slices {
            let room = chunk.capacity() - chunk.len();
            chunk.extend_from_slice(&slice[..slice.len().min(room)]);
        }
        state.writes += 1;
        state.records += slices.len() as u64;
        if std::mem::take(&mut state.corrupt)
            && let Some(last) = chunk.last_mut()
        {
            // The last byte is ciphertext in every write of a session: its header comes first.
            *last ^= 1;
        }
        let n = chunk.len();
        let due = Instant::now() + state.delay;
        state.held += n;
        state.sent += n as u64;
        state.chunks.push_back((due, chunk));
        if let Some(reader) = state.reader.take() {
            reader.wake();
        }
        Poll::Ready(Ok(n))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.outgoing.state();
        state.closed = true;
        state.wake();
        Poll::Ready(Ok(()))
    }
}

impl Drop for End {
    fn drop(&mut self) {
        for way in [&self.incoming, &self.outgoing] {
            let mut state = way.state();
            state.closed = true;
            state.wake();
        }
    }
}
