//! The service manager as a daemon. Prints its ticket once it listens; ends on SIGINT and SIGTERM.

use std::{error::Error, path::PathBuf, process::ExitCode};

use dsoftbus::{Identity, IdentityProvider as _, Node, Trust};
use samgr::Registry;
use tokio::signal::unix::{SignalKind, signal};

const USAGE: &str = "usage: samgrd --key FILE (--trust FILE | --allow-anyone) [--listen ADDR]
  --key FILE      key of this device; made if it is not there
  --trust FILE    devices that may call, one ID a line
  --allow-anyone  every device may call
  --listen ADDR   where to listen, [::1]:0 by default";

/// What the command line says.
struct Options {
    key: PathBuf,
    trust: Trust,
    listen: String,
}

impl Options {
    fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let (mut key, mut trust, mut listen) = (None, None, "[::1]:0".to_owned());
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value"));
            match arg.as_str() {
                "--key" => key = Some(value()?.into()),
                "--trust" => trust = Some(Trust::file(value()?)?),
                "--allow-anyone" => trust = Some(Trust::anyone()),
                "--listen" => listen = value()?,
                _ => return Err(format!("unknown argument {arg}\n{USAGE}").into()),
            }
        }
        Ok(Self {
            key: key.ok_or_else(|| format!("--key is missing\n{USAGE}"))?,
            // No default: a registry that anybody may write to has to be asked for.
            trust: trust.ok_or_else(|| format!("--trust is missing\n{USAGE}"))?,
            listen,
        })
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let options = Options::parse(std::env::args().skip(1))?;
    let identity = Identity::load_or_create(&options.key)?;
    let registry = Registry::new(identity.device_id());
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    let node = Node::builder()
        .identity(identity)
        .allow(options.trust)
        .serve(registry)
        .bind(&options.listen)
        .await?;
    println!("{}", node.ticket());
    tokio::select! {
        _ = interrupted.recv() => {}
        _ = terminated.recv() => {}
    }
    node.shutdown();
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("samgrd: {error}");
            ExitCode::FAILURE
        }
    }
}
