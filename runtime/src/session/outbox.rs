//! [`Outbox`]: sealed records on their way to the socket.

use std::{
    collections::VecDeque,
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use dsoftbus_proto::{
    mux::Connection,
    record::{self, RecordError, Sealer},
};
use tokio::io::AsyncWrite;

/// Pieces handed to one vectored write: sixteen cover all that is sealed at once in full records. The kernel takes at most 1,024.
const MAX_SLICES: usize = 16;

/// Emptied buffers of each kind kept for the next records: as many as are sealed at once. An idle session keeps none for long.
const MAX_SPARE: usize = 5;

/// Sealed records that wait for the socket, in pieces.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    pieces: VecDeque<Piece>,
    /// Bytes of all pieces.
    bytes: usize,
    /// Bytes of the first piece that are gone.
    written: usize,
    /// Emptied buffers for the next records, and for their payloads.
    spare_records: Vec<Vec<u8>>,
    spare_payloads: Vec<Vec<u8>>,
}

#[derive(Debug)]
enum Piece {
    /// A record, or all of it but its large payload.
    Record(Vec<u8>),
    /// The payload of the record before. Its buffer keeps its length: clearing it again would cost as much as a copy.
    Payload(Vec<u8>),
}

impl Piece {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Record(bytes) | Self::Payload(bytes) => bytes,
        }
    }
}

impl Outbox {
    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Sealed bytes that wait.
    pub(super) fn len(&self) -> usize {
        self.bytes
    }

    /// Gives up the buffers kept for reuse: for a session that has gone quiet.
    pub(super) fn shrink(&mut self) {
        self.spare_records = Vec::new();
        self.spare_payloads = Vec::new();
    }

    /// Seals one record of what is queued; `false` if nothing is.
    pub(super) fn seal(
        &mut self,
        mux: &mut Connection,
        sealer: &mut Sealer,
    ) -> Result<bool, RecordError> {
        if !mux.may_transmit() {
            return Ok(false);
        }
        let mut record = self.spare_records.pop().unwrap_or_default();
        record.clear();
        record.resize(record::HEADER, 0);
        let mut payload = Bytes::new();
        if !mux.poll_transmit(&mut record, &mut payload) {
            self.spare_records.push(record);
            return Ok(false);
        }
        if payload.is_empty() {
            sealer.seal(&mut record)?;
            self.push(Piece::Record(record));
            return Ok(true);
        }
        let mut sealed = self.spare_payloads.pop().unwrap_or_default();
        sealer.seal_with(&mut record, &payload, &mut sealed)?;
        self.push(Piece::Record(record));
        if !sealed.is_empty() {
            self.push(Piece::Payload(sealed));
        }
        Ok(true)
    }

    fn push(&mut self, piece: Piece) {
        self.bytes += piece.bytes().len();
        self.pieces.push_back(piece);
    }

    /// Writes once, as much as the socket takes; returns how many bytes that was.
    pub(super) fn poll_write<T: AsyncWrite + Unpin>(
        &mut self,
        io: &mut T,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let io = Pin::new(io);
        let written = if let (Some(piece), 1) = (self.pieces.front(), self.pieces.len()) {
            // The cheaper system call.
            ready!(io.poll_write(cx, &piece.bytes()[self.written..]))?
        } else {
            let mut slices = [IoSlice::new(&[]); MAX_SLICES];
            let mut count = 0;
            for (slice, piece) in slices.iter_mut().zip(&self.pieces) {
                let skip = if count == 0 { self.written } else { 0 };
                *slice = IoSlice::new(&piece.bytes()[skip..]);
                count += 1;
            }
            ready!(io.poll_write_vectored(cx, &slices[..count]))?
        };
        if written == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        self.advance(written);
        Poll::Ready(Ok(written))
    }

    fn advance(&mut self, written: usize) {
        let mut left = self.written + written;
        while let Some(piece) = self.pieces.front() {
            let length = piece.bytes().len();
            if left < length {
                break;
            }
            left -= length;
            self.bytes -= length;
            let (spare, buffer) = match self.pieces.pop_front() {
                Some(Piece::Record(buffer)) => (&mut self.spare_records, buffer),
                Some(Piece::Payload(buffer)) => (&mut self.spare_payloads, buffer),
                None => break,
            };
            if spare.len() < MAX_SPARE {
                spare.push(buffer);
            }
        }
        self.written = left;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A socket that takes a few bytes at a time.
    struct Few {
        most: usize,
        taken: Vec<u8>,
    }

    impl AsyncWrite for Few {
        fn poll_write(
            self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
        }

        fn poll_write_vectored(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            slices: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            let offered: Vec<u8> = slices.iter().flat_map(|slice| slice.to_vec()).collect();
            let taken = offered.len().min(self.most);
            self.taken.extend_from_slice(&offered[..taken]);
            Poll::Ready(Ok(taken))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[test]
    fn pieces_leave_in_order_wherever_a_write_ends_and_their_buffers_come_back() {
        let pieces = || {
            [
                Piece::Record(vec![1; 10]),
                Piece::Payload(vec![2; 30]),
                Piece::Record(vec![3; 5]),
                Piece::Record(vec![4; 10]),
                Piece::Payload(vec![5; 30]),
            ]
        };
        let whole: Vec<u8> = pieces()
            .iter()
            .flat_map(|piece| piece.bytes().to_vec())
            .collect();
        for most in 1..=whole.len() {
            let mut outbox = Outbox::default();
            pieces().into_iter().for_each(|piece| outbox.push(piece));
            let mut socket = Few {
                most,
                taken: Vec::new(),
            };
            let mut cx = Context::from_waker(std::task::Waker::noop());
            while !outbox.is_empty() {
                assert_eq!(
                    outbox.len() + socket.taken.len() - outbox.written,
                    whole.len()
                );
                assert!(outbox.poll_write(&mut socket, &mut cx).is_ready());
            }
            assert_eq!(socket.taken, whole, "{most} bytes at a time");
            assert_eq!((outbox.len(), outbox.written), (0, 0));
            assert_eq!(
                (outbox.spare_records.len(), outbox.spare_payloads.len()),
                (3, 2)
            );
        }
    }
}
