//! `parent_module`: the code lies in a module of the user's.

use crate::api::{Greeter, GreeterClient};
use crate::mock::{Context, Result, now};

struct Hello;

impl Greeter for Hello {
    async fn hello(&self, _cx: &Context, name: &str) -> Result<String> {
        Ok(format!("Hello, {name}!"))
    }
}

pub fn main() {
    assert_eq!(now(GreeterClient::local(Hello).hello("bus")).unwrap(), "Hello, bus!");
}
