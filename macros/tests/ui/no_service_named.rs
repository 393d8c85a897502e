extern crate self as dsoftbus;

#[allow(dead_code)]
#[path = "../support/mock.rs"]
mod mock;
#[allow(unused_imports)]
pub use mock::*;

#[derive(dsoftbus_macros::Service)]
struct Hello;

#[derive(dsoftbus_macros::Service)]
#[service()]
struct Empty;

fn main() {
    // Each mistake above is one message: both types are services all the same.
    let _ = std::sync::Arc::new(Hello).skeletons();
    let _ = std::sync::Arc::new(Empty).skeletons();
}
