//! [`Hand`]: a peer that speaks the protocol by hand, to say what no honest peer says.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use dsoftbus::{Announcement, ConnectError, Identity, IdentityProvider, Node, Peer, testing};
use dsoftbus_proto::{
    frame::{ChannelId, Frame, GoodbyeCode, Mode},
    handshake::{AwaitAccept, Config, Established, Initiator, Suites},
    record,
    side::Side,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};

use crate::within;

/// Bytes that the wire of a [`Hand`] holds, as a socket buffer does.
const WIRE: usize = 1 << 20;

/// A peer that speaks the protocol by hand, as the initiator of a session.
#[derive(Debug)]
pub struct Hand<T = DuplexStream> {
    /// The connection.
    pub io: T,
    /// Keys and facts of the session.
    pub established: Established,
}

impl Hand {
    /// Sets up an honest session with `node` over a wire in memory; returns what the node sees of it, too.
    ///
    /// # Panics
    ///
    /// When the handshake fails.
    pub async fn meet(node: &Node) -> (Self, Peer) {
        let (near, far) = tokio::io::duplex(WIRE);
        let (hand, seen) =
            within(async { tokio::join!(Self::shake(near, node), testing::accept(node, far)) })
                .await;
        (hand, seen.expect("an honest handshake is taken"))
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> Hand<T> {
    /// Goes through an honest handshake with `node` over `io`.
    ///
    /// # Panics
    ///
    /// When it fails.
    pub async fn shake(io: T, node: &Node) -> Self {
        Self::shake_to(io, node.ticket().announcement()).await
    }

    /// As [`shake`](Self::shake), with whoever made `target`.
    ///
    /// # Panics
    ///
    /// When it fails.
    pub async fn shake_to(mut io: T, target: &Announcement) -> Self {
        let identity = Identity::ephemeral().expect("the system has randomness");
        let key = identity.certified_key().await.expect("a key in memory");
        let config = Config::new(dsoftbus::Realm::default(), Arc::new(key));
        let suite = Suites::preferred(Suites::ALL, target.content().suites);
        let suite = suite.expect("every node has a suite");
        // A session that lives for one test needs no secret.
        let start = Initiator::start(&config, target, suite, [0x42; 32]);
        let (state, first) = start.expect("the target is sound");
        io.write_all(&first).await.expect("preamble and message 1");
        let mut second = [0; 48];
        io.read_exact(&mut second).await.expect("message 2");
        let proof = state.handle(&second).expect("message 2 is right");
        let signature = identity.sign(proof.statement().clone()).await;
        let signed = proof.signed(signature.expect("a key in memory signs"));
        let (state, third) = signed.expect("message 3");
        io.write_all(&third).await.expect("message 3 leaves");
        let mut header = [0; record::HEADER];
        io.read_exact(&mut header).await.expect("record 0");
        let length = AwaitAccept::record0_len(header).expect("a length of record 0");
        let mut record0 = vec![0; length];
        io.read_exact(&mut record0).await.expect("record 0");
        let established = state.handle(&record0, unix_now()).expect("accepted");
        Self { io, established }
    }

    /// Seals one record that holds `frames`.
    ///
    /// # Panics
    ///
    /// When they do not fit.
    pub fn seal(&mut self, frames: &[u8]) -> Vec<u8> {
        let mut record = vec![0; record::HEADER];
        record.extend_from_slice(frames);
        let sealed = self.established.sealer.seal(&mut record);
        sealed.expect("the frames fit one record");
        record
    }

    /// Sends bytes as they are.
    pub async fn send_raw(&mut self, bytes: &[u8]) {
        // A node that has closed the connection meanwhile is what many tests look for.
        let _ = self.io.write_all(bytes).await;
    }

    /// Sends one record with this plaintext, which need not be frames.
    pub async fn send_plain(&mut self, plaintext: &[u8]) {
        let record = self.seal(plaintext);
        self.send_raw(&record).await;
    }

    /// Sends frames in one record.
    pub async fn send(&mut self, frames: &[Frame<'_>]) {
        let mut plaintext = Vec::new();
        for frame in frames {
            frame.encode(&mut plaintext);
        }
        self.send_plain(&plaintext).await;
    }

    /// Opens a channel, whatever the node says to it.
    pub async fn open(
        &mut self,
        instance: u16,
        logical: u16,
        interface_id: u64,
        mode: Mode,
    ) -> ChannelId {
        let channel = channel(instance, logical);
        self.send(&[Frame::Open {
            channel,
            mode,
            interface_id,
            extra: &[],
        }])
        .await;
        channel
    }

    /// The plaintext of the next record; `None` at the end of the connection.
    ///
    /// # Panics
    ///
    /// When the node sends something that is not a record, or nothing for too long.
    pub async fn recv(&mut self) -> Option<Bytes> {
        let mut header = [0; record::HEADER];
        within(self.io.read_exact(&mut header)).await.ok()?;
        let length = record::ciphertext_len(header).expect("a node sends records");
        let mut ciphertext = vec![0; length];
        within(self.io.read_exact(&mut ciphertext)).await.ok()?;
        let opened = self.established.opener.open(&ciphertext);
        Some(opened.expect("a node sends records"))
    }

    /// Reads frames until `wanted` makes something of one; `None` at the end of the connection.
    ///
    /// # Panics
    ///
    /// As [`recv`](Self::recv).
    pub async fn find<R>(&mut self, mut wanted: impl FnMut(&Frame<'_>) -> Option<R>) -> Option<R> {
        loop {
            let plaintext = self.recv().await?;
            let mut rest = plaintext.as_ref();
            while !rest.is_empty() {
                let (frame, behind) = Frame::decode(rest).expect("a node sends frames");
                if let Some(found) = wanted(&frame) {
                    return Some(found);
                }
                rest = behind;
            }
        }
    }

    /// Reads on to the node's Goodbye; `None` if the connection ends without one.
    pub async fn goodbye(&mut self) -> Option<GoodbyeCode> {
        self.find(|frame| match frame {
            Frame::Goodbye(code) => Some(*code),
            _ => None,
        })
        .await
    }
}

/// The number of a channel that the initiator opens.
///
/// # Panics
///
/// When there is no such number.
#[must_use]
pub fn channel(instance: u16, logical: u16) -> ChannelId {
    ChannelId::new(Side::Initiator, instance, logical).expect("a number that exists")
}

/// Has `node` answer a connection on which `bytes` come in and then nothing, with the connection left open.
///
/// # Errors
///
/// Why the node gave up. It never sets up a session.
pub async fn answer_to(node: &Node, bytes: &[u8]) -> Result<Peer, ConnectError> {
    let (mut near, far) = tokio::io::duplex(WIRE);
    let (_, seen) = tokio::join!(
        async {
            let _ = near.write_all(bytes).await;
        },
        testing::accept(node, far)
    );
    drop(near);
    seen
}

/// Seconds since 1970.
#[must_use]
pub fn unix_now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}
