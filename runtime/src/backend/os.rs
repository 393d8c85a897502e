//! No kernel sockets: what needs them says so. In-memory links (`testing`) work.

use std::net::SocketAddr;

use tokio::io::DuplexStream;

use crate::{ConnectError, StartError};

const NO_SOCKETS: &str = "the os backend has no network device yet";

#[derive(Debug)]
pub(crate) enum Listener {}

impl Listener {
    pub(crate) async fn bind<A>(_addr: A) -> Result<Self, StartError> {
        Err(StartError::Unsupported(NO_SOCKETS))
    }

    pub(crate) fn local_addr(&self) -> Result<SocketAddr, StartError> {
        match *self {}
    }

    pub(crate) async fn accept(&self) -> (DuplexStream, SocketAddr) {
        match *self {}
    }
}

pub(crate) async fn dial(_addrs: &[SocketAddr]) -> Result<DuplexStream, ConnectError> {
    Err(ConnectError::Unsupported(NO_SOCKETS))
}
