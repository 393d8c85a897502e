extern crate self as dsoftbus;

#[allow(dead_code)]
#[path = "../support/mock.rs"]
mod mock;
#[allow(unused_imports)]
pub use mock::*;

#[derive(dsoftbus_macros::Service)]
#[service(Greeter, api::Other, Greeter)]
#[service("Greeter")]
struct Hello<'a>(&'a str);

#[derive(dsoftbus_macros::Service)]
#[service(Greeter)]
union Bits {
    a: u8,
    b: i8,
}

fn main() {}
