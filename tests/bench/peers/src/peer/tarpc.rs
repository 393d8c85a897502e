//! tarpc: bincode in frames with a length, on mutual TLS, with tarpc's defaults.

use dsoftbus_bench::{Options, Result, Scenario, TEXT};
use futures::StreamExt;
use tarpc::{
    client, context, serde_transport,
    server::{BaseChannel, Channel},
    tokio_serde::formats::Bincode,
};
use tokio_util::codec::{Framed, LengthDelimitedCodec};

use super::{accept, calls, check, connect, listen, not_measured, tls};

#[tarpc::service]
trait Mirror {
    async fn echo(text: String) -> String;
}

#[derive(Clone)]
struct Service;

impl Mirror for Service {
    async fn echo(self, _: context::Context, text: String) -> String {
        text
    }
}

/// Serves until the process is killed.
pub(super) async fn serve(options: &'static Options) -> Result<()> {
    let acceptor = tls::acceptor()?;
    let listener = listen(options).await?;
    loop {
        let stream = accept(&listener).await?;
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            let stream = acceptor.accept(stream).await?;
            let frames = Framed::new(stream, LengthDelimitedCodec::new());
            let transport = serde_transport::new(frames, Bincode::default());
            let mut answers =
                std::pin::pin!(BaseChannel::with_defaults(transport).execute(Service.serve()));
            while let Some(answer) = answers.next().await {
                tokio::spawn(answer);
            }
            Ok::<(), dsoftbus_bench::Error>(())
        });
    }
}

/// Measures and prints.
pub(super) async fn load(options: &'static Options) -> Result<()> {
    if !matches!(options.scenario, Scenario::Calls | Scenario::ManyCalls) {
        return not_measured(options);
    }
    let mut clients = Vec::new();
    for _ in 0..options.conns {
        clients.push(dial(options).await?);
    }
    calls(options, clients, |client, meter| {
        tokio::spawn(async move {
            let mut laps = meter.laps();
            while laps.go_on()? {
                call(&client).await?;
            }
            Ok(())
        })
    })
    .await
}

async fn dial(options: &Options) -> Result<MirrorClient> {
    let stream = connect(options).await?;
    let stream = tls::connector()?
        .connect(tls::server_name()?, stream)
        .await?;
    let frames = Framed::new(stream, LengthDelimitedCodec::new());
    let transport = serde_transport::new(frames, Bincode::default());
    Ok(MirrorClient::new(client::Config::default(), transport).spawn())
}

async fn call(client: &MirrorClient) -> Result<()> {
    let answer = client.echo(context::current(), TEXT.to_owned()).await?;
    check(answer.as_bytes())
}
