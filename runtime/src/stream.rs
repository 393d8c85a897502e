//! [`Sink`] and [`Items`]: streams of values between devices.
//!
//! On the wire a stream is an object of `Sink` of `bus.capnp`: its `next` is a `-> stream` method, so that the engine
//! keeps as many items under way as the connection is worth, and its `end` says that nothing more comes.

use std::{
    fmt,
    future::Future,
    marker::PhantomData,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context as TaskContext, Poll},
    time::Duration,
};

use dsoftbus_schemas::SINK;
use futures::Stream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::{
    Call, CallFuture, Capability, Client, Context, Incoming, MethodDescriptor, Pipeline, Pipelined,
    Pointer, Result, ServiceDescriptor, Skeleton, Status,
};
