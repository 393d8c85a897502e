//! Receiving payloads: into the store (push), or into the caller's hands (pull).

use std::{sync::Arc, thread};

use bytes::Bytes;
use dsoftbus_proto::frame::CloseCode;
use tokio::{sync::mpsc, task::JoinHandle};

use super::{
    CHANNEL, INTERFACE_ID, OpenHeader, Vmo, VmoHandle,
    header::PullAccept,
    pace::{Pace, TooSlow},
};
use crate::{
    ChannelError, Code, Peer, Result, Status,
    session::ByteChannel,
    store::{ArtifactStore, Digest, StoreError, Upload},
};

/// Chunks handed to the thread that writes at once. Each hand-over is a switch of threads, which costs as much as
/// hashing a chunk; 16 make 1 MiB at most.
const BATCH: usize = 16;

/// Batches between the connection and the thread that writes: one to work on while the next is gathered.
const BATCHES: usize = 1;

/// Where payloads go that peers push.
pub trait BulkStore: Send + Sync + 'static {
    /// Prepares for a payload of `len` bytes with this digest, before its first byte. May block.
    ///
    /// # Errors
    ///
    /// `resource_exhausted` when there is no room for it.
    fn begin(&self, digest: Digest, len: u64) -> Result<Box<dyn BulkUpload>>;
}

/// A payload on its way into a [`BulkStore`]. Dropping it forgets the bytes.
pub trait BulkUpload: Send {
    /// Takes the next bytes. May block.
    ///
    /// # Errors
    ///
    /// When they cannot be stored, or are more than announced.
    fn write(&mut self, chunk: &[u8]) -> Result<()>;

    /// Checks length and digest, and makes the payload durable. May block.
    ///
    /// # Errors
    ///
    /// `data_loss` when the bytes are not those announced; nothing is kept then.
    fn commit(self: Box<Self>) -> Result<()>;
}

impl BulkStore for ArtifactStore {
    fn begin(&self, digest: Digest, len: u64) -> Result<Box<dyn BulkUpload>> {
        let upload = Self::begin(self, digest, len).map_err(store_status)?;
        Ok(Box::new(upload))
    }
}

impl<S: BulkStore + ?Sized> BulkStore for Arc<S> {
    fn begin(&self, digest: Digest, len: u64) -> Result<Box<dyn BulkUpload>> {
        (**self).begin(digest, len)
    }
}

impl BulkUpload for Upload {
    fn write(&mut self, chunk: &[u8]) -> Result<()> {
        Self::write(self, chunk).map_err(store_status)
    }

    fn commit(self: Box<Self>) -> Result<()> {
        Self::commit(*self).map(drop).map_err(store_status)
    }
}

fn store_status(error: StoreError) -> Status {
    let code = match &error {
        StoreError::TooLarge { .. } | StoreError::OverQuota { .. } | StoreError::DiskFull => {
            Code::ResourceExhausted
        }
        StoreError::TooLong { .. }
        | StoreError::TooShort { .. }
        | StoreError::DigestMismatch { .. } => Code::DataLoss,
        _ => Code::Internal,
    };
    Status::new(code, error.to_string())
}

/// Receives a pushed payload; the error is the code to reset the channel with.
pub(super) async fn serve(
    stream: &mut ByteChannel,
    header: &OpenHeader,
    store: Arc<dyn BulkStore>,
) -> Result<(), CloseCode> {
    let (digest, length) = (header.digest, header.length);
    let begun = tokio::task::spawn_blocking(move || store.begin(digest, length))
        .await
        .map_err(|_| CloseCode::INTERNAL_ERROR)?;
    let upload = begun.map_err(|status| refusal(&status))?;
    stream.accept(&0_u64.to_le_bytes());
    let (batches, writer) = start_writer(upload);
    let received = forward(stream, batches).await;
    let written = writer.await.map_err(|_| CloseCode::INTERNAL_ERROR)?;
    // The store knows better than the channel why a transfer that it refused came to an end.
    if let Err(status) = written
        && (received.is_ok() || status.code() != Code::DataLoss)
    {
        return Err(refusal(&status));
    }
    received?;
    let handle = stream
        .session()
        .vmos()
        .deliver(Vmo {
            digest,
            len: length,
        })
        .map_err(|status| refusal(&status))?;
    stream.finish_with(&handle.to_raw().to_le_bytes());
    Ok(())
}

/// Chunks for the thread that writes.
struct Batch {
    chunks: Vec<Bytes>,
    /// Whether the thread lets others run between two chunks. Where it has no CPU for itself, calls would otherwise wait for all of them.
    gives_way: bool,
}

