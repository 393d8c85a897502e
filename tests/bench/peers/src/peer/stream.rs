//! Byte streams without a protocol: plain TCP, and rustls on it.
//!
//! Bulk is a length and the bytes, answered by the length. Otherwise whatever comes goes back.

use std::sync::Arc;

use bytes::Bytes;
use dsoftbus_bench::{Meter, Options, Result, Scenario, TEXT, report_memory, resident_kib};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::{accept, bulk, check, connect, listen, not_measured, tls};

/// What one write of bulk takes.
const WRITE: usize = 64 << 10;

/// What one read of bulk takes at most.
const READ: usize = 256 << 10;

/// Serves until the process is killed.
pub(super) async fn serve(options: &'static Options, encrypted: bool) -> Result<()> {
    let acceptor = encrypted.then(tls::acceptor).transpose()?;
    let listener = listen(options).await?;
    loop {
        let stream = accept(&listener).await?;
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            match acceptor {
                Some(acceptor) => answer(options, acceptor.accept(stream).await?).await,
                None => answer(options, stream).await,
            }
        });
    }
}

/// Measures and prints.
pub(super) async fn load(options: &'static Options, encrypted: bool) -> Result<()> {
    let dialer = Arc::new(Dialer {
        options,
        tls: encrypted.then(tls::connector).transpose()?,
    });
    match options.scenario {
        Scenario::Bulk => {
            let mut stream = dialer.dial().await?;
            bulk(options, async |payload| send(&mut stream, &payload).await).await
        }
        Scenario::Connections => connections(&dialer).await,
        Scenario::Memory => memory(&dialer).await,
        _ => not_measured(options),
    }
}

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

struct Dialer {
    options: &'static Options,
    tls: Option<tokio_rustls::TlsConnector>,
}

impl Dialer {
    async fn dial(&self) -> Result<Box<dyn Duplex>> {
        let stream = connect(self.options).await?;
        Ok(match &self.tls {
            Some(tls) => Box::new(tls.connect(tls::server_name()?, stream).await?),
            None => Box::new(stream),
        })
    }
}

async fn answer(options: &Options, mut stream: impl Duplex) -> Result<()> {
    if options.scenario == Scenario::Bulk {
        return receive(&mut stream).await;
    }
    let mut text = [0; TEXT.len()];
    while stream.read_exact(&mut text).await.is_ok() {
        stream.write_all(&text).await?;
        stream.flush().await?;
    }
    Ok(())
}

async fn call(stream: &mut impl Duplex) -> Result<()> {
    stream.write_all(TEXT.as_bytes()).await?;
    stream.flush().await?;
    let mut text = [0; TEXT.len()];
    stream.read_exact(&mut text).await?;
    check(&text)
}

async fn receive(stream: &mut impl Duplex) -> Result<()> {
    let mut buffer = vec![0; READ];
    loop {
        let length = stream.read_u64().await?;
        let mut left = length;
        while left > 0 {
            let most = usize::try_from(left).map_or(READ, |left| left.min(READ));
            let read = stream.read(&mut buffer[..most]).await?;
            if read == 0 {
                return Err("the payload ended early".into());
            }
            left -= read as u64;
        }
        stream.write_u64(length).await?;
        stream.flush().await?;
    }
}

async fn send(stream: &mut impl Duplex, payload: &Bytes) -> Result<u64> {
    stream.write_u64(payload.len() as u64).await?;
    for piece in payload.chunks(WRITE) {
        stream.write_all(piece).await?;
    }
    stream.flush().await?;
    Ok(stream.read_u64().await?)
}

async fn connections(dialer: &Arc<Dialer>) -> Result<()> {
    let meter = Arc::new(Meter::new(dialer.options));
    let mut loops = Vec::new();
    for _ in 0..dialer.options.concurrency {
        let (dialer, meter) = (Arc::clone(dialer), Arc::clone(&meter));
        loops.push(tokio::spawn(async move {
            let mut laps = meter.laps();
            while laps.go_on()? {
                let mut stream = dialer.dial().await?;
                call(&mut stream).await?;
                stream.shutdown().await?;
            }
            Ok::<(), dsoftbus_bench::Error>(())
        }));
    }
    for one in loops {
        one.await??;
    }
    meter.report("handshakes")
}

async fn memory(dialer: &Dialer) -> Result<()> {
    let pid = dialer.options.server_pid.ok_or("--server-pid is missing")?;
    let mut streams = Vec::new();
    let mut before = 0.0;
    // The first connection makes what all share.
    for number in 0..=dialer.options.conns {
        let mut stream = dialer.dial().await?;
        call(&mut stream).await?;
        streams.push(stream);
        if number == 0 {
            before = resident_kib(pid)?;
        }
    }
    report_memory(dialer.options, before, resident_kib(pid)?);
    Ok(())
}
