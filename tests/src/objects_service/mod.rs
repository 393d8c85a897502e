//! The objects of `objects.capnp`: as a user of dsoftbus would write them, and as one who has only capnpc and `capnp-rpc`.
//!
//! A scenario gets a [`Bench`] and does not know where its objects are; [`at`] runs it in one [`Place`].

mod basics;
mod bench;
mod more;
mod pipelines;
mod promises;
mod service;
mod sinks;
pub mod stock;
mod streams;
mod values;
mod watch;

pub use self::{
    basics::{TestBasics, TestDerived, everything},
    bench::{Bench, Place, StockBench, at, session, stock_client},
    more::{TestHandle, TestMore, TestOrder},
    pipelines::TestPipelines,
    promises::{TestResolver, TestSelf},
    service::{Tag, TestObjects},
    sinks::TestSinks,
    streams::{TestStreams, TestTotal, padding},
    values::TestStore,
    watch::Watch,
};
