//! Calls every method of `broad.capnp` through client, message and skeleton, and compares what comes back.

use crate::broad::{Error, PositionalResults};
use crate::mock::{Code, Context, Result, Skeleton, Status, now};
use crate::*;
use std::sync::Arc;

struct Echo;

impl Broad for Echo {
    async fn nothing(&self, _cx: &Context) -> Result<()> {
        Ok(())
    }
    async fn scalars(&self, _cx: &Context, value: Scalars) -> Result<Scalars> {
        Ok(value)
    }
    async fn lists(&self, _cx: &Context, value: Lists) -> Result<Lists> {
        Ok(value)
    }
    async fn defaults(
        &self,
        _cx: &Context,
        value: Defaults,
        more: PointerDefaults,
    ) -> Result<broad::DefaultsResults> {
        Ok(broad::DefaultsResults { value, more })
    }
    async fn tree(&self, _cx: &Context, params: Tree) -> Result<Tree> {
        Ok(params)
    }
    async fn outer(&self, _cx: &Context, outer: Outer) -> Result<Outer> {
        Ok(outer)
    }
    async fn positional(
        &self,
        _cx: &Context,
        flag: bool,
        count: u32,
        name: &str,
        bytes: &[u8],
        color: Color,
        texts: Vec<String>,
        grid: Vec<Vec<u16>>,
        nothing: (),
    ) -> Result<PositionalResults> {
        // Borrowed arguments live across an await, and the future is still Send.
        std::future::ready(()).await;
        Ok(PositionalResults {
            flag,
            count,
            name: name.to_owned(),
            bytes: bytes.to_vec(),
            color,
            texts,
            grid,
            nothing,
        })
    }
    async fn count(&self, _cx: &Context, count: u64) -> Result<u64> {
        Ok(count)
    }
    async fn bytes(&self, _cx: &Context, bytes: &[u8]) -> Result<Vec<u8>> {
        Ok(bytes.to_vec())
    }
    async fn colors(&self, _cx: &Context, colors: Vec<Color>) -> Result<Vec<Color>> {
        Ok(colors)
    }
    async fn fail(&self, _cx: &Context, name: &str) -> Result<()> {
        match name {
            "notFound" => Err(Error::NotFound)?,
            "tooOld" => Err(Error::TooOld.with_message("made in 1999")),
            _ => Err(Error::Mystery.into()),
        }
    }
    async fn shared(&self, _cx: &Context, shared: Shared) -> Result<Shared> {
        Ok(shared)
    }
    async fn r#try(
        &self,
        _cx: &Context,
        r#type: &str,
        self_: u8,
        cx_: u8,
        params: &str,
        results: u8,
    ) -> Result<String> {
        Ok(format!("{type} {self_} {cx_} {params} {results}", type = r#type))
    }
    async fn local_(&self, _cx: &Context) -> Result<()> {
        Ok(())
    }
    async fn clone_(&self, _cx: &Context) -> Result<()> {
        Ok(())
    }
    async fn name(&self, _cx: &Context) -> Result<String> {
        Ok("echo".to_owned())
    }
    async fn get_url(&self, _cx: &Context, base_url: &str) -> Result<String> {
        Ok(base_url.to_owned())
    }
}

pub fn main() {
    let client = BroadClient::local(Echo);
    values_come_back(&client);
    defaults_are_the_schemas();
    enumerants_of_a_newer_schema_survive(&client);
    errors_keep_their_domain(&client);
    text_that_is_not_utf8_is_refused_on_both_sides();
    what_no_message_can_hold_is_an_error(&client);
    constants_are_the_schemas();
    nested_services_work();
    damaged_messages_never_panic();
}

struct Nested;

impl broad::Inner for Nested {
    async fn ping(&self, _cx: &Context) -> Result<()> {
        Ok(())
    }
    async fn deep(
        &self,
        _cx: &Context,
        deep: broad::inner::Deep,
    ) -> Result<broad::inner::DeepResults> {
        Ok(broad::inner::DeepResults { again: deep.clone(), deep })
    }
}

struct Lazy;

impl Idle for Lazy {}

fn nested_services_work() {
    let client = broad::InnerClient::local(Nested);
    now(client.ping()).unwrap();
    let deep = broad::inner::Deep { value: 3 };
    assert_eq!(now(client.deep(&deep)).unwrap().again, deep);
    assert_eq!(broad::inner::NAME, "Broad.Inner");
    let _ = IdleClient::local(Lazy);
    assert!(idle::METHODS.is_empty());
}

fn damaged_messages_never_panic() {
    let lists = Lists {
        texts: vec!["text".to_owned(); 3],
        colors: vec![Color::Blue; 3],
        structs: vec![Defaults::default(); 2],
        text_lists: vec![vec!["x".to_owned()]; 2],
        struct_lists: vec![vec![Scalars::default()]],
        empties: vec![Empty {}; 4],
        ..Lists::default()
    };
    let mut call = crate::message::Outgoing::call(0, 0, 0);
    let mut params = call.content::<crate::broad_capnp::broad::lists_params::Builder<'_>>();
    lists.write_to(params.reborrow().init_value()).unwrap();
    let whole = crate::message::Incoming::from(call);
    let skeleton = BroadSkeleton::new(Arc::new(Echo));
    let (mut refused, mut seed) = (0, 1_u64);
    for _ in 0..5_000 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let damaged = whole.damaged((seed >> 40) as usize, (seed >> 32) as u8);
        let id = broad::METHOD_LISTS.ordinal;
        if let Err(status) = now(skeleton.call(Context, broad::INTERFACE_ID, id, damaged)) {
            // Elements without words cost the sender nothing, but the echo of a million of them does not fit.
            let echo_too_large = status.message().contains("too large for a message");
            let expected = if echo_too_large { Code::Internal } else { Code::InvalidArgument };
            assert_eq!(status.code(), expected, "{}", status.message());
            refused += 1;
        }
    }
    assert!(refused > 500, "{refused}");
}

