//! Our engines against stock `capnp-rpc`, over a pipe of bytes in memory.
#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests are not marked as tests"
)]

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use capnp::any_pointer;
use capnp::capability::{
    self, DispatchCallResult, FromClientHook, FromServer, Params, Promise, Results,
};
use capnp::message::ReaderOptions;
use capnp::private::capability::ClientHook;
use capnp_rpc::rpc_capnp::exception;
use capnp_rpc::rpc_twoparty_capnp::Side;
use capnp_rpc::{RpcSystem, new_client, twoparty};
use dsoftbus_proto::message::{ExceptionKind, Incoming, Outgoing};
use dsoftbus_proto::rpc::level0::{AnswerId, Client, Inbound, RpcError, Server};
use dsoftbus_proto::rpc::reason::{self, Code};
use dsoftbus_proto::stream;
use futures::FutureExt as _;
use futures::executor::LocalPool;
use futures::future;
use futures::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use futures::task::LocalSpawnExt as _;

const INTERFACE: u64 = 0xfeed_beef;

/// One direction of a connection. Whoever drops it closes it.
#[derive(Clone, Default)]
struct Pipe(Rc<RefCell<PipeState>>);

#[derive(Default)]
struct PipeState {
    bytes: VecDeque<u8>,
    closed: bool,
    reader: Option<Waker>,
}

