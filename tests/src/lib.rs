//! What the tests of this crate share: a service that does what a test asks it to, stock Cap'n Proto at the other end of a
//! channel, and a peer that speaks the protocol by hand.

dsoftbus::include_schemas!();

#[doc(hidden)]
#[rustfmt::skip]
#[allow(warnings, clippy::all, clippy::unwrap_used, missing_docs, missing_debug_implementations, unnameable_types, unreachable_pub)]
pub mod caps_capnp {
    include!(concat!(env!("OUT_DIR"), "/caps_capnp.rs"));
}

pub mod by_hand;
pub mod caps;
pub mod gauge;
pub mod hub;
pub mod objects_service;
pub mod probe_service;
pub mod processes;
pub mod stock;
pub mod stock_hub;

use std::{future::Future, time::Duration};

pub use self::{gauge::Gauge, hub::TestHub, probe_service::TestProbe};

/// Time that any wait of a test may take, in whichever clock the test runs.
///
/// Longer than the default deadline of a call, so that a call which hangs shows as its own error.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Waits for `future`, but no longer than [`PATIENCE`].
///
/// # Panics
///
/// When that was not enough.
#[track_caller]
pub fn within<F: Future>(future: F) -> impl Future<Output = F::Output> {
    let place = std::panic::Location::caller();
    async move {
        match tokio::time::timeout(PATIENCE, future).await {
            Ok(output) => output,
            Err(_) => panic!("the wait at {place} took longer than {PATIENCE:?}"),
        }
    }
}

/// Waits for what happens at once: in a paused clock, for what needs no deadline to pass.
///
/// # Panics
///
/// When it took longer than [`AT_ONCE`].
#[track_caller]
pub fn promptly<F: Future>(future: F) -> impl Future<Output = F::Output> {
    let place = std::panic::Location::caller();
    async move {
        match tokio::time::timeout(AT_ONCE, future).await {
            Ok(output) => output,
            Err(_) => panic!("the wait at {place} took longer than {AT_ONCE:?}"),
        }
    }
}

/// What is at once for [`promptly`]: shorter than any deadline.
pub const AT_ONCE: Duration = Duration::from_secs(1);
