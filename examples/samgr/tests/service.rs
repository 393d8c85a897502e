//! The service manager over sessions in memory.

#![allow(
    clippy::unwrap_used,
    reason = "a helper of tests fails by panicking, too"
)]

use std::time::Duration;

use dsoftbus::{
    Code, DeviceId, Identity, IdentityProvider as _, Node, Status, Trust,
    testing::{self, Pair},
};
use samgr::{Error, MAX_PER_DEVICE, Registry, SamgrClient, ServiceInfo};

/// An interface ID, as good as any other.
const CLOCK: u64 = 0x1234_5678_9abc_def0;

/// A registry on a node, and a device that is connected to it.
struct Fixture {
    registry: Registry,
    client: SamgrClient,
    pair: Pair,
}

impl Fixture {
    async fn new() -> Self {
        let identity = Identity::ephemeral().unwrap();
        let registry = Registry::new(identity.device_id());
        let node = Node::builder()
            .identity(identity)
            .allow(Trust::anyone())
            .serve(registry.clone());
        let pair = testing::pair(node).await.unwrap();
        let client = pair.peer.open().await.unwrap();
        Self {
            registry,
            client,
            pair,
        }
    }

    /// A second device.
    async fn another(&self) -> (Pair, SamgrClient) {
        self.session_of(&Node::builder().start().await.unwrap())
            .await
    }

    /// Another session, of this device.
    async fn session_of(&self, node: &Node) -> (Pair, SamgrClient) {
        let pair = testing::connect(node, &self.pair.node).await.unwrap();
        let client = pair.peer.open().await.unwrap();
        (pair, client)
    }

    fn device(&self) -> DeviceId {
        self.pair.peer.node().device_id()
    }

    /// Waits until the registry has seen the end of sessions.
    async fn holds(&self, entries: usize) {
        let wait = async {
            while self.registry.len() != entries {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), wait)
            .await
            .unwrap_or_else(|_| panic!("the registry holds {} entries", self.registry.len()));
    }
}

/// The service's own error that a call failed with.
fn why<T: std::fmt::Debug>(result: Result<T, Status>) -> Error {
    let status = result.unwrap_err();
    let error =
        Error::from_status(&status).unwrap_or_else(|| panic!("{status} is no domain error"));
    assert_eq!(status.code(), error.code());
    error
}

fn info(name: &str, device: DeviceId, channel: u16) -> ServiceInfo {
    ServiceInfo {
        name: name.into(),
        device: device.as_bytes().to_vec(),
        channel,
        interface_id: CLOCK,
    }
}

#[tokio::test]
async fn a_registered_service_is_resolved_by_anybody() {
    let fixture = Fixture::new().await;
    fixture
        .client
        .register("clock", 0x100, CLOCK)
        .await
        .unwrap();
    let (_pair, other) = fixture.another().await;
    let found = other.resolve("clock").await.unwrap();
    assert_eq!(found, info("clock", fixture.device(), 0x100));
    assert_eq!(found.device_id(), Some(fixture.device()));
    assert_eq!(why(other.resolve("clocks").await), Error::NotFound);
}

#[tokio::test]
async fn a_name_belongs_to_the_device_that_registered_it() {
    let fixture = Fixture::new().await;
    fixture
        .client
        .register("clock", 0x100, CLOCK)
        .await
        .unwrap();
    let (_pair, other) = fixture.another().await;
    assert_eq!(
        why(other.register("clock", 0x200, CLOCK).await),
        Error::AlreadyRegistered
    );
    assert_eq!(why(other.unregister("clock").await), Error::NotOwner);
    assert_eq!(why(other.unregister("radio").await), Error::NotFound);
    // Its owner replaces and removes it.
    fixture
        .client
        .register("clock", 0x300, CLOCK)
        .await
        .unwrap();
    assert_eq!(other.resolve("clock").await.unwrap().channel, 0x300);
    fixture.client.unregister("clock").await.unwrap();
    assert_eq!(why(other.resolve("clock").await), Error::NotFound);
    other.register("clock", 0x200, CLOCK).await.unwrap();
}

#[tokio::test]
async fn callers_in_the_same_process_are_the_local_device() {
    let fixture = Fixture::new().await;
    let local = SamgrClient::local(fixture.registry.clone());
    local.register("clock", 0x100, CLOCK).await.unwrap();
    let found = fixture.client.resolve("clock").await.unwrap();
    assert_eq!(found.device_id(), Some(fixture.pair.node.device_id()));
    assert_eq!(
        why(fixture.client.unregister("clock").await),
        Error::NotOwner
    );
    local.unregister("clock").await.unwrap();
}

#[tokio::test]
async fn services_are_listed_by_name() {
    let fixture = Fixture::new().await;
    for name in ["radio", "clock", "light"] {
        fixture.client.register(name, 0x100, CLOCK).await.unwrap();
    }
    let names: Vec<_> = fixture.client.list().await.unwrap();
    let names: Vec<_> = names.into_iter().map(|info| info.name).collect();
    assert_eq!(names, ["clock", "light", "radio"]);
}

