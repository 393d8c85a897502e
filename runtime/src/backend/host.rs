//! TCP through tokio.

use std::{io, net::SocketAddr, time::Duration};

use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};

use crate::{ConnectError, StartError};

/// Time one address may take to answer before the next is tried.
const DIAL_WITHIN: Duration = Duration::from_secs(3);

/// Pause after a failed accept. Out of file descriptors, the next accept would fail at once, for ever.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

#[derive(Debug)]
pub(crate) struct Listener(TcpListener);

impl Listener {
    pub(crate) async fn bind(addr: impl ToSocketAddrs) -> Result<Self, StartError> {
        TcpListener::bind(addr)
            .await
            .map(Self)
            .map_err(StartError::Listen)
    }

    pub(crate) fn local_addr(&self) -> Result<SocketAddr, StartError> {
        self.0.local_addr().map_err(StartError::Listen)
    }

    /// Waits for a connection. Failures are logged and survived: one bad connection must not end a daemon.
    pub(crate) async fn accept(&self) -> (TcpStream, SocketAddr) {
        loop {
            match self.0.accept().await {
                Ok((stream, from)) => match stream.set_nodelay(true) {
                    Ok(()) => return (stream, from),
                    Err(error) => tracing::debug!(%from, %error, "connection lost at once"),
                },
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// Connects to the first address that answers.
pub(crate) async fn dial(addrs: &[SocketAddr]) -> Result<TcpStream, ConnectError> {
    let mut failure = io::Error::new(io::ErrorKind::AddrNotAvailable, "no address is announced");
    for addr in addrs {
        match tokio::time::timeout(DIAL_WITHIN, TcpStream::connect(addr)).await {
            Ok(Ok(stream)) => {
                stream
                    .set_nodelay(true)
                    .map_err(ConnectError::Unreachable)?;
                return Ok(stream);
            }
            Ok(Err(error)) => failure = error,
            Err(_) => failure = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(ConnectError::Unreachable(failure))
}
