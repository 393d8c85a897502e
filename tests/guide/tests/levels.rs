//! An interface may come to need the other engine: peers that were built before still talk to it.

use std::sync::Arc;

use dsoftbus::{
    Client, Context, Incoming, Node, Service, ServiceClient, ServiceDescriptor, Skeleton, Trust,
    testing,
};
use dsoftbus_guide::{Greeter, GreeterClient, GreeterMock, GreeterSkeleton, greeter};

/// The interface as it would be if it carried capabilities.
static LATER: ServiceDescriptor = ServiceDescriptor {
    level: 1,
    ..greeter::DESCRIPTOR
};

struct LaterSkeleton<S>(GreeterSkeleton<S>);

impl<S: Greeter> Skeleton for LaterSkeleton<S> {
    fn descriptor(&self) -> &'static ServiceDescriptor {
        &LATER
    }

    fn call(
        &self,
        cx: Context,
        interface: u64,
        method: u16,
        params: Incoming,
    ) -> dsoftbus::CallFuture {
        self.0.call(cx, interface, method, params)
    }
}

struct LaterService(GreeterMock);

impl Service for LaterService {
    fn skeletons(self: Arc<Self>) -> Vec<Arc<dyn Skeleton>> {
        let mock = Arc::new(self.0.clone());
        vec![Arc::new(LaterSkeleton(GreeterSkeleton::new(mock)))]
    }
}

#[derive(Clone)]
struct LaterClient(GreeterClient);

impl Client for LaterClient {
    const DESCRIPTOR: &'static ServiceDescriptor = &LATER;

    fn from_capability(capability: dsoftbus::Capability) -> Self {
        Self(GreeterClient::from_capability(capability))
    }

    fn capability(&self) -> &dsoftbus::Capability {
        self.0.capability()
    }
}

impl ServiceClient for LaterClient {
    const CHANNEL: u16 = greeter::CHANNEL;
}

fn mock() -> GreeterMock {
    let mock = GreeterMock::default();
    mock.hello.returns("hello".to_owned());
    mock
}

#[tokio::test(start_paused = true)]
async fn a_client_of_level_0_calls_a_service_of_level_1() {
    let node = Node::builder().allow(Trust::anyone());
    let pair = testing::pair(node.serve(LaterService(mock())))
        .await
        .unwrap();
    let client: GreeterClient = pair.peer.open().await.unwrap();
    assert_eq!(client.hello("bus").await.unwrap(), "hello");
    assert_eq!(client.hello("bus").await.unwrap(), "hello");
}

#[tokio::test(start_paused = true)]
async fn a_client_of_level_1_calls_a_service_of_level_0() {
    let node = Node::builder().allow(Trust::anyone());
    let pair = testing::pair(node.serve(mock())).await.unwrap();
    let client: LaterClient = pair.peer.open().await.unwrap();
    assert_eq!(client.0.hello("bus").await.unwrap(), "hello");
    assert_eq!(client.0.hello("bus").await.unwrap(), "hello");
}
