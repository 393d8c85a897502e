extern crate self as dsoftbus;

#[allow(dead_code)]
#[path = "../support/mock.rs"]
mod mock;
#[allow(unused_imports)]
pub use mock::*;

#[derive(dsoftbus_macros::Service)]
#[service(Missing)]
struct Hello;

fn main() {}
