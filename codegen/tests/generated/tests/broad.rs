//! One field of each kind, one method of each shape: every method of `broad.capnp` through client, message and skeleton.

#![deny(
    warnings,
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    unnameable_types,
    elided_lifetimes_in_paths,
    unused_qualifications,
    single_use_lifetimes,
    clippy::pedantic
)]
#![forbid(unsafe_code)]

#[allow(unreachable_pub, missing_docs, unused, clippy::pedantic)]
#[path = "common/mod.rs"]
mod common;

include!(concat!(env!("OUT_DIR"), "/broad/dsoftbus.rs"));
include!(concat!(env!("OUT_DIR"), "/broad/pairs.rs"));

#[allow(unused_qualifications, clippy::too_many_lines)]
mod calls {
    use std::sync::Arc;

    use dsoftbus::{
        CallFuture, Capability, Client as _, Code, Context, Incoming, Outgoing, Result,
        ServiceDescriptor, Skeleton, Status,
    };

    use crate::broad::{Error, PositionalResults};
    use crate::common::now;
    use crate::*;

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
            Ok(format!("{type} {self_} {cx_} {params} {results}"))
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
            Ok(broad::inner::DeepResults {
                again: deep.clone(),
                deep,
            })
        }
    }

    struct Lazy;

    impl Idle for Lazy {}

    #[test]
    fn nested_services_work() {
        let client = broad::InnerClient::local(Nested);
        now(client.ping()).unwrap();
        let deep = broad::inner::Deep { value: 3 };
        assert_eq!(now(client.deep(&deep)).unwrap().again, deep);
        assert_eq!(broad::inner::NAME, "Broad.Inner");
        let _ = IdleClient::local(Lazy);
        assert!(idle::METHODS.is_empty());
    }

    #[test]
    fn values_come_back() {
        let client = BroadClient::local(Echo);
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
        assert_eq!(
            now(client.scalars(&Scalars::default())).unwrap(),
            Scalars::default()
        );
        let lists = Lists {
            nothings: vec![(); 3],
            flags: vec![true, false, true],
            numbers: vec![-1, 0, 1],
            floats: vec![0.25],
            texts: vec![String::new(), "x".to_owned()],
            datas: vec![vec![], vec![1, 2]],
            colors: vec![Color::Green, Color::Unknown(77), Color::SelfType],
            structs: vec![
                Defaults::default(),
                Defaults {
                    number: 5,
                    ..Defaults::default()
                },
            ],
            number_lists: vec![vec![], vec![1, 2, 3]],
            text_lists: vec![vec!["a".to_owned()], vec![]],
            struct_lists: vec![vec![scalars.clone()], vec![]],
            deep: vec![vec![vec![Color::Red, Color::Unknown(9)], vec![]], vec![]],
            empties: vec![Empty {}, Empty {}],
        };
        assert_eq!(now(client.lists(&lists)).unwrap(), lists);
        let tree = Tree {
            name: "root".to_owned(),
            children: vec![Tree {
                name: "leaf".to_owned(),
                children: vec![],
            }],
        };
        assert_eq!(now(client.tree(&tree)).unwrap(), tree);
        let outer = Outer {
            inner: outer::Inner {
                r#type: "t".to_owned(),
                r#fn: 1,
                r#async: outer::inner::Str {
                    str: "s".to_owned(),
                },
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
        assert_eq!(
            now(client.shared(&Shared { id: 3 })).unwrap(),
            Shared { id: 3 }
        );
        assert_eq!(now(client.r#try("a", 1, 2, "b", 3)).unwrap(), "a 1 2 b 3");
        assert_eq!(now(client.name()).unwrap(), "echo");
        assert_eq!(now(client.get_url("u")).unwrap(), "u");
        now(client.local_()).unwrap();
        now(client.clone_()).unwrap();
        let later = now(client.clone().later("x")).unwrap_err();
        assert_eq!(later.code(), Code::Unimplemented);
        assert_eq!(later.message(), "Broad.later is not implemented");
    }

    #[test]
    fn defaults_are_the_schemas() {
        let value = Defaults::default();
        assert_eq!(
            (value.flag, value.number, value.big, value.ratio),
            (true, -7, u64::MAX, -1.5)
        );
        assert_eq!(
            (value.text.as_str(), value.data.as_slice(), value.color),
            ("default", &[1u8, 2][..], Color::Green)
        );
        let more = PointerDefaults::default();
        assert_eq!(more.numbers, [1, 2, 3]);
        assert_eq!(
            more.inner,
            Defaults {
                number: 9,
                text: "inner".to_owned(),
                ..Defaults::default()
            }
        );

        // An empty value is not the default: it has to be written, and to come back.
        let client = BroadClient::local(Echo);
        let value = Defaults {
            text: String::new(),
            data: vec![],
            flag: false,
            number: 0,
            ..value
        };
        let more = PointerDefaults {
            numbers: vec![],
            ..more
        };
        let answer = now(client.defaults(&value, &more)).unwrap();
        assert_eq!((answer.value, answer.more), (value, more));
    }

    #[test]
    fn enumerants_of_a_newer_schema_survive() {
        let client = BroadClient::local(Echo);
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

    #[test]
    fn errors_keep_their_domain() {
        let client = BroadClient::local(Echo);
        for (name, error, code, message) in [
            ("notFound", Error::NotFound, Code::NotFound, "not found"),
            (
                "tooOld",
                Error::TooOld,
                Code::FailedPrecondition,
                "made in 1999",
            ),
            ("mystery", Error::Mystery, Code::Unknown, "mystery"),
        ] {
            let status = now(client.fail(name)).unwrap_err();
            assert_eq!(status.domain(), Some(name));
            assert_eq!(status.code(), code);
            assert_eq!(status.message(), message);
            assert_eq!(Error::from_status(&status), Some(error));
        }
        assert_eq!(
            Error::from_status(&Status::new(Code::NotFound, "not found")),
            None
        );
    }

    /// Answers every call with a name that is not UTF-8.
    struct Garbled;

    impl Skeleton for Garbled {
        fn descriptor(&self) -> &'static ServiceDescriptor {
            &broad::DESCRIPTOR
        }

        fn call(&self, _: Context, _: u64, _: u16, _: Incoming) -> CallFuture {
            let mut answer = Outgoing::results(0);
            answer
                .content::<broad_capnp::broad::name_results::Builder<'_>>()
                .set_name(BAD);
            Box::pin(std::future::ready(Ok(answer)))
        }
    }

    const BAD: dsoftbus::__private::capnp::text::Reader<'static> =
        dsoftbus::__private::capnp::text::Reader(b"\xff");

    #[test]
    fn text_that_is_not_utf8_is_refused_on_both_sides() {
        let mut call = Outgoing::call(broad::INTERFACE_ID, broad::METHOD_FAIL.ordinal, 0);
        call.content::<broad_capnp::broad::fail_params::Builder<'_>>()
            .set_name(BAD);
        let client = BroadClient::local(Echo);
        let status = now(client.capability().call(&broad::METHOD_FAIL, call)).unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(status.message(), "bad parameters: `name` is not UTF-8");

        let client = BroadClient::from_capability(Capability::local(Arc::new(Garbled)));
        let status = now(client.name()).unwrap_err();
        assert_eq!(status.code(), Code::DataLoss);
        assert_eq!(status.message(), "bad results: `name` is not UTF-8");
    }

    #[test]
    fn what_no_message_can_hold_is_an_error() {
        let client = BroadClient::local(Echo);
        let status = now(client.bytes(&vec![0; 1_048_577])).unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        assert!(
            status.message().contains("too large for a message"),
            "{}",
            status.message()
        );
    }

    #[test]
    fn constants_are_the_schemas() {
        assert_eq!(
            (LIMIT, OFFSET, RATIO, NEVER),
            (4096, -5, 0.25, f32::INFINITY)
        );
        assert_eq!(
            (BANNER, MAGIC, FAVOURITE),
            ("hi \"there\"", &[0, 255, 65][..], Color::Blue)
        );
        assert_eq!((outer::ANSWER, broad::VERSION), (42, 3));
        assert_eq!((broad::CHANNEL, broad::NAME), (0x200, "Broad"));
        assert_eq!(broad::METHODS.len(), 18);
        for (ordinal, method) in broad::METHODS.iter().enumerate() {
            assert_eq!(usize::from(method.ordinal), ordinal);
            assert_eq!(
                (method.service, method.interface_id),
                ("Broad", broad::INTERFACE_ID)
            );
        }
        assert_eq!(BroadClient::DESCRIPTOR.channel, Some(broad::CHANNEL));
    }
}
