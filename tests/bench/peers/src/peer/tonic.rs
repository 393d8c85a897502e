//! tonic: gRPC on mutual TLS, with tonic's defaults but for a limit of streams that 256 calls in flight would hit.

use bytes::Bytes;
use dsoftbus_bench::{Options, Result, Scenario, TEXT};
use tonic::{
    Request, Response, Status, Streaming,
    transport::{
        Certificate, Channel, ClientTlsConfig, Endpoint, Identity, Server, ServerTlsConfig,
        server::TcpIncoming,
    },
};

use self::stubs::{
    mirror_client::MirrorClient,
    mirror_server::{Mirror, MirrorServer},
};
use super::{bulk, calls, check, listen, not_measured, tls};

/// Streams that a client may have open; hyper's 200 are fewer than the calls in flight.
const STREAMS: u32 = 4_096;

/// What one message of bulk carries.
const PIECE: usize = 256 << 10;

#[allow(missing_docs, unreachable_pub, clippy::all)]
mod stubs {
    include!(concat!(env!("OUT_DIR"), "/bench.Mirror.rs"));
}

/// What a call carries there and back.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Text {
    #[prost(string, tag = "1")]
    text: String,
}

/// A piece of a payload.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Piece {
    #[prost(bytes = "bytes", tag = "1")]
    bytes: Bytes,
}

/// How long a payload was.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Length {
    #[prost(uint64, tag = "1")]
    length: u64,
}

struct Service;

#[tonic::async_trait]
impl Mirror for Service {
    async fn echo(&self, request: Request<Text>) -> Result<Response<Text>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn push(&self, request: Request<Streaming<Piece>>) -> Result<Response<Length>, Status> {
        let mut pieces = request.into_inner();
        let mut length = 0;
        while let Some(piece) = pieces.message().await? {
            length += piece.bytes.len() as u64;
        }
        Ok(Response::new(Length { length }))
    }
}

/// Serves until the process is killed.
pub(super) async fn serve(options: &'static Options) -> Result<()> {
    use_provider()?;
    let party = tls::Party::server()?;
    let tls = ServerTlsConfig::new()
        .identity(identity(&party))
        .client_ca_root(Certificate::from_pem(party.authority.pem()));
    let listener = TcpIncoming::from(listen(options).await?).with_nodelay(Some(true));
    Server::builder()
        .tls_config(tls)?
        .max_concurrent_streams(STREAMS)
        .add_service(MirrorServer::new(Service))
        .serve_with_incoming(listener)
        .await?;
    Ok(())
}

/// Measures and prints.
pub(super) async fn load(options: &'static Options) -> Result<()> {
    use_provider()?;
    match options.scenario {
        Scenario::Calls | Scenario::ManyCalls => {
            let mut clients = Vec::new();
            for _ in 0..options.conns {
                clients.push(dial(options).await?);
            }
            calls(options, clients, |mut client, meter| {
                tokio::spawn(async move {
                    let mut laps = meter.laps();
                    while laps.go_on()? {
                        call(&mut client).await?;
                    }
                    Ok(())
                })
            })
            .await
        }
        Scenario::Bulk => {
            let mut client = dial(options).await?;
            bulk(options, async |payload| send(&mut client, payload).await).await
        }
        _ => not_measured(options),
    }
}

async fn dial(options: &Options) -> Result<MirrorClient<Channel>> {
    let party = tls::Party::client()?;
    let tls = ClientTlsConfig::new()
        .domain_name(tls::SERVER_NAME)
        .ca_certificate(Certificate::from_pem(party.authority.pem()))
        .identity(identity(&party));
    let endpoint = Endpoint::from_shared(format!("https://{}", options.addr))?
        .tls_config(tls)?
        .tcp_nodelay(true);
    Ok(MirrorClient::new(endpoint.connect().await?))
}

async fn call(client: &mut MirrorClient<Channel>) -> Result<()> {
    let text = TEXT.to_owned();
    let answer = client.echo(Text { text }).await?;
    check(answer.get_ref().text.as_bytes())
}

async fn send(client: &mut MirrorClient<Channel>, mut payload: Bytes) -> Result<u64> {
    let pieces = std::iter::from_fn(move || {
        let next = payload.split_to(PIECE.min(payload.len()));
        (!next.is_empty()).then_some(Piece { bytes: next })
    });
    let answer = client.push(tokio_stream::iter(pieces)).await?;
    Ok(answer.get_ref().length)
}

fn identity(party: &tls::Party) -> Identity {
    Identity::from_pem(party.certificate.pem(), party.key.serialize_pem())
}

/// tonic takes its cryptography from the process.
fn use_provider() -> Result<()> {
    let provider = (*tls::provider()).clone();
    provider
        .install_default()
        .map_err(|_| "the process has a provider of cryptography already".into())
}