impl AsyncRead for Pipe {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut state = self.0.borrow_mut();
        if state.bytes.is_empty() && !state.closed {
            state.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        // Short reads, so that messages arrive in pieces.
        let length = out.len().min(state.bytes.len()).min(13);
        for (target, byte) in out.iter_mut().zip(state.bytes.drain(..length)) {
            *target = byte;
        }
        Poll::Ready(Ok(length))
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut state = self.0.borrow_mut();
        state.bytes.extend(bytes);
        if let Some(reader) = state.reader.take() {
            reader.wake();
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.0.borrow_mut();
        state.closed = true;
        if let Some(reader) = state.reader.take() {
            reader.wake();
        }
        Poll::Ready(Ok(()))
    }
}

async fn send(pipe: &mut Pipe, out: &Outgoing) {
    let mut bytes = Vec::new();
    out.copy_range(0, usize::MAX, &mut bytes);
    pipe.write_all(&bytes).await.unwrap();
}

/// The next message, `None` at the end of the stream.
async fn receive(
    pipe: &mut Pipe,
    reader: &mut stream::Reader,
) -> Option<dsoftbus_proto::message::Message> {
    loop {
        if let Some(message) = reader.pull().unwrap() {
            return Some(message);
        }
        let mut chunk = [0; 64];
        let length = pipe.read(&mut chunk).await.unwrap();
        if length == 0 {
            assert_eq!(reader.buffered(), 0, "the stream was cut");
            return None;
        }
        reader.push(Bytes::copy_from_slice(&chunk[..length]));
    }
}

fn text(incoming: &Incoming) -> String {
    let reader = incoming.reader();
    let content: exception::Reader<'_> = reader.content().unwrap();
    content.get_reason().unwrap().to_string().unwrap()
}

/// Our server: method 0 echoes, method 1 fails, method 2 hangs until it is cancelled. Returns the number of cancelled calls.
async fn serve(mut input: Pipe, mut output: Pipe) -> usize {
    let mut server = Server::new();
    let mut reader = stream::Reader::new();
    let mut cancelled = 0;
    while let Some(message) = receive(&mut input, &mut reader).await {
        let inbound = match server.handle(message) {
            Ok(inbound) => inbound,
            // How capnp-rpc says goodbye.
            Err(RpcError::Aborted { kind, .. }) => {
                assert_eq!(kind, ExceptionKind::Disconnected);
                break;
            }
            Err(error) => panic!("{error}"),
        };
        let reply: Option<(AnswerId, Outgoing)> = match inbound {
            Some(Inbound::Call {
                answer,
                interface_id,
                method_id,
                params,
            }) => {
                assert_eq!(interface_id, INTERFACE);
                match method_id {
                    0 => {
                        let mut out = Outgoing::results(8);
                        out.content::<exception::Builder<'_>>()
                            .set_reason(text(&params).as_str());
                        Some((answer, out))
                    }
                    1 => {
                        let reason = reason::encode(Code::NotFound, Some("gone"), "nothing");
                        Some((answer, Outgoing::exception(ExceptionKind::Failed, &reason)))
                    }
                    _ => None,
                }
            }
            Some(Inbound::Cancel { answer }) => {
                cancelled += 1;
                Some((answer, Outgoing::canceled()))
            }
            None => None,
        };
        if let Some((answer, out)) = reply {
            send(&mut output, &server.reply(answer, out).unwrap()).await;
        }
        while let Some(out) = server.poll_outgoing() {
            send(&mut output, &out).await;
        }
    }
    assert_eq!(server.in_flight(), 0);
    cancelled
}

fn stock_call(
    client: &capability::Client,
    method: u16,
    text: &str,
) -> capability::RemotePromise<any_pointer::Owned> {
    let mut request =
        client.new_call::<any_pointer::Owned, any_pointer::Owned>(INTERFACE, method, None);
    request
        .get()
        .init_as::<exception::Builder<'_>>()
        .set_reason(text);
    request.send()
}

#[test]
fn a_stock_client_calls_our_server() {
    let mut pool = LocalPool::new();
    let (to_server, to_client) = (Pipe::default(), Pipe::default());
    let served = pool
        .spawner()
        .spawn_local_with_handle(serve(to_server.clone(), to_client.clone()))
        .unwrap();
    let network =
        twoparty::VatNetwork::new(to_client, to_server, Side::Client, ReaderOptions::new());
    let mut system = RpcSystem::new(Box::new(network), None);
    let client: capability::Client = system.bootstrap(Side::Server);
    let disconnector = system.get_disconnector();
    pool.spawner().spawn_local(system.map(|_| ())).unwrap();
    pool.run_until(async move {
        // Before and after the answer of Bootstrap has arrived.
        for round in 0..2 {
            let calls = (0..50).map(|n| stock_call(&client, 0, &format!("{round} {n}")));
            let calls: Vec<_> = calls.map(|call| call.promise).collect();
            for (n, response) in future::join_all(calls).await.into_iter().enumerate() {
                let response = response.unwrap();
                let content: exception::Reader<'_> = response.get().unwrap().get_as().unwrap();
                assert_eq!(
                    content.get_reason().unwrap().to_str().unwrap(),
                    format!("{round} {n}")
                );
            }
        }
        let error = stock_call(&client, 1, "").promise.await.err().unwrap();
        assert_eq!(error.kind, capnp::ErrorKind::Failed);
        assert_eq!(
            reason::decode(ExceptionKind::Failed, &error.extra),
            (Code::NotFound, Some("gone"), "nothing")
        );
        drop(stock_call(&client, 2, ""));
        stock_call(&client, 0, "after").promise.await.unwrap();
        drop(client);
        disconnector.await.unwrap();
        assert_eq!(served.await, 1, "one call was cancelled");
    });
}

/// The service of the stock server: method 0 echoes, all others fail.
#[derive(Clone)]
struct Echo(Rc<Cell<u32>>);

/// What `capnpc` generates for an interface: a client type and a dispatcher.
struct EchoClient(capability::Client);

#[derive(Clone)]
struct EchoDispatch(Rc<Echo>);

impl FromClientHook for EchoClient {
    fn new(hook: Box<dyn ClientHook>) -> Self {
        Self(capability::Client::new(hook))
    }

    fn into_client_hook(self) -> Box<dyn ClientHook> {
        self.0.into_client_hook()
    }

