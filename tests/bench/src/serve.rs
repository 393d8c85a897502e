//! The server of a measurement.

use dsoftbus::{Context, Node, Trust};

use crate::{Echo, Objects, Options, Result, identities, ready, sink::Sink};

#[derive(dsoftbus::Service)]
#[service(crate::Echo, crate::Objects)]
struct Mirror;

impl Echo for Mirror {
    async fn echo(&self, _cx: &Context, msg: &str) -> dsoftbus::Result<String> {
        Ok(msg.to_owned())
    }
}

impl Objects for Mirror {
    async fn echo(&self, _cx: &Context, msg: &str) -> dsoftbus::Result<String> {
        Ok(msg.to_owned())
    }
}

/// Serves until the process is killed.
///
/// # Errors
///
/// When the node cannot be made.
pub(crate) async fn serve(options: &Options) -> Result<()> {
    let node = Node::builder()
        .identity(identities::server())
        .limits(options.limits())
        .allow(Trust::devices(identities::clients()))
        .serve(Mirror)
        .store(Sink {
            digest: options.digest,
        })
        .bind(options.addr)
        .await?;
    let port = node.ticket().announcement().content().port;
    ready((options.addr.ip(), port).into())?;
    std::future::pending().await
}
