//! For tests: two nodes joined in memory, with real frames, real cryptography and faults on demand.
//!
//! Nothing here opens a socket, and all of it runs under tokio's paused clock.

mod link;
mod mock;

use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncWrite};

pub use self::{link::Link, mock::MockMethod};
use crate::{ByteChannel, ConnectError, Node, NodeBuilder, Peer, Trust};

/// A node and a peer that is connected to it in memory.
#[derive(Debug)]
pub struct Pair {
    /// The calling side: a session with [`node`](Self::node), set up by a device made for the purpose.
    pub peer: Peer,
    /// The node under test.
    pub node: Node,
    /// The same session, seen from the node under test.
    pub seen: Peer,
    /// The wire between them.
    pub link: Link,
}

/// Makes a node from `builder` and connects a new device to it, in memory.
///
/// # Errors
///
/// As [`Node::connect`]; what the node under test refuses shows up here.
///
/// # Panics
///
/// When the node cannot be made from `builder`.
///
/// # Cancel safety
///
/// Dropping the future drops the nodes and the wire.
pub async fn pair(builder: NodeBuilder) -> Result<Pair, ConnectError> {
    pair_from(builder, Node::builder().allow(Trust::anyone())).await
}

/// As [`pair`], with a description of the calling node too.
///
/// # Errors
///
/// As [`pair`].
///
/// # Panics
///
/// As [`pair`].
///
/// # Cancel safety
///
/// As [`pair`].
pub async fn pair_from(builder: NodeBuilder, caller: NodeBuilder) -> Result<Pair, ConnectError> {
    let node = builder.virtual_time().start_announced().await;
    let node = node.expect("a node for a test starts");
    let caller = caller.virtual_time().start().await;
    let caller = caller.expect("a node for a test starts");
    connect(&caller, &node).await
}

/// Connects two nodes in memory; `node` must have come out of this module.
///
/// # Errors
///
/// As [`pair`].
///
/// # Panics
///
/// When `node` has no announcement.
///
/// # Cancel safety
///
/// Dropping the future drops the wire. The nodes go on.
pub async fn connect(caller: &Node, node: &Node) -> Result<Pair, ConnectError> {
    let announcement = node.announcement().expect("the node is announced");
    let (near, far, link) = link::link();
    let (peer, seen) = futures::join!(
        caller.connect_over(near, &announcement),
        node.accept_over(far)
    );
    // What the caller sees comes first: it is what a user would see.
    let peer = peer?;
    Ok(Pair {
        peer,
        node: node.clone(),
        seen: seen?,
        link,
    })
}

/// Has `node` answer a connection that exists already, as it answers those that come in over its listener: for tests that
/// speak the protocol by hand.
///
/// # Errors
///
/// Why no session came of it.
///
/// # Cancel safety
///
/// Dropping the future drops the connection. The node goes on.
pub async fn accept<T>(node: &Node, io: T) -> Result<Peer, ConnectError>
where
    T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    node.accept_over(io).await
}

/// Two connected byte channels as `futures` `AsyncRead + AsyncWrite`, with the pair that carries them: any two-party Cap'n Proto
/// program can be put on them.
///
/// # Errors
///
/// As [`pair`].
///
/// # Panics
///
/// As [`pair`].
///
/// # Cancel safety
///
/// As [`pair`].
pub async fn byte_channels() -> Result<(ByteChannel, ByteChannel, Pair), ConnectError> {
    const CHANNEL: u16 = 0x0100;
    let accepted = Arc::new(Mutex::new(None));
    let slot = Arc::clone(&accepted);
    let pair = pair(Node::builder().allow(Trust::anyone()).serve_bytes(
        CHANNEL,
        move |_, channel| {
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(channel);
        },
    ))
    .await?;
    let near = pair.peer.open_bytes(CHANNEL, 0).await;
    let near = near.expect("the handler takes every channel");
    let far = accepted
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    let far = far.expect("an accepted channel was handed over before its Accept");
    Ok((near, far, pair))
}