    fn as_client_hook(&self) -> &dyn ClientHook {
        self.0.as_client_hook()
    }
}

impl FromServer<Echo> for EchoClient {
    type Dispatch = EchoDispatch;

    fn from_server(server: Rc<Echo>) -> EchoDispatch {
        EchoDispatch(server)
    }
}

impl std::ops::Deref for EchoDispatch {
    type Target = Echo;

    fn deref(&self) -> &Echo {
        &self.0
    }
}

impl capability::Server for EchoDispatch {
    fn dispatch_call(
        self,
        interface_id: u64,
        method_id: u16,
        params: Params<any_pointer::Owned>,
        mut results: Results<any_pointer::Owned>,
    ) -> DispatchCallResult {
        assert_eq!(interface_id, INTERFACE);
        self.0.0.set(self.0.0.get() + 1);
        let promise = match method_id {
            0 => {
                let content: exception::Reader<'_> = params.get().unwrap().get_as().unwrap();
                results
                    .get()
                    .init_as::<exception::Builder<'_>>()
                    .set_reason(content.get_reason().unwrap());
                Promise::ok(())
            }
            1 => Promise::err(capnp::Error::overloaded("too much".into())),
            _ => Promise::from_future(future::pending()),
        };
        DispatchCallResult::new(promise, false)
    }

    fn as_ptr(&self) -> usize {
        Rc::as_ptr(&self.0).addr()
    }
}

#[test]
fn our_client_calls_a_stock_server() {
    let mut pool = LocalPool::new();
    let (mut to_server, mut to_client) = (Pipe::default(), Pipe::default());
    let network = twoparty::VatNetwork::new(
        to_server.clone(),
        to_client.clone(),
        Side::Server,
        ReaderOptions::new(),
    );
    let calls = Rc::new(Cell::new(0));
    let service: EchoClient = new_client(Echo(calls.clone()));
    let system = RpcSystem::new(Box::new(network), Some(service.0));
    pool.spawner().spawn_local(system.map(|_| ())).unwrap();
    pool.run_until(async move {
        let (mut client, bootstrap) = Client::new();
        let mut reader = stream::Reader::new();
        send(&mut to_server, &bootstrap).await;
        let begin = |client: &mut Client, method, text: &str| {
            let mut out = Outgoing::call(INTERFACE, method, 8);
            out.content::<exception::Builder<'_>>().set_reason(text);
            (client.begin(&mut out).unwrap(), out)
        };
        for round in 0..3 {
            // Echoes, a failure, and one that is cancelled: the Return of the stock server asks for a Finish.
            let mut expected = Vec::new();
            for n in 0..20 {
                let text = format!("{round} {n}");
                let (question, out) = begin(&mut client, 0, &text);
                send(&mut to_server, &out).await;
                expected.push((question, text));
            }
            let (failing, out) = begin(&mut client, 1, "");
            send(&mut to_server, &out).await;
            let (hanging, out) = begin(&mut client, 2, "");
            send(&mut to_server, &out).await;
            send(&mut to_server, &client.cancel(hanging).unwrap()).await;
            while client.outstanding() > 0 {
                let message = receive(&mut to_client, &mut reader).await.unwrap();
                if let Some(completion) = client.handle(message).unwrap() {
                    if completion.question == failing {
                        let error = completion.outcome.unwrap_err();
                        assert_eq!(error.kind(), ExceptionKind::Overloaded);
                        assert_eq!(error.decode(), (Code::ResourceExhausted, None, "too much"));
                    } else {
                        let at = expected
                            .iter()
                            .position(|(question, _)| *question == completion.question)
                            .unwrap();
                        assert_eq!(
                            text(&completion.outcome.unwrap()),
                            expected.swap_remove(at).1
                        );
                    }
                }
                while let Some(out) = client.poll_outgoing() {
                    send(&mut to_server, &out).await;
                }
            }
            assert!(expected.is_empty());
        }
        assert!(calls.get() >= 3 * 21);
        to_server.close().await.unwrap();
    });
}
