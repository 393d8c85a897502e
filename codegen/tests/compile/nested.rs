//! `parent_module`: the code lies in a module of the user's, and the derive connects a type to it.

use crate::api::{Greeter, GreeterClient};
use crate::mock::{Context, Result, now};

#[derive(dsoftbus_macros::Service)]
#[service(crate::api::Greeter)]
struct Hello;

impl Greeter for Hello {
    async fn hello(&self, _cx: &Context, name: &str) -> Result<String> {
        Ok(format!("Hello, {name}!"))
    }
}

pub fn main() {
    let skeletons = crate::mock::Service::skeletons(std::sync::Arc::new(Hello));
    let served: Vec<_> = skeletons.iter().map(|skeleton| skeleton.descriptor().channel).collect();
    assert_eq!(served, [crate::api::greeter::CHANNEL]);
    assert_eq!(now(GreeterClient::local(Hello).hello("bus")).unwrap(), "Hello, bus!");
}
