//! The least of the runtime that generated code needs, so that this crate's tests can run what it generates.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, Waker};

use message::{Incoming, Outgoing};

pub type Result<T> = std::result::Result<T, Status>;
pub type CallFuture = Pin<Box<dyn Future<Output = Result<Outgoing>> + Send>>;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Code {
    Cancelled,
    Unknown,
    InvalidArgument,
    DeadlineExceeded,
    NotFound,
    AlreadyExists,
    PermissionDenied,
    ResourceExhausted,
    FailedPrecondition,
    Aborted,
    OutOfRange,
    Unimplemented,
    Internal,
    Unavailable,
    DataLoss,
    Unauthenticated,
}

#[derive(Clone, Debug)]
pub struct Status {
    code: Code,
    message: String,
    domain: Option<String>,
}

impl Status {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), domain: None }
    }
    pub fn with_domain(code: Code, domain: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), domain: Some(domain.to_owned()) }
    }
    pub fn code(&self) -> Code {
        self.code
    }
    pub fn message(&self) -> &str {
        &self.message
    }
    pub fn domain(&self) -> Option<&str> {
        self.domain.as_deref()
    }
}

#[derive(Debug)]
pub struct MethodDescriptor {
    pub name: &'static str,
    pub service: &'static str,
    pub interface_id: u64,
    pub ordinal: u16,
}

#[derive(Debug)]
pub struct ServiceDescriptor {
    pub name: &'static str,
    pub channel: u16,
    pub interface_id: u64,
    pub methods: &'static [MethodDescriptor],
}

#[derive(Clone, Debug)]
pub struct Context;

pub trait Skeleton: Send + Sync + 'static {
    fn descriptor(&self) -> &'static ServiceDescriptor;
    fn call(&self, cx: Context, interface_id: u64, method_id: u16, params: Incoming) -> CallFuture;
}

pub trait Service: Send + Sync + 'static {
    fn skeletons(self: Arc<Self>) -> Vec<Arc<dyn Skeleton>>;
}

pub trait Client: Sized + Clone + Send + Sync {
    const DESCRIPTOR: &'static ServiceDescriptor;
    fn from_channel(channel: ClientChannel) -> Self;
}

#[must_use]
pub struct Call<T>(Pin<Box<dyn Future<Output = Result<T>> + Send>>);

impl<T: Send + 'static> Call<T> {
    pub fn failed(status: Status) -> Self {
        Self(Box::pin(std::future::ready(Err(status))))
    }
}

impl<T> Future for Call<T> {
    type Output = Result<T>;
    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Result<T>> {
        self.0.as_mut().poll(cx)
    }
}

#[derive(Clone)]
pub struct ClientChannel(Arc<dyn Skeleton>);

impl fmt::Debug for ClientChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientChannel")
    }
}

impl ClientChannel {
    pub fn local(skeleton: Arc<dyn Skeleton>) -> Self {
        Self(skeleton)
    }
    pub fn call<T: Send + 'static>(
        &self,
        method: &'static MethodDescriptor,
        params: Outgoing,
        decode: fn(&Incoming) -> Result<T>,
    ) -> Call<T> {
        let answer = self.0.call(Context, method.interface_id, method.ordinal, params.into());
        Call(Box::pin(async move { decode(&answer.await?.into()) }))
    }
}

/// Runs a future that is always ready.
pub fn now<T>(future: impl Future<Output = T>) -> T {
    match Box::pin(future).as_mut().poll(&mut TaskContext::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("not ready"),
    }
}

pub mod message {
    use capnp::message::{Builder, HeapAllocator, Reader, ReaderOptions};
    use capnp::serialize::BufferSegments;
    use capnp::traits::{FromPointerBuilder, FromPointerReader};

    pub struct Outgoing(Builder<HeapAllocator>);

    impl Outgoing {
        pub fn call(_interface_id: u64, _method_id: u16, _words: u32) -> Self {
            let mut message = Builder::new_default();
            message.init_root::<capnp::any_pointer::Builder<'_>>();
            Self(message)
        }
        pub fn results(_words: u32) -> Self {
            Self(Builder::new_default())
        }
        pub fn content<'a, T: FromPointerBuilder<'a>>(&'a mut self) -> T {
            self.0.init_root()
        }
    }

    pub struct Incoming(Vec<u8>);

    impl From<Outgoing> for Incoming {
        fn from(out: Outgoing) -> Self {
            Self(capnp::serialize::write_message_to_words(&out.0))
        }
    }

    impl Incoming {
        /// A message with one byte changed, behind the segment table.
        pub fn damaged(&self, position: usize, value: u8) -> Self {
            let mut bytes = self.0.clone();
            let table = 8;
            let position = table + position % (bytes.len() - table);
            bytes[position] = value;
            Self(bytes)
        }
        pub fn reader(&self) -> IncomingReader<'_> {
            let mut options = ReaderOptions::new();
            options.traversal_limit_in_words(Some(131_072)).nesting_limit(32);
            let segments = BufferSegments::new(self.0.as_slice(), options).unwrap();
            IncomingReader(Reader::new(segments, options))
        }
    }

    pub struct IncomingReader<'a>(Reader<BufferSegments<&'a [u8]>>);

    impl IncomingReader<'_> {
        pub fn content<'b, T: FromPointerReader<'b>>(&'b self) -> capnp::Result<T> {
            self.0.get_root()
        }
    }
}
