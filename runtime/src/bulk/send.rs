//! Sending payloads: what a caller pushes, and what a handler offered.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use bytes::Bytes;
use dsoftbus_proto::{buffer::Pool, frame::CloseCode};
use tokio::sync::mpsc;

use super::{
    CHANNEL, INTERFACE_ID, OpenHeader, VmoHandle, VmoSource,
    header::{PullAccept, number},
    pace::{Pace, TooSlow, VERDICT_WITHIN},
};
use crate::{
    ChannelError, Peer, Result, Status,
    error::closed_status,
    session::{ByteChannel, MAX_QUEUED},
    store::Digest,
};

/// Chunks between the thread that reads a file and the connection.
const CHUNKS: usize = 4;

/// Bytes of payload in one frame: the most that is a multiple of 4 KiB pages.
pub(super) const CHUNK: usize = 61_440;

/// Bytes from which on a payload is hashed on a thread that may block: hashing as much takes about as long as the switch of
/// threads, and more would keep other tasks from running.
const HASH_ASIDE: u64 = 64 * 1024;

impl Peer {
    /// Delivers `payload` into the store of the peer; a call then names it by the handle.
    ///
    /// # Errors
    ///
    /// `unimplemented` when the peer has no store, `resource_exhausted` when it has no room, `data_loss` when what
    /// arrived was not what was sent.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the transfer; the peer keeps nothing of it.
    pub async fn push_bytes(&self, payload: Bytes) -> Result<VmoHandle> {
        let digest = if VmoSource::len(&payload) < HASH_ASIDE {
            Digest::of(&payload)
        } else {
            let payload = payload.clone();
            tokio::task::spawn_blocking(move || Digest::of(&payload))
                .await
                .map_err(|_| Status::internal("hashing the payload panicked"))?
        };
        self.push_digested(digest, payload).await
    }

    /// As [`push_bytes`](Self::push_bytes) when the digest is known already. A wrong one is refused by the peer.
    ///
    /// # Errors
    ///
    /// As [`push_bytes`](Self::push_bytes).
    ///
    /// # Cancel safety
    ///
    /// As [`push_bytes`](Self::push_bytes).
    pub async fn push_digested(&self, digest: Digest, payload: Bytes) -> Result<VmoHandle> {
        let length = VmoSource::len(&payload);
        let mut stream = self.open_push(digest, length).await?;
        let mut pace = Pace::default();
        let mut rest = payload;
        while !rest.is_empty() {
            let mut chunk = rest.split_to(CHUNK.min(rest.len()));
            if rest.len() < MAX_QUEUED {
                // May wait in the session long after this call was given up, and must not keep the whole payload there.
                chunk = Bytes::copy_from_slice(&chunk);
            }
            let bytes = chunk.len();
            match pace.wait(stream.send(chunk)).await {
                Ok(Ok(())) => pace.moved(bytes),
                // The channel says itself why it ended.
                Ok(Err(_)) => break,
                Err(TooSlow) => return Err(too_slow()),
            }
        }
        finish_push(stream).await
    }

    /// Delivers the file at `path` into the store of the peer. It is read twice: once for its digest, once to be sent.
    ///
    /// # Errors
    ///
    /// `not_found` or `internal` when the file cannot be read; otherwise as [`push_bytes`](Self::push_bytes).
    ///
    /// # Cancel safety
    ///
    /// As [`push_bytes`](Self::push_bytes).
    pub async fn push_file(&self, path: impl AsRef<Path>) -> Result<VmoHandle> {
        let path = path.as_ref().to_owned();
        let (digest, length, file) = tokio::task::spawn_blocking(move || digest_file(&path))
            .await
            .map_err(|_| Status::internal("reading the file panicked"))?
            .map_err(file_status)?;
        let mut stream = self.open_push(digest, length).await?;
        let sent = send_from(
            &mut stream,
            move || Ok(Box::new(file) as Box<dyn Read + Send>),
            length,
        )
        .await;
        match sent {
            Ok(()) | Err(SendError::Channel) => finish_push(stream).await,
            Err(SendError::TooSlow) => Err(too_slow()),
            Err(SendError::Read(error)) => Err(file_status(error)),
        }
    }

    async fn open_push(&self, digest: Digest, length: u64) -> Result<ByteChannel> {
        let header = OpenHeader::push(digest, length);
        let (stream, accepted) = self
            .open_bytes_with(CHANNEL, INTERFACE_ID, &header.encode())
            .await
            .map_err(Status::from)?;
        if number(&accepted, 0) != Some(0) {
            return Err(ChannelError::Closed(CloseCode::PROTOCOL_ERROR).into());
        }
        Ok(stream)
    }
}

