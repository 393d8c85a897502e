extern crate self as dsoftbus;

#[allow(dead_code)]
#[path = "../support/mock.rs"]
mod mock;
#[allow(unused_imports)]
pub use mock::*;

#[derive(dsoftbus_macros::Service)]
#[service(Greeter)]
struct Hello;

fn main() {
    let _ = std::sync::Arc::new(Hello).skeletons();
}
