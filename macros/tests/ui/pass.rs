extern crate self as dsoftbus;

#[allow(dead_code)]
#[path = "../support/mock.rs"]
mod mock;
#[allow(unused_imports)]
pub use mock::*;

#[derive(dsoftbus_macros::Service)]
#[service(Greeter, api::Other)]
struct Hello;

impl Greeter for Hello {}
impl api::Other for Hello {}

#[derive(dsoftbus_macros::Service)]
#[service(Greeter)]
#[service(crate::api::Other)]
struct Holder<T: Clone + Send + Sync + 'static>(T)
where
    T: Default;

impl<T: Clone + Send + Sync + Default + 'static> Greeter for Holder<T> {}
impl<T: Clone + Send + Sync + Default + 'static> api::Other for Holder<T> {}

#[derive(dsoftbus_macros::Service)]
#[service(Greeter)]
enum Either {
    #[allow(dead_code)]
    One,
    Two,
}

impl Greeter for Either {}

fn main() {
    assert_eq!(std::sync::Arc::new(Hello).skeletons().len(), 2);
    assert_eq!(std::sync::Arc::new(Holder(1_u8)).skeletons().len(), 2);
    assert_eq!(std::sync::Arc::new(Either::Two).skeletons().len(), 1);
}