#[tokio::test]
async fn what_a_device_registered_goes_when_its_session_ends() {
    let fixture = Fixture::new().await;
    let local = SamgrClient::local(fixture.registry.clone());
    local.register("local", 0x100, CLOCK).await.unwrap();
    fixture
        .client
        .register("stays", 0x100, CLOCK)
        .await
        .unwrap();
    let (pair, other) = fixture.another().await;
    other.register("goes", 0x100, CLOCK).await.unwrap();
    other.register("goes too", 0x100, CLOCK).await.unwrap();
    fixture.holds(4).await;
    pair.peer.close();
    fixture.holds(2).await;
    let left = fixture.client.list().await.unwrap();
    let left: Vec<_> = left.iter().map(|info| info.name.as_str()).collect();
    assert_eq!(left, ["local", "stays"]);
}

#[tokio::test]
async fn a_cut_cable_ends_a_registration_too() {
    let fixture = Fixture::new().await;
    let (pair, other) = fixture.another().await;
    other.register("goes", 0x100, CLOCK).await.unwrap();
    pair.link.cut();
    fixture.holds(0).await;
}

#[tokio::test]
async fn a_device_that_reconnects_keeps_what_it_registers_again() {
    let fixture = Fixture::new().await;
    let device = Node::builder().start().await.unwrap();
    let (first, before) = fixture.session_of(&device).await;
    before.register("clock", 0x100, CLOCK).await.unwrap();
    before.register("radio", 0x100, CLOCK).await.unwrap();
    // The registry does not know yet that the first session is dead.
    let (_second, after) = fixture.session_of(&device).await;
    after.register("clock", 0x200, CLOCK).await.unwrap();
    first.peer.close();
    fixture.holds(1).await;
    assert_eq!(after.resolve("clock").await.unwrap().channel, 0x200);
    assert_eq!(why(after.resolve("radio").await), Error::NotFound);
}

#[tokio::test]
async fn bad_names_and_the_channels_of_the_fabric_are_refused() {
    let fixture = Fixture::new().await;
    let long = "x".repeat(256);
    for name in ["", "a\nb", "\0", &long] {
        let result = fixture.client.register(name, 0x100, CLOCK).await;
        assert_eq!(why(result), Error::BadName, "{name:?}");
    }
    for channel in [0, 2, 0x0f] {
        let status = fixture
            .client
            .register("x", channel, CLOCK)
            .await
            .unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
    }
    fixture.client.register("x", 0x10, CLOCK).await.unwrap();
}

#[tokio::test]
async fn a_device_that_has_its_share_is_told_so_and_others_are_not_concerned() {
    let fixture = Fixture::new().await;
    for number in 0..MAX_PER_DEVICE {
        let name = number.to_string();
        fixture.client.register(&name, 0x100, CLOCK).await.unwrap();
    }
    assert_eq!(
        why(fixture.client.register("more", 0x100, CLOCK).await),
        Error::TooMany
    );
    let (_pair, other) = fixture.another().await;
    other.register("more", 0x100, CLOCK).await.unwrap();
}

#[tokio::test]
async fn the_longest_list_still_fits_into_an_answer() {
    let fixture = Fixture::new().await;
    let mut pairs = Vec::new();
    for device in 0..samgr::MAX_SERVICES / MAX_PER_DEVICE {
        let (pair, client) = fixture.another().await;
        for number in 0..MAX_PER_DEVICE {
            let name = format!("{:0255}", device * MAX_PER_DEVICE + number);
            client.register(&name, 0x100, CLOCK).await.unwrap();
        }
        pairs.push(pair);
    }
    let list = fixture.client.list().await.unwrap();
    assert_eq!(list.len(), samgr::MAX_SERVICES);
    assert_eq!(
        why(fixture.client.register("more", 0x100, CLOCK).await),
        Error::TooMany
    );
}

#[tokio::test]
async fn a_name_of_another_interface_is_not_opened() {
    let fixture = Fixture::new().await;
    fixture
        .client
        .register("clock", 0x100, CLOCK)
        .await
        .unwrap();
    let node = fixture.pair.peer.node();
    let found = samgr::find::<SamgrClient>(node, &fixture.client, "clock").await;
    assert!(matches!(
        found.unwrap_err(),
        samgr::FindError::OtherInterface {
            channel: 0x100,
            interface_id: CLOCK
        }
    ));
    let found = samgr::find::<SamgrClient>(node, &fixture.client, "radio").await;
    let samgr::FindError::Resolve(status) = found.unwrap_err() else {
        panic!("the name is not registered");
    };
    assert_eq!(Error::from_status(&status), Some(Error::NotFound));
}