/// Starts the thread that writes. An empty batch tells it that the sender has ended its data; without one nothing is kept,
/// even if every byte is there: who gave up a push must not find it done.
fn start_writer(mut upload: Box<dyn BulkUpload>) -> (mpsc::Sender<Batch>, JoinHandle<Result<()>>) {
    let (sender, mut batches) = mpsc::channel::<Batch>(BATCHES);
    let writer = tokio::task::spawn_blocking(move || {
        while let Some(batch) = batches.blocking_recv() {
            if batch.chunks.is_empty() {
                return upload.commit();
            }
            let gives_way = batch.gives_way;
            for chunk in batch.chunks {
                upload.write(&chunk)?;
                drop(chunk);
                if gives_way {
                    thread::yield_now();
                }
            }
        }
        // The sender did not end its data: the channel knows why.
        Ok(())
    });
    (sender, writer)
}

/// Passes chunks on until the sender ends its data. When the writer gives up it says why itself.
async fn forward(stream: &mut ByteChannel, batches: mpsc::Sender<Batch>) -> Result<(), CloseCode> {
    let mut pace = Pace::default();
    // Chunks are taken only when the writer can have them: what waits meanwhile makes the next batch larger.
    while let Ok(place) = batches.reserve().await {
        let chunks = pace
            .wait(stream.recv_batch(BATCH))
            .await
            .map_err(|TooSlow| CloseCode::RESOURCE_LIMIT)?
            .map_err(|_| CloseCode::CANCELLED)?;
        pace.moved(chunks.iter().map(Bytes::len).sum());
        let ended = chunks.is_empty();
        place.send(Batch {
            chunks,
            gives_way: stream.session().core().calls_lately(),
        });
        if ended {
            break;
        }
    }
    Ok(())
}

/// The close code that tells a sender why.
fn refusal(status: &Status) -> CloseCode {
    match status.code() {
        Code::ResourceExhausted => CloseCode::RESOURCE_LIMIT,
        Code::DataLoss => CloseCode::DIGEST_MISMATCH,
        _ => CloseCode::INTERNAL_ERROR,
    }
}

/// A payload on its way here. Each chunk is checked into the digest; the last `None` comes only if the whole is right.
#[derive(Debug)]
pub struct Pull {
    stream: ByteChannel,
    digest: Digest,
    len: u64,
    received: u64,
    hasher: Box<blake3::Hasher>,
    pace: Pace,
    done: bool,
}

impl Pull {
    /// BLAKE3 of the payload, as the sender announced it.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Length in bytes, as the sender announced it.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether the payload is empty.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Receives the next chunk; `None` after the last one, once length and digest are right.
    ///
    /// # Errors
    ///
    /// `data_loss` when the bytes are not those announced; what came before must not be used then.
    ///
    /// # Cancel safety
    ///
    /// No bytes are lost when the future is dropped.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        if self.done {
            return Ok(None);
        }
        let chunk = self
            .pace
            .wait(self.stream.recv())
            .await
            .map_err(|TooSlow| Status::deadline_exceeded("the sender is too slow"))??;
        let Some(chunk) = chunk else {
            if self.received != self.len {
                return Err(Status::data_loss("the payload ended early"));
            }
            if self.hasher.finalize().as_bytes() != self.digest.as_bytes() {
                return Err(Status::data_loss("the payload is not what its digest says"));
            }
            self.done = true;
            self.stream.finish();
            return Ok(None);
        };
        // A chunk fits a frame: no overflow.
        self.received += chunk.len() as u64;
        if self.received > self.len {
            self.stream.reset(CloseCode::DIGEST_MISMATCH);
            return Err(Status::data_loss("the payload is longer than announced"));
        }
        self.pace.moved(chunk.len());
        self.hasher.update(&chunk);
        Ok(Some(chunk))
    }

    /// Receives the whole payload, of at most `max` bytes, into memory.
    ///
    /// # Errors
    ///
    /// `resource_exhausted` when it is longer than `max`; otherwise as [`chunk`](Self::chunk).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the transfer, and what was received is lost. The handle was used up by [`Peer::pull`].
    pub async fn read_to_end(mut self, max: u64) -> Result<Vec<u8>> {
        if self.len > max {
            return Err(Status::resource_exhausted(format!(
                "the payload has {} bytes, more than {max}",
                self.len
            )));
        }
        let mut payload = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            payload.extend_from_slice(&chunk);
        }
        Ok(payload)
    }
}

impl Peer {
    /// Opens a payload that a handler of the peer offered.
    ///
    /// # Errors
    ///
    /// `not_found` when the handle is not (or no longer) valid.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future uses up the handle.
    pub async fn pull(&self, handle: VmoHandle) -> Result<Pull> {
        let header = OpenHeader::pull(handle.to_raw());
        let (stream, accepted) = self
            .open_bytes_with(CHANNEL, INTERFACE_ID, &header.encode())
            .await
            .map_err(Status::from)?;
        let Some(accepted) = PullAccept::parse(&accepted) else {
            return Err(ChannelError::Closed(CloseCode::PROTOCOL_ERROR).into());
        };
        if accepted.offset != 0 {
            return Err(ChannelError::Closed(CloseCode::PROTOCOL_ERROR).into());
        }
        Ok(Pull {
            stream,
            digest: accepted.digest,
            len: accepted.length,
            received: 0,
            hasher: Box::default(),
            pace: Pace::default(),
            done: false,
        })
    }
}
