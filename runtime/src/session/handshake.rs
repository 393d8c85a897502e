//! Drives the handshake of `dsoftbus_proto` over a connection.

use std::time::Duration;

use dsoftbus_proto::{
    announcement::Announcement,
    handshake::{AwaitAccept, Config, Established, Initiator, Responder, Suites},
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
    let mut second = [0; 48];
    io.read_exact(&mut second).await.map_err(ConnectError::Io)?;
    let proof = state.handle(&second)?;
    let signature = identity.sign(proof.statement().clone()).await?;
    let (state, third) = proof.signed(signature)?;
    io.write_all(&third).await.map_err(ConnectError::Io)?;
    io.flush().await.map_err(ConnectError::Io)?;
    let mut header = [0; record::HEADER];
    io.read_exact(&mut header).await.map_err(ConnectError::Io)?;
    let mut record0 = vec![0; AwaitAccept::record0_len(header)?];
    io.read_exact(&mut record0)
        .await
        .map_err(ConnectError::Io)?;
    Ok(state.handle(&record0, unix_now())?)
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
    let mut preamble = [0; 8];
    io.read_exact(&mut preamble)
        .await
        .map_err(ConnectError::Io)?;
    let state = Responder::new(config, suites).handle_preamble(&preamble)?;
    let mut first = [0; 48];
    io.read_exact(&mut first).await.map_err(ConnectError::Io)?;
    let (state, second) = state.handle(&first, *random_secret()?)?;
    io.write_all(&second).await.map_err(ConnectError::Io)?;
    io.flush().await.map_err(ConnectError::Io)?;
    let mut third = [0; 284];
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

fn random_secret() -> Result<Zeroizing<[u8; 32]>, IdentityError> {
    let mut secret = Zeroizing::new([0; 32]);
    getrandom::fill(secret.as_mut_slice()).map_err(IdentityError::Random)?;
    Ok(secret)
}
