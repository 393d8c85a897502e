dsoftbus::include_schemas!();

#[derive(dsoftbus::Service)]
#[service(Greeter)]
struct Hello;

impl Greeter for Hello {
    async fn hello(&self, _cx: &dsoftbus::Context, name: &str) -> dsoftbus::Result<String> {
        Ok(format!("Hello, {name}!"))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let bus = dsoftbus::Node::builder().key_file("hello.key").serve(Hello);
    let node = bus.allow(dsoftbus::Trust::anyone()).bind("[::1]:0").await?;
    println!("{}", node.ticket());
    std::future::pending().await
}
