//! `parent_module`: the code lies in a module of the user's, and the derive connects a type to it.

#![deny(
    warnings,
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    unnameable_types,
    elided_lifetimes_in_paths,
    unused_qualifications,
    single_use_lifetimes,
    clippy::pedantic
)]
#![forbid(unsafe_code)]

#[allow(unreachable_pub, missing_docs, unused, clippy::pedantic)]
#[path = "common/mod.rs"]
mod common;

/// Generated.
pub mod api {
    include!(concat!(env!("OUT_DIR"), "/nested/dsoftbus.rs"));

    /// The embedded schemas.
    pub mod schemas {
        include!(concat!(env!("OUT_DIR"), "/bundled/dsoftbus.rs"));
    }
}

use std::sync::Arc;

use api::{Greeter, GreeterClient, greeter, schemas};
use dsoftbus::{Code, Context, Result, Service as _, Status};

#[derive(dsoftbus::Service)]
#[service(api::Greeter)]
struct Hello;

impl Greeter for Hello {
    async fn hello(&self, _: &Context, name: &str) -> Result<String> {
        Ok(format!("Hello, {name}!"))
    }
}

#[test]
fn a_service_in_a_module_of_the_users_is_served_and_called() {
    let skeletons = Arc::new(Hello).skeletons();
    let served: Vec<_> = skeletons
        .iter()
        .map(|skeleton| skeleton.descriptor().channel)
        .collect();
    assert_eq!(served, [Some(greeter::CHANNEL)]);
    let answer = common::now(GreeterClient::local(Hello).hello("bus"));
    assert_eq!(answer.unwrap(), "Hello, bus!");
}

#[test]
fn the_embedded_schemas_compile() {
    assert_eq!(schemas::samgr::CHANNEL, 0x10);
    assert_eq!(schemas::bundle_manager::CHANNEL, 0x11);
    let status = Status::from(schemas::bundle_manager::Error::BadHandle);
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert_eq!(status.domain(), Some("badHandle"));
}
