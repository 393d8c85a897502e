//! What capabilities and streams do: the same scenarios with the objects in this process, on another node, and in a program that
//! has only `capnp-rpc`; and that program as the client.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

/// Makes a test of a scenario for each place that its objects may be in.
macro_rules! scenarios {
    ($($scenario:ident: $($place:ident)+;)*) => {$(
        #[allow(non_snake_case, reason = "the last part of the name is the place")]
        mod $scenario {$(
            #[tokio::test(start_paused = true)]
            async fn $place() {
                use dsoftbus_tests::objects_service::{Place, at};
                at(Place::$place, super::$scenario).await;
            }
        )+}
    )*};
}

mod calls;
mod deadlines;
mod edges;
mod lifetimes;
mod order;
mod pipelines;
mod promises;
mod sink_values;
mod sinks;
mod stock_client;
mod streams;

use dsoftbus::Call;
use tokio::task::JoinHandle;

/// Makes a call in a task of its own. Calls that are started one after the other are made in that order.
fn start<T: Send + 'static>(call: Call<T>) -> JoinHandle<dsoftbus::Result<T>> {
    tokio::spawn(call)
}

/// Lets everything happen that can happen now.
async fn settle() {
    // In the clock of the tests no time passes while anybody has something to do.
    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
}
