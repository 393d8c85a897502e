//! Streams, either way, and what else needs capabilities.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]
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

include!(concat!(env!("OUT_DIR"), "/streams/dsoftbus.rs"));
include!(concat!(env!("OUT_DIR"), "/streams/pairs.rs"));

mod calls {
    use futures::StreamExt as _;

    use dsoftbus::{AnyPointer, Client as _, Context, Pointer, Result, Sink, stream};

    use crate::common::now;
    use crate::*;

    /// Gives its own value to whoever listens, and takes nothing.
    struct Source<T>(T);

    impl<T: Pointer> Feed<T> for Source<T> {
        async fn take(&self, _: &Context, items: Sink<T>) -> Result<()> {
            items.send(&self.0).await?;
            items.end().await
        }

        async fn give(&self, _: &Context) -> Result<Sink<T>> {
            Ok(Sink::default())
        }

        async fn both(
            &self,
            _: &Context,
            items: Sink<T>,
            pages: Sink<Vec<Line>>,
        ) -> Result<feed::BothResults<T>> {
            pages.send(&vec![Line::default(); 2]).await?;
            pages.end().await?;
            Ok(feed::BothResults {
                items,
                first: self.0.clone(),
            })
        }
    }

    async fn collected<T: Pointer + PartialEq>(value: T) {
        let feed = FeedClient::<T>::local(Source(value.clone()));
        let (sink, items) = stream();
        let mut items = items.driven_by(feed.take(&sink));
        drop(sink);
        assert_eq!(items.next().await, Some(Ok(value.clone())));
        assert_eq!(items.next().await, None);
        assert!(feed.give().await.unwrap().capability().is_null());

        let (sink, _items) = stream();
        let (page_sink, mut pages) = stream();
        let both = feed.both(&sink, &page_sink).await.unwrap();
        drop(page_sink);
        assert_eq!(both.first, value);
        assert_eq!(both.items, sink);
        assert_eq!(pages.next().await.unwrap().unwrap().len(), 2);
    }

    #[test]
    fn a_sink_of_a_type_parameter_takes_whatever_stands_for_it() {
        now(async {
            collected("text".to_owned()).await;
            collected(vec![1_u8, 2]).await;
            collected(vec![vec![3_u32]]).await;
            collected(Line {
                text: "line".to_owned(),
            })
            .await;
        });
    }

    #[test]
    fn results_beside_a_sink_arrive_with_it() {
        now(async {
            let mock = LogMock::default();
            let (sink, _items) = stream();
            mock.words.returns(log::WordsResults {
                copy: sink.clone(),
                count: 7,
            });
            let log = LogClient::local(mock.clone());
            let (words, _items) = stream();
            let results = log.words(&words).await.unwrap();
            assert_eq!((results.copy, results.count), (sink, 7));
            assert_eq!(mock.words.calls(), [(words,)]);
        });
    }

    #[test]
    fn a_streaming_call_carries_its_parameters() {
        now(async {
            let mock = LogMock::default();
            mock.write.returns(());
            mock.copy.returns(());
            mock.flush.returns(());
            let log = LogClient::local(mock.clone());
            log.write(b"bytes").await.unwrap();
            let line = Line {
                text: "line".to_owned(),
            };
            log.copy(&line).await.unwrap();
            log.flush().await.unwrap();
            assert_eq!(mock.write.calls(), [(b"bytes".to_vec(),)]);
            assert_eq!(mock.copy.calls(), [(line,)]);
            assert_eq!(mock.flush.count(), 1);
            let streaming = log::METHODS.iter().map(|method| method.streaming);
            assert_eq!(streaming.filter(|streaming| *streaming).count(), 3);
        });
    }

    #[test]
    fn a_type_parameter_of_a_method_is_any_pointer() {
        now(async {
            let mock = StoreMock::default();
            let any = AnyPointer::new(&"value".to_owned()).unwrap();
            mock.put.returns(());
            let store = StoreClient::local(mock.clone());
            store.put("key", &any).await.unwrap();
            assert_eq!(mock.put.calls(), [("key".to_owned(), any)]);
        });
    }

    #[test]
    fn an_interface_that_asks_for_capabilities_says_so() {
        assert_eq!(plain::DESCRIPTOR.level, 1);
        assert_eq!(log::DESCRIPTOR.level, 1);
    }
}