/// Ends a push and waits for the receiver's verdict.
async fn finish_push(mut stream: ByteChannel) -> Result<VmoHandle> {
    stream.finish();
    let Ok(verdict) = tokio::time::timeout(VERDICT_WITHIN, stream.recv()).await else {
        return Err(too_slow());
    };
    match verdict {
        Ok(None) => number(&stream.close_extra(), 0)
            .map(VmoHandle::from_raw)
            .ok_or_else(|| closed_status(CloseCode::PROTOCOL_ERROR)),
        Ok(Some(_)) => Err(closed_status(CloseCode::PROTOCOL_ERROR)),
        Err(error) => Err(error.into()),
    }
}

/// Sends an offered payload to the peer that pulls it; the error is the code to reset the channel with.
pub(super) async fn serve(stream: &mut ByteChannel, header: &OpenHeader) -> Result<(), CloseCode> {
    let source = stream
        .session()
        .vmos()
        .take_offer(VmoHandle::from_raw(header.handle))
        .map_err(|_| CloseCode::NO_SUCH_HANDLE)?;
    // The source may have to read all of itself for its digest.
    let asked = tokio::task::spawn_blocking(move || {
        let accept = PullAccept {
            offset: 0,
            length: source.len(),
            digest: source.digest(),
        };
        (accept, source)
    });
    let (accept, source) = asked.await.map_err(|_| CloseCode::INTERNAL_ERROR)?;
    let length = accept.length;
    stream.accept(&accept.encode());
    match send_from(stream, move || source.open(), length).await {
        Ok(()) => {
            stream.finish();
            Ok(())
        }
        Err(SendError::Channel) => Err(CloseCode::CANCELLED),
        Err(SendError::TooSlow) => Err(CloseCode::RESOURCE_LIMIT),
        Err(SendError::Read(error)) => {
            tracing::warn!(%error, "an offered payload cannot be read");
            Err(CloseCode::INTERNAL_ERROR)
        }
    }
}

enum SendError {
    /// The source cannot be read.
    Read(io::Error),
    /// The channel ended; it says itself why.
    Channel,
    /// The peer takes nothing, or too little.
    TooSlow,
}

/// Reads `length` bytes on a thread that may block and sends them.
async fn send_from(
    stream: &mut ByteChannel,
    open: impl FnOnce() -> io::Result<Box<dyn Read + Send>> + Send + 'static,
    length: u64,
) -> Result<(), SendError> {
    let (sender, mut chunks) = mpsc::channel(CHUNKS);
    let reader = tokio::task::spawn_blocking(move || {
        let mut source = open()?;
        let mut pool = Pool::new();
        let mut left = length;
        while left > 0 {
            let size = usize::try_from(left).map_or(CHUNK, |left| left.min(CHUNK));
            let chunk = pool.lend(size, |chunk| source.read_exact(chunk))?;
            left -= size as u64;
            if sender.blocking_send(chunk).is_err() {
                break;
            }
        }
        Ok(())
    });
    let mut pace = Pace::default();
    while let Some(chunk) = chunks.recv().await {
        let bytes = chunk.len();
        pace.wait(stream.send(chunk))
            .await
            .map_err(|TooSlow| SendError::TooSlow)?
            .map_err(|_| SendError::Channel)?;
        pace.moved(bytes);
    }
    reader
        .await
        .unwrap_or_else(|_| Err(io::Error::other("reading panicked")))
        .map_err(SendError::Read)
}

fn too_slow() -> Status {
    Status::deadline_exceeded("the peer takes the payload too slowly")
}

fn digest_file(path: &Path) -> io::Result<(Digest, u64, File)> {
    let mut hasher = blake3::Hasher::new();
    let mut file = File::open(path)?;
    let length = io::copy(&mut file, &mut HashWriter(&mut hasher))?;
    let digest = Digest::from_bytes(*hasher.finalize().as_bytes());
    Ok((digest, length, File::open(path)?))
}

struct HashWriter<'a>(&'a mut blake3::Hasher);

impl io::Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn file_status(error: io::Error) -> Status {
    let text = format!("the file cannot be read: {error}");
    match error.kind() {
        io::ErrorKind::NotFound => Status::not_found(text),
        io::ErrorKind::PermissionDenied => Status::permission_denied(text),
        _ => Status::internal(text),
    }
}
