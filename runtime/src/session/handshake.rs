//! Drives the handshake of `dsoftbus_proto` over a connection.

use std::{io, time::Duration};

use dsoftbus_proto::{
    announcement::Announcement,
    handshake::{
        ACCEPT, AwaitAccept, Config, Established, HandshakeError, Initiator, MESSAGE_1, MESSAGE_2,
        MESSAGE_3, PREAMBLE, Responder, Suites,
    },
    record,
    trust::Admission,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use zeroize::Zeroizing;

use crate::{ConnectError, IdentityError, IdentityProvider, identity::unix_now};

/// Time a handshake may take, from the first byte to the last.
///
/// Absolute, not per read: a peer that sends a byte now and then holds its place no longer than one that sends none.
pub(crate) const HANDSHAKE_WITHIN: Duration = Duration::from_secs(5);

/// Proves to `responder` who we are, and has it prove the same.
pub(crate) async fn initiate<T>(
    io: &mut T,
    config: Config,
    identity: &dyn IdentityProvider,
    responder: &Announcement,
    suites: Suites,
) -> Result<Established, ConnectError>
where
    T: AsyncRead + AsyncWrite + Send + Unpin,
{
    let suite =
        Suites::preferred(suites, responder.content().suites).ok_or(ConnectError::NoCommonSuite)?;
    let (state, first) = Initiator::start(&config, responder, suite, *random_secret()?)?;
    io.write_all(&first).await.map_err(ConnectError::Io)?;
    let mut second = [0; MESSAGE_2];
    io.read_exact(&mut second).await.map_err(ConnectError::Io)?;
    let proof = state.handle(&second)?;
    let signature = identity.sign(proof.statement().clone()).await?;
    let (state, third) = proof.signed(signature)?;
    io.write_all(&third).await.map_err(ConnectError::Io)?;
    io.flush().await.map_err(ConnectError::Io)?;
    let mut record0 = Incoming::<{ record::HEADER + ACCEPT }>::new();
    let header = record0.first(io).await?;
    let len = AwaitAccept::record0_len(header)?;
    let record0 = record0.up_to(io, record::HEADER + len).await?;
    Ok(state.handle(&record0[record::HEADER..], unix_now())?)
}

/// Has whoever connected prove who they are, and proves the same to them if `admission` lets them in.
pub(crate) async fn respond<T>(
    io: &mut T,
    config: Config,
    identity: &dyn IdentityProvider,
    admission: &(dyn Admission + Sync),
    suites: Suites,
) -> Result<Established, ConnectError>
where
    T: AsyncRead + AsyncWrite + Send + Unpin,
{
    let mut first = Incoming::<{ PREAMBLE + MESSAGE_1 }>::new();
    let preamble = first.first(io).await?;
    let state = Responder::new(config, suites).handle_preamble(&preamble)?;
    let first = first.up_to(io, PREAMBLE + MESSAGE_1).await?;
    let message1 = first.last_chunk().ok_or(HandshakeError::Malformed)?;
    let (state, second) = state.handle(message1, *random_secret()?)?;
    io.write_all(&second).await.map_err(ConnectError::Io)?;
    io.flush().await.map_err(ConnectError::Io)?;
    let mut third = [0; MESSAGE_3];
    io.read_exact(&mut third).await.map_err(ConnectError::Io)?;
    let proof = match state.handle(&third, admission, unix_now()) {
        Ok(proof) => proof,
        Err(rejected) => {
            if let Some(reply) = rejected.reply {
                io.write_all(&reply).await.map_err(ConnectError::Io)?;
                io.shutdown().await.map_err(ConnectError::Io)?;
            }
            return Err(rejected.error.into());
        }
    };
    let signature = identity.sign(proof.statement().clone()).await?;
    let (established, record0) = proof.signed(signature)?;
    io.write_all(&record0).await.map_err(ConnectError::Io)?;
    io.flush().await.map_err(ConnectError::Io)?;
    Ok(established)
}

/// Up to `N` bytes of the peer: two pieces of one write are one read, and neither waits for the other.
struct Incoming<const N: usize> {
    bytes: [u8; N],
    filled: usize,
}

impl<const N: usize> Incoming<N> {
    const fn new() -> Self {
        Self {
            bytes: [0; N],
            filled: 0,
        }
    }

    /// The first `M` bytes, as soon as they are there.
    async fn first<const M: usize>(
        &mut self,
        io: &mut (impl AsyncRead + Unpin),
    ) -> Result<[u8; M], ConnectError> {
        let bytes = self.up_to(io, M).await?.first_chunk();
        Ok(*bytes.ok_or(HandshakeError::Malformed)?)
    }

    /// The first `len` bytes, at most `N`, as soon as they are there.
    async fn up_to(
        &mut self,
        io: &mut (impl AsyncRead + Unpin),
        len: usize,
    ) -> Result<&[u8], ConnectError> {
        let len = len.min(N);
        while self.filled < len {
            let read = io.read(&mut self.bytes[self.filled..]).await;
            match read.map_err(ConnectError::Io)? {
                0 => return Err(ConnectError::Io(io::ErrorKind::UnexpectedEof.into())),
                read => self.filled += read,
            }
        }
        Ok(&self.bytes[..len])
    }
}

fn random_secret() -> Result<Zeroizing<[u8; 32]>, IdentityError> {
    let mut secret = Zeroizing::new([0; 32]);
    getrandom::fill(secret.as_mut_slice()).map_err(IdentityError::Random)?;
    Ok(secret)
}
