//! What a device says of its services, and calls that need nothing else.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use dsoftbus::{
    Code, Context, Node, Result, Service, ServiceClient, Trust,
    dynamic::{DynamicClient, Value},
    introspection::{Health, IntrospectionClient, introspection},
    testing,
};
use dsoftbus_tests::{
    Ancestor, Heir, ProbeClient, TestProbe, ancestor, heir, objects, objects_service::TestObjects,
    probe, within,
};

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
async fn each_service_has_a_health_of_its_own() {
    let node = Node::builder()
        .allow(Trust::anyone())
        .serve(TestObjects::default())
        .serve(TestProbe::default());
    let pair = within(testing::pair(node)).await.unwrap();
    let asked: IntrospectionClient = within(pair.peer.open()).await.unwrap();
    let all = async || {
        let services = within(asked.services()).await.unwrap();
        let each = services.iter().map(|service| {
            let name = service.name.clone();
            (name, service.channel, service.level, service.health)
        });
        each.collect::<Vec<_>>()
    };
    let expected = |probe, objects| {
        [
            ("Probe".to_owned(), probe::CHANNEL, 0, probe),
            ("Objects".to_owned(), objects::CHANNEL, 1, objects),
        ]
    };
    assert_eq!(all().await, expected(Health::Serving, Health::Serving));
    pair.node.set_health(objects::CHANNEL, Health::NotServing);
    assert_eq!(all().await, expected(Health::Serving, Health::NotServing));
    pair.node.set_health(probe::CHANNEL, Health::Unknown);
    assert_eq!(all().await, expected(Health::Unknown, Health::NotServing));
    pair.node.set_health(objects::CHANNEL, Health::Serving);
    assert_eq!(all().await, expected(Health::Unknown, Health::Serving));
    let health = within(asked.health(objects::CHANNEL)).await.unwrap();
    assert_eq!(health, Health::Serving);
    let health = within(asked.health(probe::CHANNEL)).await.unwrap();
    assert_eq!(health, Health::Unknown);
}

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
async fn a_service_that_is_not_there_is_not_found() {
    let node = Node::builder().allow(Trust::anyone());
    let pair = within(testing::pair(node)).await.unwrap();
    let status = within(DynamicClient::open(&pair.peer, "Probe"))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
}

#[tokio::test(start_paused = true)]
async fn a_service_of_level_1_is_called_without_its_schema() {
    let service = TestObjects::default();
    let watch = service.watch.clone();
    let node = Node::builder().allow(Trust::anyone()).serve(service);
    let pair = within(testing::pair(node)).await.unwrap();
    let objects = within(DynamicClient::open(&pair.peer, "Objects"))
        .await
        .unwrap();
    let nothing = Value::Struct(Vec::new());

    let results = within(objects.call("tag", &nothing)).await.unwrap();
    assert_eq!(results.to_string(), r#"(tag = "")"#);

    // An object has no text form, and is let go.
    let results = within(objects.call("basics", &nothing)).await.unwrap();
    assert_eq!(results.field("cap"), Some(&Value::Capability));
    watch.is_idle().await;

    // Nor can one be made of text.
    let params = objects.arguments("publish", ["count=1", "sink=null"]);
    let params = params.unwrap();
    within(objects.call("publish", &params)).await.unwrap();
    let cap = Value::Struct(vec![("sink".to_owned(), Value::Capability)]);
    let status = within(objects.call("publish", &cap)).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(!status.is_remote());
    watch.is_idle().await;
}

/// A service that has most of its methods from another interface.
#[derive(Service)]
#[service(dsoftbus_tests::Heir)]
struct TestHeir;

impl Ancestor for TestHeir {
    async fn double(&self, cx: &Context, number: u32) -> Result<u32> {
        assert_eq!(cx.method(), Some(&ancestor::METHOD_DOUBLE));
        Ok(2 * number)
    }

    async fn name(&self, _cx: &Context) -> Result<String> {
        Ok("ancestor".to_owned())
    }
}

impl Heir for TestHeir {
    async fn triple(&self, cx: &Context, number: u32) -> Result<u32> {
        assert_eq!(cx.method(), Some(&heir::METHOD_TRIPLE));
        Ok(3 * number)
    }
}

#[tokio::test(start_paused = true)]
async fn methods_that_are_inherited_are_called_without_their_schema() {
    let node = Node::builder().allow(Trust::anyone()).serve(TestHeir);
    let pair = within(testing::pair(node)).await.unwrap();
    let heir = within(DynamicClient::open(&pair.peer, "Heir"))
        .await
        .unwrap();
    // Both have the ordinal 0 in their interface.
    for (method, answer) in [("double", "(number = 14)"), ("triple", "(number = 21)")] {
        let params = heir.arguments(method, ["number=7"]).unwrap();
        let results = within(heir.call(method, &params)).await.unwrap();
        assert_eq!(results.to_string(), answer);
    }
    let nothing = Value::Struct(Vec::new());
    let results = within(heir.call("name", &nothing)).await.unwrap();
    assert_eq!(results.to_string(), r#"(name = "ancestor")"#);
    // The interface that is extended has no channel, and is no service.
    let status = within(DynamicClient::open(&pair.peer, "Ancestor"))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
}