fn values_come_back(client: &BroadClient) {
    now(client.nothing()).unwrap();
    let scalars = Scalars {
        nothing: (),
        flag: true,
        i8: i8::MIN,
        i16: i16::MIN,
        i32: i32::MIN,
        i64: i64::MIN,
        u8: u8::MAX,
        u16: u16::MAX,
        u32: u32::MAX,
        u64: u64::MAX,
        f32: -0.5,
        f64: f64::INFINITY,
        text: "tëxt".to_owned(),
        data: vec![0, 255],
        color: Color::Blue,
        odd: Odd::Known,
    };
    assert_eq!(now(client.scalars(&scalars)).unwrap(), scalars);
    assert_eq!(now(client.scalars(&Scalars::default())).unwrap(), Scalars::default());
    let lists = Lists {
        nothings: vec![(); 3],
        flags: vec![true, false, true],
        numbers: vec![-1, 0, 1],
        floats: vec![0.25],
        texts: vec![String::new(), "x".to_owned()],
        datas: vec![vec![], vec![1, 2]],
        colors: vec![Color::Green, Color::Unknown(77), Color::SelfType],
        structs: vec![Defaults::default(), Defaults { number: 5, ..Defaults::default() }],
        number_lists: vec![vec![], vec![1, 2, 3]],
        text_lists: vec![vec!["a".to_owned()], vec![]],
        struct_lists: vec![vec![scalars.clone()], vec![]],
        deep: vec![vec![vec![Color::Red, Color::Unknown(9)], vec![]], vec![]],
        empties: vec![Empty {}, Empty {}],
    };
    assert_eq!(now(client.lists(&lists)).unwrap(), lists);
    let tree = Tree {
        name: "root".to_owned(),
        children: vec![Tree { name: "leaf".to_owned(), children: vec![] }],
    };
    assert_eq!(now(client.tree(&tree)).unwrap(), tree);
    let outer = Outer {
        inner: outer::Inner {
            r#type: "t".to_owned(),
            r#fn: 1,
            r#async: outer::inner::Str { str: "s".to_owned() },
        },
        kind: outer::Kind::Builder,
    };
    assert_eq!(now(client.outer(&outer)).unwrap(), outer);
    let answer = now(client.positional(
        true,
        7,
        "name",
        b"bytes",
        Color::Unknown(500),
        &["a".to_owned()],
        &[vec![1], vec![]],
        (),
    ));
    assert_eq!(
        answer.unwrap(),
        PositionalResults {
            flag: true,
            count: 7,
            name: "name".to_owned(),
            bytes: b"bytes".to_vec(),
            color: Color::Unknown(500),
            texts: vec!["a".to_owned()],
            grid: vec![vec![1], vec![]],
            nothing: (),
        }
    );
    assert_eq!(now(client.count(u64::MAX)).unwrap(), u64::MAX);
    assert_eq!(now(client.bytes(&[1, 2, 3])).unwrap(), [1, 2, 3]);
    assert_eq!(now(client.shared(&Shared { id: 3 })).unwrap(), Shared { id: 3 });
    assert_eq!(now(client.r#try("a", 1, 2, "b", 3)).unwrap(), "a 1 2 b 3");
    assert_eq!(now(client.name()).unwrap(), "echo");
    assert_eq!(now(client.get_url("u")).unwrap(), "u");
    now(client.local_()).unwrap();
    now(client.clone_()).unwrap();
    let later = now(client.clone().later("x")).unwrap_err();
    assert_eq!(later.code(), Code::Unimplemented);
    assert_eq!(later.message(), "Broad.later is not implemented");
}

fn defaults_are_the_schemas() {
    let value = Defaults::default();
    assert_eq!((value.flag, value.number, value.big, value.ratio), (true, -7, u64::MAX, -1.5));
    assert_eq!((value.text.as_str(), value.data.as_slice(), value.color), ("default", &[1u8, 2][..], Color::Green));
    let more = PointerDefaults::default();
    assert_eq!(more.numbers, [1, 2, 3]);
    assert_eq!(more.inner, Defaults { number: 9, text: "inner".to_owned(), ..Defaults::default() });

    // An empty value is not the default: it has to be written, and to come back.
    let client = BroadClient::local(Echo);
    let value = Defaults { text: String::new(), data: vec![], flag: false, number: 0, ..value };
    let more = PointerDefaults { numbers: vec![], ..more };
    let answer = now(client.defaults(&value, &more)).unwrap();
    assert_eq!((answer.value, answer.more), (value, more));
}

fn enumerants_of_a_newer_schema_survive(client: &BroadClient) {
    let scalars = Scalars {
        color: Color::Unknown(999),
        odd: Odd::UnknownValue(7),
        ..Scalars::default()
    };
    assert_eq!(now(client.scalars(&scalars)).unwrap(), scalars);
    let colors = [Color::Unknown(4), Color::Red, Color::Unknown(u16::MAX)];
    assert_eq!(now(client.colors(&colors)).unwrap(), colors);
    assert_eq!(Odd::default(), Odd::Unknown);
}

fn errors_keep_their_domain(client: &BroadClient) {
    for (name, error, code, message) in [
        ("notFound", Error::NotFound, Code::NotFound, "not found"),
        ("tooOld", Error::TooOld, Code::FailedPrecondition, "made in 1999"),
        ("mystery", Error::Mystery, Code::Unknown, "mystery"),
    ] {
        let status = now(client.fail(name)).unwrap_err();
        assert_eq!(status.domain(), Some(name));
        assert_eq!(status.code(), code);
        assert_eq!(status.message(), message);
        assert_eq!(Error::from_status(&status), Some(error));
    }
    assert_eq!(Error::from_status(&Status::new(Code::NotFound, "not found")), None);
}

fn text_that_is_not_utf8_is_refused_on_both_sides() {
    let bad = capnp::text::Reader(b"\xff");
    let skeleton = BroadSkeleton::new(Arc::new(Echo));
    let mut call = crate::message::Outgoing::call(0, 0, 0);
    call.content::<crate::broad_capnp::broad::fail_params::Builder<'_>>().set_name(bad);
    let id = crate::broad::METHOD_FAIL.ordinal;
    let answer = now(skeleton.call(Context, crate::broad::INTERFACE_ID, id, call.into()));
    let Err(status) = answer else { panic!("accepted") };
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().contains("`name` is not UTF-8"), "{}", status.message());

    let mut answer = crate::message::Outgoing::results(0);
    answer.content::<crate::broad_capnp::broad::name_results::Builder<'_>>().set_name(bad);
    let status = crate::__private::results::<crate::broad_capnp::broad::name_results::Owned, _>(
        &answer.into(),
        |results| crate::__private::text(results.get_name(), "name").map(str::to_owned),
    )
    .unwrap_err();
    assert_eq!(status.code(), Code::DataLoss);
    assert!(status.message().contains("`name` is not UTF-8"), "{}", status.message());

    let unknown = now(skeleton.call(Context, 1, 2, crate::message::Outgoing::call(0, 0, 0).into()));
    assert_eq!(unknown.err().map(|status| status.code()), Some(Code::Unimplemented));
}

fn what_no_message_can_hold_is_an_error(client: &BroadClient) {
    let status = now(client.bytes(&vec![0; 1_048_577])).unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().contains("too large for a message"), "{}", status.message());
}

fn constants_are_the_schemas() {
    assert_eq!((LIMIT, OFFSET, RATIO, NEVER), (4096, -5, 0.25, f32::INFINITY));
    assert_eq!((BANNER, MAGIC, FAVOURITE), ("hi \"there\"", &[0, 255, 65][..], Color::Blue));
    assert_eq!((outer::ANSWER, broad::VERSION), (42, 3));
    assert_eq!((broad::CHANNEL, broad::NAME), (0x200, "Broad"));
    assert_eq!(broad::METHODS.len(), 18);
    for (ordinal, method) in broad::METHODS.iter().enumerate() {
        assert_eq!(usize::from(method.ordinal), ordinal);
        assert_eq!((method.service, method.interface_id), ("Broad", broad::INTERFACE_ID));
    }
    assert_eq!(<BroadClient as crate::Client>::DESCRIPTOR.channel, broad::CHANNEL);
}
