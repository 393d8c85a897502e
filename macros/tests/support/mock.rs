//! The least of the runtime and of generated code that the derive needs. Included by every test program.

pub trait Skeleton: Send + Sync + 'static {}

pub trait Service: Send + Sync + 'static {
    fn skeletons(self: std::sync::Arc<Self>) -> Vec<std::sync::Arc<dyn Skeleton>>;
}

#[diagnostic::on_unimplemented(
    message = "`{Self}` does not implement the service `Greeter` (channel 0x0101)",
    label = "`impl Greeter for {Self}` is missing"
)]
pub trait Greeter: Send + Sync + 'static {}

pub struct GreeterSkeleton<T>(std::sync::Arc<T>);

impl<T: Greeter> GreeterSkeleton<T> {
    pub fn new(service: std::sync::Arc<T>) -> Self {
        Self(service)
    }
}

impl<T: Greeter> Skeleton for GreeterSkeleton<T> {}

pub mod api {
    pub trait Other: Send + Sync + 'static {}

    pub struct OtherSkeleton<T>(std::sync::Arc<T>);

    impl<T: Other> OtherSkeleton<T> {
        pub fn new(service: std::sync::Arc<T>) -> Self {
            Self(service)
        }
    }

    impl<T: Other> super::Skeleton for OtherSkeleton<T> {}
}
