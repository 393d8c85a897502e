//! What a device says of its services, and calls that need nothing else.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use dsoftbus::{
    Code, Node, ServiceClient, Trust,
    dynamic::{DynamicClient, Value},
    introspection::{Health, IntrospectionClient, introspection},
    testing,
};
use dsoftbus_tests::{ProbeClient, TestProbe, probe, within};

#[tokio::test]
async fn a_device_says_what_it_serves_and_how_that_is() {
    let node = Node::builder()
        .allow(Trust::anyone())
        .serve(TestProbe::default());
    let pair = within(testing::pair(node)).await.unwrap();
    let asked: IntrospectionClient = within(pair.peer.open()).await.unwrap();

    let services = within(asked.services()).await.unwrap();
    assert_eq!(services.len(), 1);
    assert_eq!(services[0].name, "Probe");
    assert_eq!(services[0].channel, probe::CHANNEL);
    assert_eq!(services[0].interface_id, probe::INTERFACE_ID);
    assert_eq!(services[0].level, 0);
    assert_eq!(services[0].health, Health::Serving);

    pair.node.set_health(probe::CHANNEL, Health::NotServing);
    let health = within(asked.health(probe::CHANNEL)).await.unwrap();
    assert_eq!(health, Health::NotServing);
    let services = within(asked.services()).await.unwrap();
    assert_eq!(services[0].health, Health::NotServing);
}

#[tokio::test]
async fn a_caller_sees_only_what_it_may_call() {
    let caller = dsoftbus::Identity::ephemeral().unwrap();
    let device = dsoftbus::IdentityProvider::device_id(&caller);
    let trust = Trust::nobody().device_on(device, [introspection::CHANNEL]);
    let node = Node::builder().allow(trust).serve(TestProbe::default());
    let caller = Node::builder().allow(Trust::anyone()).identity(caller);
    let pair = within(testing::pair_from(node, caller)).await.unwrap();
    let asked: IntrospectionClient = within(pair.peer.open()).await.unwrap();
    assert_eq!(within(asked.services()).await.unwrap(), []);
    for refused in [
        within(asked.schema(probe::CHANNEL)).await.unwrap_err(),
        within(asked.health(probe::CHANNEL)).await.unwrap_err(),
    ] {
        assert_eq!(
            introspection::Error::from_status(&refused),
            Some(introspection::Error::NoSuchService)
        );
        assert_eq!(refused.code(), Code::NotFound);
    }
}

#[tokio::test]
async fn introspection_is_not_announced() {
    let node = Node::builder()
        .allow(Trust::anyone())
        .serve(TestProbe::default());
    let pair = within(testing::pair(node)).await.unwrap();
    let ticket = pair.node.ticket();
    let channels = ticket.announcement().content().services.iter();
    let channels: Vec<u16> = channels.map(|service| service.channel).collect();
    assert_eq!(channels, [ProbeClient::CHANNEL]);
}

#[tokio::test]
async fn a_service_is_called_without_its_schema() {
    let node = Node::builder()
        .allow(Trust::anyone())
        .serve(TestProbe::default());
    let pair = within(testing::pair(node)).await.unwrap();
    let probe = within(DynamicClient::open(&pair.peer, "Probe"))
        .await
        .unwrap();

    let params = probe.arguments("echo", ["text=bus"]).unwrap();
    let results = within(probe.call("echo", &params)).await.unwrap();
    assert_eq!(results.to_string(), r#"(text = "bus")"#);

    let params = probe.arguments("make", ["size=3"]).unwrap();
    let results = within(probe.call("make", &params)).await.unwrap();
    let Some(Value::Data(data)) = results.field("data") else {
        panic!("{results}");
    };
    assert_eq!(data.len(), 3);

    // A domain error comes as for any caller.
    let params = probe.arguments("refuse", ["which=0"]).unwrap();
    let status = within(probe.call("refuse", &params)).await.unwrap_err();
    assert_eq!(
        probe::Error::from_status(&status),
        Some(probe::Error::NoSuchThing)
    );

    let nothing = Value::Struct(Vec::new());
    let status = within(probe.call("nothing", &nothing)).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    assert!(!status.is_remote());
    let status = probe.arguments("echo", ["txt=bus"]).unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn a_service_that_is_not_there_is_not_found() {
    let node = Node::builder().allow(Trust::anyone());
    let pair = within(testing::pair(node)).await.unwrap();
    let status = within(DynamicClient::open(&pair.peer, "Probe"))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
}
