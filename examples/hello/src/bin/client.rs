dsoftbus::include_schemas!();

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let ticket = std::env::args().nth(1).ok_or("usage: client TICKET")?;
    let node = dsoftbus::Node::builder().start().await?;
    let peer = node.connect(ticket).await?;
    let greeter: GreeterClient = peer.open().await?;
    println!("{}", greeter.hello("bus").await?);
    Ok(())
}
